"""Mails to people, over a real mail server: each once through whatever kills the firm, in order, bounded, with no address elsewhere."""

import email
import email.policy
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import anyio
import msgspec
import pytest

from actors.arrival import Overloaded
from appliance.alarms.notice import Alarm, Saying
from appliance.erasing import forget
from appliance.finding import Level
from appliance.mail_check import check_mail
from appliance.mail_courier import JITTER, RETRY_FIRST_S, RETRY_MAX_S, MailCourier, _Retry
from appliance.mail_settings import PeopleMailSettings
from appliance.never_confirmed import KEPT_US, NeverConfirmed
from appliance.post import mail_courier
from appliance.smtp import MailTls
from firm.commands import (
    AskAddressChange,
    ConfirmAddress,
    EraseTrader,
    JoinFirm,
    NoteSecurity,
    OweMail,
    RegisterTrader,
    SecurityAct,
)
from firm.facts import Refusal
from firm.inputs import ClockTicked, MailReported
from firm.instant import HOUR_US, SECOND_US
from firm.letters import Letter, MailEnd
from firm.personal import destructions
from storage.files import FirmDirectory
from storage.links import Purpose, digest_of
from storage.people import ADDRESS_WANTED, RESIDENCE
from storage.reader import LedgerReader
from storage.readmodels.mails import OwedMail, owed_mails

CANARY = "zq-canary-7731@trader.example"
BEN_MAIL = "ben@trader.example"
NUMBERS = count(2002)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, appliance: Any, sinks: Any) -> Iterator[Any]:
    """A firm that writes to people through a mail server on this machine."""
    with sinks.running(sinks.MailSink(None)) as sink:
        mail = PeopleMailSettings(host="127.0.0.1", port=sink.port, tls=MailTls.NONE, sender="desk@northlight.example")
        settings = msgspec.structs.replace(appliance.small_settings(), mail=mail)
        shop = appliance.Shop(tmp_path_factory.mktemp("mails") / "firm", settings)
        yield shop, sink
        shop.machine.close()


@pytest.fixture
def post(office: Any) -> Any:
    """Nobody is owed anything, nobody known, and nothing was sent."""
    return Post(*office).cleared()


class Post:
    """The firm, its mail server, and a courier that is carried by hand. `lost`: the ledger cannot be told what became of mails."""

    def __init__(self, shop: Any, sink: Any) -> None:
        self.shop, self.sink, self.lost = shop, sink, False
        self.eve, self.ben = next(NUMBERS), next(NUMBERS)
        self.courier = self._courier()

    def _courier(self) -> MailCourier:
        courier = mail_courier(self.shop.machine)
        assert courier is not None
        courier._ask = self._told
        self.shop.machine.mails = courier
        return courier

    async def _told(self, report: MailReported) -> Any:
        if self.lost:
            raise OSError("the process died here")
        return self.shop.put(report)

    def cleared(self) -> "Post":
        for number in (self.eve - 2, self.ben - 2):  # of the test before
            self.shop.machine.vault.erase(f"trader:{number}")
        while waiting := self._owed():
            self._end_all(waiting)
        self.sink.mails, self.sink.unknown, self.sink.later, self.sink.refusals = [], [], [], 0
        self.shop.machine.throttle.purge(2**62)
        return self

    def _end_all(self, owed: list[OwedMail]) -> None:
        for mail in owed:
            self.shop.put(MailReported(mail=mail.seq, person=mail.person, letter=mail.letter, end="sent", tries=1))

    def reopen(self) -> None:
        self.shop.reopen()
        self.lost, self.courier = False, self._courier()

    def join(self, number: int, mail: str, language: str = "en") -> None:
        vault = self.shop.machine.vault
        sealed = vault.add_person("trader", number, mail, "Somebody", "no hash")
        residence = vault.seal(f"trader:{number}", RESIDENCE, b'{"country":"CZ","language":"%s"}' % language.encode())
        self.shop.put(JoinFirm(by="portal", trader=number, sealed=sealed, residence=residence, accepted=()))

    def owed(self) -> list[tuple[str, Letter]]:
        return [(mail.person, mail.letter) for mail in self._owed()]

    def _owed(self) -> list[OwedMail]:
        with self.shop.machine.reader.connection() as book:
            return owed_mails(book, 100)

    @property
    def mails(self) -> list[Any]:
        return [email.message_from_string(each, policy=email.policy.default) for each in self.sink.mails]

    @contextmanager
    def away(self) -> Iterator[None]:
        """The mail server turns every mail away for now."""
        self.sink.refusals = 1_000
        yield
        self.sink.refusals = 0
        self.courier._server.not_before_s = 0.0


