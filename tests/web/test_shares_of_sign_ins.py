"""Shares of sign-ins: no account, address or site of IPv6 keeps others from signing in, by what fails or by what succeeds."""

from collections.abc import Callable, Iterator
from typing import Any

import argon2
import httpx
import pytest

from appliance.limit_settings import LimitSettings
from firm.instant import MINUTE_US
from storage.throttles import Limit
from web import auth
from web.allowance import Allowance, Counted, network_of
from web.app import create_app
from web.auth import TooManyGuesses, recognise
from web.bounds import GUESSES_PER_ADDRESS, GUESSES_PER_SITE
from web.password_desk import PasswordDesk
from web.too_much import TooManyFromOnePlace, TooManySignIns

SECOND = 1_000_000
ADA, RUTH = "ada@example.org", "ruth@example.org"
OFFICE = "192.0.2.60"
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, histories: Any) -> Iterator[Any]:
    opened = histories.breached_at_prices_that_never_met(tmp_path_factory.mktemp("shares") / "firm")
    object.__setattr__(opened.firm, "limits", LimitSettings().limits())
    object.__setattr__(opened.firm, "staff_factor", False)
    yield opened
    opened.close()


class Door:
    """The limits that come along, with a clock played by hand: of the allowance as of the throttles."""

    def __init__(self, played: Any, password: str) -> None:
        self.played, self.password = played, password
        self.now_us = 10**12
        self.allowance = Allowance(played.firm.limits, lambda: self.now_us)
        self.desk = PasswordDesk()

    def wait(self, us: int) -> None:
        self.now_us += us
        self.played.wall_us += us

    async def lets(self, mail: str, host: str, device: str = "", password: str = "") -> str:
        """ "in", "no", or what it said instead."""
        asked = (mail, password or self.password, network_of(host), device, self.allowance)
        try:
            return "in" if await recognise(self.played.firm, self.desk, *asked) else "no"
        except (TooManyGuesses, TooManySignIns) as refused:
            return type(refused).__name__

    async def is_open_beside(self, attack: Callable[[int], Any], tries: int) -> list[str]:
        """What the attacker was told, who tries twice a second. A stranger comes every ten seconds from a place of their own, and is looked
        at each time.
        """
        told = []
        for number in range(tries):
            self.wait(SECOND // 2)
            told.append(await attack(number))
            if number % 20 == 19:
                stranger = f"stranger-{self.now_us}@example.org"
                assert await self.lets(stranger, f"198.51.{number // 250}.{number % 250}") == "no"
        return told


@pytest.fixture
def door(played: Any, play: Any) -> Iterator[Door]:
    before_us = played.wall_us
    played.firm.throttle.purge(2**62)
    yield Door(played, play.PASSWORD)
    played.wall_us = before_us


def known(played: Any, person: str) -> str:
    """The cookie of a device that is known as theirs."""
    device = f"the device of {person}"
    played.firm.devices.keep(person, device, "a desktop", played.wall_us)
    return device


async def test_one_address_with_one_account_keeps_no_stranger_out_by_signing_in_again_and_again(door):
    told = await door.is_open_beside(lambda _: door.lets(ADA, OFFICE), 400)
    assert 20 <= told.count("in") <= 26  # five at once, and six a minute of 200 seconds
    assert set(told) == {"in", TooManyFromOnePlace.__name__}


async def test_one_site_of_ipv6_keeps_no_stranger_out_whichever_of_its_networks_it_guesses_from(door):
    async def guess(number: int) -> str:
        return await door.lets(f"victim-{number}@example.org", f"2001:db8:1:{number:x}::1", password="a guess")

    told = await door.is_open_beside(guess, 400)
    assert 40 <= told.count("no") <= 46  # five at once, and twelve a minute
    assert set(told) == {"no", TooManyFromOnePlace.__name__}


async def test_guesses_count_for_the_site_of_ipv6_around_their_networks_too(door, monkeypatch):
    assert GUESSES_PER_SITE == 8 * GUESSES_PER_ADDRESS == auth._BY_SITE.attempts
    monkeypatch.setattr(auth, "_BY_SITE", Limit(3, auth._BY_SITE.window_us))

    async def guess(number: int, site: str = "2001:db8:1") -> str:
        door.wait(MINUTE_US)
        return await door.lets(f"victim-{number}@example.org", f"{site}:{number:x}::1", password="a guess")

    assert await door.lets(ADA, "2001:db8:1:ff::1") == "in"  # which was no guess
    assert [await guess(number) for number in range(4)] == ["no"] * 3 + ["TooManyGuesses"]
    assert await guess(5, "2001:db8:2") == "no"
    assert await door.lets(ADA, "2001:db8:1:fe::1", known(door.played, f"trader:{await _number(door, ADA)}")) == "in"


async def _number(door: Door, mail: str) -> int:
    person = door.played.firm.vault.find_by_mail(mail)
    assert person is not None
    return int(person.id)


async def test_who_guesses_in_the_same_house_keeps_nobody_from_a_device_of_theirs(door):
    for number in range(GUESSES_PER_ADDRESS):
        door.wait(10 * SECOND)
        assert await door.lets(f"victim-{number}@example.org", OFFICE, password="a guess") == "no"
    door.wait(10 * SECOND)
    assert await door.lets(RUTH, OFFICE) == "TooManyGuesses"
    device = known(door.played, door.played.firm.vault.find_by_mail(RUTH).reference)
    assert await door.lets(RUTH, OFFICE, device) == "in"


async def test_one_account_at_a_device_of_its_own_makes_no_more_hashes_than_a_person_needs(door):
    own = known(door.played, door.played.firm.vault.find_by_mail(ADA).reference)
    told = [await door.lets(ADA, OFFICE, own) for _ in range(40)]
    assert told == ["in"] * 10 + ["TooManyGuesses"] * 30
    assert door.desk.hashes == 10
    assert (
        await door.lets(RUTH, OFFICE, known(door.played, door.played.firm.vault.find_by_mail(RUTH).reference)) == "in"
    )
    door.wait(5 * SECOND)
    door.played.firm.throttle.purge(
        2**62
    )  # what was refused counted as guesses; now only the person's own rate is asked
    assert [await door.lets(ADA, OFFICE, own) for _ in range(2)] == ["in", "TooManyGuesses"]


async def test_an_office_of_fifty_behind_one_address_is_in_within_a_minute(door):
    vault, people = door.played.firm.vault, range(900_000, 900_050)
    for number in people:
        vault.add_person("trader", number, f"clerk-{number}@example.org", "Clerk", QUICK.hash(door.password), "")
    devices = [known(door.played, f"trader:{number}") for number in people]
    told = []
    for number, device in zip(people, devices, strict=True):
        door.wait(SECOND)
        told.append(await door.lets(f"clerk-{number}@example.org", OFFICE, device))
    assert told == ["in"] * 50
    assert not door.allowance.seen().counted[Counted.SIGN_IN]  # no stranger was among them
    newcomers = [await door.lets(f"clerk-{number}@example.org", OFFICE) for number in people[:6]]
    assert newcomers == ["in"] * 5 + [TooManyFromOnePlace.__name__]


async def test_who_is_signed_in_proves_it_at_a_rate_of_their_own_and_takes_nothing_of_strangers(
    played, new_client, play
):
    app = create_app(played.firm)
    ada = new_client(httpx.ASGITransport(app))
    await ada.sign_in(ADA, play.PASSWORD)
    ada.cookies.delete("evenhand-device")
    counted, allowance = dict(app.state.allowance._full_at[Counted.SIGN_IN]), app.state.allowance
    hashes = app.state.passwords.hashes
    told = []
    for _ in range(12):
        proof = await ada.send_form("/security/proof", password=play.PASSWORD, next="/")
        told.append(proof.status_code)
        ada.take_token(await ada.get("/security"))
    assert told == [303] * 10 + [429] * 2
    assert "Please wait 1 minute" in proof.text
    assert app.state.passwords.hashes - hashes == 10
    assert allowance._full_at[Counted.SIGN_IN] == counted


async def test_an_address_that_had_its_share_is_told_so_before_its_form_is_read(played, new_client, play):
    app, read = create_app(played.firm), []
    stranger = new_client(httpx.ASGITransport(app, client=("203.0.113.9", 1)))
    for _ in range(5):
        assert (
            await stranger.send_form("/session", mail="eve@example.org", password="a guess", next="/")
        ).status_code == 422

    async def form() -> Any:
        read.append("some")
        yield b"mail=eve%40example.org&password=guess"

    typed = {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1"}
    away = await stranger.post("/session", content=form(), headers=typed)
    assert (away.status_code, read) == (429, [])
    assert 1 <= int(away.headers["retry-after"]) <= 10
    assert "from your network address, on devices that we do not know yet" in away.text
    stranger.cookies.set("evenhand-device", "made up")  # which has to be looked up first
    looked_up = await stranger.send_form("/session", mail="eve@example.org", password="a guess", next="/")
    assert (looked_up.status_code, app.state.passwords.hashes) == (429, 5)
    assert "from your network address, on devices that we do not know yet" in looked_up.text
    other = new_client(httpx.ASGITransport(app, client=("203.0.113.10", 1)))
    assert (await other.send_form("/session", mail="eve@example.org", password="a guess", next="/")).status_code == 422
