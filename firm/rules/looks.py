"""Looks: every rule that is no loss limit and no objective, held against an account at an instant: one definition in one table.

A rule is looked at on the events that its term declares. What it answers is a `Judged` for each subject: a position, a symbol, an idea, a
trade, or "" for the account.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from firm.account import AccountState
from firm.arithmetic import PLAIN, Arithmetic, Figure
from firm.equity import Board, Leg
from firm.facts import MarketDaysAdopted
from firm.price import SymbolSpec
from firm.rules.amounts import Sums, rounded_down
from firm.rules.behaviour import (
    judge_adverse_excursion,
    judge_grid,
    judge_hedging,
    judge_high_frequency,
    judge_one_sided,
)
from firm.rules.consistency import is_limit
from firm.rules.consistency_limit import frequency_of_share, judge_consistency_limit
from firm.rules.exposure import judge_exposure_limit
from firm.rules.figures import Marks
from firm.rules.holding import judge_holding_limit, judge_trading_hours
from firm.rules.holdings import marks_of, positions_held, with_notionals
from firm.rules.ideas import Idea, ideas_of, judge_idea
from firm.rules.judged import Judged, Verdict
from firm.rules.lot_range import judge_lot_consistency
from firm.rules.margin import with_margins
from firm.rules.martingale import judge_martingale
from firm.rules.openings import openings_of
from firm.rules.protection import judge_risk_reward, judge_stop_loss_required
from firm.rules.trade_duration import judge_trade_duration
from firm.rules.winning import Moment, equity_targets
from firm.ruleset import AnyRuleset, Rule, kept_with
from firm.terms.conduct import (
    AdverseExcursion,
    Grid,
    Hedging,
    HighFrequency,
    HoldingLimit,
    Martingale,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.exposure import (
    CountedOver,
    ExposureLimit,
    IdeaMeasure,
    IdeaRisk,
    Quantity,
    RiskReward,
    StopLossRequired,
)
from firm.terms.objectives import Consistency, LotConsistency
from firm.terms.words import Frequency, RuleTerm, Scope
from firm.track import DayResult, HeldPosition, OrderWaiting, Trade

Answers = tuple[Judged, ...]
_NO_DAYS: Mapping[str, MarketDaysAdopted] = {}


IdeaPlaces = tuple[str, list[int], list[Trade]]
"""An idea, whatever its prices: its subject, the places of its positions in the account's book, and its parts that are closed."""


IdeaOver = tuple[list[Trade], Judged | None]
"""The parts of an idea that is over, and what was answered of it."""
_NOT_OVER: IdeaOver = ([], None)


class Glance(NamedTuple):
    """An account as its rules look at it: what it holds at the prices of the board, and when, in microseconds.

    By rule, as far as they were asked for: `ideas`, which are the same for all looks at one book; `again`, what `look_again`
    answered of rules that no clock changes; and `over`, what was answered of ideas that are over, by their subjects.
    `rate_age_max_us`: of an exchange rate that margin rests on; 0: any age. `market_days`: those that the firm goes by, by name.
    """

    account: AccountState
    board: Board
    held: tuple[HeldPosition, ...]
    marks: Marks
    now: Figure
    ideas: dict[str, tuple[IdeaPlaces, ...]]
    again: dict[str, Answers]
    over: dict[str, dict[str, IdeaOver]]
    rate_age_max_us: int = 0
    market_days: Mapping[str, MarketDaysAdopted] = _NO_DAYS

    def trades(self, per: Scope) -> tuple[Trade, ...]:
        """Those that were closed within a scope."""
        trades, since_us = self.account.track.trades, since(self.account, per)
        return trades if not since_us else tuple([trade for trade in trades if trade.closed_us >= since_us])

    @property
    def today(self) -> DayResult:
        today = self.account.track.today
        return DayResult("", 0) if today is None else today


def glance(
    account: AccountState,
    board: Board,
    equity: Figure,
    at_us: int,
    rate_age_max_us: int = 0,
    market_days: Mapping[str, MarketDaysAdopted] = _NO_DAYS,
    legs: Iterable[Leg | None] | None = None,
) -> Glance:
    """`legs`: of its positions, where they are known already."""
    held, marks = positions_held(account, board, legs), marks_of(account, equity)
    return Glance(account, board, held, marks, Figure(at_us, ""), {}, {}, {}, rate_age_max_us, market_days)


def since(account: AccountState, per: Scope) -> int:
    """When a scope began, in microseconds."""
    match per:
        case Scope.PHASE:
            return 0
        case Scope.CYCLE:
            return account.track.payouts[-1].at_us if account.track.payouts else 0
        case Scope.WEEK:
            return 0 if account.track.week is None else account.track.week.day.start_us
        case Scope.DAY:
            return 0 if account.day is None else account.day.day.start_us


def rules_looked_at(ruleset: AnyRuleset, frequency: Frequency) -> tuple[Rule, ...]:
    """Those of its rules in this table that an event of the kind may break."""
    return kept_with(ruleset, "looked at", _looked_at)[frequency]


