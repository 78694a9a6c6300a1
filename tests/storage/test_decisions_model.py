"""The decisions read model: what each verdict leaves in it, and which questions a later one answers."""

import apsw
import pytest

from firm.arithmetic import Unit
from firm.facts import BreachDeclared, BreachSuspected, Doubt, PassHeld, RuleBroken, RuleSuspected, VerdictCorrected
from firm.money import Money
from firm.terms.words import Action, DeductProfit, ToGroup, ToLeverage
from storage.readmodels.accounts import Accounts
from storage.readmodels.decisions import (
    Decisions,
    decision_counts,
    decision_line,
    decisions_of,
    dismissed_breaches,
    open_decisions,
)
from storage.rows import Row

ADA, BEN = 7, 8


def usd(minor):
    return Money(minor, "USD", 2)


def broken(rule="hedging", does=Action.WARN, subject="EURUSD", **other):
    told = {"unit": Unit.LOTS_E8, "limit": 0, "observed": 150_000_000, "reviewed": False} | other
    return RuleBroken(rule=rule, rule_kind=rule, does=does, subject=subject, at_us=5, calendar="", working=(), **told)


def suspected(rule="hedging", subject="EURUSD"):
    return RuleSuspected(
        rule=rule, rule_kind=rule, unit=Unit.LOTS_E8, limit=0, observed=40_000_000, subject=subject, at_us=5,
        doubts=(Doubt.REVIEW_REQUIRED, Doubt.DRIFT), calendar="", working=(),
    )  # fmt: skip


def breach(kind, severity="hard", **other):
    told = {"floor": usd(95), "observed": usd(90), "at_us": 5, "late": False, "quotes": (), "working": ()} | other
    return kind(rule="daily", rule_kind="daily_loss", severity=severity, **told)


def declared(severity="hard", does=None):
    return breach(BreachDeclared, severity, reviewed=False, does=does)


HELD = PassHeld(rule="target", target=usd(100), observed=usd(110), doubts=(Doubt.DRIFT,), working=())


@pytest.fixture
def book():
    connection = apsw.Connection("")
    for model in (Accounts, Decisions):
        connection.execute(model.schema)
    for account, currency in ((ADA, "USD"), (BEN, "EUR")):
        connection.execute(
            "INSERT INTO rm_account (account, trader, challenge, phase, phase_name, funded, bridge, login, standing, because, currency,"
            " exponent, initial, balance, equity, days_traded, opened_us, opened_seq, marked_us, standing_us, ruleset, cash_net)"
            " VALUES (?, 1, 1, 0, '', 0, '', '', 'active', '', ?, 2, 0, 0, 0, 0, 0, 1, 0, 0, '', 0)",
            (account, currency),
        )
    return connection


def judge(book, *facts, account=ADA, first=10):
    rows = [(Row(seq, type(fact).__name__, 5, 5, 0, account, b""), fact) for seq, fact in enumerate(facts, first)]
    Decisions().project(book, rows)


def states(book):
    return [line.settled for line in reversed(decisions_of(book, ADA, 10))]


def test_a_broken_rule_is_final_with_its_figures_in_its_own_unit_and_the_account_s_currency(book):
    judge(book, broken(), account=BEN)
    line = decision_line(book, 10)
    assert (line.rule, line.rule_kind, line.observed, line.bound, line.unit) == (
        "hedging",
        "hedging",
        150_000_000,
        0,
        Unit.LOTS_E8,
    )
    assert (line.subject, line.does, line.severity, line.settled, line.currency) == (
        "EURUSD",
        "warn",
        "soft",
        "final",
        "EUR",
    )


@pytest.mark.parametrize(
    ("does", "word", "severity"),
    [
        (Action.FAIL, "fail", "hard"),
        (Action.PAUSE, "pause", "soft"),
        (ToGroup(group="slow"), "to_group", "soft"),
        (ToLeverage(leverage=10), "to_leverage", "soft"),
        (DeductProfit(share_bp=5_000), "deduct_profit", "soft"),
    ],
)
def test_what_follows_is_kept_as_a_word(book, does, word, severity):
    judge(book, broken(does=does))
    assert (decision_line(book, 10).does, decision_line(book, 10).severity) == (word, severity)


@pytest.mark.parametrize(("severity", "word"), [("hard", "fail"), ("soft", "pause")])
def test_a_breach_of_a_release_that_named_no_consequence_failed_or_paused(book, severity, word):
    judge(book, declared(severity))
    assert decision_line(book, 10).does == word


def test_what_looks_broken_waits_with_its_doubts(book):
    judge(book, suspected())
    [line] = open_decisions(book, 10)
    assert (line.severity, line.does, line.doubts) == ("hard", "", "review_required drift")


@pytest.mark.parametrize(
    ("later", "answered"),
    [
        (broken(does=Action.FAIL, rule="other"), ["superseded", "superseded", "", "final"]),
        (declared(), ["superseded", "superseded", "", "final"]),
        (broken(does=Action.WARN), ["superseded", "", "", "final"]),
        (broken(does=Action.WARN, rule="other"), ["", "", "", "final"]),
        (suspected(), ["superseded", "", "", ""]),
        (declared("soft"), ["", "superseded", "", "final"]),
        (HELD, ["", "", "superseded", ""]),
    ],
)
def test_what_ends_an_account_answers_every_question_about_a_breach_and_others_their_own(book, later, answered):
    judge(book, suspected(), breach(BreachSuspected, doubts=(Doubt.DRIFT,)), HELD, later)
    assert states(book) == answered


def test_a_person_s_word_settles_what_looked_broken(book):
    judge(book, suspected())
    judge(book, VerdictCorrected(decision=10, verdict="dismissed", because="staff:1: no hedge"), first=11)
    assert states(book) == ["dismissed"]
    assert open_decisions(book, 10) == []
    judge(
        book,
        broken(does=Action.FAIL),
        VerdictCorrected(decision=12, verdict="dismissed", because="staff:1: no"),
        first=12,
    )
    assert [line.decision for line in dismissed_breaches(book, None, 10)] == [12]


def test_a_breach_of_any_rule_is_counted_and_a_warning_is_none(book):
    judge(
        book, broken(), broken(does=Action.FAIL), broken(does=Action.PAUSE), declared(), declared("soft"), suspected()
    )
    counts = decision_counts(book, 0)
    assert (counts.breaches, counts.pauses, counts.waiting) == (2, 2, 1)
