"""Signing up and forgotten passwords: nobody learns who is known, nobody is flooded, and a link is its person's, once."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from firm.commands import AskAddressChange, ChangeAddress, ConfirmAddress, JoinFirm, OweMail, PlaceOrder, SecurityAct
from firm.facts import Refusal, Refused, TraderJoined, TraderRegistered
from firm.inputs import MailReported
from firm.instant import DAY_US, HOUR_US, MINUTE_US
from firm.letters import Letter
from storage.condition import Condition
from storage.factors import Factors, written
from storage.links import Purpose, digest_of
from storage.people import ADDRESS_WANTED, RESIDENCE
from storage.readmodels.mails import mails_waiting, owed_mails
from storage.readmodels.seals import all_seals, is_sealed, only_seal
from storage.sqlite_file import TracesRemain
from web import password_desk
from web.app import create_app, policies
from web.brand.brand import Brand, LegalPage
from web.brand.prose import markdown
from web.joining import forget_password
from web.password_desk import STRANGER
from web.visitor import Policy, csrf_token_of

ADA = "ada@example.org"
EVE = "eve-canary-4417@example.org"
NEW = "eve-anew-9921@example.org"
GOOD = "seven green parrots"
FORM = {"name": "Eve Lund", "country": "DK", "fresh": GOOD, "again": GOOD, "accepted": "yes"}
TERMS = LegalPage("terms", "/legal/terms", markdown("# Terms\n\nBe fair."))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, play: Any, histories: Any) -> Iterator[Any]:
    """A firm with people and a program that writes mails and has terms; its hashes are made with little memory."""
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(password_desk, "TIME_COST", 1)
        quick.setattr(password_desk, "MEMORY_KIB", 8)
        opened = play.Stage(tmp_path_factory.mktemp("joining") / "firm")
        object.__setattr__(opened.firm, "brand", Brand(legal=(TERMS,)))
        opened.open_shop(histories.two_step())
        opened.settle()
        yield opened, create_app(opened.firm)
        opened.close()


@pytest.fixture
def shop(house: Any) -> Any:
    """Nobody tried anything before, Eve is not known, and nobody is owed a mail."""
    opened = house[0]
    opened.firm.throttle.purge(2**62)
    for mail in (EVE, NEW, *(f"e{number}@example.org" for number in range(11))):
        known = opened.vault.find_by_mail(mail)
        if known is not None:
            opened.vault.erase(known.reference)
    owed(opened)
    opened.asked.clear()
    opened.noted.clear()
    return opened


@pytest.fixture
def shop_app(house: Any) -> Any:
    return house[1]


@pytest.fixture
def firm(shop: Any) -> Any:
    for name, value in {"mails": True, "sign_up": True, "staff_factor": True}.items():
        object.__setattr__(shop.firm, name, value)
    return shop.firm


def owed(shop: Any) -> list[tuple[str, Letter]]:
    """What people are to be sent, each mail taken away at once, as by the courier."""
    told = []
    while waiting := _owed(shop):
        for mail in waiting:
            told.append((mail.person, mail.letter))
            shop.put(MailReported(mail=mail.seq, person=mail.person, letter=mail.letter, end="sent", tries=1))
        shop.settle()
    return told


def _owed(shop: Any) -> Any:
    with shop.reader.connection() as book:
        return owed_mails(book, 100)


def link_for(shop: Any, person: str, purpose: Purpose, token: str, good_for_us: int = HOUR_US) -> str:
    """As the courier draws one."""
    about = wanted_by(shop, person) if purpose is Purpose.NEW_ADDRESS else ""
    shop.firm.links.issue(person, purpose, token, shop.wall_us, good_for_us, about=about or "")
    return token


def wanted_by(shop: Any, person: str) -> str | None:
    """The commitment to the address that is to be theirs."""
    with shop.reader.connection() as book:
        return only_seal(book, person, ADDRESS_WANTED)


async def join(client: Any, mail: str = EVE, **changed: str) -> Any:
    return await client.send_form("/join", mail=mail, **FORM | changed)


async def joined(shop: Any, browse: Any, mail: str = EVE) -> str:
    """Eve signed up."""
    assert (await join(browse(), mail)).status_code == 200
    person = shop.vault.find_by_mail(mail)
    return str(person.reference)


def bare(answer: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a stranger gets."""
    return answer.status_code, answer.content, sorted(answer.headers.items())


