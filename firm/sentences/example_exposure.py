"""Example of exposure: how much may be held, how much one idea may lose, and where stops must stand, to the last step that is allowed."""

from collections.abc import Callable, Iterator

from firm.arithmetic import PLAIN
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.across_accounts import AccountOfTrader, judge_across_accounts
from firm.rules.amounts import Sums, rounded_down
from firm.rules.exposure import judge_exposure_limit
from firm.rules.figures import Marks
from firm.rules.ideas import judge_idea_risk
from firm.rules.protection import judge_risk_reward, judge_stop_loss_required
from firm.sentences.example_edge import (
    BEGINS_US,
    LOTS_STEP_E8,
    MANY,
    SYMBOL,
    Case,
    edge_told,
    held,
    nothing_broken,
    rising,
    told,
    trade,
)
from firm.sentences.speaker import Speaker
from firm.terms.exposure import (
    AccountsTogether,
    AcrossAccounts,
    CountedOver,
    ExposureLimit,
    IdeaMeasure,
    IdeaRisk,
    Quantity,
    RiskReward,
    StopLossRequired,
)
from firm.terms.words import BP_WHOLE, Amount
from firm.track import DayResult, HeldPosition

_IN_DAY = (CountedOver.OPENED_IN_DAY, CountedOver.OPENED_IN_DAY_AND_CARRIED)
_TARGET_POINTS = 1_000


