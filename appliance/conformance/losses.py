"""Losses: vectors about daily and maximum loss, held against an account of ours that is led by the ledger's own rows.

A vector tells balance and equity and no positions: a balance is brought by a deal that leaves nothing open, and the equity is what prices
would have shown.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from appliance.conformance.objective_days import calendar_of
from appliance.conformance.units import amount_of, bp_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.account import AccountState, with_price_peak
from firm.account_fold import fold, opened
from firm.arithmetic import PLAIN
from firm.facts import AccountOpened, DayOpened, DealBooked, Fact, HighMoved, PayoutBooked
from firm.inputs import Side
from firm.instant import instant_of
from firm.money import Money
from firm.rules.floors import high_after_payout
from firm.rules.limits import Limit, first_broken, limits_of, measured_of
from firm.ruleset import LateBreach, Ruleset
from firm.terms.losses import (
    Checked,
    Effective,
    FloorReaches,
    Lock,
    LossLimit,
    Measured,
    OnPayout,
    Step,
    Trail,
)
from firm.terms.words import (
    Action,
    Amount,
    Anchor,
    BalanceGain,
    Boundary,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    Scope,
    Share,
    ShareOf,
    Trigger,
)
from firm.trading_day import DayLabel, LabelledCalendar, TradingCalendar

BEGINS_US = 1_748_822_400_000_000  # a Monday: what a vector gives no time for begins with a week
_ACCOUNT = 1


class Marked:
    """An account under one loss limit, led from mark to mark. Minor units of a currency with two decimals.

    The first day begins with the initial balance. A limit of the rollover alone is held against the marks of the rollover.
    """

    def __init__(self, limit: LossLimit, initial_minor: int, calendar: TradingCalendar) -> None:
        labelled = calendar if isinstance(calendar, LabelledCalendar) else _by_start(calendar)
        ruleset = Ruleset(
            name="vector", calendar=labelled, late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=False,
            overrides_by_two=False, terms=(limit,),
        )  # fmt: skip
        self._seq = 1
        self.at_us = labelled.day_at(BEGINS_US).start_us
        self.equity = initial_minor
        self.is_broken = False
        fact = AccountOpened(
            trader=0, challenge=0, phase=0, phase_name="", funded=False, bridge="", initial=_money(initial_minor),
            ruleset_id=ruleset.ruleset_id(), ruleset=ruleset,
        )  # fmt: skip
        self.account: AccountState = opened(fact, _ACCOUNT, self._seq, self.at_us)
        self._begin_day(initial_minor, initial_minor)

    @property
    def limit(self) -> Limit:
        [limit] = limits_of(self.account)
        return limit

    @property
    def floor(self) -> int:
        return self.limit.floor

    @property
    def high(self) -> int:
        """What the floor is measured from."""
        return self.limit.begins

    @property
    def balance(self) -> int:
        return self.account.balance

    @property
    def measured(self) -> int:
        return measured_of(PLAIN, self.limit, self.equity, self.balance)

    @property
    def headroom(self) -> int:
        return self.measured - self.floor

    def tick(self, balance: int, equity: int, at_us: int | None = None) -> None:
        """The account stands at these marks. What is stamped before its day began tells nothing of it any more."""
        assert self.account.day is not None
        if at_us is not None and at_us < self.account.day.day.start_us:
            return
        self.at_us = self.at_us + 1 if at_us is None else at_us
        self._book(balance)
        self.equity = equity
        if self.account.trails_every_tick and (self.account.peak is None or equity > self.account.peak.equity):
            self.account = with_price_peak(self.account, equity, self.at_us, ())
        self._judge(at_rollover=False)

    def rollover(self, balance: int, equity: int, at_us: int | None = None) -> None:
        """A day ends at these marks, and the next one begins with them."""
        assert self.account.day is not None
        end_us = self.account.day.day.end_us
        self.at_us = end_us if at_us is None else at_us
        self._book(balance)
        self.equity = equity
        self._judge(at_rollover=True)
        self._begin_day(balance, equity)
        self._judge(at_rollover=False)

    def payout(self, profit: int) -> None:
        """Profit leaves the account, and with it what was priced above the balance stays."""
        self.at_us += 1
        number = len(self.account.track.payouts) + 1
        left, money = self.balance - profit, _money
        self.equity -= profit
        self._fold(
            PayoutBooked(
                cash_id=f"{number}", number=number, profit=money(profit), paid=money(profit), balance=money(left)
            )
        )
        for high in self.account.track.highs:
            after = high_after_payout(self.account, high.key.on_payout, high.minor, profit)
            if after is not None:
                key = high.key
                self._fold(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=money(after)))
        self._move_peak(profit)
        self._judge(at_rollover=False)

    def _move_peak(self, profit: int) -> None:
        peak = self.account.peak
        after = (
            None if peak is None else high_after_payout(self.account, self.limit.terms.on_payout, peak.equity, profit)
        )
        if after is not None:
            self.account = with_price_peak(self.account, after, self.at_us, ())

    def _judge(self, *, at_rollover: bool) -> None:
        found = first_broken((self.limit,), self.equity, self.balance, at_rollover=at_rollover)
        self.is_broken = self.is_broken or found is not None

    def _book(self, balance: int) -> None:
        if balance == self.balance:
            return
        self._fold(
            DealBooked(
                deal_id=f"{self._seq}",
                position_id="",
                symbol="",
                side=Side.BUY,
                lots_e8=0,
                price_open=0,
                swap=_money(0),
                opened_us=self.at_us,
                net=_money(balance - self.balance),
                balance=_money(balance),
            )
        )

    def _begin_day(self, balance: int, equity: int) -> None:
        day = self.account.ruleset.calendar.day_at(self.at_us)
        self._fold(
            DayOpened(
                day=day,
                balance=_money(balance),
                equity=_money(equity),
                positions=(),
                quotes=(),
                provisional=False,
                priced=True,
            )
        )

    def _fold(self, fact: Fact) -> None:
        self._seq += 1
        self.account = fold(self.account, fact, self._seq, self.at_us)


def _by_start(calendar: TradingCalendar) -> LabelledCalendar:
    return LabelledCalendar(zone=calendar.zone, rollover=calendar.rollover, label=DayLabel.START, merged=())


def _money(minor: int) -> Money:
    return Money(minor, "USD", 2)


# --- the vectors ---

_ANCHORS = {"balance": Anchor.BALANCE, "equity": Anchor.EQUITY, "max": Anchor.HIGHER, "min": Anchor.LOWER}
_DAILY_BASES = {"initial": ShareOf.INITIAL, "reference": ShareOf.ANCHOR}
_BASES = {"initial": ShareOf.INITIAL, "hwm": ShareOf.HIGH}
_BOUNDARIES = {"lt": Boundary.CROSSES, "le": Boundary.TOUCHES}
_MEASURES = {"equity": Measured.EQUITY, "balance": Measured.BALANCE, "either": Measured.EITHER, "both": Measured.BOTH}
_DAY_TRAILS = {"none": Trail.STATIC, "intraday_equity": Trail.EVERY_TICK}
_TRAILS = {
    "static": Trail.STATIC,
    "step": Trail.STATIC,
    "closed": Trail.ON_CLOSE,
    "eod": Trail.END_OF_DAY,
    "eod_fixed_buffer": Trail.END_OF_DAY,
    "intraday": Trail.EVERY_TICK,
}
_HIGHS = {"balance": Anchor.BALANCE, "equity": Anchor.EQUITY, "max": Anchor.HIGHER}
_ON_PAYOUT = {
    "none": OnPayout.NONE,
    "hwm_minus_payout": OnPayout.HIGH_LESS_PAYOUT,
    "lock_at_initial": OnPayout.LOCK_AT_INITIAL,
    "floor_to_zero": OnPayout.TO_ZERO,
}
_SEVERITIES = {"hard": Action.FAIL, "pause": Action.PAUSE}
_CHECKS = {None: Checked.EVERY_TICK, "rollover_only": Checked.AT_ROLLOVER}
_EFFECTIVE = {"now": Effective.NOW, "next_session": Effective.NEXT_DAY}
_WORST = {Action.FAIL: "hard", Action.PAUSE: "pause"}


def daily_loss(vector: Vector) -> dict[str, Any]:
    """Marks of one day or more under a daily limit."""
    return _played(vector, daily_limit(vector.params), _calendar(vector.params))


def max_loss(vector: Vector) -> dict[str, Any]:
    """Marks under a limit of the whole phase."""
    return _played(vector, maximum_limit(vector.params), _calendar(vector.params))


def combined_headroom(vector: Vector) -> dict[str, Any]:
    """What may be lost today is what both limits leave."""
    require_known(vector.params, {"daily", "max_loss"})
    daily = vector.params["daily"]
    overall = {"initial": daily["initial"], "breach_when": daily["breach_when"]} | vector.params["max_loss"]
    if "pct" in overall:
        overall["amount"] = {"pct": overall.pop("pct")}
    initial, calendar = minor_of(daily["initial"]), _calendar(daily)
    both = [Marked(limit, initial, calendar) for limit in (daily_limit(daily), maximum_limit(overall))]
    for marked in both:
        for entry in vector.timeline:
            _take(marked, entry)
    least = min(marked.headroom for marked in both)
    return {"permitted_daily": amount_of(least), "permitted_max": amount_of(both[1].headroom)}


FAMILIES: dict[str, Callable[[Vector], dict[str, Any]]] = {
    "daily_loss": daily_loss,
    "personal_daily_loss": daily_loss,
    "max_loss": max_loss,
    "combined_headroom": combined_headroom,
}


def _played(vector: Vector, limit: LossLimit, calendar: TradingCalendar) -> dict[str, Any]:
    marked = Marked(limit, minor_of(vector.params["initial"]), calendar)
    checks, opened_with = [], marked.headroom
    for place, entry in enumerate(vector.timeline):
        _take(marked, entry)
        opened_with = marked.headroom if entry["ev"] == "rollover" else opened_with
        checks.append({"i": place, **_standing(marked)})
    asked = {check["i"] for check in vector.expect.get("checks", ())}
    does = limit.on_breach[0]
    assert isinstance(does, Action)
    return {
        "checks": [check for check in checks if check["i"] in asked],
        "floor": amount_of(marked.floor),
        "amount": amount_of(marked.high - marked.floor),
        "budget_at_open": amount_of(opened_with),
        "permitted_loss_at_last": amount_of(marked.balance - marked.floor),
        "account_failed": marked.is_broken and does is Action.FAIL,
        "sticky": does is Action.FAIL,
        "on_breach": _WORST[does],
    }


def _standing(marked: Marked) -> dict[str, Any]:
    return {
        "floor": amount_of(marked.floor),
        "headroom": amount_of(marked.headroom),
        "permitted_loss": amount_of(marked.balance - marked.floor),  # open and closed losses together, from the balance
        "breached": marked.is_broken,
    }


def _take(marked: Marked, entry: dict[str, Any]) -> None:
    at_us = instant_of(datetime.fromisoformat(entry["t"])) if "t" in entry else None
    marks = minor_of(entry["balance"]), minor_of(entry.get("equity", entry["balance"]))
    match entry["ev"]:
        case "tick":
            marked.tick(*marks, at_us)
        case "rollover":
            marked.rollover(*marks, at_us)
        case unknown:
            raise CannotExpress(f"no event is {unknown}")


def _calendar(params: dict[str, Any]) -> TradingCalendar:
    """Rollovers that only the timeline tells are those of UTC."""
    tz = params.get("tz", "UTC")
    return calendar_of("UTC" if tz == "server" else tz, params.get("rollover", "00:00"))


# --- the terms ---


def daily_limit(params: dict[str, Any]) -> LossLimit:
    """A loss limit by day from the vocabulary's parameters."""
    require_known(
        params,
        {"kind", "amount", "amount_base", "anchor", "breach_when", "initial", "measure", "rollover", "severity", "step_up",
         "trail", "tz"},
    )  # fmt: skip
    return _limit(
        scope=Scope.DAY,
        amount=_amount(params["amount"], _daily_base(params)),
        anchor=_ANCHORS[params["anchor"]],
        trail=_DAY_TRAILS[params.get("trail", "none")],
        high=Anchor.EQUITY,
        steps=_step_up(params),
        measured=_MEASURES[params.get("measure", "equity")],
        boundary=_BOUNDARIES[params["breach_when"]],
        does=_SEVERITIES[params.get("severity", "hard")],
    )


