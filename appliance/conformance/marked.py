"""Marked: an account under one loss limit that is led from mark to mark by the ledger's own rows.

A vector tells balance and equity and no positions: a balance is brought by a deal that leaves nothing open, and the equity is what prices
would have shown.
"""

from firm.account import AccountState, with_price_peak
from firm.account_fold import fold, opened
from firm.arithmetic import PLAIN
from firm.facts import AccountOpened, DayOpened, DealBooked, Fact, HighMoved, PayoutBooked
from firm.inputs import Side
from firm.money import Money
from firm.rules.floors import high_after_payout
from firm.rules.limits import Limit, first_broken, limits_of, measured_of
from firm.ruleset import LateBreach, Ruleset
from firm.terms.losses import LossLimit
from firm.terms.union import Term
from firm.trading_day import DayLabel, LabelledCalendar, TradingCalendar

BEGINS_US = 1_748_822_400_000_000  # a Monday: what a vector gives no time for begins with a week
_ACCOUNT = 1


class Marked:
    """An account under one loss limit, led from mark to mark. Minor units of a currency with two decimals.

    The first day begins with the initial balance. `others`: what the ruleset has besides. A limit of the rollover alone is held against the
    marks of the rollover.
    """

    def __init__(
        self, limit: LossLimit, initial_minor: int, calendar: TradingCalendar, *others: Term, begins_us: int = BEGINS_US
    ) -> None:
        labelled = calendar if isinstance(calendar, LabelledCalendar) else _by_start(calendar)
        ruleset = Ruleset(
            name="vector", calendar=labelled, late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=False,
            overrides_by_two=False, terms=(limit, *others),
        )  # fmt: skip
        self._seq = 1
        self.at_us = labelled.day_at(begins_us).start_us
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
