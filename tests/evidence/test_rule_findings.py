"""Rules that are no loss limits: each verdict proves itself from the account's rows, and what a firm forges is found out."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import GrantOverride, ReviewOutcome, ReviewVerdict
from firm.facts import (
    AccountOpened,
    CalendarAdopted,
    DealBooked,
    QuoteUsed,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
)
from firm.inputs import DealDeleteReported, DealEntry, DealUpdateReported, Side
from firm.instant import DAY_US, SECOND_US
from firm.news import NEWS_NAME, news_calendar
from firm.overrides import WaiveRule
from firm.ruleset import AnyRuleset
from firm.terms.conduct import Grid, Hedging, HighFrequency, TradeDuration
from firm.terms.exposure import StopLossRequired
from firm.terms.words import Action, Boundary, Fixed, Scope
from storage import grounds
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, buy, close, trading
from tests.actors.test_margin_limits import MARGIN
from tests.actors.test_news_and_deeds import PAYROLLS, WEEK, WINDOW, adopt, at, ready
from tests.evidence.proven import (
    DERIVED,
    changed,
    decisions,
    honest,
    proven,
    refused,
    rows_of,
    with_step,
    write,
)

LOT = 10**8
HEDGING = Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.WARN, Action.FAIL), strikes_within=Scope.PHASE)
DURATION = TradeDuration(
    id="scalps", seconds_min=60, average_s_min=None, longer_s=None, share_of_longer_bp=None, per=Scope.PHASE,
    on_breach=(Action.WARN,), strikes_within=Scope.PHASE,
)  # fmt: skip
STOPS = StopLossRequired(
    id="stops", within_s=60, risk_max=Fixed(minor=50_00), on_breach=(Action.WARN,), strikes_within=Scope.PHASE
)


# --- what is proven ---


def hedged(stage: Stage, *terms: Any) -> int:
    """Ada is long and short of EURUSD."""
    account = trading(stage, MAXIMUM, *(terms or (HEDGING,)))
    buy(stage, account, "1")
    stage.deal(account, "P2", Side.SELL, "0.4", 138_690)
    return account


def test_a_breach_is_worked_out_from_the_deals_alone(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    hedged(stage)
    [decision] = decisions(stage, RuleBroken)
    said = proven(verifier, stage, tmp_path, decision)
    assert DERIVED in said
    assert 'what the breach does, "warn", by how often the rule was broken before' in said
    assert "EURUSD held both ways = 40000000 lots_e8" in said


def test_an_order_that_was_filled_in_parts_is_one_opening_and_one_step(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    warns = {"on_breach": (Action.WARN,), "strikes_within": Scope.PHASE}
    frequent = HighFrequency(id="frequent", openings_max=1, within_s=60, boundary=Boundary.CROSSES, **warns)
    account = trading(
        stage, MAXIMUM, frequent, Grid(id="grid", positions_max=1, within_s=600, losing_only=True, **warns)
    )
    for price in (138_700, 138_690, 138_680):
        stage.deal(account, "P1", Side.BUY, "1", price, deal=f"D{price}")
    stage.put(DealDeleteReported(bridge="sim", seq=stage.next_seq(), deal_id="D138700", t_us=stage.now_us), account)
    stage.wait(1)
    stage.deal(account, "P2", Side.BUY, "1", 138_670)
    openings, steps = decisions(stage, RuleBroken)
    assert "openings within 60 s = 2 count" in proven(verifier, stage, tmp_path, openings)
    assert "rungs of EURUSD = 2 count" in proven(verifier, stage, tmp_path, steps)


def test_kept_again_and_broken_again_it_does_what_its_second_strike_does(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    """The first strike lies on the day before: its row is in the file."""
    account = hedged(stage)
    stage.deal(account, "P2", Side.BUY, "0.4", 138_700, entry=DealEntry.OUT)
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P3", Side.SELL, "0.2", 138_690)
    first, second = decisions(stage, RuleBroken)
    [kept] = decisions(stage, RuleKeptAgain)
    said = proven(verifier, stage, tmp_path, second)
    assert 'what the breach does, "fail", by how often the rule was broken before' in said
    assert (
        f"The rule was broken before in ledger rows {first}; what a breach does goes by how often, within the phase."
        in said
    )
    assert f"row {first} says that EURUSD broke 'hedging'" in proven(verifier, stage, tmp_path, kept)
    assert "that EURUSD breaks 'hedging' no more, worked out" in proven(verifier, stage, tmp_path, kept)


def test_of_an_account_with_too_many_rows_the_day_is_shown_and_the_rest_said_not_to_be(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = hedged(stage)
    stage.deal(account, "P2", Side.BUY, "0.4", 138_700, entry=DealEntry.OUT)
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P3", Side.SELL, "0.2", 138_690)
    monkeypatch.setattr(grounds, "CHAIN_ROWS_MAX", 1)
    said = proven(verifier, stage, tmp_path, decisions(stage, RuleBroken)[1])
    assert DERIVED in said  # what is held is in the row that began the day
    assert "NOT shown: how often rule 'hedging' was broken before row" in said


def test_trades_that_lie_before_the_file_s_rows_leave_the_arithmetic_alone(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "1")
    stage.wait(90)
    close(stage, account, "1")
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account, "1", "P2")
    stage.wait(10)
    close(stage, account, "1", position="P2")
    [decision] = decisions(stage, RuleBroken)
    assert DERIVED in proven(verifier, stage, tmp_path, decision)
    monkeypatch.setattr(grounds, "CHAIN_ROWS_MAX", 1)
    said = proven(verifier, stage, tmp_path, decision)
    assert (
        "NOT shown: that these steps are what the rule says; the file does not hold what was traded in the phase"
        in said
    )


def short_trade(stage: Stage, lasted_s: float = 10) -> int:
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "1")
    stage.wait(lasted_s)
    close(stage, account, "1")
    return account


def test_a_late_deal_is_judged_at_its_own_instant(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "1")
    opened_us = stage.now_us
    stage.wait(300)
    stage.tick("EURUSD", 138_690, 138_700)
    close(stage, account, "1", at_us=opened_us + 10 * SECOND_US)
    [decision] = decisions(stage, RuleBroken)
    assert DERIVED in proven(verifier, stage, tmp_path, decision)


@pytest.mark.parametrize("deleted", [False, True])
def test_deals_that_were_corrected_count_as_they_read_now(
    stage: Stage, verifier: ModuleType, tmp_path: Path, deleted: bool
) -> None:
    """Profit of longer trades: the first trade's profit is corrected, or the trade deleted, before the second is closed."""
    share = replace(DURATION, seconds_min=None, longer_s=60, share_of_longer_bp=9_000)
    account = trading(stage, MAXIMUM, share)
    for name, lasted_s in (("P1", 90), ("P2", 90)):
        buy(stage, account, "1", name)
        stage.wait(lasted_s)
        close(stage, account, "1", 138_800, position=name, profit="100.00")
    change: Any = DealDeleteReported(bridge="sim", seq=stage.next_seq(), deal_id="D4", t_us=stage.now_us)
    if not deleted:
        money = stage.account(account).money
        change = DealUpdateReported(
            bridge="sim", seq=stage.next_seq(), deal_id="D4", position_id="P2", symbol="EURUSD", entry=DealEntry.OUT, side=Side.SELL,
            lots_e8=LOT, price=138_790, profit=money(90_00), commission=money(0), swap=money(0), fee=money(0), deal_us=stage.now_us,
            t_us=stage.now_us,
        )  # fmt: skip
    stage.put(change, account)
    buy(stage, account, "1", "P3")
    stage.wait(10)
    close(stage, account, "1", 138_800, position="P3", profit="100.00")
    [decision] = decisions(stage, RuleBroken)
    said = proven(verifier, stage, tmp_path, decision)
    assert DERIVED in said
    assert ("result of P2 = 9000 minor" in said) is not deleted


