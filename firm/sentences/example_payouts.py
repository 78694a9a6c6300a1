"""Example of payouts: when one may be asked for, how much it may be, and what of it is whose."""

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from firm.arithmetic import PLAIN
from firm.instant import DAY_US, SECOND_US, datetime_of
from firm.rules.judged import Unit, Verdict, met
from firm.rules.payout_amounts import Funds, judge_payout_amount, withdrawable
from firm.rules.payout_eligibility import (
    PayoutClocks,
    PayoutRequest,
    is_eligible,
    judge_payout_conditions,
    judge_payout_cycle,
    judge_payout_schedule,
    next_payout_us,
)
from firm.rules.payout_extras import (
    BonusGrounds,
    bonus_rounded_down,
    fee_refund_rounded_down,
    inside_buffer_rounded_down,
    judge_salvage,
    salvage_rounded_down,
)
from firm.rules.profit_split import trader_share_rounded_down
from firm.sentences.example_edge import BEGINS_US, MANY, Case, Edge, edge_told, falling, rising, told
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    FeeRefund,
    InsideBuffer,
    PayoutAmount,
    PayoutConditions,
    PayoutCycle,
    PayoutSchedule,
    ProfitSplit,
    Salvage,
)

_FEE_MINOR = 10_000
_YEARS_S = 400 * 366 * 86_400
_BEGAN = told(BEGINS_US)


def payout_schedule(case: Case, term: PayoutSchedule) -> Iterator[str]:
    """The first instant at which an account may ask that was opened and first traded on the Monday, and the second before it."""
    clocks = PayoutClocks(assigned=_BEGAN, first_trade=_BEGAN, last_payout=None, first_trade_after_payout=None)
    calendar = case.account.ruleset.calendar
    opens_us = next_payout_us(term, clocks, calendar, BEGINS_US)
    if opens_us is None:
        return

    def is_open(at_us: int) -> bool:
        return is_eligible(judge_payout_schedule(PLAIN, case.rule, clocks, calendar, at_us))

    assert is_open(opens_us), f"term {term.id} is not open when it says so"
    before_us = opens_us - SECOND_US
    if before_us < BEGINS_US or is_open(before_us):  # it is open from the first instant on
        moment, what = _in_zone(case, "example.what.first_payout")
        yield case.say("example.result", what=what, result=moment(opens_us))
    else:
        yield from _when(case, "example.what.first_payout", Edge(opens_us, before_us))


def payout_cycle(case: Case, term: PayoutCycle) -> Iterator[str]:
    calendar = case.account.ruleset.calendar

    def is_over(seconds: int) -> bool:
        now_us = BEGINS_US + seconds * SECOND_US
        return judge_payout_cycle(PLAIN, case.rule, _BEGAN, calendar, now_us).verdict is Verdict.MET

    edge = falling(is_over, min((2 * term.days + 7) * 86_400, _YEARS_S))
    if edge is not None:
        good_us, bad_us = (BEGINS_US + seconds * SECOND_US for seconds in edge)
        yield from _when(case, "example.what.cycle", Edge(good_us, bad_us))


def _when(case: Case, what: str, edge: Edge) -> Iterator[str]:
    moment, told_what = _in_zone(case, what)
    yield from edge_told(case.say, "when", told_what, edge, moment)


def _in_zone(case: Case, what: str) -> tuple[Callable[[int], str], str]:
    """How an instant is written in the zone of the account's days, and `what` with it."""
    calendar = case.account.ruleset.calendar

    def moment(at_us: int) -> str:
        local = datetime_of(at_us).astimezone(ZoneInfo(calendar.zone))
        return case.say.name(f"{local:%Y-%m-%d %H:%M:%S}")

    return moment, case.say(what, day=moment(BEGINS_US), zone=case.say.name(calendar.zone))


def payout_conditions(case: Case, term: PayoutConditions) -> Iterator[str]:
    """The amounts that are asked, and whether a position or an order may be open. Other terms that it needs have examples of their own."""
    say, size = case.say, case.size
    most, loss = 100 * size, size // 20
    needs = dict.fromkeys(term.needs, met(0, 0, Unit.COUNT, is_met=True))

    def may_ask(profit: int = most, share: int = most, positions: int = 0, orders: int = 0) -> bool:
        request = PayoutRequest(
            initial=told(size), positions=positions, orders=orders, is_identity_confirmed=True, profit=told(profit),
            trader_share=told(share), loss_allowed=None if term.share_of is None else told(loss),
        )  # fmt: skip
        return is_eligible(judge_payout_conditions(PLAIN, case.rule, request, needs))

    if term.profit_min is not None:
        edge = falling(lambda minor: may_ask(profit=minor), most)
        yield from edge_told(say, "enough", say("example.what.payout.profit"), edge, say.money)
    if term.trader_share_min is not None:
        what = say("example.what.payout.share")
        if term.share_of is not None:
            what = say("example.what.payout.share_of", loss=say.money(loss))
        edge = falling(lambda minor: may_ask(share=minor), most)
        yield from edge_told(say, "enough", what, edge, say.money)
    for name, allows in (
        ("positions", lambda count: may_ask(positions=count)),
        ("orders", lambda count: may_ask(orders=count)),
    ):
        what = say(f"example.what.payout.{name}")
        yield from edge_told(say, "allowed", what, rising(allows, 2), lambda count: say("word.count", number=count))


