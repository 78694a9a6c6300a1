"""Sign-ins overtaken: whoever had got half way in when the password changed, or all sessions were ended, gets no session any more."""

import threading
from contextlib import asynccontextmanager

import anyio
import pytest

from firm.instant import HOUR_US, MINUTE_US
from storage.links import Purpose
from tests.web import authenticator as phone
from web import password_desk
from web.password_desk import PasswordDesk, hash_password

ADA = "ada@example.org"
GOOD = "seven green parrots"
TOO_LATE = "That took too long"


@pytest.fixture
async def ada(browse, play):
    browser = browse()
    await browser.sign_in(ADA, play.PASSWORD)
    return browser


async def with_link(shop, browse, play, token="the-link"):
    """A browser that opened the link of a mail."""
    shop.firm.links.issue(f"trader:{play.ADA}", Purpose.PASSWORD_MAILED, token, shop.wall_us, HOUR_US)
    own = browse()
    await own.get(f"/new-password?token={token}")
    own.take_token(await own.get("/new-password"))
    return own


async def by_link(shop, browse, ada, play):
    own = await with_link(shop, browse, play)
    assert (await own.send_form("/new-password", fresh=GOOD, again=GOOD)).headers["location"] == "/sign-in"


async def by_herself(shop, browse, ada, play):
    taken = await ada.send_form("/security/password", present=play.PASSWORD, fresh=GOOD, again=GOOD)
    assert taken.status_code == 303


async def at_the_console(shop, browse, ada, play):
    assert shop.vault.change_password_hash("trader", play.ADA, hash_password(GOOD))
    shop.firm.sessions.delete_person(f"trader:{play.ADA}")


async def end_others(shop, browse, ada, play):
    assert (await ada.send_form("/security/sessions/end-others")).status_code == 303


ENDINGS = pytest.mark.parametrize("ended", [by_link, by_herself, at_the_console, end_others])


async def is_in(browser):
    return (await browser.get("/accounts")).status_code == 200