async def test_who_signs_up_is_the_same_trader_as_one_whom_the_firm_adds_but_for_what_waits(
    firm, shop, browse, play, caplog
):
    caplog.set_level(logging.DEBUG)
    assert "Sign up" in (await browse().get("/sign-in")).text
    person = await joined(shop, browse)
    [asked] = [each for each in shop.asked if isinstance(each, JoinFirm)]
    accepted = [(each.name, each.address, each.sha256) for each in asked.accepted]
    assert accepted == [("terms", "/legal/terms", TERMS.sha256)]
    facts = [
        row.kind
        for row in map(shop.reader.row, range(1, shop.reader.size() + 1))
        if row.cause == shop.reader.size() - 3
    ]
    assert (
        facts
        == ["TraderRegistered", "TraderJoined", "MailOwed"]
        == [TraderRegistered.__name__, TraderJoined.__name__, "MailOwed"]
    )
    with shop.reader.connection() as book:
        sealed = only_seal(book, person, RESIDENCE)
    assert json.loads(shop.vault.open_value(sealed)) == {"country": "DK", "language": "en"}
    assert owed(shop) == [(person, Letter.CONFIRM_ADDRESS)]
    held = b"".join(path.read_bytes() for path in shop.path.rglob("*") if path.is_file())
    for secret in (EVE, "Eve Lund", GOOD):
        assert secret.encode() not in held
        assert secret not in caplog.text


async def test_nothing_is_open_before_the_address_is_confirmed_and_then_everything(firm, shop, browse, play):
    person = await joined(shop, browse)
    eve, number = browse(), int(person.partition(":")[2])
    assert (await eve.send_form("/session", mail=EVE, password=GOOD, next="/")).status_code == 303
    for path in ("/accounts", "/security", "/my-data", "/security/password"):
        led = await eve.get(path)
        assert (led.status_code, led.headers["location"]) == (303, "/confirm-address"), path
    shown = await eve.get("/confirm-address")
    assert "nothing else is open" in shown.text
    eve.take_token(shown)
    order = PlaceOrder(by=person, order=9, trader=number, program="two-step-100k", accounts=(10, 11))
    no = shop.put(order).facts[0][1]
    assert (type(no), no.refusal) == (Refused, Refusal.ADDRESS_UNCONFIRMED)
    owed(shop)
    assert "on its way" in (await eve.send_form("/confirm-address/mails")).text
    assert owed(shop) == [(person, Letter.CONFIRM_ADDRESS)]
    token = link_for(shop, person, Purpose.ADDRESS, "the-link-in-the-mail")
    led = await eve.get(f"/confirm-address?token={token}")
    assert led.headers["location"] == "/confirm-address"  # no address holds it any longer
    eve.take_token(await eve.get("/confirm-address"))
    assert (await eve.send_form("/confirm-address")).headers["location"] == "/"
    assert (await eve.get("/accounts")).status_code == 200
    assert (await eve.send_form("/confirm-address")).status_code == 422


async def test_who_has_not_confirmed_opens_no_route_at_all(firm, shop, shop_app, browse):
    person = await joined(shop, browse)
    client = browse()
    client.cookies.set("evenhand", shop.session_of(person))
    client.token = csrf_token_of(shop.session_of(person))
    closed, uploads = [], {route.path for route in shop_app.routes if _takes_files(route)}
    for path, method, policy in policies(shop_app):
        if policy not in (Policy.SIGNED_IN, Policy.TRADER, Policy.TRADER_OWN) or path == "/confirm-address/mails":
            continue
        place = re.sub(r"\{[^}]*\}", "1", path)
        send = client.get if method == "GET" else client.send_file if path in uploads else client.send_form
        answer = await send(place)
        led = (answer.status_code, answer.headers.get("location")) == (303, "/confirm-address")
        assert led or answer.status_code in (400, 403, 404), (method, path, answer.status_code)
        closed += [path] if led else []
    assert {"/accounts", "/security", "/my-data", "/security/totp", "/security/address", "/documents"} <= set(closed)


def _takes_files(route: Any) -> bool:
    return any(handler.opt.get("uploads", False) for handler in getattr(route, "route_handlers", ()))