def exposure_limit(case: Case, term: ExposureLimit) -> Iterator[str]:
    size = max(1, case.size // BP_WHOLE) * BP_WHOLE  # of which a hundredth of a percent is a whole number
    symbol = term.symbols[0] if term.symbols else SYMBOL
    unpriced = term.quantity in (Quantity.NOTIONAL, Quantity.MARGIN)
    marks = Marks(told(size), told(size), told(0))

    def is_kept(amount: int) -> bool:
        book, opened = _book(term, amount, symbol, size)
        return nothing_broken(judge_exposure_limit(PLAIN, case.rule, book, (), opened, marks))

    if unpriced and term.counted in _IN_DAY:
        return  # what was opened in a day and closed again has no such figure: the rule is silent about it
    if term.quantity is Quantity.POSITIONS and term.counted is CountedOver.EACH_POSITION:
        return  # a position by itself is one
    step, highest, figure = _measured(term, case.say)
    yield from edge_told(case.say, "edge", case.say("example.what.exposure"), rising(is_kept, highest, step), figure)


def _measured(term: ExposureLimit, say: Speaker) -> tuple[int, int, Callable[[int], str]]:
    """The step, the highest figure looked at, and how it is told."""
    highest = 2 * term.limit + 10
    match term.quantity:
        case Quantity.LOTS:
            return LOTS_STEP_E8, highest + 2 * LOTS_STEP_E8, say.lots
        case Quantity.POSITIONS:
            return 1, min(highest, MANY), lambda count: say("exposure_limit.quantity.positions", positions=count)
        case Quantity.NOTIONAL | Quantity.MARGIN:
            return 1, highest, say.percent


def _book(term: ExposureLimit, amount: int, symbol: str, size: int) -> tuple[list[HeldPosition], DayResult]:
    """What is held, and what was opened today."""
    start = DayResult("", BEGINS_US)
    match term.quantity:
        case Quantity.LOTS:
            book = [held(lots_e8=amount, symbol=symbol)] if amount else []
            return book, DayResult("", BEGINS_US, lots_opened_e8=amount)
        case Quantity.POSITIONS:
            return [held(number, symbol=symbol) for number in range(amount)], start
        case Quantity.NOTIONAL | Quantity.MARGIN:
            return [held(share_minor=size // BP_WHOLE * amount, symbol=symbol)], start


def idea_risk(case: Case, term: IdeaRisk) -> Iterator[str]:
    allowed = _granted(case, "amount", term.amount)

    def is_kept(risk: int) -> bool:
        match term.measured:
            case IdeaMeasure.LOSS:
                answers = judge_idea_risk(PLAIN, case.rule, allowed, (), [trade(net=-risk)])
            case IdeaMeasure.ADVERSE_EXCURSION:
                answers = judge_idea_risk(PLAIN, case.rule, allowed, [held(floating=-risk)], ())
            case IdeaMeasure.STOP_DISTANCE:
                answers = judge_idea_risk(PLAIN, case.rule, allowed, [held(stop=1, stop_risk=risk)], ())
        return nothing_broken(answers)

    say = case.say
    yield say("example.account", size=say.money(case.size))
    what = say(f"example.what.idea.{term.measured}")
    yield from edge_told(say, "edge", what, rising(is_kept, 2 * allowed + 2), say.money)


def stop_loss_required(case: Case, term: StopLossRequired) -> Iterator[str]:
    say = case.say

    def is_kept(seconds: int) -> bool:
        now = told(BEGINS_US + seconds * SECOND_US)
        return nothing_broken(judge_stop_loss_required(PLAIN, case.rule, None, [held()], now))

    edge = rising(is_kept, 2 * term.within_s + 2)
    yield from edge_told(say, "edge", say("example.what.without_stop"), edge, say.seconds)
    if edge is None and not is_kept(0):
        yield say("example.stop_at_once")
    if term.risk_max is None:
        return
    allowed = _granted(case, "risk_max", term.risk_max)

    def is_near_enough(risk: int) -> bool:
        book = [held(stop=1, stop_risk=risk)]
        return nothing_broken(judge_stop_loss_required(PLAIN, case.rule, allowed, book, told(BEGINS_US)))

    what = say("example.what.idea.stop_distance")
    yield from edge_told(say, "edge", what, rising(is_near_enough, 2 * allowed + 2), say.money)


def risk_reward(case: Case, term: RiskReward) -> Iterator[str]:
    price, say = 10**9, case.say

    def is_kept(points: int) -> bool:
        book = [held(price=price, stop=price - points, target=price + _TARGET_POINTS)]
        return nothing_broken(judge_risk_reward(PLAIN, case.rule, book))

    highest = 2 * term.stop_to_target_max_bp * _TARGET_POINTS // BP_WHOLE + 2
    what = say("example.what.stop_points", target=_TARGET_POINTS)
    yield from edge_told(say, "edge", what, rising(is_kept, highest), lambda points: say("word.count", number=points))


def across_accounts(case: Case, term: AcrossAccounts) -> Iterator[str]:
    say = case.say

    def is_kept(amount: int) -> bool:
        return nothing_broken(judge_across_accounts(PLAIN, case.rule, "", _accounts(term.measured, amount)))

    step, figure = _together(term.measured, say)
    highest = min(2 * term.limit, MANY) if term.measured is AccountsTogether.ACCOUNTS else 2 * term.limit
    edge = rising(is_kept, highest + 2 * step, step)
    yield from edge_told(say, "edge", say(f"example.what.across.{term.measured}"), edge, figure)


def _together(measured: AccountsTogether, say: Speaker) -> tuple[int, Callable[[int], str]]:
    match measured:
        case AccountsTogether.ALLOCATION:
            return 1, say.money
        case AccountsTogether.ACCOUNTS:
            return 1, lambda count: say("word.count", number=count)
        case AccountsTogether.LOTS | AccountsTogether.OPPOSITE_POSITIONS:
            return LOTS_STEP_E8, say.lots


def _accounts(measured: AccountsTogether, amount: int) -> list[AccountOfTrader]:
    """Two accounts that have so much together, or so many of them."""

    def one(number: int, size: int, *positions: HeldPosition) -> AccountOfTrader:
        return AccountOfTrader(str(number), "", True, told(size), positions)

    match measured:
        case AccountsTogether.ALLOCATION:
            return [one(1, amount // 2), one(2, amount - amount // 2)]
        case AccountsTogether.ACCOUNTS:
            return [one(number, 1) for number in range(amount)]
        case AccountsTogether.LOTS:
            return [one(1, 1, held(1, lots_e8=amount)), one(2, 1)]
        case AccountsTogether.OPPOSITE_POSITIONS:
            return [one(1, 1, held(1, lots_e8=amount)), one(2, 1, held(2, side=Side.SELL, lots_e8=amount))]


def _granted(case: Case, path: str, amount: Amount) -> int:
    """An amount of the term in minor units."""
    return int(rounded_down(Sums(PLAIN, case.account), case.rule, amount, path, (path, path)))
