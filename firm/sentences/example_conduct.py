"""Example of conduct: when and how may be traded, to the last second, lot or position that is allowed."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from firm.arithmetic import PLAIN
from firm.deed import Deed, PlacedBy
from firm.inputs import Side
from firm.instant import DAY_US, HOUR_US, SECOND_US, datetime_of
from firm.news import NewsItem, news_calendar
from firm.price import SymbolSpec
from firm.rules.behaviour import (
    judge_adverse_excursion,
    judge_automation_use,
    judge_grid,
    judge_hedging,
    judge_high_frequency,
    judge_one_sided,
)
from firm.rules.figures import Marks
from firm.rules.holding import judge_holding_limit, judge_trading_hours
from firm.rules.martingale import judge_martingale
from firm.rules.news import judge_news_window
from firm.rules.openings import openings_of
from firm.rules.trade_duration import judge_average_duration, judge_each_duration, judge_profit_of_longer
from firm.sentences.example_edge import (
    BEGINS_US,
    LOTS_STEP_E8,
    MANY,
    ONE_LOT_E8,
    SYMBOL,
    Case,
    edge_told,
    falling,
    held,
    nothing_broken,
    rising,
    told,
    trade,
)
from firm.sessions import DAY_MINUTES, WEEK_MINUTES
from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    Closure,
    Grid,
    Hedging,
    HighFrequency,
    HoldingLimit,
    Martingale,
    NewsWindow,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.words import BP_WHOLE
from firm.trading_day import TradingCalendar

_RAISES_MAX = 10
"""After so many raises in a row no example is a plain one."""
_CURRENCIES = ((6 * DAY_MINUTES + 17 * 60, WEEK_MINUTES), (0, 4 * DAY_MINUTES + 17 * 60))
"""The week of currencies, by New York."""
_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S


def news_window(case: Case, term: NewsWindow) -> Iterator[str]:
    """How near to a release the first of the forbidden actions may be, before it or, where nothing is forbidden before, after it."""
    release = NewsItem(
        id="release", title="release", currency="", impact=term.impacts[0], at_us=BEGINS_US, until_us=BEGINS_US,
        all_day=False,
    )  # fmt: skip
    calendar = news_calendar("example", [release])
    side, sign, span = ("before", -1, term.before_s) if term.before_s else ("after", 1, term.after_s)

    def is_kept(seconds: int) -> bool:
        at_us = BEGINS_US + sign * seconds * SECOND_US
        deed = Deed(term.actions[0], SYMBOL, ("EUR", "USD"), at_us, at_us, 0)
        return not judge_news_window(PLAIN, case.rule, calendar, deed).is_broken

    say = case.say
    what = say(f"example.what.news.{side}", action=say(f"news_window.action.{term.actions[0]}"))
    yield from edge_told(say, "edge", what, falling(is_kept, 2 * span + 2), say.seconds)


def holding_limit(case: Case, term: HoldingLimit) -> Iterator[str]:
    """Until when a position of the Monday may be held; holidays and long breaks begin on the Wednesday at noon in London."""
    since_us = BEGINS_US + 2 * DAY_US
    stretch_us = {Closure.HOLIDAY: DAY_US, Closure.LONG_BREAK: term.break_s * SECOND_US + HOUR_US}.get(term.over, 0)
    spec = SymbolSpec(
        symbol=SYMBOL, digits=5, contract_e8=1, currency_base="EUR", currency_profit="USD", zone="America/New_York",
        sessions=_CURRENCIES, closed=((since_us, since_us + stretch_us),) if stretch_us else (),
    )  # fmt: skip

    def is_kept(seconds: int) -> bool:
        now = told(BEGINS_US + seconds * SECOND_US)
        return not judge_holding_limit(PLAIN, case.rule, held(opened_us=BEGINS_US), spec, 0, now).is_broken

    def moment(seconds: int) -> str:
        local = datetime_of(BEGINS_US + seconds * SECOND_US).astimezone(ZoneInfo(term.zone))
        return case.say.name(f"{local:%Y-%m-%d %H:%M:%S}")

    what = case.say("example.what.held_until", day=moment(0), zone=case.say.name(term.zone))
    yield from edge_told(case.say, "edge", what, rising(is_kept, _WEEK_S), moment)


def trading_hours(case: Case, term: TradingHours) -> Iterator[str]:
    opens_us = TradingCalendar(term.zone, term.opens).day_at(BEGINS_US).start_us

    def is_kept(seconds: int) -> bool:
        position = held(opened_us=opens_us + seconds * SECOND_US)
        return nothing_broken(judge_trading_hours(PLAIN, case.rule, opening) for opening in openings_of([position]))

    def clock(seconds: int) -> str:
        local = datetime_of(opens_us + seconds * SECOND_US).astimezone(ZoneInfo(term.zone))
        return case.say.name(f"{local:%H:%M:%S}")

    what = case.say("example.what.opened_at", zone=case.say.name(term.zone))
    yield from edge_told(case.say, "edge", what, rising(is_kept, _DAY_S - 1), clock)


def trade_duration(case: Case, term: TradeDuration) -> Iterator[str]:
    """One example for each thing that is asked."""
    say = case.say

    def lasts(seconds: int) -> bool:
        return nothing_broken(judge_each_duration(PLAIN, case.rule, [trade(lasted_us=seconds * SECOND_US)]))

    def lasts_on_average(seconds: int) -> bool:
        trades = [trade(1, lasted_us=0), trade(2, lasted_us=2 * seconds * SECOND_US)]
        return not judge_average_duration(PLAIN, case.rule, trades).is_broken

    if term.seconds_min is not None:
        edge = falling(lasts, 2 * term.seconds_min + 2)
        yield from edge_told(say, "edge", say("example.what.duration.each"), edge, say.seconds)
    if term.average_s_min is not None:
        edge = falling(lasts_on_average, 2 * term.average_s_min + 2)
        yield from edge_told(say, "edge", say("example.what.duration.average"), edge, say.seconds)
    if term.longer_s is not None:
        yield from _of_longer(case, (term.longer_s + 1) * SECOND_US)


def _of_longer(case: Case, longer_us: int) -> Iterator[str]:
    gross = case.size // 10

    def is_kept(longer: int) -> bool:
        trades = [trade(1, lasted_us=longer_us, net=longer), trade(2, lasted_us=0, net=gross - longer)]
        return not judge_profit_of_longer(PLAIN, case.rule, trades).is_broken

    what = case.say("example.what.duration.longer", profit=case.say.money(gross))
    yield from edge_told(case.say, "edge", what, falling(is_kept, gross), case.say.money)


def hedging(case: Case, term: Hedging) -> Iterator[str]:
    most = term.lots_e8_max or 0
    long = held(1, lots_e8=most + ONE_LOT_E8)

    def is_kept(lots_e8: int) -> bool:
        short = [held(2, side=Side.SELL, lots_e8=lots_e8)] if lots_e8 else []
        return nothing_broken(judge_hedging(PLAIN, case.rule, [long, *short]))

    what = case.say("example.what.hedged", lots=case.say.lots(long.lots_e8), symbol=case.say.name(SYMBOL))
    yield from edge_told(case.say, "edge", what, rising(is_kept, 2 * most + ONE_LOT_E8, LOTS_STEP_E8), case.say.lots)


def grid(case: Case, term: Grid) -> Iterator[str]:
    def is_kept(count: int) -> bool:
        book = [held(number, price=100_000 - number) for number in range(count)]
        return nothing_broken(judge_grid(PLAIN, case.rule, book))

    def positions(count: int) -> str:
        return case.say("exposure_limit.quantity.positions", positions=count)

    edge = rising(is_kept, min(2 * term.positions_max + 2, MANY))
    yield from edge_told(case.say, "edge", case.say("example.what.grid"), edge, positions)


def martingale(case: Case, term: Martingale) -> Iterator[str]:
    """The lots of the trade that would be one raise too many, after as many raises as are left without consequence."""
    if term.repeats > _RAISES_MAX:
        return
    lots = [ONE_LOT_E8]
    for _ in range(term.repeats - 1):
        lots.append(-(-lots[-1] * term.factor_bp // BP_WHOLE))
    losses = [
        trade(number, lots_e8=size, opened_us=BEGINS_US + number * HOUR_US, net=-1) for number, size in enumerate(lots)
    ]

    def is_kept(lots_e8: int) -> bool:
        last = trade(len(lots), lots_e8=lots_e8, opened_us=BEGINS_US + len(lots) * HOUR_US)
        return nothing_broken(judge_martingale(PLAIN, case.rule, (), [*losses, last]))

    say = case.say
    told_lots = say.listed([say.lots(size) for size in lots], "and")
    highest = 2 * lots[-1] * term.factor_bp // BP_WHOLE + 2 * LOTS_STEP_E8
    what = say("example.what.after_loss", lots=told_lots)
    yield from edge_told(say, "edge", what, rising(is_kept, highest, LOTS_STEP_E8), say.lots)


def one_sided(case: Case, term: OneSided) -> Iterator[str]:
    """How many of some trades of one lot each may go one way; the others go the other."""
    count = max(term.trades_from, 10)
    if count > MANY:
        return

    def is_kept(one_way: int) -> bool:
        trades = [trade(number, side=Side.BUY if number < one_way else Side.SELL) for number in range(count)]
        return not judge_one_sided(PLAIN, case.rule, trades).is_broken

    half = count // 2  # fewer one way are more the other
    edge = rising(lambda more: is_kept(half + more), count - half)
    what = case.say("example.what.one_way", trades=count)
    yield from edge_told(case.say, "edge", what, edge, lambda more: case.say("word.count", number=half + more))


def high_frequency(case: Case, term: HighFrequency) -> Iterator[str]:
    def is_kept(count: int) -> bool:
        return not judge_high_frequency(PLAIN, case.rule, [BEGINS_US] * count).is_broken

    def positions(count: int) -> str:
        return case.say("exposure_limit.quantity.positions", positions=count)

    what = case.say("example.what.opened_within", time=case.say.seconds(term.within_s))
    yield from edge_told(case.say, "edge", what, rising(is_kept, min(2 * term.openings_max + 2, MANY)), positions)


def adverse_excursion(case: Case, term: AdverseExcursion) -> Iterator[str]:
    say, start = case.say, case.account.balance - case.size
    marks = Marks(told(case.size), told(case.size), told(start))

    def is_kept(loss: int) -> bool:
        return nothing_broken(judge_adverse_excursion(PLAIN, case.rule, [held(floating=-loss)], marks))

    yield say("example.account", size=say.money(case.size))
    if term.of_profit:
        assert case.account.day is not None
        marks_told = {"balance": say.money(case.account.balance), "equity": say.money(case.account.day.equity)}
        yield say("example.day_begins", **marks_told)
    edge = rising(is_kept, 2 * max(case.size, term.minimum_minor) + 2)
    yield from edge_told(say, "edge", say("example.what.floating_loss"), edge, say.money)


def automation_use(case: Case, _: AutomationUse) -> Iterator[str]:
    """Who may place an order, and who not, each as the judge answers."""
    for who in (PlacedBy.PERSON, PlacedBy.EXPERT, PlacedBy.COPIER):
        answer = "breaks" if judge_automation_use(PLAIN, case.rule, who).is_broken else "keeps"
        yield case.say(f"example.order_{answer}", who=case.say(f"example.what.placed_by.{who}"))