def test_a_rule_that_rests_on_prices_brings_them(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = trading(stage, MAXIMUM, STOPS)
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_691, 138_701)
    stage.clock()
    stage.watermark()
    stage.wait(120)
    stage.tick("EURUSD", 138_692, 138_702)
    [decision] = decisions(stage, RuleBroken)
    said = proven(verifier, stage, tmp_path, decision)
    assert DERIVED in said
    assert "1 cited price(s), each in the very bytes that the platform's bridge sent" in said
    assert "none newer was passed over" in said


@pytest.mark.parametrize("named", [True, pytest.param(False, id="as releases had it that named the price's instant")])
def test_kept_again_is_said_of_the_instant_that_was_looked_at(
    stage: Stage, verifier: ModuleType, tmp_path: Path, named: bool
) -> None:
    """Her minute ends at the 45th second and the time for a stop at the 50th; the price that brings that minute comes at the 55th."""
    account = trading(stage, MAXIMUM, replace(STOPS, within_s=600))
    stage.wait(50)
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_600)
    stage.wait(60)
    stage.tick("EURUSD", 138_692, 138_702)
    stage.position(account, "P1")  # taken off: there is time for another one yet
    stage.wait(545)
    stage.tick("EURUSD", 138_692, 138_702)
    [kept] = [row for row, body in rows_of(stage) if isinstance(body, RuleKeptAgain)]
    assert kept.received_us - kept.happened_us == 10 * SECOND_US

    def dated(row: Any, body: Any) -> tuple[Any, Any]:
        return row if named or row.seq != kept.seq else row._replace(happened_us=row.received_us), body

    said = proven(verifier, stage, tmp_path, kept.seq, dated)
    assert "that P1 breaks 'stops' no more, worked out" in said