async def test_a_look_at_a_link_uses_nothing_and_another_person_cannot_use_it(firm, shop, browse, play):
    person = await joined(shop, browse)
    token = link_for(shop, person, Purpose.ADDRESS, "the-link-in-the-mail")
    for _ in range(3):  # programs that read mails, and follow their links
        scanner = browse()
        await scanner.get(f"/confirm-address?token={token}", follow_redirects=True)
    ada = browse()
    await ada.sign_in(ADA, play.PASSWORD)
    await ada.get(f"/confirm-address?token={token}")
    assert "used already" in (await ada.get("/confirm-address")).text
    assert (await ada.send_form("/confirm-address")).status_code == 422
    assert (await ada.get("/accounts")).status_code == 200  # and is still signed in
    stranger = browse()
    await stranger.get(f"/new-password?token={token}")  # good for its own purpose alone
    assert "used already" in (await stranger.get("/new-password")).text
    eve = browse()
    await eve.get(f"/confirm-address?token={token}")
    assert (await eve.send_form("/confirm-address")).status_code == 403  # not the form of this page
    eve.take_token(await eve.get("/confirm-address"))
    assert "is confirmed" in (await eve.send_form("/confirm-address", password=GOOD)).text
    assert not firm.live.is_unconfirmed(int(person.partition(":")[2]))


async def test_strangers_are_told_the_same_of_known_and_unknown_addresses(firm, shop, browse, play):
    staff, gone = "omar@example.org", "nobody@example.org"
    joins = [bare(await join(browse(), mail)) for mail in (ADA, staff, gone)]
    assert joins[0] == joins[1] == joins[2]
    # The last is of a kind that is not taken any more: somebody may be known by it.
    asked = (ADA, staff, "no@example.org", "root@localhost")
    resets = [bare(await browse().send_form("/forgotten-password", mail=mail)) for mail in asked]
    assert resets[0] == resets[1] == resets[2] == resets[3]
    new = shop.vault.find_by_mail(gone).reference
    ada, omar = f"trader:{play.ADA}", f"staff:{play.OMAR}"
    assert sorted(owed(shop)) == sorted(
        [(who, letter) for who in (ada, omar) for letter in (Letter.ADDRESS_KNOWN, Letter.NEW_PASSWORD)]
        + [(new, Letter.CONFIRM_ADDRESS)]
    )
    assert shop.vault.find_by_mail("no@example.org") is None


async def test_nobody_is_flooded_and_the_answer_never_tells(firm, shop, browse, monkeypatch, play):
    monkeypatch.setattr("web.auth.address_of", lambda request: request.headers["x-test-address"])
    answers = []
    for number in range(40):
        client = browse()
        client.headers["x-test-address"] = f"10.0.0.{number}"
        answers.append(bare(await client.send_form("/forgotten-password", mail=ADA)))
        shop.wall_us += 30 * MINUTE_US
    assert len(set(map(str, answers))) == 1
    assert len(owed(shop)) == 6  # twenty hours
    shop.wall_us += DAY_US
    one = browse()
    one.headers["x-test-address"] = "10.0.0.1"
    told = [
        (await one.send_form("/forgotten-password", mail=f"a{number}@example.org")).status_code for number in range(12)
    ]
    assert told == [200] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"fresh": "qwertyuiop", "again": "qwertyuiop"}, "have leaked"),
        ({"fresh": "Eve Lund 1990", "again": "Eve Lund 1990"}, "strangers try it first"),
        ({"again": "other words"}, "not the same"),
        ({"country": "XX"}, "Choose the country"),
        ({"accepted": ""}, "Without this"),
        ({"mail": "eve@localhost"}, "such as ada@example.org"),
        ({"mail": "eve@example.org\r\nBcc: all@example.org"}, "such as ada@example.org"),
        ({"name": "x" * 81}, "at most 80"),
    ],
)
async def test_what_is_missing_or_wrong_is_said_and_nobody_is_made(firm, shop, browse, changed, told):
    answer = await browse().send_form("/join", **{"mail": EVE} | FORM | changed)
    assert (answer.status_code, told in answer.text, GOOD in answer.text) == (422, True, False)
    assert not [each for each in shop.asked if isinstance(each, JoinFirm | OweMail)]
    assert shop.vault.find_by_mail(EVE) is None


async def test_sign_ups_are_bounded_and_a_firm_may_shut_them(firm, shop, browse):
    told = [(await join(browse(), f"e{number}@example.org")).status_code for number in range(11)]
    assert told == [200] * 10 + [429]
    object.__setattr__(firm, "sign_up", False)
    assert [(await browse().get("/join")).status_code, (await join(browse())).status_code] == [404, 404]
    assert "Sign up" not in (await browse().get("/sign-in")).text
    object.__setattr__(firm, "mails", False)
    assert (await browse().get("/forgotten-password")).status_code == 404