def _daily_base(params: dict[str, Any]) -> ShareOf:
    """What is measured from: where the floor follows the day's high, that high."""
    base = _DAILY_BASES[params.get("amount_base", "initial")]
    return ShareOf.HIGH if base is ShareOf.ANCHOR and params.get("trail") == "intraday_equity" else base


def maximum_limit(params: dict[str, Any]) -> LossLimit:
    """A loss limit of the phase from the vocabulary's parameters."""
    require_known(
        params,
        {"kind", "amount", "amount_base", "breach_when", "check", "hwm", "initial", "lock_at_offset", "lock_trigger", "mode",
         "on_payout", "start", "then", "trigger"},
    )  # fmt: skip
    base = _BASES[params.get("amount_base", "initial")]
    return _limit(
        scope=Scope.PHASE,
        amount=_amount(params.get("amount", params.get("start", {})), base),
        anchor=Anchor.INITIAL,
        trail=_TRAILS[params["mode"]],
        high=_HIGHS[params.get("hwm", "balance")],
        lock=_lock(params),
        steps=_later(params),
        checked=_CHECKS[params.get("check")],
        boundary=_BOUNDARIES[params["breach_when"]],
        on_payout=_ON_PAYOUT[params.get("on_payout", "none")],
        does=Action.FAIL,
    )


