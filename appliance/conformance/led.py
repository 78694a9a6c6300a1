"""Led: an account under a ruleset that is led from mark to mark by the ledger's own rows, without prices.

What leads it tells balance and equity: a balance is brought by a deal that leaves nothing open, and the equity is what prices would have
shown. What is judged, and when, is for whoever leads it.
"""

from firm.account import AccountState, with_price_peak
from firm.account_fold import fold, opened
from firm.facts import AccountOpened, DayClosed, DayOpened, DealBooked, DealFigures, Fact, HighMoved, PayoutBooked
from firm.inputs import DealEntry, Side
from firm.money import Money
from firm.rules.floors import high_after_payout
from firm.ruleset import Ruleset

_ACCOUNT = 1


class Led:
    """An account, led from mark to mark. Minor units of its currency. The first day begins with the initial balance."""

    def __init__(self, ruleset: Ruleset, initial: Money, at_us: int) -> None:
        self._initial = initial
        self._seq = 1
        self.at_us = ruleset.calendar.day_at(at_us).start_us
        self.equity = initial.minor
        fact = AccountOpened(
            trader=0, challenge=0, phase=0, phase_name="", funded=False, bridge="", initial=initial,
            ruleset_id=ruleset.ruleset_id(), ruleset=ruleset,
        )  # fmt: skip
        self.account: AccountState = opened(fact, _ACCOUNT, self._seq, self.at_us)
        self._begin_day(initial.minor, initial.minor)

    @property
    def balance(self) -> int:
        return self.account.balance

    @property
    def day_end_us(self) -> int:
        assert self.account.day is not None
        return self.account.day.day.end_us

    def judge(self, *, at_rollover: bool) -> None:
        """The account stands at other marks, or a day ended with them (`at_rollover`)."""

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
        self.judge(at_rollover=False)

    def rollover(self, balance: int, equity: int, at_us: int | None = None) -> None:
        """A day ends at these marks, and the next one begins with them."""
        end_us = self.day_end_us
        self.at_us = end_us if at_us is None else at_us
        self._book(balance)
        self.equity = equity
        self.judge(at_rollover=True)
        self._close_day()
        self._begin_day(balance, equity)
        self.judge(at_rollover=False)

    def payout(self, profit: int) -> None:
        """Profit leaves the account, and with it what was priced above the balance stays."""
        self.at_us += 1
        number = len(self.account.track.payouts) + 1
        left, money = self.balance - profit, self.money
        self.equity -= profit
        self.fold(
            PayoutBooked(
                cash_id=f"{number}", number=number, profit=money(profit), paid=money(profit), balance=money(left)
            )
        )
        for high in self.account.track.highs:
            after = high_after_payout(self.account, high.key.on_payout, high.minor, profit)
            if after is not None:
                key = high.key
                self.fold(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=money(after)))
        self.move_peak(profit)
        self.judge(at_rollover=False)

    def move_peak(self, profit: int) -> None:
        """A payout may bring the high of prices down."""

    def money(self, minor: int) -> Money:
        return self._initial.with_minor(minor)

    def fold(self, fact: Fact) -> int:
        """One more row; its number."""
        self._seq += 1
        self.account = fold(self.account, fact, self._seq, self.at_us)
        return self._seq

    def deal(self, position: str, symbol: str, side: Side, lots_e8: int, price: int, *, opens: bool, net: int) -> None:
        """A deal that opens a position, or closes all or a part of one that is held. `side` is the position's."""
        held = self.account.position(position)
        before = 0 if held is None else held.lots_e8
        left = before + lots_e8 if opens else before - lots_e8
        deal_side = side if opens else Side.SELL if side is Side.BUY else Side.BUY
        figures = DealFigures(
            entry=DealEntry.IN if opens else DealEntry.OUT, side=deal_side, lots_e8=lots_e8, price=price, digits=None,
            profit_minor=net, commission_minor=0, swap_minor=0, fee_minor=0, at_us=self.at_us,
        )  # fmt: skip
        self.fold(
            DealBooked(
                deal_id=f"{self._seq}", position_id=position, symbol=symbol, side=side, lots_e8=left,
                price_open=price if held is None else held.price_open, swap=self.money(0),
                opened_us=self.at_us if held is None else held.opened_us, net=self.money(net),
                balance=self.money(self.balance + net), deal=figures,
            )
        )  # fmt: skip

    def _book(self, balance: int) -> None:
        """What changed the balance without a word of a position."""
        if balance != self.balance:
            self.deal("", "", Side.BUY, 0, 0, opens=False, net=balance - self.balance)

    def _close_day(self) -> None:
        """For rules that look at days."""
        today, day = self.account.track.today, self.account.day
        if today is None or day is None:
            return
        money = self.money
        self.fold(
            DayClosed(
                label=today.label, start_us=today.start_us, closed=money(today.closed), opened=money(today.opened),
                open_loss=money(min(0, self.equity - self.balance)), equity=money(self.equity - day.equity), fills=today.fills,
                openings=today.openings, closings=today.closings, round_trips=today.round_trips,
                lots_opened_e8=today.lots_opened_e8, lots_carried_e8=today.lots_carried_e8,
            )
        )  # fmt: skip

    def _begin_day(self, balance: int, equity: int) -> None:
        day = self.account.ruleset.calendar.day_at(self.at_us)
        self.fold(
            DayOpened(
                day=day,
                balance=self.money(balance),
                equity=self.money(equity),
                positions=(),
                quotes=(),
                provisional=False,
                priced=True,
            )
        )
