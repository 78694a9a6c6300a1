"""A narrowed book: of every read model it has the rows of its programs' and regions' traders, all of them and no other.

Whose a row is, is said here a second time, from the whole book and without SQL: a read model that comes later and says whose its rows
are in a way that nobody narrows by is noticed, as it must be named here.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.commands import AppealDecision, PlaceOrder, PublishProgram
from firm.ids import id_text
from firm.permissions import Scope
from storage.reader import LedgerReader

AUTUMN, TWO_STEP = "autumn-100k", "two-step-100k"
ODD = "o'brien's {0} {of} \""  # no program that there is, and none that breaks a question
REGIONS = ("dach", "north", "south")
# Read models of which no row is a trader's: of programs, and of the firm as a whole.
OF_PROGRAMS = {"rm_program", "rm_program_retired", "rm_challenge_program"}
OF_THE_FIRM = {
    "rm_account_bridge", "rm_act_whence", "rm_api_key", "rm_bridges", "rm_calendars", "rm_control", "rm_incident", "rm_incident_word",
    "rm_mail_let_go", "rm_program_asked", "rm_security_asked", "rm_staff_act", "rm_staff_member", "rm_staff_role", "rm_symbol",
    "rm_symbol_before",
}  # fmt: skip
HIDDEN = {"rm_act_state"}  # what a projection remembers in words
TRADER, ACCOUNT_DESK = "trader:", "account/"

Rows = list[dict[str, Any]]


class Whose(NamedTuple):
    """The trader of a row, and the program of what it is about; None where it is about no program."""

    trader: int | None
    program: str | None


class Oracle:
    """Whose everything is, from the whole book's rows."""

    def __init__(self, whole: dict[str, Rows]) -> None:
        self.whole = whole
        self.regions = {row["trader"]: row["region"] for row in whole["rm_trader"]}
        self.orders = {row["order"]: Whose(row["trader"], row["program"]) for row in whole["rm_order"]}
        self.accounts = {row["account"]: self.orders[row["challenge"]] for row in whole["rm_account"]}
        self.desks = {f"{ACCOUNT_DESK}{id_text(account)}": whose for account, whose in self.accounts.items()}
        self.bought = {whose.trader: set[str]() for whose in self.orders.values()}
        for whose in self.orders.values():
            self.bought[whose.trader].add(whose.program or "")

    def is_there(self, table: str, row: dict[str, Any], scope: Scope) -> bool:
        if table in HIDDEN:
            return not scope.is_limited
        if table in OF_PROGRAMS:
            return scope.holds(row["program"])
        return table in OF_THE_FIRM or (self._has_program(row, scope) and self._has_region(row, scope))

    def _has_program(self, row: dict[str, Any], scope: Scope) -> bool:
        if scope.programs is None:
            return True
        for column in ("account", "order", "challenge", "desk"):
            if column in row:
                whose = self._of(column, row[column])
                return whose is not None and scope.holds(whose.program or "")
        trader = self._trader(row)
        return trader is None or bool(self.bought.get(trader, set()) & {*scope.programs})

    def _has_region(self, row: dict[str, Any], scope: Scope) -> bool:
        if scope.regions is None:
            return True
        if "desk" in row and row["desk"] not in self.desks:
            return False
        trader = self._trader(row)
        return trader is None or scope.reaches(self.regions.get(trader, ""))

    def _trader(self, row: dict[str, Any]) -> int | None:
        """None of a person who is no trader. A row that names no trader where it could is 0, who is nowhere."""
        if "trader" in row:
            return int(row["trader"])
        if "person" in row:
            person = str(row["person"])
            return int(person.removeprefix(TRADER)) if person.startswith(TRADER) else None
        column = next(name for name in ("account", "order", "challenge", "desk") if name in row)
        whose = self._of(column, row[column])
        return 0 if whose is None else whose.trader

    def _of(self, column: str, value: Any) -> Whose | None:
        return {"account": self.accounts, "order": self.orders, "challenge": self.orders, "desk": self.desks}[
            column
        ].get(value)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any, play: Any) -> Iterator[Any]:
    """Ada in the north, Ben in two programs and dach, Cleo in no region; Ben asked for a look at a decision."""
    played = histories.played(tmp_path_factory.mktemp("narrowed") / "firm", crowd=3)
    program = played.engine.desk("catalogue").state.programs[TWO_STEP]
    played.put(PublishProgram(by="console", program=replace(program, program=AUTUMN, title="Autumn 100K")))
    played.sell("autumn", play.BEN, 990, AUTUMN)
    played.put(PlaceOrder(by="console", order=77, trader=play.BEN, program=AUTUMN, accounts=(78, 79)))
    played.place(play.ADA, "north")
    played.place(play.BEN, "dach")
    with played.reader.connection() as book:
        [(decision, account)] = book.execute("SELECT decision, account FROM rm_decision WHERE kind = 'BreachSuspected'")
    played.put(AppealDecision(by="console", trader=play.BEN, account=account, decision=decision, sealed=""), account)
    played.settle()
    yield played
    played.close()


