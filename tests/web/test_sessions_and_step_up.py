"""Sessions and step-up: ids that change, sessions that end, devices that are told of, and a proof asked again before what is grave."""

import re
from base64 import b32encode
from contextlib import suppress

import pytest

from firm.commands import SecurityAct
from firm.instant import DAY_US, HOUR_US, MINUTE_US
from storage.factors import read_factors
from tests.web import authenticator as phone
from web.app import policies
from web.auth import TooManyGuesses, recognise
from web.bounds import FRESH_US, GUESSES_PER_ACCOUNT, GUESSES_PER_ADDRESS
from web.password_desk import PasswordDesk
from web.visitor import Policy

ADA = "ada@example.org"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@pytest.fixture
async def ada(browse, play):
    browser = browse()
    await browser.sign_in(ADA, play.PASSWORD)
    return browser


async def is_in(browser):
    return (await browser.get("/accounts")).status_code == 200


# --- sessions ---


async def test_each_step_of_trust_changes_the_id_and_ends_the_one_before(browse, shop, play):
    browser, ids = browse(), []
    browser.cookies.set("evenhand", "planted", domain="127.0.0.1", path="/")
    await browser.sign_in(ADA, play.PASSWORD)
    ids.append(browser.cookies["evenhand"])
    await phone.enrolled(browser, shop)
    ids.append(browser.cookies["evenhand"])
    shop.wall_us += FRESH_US + MINUTE_US
    secret = await phone_secret(browser, shop)
    ids.append(browser.cookies["evenhand"])
    await browser.send_form("/session/end")
    await phone.past_password(browser, ADA, play.PASSWORD)
    ids.append(browser.cookies["evenhand"])
    shop.wall_us += MINUTE_US
    await browser.send_form("/session/factor", code=phone.code_at(secret, shop.wall_us))
    ids.append(browser.cookies["evenhand"])
    assert len(set(ids)) == 5
    assert "planted" not in ids
    assert await is_in(browser)
    for old in ids[:-1]:
        thief = browse()
        thief.cookies.set("evenhand", old)
        assert not await is_in(thief)


async def phone_secret(browser, shop):
    """Another app, after proving it with the one before."""
    shown = await browser.send_form("/security/totp")
    assert shown.status_code == 303
    browser.take_token(await browser.get(shown.headers["location"]))
    [person] = shop.vault.with_factors()
    held = read_factors(shop.vault.factors(person)).totp.secret
    code = phone.code_at(b32encode(held).decode(), shop.wall_us)
    assert (await browser.send_form("/security/proof", code=code, next="/security")).status_code == 303
    browser.take_token(await browser.get("/security"))
    secret = await phone.offered_secret(browser)
    taken = await browser.send_form("/security/totp/confirmation", code=phone.code_at(secret, shop.wall_us))
    assert taken.status_code == 303
    browser.take_token(await browser.get("/security"))
    return secret


async def test_a_session_ends_when_nobody_uses_it_and_after_its_time_in_any_case(browse, shop, ada, play):
    shop.wall_us += HOUR_US + MINUTE_US
    assert not await is_in(ada)
    await ada.sign_in(ADA, play.PASSWORD)
    for _ in range(24):
        shop.wall_us += HOUR_US // 2 - 1
        last = await is_in(ada)
    assert last
    shop.wall_us += MINUTE_US
    assert not await is_in(ada)  # used all the time, and twelve hours old


async def test_proving_again_prolongs_no_session(shop, ada, play):
    for _ in range(13):
        shop.wall_us += HOUR_US - MINUTE_US
        ada.take_token(await ada.get("/security/proof"))
        await ada.send_form("/security/proof", password=play.PASSWORD, next="/security")
    assert not await is_in(ada)


async def test_ada_sees_where_she_is_signed_in_and_ends_one_and_all_others(browse, shop, ada, play):
    office, home = browse(CHROME), browse("curl/8.5")
    await office.sign_in(ADA, play.PASSWORD)
    await home.sign_in(ADA, play.PASSWORD)
    page = (await ada.get("/security")).text
    assert page.count("Firefox on Linux") >= 1
    assert "Chrome on Windows" in page
    name = re.search(r'sessions/([0-9a-f]+)/end"><[^>]+><button[^>]*>End<span class="unseen"> Chrome', page)[1]
    await ada.send_form(f"/security/sessions/{name}/end")
    assert [await is_in(each) for each in (ada, office, home)] == [True, False, True]
    await ada.send_form("/security/sessions/end-others")
    assert [await is_in(each) for each in (ada, office, home)] == [True, False, False]
    assert [each.act for each in shop.noted].count(SecurityAct.SESSIONS_ENDED) == 2


