"""Economic news in the engine: which calendar counts, what is done around a release, and what that takes of the profit."""

import pytest
from msgspec.structs import replace

from actors import account_book
from actors.engine import Engine
from actors.names import CALENDARS, account_desk
from actors.states import readable_states, state_bytes
from firm.bounds import CALENDARS_MAX, TRADES_TRACKED_MAX
from firm.commands import AdoptCalendar, EngageKillSwitch, KillSwitch, ResumeDesk, ReviewOutcome, ReviewVerdict
from firm.facts import (
    CalendarAdopted,
    Doubt,
    PhasePassed,
    ProfitExcluded,
    Refusal,
    Refused,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
)
from firm.inputs import Side
from firm.instant import SECOND_US, parse_utc
from firm.news import NEWS_NAME, NewsCalendar, NewsItem, news_calendar
from firm.phase import Standing
from firm.terms.conduct import AutomationUse, Impact, NewsAction, NewsSymbols, NewsWindow
from firm.terms.words import Action, DeductProfit, Scope
from tests.actors.conftest import Stage, cents_text
from tests.actors.test_conduct import MAXIMUM, TARGET, buy, close, trading

RELEASE_US = parse_utc("2014-05-02T12:30")
PAYROLLS = NewsItem(
    id="nfp", title="Payrolls", currency="USD", impact=Impact.HIGH, at_us=RELEASE_US, until_us=RELEASE_US, all_day=False
)
WEEK = news_calendar(NEWS_NAME, [PAYROLLS])
WINDOW = NewsWindow(
    id="news", before_s=120, after_s=120, inclusive=True, impacts=(Impact.HIGH,), symbols=NewsSymbols.CURRENCY,
    actions=(NewsAction.OPEN, NewsAction.CLOSE), all_day_counts=False, exempt_opened_before_s=None, on_breach=(Action.WARN,),
    strikes_within=Scope.PHASE,
)  # fmt: skip


def adopt(stage: Stage, calendar: NewsCalendar = WEEK):
    return stage.put(AdoptCalendar(by="console", calendar=calendar))


# --- which calendar counts ---


def test_the_newest_calendar_of_a_name_counts(stage):
    adopt(stage)
    other = news_calendar("earnings", [replace(PAYROLLS, id="q1")])
    adopt(stage, other)
    moved = news_calendar(NEWS_NAME, [replace(PAYROLLS, at_us=RELEASE_US + 1, until_us=RELEASE_US + 1)])
    adopt(stage, moved)
    assert [fact.version for fact in stage.facts(CalendarAdopted)] == [WEEK.version, other.version, moved.version]
    assert (stage.engine.calendar(NEWS_NAME).calendar, stage.engine.calendar("earnings").calendar) == (moved, other)
    assert stage.engine.calendar("holidays") is None


def test_a_calendar_that_counts_already_is_not_written_down_again(stage):
    adopt(stage)
    adopt(stage)
    assert len(stage.facts(CalendarAdopted)) == 1
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.CALENDAR_KNOWN]


def test_a_calendar_that_nobody_could_read_in_one_way_changes_nothing(stage):
    adopt(stage)
    adopt(stage, NewsCalendar(name=NEWS_NAME, items=(PAYROLLS, replace(PAYROLLS, title="Claims"))))
    adopt(stage, NewsCalendar(name="No name", items=(PAYROLLS,)))
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.BAD_CALENDAR] * 2
    assert stage.engine.calendar(NEWS_NAME).calendar == WEEK


def test_releases_lie_in_their_order_however_they_were_told(stage):
    late = replace(PAYROLLS, id="late", at_us=RELEASE_US + 5, until_us=RELEASE_US + 5)
    adopt(stage, NewsCalendar(name=NEWS_NAME, items=(late, PAYROLLS)))
    assert stage.engine.calendar(NEWS_NAME).calendar == news_calendar(NEWS_NAME, [PAYROLLS, late])


def test_a_firm_goes_by_so_many_calendars_and_no_more(stage):
    for number in range(CALENDARS_MAX + 1):
        adopt(stage, news_calendar(f"n{number}", [PAYROLLS]))
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.BAD_CALENDAR]
    adopt(stage, news_calendar("n0", []))
    assert stage.engine.calendar("n0").calendar == news_calendar("n0", [])


def test_the_rows_alone_give_the_same_calendars(stage):
    assert CALENDARS not in stage.engine.capture().states
    adopt(stage)
    again = stage.refolded()
    assert again.calendar(NEWS_NAME).calendar == WEEK
    assert again.capture().states[CALENDARS] == stage.engine.capture().states[CALENDARS]