def rows_of(reader: LedgerReader) -> dict[str, Rows]:
    """Every read model's rows as this reader sees them."""
    with reader.connection() as book:
        names = book.execute(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name LIKE 'rm~_%' ESCAPE '~'"
        )
        told = {}
        for name in [name for (name,) in names]:
            columns = [column for (column,) in book.execute("SELECT name FROM pragma_table_info(?)", (name,))]
            told[name] = [dict(zip(columns, row, strict=True)) for row in book.execute(f'SELECT * FROM "{name}"')]
        return told


@pytest.fixture(scope="module")
def oracle(stage: Any) -> Oracle:
    return Oracle(rows_of(stage.reader))


def names_of(*names: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.sets(st.sampled_from(names)).map(lambda some: tuple(sorted(some)))


@given(programs=names_of(TWO_STEP, AUTUMN, ODD), regions=names_of(*REGIONS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_every_read_model_what_is_theirs_is_there_and_nothing_else(stage, oracle, programs, regions):
    scope = Scope(programs=programs, regions=regions)
    seen = rows_of(stage.reader.narrowed_to(scope))
    assert set(seen) == set(oracle.whole)
    for table, rows in oracle.whole.items():
        expected = [row for row in rows if oracle.is_there(table, row, scope)]
        assert sorted(map(repr, seen[table])) == sorted(map(repr, expected)), f"{table} for {scope}"


def test_the_stage_has_rows_of_both_traders_in_most_read_models(oracle):
    """Or the test above would hold of tables in which nothing lies."""
    both = {
        table
        for table, rows in oracle.whole.items()
        if table not in OF_THE_FIRM | OF_PROGRAMS | HIDDEN
        and all(
            any(oracle.is_there(table, row, scope) for row in rows)
            for scope in (Scope(regions=("north",)), Scope(regions=("dach",)))
        )
    }
    assert both >= {
        "rm_account", "rm_act", "rm_challenge", "rm_command", "rm_day", "rm_deal", "rm_decision", "rm_desk_row", "rm_mark", "rm_order",
        "rm_seals", "rm_trade", "rm_trader",
    }  # fmt: skip


@pytest.mark.parametrize("scope", [Scope(regions=REGIONS), Scope(programs=(AUTUMN,)), Scope((TWO_STEP,), REGIONS)])
def test_whose_a_row_is_costs_looks_into_indexes_and_no_table_from_end_to_end(stage, oracle, scope):
    with stage.reader.narrowed_to(scope).connection() as book:
        for table in oracle.whole:
            plan = [row[3] for row in book.execute(f'EXPLAIN QUERY PLAN SELECT * FROM "{table}"')]
            scanned = [
                step for step in plan if step.startswith("SCAN") and not step.startswith(("SCAN t", f"SCAN {table}"))
            ]
            assert scanned == [], f"{table}: {plan}"


def test_a_trader_who_is_placed_elsewhere_takes_all_that_is_theirs_along(stage, play):
    north, south = (stage.reader.narrowed_to(Scope(regions=(region,))) for region in ("north", "south"))
    stage.place(play.ADA, "south")
    try:
        assert rows_of(north)["rm_account"] == rows_of(north)["rm_deal"] == rows_of(north)["rm_desk_row"] == []
        assert {row["trader"] for row in rows_of(south)["rm_account"]} == {play.ADA}
    finally:
        stage.place(play.ADA, "north")