async def test_nobody_ends_the_session_of_another(browse, shop, ada, play):
    ben = browse()
    await ben.sign_in("ben@example.org", play.PASSWORD)
    [(name, _)] = shop.firm.sessions.listed(f"trader:{play.ADA}", shop.wall_us)
    await ben.send_form(f"/security/sessions/{name}/end")
    assert await is_in(ada)


async def test_another_password_ends_all_other_sessions_and_not_this_one(browse, shop, ada, play):
    other = browse()
    await other.sign_in(ADA, play.PASSWORD)
    fields = {"present": play.PASSWORD, "fresh": "seven green parrots", "again": "seven green parrots"}
    before = ada.cookies["evenhand"]
    assert (await ada.send_form("/security/password", **fields)).status_code == 303
    assert ada.cookies["evenhand"] != before
    assert await is_in(ada)
    assert not await is_in(other)
    assert (await browse().send_form("/session", mail=ADA, password=play.PASSWORD, next="/")).status_code == 422
    assert (await browse().send_form("/session", mail=ADA, password="seven green parrots", next="/")).status_code == 303


async def test_a_new_device_is_told_to_the_other_sessions_until_they_say_it_was_them(browse, shop, ada, play):
    other = browse(CHROME)
    await other.sign_in(ADA, play.PASSWORD)
    told = "Somebody signed in as you from a new device: Chrome on Windows"
    assert told in (await ada.get("/accounts")).text
    assert told in (await ada.get("/security")).text
    assert told not in (await other.get("/accounts")).text
    await ada.send_form("/security/elsewhere/dismissal")
    assert told not in (await ada.get("/accounts")).text
    assert [each.act for each in shop.noted] == [SecurityAct.DEVICE_NEW]
    await other.send_form("/session/end")
    await other.sign_in(ADA, play.PASSWORD)  # from a device that is known by now
    assert told not in (await ada.get("/accounts")).text
    assert "Signed in from a new device" in (await ada.get("/security")).text


async def test_what_is_noted_names_nobody_and_its_address_is_sealed(browse, shop, ada, play):
    await browse(CHROME).sign_in(ADA, play.PASSWORD)
    [noted] = shop.noted
    assert (noted.by, noted.person) == (f"trader:{play.ADA}", f"trader:{play.ADA}")
    assert b"Chrome on Windows" in shop.vault.open_value(noted.sealed)
    shop.settle()
    ledger = b"".join(each.read_bytes() for each in shop.path.glob("ledger.db*"))
    assert noted.sealed.encode() in ledger
    assert b"Chrome on" not in ledger
    shop.vault.erase(noted.by)
    assert shop.vault.open_value(noted.sealed) is None


# --- guesses ---


@pytest.mark.parametrize("half", [pytest.param(300, id="few"), pytest.param(5_000, id="all", marks=pytest.mark.soak)])
async def test_of_ten_thousand_guesses_a_hundred_at_most_reach_the_hash(shop, shop_app, half):
    desk: PasswordDesk = shop_app.state.passwords

    async def guess(mail: str, address: str) -> None:
        with suppress(TooManyGuesses):
            assert await recognise(shop.firm, desk, mail, "not this one", address) is None

    for number in range(half):  # at one account, from all over the world
        await guess(ADA, f"10.{number >> 8}.{number & 255}.1")
    assert desk.hashes == GUESSES_PER_ACCOUNT
    for number in range(half):  # at all accounts, from one place
        await guess(f"nobody-{number}@example.org", "192.0.2.7")
    assert desk.hashes == GUESSES_PER_ACCOUNT + GUESSES_PER_ADDRESS <= 100


async def test_the_known_and_the_unknown_cost_one_hash_each(shop_app, browse, play):
    desk, told = shop_app.state.passwords, []
    for mail in (ADA, "nobody@example.org", "no address"):
        before = desk.hashes
        await browse().send_form("/session", mail=mail, password="not this one", next="/")
        told.append(desk.hashes - before)
    assert told == [1, 1, 1]


async def test_guesses_of_strangers_do_not_keep_ada_from_the_devices_she_knows(browse, shop, ada, play):
    await ada.send_form("/session/end")
    thief = browse()
    for guess in range(20):
        held = await thief.send_form("/session", mail=ADA, password=f"guess {guess}", next="/")
    assert held.status_code == 429
    assert (await thief.send_form("/session", mail=ADA, password=play.PASSWORD, next="/")).status_code == 429
    assert (await ada.send_form("/session", mail=ADA, password=play.PASSWORD, next="/")).status_code == 303
    # The cookie of a device that somebody else knows is worth nothing.
    ben = browse()
    await ben.sign_in("ben@example.org", play.PASSWORD)
    await ben.send_form("/session/end")
    assert (await ben.send_form("/session", mail=ADA, password=play.PASSWORD, next="/")).status_code == 429


# --- step-up ---


def declared(app):
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("fresh"):
                yield route.path, "GET" if "GET" in handler.http_methods else "POST", handler.opt


