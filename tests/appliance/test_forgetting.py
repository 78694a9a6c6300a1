"""Forgetting: a thousand people leave no byte in any file of the firm, and what comes of them later is not kept."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec.structs import replace

from actors.arrival import Overloaded
from actors.names import order_desk
from appliance.assembly import Machine
from appliance.erasing import forget, forget_months, forget_once
from appliance.founding import found
from appliance.keeping import LoginsKept
from appliance.lapsing import lapse_unpaid
from bridges.sealer import Personal
from firm.commands import (
    EraseTrader,
    GrantOverride,
    KeepDocument,
    PlaceOrder,
    RegisterTrader,
    ReviewOutcome,
    ReviewVerdict,
)
from firm.documents import DocumentForm, DocumentKind
from firm.facts import ErasureOrdered, OrderPlaced, Refusal, Refused, ValuesForgotten
from firm.inputs import ClockTicked, ErasureReported, EventRefused, LoginReported, MonthForgotten
from firm.instant import DAY_US, SECOND_US
from firm.overrides import Reinstate
from firm.personal import BY_NAME, Destruction, destructions
from firm.phase import Standing
from storage import people
from storage.condition import Condition
from storage.documents import packed
from storage.people import LOGINS, month_of, reference
from storage.readmodels.erasures import erasures_of
from storage.readmodels.people import unpaid_since
from storage.readmodels.registry import READ_MODELS
from storage.readmodels.seals import SEALED_EVENT, all_seals
from storage.vault import Vault
from storage.verify import verify

PEOPLE = 1_000
FORGOTTEN = range(0, PEOPLE, 2)
TRADER, ACCOUNT = 1001, 7001  # Ada, as the shop has her


@pytest.fixture
def machine(tmp_path: Path, settings: Any) -> Iterator[Machine]:
    with closing(found(tmp_path / "firm", settings())) as opened:
        yield opened


def mail_of(number: int) -> str:
    return f"person.{number:04}@canary.example"


def name_of(number: int) -> str:
    return f"Canary Number {number:04} Surname"


def test_a_thousand_people_of_whom_half_are_forgotten(machine: Machine) -> None:
    vault = machine.vault
    commands = []
    for number in range(PEOPLE):
        sealed = vault.add_person("trader", number + 1, mail_of(number), name_of(number), f"hash-of-{number:04}")
        commands.append(RegisterTrader(by="console", trader=number + 1, sealed=sealed))
    vault.seal_each(
        [(reference("trader", number + 1), "session", f"10.9.{number:04}".encode()) for number in range(PEOPLE)]
    )
    machine.decide_now(commands)
    documents = vault.seal_each([_document(number) for number in range(PEOPLE)])
    machine.decide_now([_kept(number, sealed) for number, sealed in enumerate(documents)])
    machine.decide_now(
        [
            EraseTrader(
                by="console",
                trader=number + 1,
                why="asked",
                classes=destructions(machine.clock.now_us()),
            )
            for number in FORGOTTEN
        ]
    )
    marks = _boxes(machine.directory)
    assert all(len(pieces) == 8 for pieces in marks.values())  # four keys, three values and a password hash
    told = []
    while reports := forget(machine):
        told += machine.decide_now(reports)
    gone = [fact for one in told for _, fact in one.facts if isinstance(fact, ValuesForgotten)]
    assert len(gone) == len(BY_NAME) * len(FORGOTTEN)
    assert sum(fact.values for fact in gone) == 3 * len(FORGOTTEN)
    machine.close()
    files = {path.name: path.read_bytes() for path in machine.directory.rglob("*") if path.is_file()}
    assert {"keys.db", "vault.db", "ledger.db"} <= set(files)
    for trace in (b"canary.example", b"Canary Number", b"hash-of-", b"10.9.", b"canary-passport"):
        assert not [name for name, content in files.items() if trace in content], trace
    boxes = files["keys.db"] + files["vault.db"]
    assert len(marks) == PEOPLE
    for number in range(PEOPLE):
        kept = [piece in boxes for piece in marks[reference("trader", number + 1)]]
        assert kept == [number not in FORGOTTEN] * 8, f"person {number}"


def _document(number: int) -> tuple[str, str, bytes]:
    """A small one, whose name and content tell of its person."""
    value = packed(f"canary-passport-{number}.pdf", f"canary-passport of {name_of(number)}".encode())
    return reference("trader", number + 1), people.DOCUMENTS, value


def _kept(number: int, sealed: str) -> KeepDocument:
    return KeepDocument(
        by=f"trader:{number + 1}", trader=number + 1, document=number, document_kind=DocumentKind.IDENTITY,
        form=DocumentForm.PDF, size_bytes=40, sealed=sealed,
    )  # fmt: skip


def _boxes(firm: Path) -> dict[str, list[bytes]]:
    """By person, a piece of everything that is kept sealed of them, as it lies on the disk."""
    pieces: dict[str, list[bytes]] = {}
    for name, sql in (
        ("keys.db", "SELECT person, wrapped FROM wrapped_keys"),
        ("vault.db", "SELECT person, box FROM sealed_values"),
        ("vault.db", "SELECT person, credentials FROM people"),
    ):
        with closing(apsw.Connection(str(firm / name), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            for person, box in connection.execute(sql):
                pieces.setdefault(person, []).append(box[:16])
    return pieces


async def test_logins_lie_under_their_trader_s_key_and_go_with_them(shop: Any) -> None:
    machine = shop.machine
    kept = LoginsKept(machine.engine, machine.vault, machine.clock.now_us)
    ours, nobody_s = await kept.seal([Personal(ACCOUNT, b"192.0.2.7"), Personal(0, b"192.0.2.8")])
    assert (ours.whose, nobody_s.whose) == (reference("trader", TRADER), month_of(machine.clock.now_us()))
    assert machine.vault.erase(reference("trader", TRADER), "session") == 1
    assert machine.vault.open_value(nobody_s.commitment) == b"192.0.2.8"


async def test_refused_events_are_destroyed_with_their_month_once_that_is_old_enough(shop: Any) -> None:
    machine, began_us = shop.machine, shop.machine.clock.now_us()
    kept = LoginsKept(machine.engine, machine.vault, machine.clock.now_us)
    for value in (b"whoever this was about", b"and whoever this was"):
        [sealed] = await kept.seal([Personal(0, value)])
        raw = SEALED_EVENT + sealed.commitment
        shop.put(EventRefused(bridge="sim", seq=shop.next_seq(), reason="odd", raw_hex=raw, whose=sealed.whose))
        pass_days(shop, 31)
    assert forget_months(machine) == []
    first, second = month_of(began_us), month_of(began_us + 31 * DAY_US)
    boxes = _boxes(machine.directory)
    pass_days(shop, 60)
    told = MonthForgotten(whose=first, values=1)
    assert forget_months(machine) == [told]
    assert forget_months(machine) == [replace(told, values=0)], "again, until it is a row"
    shop.put(told)
    assert forget_months(machine) == []
    files = b"".join((machine.directory / name).read_bytes() for name in ("keys.db", "vault.db", "vault.db-wal"))
    assert [piece in files for piece in boxes[first]] == [False, False]
    assert [piece in files for piece in boxes[second]] == [True, True]
    report = verify(
        machine.directory,
        secret=machine.secrets.ledger_secret,
        read_models=READ_MODELS,
    )
    assert not report.findings
    with machine.reader.connection() as book:
        conditions = {
            seal.person: machine.vault.condition_of(seal.person, seal.klass, seal.commitment)
            for seal in all_seals(book)
        }
        assert [seal.person for seal in all_seals(book) if seal.erased] == [first]
    assert (conditions[first], conditions[second]) == (Condition.ERASED, Condition.WHOLE)


async def test_an_order_that_nobody_paid_lapses_and_who_gives_up_is_forgotten(shop: Any) -> None:
    machine = shop.machine

    async def put(command: Any) -> Any:
        return shop.put(command)

    machine.ask = put
    shop.put(RegisterTrader(by="console", trader=2002, sealed="5ea1"))
    order = PlaceOrder(by="console", order=990, trader=2002, program="trailing-100k", accounts=(9001, 9002))
    assert any(isinstance(fact, OrderPlaced) for _, fact in shop.put(order).facts)
    for days, left in ((29, [990]), (1, [])):
        pass_days(shop, days)
        await lapse_unpaid(machine)
        with machine.reader.connection() as book:
            assert unpaid_since(book, machine.clock.now_us(), 9) == left
    asked = EraseTrader(by=f"trader:{TRADER}", trader=TRADER, why="asked", classes=destructions(0), gives_up=True)
    assert any(isinstance(fact, ErasureOrdered) for _, fact in shop.put(asked).facts)
    assert machine.engine.account(ACCOUNT).standing is Standing.CLOSED
    for report in forget(machine):
        shop.put(report)
    with machine.reader.connection() as book:
        assert all(each.erased_us is not None for each in erasures_of(book, TRADER))


async def test_lapsing_passes_over_stopped_desks_and_a_failed_look_ends_nothing(
    shop: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine, asked = shop.machine, []

    async def ask(command: Any) -> None:
        asked.append(command.order)

    machine.ask = ask
    for order in (992, 993):
        trader, accounts = order + 2_000, (order * 10, order * 10 + 1)
        shop.put(RegisterTrader(by="console", trader=trader, sealed="5ea1"))
        place = PlaceOrder(by="console", order=order, trader=trader, program="trailing-100k", accounts=accounts)
        assert any(isinstance(fact, OrderPlaced) for _, fact in shop.put(place).facts)
    pass_days(shop, 30)
    monkeypatch.setattr("appliance.lapsing.AT_ONCE", 1)
    engine_desk = machine.engine.own
    monkeypatch.setattr(engine_desk, "state", replace(engine_desk.state, stopped=(order_desk(992),)))
    await lapse_unpaid(machine)
    assert asked == [993]
    monkeypatch.setattr("appliance.lapsing.unpaid_since", lambda *asked: 1 // 0)
    await lapse_unpaid(machine)
    assert asked == [993]
    assert "which is tried again: ZeroDivisionError at" in caplog.text


def pass_days(shop: Any, days: int) -> None:
    shop.wait(days * DAY_US / SECOND_US)
    shop.put(ClockTicked(at_us=shop.now_us))


async def test_nobody_is_forgotten_while_an_account_runs_and_nothing_is_kept_afterwards(shop: Any) -> None:
    asked = EraseTrader(by="console", trader=TRADER, why="asked", classes=(Destruction("session", 0),))
    [(_, refused)] = shop.put(asked).facts
    assert refused.refusal is Refusal.ACCOUNTS_RUN
    breach(shop)
    [(_, ordered)] = shop.put(asked).facts
    assert isinstance(ordered, ErasureOrdered)
    [late] = await LoginsKept(shop.machine.engine, shop.machine.vault, shop.machine.clock.now_us).seal(
        [Personal(ACCOUNT, b"192.0.2.7")]
    )
    assert late.whose == reference("trader", TRADER)
    assert shop.machine.vault.open_value(late.commitment) is None


async def test_a_login_that_is_sealed_while_its_trader_is_forgotten_is_not_kept(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    breach(shop)
    machine, sealing = shop.machine, shop.machine.vault.seal_each

    def slowly(values: Any) -> list[str]:
        shop.put(EraseTrader(by="console", trader=TRADER, why="asked", classes=destructions(0)))
        for report in forget(machine):
            shop.put(report)
        return sealing(values)

    monkeypatch.setattr(machine.vault, "seal_each", slowly)
    [late] = await LoginsKept(machine.engine, machine.vault, machine.clock.now_us).seal(
        [Personal(ACCOUNT, b"192.0.2.7")]
    )
    assert late.whose == reference("trader", TRADER)
    assert machine.vault.open_value(late.commitment) is None


async def test_an_erasure_that_the_engine_does_not_take_ends_nothing_and_is_told_later(shop: Any) -> None:
    breach(shop)
    machine = shop.machine
    shop.put(EraseTrader(by="console", trader=TRADER, why="asked", classes=destructions(0)))
    told: list[ErasureReported] = []

    async def full(report: ErasureReported) -> None:
        told.append(report)
        raise Overloaded("the queue is full")

    machine.ask = full
    assert await forget_once(machine) == "the queue is full"
    assert len(told) == 1
    for report in forget(machine):
        shop.put(report)
    with machine.reader.connection() as book:
        assert all(each.erased_us is not None for each in erasures_of(book, TRADER))


def test_nobody_is_given_back_an_account_that_leads_to_nobody(shop: Any) -> None:
    breach(shop)
    shop.put(EraseTrader(by="console", trader=TRADER, why="asked", classes=destructions(0)))
    [decision] = [finding.seq for finding in shop.machine.engine.account(ACCOUNT).findings]
    again = GrantOverride(
        by="console", account=ACCOUNT, override=Reinstate(decision=decision), why="she was right", evidence="ticket 7"
    )
    assert [fact.refusal for _, fact in shop.put(again).facts if isinstance(fact, Refused)] == [
        Refusal.TRADER_FORGOTTEN
    ]


def test_what_an_older_vault_brings_back_is_destroyed_at_the_next_start(shop: Any) -> None:
    vault = shop.machine.vault
    hers = vault.seal(LOGINS, "session", b"192.0.2.7")
    shop.put(LoginReported(bridge="sim", seq=shop.next_seq(), logged_in=True, sealed=hers, t_us=shop.now_us), ACCOUNT)
    breach(shop)
    shop.put(EraseTrader(by="console", trader=TRADER, why="asked", classes=destructions(0)))
    before = (shop.machine.directory / "vault.db").read_bytes(), (shop.machine.directory / "vault.db-wal").read_bytes()
    for report in forget(shop.machine):
        shop.put(report)
    assert vault.open_value(hers) is None
    vault.close()
    (shop.machine.directory / "vault.db").write_bytes(before[0])
    (shop.machine.directory / "vault.db-wal").write_bytes(before[1])
    with closing(Vault.open(shop.machine.directory, shop.machine.secrets.vault_master)) as older:
        assert older.open_value(hers) == b"192.0.2.7"
        shop.machine.vault = older
        shop.machine.tidy()
        assert older.open_value(hers) is None


def test_a_document_whose_row_never_came_is_swept_at_the_next_start_and_no_other(shop: Any) -> None:
    machine, hers = shop.machine, (reference("trader", TRADER), people.DOCUMENTS, packed("a.pdf", b"%PDF"))
    told, lost = machine.vault.seal_each([hers, hers])
    shop.put(
        KeepDocument(
            by=f"trader:{TRADER}", trader=TRADER, document=1, document_kind=DocumentKind.IDENTITY,
            form=DocumentForm.PDF, size_bytes=4, sealed=told,
        )
    )  # fmt: skip
    machine.tidy()
    assert (machine.vault.open_value(told), machine.vault.open_value(lost)) == (hers[2], None)


async def test_logins_of_earlier_releases_go_one_by_one(shop: Any) -> None:
    vault = shop.machine.vault
    hers, another_s = vault.seal_all(LOGINS, "session", [b"192.0.2.7", b"192.0.2.8"])
    shop.put(LoginReported(bridge="sim", seq=shop.next_seq(), logged_in=True, sealed=hers, t_us=shop.now_us), ACCOUNT)
    breach(shop)
    shop.put(EraseTrader(by="console", trader=TRADER, why="asked", classes=destructions(0)))
    reports = forget(shop.machine)
    assert [(one.pooled, one.finished) for one in reports if one.klass == "session"] == [((hers,), False), ((), True)]
    for report in reports:
        shop.put(report)
    assert (vault.open_value(hers), vault.open_value(another_s)) == (None, b"192.0.2.8")
    with shop.machine.reader.connection() as book:
        assert {seal.commitment for seal in all_seals(book) if seal.erased} == {hers, "c0ffee"}  # and her name
        assert [(each.klass, each.gone) for each in erasures_of(book, TRADER) if each.gone] == [("session", 1)]


def breach(shop: Any) -> None:
    """Her account ends."""
    shop.buy(10, 138_700)
    shop.tick(100_000, 100_010)
    shop.wait(1)
    shop.tick(100_000, 100_010)
    state = shop.machine.engine.account(ACCOUNT)
    if state.standing.value == "suspected":
        shop.put(
            ReviewVerdict(
                by="console",
                account=ACCOUNT,
                decision=state.suspicion.decision,
                outcome=ReviewOutcome.CONFIRM,
                why="seen",
            )
        )
    assert shop.machine.engine.account(ACCOUNT).standing.value == "breached"


def test_every_class_that_is_sealed_has_its_reason_and_its_end() -> None:
    sealed = {
        people.IDENTITY,
        people.CREDENTIALS,
        people.FACTORS,
        people.WHENCE,
        people.SESSION,
        people.APPEAL,
        people.DOCUMENTS,
    }
    assert sealed <= set(BY_NAME)
    assert all(each.what and each.why and each.basis for each in BY_NAME.values())
    assert {each.klass for each in destructions(5)} == set(BY_NAME)