async def test_who_is_refused_by_the_ledger_is_not_kept_in_the_vault(firm, shop, browse, monkeypatch):
    asks = firm.ask
    object.__setattr__(firm, "ask", lambda command: _no(shop))
    monkeypatch.setattr("web.joining.secrets.randbelow", lambda _: 424242)
    assert (await join(browse())).status_code == 200
    object.__setattr__(firm, "ask", asks)
    assert shop.vault.find_by_mail(EVE) is None
    assert shop.vault.classes_of("trader:424242") == ()


async def _no(shop: Any) -> Any:
    return shop.put(OweMail(by="nobody", person="trader:1", letter=Letter.DEVICE_NEW))


async def test_a_new_password_by_mail_ends_sessions_confirms_the_address_and_leaves_the_second_factor(
    firm, shop, browse, play
):
    person = await joined(shop, browse)
    inside = browse()
    await inside.send_form("/session", mail=EVE, password=GOOD, next="/")
    token = link_for(shop, person, Purpose.PASSWORD_MAILED, "the-mailed-link", 30 * MINUTE_US)
    link_for(shop, person, Purpose.ADDRESS, "asked-for-by-whoever-was-here")
    eve = browse()
    await eve.get(f"/new-password?token={token}")
    eve.take_token(await eve.get("/new-password"))
    fresh = {"fresh": "eight blue parrots", "again": "eight blue parrots"}
    assert (await eve.send_form("/new-password", **fresh)).headers["location"] == "/sign-in"
    assert (await inside.get("/confirm-address")).status_code == 422  # signed out
    assert not firm.live.is_unconfirmed(int(person.partition(":")[2]))
    assert firm.links.person_of(Purpose.ADDRESS, digest_of("asked-for-by-whoever-was-here"), shop.wall_us) is None
    assert (person, Letter.PASSWORD_CHANGED) in owed(shop)
    assert [each.act for each in shop.noted][-1] is SecurityAct.PASSWORD_RESET
    late = link_for(shop, person, Purpose.PASSWORD_MAILED, "late", 30 * MINUTE_US)
    shop.wall_us += 30 * MINUTE_US
    await eve.get(f"/new-password?token={late}")
    assert "too old" in (await eve.get("/new-password")).text


async def test_who_signed_up_first_with_anothers_address_keeps_nothing_once_its_owner_comes(firm, shop, browse):
    person, own = await joined(shop, browse), "nine yellow herons"
    owed(shop)
    await join(browse(), fresh=own, again=own)  # the owner signs up herself
    assert owed(shop) == [(person, Letter.NEW_PASSWORD)]
    token = link_for(shop, person, Purpose.ADDRESS, "of-the-first-sign-up")
    owner = browse()
    await owner.get(f"/confirm-address?token={token}")
    page = await owner.get("/confirm-address")
    owner.take_token(page)
    assert ('name="password"' in page.text, "/forgotten-password" in page.text) == (True, True)
    for wrong in ({}, {"password": own}):  # a button is not enough: it would open the account for whoever signed up
        assert (await owner.send_form("/confirm-address", **wrong)).status_code == 422
    assert firm.live.is_unconfirmed(int(person.partition(":")[2]))
    shop.vault.change_factors(person, lambda held: (written(Factors(offered=b"of the first one")), None))
    firm.devices.keep(person, "the-cookie", "a browser", shop.wall_us)
    await owner.get(f"/new-password?token={link_for(shop, person, Purpose.PASSWORD_MAILED, 'hers')}")
    owner.take_token(await owner.get("/new-password"))
    assert (await owner.send_form("/new-password", fresh=own, again=own)).headers["location"] == "/sign-in"
    assert not firm.live.is_unconfirmed(int(person.partition(":")[2]))
    assert (shop.vault.factors(person), firm.devices.listed(person)) == (None, [])
    told = [
        (await browse().send_form("/session", mail=EVE, password=word, next="/")).status_code for word in (GOOD, own)
    ]
    assert told == [422, 303]


async def test_a_factor_of_somebody_whose_address_is_confirmed_outlives_a_new_password(shop, browse, eve):
    shop.vault.change_factors(eve.person, lambda held: (written(Factors(offered=b"hers")), None))
    await _new_password(shop, browse, eve)
    assert shop.vault.factors(eve.person) is not None