# --- what is done around a release ---


def at(stage: Stage, offset_s: float) -> None:
    """So many seconds after the release, with a price."""
    stage.now_us = RELEASE_US + int(offset_s * SECOND_US)
    stage.tick("EURUSD", 138_690, 138_700)


def ready(stage: Stage, *terms, calendar: NewsCalendar | None = WEEK, **changes) -> int:
    """Ada's account under these terms, ten minutes before the release."""
    stage.now_us = RELEASE_US - 3_600 * SECOND_US
    account = trading(stage, MAXIMUM, *terms, **changes)
    if calendar is not None:
        adopt(stage, calendar)
    at(stage, -600)
    return account


def broken(stage: Stage, account: int) -> list[tuple[str, str]]:
    return [(fact.rule, fact.subject) for fact in stage.facts(RuleBroken, account)]


@pytest.mark.parametrize(
    ("offset_s", "is_broken"), [(-120.000001, False), (-120, True), (0, True), (120, True), (120.000001, False)]
)
def test_a_position_opened_around_the_release_breaks_the_rule_to_the_microsecond(stage, offset_s, is_broken):
    account = ready(stage, WINDOW)
    at(stage, offset_s)
    buy(stage, account, "1")
    assert broken(stage, account) == ([("news", "P1 nfp")] if is_broken else [])


def test_the_breach_names_the_calendar_it_rests_on_and_shows_its_arithmetic(stage):
    account = ready(stage, WINDOW)
    at(stage, -30)
    buy(stage, account, "1")
    [fact] = stage.facts(RuleBroken, account)
    assert (fact.calendar, fact.observed, fact.limit, fact.at_us) == (
        WEEK.version,
        -30,
        120,
        RELEASE_US - 30 * SECOND_US,
    )
    assert [(step.name, step.value) for step in fact.working][-2:] == [
        ("not before the window", 1),
        ("not after the window", 1),
    ]
    adopt(stage, news_calendar(NEWS_NAME, [replace(PAYROLLS, title="Nonfarm payrolls")]))
    buy(stage, account, "1", "P2")
    assert stage.facts(RuleBroken, account)[-1].calendar == stage.engine.calendar(NEWS_NAME).version != WEEK.version


def test_what_was_done_while_its_desk_was_stopped_cites_no_row_that_is_not_the_platform_s(stage, monkeypatch):
    account = ready(stage, WINDOW)
    at(stage, 0)
    with monkeypatch.context() as fails:
        fails.setattr(account_book, "book_deal", None)
        buy(stage, account, "1")
    stage.put(ResumeDesk(by="console", desk=account_desk(account), why="mended"))
    [found] = stage.facts(RuleBroken, account)
    [opened] = [step for step in found.working if step.name == "open of EURUSD"]
    assert (opened.value, opened.source) == (RELEASE_US, "")


def test_without_a_calendar_no_news_forbids_anything(stage):
    account = ready(stage, WINDOW, calendar=None)
    at(stage, 0)
    buy(stage, account, "1")
    assert broken(stage, account) == []


def test_news_of_other_currencies_than_the_symbol_s_forbid_nothing(stage):
    account = ready(stage, WINDOW, calendar=news_calendar(NEWS_NAME, [replace(PAYROLLS, currency="JPY")]))
    at(stage, 0)
    buy(stage, account, "1")
    assert broken(stage, account) == []


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (NewsAction.CLOSE, "client"),
        (NewsAction.CLOSE, "whatever else"),
        (NewsAction.STOP_LOSS, "sl"),
        (NewsAction.STOP_LOSS, "stop_out"),
        (NewsAction.TAKE_PROFIT, "tp"),
    ],
)
def test_a_position_is_closed_in_the_way_that_its_platform_says(stage, action, reason):
    only = replace(WINDOW, actions=(action,))
    others = replace(
        WINDOW, id="others", actions=tuple(one for one in NewsAction if one not in (action, NewsAction.HOLD))
    )
    account = ready(stage, only, others)
    buy(stage, account, "1")
    at(stage, 0)
    close(stage, account, "1", reason=reason)
    assert broken(stage, account) == [("news", "P1 nfp")]


def test_what_the_firm_closes_itself_is_nobody_s_deed(stage):
    account = ready(stage, replace(WINDOW, actions=tuple(NewsAction)[:-1]))
    buy(stage, account, "1")
    at(stage, 0)
    close(stage, account, "1", reason="dealer")
    assert broken(stage, account) == []