def token_of(mail: Any) -> str:
    [found] = re.findall(r"token=([\w-]{43})$", mail.get_body(("plain",)).get_content(), re.MULTILINE)
    return str(found)


async def test_who_signs_up_is_written_to_in_their_language_and_their_address_is_nowhere_else(
    post: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    post.join(post.eve, CANARY, "de")
    await post.courier.look()
    [mail] = post.mails
    assert mail["Subject"] == "Northlight: Bestätigen Sie Ihre E-Mail-Adresse"
    assert (mail["To"], mail["From"]) == (CANARY, "Northlight <desk@northlight.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    token = token_of(mail)
    assert (
        f'href="{post.shop.settings.web.origin}/confirm-address?token={token}"'
        in mail.get_body(("html",)).get_content()
    )
    links = post.shop.machine.links
    assert links.person_of(Purpose.ADDRESS, digest_of(token), post.courier._wall_us()) == f"trader:{post.eve}"
    assert links.person_of(Purpose.PASSWORD, digest_of(token), post.courier._wall_us()) is None
    await post.courier.look()
    assert (len(post.mails), post.owed()) == (1, [])
    held = b"".join(path.read_bytes() for path in post.shop.directory.rglob("*") if path.is_file())
    for secret in (CANARY, token):
        assert secret.encode() not in held
        assert secret not in caplog.text
    assert post.shop.directory.joinpath("front.db").stat().st_size  # which was among them


async def test_kills_around_the_sending_lose_no_mail_and_repeat_none_that_the_ledger_knows_of(post: Any) -> None:
    post.join(post.eve, CANARY)
    post.reopen()  # owed, and the firm died before anything was sent
    post.lost = True
    await post.courier.run_once()
    await post.courier.run_once()
    assert len(post.mails) == 1  # the ledger could not be told: this process knows, and does not send it again
    post.reopen()  # the next one cannot know
    await post.courier.look()
    first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert token_of(first) != token_of(second)
    for mail in (first, second):  # whichever of them is read, its link is good
        assert post.shop.machine.links.person_of(Purpose.ADDRESS, digest_of(token_of(mail)), post.courier._wall_us())
    post.reopen()
    await post.courier.look()
    assert len(post.mails) == 2


async def test_what_a_process_could_not_tell_it_tells_when_it_can(post: Any, monkeypatch: Any) -> None:
    post.join(post.eve, CANARY)
    post.lost = True
    await post.courier.run_once()
    post.lost = False
    asks = post.courier._ask
    monkeypatch.setattr("appliance.mail_courier.STOP_SECONDS_MAX", 0)
    post.courier._ask = lambda report: anyio.sleep_forever()
    await post.courier.look()  # nor is an engine that does not answer a reason to send it again
    post.courier._ask = asks
    await post.courier.look()
    assert (len(post.mails), post.owed()) == (1, [])


@pytest.mark.fires(Alarm.MAIL_WAITS)
async def test_a_server_that_is_away_keeps_mails_waiting_and_rings_an_alarm(
    post: Any, watched: Any, raised: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    watch = watched(post.shop.machine)
    post.join(post.eve, CANARY)
    with post.away():
        await post.courier.look()
        await post.courier.look()  # too soon: the server is left alone
    assert (post.mails, post.courier.told) == ([], {"failed_tries": 1})
    assert "the mail server answered 451; again in" in caplog.text
    assert raised(await watch.look(), Alarm.MAIL_WAITS) == []
    shop = post.shop
    shop.wait(900)
    shop.put(ClockTicked(at_us=shop.now_us))
    post.courier._server.not_before_s = float("inf")
    await post.courier.look()
    [notice] = raised(await watch.look(), Alarm.MAIL_WAITS)
    assert notice.text == "1 mail to people wait, the oldest for 900 s: no mail server took it"
    found = check_mail(FirmDirectory(shop.directory), shop.settings, shop.now_us)
    assert "1 mail to people wait, the oldest for 15 minutes" in found.found
    assert "evenhand_mails_waiting 1" in watch.metrics(0)
    post.courier._server.not_before_s = 0.0
    await post.courier.look()
    await post.courier.look()
    lost = check_mail(FirmDirectory(shop.directory), shop.settings, shop.now_us)
    assert "the links in mails lead to http://127.0.0.1" in lost.found
    named = msgspec.structs.replace(
        shop.settings, web=msgspec.structs.replace(shop.settings.web, public_url="http://a.example")
    )
    assert check_mail(FirmDirectory(shop.directory), named, shop.now_us).level is Level.OK
    [over] = raised(await watch.look(), Alarm.MAIL_WAITS)
    assert (len(post.mails), over.saying) == (1, Saying.OVER)
    assert 'evenhand_mails_total{outcome="sent"} 1' in watch.metrics(0)


async def test_an_address_that_the_server_does_not_know_ends_its_mail_alone(
    post: Any, caplog: pytest.LogCaptureFixture
) -> None:
    post.sink.unknown = [CANARY]
    post.join(post.eve, CANARY)
    post.join(post.ben, BEN_MAIL)
    await post.courier.look()
    assert [mail["To"] for mail in post.mails] == [BEN_MAIL]
    assert (post.courier.told, post.owed()) == ({"refused": 1, "sent": 1}, [])
    assert CANARY not in caplog.text


async def test_mails_that_are_turned_away_together_come_again_at_moments_of_their_own(post: Any) -> None:
    crowd = {number: f"p{number}@trader.example" for number in range(9_001, 9_025)}
    for number, mail in crowd.items():
        post.join(number, mail)
    post.sink.later = list(crowd.values())
    post.courier._chance.seed(4417)
    began_s = anyio.current_time()
    await post.courier.look()
    ended_s = anyio.current_time()
    moments = [retry.not_before_s for retry in post.courier._mails.values()]
    assert (len(moments), post.mails) == (len(crowd), [])
    first_s, last_s = RETRY_FIRST_S * JITTER[0], RETRY_FIRST_S * JITTER[1]
    assert all(began_s + first_s <= moment <= ended_s + last_s for moment in moments)
    in_a_second = Counter(int(moment) for moment in moments)
    assert max(in_a_second.values()) <= len(crowd) // 4
    assert len(in_a_second) >= 6
    for number in crowd:
        post.shop.machine.vault.erase(f"trader:{number}")


def test_the_same_chance_gives_the_same_waits_and_they_double_up_to_their_bound() -> None:
    def waits(seed: int) -> list[float]:
        retry, chance = _Retry(), random.Random(seed)
        return [retry.failed(0.0, chance) for _ in range(12)]

    assert waits(1) == waits(1) != waits(2)
    middles = [RETRY_FIRST_S * 2**tries for tries in range(7)] + [RETRY_MAX_S] * 5
    for wait_s, middle_s in zip(waits(1), middles, strict=True):
        assert middle_s * JITTER[0] <= wait_s <= middle_s * JITTER[1]


@pytest.mark.parametrize(
    "wanted",
    [
        "eve@trader.example\r\nBcc: all@trader.example",
        "eve@trader.example\nX-From: the firm",
        "eve@trader.example, ben@trader.example",
        "Eve <ben@trader.example>",
        "eve@trader.example> SIZE=1 <ben@trader.example",
        "\u00f6la@trader.example",
        " eve@trader.example",
    ],
)
async def test_an_address_that_could_write_more_than_itself_into_a_mail_ends_it(post: Any, wanted: str) -> None:
    """The form takes none of these; what lies in the vault is looked at once more."""
    post.join(post.eve, CANARY)
    await post.courier.look()
    person = f"trader:{post.eve}"
    sealed = post.shop.machine.vault.seal(person, ADDRESS_WANTED, wanted.encode())
    post.shop.put(AskAddressChange(by=person, person=person, sealed=sealed))
    post.sink.asked_for.clear()
    await post.courier.look()
    await post.courier.look()
    assert [(mail["To"], mail["Bcc"], mail["X-From"]) for mail in post.mails] == [(CANARY, None, None)] * 2
    assert post.sink.asked_for == [CANARY.partition("@")[0]]
    assert (post.courier.told, post.owed()) == ({"sent": 2, "unwritable": 1}, [])


async def test_a_persons_mails_go_in_order_and_no_faster_than_the_firm_allows(post: Any) -> None:
    post.join(post.eve, CANARY)
    for act in (SecurityAct.PASSWORD_CHANGED, SecurityAct.DEVICE_NEW, SecurityAct.SESSIONS_ENDED):
        post.shop.put(NoteSecurity(by=f"trader:{post.eve}", person=f"trader:{post.eve}", act=act))
    post.courier._settings = msgspec.structs.replace(post.courier._settings, per_person_max=3)
    post.shop.put(OweMail(by="portal", person=f"trader:{post.eve}", letter=Letter.ADDRESS_KNOWN))
    for _ in range(6):
        await post.courier.look()
    told = [mail["Subject"].partition(": ")[2] for mail in post.mails]
    assert told == [
        "confirm your mail address", "your password was changed", "somebody signed in from a new device"
    ]  # fmt: skip
    assert post.owed() == [(f"trader:{post.eve}", Letter.ADDRESS_KNOWN)]
    post.courier._wall_us = lambda wall=post.courier._wall_us: wall() + 2 * HOUR_US
    await post.courier.look()
    assert (len(post.mails), post.owed()) == (4, [])


async def test_news_of_another_address_go_to_the_present_one_before_the_other_is_asked(post: Any) -> None:
    post.join(post.eve, CANARY)
    await post.courier.look()
    person, wanted = f"trader:{post.eve}", "anew@trader.example"
    sealed = post.shop.machine.vault.seal(person, ADDRESS_WANTED, wanted.encode())
    post.shop.put(AskAddressChange(by=person, person=person, sealed=sealed))
    with post.away():
        await post.courier.look()
    await post.courier.look()
    assert [mail["To"] for mail in post.mails[1:]] == [CANARY]
    await post.courier.look()
    assert [mail["To"] for mail in post.mails[1:]] == [CANARY, wanted]
    links, now_us = post.shop.machine.links, post.courier._wall_us()
    assert links.person_of(Purpose.NEW_ADDRESS, digest_of(token_of(post.mails[-1])), now_us, sealed) == person


async def test_a_link_to_a_new_password_goes_first_and_is_not_kept_back_by_what_else_is_written(post: Any) -> None:
    post.join(post.eve, CANARY)
    person = f"trader:{post.eve}"
    for _ in range(4):
        post.shop.put(NoteSecurity(by=person, person=person, act=SecurityAct.DEVICE_NEW))
    post.courier._settings = msgspec.structs.replace(post.courier._settings, per_person_max=2)
    for _ in range(3):
        await post.courier.look()
    assert len(post.mails) == 2  # as many as one person is sent within the hour
    post.shop.put(OweMail(by="portal", person=person, letter=Letter.NEW_PASSWORD))
    await post.courier.look()
    assert post.mails[2]["Subject"].endswith("a new password")
    assert post.owed() == [(person, Letter.DEVICE_NEW)]


async def test_nobodys_mails_take_the_room_of_others_and_what_is_let_go_is_counted(
    post: Any, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.readmodels.mails.OWED_PER_PERSON_MAX", 3)
    post.join(post.ben, BEN_MAIL)
    post.join(post.eve, CANARY)
    person = f"trader:{post.eve}"
    post.shop.put(OweMail(by="portal", person=person, letter=Letter.NEW_PASSWORD))
    for _ in range(4):
        post.shop.put(NoteSecurity(by=person, person=person, act=SecurityAct.DEVICE_NEW))
    assert post.owed() == [(person, Letter.NEW_PASSWORD), (f"trader:{post.ben}", Letter.CONFIRM_ADDRESS)]
    with post.away():
        await post.courier.look()
    assert (post.courier.seen.waiting, post.courier.seen.let_go) == (5, 2)
    assert "evenhand_mails_let_go_total 2" in watched(post.shop.machine).metrics(0)


async def test_a_link_that_was_drawn_while_the_address_changed_goes_to_the_new_one(post: Any, monkeypatch: Any) -> None:
    post.join(post.eve, CANARY)
    await post.courier.look()
    post.shop.put(OweMail(by="portal", person=f"trader:{post.eve}", letter=Letter.NEW_PASSWORD))
    vault, links = post.shop.machine.vault, post.courier._writer._links
    issue = links.issue

    def changed(*told: Any, **more: Any) -> None:
        """The address becomes another one after it was read, and before the link is there to be forgotten."""
        monkeypatch.setattr(links, "issue", issue)
        vault.change_mail("trader", post.eve, "anew@trader.example")
        issue(*told, **more)

    monkeypatch.setattr(links, "issue", changed)
    await post.courier.look()
    assert [mail["To"] for mail in post.mails] == [CANARY, "anew@trader.example"]


async def test_a_link_that_was_asked_for_an_hour_ago_is_given_up(post: Any) -> None:
    post.join(post.eve, CANARY)
    await post.courier.look()
    post.shop.put(OweMail(by="portal", person=f"trader:{post.eve}", letter=Letter.NEW_PASSWORD))
    post.courier._now_us = lambda: post.shop.now_us + HOUR_US
    await post.courier.look()
    assert (len(post.mails), post.owed(), post.courier.told[MailEnd.TOO_LATE]) == (1, [], 1)


async def test_who_is_to_be_forgotten_is_owed_nothing_any_more(post: Any) -> None:
    post.join(post.eve, CANARY)
    post.join(post.ben, BEN_MAIL)
    classes = destructions(post.shop.now_us)
    post.shop.put(EraseTrader(by=f"trader:{post.eve}", trader=post.eve, why="asked for it", classes=classes))
    assert post.owed() == [(f"trader:{post.ben}", Letter.CONFIRM_ADDRESS)]
    post.shop.machine.vault.erase(f"trader:{post.ben}")
    await post.courier.look()
    assert (post.mails, post.owed(), post.courier.told) == ([], [], {"nobody": 1})


async def test_what_nobody_sends_does_not_pile_up(post: Any) -> None:
    post.shop.put(RegisterTrader(by="console", trader=post.eve, sealed="c0ffee"))
    for day in range(10):
        post.shop.now_us += 24 * 3_600 * SECOND_US
        post.shop.put(
            NoteSecurity(by="console", person=f"trader:{post.eve}", act=SecurityAct.DEVICE_NEW, why=f"day {day}")
        )
    with LedgerReader(post.shop.directory) as reader, reader.connection() as book:
        assert book.execute("SELECT count(*) FROM rm_mail").fetchone() == (8,)


async def test_a_firm_that_had_too_much_to_do_is_asked_again_to_forget(post: Any, monkeypatch: Any) -> None:
    shop, machine, answered = post.shop, post.shop.machine, []

    async def ask(command: Any) -> Any:
        if not answered:
            answered.append("no")
            raise Overloaded
        answered.append(command.trader)
        return shop.put(command)

    monkeypatch.setattr(machine, "ask", ask)
    post.join(post.eve, CANARY)
    shop.now_us += KEPT_US + 1
    shop.put(ClockTicked(at_us=shop.now_us))
    errand = NeverConfirmed(machine)
    with pytest.raises(Overloaded):
        await errand.forget()
    await errand.forget()
    await errand.forget()
    assert answered.count(post.eve) == 1


async def test_who_never_confirms_is_forgotten_after_two_weeks_and_nobody_else(post: Any, monkeypatch: Any) -> None:
    shop, machine = post.shop, post.shop.machine
    asked: list[Any] = []

    async def ask(command: Any) -> Any:
        asked.append(command)
        return shop.put(command)

    monkeypatch.setattr(machine, "ask", ask)
    for number, mail in ((post.eve, CANARY), (post.ben, BEN_MAIL)):
        post.join(number, mail)
    shop.put(ConfirmAddress(by="portal", trader=post.ben))
    errand = NeverConfirmed(machine)
    await errand.forget()
    assert asked == []
    shop.now_us += KEPT_US + 1
    shop.put(ClockTicked(at_us=shop.now_us))
    await errand.forget()
    await errand.forget()
    assert post.eve in [each.trader for each in asked]
    assert post.ben not in [each.trader for each in asked]
    forget(machine)
    assert (machine.vault.find_by_mail(CANARY), machine.vault.find_by_mail(BEN_MAIL) is None) == (None, False)
    others = EraseTrader(by="courier", trader=post.ben, why="a courier's mistake", classes=destructions(shop.now_us))
    assert [fact.refusal for _, fact in shop.put(others).facts] == [Refusal.NOT_PERMITTED]


def test_a_mail_that_has_to_wait_for_its_person_takes_nothing_of_what_may_go_in_all(post: Any) -> None:
    for number, mail in ((post.eve, CANARY), (post.ben, BEN_MAIL)):
        post.join(number, mail)
    limits = msgspec.structs.replace(post.courier._settings, per_minute_max=2, per_person_max=1)
    post.courier._settings = limits
    eve, ben = post._owed()
    assert [post.courier._must_wait(each) for each in (eve, eve, ben, ben)] == [False, True, False, True]
