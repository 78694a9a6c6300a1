"""Marked: an account under one loss limit that is led from mark to mark, for vectors that tell balance and equity and no positions."""

from appliance.conformance.led import Led
from firm.account import with_price_peak
from firm.arithmetic import PLAIN
from firm.facts import HighMoved
from firm.money import Money
from firm.rules.floors import high_after_payout, highs_before_payout
from firm.rules.limits import Limit, first_broken, limits_of, measured_of
from firm.ruleset import LateBreach, Ruleset
from firm.terms.losses import LossLimit
from firm.terms.union import Term
from firm.trading_day import DayLabel, LabelledCalendar, TradingCalendar

BEGINS_US = 1_748_822_400_000_000  # a Monday: what a vector gives no time for begins with a week


class Marked(Led):
    """An account under one loss limit, led from mark to mark. Minor units of a currency with two decimals.

    `others`: what the ruleset has besides. A limit of the rollover alone is held against the marks of the rollover.
    """

    def __init__(
        self, limit: LossLimit, initial_minor: int, calendar: TradingCalendar, *others: Term, begins_us: int = BEGINS_US
    ) -> None:
        labelled = calendar if isinstance(calendar, LabelledCalendar) else _by_start(calendar)
        ruleset = Ruleset(
            name="vector", calendar=labelled, late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=False,
            overrides_by_two=False, terms=(limit, *others),
        )  # fmt: skip
        self.is_broken = False
        super().__init__(ruleset, Money(initial_minor, "USD", 2), begins_us)

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
    def measured(self) -> int:
        return measured_of(PLAIN, self.limit, self.equity, self.balance)

    @property
    def headroom(self) -> int:
        return self.measured - self.floor

    def move_peak(self, profit: int) -> None:
        peak = self.account.peak
        after = (
            None if peak is None else high_after_payout(self.account, self.limit.terms.on_payout, peak.equity, profit)
        )
        if after is not None:
            for high, kept in highs_before_payout(self.account):
                key = high.key
                self.fold(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=self.money(kept)))
            self.account = with_price_peak(self.account, after, self.at_us, ())

    def judge(self, *, at_rollover: bool) -> None:
        found = first_broken((self.limit,), self.equity, self.balance, at_rollover=at_rollover)
        self.is_broken = self.is_broken or found is not None


def _by_start(calendar: TradingCalendar) -> LabelledCalendar:
    return LabelledCalendar(zone=calendar.zone, rollover=calendar.rollover, label=DayLabel.START, merged=())