@pytest.mark.parametrize(("state", "waited"), [("filled", True), ("changed", True), ("cancelled", False)])
def test_an_order_that_waited_is_filled_and_not_opened(stage, state, waited):
    account = ready(stage, replace(WINDOW, actions=(NewsAction.PENDING_FILL,)))
    stage.order(account, "O7", "placed")
    at(stage, 0)
    stage.order(account, "O7", state)
    buy(stage, account, "1", order="O7")
    assert broken(stage, account) == ([("news", "P1 nfp")] if waited else [])


def test_a_stop_that_is_moved_changes_a_position_and_a_swap_does_not(stage):
    account = ready(stage, replace(WINDOW, actions=(NewsAction.MODIFY,)))
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_000)
    at(stage, -10)
    stage.position(account, "P1", stop_loss=138_000, swap="-1.00")
    assert broken(stage, account) == []
    stage.position(account, "P1", stop_loss=138_100)
    assert broken(stage, account) == [("news", "P1 nfp")]


def test_stops_that_move_with_the_contract_are_nobody_s_deed(stage):
    account = ready(stage, replace(WINDOW, actions=(NewsAction.MODIFY,)))
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_000)
    at(stage, 0)
    stage.position(account, "P1", stop_loss=13_800, price_open=13_870)
    assert broken(stage, account) == []
    stage.position(account, "P1", stop_loss=13_810, price_open=13_870)
    assert broken(stage, account) == [("news", "P1 nfp")]


def test_what_is_added_to_an_old_position_is_opened_now(stage):
    account = ready(stage, replace(WINDOW, exempt_opened_before_s=300))
    buy(stage, account, "1")
    at(stage, 0)
    buy(stage, account, "1")
    assert broken(stage, account) == [("news", "P1 nfp")]
    close(stage, account, "1", position="P1")
    assert len(broken(stage, account)) == 1


def test_more_trades_than_are_kept_bring_no_doubt_about_news(stage):
    account = ready(stage, replace(WINDOW, on_breach=(Action.FAIL,)))
    buy(stage, account, "20")
    for _ in range(TRADES_TRACKED_MAX + 1):
        close(stage, account, "0.01")
    assert stage.account(account).track.is_cut
    at(stage, 0)
    close(stage, account, "0.01")
    assert stage.account(account).standing is Standing.BREACHED


def test_one_position_breaks_the_rule_once_for_a_release_and_anew_for_another(stage):
    later = replace(
        PAYROLLS, id="ism", title="ISM", at_us=RELEASE_US + 1_800 * SECOND_US, until_us=RELEASE_US + 1_800 * SECOND_US
    )
    twin = replace(PAYROLLS, id="unemployment", title="Unemployment")
    account = ready(stage, WINDOW, calendar=news_calendar(NEWS_NAME, [PAYROLLS, twin, later]))
    at(stage, -10)
    buy(stage, account, "2")
    at(stage, 10)
    close(stage, account, "1")
    at(stage, 1_800)
    close(stage, account, "1")
    assert broken(stage, account) == [("news", "P1 nfp"), ("news", "P1 ism")]
    assert sorted(fact.subject for fact in stage.facts(RuleKeptAgain, account)) == ["P1 ism", "P1 nfp"]
    assert stage.account(account).track.broken == ()


def test_the_third_position_around_news_ends_the_account(stage):
    account = ready(stage, replace(WINDOW, on_breach=(Action.WARN, Action.WARN, Action.FAIL)))
    at(stage, 0)
    for number in range(3):
        buy(stage, account, "1", f"P{number}")
    assert [fact.does for fact in stage.facts(RuleBroken, account)] == [Action.WARN, Action.WARN, Action.FAIL]
    assert stage.account(account).standing is Standing.BREACHED
    assert stage.facts(RuleBroken, account)[-1].working


@pytest.mark.parametrize(
    ("outcome", "standing"), [(ReviewOutcome.CONFIRM, Standing.BREACHED), (ReviewOutcome.DISMISS, Standing.ACTIVE)]
)
def test_a_person_decides_about_news_where_the_rule_says_so(stage, outcome, standing):
    account = ready(stage, replace(WINDOW, on_breach=(Action.REVIEW,)))
    at(stage, 0)
    buy(stage, account, "1")
    [suspected] = stage.facts(RuleSuspected, account)
    assert (suspected.subject, suspected.calendar, suspected.doubts) == (
        "P1 nfp",
        WEEK.version,
        (Doubt.REVIEW_REQUIRED,),
    )
    [finding] = stage.account(account).findings
    stage.put(ReviewVerdict(by="console", account=account, decision=finding.seq, outcome=outcome, why="seen"))
    assert stage.account(account).standing is standing


