"""`evenhand explain` of a breach that a late price put in question, and of one that a person dismissed."""

import pytest

from firm.commands import ReviewOutcome, ReviewVerdict
from firm.money import Money
from storage.afterwards import explain_decision
from storage.grounds import Grounds
from storage.late_price import later_words, question_of, rows_since


def answer(firm, play, decision, outcome):
    command = ReviewVerdict(
        by=f"staff:{play.RUTH}",
        account=firm.accounts["ada"],
        decision=decision,
        outcome=outcome,
        why="Compared both feeds.",
    )
    firm.put(command, command.account)
    firm.settle()


def question(firm, decision):
    grounds = Grounds(firm.reader, decision)
    words = later_words(rows_since(firm.reader, grounds.account, decision), decision)
    return question_of(firm.reader, grounds.opened, grounds.decided, grounds.seen, words)


def test_the_equity_with_the_late_price_is_worked_out_again_from_the_rows(firm, decision):
    found = question(firm, decision)
    assert [(one.used.bid, one.late.bid) for one in found.prices] == [(138_600, 138_715)]
    # 115 points of nine lots of EURUSD, at 1.00 USD a point and lot, are 1 035.00 USD more than was observed.
    assert found.equity == Grounds(firm.reader, decision).fact.observed + Money.parse("1_035.00", "USD")
    assert not found.breaks
    assert found.equity.minor > found.floor.minor
    assert found.working[-1].value == 0
    assert all(step.source for step in found.working if step.op == "given")


def test_what_was_booked_between_seeing_and_deciding_is_in_both_equities(firm_with_deposit):
    firm = firm_with_deposit
    with firm.reader.connection() as book:
        [[decision]] = book.execute("SELECT decision FROM rm_decision WHERE kind = 'BreachDeclared'")
    found, fact = question(firm, decision), Grounds(firm.reader, decision).fact
    told = "\n".join(explain_decision(firm.reader, decision))
    assert found.equity == fact.observed + Money.parse("1_035.00", "USD")
    assert not found.breaks
    assert f"equity as it was decided by: {fact.observed}" in told
    assert all(step.source for step in found.working if step.op == "given")


def test_a_question_is_told_with_both_prices_and_both_equities(firm, decision):
    told = "\n".join(explain_decision(firm.reader, decision))
    assert "In question since 2014-05-01T20:00:" in told
    assert "EURUSD that was used: bid 1.38600, ask 1.38612" in told
    assert "EURUSD that came late: bid 1.38715, ask 1.38727" in told
    assert "which is no breach" in told
    assert "A person at the firm decides whether the breach stands. Until then the account stays closed." in told
    assert "nothing of what was said since is in it" in told


@pytest.mark.parametrize(
    ("outcome", "said"), [(ReviewOutcome.DISMISS, "Dismissed at 2014-"), (ReviewOutcome.CONFIRM, "Upheld at 2014-")]
)
def test_a_persons_answer_is_told_below_the_question(firm, play, decision, outcome, said):
    answer(firm, play, decision, outcome)
    told = "\n".join(explain_decision(firm.reader, decision))
    assert told.index("In question since") < told.index(said) < told.index("Compared both feeds.")
    assert ("settled by hand" in told) == (outcome is ReviewOutcome.DISMISS)
    assert "A person at the firm decides whether" not in told


def test_the_evidence_keeps_the_words_of_the_decision_as_it_was_made(firm, play, decision):
    before = Grounds(firm.reader, decision).words()
    answer(firm, play, decision, ReviewOutcome.DISMISS)
    assert Grounds(firm.reader, decision).words() == before
    assert explain_decision(firm.reader, decision)[: len(before)] == before