def _looked_at(ruleset: AnyRuleset) -> Mapping[Frequency, tuple[Rule, ...]]:
    rules = [rule for rule in ruleset.rules if is_look(rule.terms)]
    return {each: tuple(rule for rule in rules if _frequency_of(rule.terms) is each) for each in Frequency}


def is_look(terms: RuleTerm) -> bool:
    """Whether it is in this table: of consistencies only one that ends the account is."""
    return type(terms) in LOOKS and (type(terms) is not Consistency or is_limit(terms))


def _frequency_of(terms: RuleTerm) -> Frequency:
    return frequency_of_share(terms) if isinstance(terms, Consistency) else terms.frequency


def limits_of_margin(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """Limits of margin in use: looked at with every event of the account, and prices may break one too, though none keeps it again."""
    return kept_with(ruleset, "limits of margin", lambda rules: tuple(filter(_limits_margin, rules.rules)))


def _limits_margin(rule: Rule) -> bool:
    terms = rule.terms
    at_once = (CountedOver.OPEN_AT_ONCE, CountedOver.EACH_POSITION)
    return isinstance(terms, ExposureLimit) and terms.quantity is Quantity.MARGIN and terms.counted in at_once


def rests_on_stops(ruleset: AnyRuleset) -> bool:
    """Whether prices may break a rule that measures what stops would lose."""
    return kept_with(ruleset, "rests on stops", lambda rules: any(map(_measures_stops, rules.rules)))


def _measures_stops(rule: Rule) -> bool:
    return isinstance(rule.terms, IdeaRisk) and rule.terms.measured is IdeaMeasure.STOP_DISTANCE


def look(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    """What the rule answers now."""
    return LOOKS[type(rule.terms)](calc, rule, seen)


def look_anew(rule: Rule, seen: Glance) -> Answers:
    """What the rule answers now; what `look_again` would say of it is known by that."""
    answers = look(PLAIN, rule, seen)
    if rule.terms.frequency is Frequency.TICK:
        is_of_ideas = type(rule.terms) is IdeaRisk
        seen.again[rule.id] = _of_open_ideas(answers, seen.ideas[rule.id]) if is_of_ideas else answers
    return answers


def _of_open_ideas(answers: Answers, ideas: tuple[IdeaPlaces, ...]) -> Answers:
    return tuple([answer for answer, (_, held, _) in zip(answers, ideas, strict=True) if held])


def look_again(rule: Rule, seen: Glance) -> Answers:
    """Of its answers those that prices, orders or the clock can change: what is over stays as it was when the book last changed."""
    if rule.terms.frequency is not Frequency.TICK:
        return look(PLAIN, rule, seen)
    known = seen.again.get(rule.id)
    if known is None:
        known = _open_ideas(rule, seen) if type(rule.terms) is IdeaRisk else look(PLAIN, rule, seen)
        seen.again[rule.id] = known
    return known


# --- one function for each kind of term ---


def _exposure(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    assert isinstance(rule.terms, ExposureLimit)
    held = seen.held
    if rule.terms.quantity is Quantity.MARGIN:
        held = with_margins(calc, seen.account, held, seen.board, seen.now.value, seen.rate_age_max_us)
    elif rule.terms.quantity is Quantity.NOTIONAL:
        held = with_notionals(seen.account, held, seen.board)
    return judge_exposure_limit(calc, rule, held, seen.trades(Scope.DAY), seen.today, seen.marks)


def _idea(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    allowed = _idea_allowed(calc, rule, seen)
    if calc is not PLAIN:
        return tuple(judge_idea(calc, rule, allowed, _idea_now(places, seen)) for places in _ideas(rule, seen))
    known = seen.over.get(rule.id, {})
    over: dict[str, IdeaOver] = {}
    answers = []
    for places in _ideas(rule, seen):
        subject, held, closed = places
        parts, answer = known.get(subject, _NOT_OVER)
        if held or answer is None or parts != closed:
            answer = judge_idea(PLAIN, rule, allowed, _idea_now(places, seen))
        answers.append(answer)
        if not held:
            over[subject] = (closed, answer)
    seen.over[rule.id] = over
    return tuple(answers)


def _open_ideas(rule: Rule, seen: Glance) -> Answers:
    allowed, ideas = _idea_allowed(PLAIN, rule, seen), _ideas(rule, seen)
    return tuple(judge_idea(PLAIN, rule, allowed, _idea_now(places, seen)) for places in ideas if places[1])


def _ideas(rule: Rule, seen: Glance) -> tuple[IdeaPlaces, ...]:
    assert isinstance(rule.terms, IdeaRisk)
    known = seen.ideas.get(rule.id)
    if known is None:
        places = {held.position_id: place for place, held in enumerate(seen.held)}
        known = seen.ideas[rule.id] = tuple(
            [
                (idea.subject, [places[held.position_id] for held in idea.held] if idea.held else [], idea.closed)
                for idea in ideas_of(rule.terms, seen.held, seen.account.track.trades)
            ]
        )
    return known


def _idea_now(idea: IdeaPlaces, seen: Glance) -> Idea:
    subject, places, closed = idea
    return Idea(subject, [seen.held[place] for place in places], closed)


def _idea_allowed(calc: Arithmetic, rule: Rule, seen: Glance) -> int:
    assert isinstance(rule.terms, IdeaRisk)
    names = ("risk of an idea", "allowed risk of an idea")
    return rounded_down(Sums(calc, seen.account), rule, rule.terms.amount, "amount", names)


def _stop_loss(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    assert isinstance(rule.terms, StopLossRequired)
    allowed = None
    if rule.terms.risk_max is not None:
        names = ("loss at a stop", "allowed loss at a stop")
        allowed = rounded_down(Sums(calc, seen.account), rule, rule.terms.risk_max, "risk_max", names)
    return judge_stop_loss_required(calc, rule, allowed, seen.held, seen.now)


def _risk_reward(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return judge_risk_reward(calc, rule, seen.held)


def _holding(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    items: tuple[HeldPosition | OrderWaiting, ...] = (*seen.held, *seen.account.track.orders)
    assert isinstance(rule.terms, HoldingLimit)
    specs, adopted = seen.board.specs, seen.market_days.get(rule.terms.calendar or "")
    return tuple(
        judge_holding_limit(calc, rule, item, _closed_by(adopted, specs[item.symbol], seen.now.value), 0, seen.now)
        for item in items
        if item.symbol in specs
    )


def _closed_by(adopted: MarketDaysAdopted | None, spec: SymbolSpec, now_us: int) -> SymbolSpec:
    """A symbol that rests on the days of the rule's calendar as well."""
    return spec if adopted is None else adopted.days.closing_near(spec, now_us)


def _hours(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return tuple(judge_trading_hours(calc, rule, one) for one in openings_of(seen.held))


def _duration(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    assert isinstance(rule.terms, TradeDuration)
    return judge_trade_duration(calc, rule, seen.trades(rule.terms.per))


def _lot_range(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    assert isinstance(rule.terms, LotConsistency)
    track, since_us = seen.account.track, since(seen.account, rule.terms.per)
    return (judge_lot_consistency(calc, rule, track.trades, seen.held, since_us),)


def _hedging(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return judge_hedging(calc, rule, seen.held)


def _grid(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return judge_grid(calc, rule, seen.held)


def _martingale(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return judge_martingale(calc, rule, seen.held, seen.account.track.trades)


def _one_sided(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    assert isinstance(rule.terms, OneSided)
    return (judge_one_sided(calc, rule, seen.trades(rule.terms.per)),)


def _high_frequency(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return (judge_high_frequency(calc, rule, [one.at_us for one in seen.account.track.openings]),)


def _excursion(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    return judge_adverse_excursion(calc, rule, seen.held, seen.marks)


def _share(calc: Arithmetic, rule: Rule, seen: Glance) -> Answers:
    equity = seen.marks.equity if equity_targets(seen.account.ruleset) else None
    return (judge_consistency_limit(calc, rule, seen.account, Moment(seen.now.value, equity)),)


LOOKS: Mapping[type[RuleTerm], Callable[[Arithmetic, Rule, Glance], Answers]] = {
    ExposureLimit: _exposure,
    IdeaRisk: _idea,
    StopLossRequired: _stop_loss,
    RiskReward: _risk_reward,
    HoldingLimit: _holding,
    TradingHours: _hours,
    TradeDuration: _duration,
    LotConsistency: _lot_range,
    Hedging: _hedging,
    Grid: _grid,
    Martingale: _martingale,
    OneSided: _one_sided,
    HighFrequency: _high_frequency,
    AdverseExcursion: _excursion,
    Consistency: _share,
}
"""What is looked at as things happen on an account. News and automation are looked at with each deed, payout and lifecycle terms when
somebody asks, what several accounts may have together by their trader's desk."""


def slack(seen: Glance) -> int | None:
    """How much equity may fall before a price can break one of these rules, in minor units; None: no price can.

    No position of an account falls by more than all its legs do together at their worst, and bands hold that below the slack. Less than
    nothing where one is broken already and was not acted on: it is looked at with whatever price comes next.
    """
    rules = rules_looked_at(seen.account.ruleset, Frequency.TICK)
    answers = [(rule, answer) for rule in rules for answer in look_again(rule, seen)]
    if any(answer.is_broken and _is_unheard(seen.account, rule, answer) for rule, answer in answers):
        return -1
    return min(
        (answer.limit - answer.observed for _, answer in answers if answer.verdict is Verdict.KEPT), default=None
    )


def _is_unheard(account: AccountState, rule: Rule, answer: Judged) -> bool:
    """Whether nobody was told of a breach yet, nor is it let off: of an account that goes on after its end, and was not looked at since."""
    track, who = account.track, (rule.id, answer.subject)
    if rule.id in account.waived or any(one.rule == rule.id and one.doubts for one in account.findings):
        return False
    is_known = any((one.rule, one.subject) == who for one in track.broken)
    return not is_known and not any((one.rule, one.subject) == who for one in track.let_off)