def payout_amount(case: Case, term: PayoutAmount) -> Iterator[str]:
    """Of an account with a tenth of its size as profit."""
    profit, start = case.size // 10, told(case.size)
    balance = told(case.size + profit)
    loss = None if term.buffer_plus_drawdown is None else told(case.size // 20)
    funds = Funds(initial=start, start=start, balance=balance, equity=balance, payouts=(), loss_allowed=loss)
    most = withdrawable(PLAIN, case.rule, funds).most

    def may_be(asked: int) -> bool:
        return is_eligible(judge_payout_amount(PLAIN, case.rule, asked, most))

    say = case.say
    what = say("example.what.payout.of_profit", profit=say.money(profit), size=say.money(case.size))
    if loss is not None:
        what = say("example.what.payout.above_drawdown", payout=what, loss=say.money(loss.value))
    if not may_be(most):
        yield say("example.none", what=what)
        return
    yield from edge_told(say, "allowed", what, Edge(most, most + 1) if not may_be(most + 1) else None, say.money)
    if not may_be(0):
        least = falling(lambda asked: not _is_too_little(case, asked), most)
        yield from edge_told(say, "enough", what, least, say.money)


def _is_too_little(case: Case, asked: int) -> bool:
    """Whether a payout is less than is paid at all, however much may leave."""
    return not is_eligible(judge_payout_amount(PLAIN, case.rule, asked, asked))


def profit_split(case: Case, _: ProfitSplit) -> Iterator[str]:
    """The first payout of an account that made a tenth of its size."""
    profit = case.size // 10
    share = trader_share_rounded_down(PLAIN, case.rule, profit, (), ())
    yield from _result(case, "split", share, profit=case.say.money(profit))


def _result(case: Case, name: str, minor: int, **words: str | int) -> Iterator[str]:
    what = case.say(f"example.what.result.{name}", **words)
    yield case.say("example.result", what=what, result=case.say.money(minor))


def fee_refund(case: Case, term: FeeRefund) -> Iterator[str]:
    """What comes back of a fee with the payout that is named, and with the one after it."""
    for number in (term.with_payout, term.with_payout + 1):
        back = fee_refund_rounded_down(PLAIN, case.rule, number, told(_FEE_MINOR), ())
        yield from _result(case, "refund", back, fee=case.say.money(_FEE_MINOR), number=number)


def bonus(case: Case, term: Bonus) -> Iterator[str]:
    """How much, or how many payouts, it takes; and what it brings then."""
    say, paid = case.say, case.size // 100

    def brings(earned: int) -> int:
        by_payouts = term.earned_by is BonusFor.LOYALTY
        money = told(paid if by_payouts else earned)
        grounds = BonusGrounds(
            initial=told(case.size), number=told(earned if by_payouts else 1), paid=told(paid), profit=money,
            withdrawn=money, targets=told(paid),
        )  # fmt: skip
        return int(bonus_rounded_down(PLAIN, case.rule, grounds))

    by_payouts = term.earned_by is BonusFor.LOYALTY
    figure: Callable[[int], str] = say.money
    if by_payouts:
        figure = lambda number: say("word.count", number=number)  # noqa: E731
    edge = falling(lambda earned: brings(earned) > 0, MANY if by_payouts else 100 * case.size)
    if edge is None:
        return
    yield from edge_told(say, "enough", say(f"example.what.bonus.{term.earned_by}"), edge, figure)
    of = "targets" if term.earned_by is BonusFor.CHALLENGE_PROFIT else "payout"
    yield from _result(case, f"bonus_of_{of}", brings(edge.good), amount=say.money(paid))


def inside_buffer(case: Case, term: InsideBuffer) -> Iterator[str]:
    """What is paid of a profit inside the buffer on the last day of a younger account, and on the first of an older one."""
    inside = case.size // 100
    for age in (term.days - 1, term.days):
        paid = inside_buffer_rounded_down(PLAIN, case.rule, told(inside), told(age))
        yield from _result(case, "inside", paid, profit=case.say.money(inside), age=case.say("time.days", number=age))


def salvage(case: Case, term: Salvage) -> Iterator[str]:
    """How long a claim is in time after the breach, and what is paid of a tenth of the size."""
    say, start, profit = case.say, told(case.size), case.size // 10

    def is_in_time(days: int) -> bool:
        now_us = BEGINS_US + days * DAY_US
        answers = judge_salvage(PLAIN, case.rule, term.after[0], _BEGAN, now_us, start, ())
        return is_eligible(answers)

    def claimed(days: int) -> str:
        return say("time.days", number=days)

    yield from edge_told(
        say, "allowed", say("example.what.claim"), rising(is_in_time, 2 * term.claim_days + 2), claimed
    )
    paid = salvage_rounded_down(PLAIN, case.rule, told(case.size + profit), start)
    yield from _result(case, "salvage", paid, profit=say.money(profit))