def test_a_kill_switch_brings_news_before_a_person(stage):
    account = ready(stage, replace(WINDOW, on_breach=(Action.FAIL,)))
    stage.put(EngageKillSwitch(by="console", switch=KillSwitch.FAILURES, why="news look wrong"))
    at(stage, 0)
    buy(stage, account, "1")
    [suspected] = stage.facts(RuleSuspected, account)
    assert (suspected.doubts, suspected.calendar) == ((Doubt.KILL_SWITCH,), WEEK.version)


def test_news_need_no_price(stage):
    account = ready(stage, WINDOW)
    stage.now_us = RELEASE_US
    stage.deal(account, "P1", Side.BUY, "1", 1_290_000, symbol="XAUUSD")
    assert broken(stage, account) == [("news", "P1 nfp")]


# --- holding ---


HOLDING = replace(WINDOW, actions=(NewsAction.HOLD,))


def minutes(stage: Stage, first: int, last: int) -> None:
    """A price each minute, so many minutes after the release."""
    for minute in range(first, last + 1):
        at(stage, 60 * minute)
        stage.clock()


def test_a_position_held_through_two_releases_breaks_the_rule_twice(stage):
    later = replace(
        PAYROLLS, id="ism", title="ISM", at_us=RELEASE_US + 600 * SECOND_US, until_us=RELEASE_US + 600 * SECOND_US
    )
    twin = replace(PAYROLLS, id="unemployment", title="Unemployment")
    account = ready(stage, HOLDING, calendar=news_calendar(NEWS_NAME, [PAYROLLS, twin, later]))
    buy(stage, account, "1")
    minutes(stage, -9, -3)
    assert broken(stage, account) == []
    minutes(stage, -2, 20)
    assert broken(stage, account) == [("news", "P1 nfp"), ("news", "P1 ism")]


def test_a_position_closed_before_the_minute_is_over_was_held_all_the_same(stage):
    account = ready(stage, replace(HOLDING, before_s=1, after_s=1))
    at(stage, -20)
    buy(stage, account, "1")
    at(stage, 20)
    close(stage, account, "1")
    assert broken(stage, account) == [("news", "P1 nfp")]


def test_a_position_opened_long_before_the_release_may_be_exempt(stage):
    account = ready(stage, replace(HOLDING, exempt_opened_before_s=600))
    buy(stage, account, "1")
    stage.wait(0.000001)
    buy(stage, account, "1", "P2")
    minutes(stage, -2, 3)
    assert broken(stage, account) == [("news", "P2 nfp")]


def test_what_was_held_hours_before_a_calendar_came_is_let_be(stage):
    account = ready(stage, HOLDING, calendar=None)
    buy(stage, account, "1")
    minutes(stage, -9, 3)
    at(stage, 2 * 3_600)
    adopt(stage)
    minutes(stage, 121, 124)
    assert broken(stage, account) == []


# --- profit that does not count ---


EXCLUDING = replace(WINDOW, on_breach=(Action.EXCLUDE_PROFIT,))


def excluded(stage: Stage, account: int) -> list[tuple[str, int, int]]:
    return [(fact.position_id, fact.profit.minor, fact.total.minor) for fact in stage.facts(ProfitExcluded, account)]


def test_what_a_position_brings_that_was_opened_around_news_does_not_count(stage):
    account = ready(stage, EXCLUDING, TARGET)
    at(stage, 0)
    buy(stage, account, "2")
    at(stage, 600)
    close(stage, account, "1", profit="700.00", commission="-3.00")
    close(stage, account, "1", profit="200.00")
    assert excluded(stage, account) == [("P1", 697_00, 697_00), ("P1", 200_00, 897_00)]
    assert [fact.deal for fact in stage.facts(ProfitExcluded, account)] == [
        trade.seq for trade in stage.account(account).track.trades
    ]  # fmt: skip


def test_a_loss_around_news_counts(stage):
    account = ready(stage, EXCLUDING)
    buy(stage, account, "1")
    at(stage, 0)
    close(stage, account, "1", profit="-700.00")
    assert (broken(stage, account), excluded(stage, account)) == ([("news", "P1 nfp")], [])


@pytest.mark.parametrize(
    ("strikes", "taken"),
    [
        ((Action.WARN, Action.EXCLUDE_PROFIT), [("P2", 100_01, 100_01)]),
        ((DeductProfit(share_bp=5_000),), [("P1", 50_00, 50_00), ("P2", 50_00, 100_00)]),
    ],
)
def test_so_much_is_taken_as_the_strike_says(stage, strikes, taken):
    account = ready(stage, replace(WINDOW, on_breach=strikes))
    buy(stage, account, "1")
    buy(stage, account, "1", "P2")
    buy(stage, account, "1", "P3")
    at(stage, 0)
    close(stage, account, "1", profit="100.01")
    close(stage, account, "1", position="P2", profit="100.01")
    at(stage, 600)
    close(stage, account, "1", position="P3", profit="100.01")
    assert excluded(stage, account) == taken