def _limit(
    *,
    scope: Scope,
    amount: Amount,
    anchor: Anchor,
    trail: Trail,
    high: Anchor,
    boundary: Boundary,
    does: Action,
    lock: Lock | None = None,
    steps: tuple[Step, ...] = (),
    checked: Checked = Checked.EVERY_TICK,
    measured: Measured = Measured.EQUITY,
    on_payout: OnPayout = OnPayout.NONE,
) -> LossLimit:
    return LossLimit(
        id="loss", scope=scope, amount=amount, anchor=anchor, trail=trail, high=high, lock=lock, steps=steps, checked=checked,
        measured=measured, boundary=boundary, on_payout=on_payout, warn_at_bp=(), on_breach=(does,), strikes_within=Scope.PHASE,
    )  # fmt: skip


def _amount(amount: dict[str, Any], of: ShareOf) -> Amount:
    match amount:
        case {"abs": number}:
            return Fixed(minor=minor_of(number))
        case {"pct": percentage}:
            return Share(bp=bp_of(percentage), of=of)
        case _:
            raise CannotExpress(f"no amount is {amount}")


def _step_up(params: dict[str, Any]) -> tuple[Step, ...]:
    """From a balance at a day's end on, another amount."""
    if "step_up" not in params:
        return ()
    step = params["step_up"]
    gain = Fixed(minor=minor_of(step["when_eod_balance_ge"]) - minor_of(params["initial"]))
    return (Step(when=EndOfDayBalance(gain=gain), amount=_amount(step, ShareOf.INITIAL),
                 effective=_EFFECTIVE[step.get("effective", "now")]),)  # fmt: skip


def _later(params: dict[str, Any]) -> tuple[Step, ...]:
    """Once so much was gained, another share of the initial balance."""
    if "then" not in params:
        return ()
    then = Share(bp=bp_of(params["then"]["pct_of_initial"]), of=ShareOf.INITIAL)
    return (Step(when=_trigger(params["trigger"]), amount=then, effective=Effective.NOW),)


def _lock(params: dict[str, Any]) -> Lock | None:
    trigger, offset = params.get("lock_trigger"), params.get("lock_at_offset")
    if trigger is None and offset is None:
        return None
    level = Fixed(minor=minor_of(Decimal(0) if offset is None else offset))
    return Lock(offset=level, trigger=FloorReaches() if trigger is None else _trigger(trigger), permanent=False)


def _trigger(trigger: dict[str, Any]) -> Trigger:
    match trigger:
        case {"balance_gain_pct": percentage} | {"profit_pct": percentage}:
            return BalanceGain(gain=Share(bp=bp_of(percentage), of=ShareOf.INITIAL))
        case {"equity_gain_pct": percentage}:
            return EquityGain(gain=Share(bp=bp_of(percentage), of=ShareOf.INITIAL))
        case _:
            raise CannotExpress(f"nothing is triggered by {trigger}")