def too_much_margin(stage: Stage) -> int:
    """4 161.00 are bound of 95 800.00, at a price of 1.37300; the decision."""
    account = trading(stage, MAXIMUM, replace(MARGIN, limit=430))
    buy(stage, account, "3")
    stage.wait(1)
    stage.tick("EURUSD", 137_300, 137_310)
    [decision] = decisions(stage, RuleBroken)
    return decision


def test_margin_in_use_brings_the_prices_of_its_equity(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    said = proven(verifier, stage, tmp_path, too_much_margin(stage))
    assert "1 cited price(s), each in the very bytes that the platform's bridge sent" in said
    assert "does not hold what a position binds on its platform, which no row tells" in said


def test_another_equity_than_the_cited_prices_give_is_found_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    decision = too_much_margin(stage)
    with pytest.raises(
        verifier.Refused, match=r"equity = 9000000 minor.*by the rows and the cited prices it is 9580000"
    ):
        proven(verifier, stage, tmp_path, decision, with_step(decision, "equity", value=90_000_00))


def test_margin_whose_prices_an_earlier_release_did_not_cite_holds(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    decision = too_much_margin(stage)
    said = proven(verifier, stage, tmp_path, decision, changed(decision, quotes=()))
    assert "does not hold the prices that it rests on, which it does not name" in said


def around_news(stage: Stage, **changes: Any) -> int:
    account = ready(stage, replace(WINDOW, **changes))
    at(stage, -30)
    buy(stage, account, "1")
    return account


def test_news_are_proven_by_the_calendar_itself(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    around_news(stage)
    [decision] = decisions(stage, RuleBroken)
    said = proven(verifier, stage, tmp_path, decision)
    assert DERIVED in said
    assert "release of Payrolls" in said
    [adopted] = decisions(stage, CalendarAdopted)
    assert f"The calendar of news that it goes by is in ledger row {adopted}, version {WEEK.version}." in said


def test_what_a_person_confirmed_names_the_calendar_of_its_suspicion(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    account = around_news(stage, on_breach=(Action.REVIEW,))
    [suspicion] = decisions(stage, RuleSuspected)
    adopt(stage, news_calendar(NEWS_NAME, [replace(PAYROLLS, title="Other payrolls")]))
    confirm(stage, account, suspicion)
    [decision] = decisions(stage, RuleBroken)
    [fact] = stage.facts(RuleBroken, account)
    assert fact.calendar == WEEK.version
    assert stage.refolded().account(account) == stage.account(account)
    said = proven(verifier, stage, tmp_path, decision)
    assert DERIVED in said
    assert f"the suspicion in row {suspicion}, worked out itself, confirmed by a person" in said


def confirm(stage: Stage, account: int, suspicion: int) -> None:
    stage.put(
        ReviewVerdict(by="console", account=account, decision=suspicion, outcome=ReviewOutcome.CONFIRM, why="seen"),
        account,
    )


# --- what a firm forges ---


FORGED_HEDGING = [
    pytest.param({"limit": 10}, r"says \(40000000, 10, 'lots_e8'\), the rows and the rules give", id="another limit"),
    pytest.param({"observed": 90_000_000}, r"says \(90000000, 0, 'lots_e8'\)", id="more than was held"),
    pytest.param({"unit": "count"}, r"says \(40000000, 0, 'count'\)", id="another unit"),
    pytest.param({"subject": "XAUUSD"}, "XAUUSD does not break 'hedging'", id="another symbol"),
    pytest.param({"rule_kind": "grid"}, "calls 'hedging' a grid, it is hedging", id="another kind of rule"),
    pytest.param({"rule": "maximum"}, "is a loss limit, which breaks otherwise", id="another rule"),
    pytest.param({"rule": "none"}, "not in the account's ruleset", id="a rule that was never sold"),
    pytest.param({"does": Action.FAIL}, 'does "fail", by the rule it does "warn"', id="a strike that was not"),
    pytest.param({"working": ()}, "shows no working|by the rows and the rules it is", id="no working"),
    pytest.param({"reviewed": True}, "no suspicion of 'hedging' was open", id="a suspicion that was not"),
]


@pytest.mark.parametrize(("fields", "why"), FORGED_HEDGING)
def test_a_verdict_that_says_something_else_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None, fields: dict[str, Any], why: str
) -> None:
    hedged(stage)
    [decision] = decisions(stage, RuleBroken)
    refused(verifier, stage, tmp_path, decision, changed(decision, **fields), why)


STEPS = [
    pytest.param(
        "lots of P2", {"value": 90_000_000}, "by the rows and the rules it is lots of P2 = 40000000", id="a figure"
    ),
    pytest.param(
        "lots of P2", {"source": "1/x"}, "by the rows and the rules it is lots of P2", id="where it comes from"
    ),
    pytest.param("EURUSD held both ways", {"op": "highest"}, "it is EURUSD held both ways", id="an operation"),
    pytest.param(
        "more than is allowed", {"args": ("lots of P1", "#0")}, "it is more than is allowed", id="what is compared"
    ),
]


@pytest.mark.parametrize(("name", "fields", "why"), STEPS)
def test_a_working_that_is_not_the_rule_s_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None, name: str, fields: dict[str, Any], why: str
) -> None:
    hedged(stage)
    [decision] = decisions(stage, RuleBroken)
    refused(verifier, stage, tmp_path, decision, with_step(decision, name, **fields), why)


def test_a_deal_of_more_lots_than_the_platform_reported_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    hedged(stage)
    [decision] = decisions(stage, RuleBroken)
    booked = decisions(stage, DealBooked)[-1]
    why = "does not leave the position as the reported deal does"
    refused(verifier, stage, tmp_path, decision, changed(booked, lots_e8=90_000_000), why)


def test_a_trade_that_lasted_longer_than_its_row_says_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    short_trade(stage, 10)
    [decision] = decisions(stage, RuleBroken)
    booked = decisions(stage, DealBooked)[-1]

    def earlier(row: Any, body: Any) -> Any:
        if row.seq != booked:
            return row, body
        at_us = row.happened_us - 5 * SECOND_US
        return row._replace(happened_us=at_us), replace(body, deal=replace(body.deal, at_us=at_us))

    refused(verifier, stage, tmp_path, decision, earlier, "has the deal as .*, the platform reported")


def test_a_breach_of_a_stricter_rule_than_was_sold_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None
) -> None:
    hedged(stage)
    [decision] = decisions(stage, RuleBroken)

    def laxer(rules: AnyRuleset) -> AnyRuleset:
        terms = tuple(replace(one, lots_e8_max=LOT) if isinstance(one, Hedging) else one for one in rules.terms)
        return replace(rules, terms=terms)

    def sold(row: Any, body: Any) -> Any:
        if not isinstance(body, AccountOpened):
            return row, body
        rules = laxer(body.ruleset)
        return row, replace(body, ruleset=rules, ruleset_id=rules.ruleset_id())

    refused(verifier, stage, tmp_path, decision, sold, "by the rows and the rules it is allowed against each other")


def test_the_same_breach_twice_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = hedged(stage)
    first = decisions(stage, RuleBroken)[0]
    buy(stage, account, "0.1", "P4")
    [broken] = stage.facts(RuleBroken, account)
    rows = rows_of(stage)
    last, _ = rows[-1]
    again = last._replace(
        seq=last.seq + 1, kind="RuleBroken", cause=rows[-2][0].cause or rows[-2][0].seq, account=account
    )
    write(stage, tmp_path, honest, [*rows, (again, broken)])
    refused(verifier, stage, tmp_path, again.seq, honest, f"row {first} says already that EURUSD breaks 'hedging'")


def test_one_that_says_it_is_kept_while_it_is_broken_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    account = hedged(stage)
    buy(stage, account, "0.1", "P4")
    rows = rows_of(stage)
    last, _ = rows[-1]
    kept = last._replace(seq=last.seq + 1, kind="RuleKeptAgain", account=account)
    write(stage, tmp_path, honest, [*rows, (kept, RuleKeptAgain(rule="hedging", subject="EURUSD"))])
    refused(verifier, stage, tmp_path, kept.seq, honest, "EURUSD breaks 'hedging' yet")


def test_kept_again_by_who_never_broke_it_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = hedged(stage)
    stage.deal(account, "P2", Side.BUY, "0.4", 138_700, entry=DealEntry.OUT)
    [kept] = decisions(stage, RuleKeptAgain)
    refused(
        verifier, stage, tmp_path, kept, changed(kept, subject="XAUUSD"), "nothing says that XAUUSD broke 'hedging'"
    )


def test_another_instant_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    hedged(stage)
    [decision] = decisions(stage, RuleBroken)
    [fact] = stage.facts(RuleBroken)
    refused(verifier, stage, tmp_path, decision, changed(decision, at_us=fact.at_us - 1), "judges instant")


def test_a_breach_while_the_rule_was_waived_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = trading(stage, MAXIMUM, HEDGING)
    buy(stage, account, "1")
    waive = WaiveRule(rule="other", until_us=stage.now_us + DAY_US)
    stage.put(
        GrantOverride(by="console", account=account, override=replace(waive, rule="maximum"), why="a", evidence="b"),
        account,
    )
    stage.deal(account, "P2", Side.SELL, "0.4", 138_690)
    [decision] = decisions(stage, RuleBroken)

    def waived(row: Any, body: Any) -> Any:
        override = getattr(body, "override", None)
        return row, body if override is None else replace(body, override=replace(override, rule="hedging"))

    refused(verifier, stage, tmp_path, decision, waived, "waives rule 'hedging' for that instant")


# --- forged news, prices and confirmations ---


def test_a_calendar_that_is_not_the_one_it_names_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    around_news(stage)
    [decision] = decisions(stage, RuleBroken)
    moved = news_calendar(NEWS_NAME, [replace(PAYROLLS, title="Claims")])

    def other(row: Any, body: Any) -> Any:
        return row, replace(body, calendar=moved) if isinstance(body, CalendarAdopted) else body

    refused(verifier, stage, tmp_path, decision, other, "is not the one of version")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"calendar": ""}, "names no calendar of news"),
        ({"subject": "P1 other"}, "P1 other does not break 'news'|by the rows and the rules it is|goes on"),
        ({"observed": -10}, r"says \(-10, 120, 's'\)"),
    ],
)
def test_a_breach_by_news_that_says_something_else_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path, fields: dict[str, Any], why: str
) -> None:
    around_news(stage)
    [decision] = decisions(stage, RuleBroken)
    refused(verifier, stage, tmp_path, decision, changed(decision, **fields), why)


