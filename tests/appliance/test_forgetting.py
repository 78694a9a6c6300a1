"""Forgetting: a thousand people leave no byte in any file of the firm, and what comes of them later is not kept."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from appliance.assembly import Machine
from appliance.erasing import forget
from appliance.founding import found
from appliance.keeping import LoginsKept
from bridges.sealer import Personal
from firm.commands import EraseTrader, RegisterTrader, ReviewOutcome, ReviewVerdict
from firm.facts import ErasureOrdered, Refusal, ValuesForgotten
from firm.inputs import LoginReported
from firm.personal import BY_NAME, Destruction, destructions
from storage import people
from storage.people import LOGINS, reference
from storage.readmodels.erasures import erasures_of
from storage.readmodels.seals import all_seals

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
    machine.decide_now(
        [
            EraseTrader(
                by="console",
                trader=number + 1,
                why="asked",
                classes=destructions(vault.classes_of(reference("trader", number + 1)), machine.clock.now_us()),
            )
            for number in FORGOTTEN
        ]
    )
    marks = _boxes(machine.directory)
    assert all(len(pieces) == 6 for pieces in marks.values())  # three keys, two values and a password hash
    told = machine.decide_now(forget(machine))
    gone = [fact for one in told for _, fact in one.facts if isinstance(fact, ValuesForgotten)]
    assert len(gone) == 3 * len(FORGOTTEN)
    machine.close()
    files = {path.name: path.read_bytes() for path in machine.directory.rglob("*") if path.is_file()}
    assert {"keys.db", "vault.db", "ledger.db"} <= set(files)
    for trace in (b"canary.example", b"Canary Number", b"hash-of-", b"10.9."):
        assert not [name for name, content in files.items() if trace in content], trace
    boxes = files["keys.db"] + files["vault.db"]
    assert len(marks) == PEOPLE
    for number in range(PEOPLE):
        kept = [piece in boxes for piece in marks[reference("trader", number + 1)]]
        assert kept == [number not in FORGOTTEN] * 6, f"person {number}"


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
    kept = LoginsKept(machine.engine, machine.vault)
    ours, nobody_s = await kept.seal([Personal(ACCOUNT, b"192.0.2.7"), Personal(0, b"192.0.2.8")])
    assert (ours.whose, nobody_s.whose) == (reference("trader", TRADER), "")
    assert machine.vault.erase(reference("trader", TRADER), "session") == 1
    assert machine.vault.open_value(nobody_s.commitment) == b"192.0.2.8"


async def test_nobody_is_forgotten_while_an_account_runs_and_nothing_is_kept_afterwards(shop: Any) -> None:
    asked = EraseTrader(by="console", trader=TRADER, why="asked", classes=(Destruction("session", 0),))
    [(_, refused)] = shop.put(asked).facts
    assert refused.refusal is Refusal.ACCOUNTS_RUN
    breach(shop)
    [(_, ordered)] = shop.put(asked).facts
    assert isinstance(ordered, ErasureOrdered)
    [late] = await LoginsKept(shop.machine.engine, shop.machine.vault).seal([Personal(ACCOUNT, b"192.0.2.7")])
    assert late.whose == reference("trader", TRADER)
    assert shop.machine.vault.open_value(late.commitment) is None


async def test_logins_of_earlier_releases_go_one_by_one(shop: Any) -> None:
    vault = shop.machine.vault
    hers, another_s = vault.seal_all(LOGINS, "session", [b"192.0.2.7", b"192.0.2.8"])
    shop.put(LoginReported(bridge="sim", seq=shop.next_seq(), logged_in=True, sealed=hers, t_us=shop.now_us), ACCOUNT)
    breach(shop)
    shop.put(EraseTrader(by="console", trader=TRADER, why="asked", classes=(Destruction("session", 0),)))
    reports = forget(shop.machine)
    assert [(one.pooled, one.finished) for one in reports] == [((hers,), False), ((), True)]
    for report in reports:
        shop.put(report)
    assert (vault.open_value(hers), vault.open_value(another_s)) == (None, b"192.0.2.8")
    with shop.machine.reader.connection() as book:
        assert {seal.commitment for seal in all_seals(book) if seal.erased} == {hers}
        assert [(each.klass, each.gone, each.erased_us is None) for each in erasures_of(book, TRADER)] == [
            ("session", 1, False)
        ]


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
    sealed = {people.IDENTITY, people.CREDENTIALS, people.SESSION}
    assert sealed <= set(BY_NAME)
    assert all(each.what and each.why and each.basis for each in BY_NAME.values())
    assert destructions(tuple(BY_NAME), 5)[0].from_us == 0