def test_what_the_firm_closes_of_a_position_that_broke_the_rule_does_not_count_either(stage):
    account = ready(stage, EXCLUDING)
    at(stage, 0)
    buy(stage, account, "1")
    close(stage, account, "1", profit="100.00", reason="dealer")
    assert excluded(stage, account) == [("P1", 100_00, 100_00)]


def test_a_stop_moved_after_a_closing_excludes_no_profit_of_it_again(stage):
    account = ready(stage, replace(EXCLUDING, actions=(NewsAction.CLOSE, NewsAction.MODIFY)))
    buy(stage, account, "2")
    stage.position(account, "P1", stop_loss=138_000)
    at(stage, 0)
    close(stage, account, "1", profit="100.00")
    stage.position(account, "P1", stop_loss=138_100)
    assert excluded(stage, account) == [("P1", 100_00, 100_00)]


@pytest.mark.parametrize(("more", "passes"), [("299.99", False), ("300.00", True)])
def test_a_target_asks_for_as_much_more_as_does_not_count(stage, more, passes):
    account = ready(stage, EXCLUDING, TARGET)
    at(stage, 0)
    buy(stage, account, "1")
    close(stage, account, "1", profit="800.00")
    at(stage, 600)
    buy(stage, account, "1", "P2")
    close(stage, account, "1", position="P2", profit="700.00")
    stage.equity(account, "101_500.00", "101_500.00")
    buy(stage, account, "1", "P3")
    close(stage, account, "1", position="P3", profit=more)
    balance = cents_text(stage.account(account).balance)
    stage.equity(account, balance, balance)
    passed = stage.facts(PhasePassed, account)
    assert bool(passed) is passes
    if passes:
        assert passed[0].target.minor == 101_800_00
        assert any(step.name == "profit that does not count" and step.source for step in passed[0].working)


# --- software ---


SOFTWARE = AutomationUse(
    id="software", experts_allowed=False, copiers_allowed=True, on_breach=(Action.WARN,), strikes_within=Scope.PHASE
)


def test_software_that_may_not_trade_is_told_once_a_position(stage):
    account = ready(stage, SOFTWARE)
    for number, reason in enumerate(("client", "expert", "copier", "sl", "something")):
        buy(stage, account, "2", f"P{number}", reason=reason)
    close(stage, account, "1", position="P1", reason="expert")
    close(stage, account, "1", position="P0", reason="expert")
    assert broken(stage, account) == [("software", "P1 expert"), ("software", "P0 expert")]
    assert [fact.calendar for fact in stage.facts(RuleBroken, account)] == ["", ""]


# --- the rows ---


def test_whatever_news_do_is_in_the_rows(stage):
    account = ready(stage, replace(EXCLUDING, actions=tuple(NewsAction)), TARGET, SOFTWARE)
    stage.order(account, "O7", "placed")
    buy(stage, account, "2", reason="expert")
    stage.position(account, "P1", stop_loss=138_000)
    minutes(stage, -3, 0)
    stage.position(account, "P1", stop_loss=138_100)
    close(stage, account, "1", profit="300.00", reason="tp")
    stage.order(account, "O7", "filled")
    buy(stage, account, "1", "P2", order="O7")
    minutes(stage, 1, 3)
    assert len(broken(stage, account)) == 3
    state = stage.account(account)
    assert state.track.excluded.value == 300_00
    again = stage.refolded()
    assert again.account(account) == state
    assert again.calendar(NEWS_NAME) == stage.engine.calendar(NEWS_NAME)
    states = stage.engine.capture().states
    for name in (account_desk(account), CALENDARS):
        assert readable_states({name: state_bytes(states[name])})[name] == states[name]


def test_the_same_arrivals_give_the_same_rows(stage):
    account = ready(stage, replace(EXCLUDING, actions=tuple(NewsAction)), TARGET)
    buy(stage, account, "1")
    minutes(stage, -3, 3)
    close(stage, account, "1", profit="300.00")
    again = Engine(stage.engine.lineage)
    rows = [row for arrival in stage.arrivals for row, _ in again.decide([arrival]).rows]
    assert rows == [row for batch in stage.batches for row, _ in batch.rows]
