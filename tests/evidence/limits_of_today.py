"""Loss limits in the words of today, and a week on Ada's account under them: highs, a payout, a position that is held overnight."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from actors.account_verdicts import kind_of
from firm.account import AccountState
from firm.arithmetic import Working
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    CycleStartMoved,
    DayOpened,
    Doubt,
    HighMoved,
    PayoutBooked,
    PeakReached,
    RolloverFloor,
    WeekStartMoved,
)
from firm.inputs import CashKind, CashReported, DealEntry, Side
from firm.instant import DAY_US
from firm.needs import follows_prices, needs_of
from firm.rules.limits import breaks, limits_of, measured_of
from firm.ruleset import AnyRuleset, LateBreach, Ruleset
from firm.terms.losses import Checked, Lock, LossLimit, Measured, OnPayout, Trail
from firm.terms.union import Term
from firm.terms.words import Action, Anchor, Boundary, BySize, Fixed, Scope, Share, ShareOf, SizeAmount, Trigger
from firm.trading_day import DayLabel, LabelledCalendar

LIMIT = LossLimit(
    id="asked", scope=Scope.DAY, amount=Share(bp=500, of=ShareOf.INITIAL), anchor=Anchor.BALANCE, trail=Trail.STATIC,
    high=Anchor.EQUITY, lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES,
    on_payout=OnPayout.NONE, warn_at_bp=(), on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
)  # fmt: skip
PHASE = replace(LIMIT, scope=Scope.PHASE, anchor=Anchor.INITIAL)
BY_SIZE = BySize(table=(SizeAmount(size_minor=50_000_00, minor=1), SizeAmount(size_minor=100_000_00, minor=4_500_00)))
TODAY = Ruleset(
    name="Two-step, phase 1",
    calendar=LabelledCalendar("Europe/Prague", "00:00", label=DayLabel.START, merged=()),
    late_breach=LateBreach.REVIEW,
    await_swap=False,
    failures_reviewed=False,
    overrides_by_two=False,
    terms=(LIMIT,),
)


def gain(minor: int) -> Fixed:
    return Fixed(minor=minor)


def lock(trigger: Any, offset: Share | Fixed | None = None) -> Lock:
    offset = offset or gain(0)
    return Lock(offset=offset, trigger=trigger, permanent=False)


def sold(story: Any, *terms: Term, **of_ruleset: Any) -> None:
    """Both accounts are opened, on a Friday, under these terms."""
    story.both_open(replace(TODAY, terms=terms, **of_ruleset))


@contextmanager
def judging_by(story: Any, *terms: Term) -> Iterator[None]:
    """A firm that judges by other terms than those it sold: its verdicts are right in all but that."""
    honest = story.states[story.ada]
    story.states[story.ada] = replace(honest, ruleset=replace(honest.ruleset, terms=terms))
    yield
    story.states[story.ada] = replace(story.states[story.ada], ruleset=honest.ruleset)


def peak(story: Any, equity: int) -> int:
    """Prices brought a new high, which is written down."""
    state = story.states[story.ada]
    story.clock()
    fact = PeakReached(equity=state.money(equity), balance=state.money(state.balance), at_us=story.at_us, quotes=())
    seq: int = story.add(fact, story.ada)
    return seq


def pay_out(story: Any, minor: int, *, moves: bool = True, told: int = 0, **figures: Any) -> int:
    """A payout leaves the account. `told`: by how much too little a dishonest firm moves the highs; `figures`: what it writes."""
    account, state = story.ada, story.states[story.ada]
    name, after = f"w{story.ledger.size}", state.money(state.balance - minor)
    report = CashReported(
        bridge="sim", seq=1, cash_id=name, cash_kind=CashKind.PAYOUT, amount=state.money(-minor), balance_after=after,
        t_us=story.at_us,
    )  # fmt: skip
    story.report(report, account)
    number, paid = len(state.track.payouts) + 1, state.money(minor * 8 // 10)
    honest = {"number": number, "profit": state.money(minor), "paid": paid, "balance": after}
    seq: int = story.add(PayoutBooked(cash_id=name, **(honest | figures)), account)
    start = state.initial.minor + state.cash_net
    moved = {OnPayout.HIGH_LESS_PAYOUT: lambda high: high - minor, OnPayout.RESET_TO_INITIAL: lambda _: start}
    for high in state.track.highs if moves else ():
        key = high.key
        if key.on_payout in moved:
            stands = state.money(moved[key.on_payout](high.minor) + told)
            story.add(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=stands), account)
    following = limits_following_prices(state.ruleset)
    if moves and following and following[0].on_payout in moved:
        high = state.peak
        stands = moved[following[0].on_payout](high.equity) + told
        balance = state.money(high.balance + stands - high.equity)
        story.add(PeakReached(equity=state.money(stands), balance=balance, at_us=high.at_us, quotes=()), account)
    return seq


def limits_following_prices(ruleset: AnyRuleset) -> list[LossLimit]:
    limits = (rule.terms for rule in ruleset.rules)
    return [terms for terms in limits if isinstance(terms, LossLimit) and follows_prices(terms)]


def moved_week(state: AccountState, minor: int) -> list[WeekStartMoved]:
    """The row by which cash moves what a weekly limit is measured from, where the row of the day does not."""
    week, day = state.track.week, state.day
    if week is None or day is None or not needs_of(state.ruleset).week or (day.final and week.day == day.day):
        return []
    marks = {"balance": state.money(week.balance + minor), "equity": state.money(week.equity + minor)}
    return [WeekStartMoved(day=week.day, **marks, priced=week.priced, was=week.seq)]


def moved_cycle(state: AccountState, minor: int) -> list[CycleStartMoved]:
    """Likewise of a limit of the payout cycle, once one has begun with a payout."""
    cycle, payouts = state.track.cycle, state.track.payouts
    if cycle is None or not needs_of(state.ruleset).cycle:
        return []
    was = int(cycle.source.partition("/")[0])
    return [CycleStartMoved(number=payouts[-1].number, balance=state.money(cycle.value + minor), was=was)]


def end_day_with(story: Any, *, by_deal: bool = False, **floors: int) -> int:
    """The next day begins; `floors`: those with which the one before ended, by rule, of limits that the rollover alone can break.

    `by_deal`: her own deal brings it, so that evidence begins with the day before.
    """
    state = story.states[story.ada]
    story.next_day()
    if by_deal:
        story.report(
            story.deal("p1", "EURUSD", DealEntry.IN, Side.BUY, 100_000_000, 138_702, "0", story.ada), story.ada
        )
    else:
        story.clock()
    checked = tuple(RolloverFloor(rule=rule, floor=state.money(minor)) for rule, minor in floors.items())
    opened = DayOpened(
        day=state.ruleset.calendar.day_at(story.at_us), balance=state.money(state.balance), equity=state.money(state.balance),
        positions=(), quotes=(), provisional=False, priced=True, checked=checked,
    )  # fmt: skip
    seq: int = story.add(opened, story.ada)
    return seq


def judge_rollover(story: Any, doubts: tuple[Doubt, ...] = ()) -> int:
    """The verdict on the marks of a rollover, as the account's desk writes it; only suspected where there are doubts."""
    state, calc = story.states[story.ada], Working()
    limit = next(one for one in limits_of(state) if one.terms.checked is Checked.AT_ROLLOVER)
    day, floor = state.day, dict(state.track.checked)[limit.rule.id]
    equity = calc.given("equity at the rollover", day.equity, "minor", f"{day.seq}/equity/minor")
    balance = calc.given("balance at the rollover", day.balance, "minor", f"{day.seq}/balance/minor")
    ended = calc.given("floor with which the day ended", floor.value, "minor", floor.source)
    observed = measured_of(calc, limit, equity, balance)
    breaks(calc, limit.terms, observed, ended)
    told: dict[str, Any] = {
        "rule": limit.rule.id, "rule_kind": kind_of(limit), "severity": "hard", "floor": state.money(int(ended)),
        "observed": state.money(int(observed)), "at_us": day.day.start_us, "late": False, "reviewed": False, "quotes": (),
        "working": tuple(calc.steps), "does": Action.FAIL,
    }  # fmt: skip
    if doubts:
        told = {name: value for name, value in told.items() if name not in ("reviewed", "does")}
    story.alter(told)
    fact = BreachSuspected(**told, doubts=doubts) if doubts else BreachDeclared(**told)
    seq: int = story.add(fact, story.ada)
    return seq


def a_week(story: Any, *terms: Term, payout: bool = False, result: str = "-30_000.00") -> None:
    """Friday makes 4 000 and Monday 2 000, with a position held since Friday; on Tuesday she is paid, if so, and comes to grief.

    Equity was 107 000 on Friday and 112 000 on Monday. Monday begins at 104 000 with an equity of 106 000, Tuesday at 106 000 and 110 000.
    """
    sold(story, *terms)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702, net="0")
    story.earn(story.ada, "4_000.00")
    peak(story, 107_000_00)
    story.at_us += 3 * DAY_US
    story.price("EURUSD", 139_702, 139_704)
    story.open_day(story.ada)
    story.earn(story.ada, "2_000.00")
    peak(story, 112_000_00)
    story.next_day()
    story.price("EURUSD", 140_702, 140_704)
    story.open_day(story.ada)
    if payout:
        pay_out(story, 1_000_00)
    story.earn(story.ada, result)


def floor_now(story: Any) -> int:
    floor: int = story.states[story.ada].findings[-1].floor
    return floor


def trigger_of(kind: type[Any], minor: int) -> Trigger:
    found: Trigger = kind(gain=gain(minor))
    return found
