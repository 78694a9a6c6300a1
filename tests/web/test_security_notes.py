"""What changes in how people sign in, on record: what really ended, so much of it in a day, and what is taken from staff before it goes."""

import pytest

from actors.arrival import Arrival
from actors.names import SECURITY
from firm.commands import DefineRole, LetStaffGo, NoteSecurity, SecurityAct, SetStaffRole
from firm.facts import DeskStopped
from firm.inputs import ClockTicked
from firm.instant import DAY_US
from storage.devices import device_name
from storage.factors import read_factors
from storage.sessions import name_of
from tests.web import authenticator
from web.bounds import SECURITY_NOTED_PER_DAY

ADA = "ada@example.org"
WHY = "He lost his phone, he says"


def noted(shop) -> list[SecurityAct]:
    return [each.act for each in shop.noted if isinstance(each, NoteSecurity)]


def owns_a_factor(shop, number) -> bool:
    return read_factors(shop.vault.factors(f"staff:{number}")).any


# --- what really ended ---


@pytest.fixture
async def ada(browse, play):
    browser = browse()
    await browser.sign_in(ADA, play.PASSWORD)
    return browser


async def test_what_did_not_end_is_not_noted(shop, ada):
    size = shop.engine.size
    for path in (
        "/security/sessions/0000000000000000/end",
        "/security/sessions/end-others",
        "/security/devices/0000000000000000/removal",
        "/security/totp/removal",
    ):
        assert (await ada.send_form(path)).status_code == 303
        ada.take_token(await ada.get("/security"))
    assert shop.engine.size == size


async def test_the_session_and_the_device_of_another_are_neither_ended_nor_noted(browse, shop, ada, play):
    ben = browse()
    await ben.sign_in("ben@example.org", play.PASSWORD)
    size = shop.engine.size
    await ben.send_form(f"/security/sessions/{name_of(ada.cookies['evenhand'])}/end")
    await ben.send_form(f"/security/devices/{device_name(ada.cookies['evenhand-device'])}/removal")
    assert shop.engine.size == size
    assert (await ada.get("/accounts")).status_code == 200
    assert len(shop.firm.devices.listed(f"trader:{play.ADA}")) == 1


async def test_what_ended_is_noted_once(browse, shop, ada, play):
    first, second = browse(), browse()
    for other in (first, second):
        await other.sign_in(ADA, play.PASSWORD)
    before, name = len(noted(shop)), name_of(first.cookies["evenhand"])
    device = device_name(first.cookies["evenhand-device"])
    for _ in range(2):
        await ada.send_form(f"/security/sessions/{name}/end")
        await ada.send_form("/security/sessions/end-others")
        await ada.send_form(f"/security/devices/{device}/removal")
    acts = [SecurityAct.SESSIONS_ENDED, SecurityAct.SESSIONS_ENDED, SecurityAct.DEVICE_FORGOTTEN]
    assert noted(shop)[before:] == acts


# --- so much of it in a day ---


async def test_a_trader_fills_no_ledger_by_ending_sessions_and_a_new_password_is_noted_all_the_same(shop, ada, play):
    for number in range(SECURITY_NOTED_PER_DAY + 5):
        shop.firm.sessions.set(f"another {number}", b"", shop.wall_us, f"trader:{play.ADA}")
        await ada.send_form(f"/security/sessions/{name_of(f'another {number}')}/end")
        assert shop.firm.sessions.get(f"another {number}", shop.wall_us) is None
    assert noted(shop).count(SecurityAct.SESSIONS_ENDED) == SECURITY_NOTED_PER_DAY
    fields = {"present": play.PASSWORD, "fresh": "seven green parrots", "again": "seven green parrots"}
    assert (await ada.send_form("/security/password", **fields)).status_code == 303
    assert noted(shop)[-1] is SecurityAct.PASSWORD_CHANGED


async def test_the_next_day_is_noted_again(browse, shop, ada, play):
    async def end_one(browser, name):
        shop.firm.sessions.set(name, b"", shop.wall_us, f"trader:{play.ADA}")
        await browser.send_form(f"/security/sessions/{name_of(name)}/end")

    for number in range(SECURITY_NOTED_PER_DAY + 1):
        await end_one(ada, f"another {number}")
    shop.wall_us += DAY_US + 1
    later = browse()
    await later.sign_in(ADA, play.PASSWORD)
    await end_one(later, "one more")
    assert noted(shop).count(SecurityAct.SESSIONS_ENDED) == SECURITY_NOTED_PER_DAY + 1


