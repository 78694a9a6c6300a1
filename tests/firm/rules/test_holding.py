"""Holding: nothing of EURUSD over a weekend from Friday 15:45 in New York, nor over nights, holidays, long breaks; trading hours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.instant import MINUTE_US, SECOND_US, parse_utc, utc_text
from firm.price import SymbolSpec
from firm.rules.holding import deadline_us, judge_holding_limit, judge_trading_hours, last_closing
from firm.rules.judged import Verdict
from firm.rules.openings import openings_of
from firm.sessions import DAY_MINUTES, WEEK_MINUTES
from firm.terms.conduct import Closure, HoldingLimit, TradingHours
from firm.terms.words import Action, Scope
from firm.track import OrderWaiting
from tests.firm.rules.parts import held, rule

NEW_YORK = "America/New_York"
CURRENCIES = ((6 * DAY_MINUTES + 17 * 60, WEEK_MINUTES), (0, 4 * DAY_MINUTES + 17 * 60))
SHARES = tuple((day * DAY_MINUTES + 570, day * DAY_MINUTES + 960) for day in range(5))
LIMIT = HoldingLimit(
    id="weekend",
    over=Closure.WEEKEND,
    zone=NEW_YORK,
    cutoff="15:45",
    early_close_minutes=10,
    break_s=0,
    pending_orders=False,
    on_breach=(Action.CLOSE_POSITIONS,),
    strikes_within=Scope.PHASE,
)


def listed(sessions=CURRENCIES, *closed, zone=NEW_YORK):
    stretches = tuple((parse_utc(since), parse_utc(until)) for since, until in closed)
    return SymbolSpec(
        symbol="X",
        digits=2,
        contract_e8=1,
        currency_base="X",
        currency_profit="USD",
        zone=zone,
        sessions=sessions,
        closed=stretches,
    )


def position(opened):
    return replace(held(), opened_us=parse_utc(opened))


def judged(opened, now, spec=None, calc=PLAIN, **changes):
    terms = rule(replace(LIMIT, **changes))
    return judge_holding_limit(calc, terms, position(opened), spec or listed(), 33, Figure(parse_utc(now), "70/at_us"))


def due(now, spec=None, **changes):
    """By when positions had to be closed last."""
    terms, spec = rule(replace(LIMIT, **changes)), spec or listed()
    closing = last_closing(terms, spec, parse_utc(now))
    return None if closing is None else utc_text(deadline_us(PLAIN, terms, closing, 0))[:16]


@pytest.mark.parametrize(
    ("opened", "now", "late_s"),
    [
        pytest.param("2025-06-06T12:00", "2025-06-06T19:44:59.999999", None, id="a microsecond before the cut-off"),
        pytest.param("2025-06-06T12:00", "2025-06-06T19:45", 0, id="at the cut-off"),
        pytest.param("2025-06-06T12:00", "2025-06-06T19:46", 60, id="a minute later"),
        pytest.param("2025-06-06T12:00", "2025-06-07T19:45", 86_400, id="on the Saturday"),
        pytest.param("2025-06-06T12:00", "2025-06-09T19:45", 3 * 86_400, id="seen on the Monday alone"),
        pytest.param("2025-06-06T20:00", "2025-06-06T20:01", 960, id="opened after the cut-off"),
        pytest.param(
            "2025-06-08T20:59:59.999999", "2025-06-08T22:00", 180_900, id="opened just before it opened again"
        ),
        pytest.param("2025-06-08T21:00", "2025-06-08T22:00", None, id="opened as it opened again"),
    ],
)
def test_over_the_weekend(opened, now, late_s):
    found = judged(opened, now)
    assert (found.observed if found.is_broken else None) == late_s
    assert found.subject == ("p1 2025-06-08T21:00Z" if found.is_broken else "p1")


@pytest.mark.parametrize(
    ("over", "now", "ends"),
    [
        pytest.param(Closure.OVERNIGHT, "2025-06-04T20:00", "2025-06-04T20:00", id="a night through which it trades"),
        pytest.param(Closure.OVERNIGHT, "2025-06-05T19:59", "2025-06-04T20:00", id="until the next one is due"),
        pytest.param(Closure.OVERNIGHT, "2025-06-05T20:00", "2025-06-05T20:00", id="then that"),
        pytest.param(Closure.OVERNIGHT, "2025-06-06T20:00", "2025-06-08T21:00", id="Friday's is the weekend"),
        pytest.param(Closure.OVERNIGHT, "2025-06-07T20:00", "2025-06-08T21:00", id="and so is Saturday's"),
        pytest.param(Closure.OVERNIGHT, "2025-06-08T20:00", "2025-06-08T21:00", id="and Sunday's"),
        pytest.param(Closure.OVERNIGHT, "2025-06-09T20:00", "2025-06-09T20:00", id="Monday's is another"),
        pytest.param(Closure.WEEKEND, "2025-06-13T19:45", "2025-06-15T21:00", id="the next weekend is another"),
    ],
)
def test_each_closure_is_a_breach_of_its_own(over, now, ends):
    found = judged("2025-06-03T12:00", now, over=over, zone=NEW_YORK if over is Closure.WEEKEND else "UTC",
                   cutoff="15:45" if over is Closure.WEEKEND else "20:00")  # fmt: skip
    assert (found.is_broken, found.subject) == (True, f"p1 {ends}Z")


@pytest.mark.parametrize(
    ("now", "deadline"),
    [
        pytest.param("2014-03-08", "2014-03-07T20:45", id="the last Friday of winter"),
        pytest.param("2014-03-15", "2014-03-14T19:45", id="the first of summer"),
        pytest.param("2014-11-01", "2014-10-31T19:45", id="the last of summer"),
        pytest.param("2014-11-08", "2014-11-07T20:45", id="the first of winter"),
    ],
)
def test_the_cut_off_goes_by_its_zones_clocks(now, deadline):
    assert due(now) == deadline


@pytest.mark.parametrize(
    ("closed", "now", "deadline"),
    [
        pytest.param(("2014-11-28T18:15", "2014-11-28T22:00"), "2014-11-29", "2014-11-28T18:05", id="early on Friday"),
        pytest.param(
            ("2014-11-28T21:30", "2014-11-28T22:00"), "2014-11-29", "2014-11-28T20:45", id="after the cut-off"
        ),
        pytest.param(
            ("2014-04-17T21:00", "2014-04-18T21:00"), "2014-04-19", "2014-04-17T19:45", id="Good Friday: Thursday"
        ),
    ],
)
def test_early_closes_and_holidays_bring_it_forward(closed, now, deadline):
    assert due(now, listed(CURRENCIES, closed)) == deadline


@pytest.mark.parametrize(
    ("zone", "cutoff", "deadline"),
    [
        pytest.param("UTC", "20:30", "2025-06-06T20:30", id="the same day"),
        pytest.param("UTC", "21:30", "2025-06-06T21:00", id="after the market's close: the close"),
        pytest.param("Europe/Athens", "23:45", "2025-06-06T20:45", id="just before a midnight at which it closes"),
        pytest.param("Asia/Tokyo", "23:00", "2025-06-06T14:00", id="where it closes on a Saturday: Friday's"),
        pytest.param("Asia/Tokyo", "05:45", "2025-06-06T20:45", id="or that of Saturday morning"),
    ],
)
def test_cut_offs_of_other_zones(zone, cutoff, deadline):
    assert due("2025-06-07T03:00", zone=zone, cutoff=cutoff) == deadline


def test_what_trades_on_has_no_weekend():
    assert judged("2025-06-06T12:00", "2025-06-07T12:00", listed(())).verdict is Verdict.SILENT
    assert judged("2025-06-06T12:00", "2025-06-07T12:00", listed(((0, WEEK_MINUTES),))).verdict is Verdict.SILENT


@pytest.mark.parametrize(
    ("since", "until", "deadline"),
    [
        pytest.param("2025-06-07T15:00", "2025-06-07T16:00", None, id="until its noon"),
        pytest.param("2025-06-07T15:00", "2025-06-07T16:01", "2025-06-06T19:45", id="a minute over it"),
        pytest.param("2025-06-07T16:00", "2025-06-07T16:01", "2025-06-06T19:45", id="from its noon on"),
        pytest.param("2025-06-07T16:01", "2025-06-07T20:00", None, id="from a minute after it"),
    ],
)
def test_a_weekend_is_a_closure_over_a_saturdays_noon(since, until, deadline):
    assert due("2025-06-08", listed((), (since, until))) == deadline


# --- nights ---


@pytest.mark.parametrize(
    ("spec", "opened", "now", "broken"),
    [
        pytest.param(listed(), "2025-06-04T19:44", "2025-06-04T19:44:59", False, id="before the cut-off"),
        pytest.param(listed(), "2025-06-04T19:44", "2025-06-04T19:45", True, id="at it"),
        pytest.param(
            listed(), "2025-06-04T19:45", "2025-06-04T19:46", False, id="opened at it, in a market without a break"
        ),
        pytest.param(listed(SHARES), "2025-06-04T19:50", "2025-06-04T19:51", True, id="opened at it, before the break"),
        pytest.param(listed(SHARES), "2025-06-05T13:29", "2025-06-05T13:29", True, id="before the market opens again"),
        pytest.param(listed(SHARES), "2025-06-05T13:30", "2025-06-05T13:31", False, id="opened as it opens again"),
        pytest.param(
            listed(()), "2025-06-07T12:00", "2025-06-07T19:45", True, id="a Saturday's night, where it trades"
        ),
        pytest.param(listed(), "2025-06-06T12:00", "2025-06-07T23:00", True, id="Friday's, seen on Saturday"),
        pytest.param(listed(), "2025-06-08T21:00", "2025-06-08T21:01", False, id="opened on Sunday evening"),
    ],
)
def test_over_night(spec, opened, now, broken):
    assert judged(opened, now, spec, over=Closure.OVERNIGHT).is_broken is broken


@pytest.mark.parametrize(
    ("cutoff", "now", "deadline"),
    [
        pytest.param("15:45", "2025-06-04T22:00", "2025-06-04T19:45", id="before the close"),
        pytest.param("16:45", "2025-06-04T22:00", "2025-06-04T20:00", id="after the close: the close itself"),
        pytest.param("15:45", "2025-06-05T17:00", "2025-06-05T16:50", id="an early close: minutes before it"),
        pytest.param("15:45", "2025-06-05T16:49", "2025-06-04T19:45", id="not yet"),
    ],
)
def test_the_nights_deadline_of_a_share(cutoff, now, deadline):
    spec = listed(SHARES, ("2025-06-05T17:00", "2025-06-05T20:00"))
    assert due(now, spec, over=Closure.OVERNIGHT, cutoff=cutoff) == deadline


def test_a_closure_that_ends_at_the_cut_off_is_not_the_nights():
    spec = listed((), ("2025-06-04T18:45", "2025-06-04T19:45"))
    assert due("2025-06-04T20:00", spec, over=Closure.OVERNIGHT) == "2025-06-04T19:45"


def test_a_closure_that_begins_at_the_next_cut_off_is_the_next_nights():
    spec = listed((), ("2025-06-05T19:45", "2025-06-05T21:00"))
    assert not judged("2025-06-04T20:00", "2025-06-04T20:01", spec, over=Closure.OVERNIGHT).is_broken
    assert judged("2025-06-05T20:00", "2025-06-05T20:01", spec, over=Closure.OVERNIGHT).is_broken


# --- holidays and long breaks ---

INDEPENDENCE = ("2025-07-03T17:00", "2025-07-05T00:00")  # early on the third, and the whole fourth
EARLY_ONLY = ("2025-07-02T17:00", "2025-07-02T21:00")


def test_a_holiday_is_a_day_without_a_session_that_the_week_has():
    spec = listed(SHARES, INDEPENDENCE, EARLY_ONLY)
    assert due("2025-07-04T12:00", spec, over=Closure.HOLIDAY) == "2025-07-03T16:50"
    assert due("2025-07-03T12:00", spec, over=Closure.HOLIDAY) is None
    assert due("2025-06-15", spec, over=Closure.HOLIDAY) is None


def test_a_holiday_of_a_market_that_trades_at_weekends_is_no_weekend():
    spec = listed((), ("2025-06-07T04:00", "2025-06-08T04:00"), ("2025-06-05T04:00", "2025-06-06T04:00"))
    assert due("2025-06-12", spec, over=Closure.HOLIDAY) == "2025-06-04T19:45"
    assert due("2025-06-12", spec, over=Closure.WEEKEND) == "2025-06-06T19:45"


@pytest.mark.parametrize(
    ("break_s", "deadline"),
    [
        pytest.param(16 * 3_600, "2025-06-04T19:45", id="longer than that"),
        pytest.param(17 * 3_600 + 1_800 - 1, "2025-06-04T19:45", id="a second longer"),
        pytest.param(17 * 3_600 + 1_800, "2025-05-30T19:45", id="exactly so long: only the weekend is longer"),
        pytest.param(90 * 3_600, None, id="no closure is"),
    ],
)
def test_long_breaks(break_s, deadline):
    assert due("2025-06-05T02:00", listed(SHARES), over=Closure.LONG_BREAK, break_s=break_s) == deadline


# --- orders ---


@pytest.mark.parametrize(("must_go", "verdict"), [(True, Verdict.BROKEN), (False, Verdict.SILENT)])
def test_waiting_orders_must_be_gone_where_the_term_says_so(must_go, verdict):
    order = OrderWaiting("o1", "X", parse_utc("2025-06-06T12:00"), 55)
    working = Working()
    terms = rule(replace(LIMIT, pending_orders=must_go))
    found = judge_holding_limit(working, terms, order, listed(), 33, Figure(parse_utc("2025-06-06T20:00"), "70/at_us"))
    assert found.verdict is verdict
    assert found.subject == ("o1 2025-06-08T21:00Z" if must_go else "")


def test_the_working_cites_the_clock_the_market_and_the_position():
    working = Working()
    judged(
        "2025-11-28T12:00", "2025-11-28T20:00", listed(CURRENCIES, ("2025-11-28T18:15", "2025-11-28T22:00")), working
    )
    assert {step.name: step.source for step in working.steps if step.op == "given"} == {
        "now": "70/at_us",
        "cut-off": "ruleset/terms/3/cutoff",
        "before an early close": "ruleset/terms/3/early_close_minutes",
        "market closes": "33/spec",
        "market opens again": "33/spec",
        "opening of p1": "40/opened_us",
    }


instants = st.integers(parse_utc("2025-05-01") // MINUTE_US, parse_utc("2025-12-01") // MINUTE_US)
overs = st.sampled_from([Closure.WEEKEND, Closure.OVERNIGHT])


@given(instants, st.integers(0, 20_000), st.integers(0, 20_000), overs)
def test_holding_on_never_mends_a_breach(opened, minutes, longer, over):
    first, then = (utc_text((opened + held_on) * MINUTE_US) for held_on in (minutes, minutes + longer))
    opened = utc_text(opened * MINUTE_US)
    assert not judged(opened, first, over=over).is_broken or judged(opened, then, over=over).is_broken


@given(instants)
def test_every_weekend_that_is_held_over_breaks_the_term(opened):
    """A week from any instant holds one weekend whole."""
    now = utc_text((opened + WEEK_MINUTES) * MINUTE_US)
    assert judged(utc_text(opened * MINUTE_US), now).is_broken


# --- trading hours ---

HOURS = TradingHours(
    id="hours",
    zone="Europe/Prague",
    opens="08:00",
    closes="20:00",
    on_breach=(Action.WARN,),
    strikes_within=Scope.PHASE,
)


def opening(opened):
    [found] = openings_of([position(opened)])
    return found


@pytest.mark.parametrize(
    ("opens", "closes", "opened", "broken"),
    [
        pytest.param("08:00", "20:00", "2014-05-01T05:59:59.999999", True, id="a microsecond too early"),
        pytest.param("08:00", "20:00", "2014-05-01T06:00", False, id="as they begin"),
        pytest.param("08:00", "20:00", "2014-05-01T17:59:59.999999", False, id="their last microsecond"),
        pytest.param("08:00", "20:00", "2014-05-01T18:00", True, id="as they end"),
        pytest.param("22:00", "04:00", "2014-05-01T01:00", False, id="over midnight"),
        pytest.param("22:00", "04:00", "2014-05-01T02:00", True, id="over midnight, as they end"),
        pytest.param("08:00", "08:00", "2014-05-01T05:59", False, id="all day long"),
        pytest.param("08:00", "20:00", "2014-01-15T06:30", True, id="in winter an hour later"),
    ],
)
def test_openings_outside_hours(opens, closes, opened, broken):
    assert (
        judge_trading_hours(PLAIN, rule(replace(HOURS, opens=opens, closes=closes)), opening(opened)).is_broken
        is broken
    )


def test_hours_are_cited_with_the_opening():
    working = Working()
    found = judge_trading_hours(working, rule(HOURS), opening("2014-05-01T18:00:05"))
    assert (found.observed, found.limit) == (12 * 3_600 + 5, 12 * 3_600)
    assert [step.source for step in working.steps if step.op == "given"] == [
        "40/opened_us", "ruleset/terms/3/opens", "ruleset/terms/3/closes",
    ]  # fmt: skip


@given(instants, st.integers(0, 1_439), st.integers(0, 1_439))
def test_hours_and_the_hours_between_them_leave_nothing_out(opened, one, other):
    [at] = openings_of([replace(held(), opened_us=opened * MINUTE_US + SECOND_US)])
    clocks = [f"{minute // 60:02}:{minute % 60:02}" for minute in (one, other)]
    if one != other:
        within, between = (
            judge_trading_hours(PLAIN, rule(replace(HOURS, opens=opens, closes=closes)), at).is_broken
            for opens, closes in (clocks, clocks[::-1])
        )
        assert within is not between