async def test_strangers_shut_nobody_out_of_a_new_password_at_a_device_of_theirs(firm, shop, browse, eve):
    known = eve.cookies.get("evenhand-device")
    for _ in range(4):
        await forget_password(firm, EVE, "")
        await forget_password(firm, EVE, "forged")
    shop.settle()
    assert owed(shop) == [(eve.person, Letter.NEW_PASSWORD)] * 2  # and the one of the sign-up
    await forget_password(firm, EVE, known)
    shop.settle()
    assert owed(shop) == [(eve.person, Letter.NEW_PASSWORD)]


async def test_a_network_of_ipv6_counts_as_one_address(shop, browse, monkeypatch):
    monkeypatch.setattr("web.auth.address_of", lambda request: request.headers["x-test-address"])
    told = []
    for number in range(11):
        client = browse()
        client.headers["x-test-address"] = f"2001:db8::{number:x}"
        told.append((await client.send_form("/forgotten-password", mail=f"a{number}@example.org")).status_code)
    assert told == [200] * 10 + [429]


async def test_sign_ups_wait_in_the_line_of_strangers_and_count_once_they_have_passed_it(shop, shop_app, browse):
    desk, seen = shop_app.state.passwords, []
    hashed, has_room = desk.hashed, desk.has_room
    desk.has_room = lambda *, known: known
    try:
        full = await join(browse())
    finally:
        desk.has_room = has_room

    async def known_as(password: str, *, whose: str) -> str:
        seen.append(whose)
        return str(await hashed(password, whose=whose))

    desk.hashed = known_as
    try:
        answers = [(await join(browse(), f"e{number}@example.org")).status_code for number in range(10)]
    finally:
        desk.hashed = hashed
    assert (full.status_code, "eve-canary" in full.text, shop.vault.find_by_mail(EVE)) == (429, True, None)
    assert (answers, seen) == ([200] * 10, [STRANGER] * 10)  # the one that found no room is not counted


async def test_of_links_the_newest_three_are_good_until_one_is_used(firm, shop):
    for number in range(5):
        link_for(shop, "trader:7", Purpose.ADDRESS, f"link-{number}")
        shop.wall_us += 1
    good = [firm.links.person_of(Purpose.ADDRESS, digest_of(f"link-{number}"), shop.wall_us) for number in range(5)]
    assert good == [None, None, "trader:7", "trader:7", "trader:7"]
    assert firm.links.use(Purpose.ADDRESS, digest_of("link-3"), shop.wall_us) == "trader:7"
    assert {
        firm.links.person_of(Purpose.ADDRESS, digest_of(f"link-{number}"), shop.wall_us) for number in range(5)
    } == {None}


# --- another mail address ---


@pytest.fixture
async def eve(firm: Any, shop: Any, browse: Any) -> Any:
    """Signed in a moment ago, with her address confirmed."""
    person = await joined(shop, browse)
    shop.put(ConfirmAddress(by="portal", trader=int(person.partition(":")[2])))
    shop.settle()
    owed(shop)
    client = browse()
    await client.sign_in(EVE, GOOD)
    client.person = person
    return client


def whole(shop: Any, person: str) -> set[tuple[str, Condition]]:
    """How the vault is by what the ledger refers to, of this person."""
    with shop.reader.connection() as book:
        seals = [seal for seal in all_seals(book) if seal.person == person]
    return {(seal.klass, shop.vault.condition_of(person, seal.klass, seal.commitment)) for seal in seals}


async def opened(client: Any, token: str) -> Any:
    """The page to which the link to a new address leads."""
    await client.get(f"/new-address?token={token}")
    answer = await client.get("/new-address")
    client.take_token(answer)
    return answer