def stopped(stage: Stage) -> int:
    """The stop would lose too much, whatever the price of now: in dollars nothing is converted."""
    account = trading(stage, MAXIMUM, STOPS)
    buy(stage, account, "1")
    stage.wait(30)
    stage.tick("EURUSD", 138_692, 138_702)
    stage.position(account, "P1", stop_loss=138_600)
    stage.wait(60)
    stage.tick("EURUSD", 138_693, 138_703)
    return account


def test_a_price_that_was_not_the_newest_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    stopped(stage)
    [decision] = decisions(stage, RuleBroken)
    [(cited, body)] = [(row.seq, body) for row, body in rows_of(stage) if isinstance(body, QuoteUsed)]
    first = next(row for row, told in rows_of(stage) if type(told).__name__ == "QuoteFrame")
    older = {"frame": first.seq, "index": 0, "t_us": first.happened_us, "bid": 138_690, "ask": 138_700}
    assert body.frame > first.seq
    refused(verifier, stage, tmp_path, decision, changed(cited, **older), "is a newer price of EURUSD")


def test_a_price_that_no_frame_had_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    stopped(stage)
    [decision] = decisions(stage, RuleBroken)
    refused(
        verifier, stage, tmp_path, decision, changed(decisions(stage, QuoteUsed)[0], ask=138_761), "does not copy tick"
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"observed": 41_000_000}, r"says observed 41000000, row \d+ 40000000"),
        ({"subject": "XAUUSD"}, 'says subject "XAUUSD", row'),
        ({"does": Action.WARN}, 'what a person confirmed ends the account, the decision does "warn"'),
        ({"reviewed": False}, "says already that EURUSD breaks 'hedging'"),
    ],
)
def test_a_confirmation_says_what_was_suspected(
    stage: Stage, verifier: ModuleType, tmp_path: Path, fields: dict[str, Any], why: str
) -> None:
    account = hedged(stage, replace(HEDGING, on_breach=(Action.REVIEW,)))
    confirm(stage, account, decisions(stage, RuleSuspected)[0])
    [decision] = decisions(stage, RuleBroken)
    refused(verifier, stage, tmp_path, decision, changed(decision, **fields), why)


def test_a_confirmation_without_a_person_s_word_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = hedged(stage, replace(HEDGING, on_breach=(Action.REVIEW,)))
    confirm(stage, account, decisions(stage, RuleSuspected)[0])
    [decision] = decisions(stage, RuleBroken)

    def dismissed(row: Any, body: Any) -> Any:
        return row, replace(body, outcome=ReviewOutcome.DISMISS) if isinstance(body, ReviewVerdict) else body

    refused(verifier, stage, tmp_path, decision, dismissed, "no person's word is in the file")


def test_what_nobody_need_be_asked_about_is_not_suspected(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    hedged(stage, replace(HEDGING, on_breach=(Action.REVIEW,)))
    [suspicion] = decisions(stage, RuleSuspected)

    def sold(row: Any, body: Any) -> Any:
        if not isinstance(body, AccountOpened):
            return row, body
        terms = tuple(
            replace(one, on_breach=(Action.WARN,)) if isinstance(one, Hedging) else one for one in body.ruleset.terms
        )
        rules = replace(body.ruleset, terms=terms)
        return row, replace(body, ruleset=rules, ruleset_id=rules.ruleset_id())

    refused(verifier, stage, tmp_path, suspicion, sold, 'does "warn", of which nobody need be asked')