@asynccontextmanager
async def meanwhile(under_way, begun, finished):
    """`under_way` runs until `begun` says so; then comes what is in the block, then `finished` lets the rest of it go on."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(under_way)
        with anyio.fail_after(20):
            while not begun():  # noqa: ASYNC110  (somebody waits in a line or thread: there is no event of it)
                await anyio.sleep(0.001)
            try:
                yield
            finally:
                finished()


class Gate:
    """Whoever comes first waits here; all others go by."""

    def __init__(self, work):
        self._work, self._waits, self._goes_on = work, threading.Event(), threading.Event()
        self.is_reached, self.open = self._waits.is_set, self._goes_on.set

    def __call__(self, *given):
        if not self._waits.is_set():
            self._waits.set()
            assert self._goes_on.wait(20)
        return self._work(*given)


@ENDINGS
async def test_a_password_that_was_right_a_moment_ago_opens_nothing_after(browse, shop, ada, play, monkeypatch, ended):
    thief, answers = browse(), []

    async def steals():
        answers.append(await thief.send_form("/session", mail=ADA, password=play.PASSWORD, next="/"))

    factors = Gate(shop.vault.factors)  # which are asked for once the password was found right
    monkeypatch.setattr(shop.vault, "factors", factors)
    async with meanwhile(steals, factors.is_reached, factors.open):
        await ended(shop, browse, ada, play)
    assert (answers[0].status_code, TOO_LATE in answers[0].text) == (422, True)
    assert not await is_in(thief)


async def test_who_waits_for_a_hash_while_others_are_ended_is_ended_too(browse, shop, shop_app, ada, play):
    thief, answers, desk = browse(), [], shop_app.state.passwords

    async def steals():
        answers.append(await thief.send_form("/session", mail=ADA, password=play.PASSWORD, next="/"))

    async with desk._turn("trader:1"), meanwhile(steals, lambda: desk._strangers, lambda: None):
        await end_others(shop, browse, ada, play)
        desk._next()
    assert answers[0].status_code == 422
    assert (await is_in(thief), await is_in(ada)) == (False, True)


@ENDINGS
async def test_who_waits_for_a_second_factor_gets_no_session_by_it_after(browse, shop, ada, play, ended):
    secret, codes = await phone.enrolled(ada, shop)
    thief, person = browse(), f"trader:{play.ADA}"
    await phone.past_password(thief, ADA, play.PASSWORD)
    await ended(shop, browse, ada, play)
    before = shop.vault.factors(person)
    for code in (phone.code_at(secret, shop.wall_us), codes[0]):
        refused = await thief.send_form("/session/factor", code=code)
        assert (refused.status_code, TOO_LATE in refused.text) == (422, True)
    assert not await is_in(thief)
    assert shop.vault.factors(person) == before  # nothing of hers was used up
    mine, password = browse(), play.PASSWORD if ended is end_others else GOOD
    shop.wall_us += MINUTE_US
    assert (await phone.signed_in_with_code(mine, shop, ADA, password, secret)).status_code == 303
    assert await is_in(mine)


async def test_a_code_that_is_looked_at_while_others_are_ended_gives_no_session(browse, shop, ada, play, monkeypatch):
    secret, _ = await phone.enrolled(ada, shop)
    thief, answers = browse(), []
    await phone.past_password(thief, ADA, play.PASSWORD)

    async def steals():
        answers.append(await thief.send_form("/session/factor", code=phone.code_at(secret, shop.wall_us)))

    change = Gate(shop.vault.change_factors)
    monkeypatch.setattr(shop.vault, "change_factors", change)
    async with meanwhile(steals, change.is_reached, change.open):
        await end_others(shop, browse, ada, play)
    assert answers[0].status_code == 422
    assert not await is_in(thief)


# --- the password that was set last stays ---


async def test_a_hash_that_is_made_anew_does_not_bring_an_old_password_back(shop, play, monkeypatch):
    monkeypatch.setattr(password_desk, "MEMORY_KIB", 16)
    desk, before = PasswordDesk(), shop.vault.find_by_mail(ADA)
    shop.vault.change_password_hash("trader", play.ADA, hash_password(GOOD))
    assert await desk.renew(shop.vault, before, play.PASSWORD) == before
    assert await desk.opens(shop.vault.find_by_mail(ADA), GOOD)
    assert not await desk.opens(shop.vault.find_by_mail(ADA), play.PASSWORD)


async def test_a_change_that_knew_the_old_password_is_not_put_over_a_reset(browse, shop, ada, play, monkeypatch):
    answers = []

    async def changes():
        fields = {"present": play.PASSWORD, "fresh": "nine brown parrots", "again": "nine brown parrots"}
        answers.append(await ada.send_form("/security/password", **fields))

    change = Gate(shop.vault.change_password_hash)
    monkeypatch.setattr(shop.vault, "change_password_hash", change)
    async with meanwhile(changes, change.is_reached, change.open):
        await by_link(shop, browse, ada, play)
    assert (answers[0].status_code, "This is not your password" in answers[0].text) == (422, True)
    assert not await is_in(ada)
    assert (await browse().send_form("/session", mail=ADA, password=GOOD, next="/")).status_code == 303


# --- a link is used where its password was set ---


async def test_a_link_outlives_a_full_desk(browse, shop, shop_app, play, monkeypatch):
    own = await with_link(shop, browse, play)
    monkeypatch.setattr(password_desk, "KNOWN_WAITING_MAX", 0)
    async with shop_app.state.passwords._turn("trader:1"):
        assert (await own.send_form("/new-password", fresh=GOOD, again=GOOD)).status_code == 429
    assert (await own.send_form("/new-password", fresh=GOOD, again=GOOD)).headers["location"] == "/sign-in"
    assert (await own.send_form("/new-password", fresh=GOOD, again=GOOD)).status_code == 422
    assert (await browse().send_form("/session", mail=ADA, password=GOOD, next="/")).status_code == 303


async def test_a_link_outlives_a_disk_that_takes_no_password(browse, shop, play):
    own = await with_link(shop, browse, play)
    shop.vault._connection.pragma("query_only", True)
    assert (await own.send_form("/new-password", fresh=GOOD, again=GOOD)).status_code >= 500
    shop.vault._connection.pragma("query_only", False)
    assert (await browse().send_form("/session", mail=ADA, password=play.PASSWORD, next="/")).status_code == 303
    assert (await own.send_form("/new-password", fresh=GOOD, again=GOOD)).headers["location"] == "/sign-in"


async def test_two_who_use_links_of_one_person_at_once_set_one_password(browse, shop, play, monkeypatch):
    own, other, answers = await with_link(shop, browse, play), await with_link(shop, browse, play, "another"), []

    async def resets():
        answers.append(await own.send_form("/new-password", fresh=GOOD, again=GOOD))

    change = Gate(shop.vault.change_password_hash)
    monkeypatch.setattr(shop.vault, "change_password_hash", change)
    async with meanwhile(resets, change.is_reached, change.open):
        late = await other.send_form("/new-password", fresh="nine brown parrots", again="nine brown parrots")
    assert (late.status_code, answers[0].headers["location"]) == (422, "/sign-in")
    assert (await browse().send_form("/session", mail=ADA, password=GOOD, next="/")).status_code == 303