async def test_one_trader_takes_no_notes_from_another(browse, shop, ada, play):
    for number in range(SECURITY_NOTED_PER_DAY + 1):
        shop.firm.sessions.set(f"another {number}", b"", shop.wall_us, f"trader:{play.ADA}")
        await ada.send_form(f"/security/sessions/{name_of(f'another {number}')}/end")
    ben, other = browse(), browse()
    for browser in (ben, other):
        await browser.sign_in("ben@example.org", play.PASSWORD)
    before = len(noted(shop))
    await ben.send_form("/security/sessions/end-others")
    assert noted(shop)[before:] == [SecurityAct.SESSIONS_ENDED]


async def test_of_staff_all_is_noted(browse, shop, play):
    ruth = browse()
    await ruth.sign_in("ruth@example.org", play.PASSWORD)
    await authenticator.enrolled(ruth, shop)
    for number in range(SECURITY_NOTED_PER_DAY + 2):
        shop.firm.sessions.set(f"another {number}", b"", shop.wall_us, f"staff:{play.RUTH}")
        await ruth.send_form(f"/security/sessions/{name_of(f'another {number}')}/end")
    assert noted(shop).count(SecurityAct.SESSIONS_ENDED) == SECURITY_NOTED_PER_DAY + 2


# --- what is taken from staff ---


@pytest.fixture
async def desk(browse, shop, play):
    """Ruth may give roles and little else, Omar owns the firm; both have an app."""
    shop.put(
        DefineRole(by="console", role="helpdesk", permissions=("see_names", "see_staff", "manage_staff"), why="a desk")
    )
    shop.put(SetStaffRole(by="console", staff=play.RUTH, role="helpdesk", why="a desk"))
    shop.settle()
    found = {}
    for name in ("ruth", "omar"):
        found[name] = browse()
        await found[name].sign_in(f"{name}@example.org", play.PASSWORD)
        await authenticator.enrolled(found[name], shop)
    return found


async def test_nobody_takes_the_factors_of_somebody_who_may_do_more(desk, shop, play):
    page = (await desk["ruth"].get("/staff/security")).text
    assert "Omar Haddad" in page
    assert f"/staff/security/{play.OMAR}/reset" not in page
    refused = await desk["ruth"].send_form(f"/staff/security/{play.OMAR}/reset", why=WHY)
    assert refused.status_code == 422
    assert "holds more than they do. In detail: you may not see accounts" in refused.text
    assert owns_a_factor(shop, play.OMAR)
    assert (await desk["omar"].get("/staff")).status_code == 200
    shop.settle()
    assert SecurityAct.FACTORS_RESET in noted(shop)  # that it was tried is on record, and that it was refused
    assert f"/staff/security/{play.RUTH}/reset" in (await desk["omar"].get("/staff/security")).text


async def test_what_cannot_be_put_on_record_is_not_taken(desk, shop, play):
    word = DeskStopped(desk=SECURITY, input=shop.engine.size + 1, exception="KeyError")
    tick = Arrival(ClockTicked(at_us=shop.now_us), shop.now_us, shop.now_us, stopped=(word,))
    shop._gather(shop.engine.decide([tick]))
    answer = await desk["omar"].send_form(f"/staff/security/{play.RUTH}/reset", why="She lost her phone")
    assert answer.status_code == 503
    assert "nothing was done" in answer.text
    assert owns_a_factor(shop, play.RUTH)
    assert (await desk["ruth"].get("/staff/security")).status_code == 200


async def test_who_left_has_nothing_to_be_taken(desk, shop, play):
    shop.put(LetStaffGo(by="console", staff=play.RUTH, why="her last day"))
    shop.settle()
    answer = await desk["omar"].send_form(f"/staff/security/{play.RUTH}/reset", why="She lost her phone")
    assert answer.status_code == 404
    assert SecurityAct.FACTORS_RESET not in noted(shop)


async def test_who_lost_theirs_and_may_do_no_more_is_helped(desk, shop, play):
    answer = await desk["omar"].send_form(f"/staff/security/{play.RUTH}/reset", why="She lost her phone")
    assert answer.status_code == 303
    assert noted(shop)[-1] is SecurityAct.FACTORS_RESET
    assert not owns_a_factor(shop, play.RUTH)
    assert (await desk["ruth"].get("/staff")).headers["location"].startswith("/sign-in")