async def test_another_address_counts_once_it_is_confirmed_and_the_present_one_hears_of_it_first(shop, browse, eve):
    before = shop.vault.find_by_mail(EVE)
    assert (await eve.send_form("/security/address", mail=NEW)).status_code == 200
    assert owed(shop) == [(eve.person, Letter.ADDRESS_CHANGE_ASKED), (eve.person, Letter.CONFIRM_NEW_ADDRESS)]
    assert (shop.vault.find_by_mail(NEW), shop.vault.find_by_mail(EVE).reference) == (None, eve.person)
    link_for(shop, eve.person, Purpose.PASSWORD_MAILED, "went-to-the-old-one")
    token = link_for(shop, eve.person, Purpose.NEW_ADDRESS, "went-to-the-new-one")
    reader = browse()
    assert "Use this mail address" in (await opened(reader, token)).text
    assert shop.vault.find_by_mail(NEW) is None  # a look is no button
    assert "sign in with the new address" in (await reader.send_form("/new-address")).text
    assert (await opened(browse(), token)).status_code == 422
    assert shop.vault.find_by_mail(EVE) is None
    assert shop.vault.find_by_mail(NEW).reference == eve.person
    assert (await browse().send_form("/session", mail=EVE, password=GOOD, next="/")).status_code == 422
    anew = browse()
    assert (await anew.send_form("/session", mail=NEW, password=GOOD, next="/")).status_code == 303
    shop.settle()
    changes = (await anew.get("/security")).text.partition('id="events-title"')[2]
    assert [said in changes for said in ("Mail address changed", "Another mail address asked for")] == [True, True]
    assert shop.firm.links.person_of(Purpose.PASSWORD_MAILED, digest_of("went-to-the-old-one"), shop.wall_us) is None
    assert shop.vault.open_value(before.commitment) is None
    assert {condition for _, condition in whole(shop, eve.person)} == {Condition.WHOLE}
    assert "address_wanted" not in [klass for klass, _ in whole(shop, eve.person)]


async def test_an_address_of_somebody_else_is_refused_by_whoever_reads_its_mails(shop, browse, eve):
    told = bare(await eve.send_form("/security/address", mail=NEW))[:2]
    assert bare(await eve.send_form("/security/address", mail=ADA))[:2] == told
    token = link_for(shop, eve.person, Purpose.NEW_ADDRESS, "went-to-ada")
    reader = browse()
    await opened(reader, token)
    assert "already" in (await reader.send_form("/new-address")).text
    assert (shop.vault.find_by_mail(EVE).reference, shop.vault.find_by_mail(ADA).name) == (eve.person, "Ada Marlow")
    assert {condition for _, condition in whole(shop, eve.person)} == {Condition.WHOLE}


async def test_another_address_is_asked_for_by_who_proved_a_moment_ago_who_they_are(shop, eve):
    shop.wall_us += 6 * MINUTE_US
    answer = await eve.send_form("/security/address", mail=NEW)
    assert (answer.status_code, 'action="/security/proof"' in answer.text) == (403, True)
    assert not [each for each in shop.asked if isinstance(each, AskAddressChange)]


async def test_a_link_is_good_for_the_address_that_it_went_to_and_for_no_other(shop, browse, eve):
    assert (await eve.send_form("/security/address", mail="eve-own@example.org")).status_code == 200
    first = wanted_by(shop, eve.person)
    link_for(shop, eve.person, Purpose.NEW_ADDRESS, "went-to-her-own")
    assert (await eve.send_form("/security/address", mail=NEW)).status_code == 200
    shop.firm.links.issue(
        eve.person, Purpose.NEW_ADDRESS, "slow-one", shop.wall_us, HOUR_US, about=first
    )  # a slow courier
    for token in ("went-to-her-own", "slow-one"):
        reader = browse()
        assert (await opened(reader, token)).status_code == 422
        assert (await reader.send_form("/new-address")).status_code == 422
    assert (shop.vault.find_by_mail(NEW), shop.vault.find_by_mail(EVE).reference) == (None, eve.person)
    assert shop.vault.open_value(first) is None  # an address that is wanted no more is kept no longer


async def _new_password(shop: Any, browse: Any, eve: Any) -> None:
    token = link_for(shop, eve.person, Purpose.PASSWORD_MAILED, "eve-resets", 30 * MINUTE_US)
    client = browse()
    await client.get(f"/new-password?token={token}")
    client.take_token(await client.get("/new-password"))
    fresh = {"fresh": "eight blue parrots", "again": "eight blue parrots"}
    assert (await client.send_form("/new-password", **fresh)).headers["location"] == "/sign-in"


async def _other_password(shop: Any, browse: Any, eve: Any) -> None:
    fresh = {"present": GOOD, "fresh": "eight blue parrots", "again": "eight blue parrots"}
    assert (await eve.send_form("/security/password", **fresh)).status_code == 303


async def _end_others(shop: Any, browse: Any, eve: Any) -> None:
    assert (await eve.send_form("/security/sessions/end-others")).status_code == 303