def test_what_is_grave_is_declared(shop_app):
    found = {path for path, _, _ in declared(shop_app)}
    assert found == {
        "/security/totp", "/security/totp/confirmation", "/security/totp/removal", "/security/recovery-codes",
        "/security/passkeys/new", "/security/passkeys/options", "/security/passkeys", "/security/passkeys/{handle:str}/removal",
        "/security/password", "/security/address", "/staff/security/{member:int}/reset", "/staff/controls/{switch:str}/release",
        "/staff/programs", "/staff/programs/{version:int}/retirement", "/staff/accounts/{account:str}/overrides",
        "/staff/accounts/{account:str}/overrides/{seq:int}/agreement", "/staff/incidents/{incident:int}/extensions",
        "/staff/incidents/{incident:int}/accounts/{account:str}/grant", "/my-data.zip", "/my-data/erasure",
        "/staff/team/{staff:str}/role", "/staff/team/{staff:str}/scope", "/staff/team/{staff:str}/leaving",
        "/staff/roles", "/staff/roles/{role:str}/retirement", "/staff/accounts/{account:str}/view",
        "/staff/documents/{document:str}/opening", "/staff/documents/{document:str}/deletion", "/documents/{document:str}/taking-back",
        "/staff/traders/{trader:str}/region",
        "/staff/api-keys", "/staff/api-keys/{api_key:str}/rotation", "/staff/api-keys/{api_key:str}/revocation",
    }  # fmt: skip


async def test_every_declared_route_asks_for_a_proof_that_is_older_than_five_minutes(browse, shop, shop_app, play):
    omar = browse()
    await omar.sign_in("omar@example.org", play.PASSWORD)
    await phone.enrolled(omar, shop)
    for path, method, opt in list(declared(shop_app)):
        if opt["policy"] is Policy.TRADER:
            continue
        path = re.sub(r"\{\w+:int\}", "1", re.sub(r"\{\w+:str\}", "payouts", path))
        shop.wall_us += FRESH_US + MINUTE_US
        answer = await (omar.get(path) if method == "GET" else omar.send_form(path, why="A good reason"))
        if method == "GET" or opt.get("resume"):
            assert answer.headers["location"].startswith("/security/proof?next="), path
        else:
            assert answer.status_code == 403, path
            assert "Is it still you?" in answer.text
            assert 'name="kept.why" value="A good reason"' in answer.text
    assert not shop.asked
    policy = [policy for path, _, policy in policies(shop_app) if path == "/security/proof"]
    assert policy == [Policy.SIGNED_IN] * 2


async def test_the_form_waits_for_the_proof_and_the_person_sends_it(browse, shop, play):
    omar = browse()
    await omar.sign_in("omar@example.org", play.PASSWORD)
    secret, _ = await phone.enrolled(omar, shop)
    shop.wall_us += FRESH_US + MINUTE_US
    release, why = "/staff/controls/payouts/release", "Looked at & fine"
    asked = await omar.send_form(release, why=why)
    assert "Is it still you?" in asked.text
    kept = {"kept": release, "kept.why": why}
    wrong = await omar.send_form("/security/proof", code="000000", **kept)
    assert (wrong.status_code, 'name="kept.why"' in wrong.text) == (422, True)
    by_password = await omar.send_form("/security/proof", password=play.PASSWORD, **kept)
    assert by_password.status_code == 422  # who has a factor shows it
    again = await omar.send_form("/security/proof", code=phone.code_at(secret, shop.wall_us), **kept)
    assert again.status_code == 200
    assert "Looked at &amp; fine" in again.text
    assert not shop.asked
    omar.token = re.search(r'name="csrf_token" value="([0-9a-f]+)">\n\s+<label>Why', again.text)[1]
    await omar.send_form(release, why=why)
    assert len(shop.asked) == 1


async def test_no_page_carries_a_password_on(shop, ada, play):
    shop.wall_us += FRESH_US + MINUTE_US
    fields = {"present": play.PASSWORD, "fresh": "seven green parrots", "again": "seven green parrots"}
    asked = await ada.send_form("/security/password", **fields)
    assert asked.headers["location"] == "/security/proof?next=%2Fsecurity%2Fpassword"
    assert play.PASSWORD not in asked.text
    shop.wall_us += DAY_US
    ended = await ada.send_form("/security/password", **fields)
    assert ended.status_code == 401
    assert play.PASSWORD not in ended.text
    assert "parrots" not in ended.text


async def test_every_form_of_security_needs_the_token_of_its_session(shop_app, ada):
    ada.token = "0" * 48
    for path, method, policy in policies(shop_app):
        if method == "POST" and path.startswith("/security") and policy is Policy.SIGNED_IN:
            path = re.sub(r"\{\w+:str\}", "none", path)
            assert (await ada.send_form(path)).status_code == 403, path
