"""A flood of sign-ins: strangers have a rate of their own, and whoever is too much is sent away before anything is done for them."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import anyio
import httpx
import pytest

from web import auth, sieve
from web.allowance import Allowance, Limits, Rate
from web.app import create_app
from web.bounds import GUESSES_PER_ADDRESS
from web.password_desk import PasswordDesk
from web.sieve import ADVICE, SIGN_INS, Sieve
from web.too_much import TooManySignIns

ORIGIN = {"origin": "http://127.0.0.1"}
FORM = {"mail": "ada@example.org", "password": "guess"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, histories: Any) -> Iterator[Any]:
    opened = histories.breached_at_prices_that_never_met(tmp_path_factory.mktemp("flood") / "firm")
    object.__setattr__(opened.firm, "limits", Limits(sign_in=Rate(per_minute=60, burst=3)))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def made(played: Any) -> Any:
    return create_app(played.firm)


@pytest.fixture
def app(played: Any, made: Any) -> Any:
    """Nobody has tried anything yet."""
    played.firm.throttle.purge(2**62)
    allowance, made.state.passwords.hashes = made.state.allowance, 0
    for buckets in allowance._full_at.values():
        buckets.clear()
    allowance.refused.clear()
    return made


@pytest.fixture
def full(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An application in which as many strangers wait for a hash as may."""
    monkeypatch.setattr(app.state.passwords, "has_room", lambda *, known: known)
    return app


ADDRESSES = (f"198.51.{number >> 8}.{number & 255}" for number in count())


def browser(app: Any, host: str = "") -> httpx.AsyncClient:
    """By itself each comes from another address."""
    transport = httpx.ASGITransport(app, client=(host or next(ADDRESSES), 1))
    return httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport, headers=ORIGIN)


async def test_all_strangers_together_sign_in_no_faster_than_their_rate(app):
    statuses = [(await browser(app).post("/session", data=FORM)).status_code for _ in range(5)]
    assert statuses == [422, 422, 422, 429, 429]
    assert app.state.passwords.hashes == 3


async def test_the_rate_holds_also_behind_a_cookie_of_a_device_that_nobody_knows(app):
    strangers = [browser(app) for _ in range(5)]
    for number, client in enumerate(strangers):
        client.cookies.set("evenhand-device", f"made up {number}")
    statuses = [(await client.post("/session", data=FORM)).status_code for client in strangers]
    assert statuses == [422, 422, 422, 429, 429]
    assert app.state.passwords.hashes == 3


async def test_of_strangers_who_come_at_once_only_as_many_are_looked_up_as_may_be_hashed(app, played, monkeypatch):
    looked_up = []
    find = played.firm.vault.find_by_mail

    def found(mail: str) -> Any:
        looked_up.append(mail)
        return find(mail)

    monkeypatch.setattr(played.firm.vault, "find_by_mail", found)
    statuses = []

    async def tries(number: int) -> None:
        form = {"mail": f"nobody-{number}@example.org", "password": "guess"}
        statuses.append((await browser(app).post("/session", data=form)).status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(tries, number)
    assert (statuses.count(422), statuses.count(429)) == (3, 17)
    assert sorted(looked_up) == sorted(2 * sorted(set(looked_up)))  # each once, and once more to note that it failed
    assert len(set(looked_up)) == 3


async def test_a_full_desk_sends_strangers_away_before_their_form_is_read(full):
    read = []

    async def form() -> AsyncIterator[bytes]:
        read.append("some")
        yield b"mail=ada%40example.org&password=guess"

    typed = {"content-type": "application/x-www-form-urlencoded"}
    away = await browser(full).post("/session", content=form(), headers=typed)
    assert (away.status_code, away.headers["retry-after"], read) == (429, "5", [])
    assert "you go first" in away.text
    assert (full.state.passwords.hashes, full.state.allowance.seen().refused["sign_in"]) == (0, 1)


async def test_a_full_desk_looks_at_cookies_and_lets_the_devices_it_knows_go_on(full, played, histories):
    client = browser(full)
    client.cookies.set("evenhand-device", "some cookie that nobody knows")
    again = await client.post("/session", data=FORM)  # looked at, found to be nobody's, and sent away too
    assert (again.status_code, again.headers["retry-after"], full.state.passwords.hashes) == (429, "5", 0)
    played.firm.devices.keep(f"trader:{histories.ADA}", "her cookie", "a phone", played.wall_us)
    client.cookies.set("evenhand-device", "her cookie")
    assert (await client.post("/session", data=FORM)).status_code == 422  # a wrong password, and looked at
    assert full.state.passwords.hashes == 1


async def test_a_full_desk_is_in_nobody_s_way_who_sends_no_password(full):
    assert (await browser(full).post("/passkey-challenge")).status_code == 200
    assert (await browser(full).get("/sign-in")).status_code == 200


async def test_strangers_for_whom_there_is_no_room_use_up_no_guesses_of_their_address(full, played):
    desk: PasswordDesk = full.state.passwords
    for _ in range(GUESSES_PER_ADDRESS + 1):
        with pytest.raises(TooManySignIns):
            await auth.recognise(played.firm, desk, "ada@example.org", "guess", "192.0.2.7", "", Allowance(Limits()))


def test_the_page_for_who_asks_too_much_is_laid_out_once_a_second(app, monkeypatch):
    page: Sieve = app.state.sieve
    first = page.laid_out(app, SIGN_INS)
    assert page.laid_out(app, SIGN_INS) is first
    assert page.laid_out(app, ADVICE) != first
    monkeypatch.setattr(sieve, "KEPT_SECONDS", 0.0)
    assert page.laid_out(app, SIGN_INS) is not first
