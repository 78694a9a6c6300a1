"""Read models: what they say of the stage, and that they can be built again from the ledger to the very same rows."""

import apsw
import pytest

from firm.facts import BreachDeclared, MarkTaken
from firm.inputs import DealEntry
from firm.kinds import BY_NAME, body_of
from firm.money import Money
from storage.readmodels.account_lists import AccountFilter, accounts_page, count_accounts
from storage.readmodels.accounts import account_line
from storage.readmodels.commands import commands_for
from storage.readmodels.days import days_of
from storage.readmodels.decisions import decision_counts, decision_line
from storage.readmodels.marks import Mark, Marks, curve_of
from storage.readmodels.registry import READ_MODELS
from storage.readmodels.trades import closed_trades
from storage.rows import Row


@pytest.fixture
def book(stage):
    stage.settle()
    with stage.reader.connection() as connection:
        yield connection


def tables(connection: apsw.Connection) -> dict[str, list[tuple]]:
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rm~_%' ESCAPE '~'"
        )
    ]
    return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def test_read_models_built_again_are_the_same_to_the_last_row(stage, book):
    before = tables(book)
    assert len(before) >= len(READ_MODELS)
    stage.ledger.rebuild()
    with stage.reader.connection() as again:
        assert tables(again) == before


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_read_models_are_the_same_however_the_rows_were_gathered_into_commits(stage, book, size):
    rows = [(row, body_of(row.kind, row.payload)) for row in stage.reader.rows(0, stage.reader.size())]
    again = apsw.Connection("")
    for model in READ_MODELS:
        again.execute(model.schema)
        mine = [pair for pair in rows if pair[0].kind in model.kinds]
        for start in range(0, len(mine), size):
            model.project(again, mine[start : start + size])
    assert tables(again) == tables(book)


@pytest.mark.parametrize("size", [1, 4])
def test_a_breach_is_drawn_on_the_marks_that_were_written_before_it(size):
    """The balance is that of the mark before it; a mark of its very instant that follows does not hide how low it was."""
    rows = [marked(10, 90, 80), marked(15, 100, 95), breached(20, 70), marked(20, 120, 110)]
    connection = apsw.Connection("")
    connection.execute(Marks.schema)
    for start in range(0, len(rows), size):
        Marks().project(connection, rows[start : start + size])
    assert curve_of(connection, 1, 0, 20, 20) == [Mark(10, 90, 80), Mark(15, 100, 95), Mark(20, 120, 70)]


def euros(minor):
    return Money(minor, "EUR", 2)


def marked(at_us, balance, equity):
    body = MarkTaken(balance=euros(balance), equity=euros(equity), headroom=None)
    return Row(0, "MarkTaken", at_us, at_us, 0, 1, b""), body


def breached(at_us, observed):
    body = BreachDeclared(
        rule="daily", rule_kind="daily_loss", severity="hard", floor=euros(75), observed=euros(observed), at_us=at_us,
        late=True, reviewed=False, quotes=(), working=(),
    )  # fmt: skip
    return Row(0, "BreachDeclared", at_us + 5, at_us + 5, 0, 1, b""), body


def test_every_kind_a_model_asks_for_is_a_kind_of_the_ledger():
    assert len({model.name for model in READ_MODELS}) == len(READ_MODELS)
    for model in READ_MODELS:
        assert model.kinds <= set(BY_NAME)


def test_an_account_line_says_where_it_stands_and_which_decision_brought_it_there(stage, book, decisions):
    line = account_line(book, stage.accounts["ada lost"])
    assert (line.standing.value, line.decision, line.equity) == ("breached", decisions["BreachDeclared"], 91_283_50)
    assert (line.title, line.phase_name, line.program) == ("Two Step 100K", "Phase 1", "two-step-100k")
    assert line.headroom == 91_283_50 - 94_559_00
    assert line.flat_us is not None


def test_accounts_that_are_over_come_last_by_headroom(book):
    found = accounts_page(book, AccountFilter(), "headroom", None, 1_000)
    over = [line.standing.value in ("breached", "passed", "closed") for _, line in found]
    assert over == sorted(over)
    assert len(found) == count_accounts(book, AccountFilter())


def test_a_final_breach_and_its_commands_belong_together(book, decisions):
    line = decision_line(book, decisions["BreachDeclared"])
    assert (line.settled, line.bound, line.observed) == ("final", 94_559_00, 91_283_50)
    done = commands_for(book, line.decision, 10)
    assert [each.action for each in done] == ["close_only", "cancel_orders", "close_all", "block"]
    assert {each.state for each in done} == {"confirmed"}


def test_decisions_are_counted_from_an_instant_on(stage, book):
    assert decision_counts(book, 0).breaches == 1
    assert decision_counts(book, stage.now_us + 1).breaches == 0


def test_a_trade_runs_from_its_first_deal_to_its_last(stage, book):
    newest = closed_trades(book, stage.accounts["ada"], None, 10)[0]
    assert [deal.entry for deal in newest.deals] == [DealEntry.IN, DealEntry.OUT]
    assert newest.net.minor == 932_50 - 14_00
    assert newest.costs.minor == -14_00
    assert newest.opened_us < newest.closed_us
    assert closed_trades(book, stage.accounts["ada"], newest.closed_seq, 10)[0].position != newest.position


def test_a_day_ends_where_the_next_one_begins(stage, book):
    running, before = days_of(book, stage.accounts["ada"], 10)
    assert before.end_us == running.start_us
    assert (before.balance_end, before.equity_end) == (running.balance_start, running.equity_start)
    assert running.equity_end is None
    assert before.net == before.balance_end - before.balance_start


def test_a_position_carried_over_midnight_parts_equity_from_balance(stage, book):
    running, before = days_of(book, stage.accounts["ben"], 10)
    assert before.balance_end == running.balance_start
    assert before.equity_end == running.equity_start != running.balance_start
