"""Example of objectives and clocks: how many days, trades or points are enough, and after how long an account ends."""

from collections.abc import Iterator

from firm.arithmetic import PLAIN
from firm.instant import DAY_US
from firm.rules.clocks import Activity, judge_inactivity, judge_maximum_duration
from firm.rules.days import judge_trading_days
from firm.rules.judged import Verdict
from firm.rules.lot_range import judge_lot_consistency
from firm.rules.targets import judge_score_target
from firm.rules.trade_count import judge_minimum_trades
from firm.sentences.example_edge import (
    BEGINS_US,
    LOTS_STEP_E8,
    MANY,
    ONE_LOT_E8,
    Case,
    edge_told,
    falling,
    rising,
    told,
    trade,
)
from firm.terms.objectives import (
    Inactivity,
    LotConsistency,
    MaximumDuration,
    MinimumTrades,
    ScoreTarget,
    TradingDays,
)
from firm.terms.words import BP_WHOLE
from firm.track import DayResult


def score_target(case: Case, term: ScoreTarget) -> Iterator[str]:
    def is_won(score: int) -> bool:
        return judge_score_target(PLAIN, case.rule, told(score)).verdict is Verdict.MET

    say = case.say
    edge = falling(is_won, 2 * term.score_min + 2)
    yield from edge_told(say, "enough", say("example.what.score"), edge, lambda score: say("word.count", number=score))


def counted_days(case: Case, term: TradingDays) -> Iterator[str]:
    """Of days that count by what was traded on them, not by their profit."""
    if term.days_min > MANY:
        return

    def is_met(count: int) -> bool:
        days = [
            DayResult(str(number), number, fills=2, openings=1, closings=1, round_trips=1, seq=1)
            for number in range(1, count + 1)
        ]
        return judge_trading_days(PLAIN, case.rule, days, 0, None).verdict is Verdict.MET

    what, edge = case.say("example.what.days"), falling(is_met, term.days_min + 1)
    yield from edge_told(case.say, "enough", what, edge, lambda days: case.say("time.days", number=days))


def minimum_trades(case: Case, term: MinimumTrades) -> Iterator[str]:
    if term.trades_min > MANY:
        return

    def is_met(count: int) -> bool:
        trades = [trade(number) for number in range(count)]
        return judge_minimum_trades(PLAIN, case.rule, trades, 0).verdict is Verdict.MET

    say = case.say
    what, edge = say("example.what.trades"), falling(is_met, term.trades_min + 1)
    yield from edge_told(say, "enough", what, edge, lambda count: say("word.count", number=count))


def maximum_duration(case: Case, term: MaximumDuration) -> Iterator[str]:
    def is_kept(days: int) -> bool:
        return not judge_maximum_duration(PLAIN, case.rule, told(1), told(1 + days), granted).is_broken

    granted = told(case.granted_days)
    edge = rising(is_kept, term.days_max + granted.value + 1)
    yield from edge_told(
        case.say, "edge", case.say("example.what.days_over"), edge, lambda days: case.say("time.days", number=days)
    )


def inactivity(case: Case, term: Inactivity) -> Iterator[str]:
    """Of an account on which one trade was opened and closed at one instant, and nothing since."""
    once = told(BEGINS_US)
    activity = Activity(once, once, once, once, None, positions=0, orders=0)

    def is_kept(days: int) -> bool:
        now = told(BEGINS_US + days * DAY_US)
        return not judge_inactivity(PLAIN, case.rule, activity, now, granted).is_broken

    granted = told(case.granted_days)
    edge = rising(is_kept, term.days_max + granted.value + 1)
    yield from edge_told(
        case.say, "edge", case.say("example.what.days_idle"), edge, lambda days: case.say("time.days", number=days)
    )


def lot_consistency(case: Case, term: LotConsistency) -> Iterator[str]:
    """Of a second trade after one of ten lots: how large it may be, and how small."""
    say, first = case.say, trade(1, lots_e8=10 * ONE_LOT_E8)

    def is_kept(lots_e8: int) -> bool:
        second = trade(2, lots_e8=lots_e8, opened_us=BEGINS_US + DAY_US)
        return not judge_lot_consistency(PLAIN, case.rule, [first, second], (), 0).is_broken

    middle = first.lots_e8
    what = say("example.what.next_trade", lots=say.lots(middle))
    highest = 2 * middle * term.max_bp // BP_WHOLE + 2 * LOTS_STEP_E8
    more = rising(lambda extra: is_kept(middle + extra), highest, LOTS_STEP_E8)
    yield from edge_told(say, "edge", what, more, lambda extra: say.lots(middle + extra))
    less = falling(is_kept, middle, LOTS_STEP_E8)
    yield from edge_told(say, "edge", what, less, say.lots)