async def _stay(shop: Any, browse: Any, eve: Any) -> None:
    page = (await eve.get("/security")).text
    assert (NEW in page, 'action="/security/address/removal"' in page) == (True, True)
    shop.wall_us += 6 * MINUTE_US  # without a proof
    assert (await eve.send_form("/security/address/removal")).status_code == 303
    assert NEW not in (await eve.get("/security")).text


@pytest.mark.parametrize("dropped", [_new_password, _other_password, _end_others, _stay])
async def test_a_change_that_is_on_its_way_is_dropped_by_its_owner(shop, browse, eve, dropped):
    assert (await eve.send_form("/security/address", mail=NEW)).status_code == 200
    sealed = wanted_by(shop, eve.person)
    token = link_for(shop, eve.person, Purpose.NEW_ADDRESS, "went-to-the-new-one")
    await dropped(shop, browse, eve)
    assert Letter.CONFIRM_NEW_ADDRESS not in [letter for _, letter in owed(shop)]
    reader = browse()
    assert (await opened(reader, token)).status_code == 422
    assert (await reader.send_form("/new-address")).status_code == 422
    assert (shop.vault.find_by_mail(NEW), shop.vault.open_value(sealed)) == (None, None)
    assert {condition for _, condition in whole(shop, eve.person)} == {Condition.WHOLE}


async def test_a_person_asks_for_few_changes_and_only_the_newest_is_written_about(shop, eve):
    told = [(await eve.send_form("/security/address", mail=f"v{n}@victims.example")).status_code for n in range(5)]
    assert told == [200] * 3 + [429] * 2
    asked = [(eve.person, Letter.ADDRESS_CHANGE_ASKED), (eve.person, Letter.CONFIRM_NEW_ADDRESS)]
    with shop.reader.connection() as book:
        assert mails_waiting(book)[0] == len(asked)
    shop.firm.throttle.purge(2**62)
    await forget_password(shop.firm, EVE, "")
    shop.settle()
    assert owed(shop) == [(eve.person, Letter.NEW_PASSWORD), *asked]  # what cannot wait goes first


async def test_who_is_known_is_not_read_off_how_often_an_address_was_asked_about(shop, browse, eve):
    told = []
    for mail in (ADA, "unknown-7@example.org"):
        for _ in range(3):
            await browse().send_form("/forgotten-password", mail=mail)
        told.append((await eve.send_form("/security/address", mail=mail)).status_code)
    assert told == [429, 429]


async def test_a_change_is_done_though_somebody_reads_the_vault_just_then_and_no_link_of_before_is_good(
    shop, browse, eve, monkeypatch
):
    assert (await eve.send_form("/security/address", mail=NEW)).status_code == 200
    link_for(shop, eve.person, Purpose.PASSWORD_MAILED, "went-to-the-old-one")
    token = link_for(shop, eve.person, Purpose.NEW_ADDRESS, "went-to-the-new-one")
    reader = browse()
    await opened(reader, token)

    def remain(connection: Any) -> None:
        raise TracesRemain("somebody reads it")

    monkeypatch.setattr("storage.vault_boxes.cut_log", remain)
    assert "sign in with the new address" in (await reader.send_form("/new-address")).text
    assert shop.vault.find_by_mail(NEW).reference == eve.person
    assert shop.firm.links.person_of(Purpose.PASSWORD_MAILED, digest_of("went-to-the-old-one"), shop.wall_us) is None


@pytest.mark.parametrize("told", [False, True], ids=["the ledger never knew", "the ledger knew"])
async def test_a_kill_in_the_middle_of_a_change_leaves_the_address_that_the_ledger_knows(shop, eve, told):
    _, after = shop.vault.change_mail("trader", int(eve.person.partition(":")[2]), NEW)
    if told:
        shop.put(ChangeAddress(by="portal", person=eve.person, sealed=after))
        shop.settle()
    with shop.reader.connection() as book:  # what a start does
        shop.vault.sweep_orphans(lambda commitment: is_sealed(book, commitment))
    known, gone = (NEW, EVE) if told else (EVE, NEW)
    person = shop.vault.find_by_mail(known)
    assert (person.reference, person.mail, shop.vault.find_by_mail(gone)) == (eve.person, known, None)
    assert {condition for _, condition in whole(shop, eve.person)} == {Condition.WHOLE}
    assert (await eve.send_form("/session", mail=known, password=GOOD, next="/")).status_code == 303
