"""A history: one seed's platform life, played on the simulator's own books and told to the firm, and both held against each other.

Traders order in every way there is, prices wander and jump, nights pass, money comes and goes. What is told is sent in frames that
come twice, too early or not at the first try; the platform repeats deals, and tells some deals and prices later than others.
"""

import random
from collections import Counter
from datetime import date
from typing import NamedTuple

from actors.account_desk import AccountDesk
from actors.effects import RequestSnapshot
from actors.names import account_desk
from bridges.events import Cash, Deal, DealDelete, DealUpdate, Event, Position
from bridges.lanes import Took
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.bars import Bars
from bridges.simulator.commissions import Charging
from bridges.simulator.dividends import ex_date_at
from bridges.simulator.matching import LOTS_STEP_E8, Seen, price_for
from bridges.simulator.orders import Lifetime, Terms, Ticket
from bridges.simulator.platform import Platform, opening_state
from bridges.simulator.requests import Requests
from bridges.simulator.script import Dividend, Script
from bridges.simulator.state import Account, Execution, OrderType, PositionMode, Quoted
from bridges.simulator.symbols import LISTED, rollover_after
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import equity_minor
from bridges.wire import Cmd
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import equity_of
from firm.facts import DealCorrected, DealIgnored, DriftFound, PositionsDrifted, SwapPosted
from firm.inputs import CashKind, DealEntry, Side
from firm.instant import HOUR_US, MINUTE_US, SECOND_US, parse_utc
from firm.policy import Policy
from firm.quote_frame import Tick
from tests.drift.drift_listings import BEGINS
from tests.drift.shop import program
from tests.drift.wired_firm import Firm

ROLLOVER_US = parse_utc("2014-04-29T21:00:00")  # of a Tuesday, 17:00 in New York; Wednesday's takes three nights' swap
# Who holds an index over the first rollover is paid, or pays.
EX_DIVIDEND = Script(
    dividend=tuple(
        Dividend(symbol=symbol, ex_date=date.fromisoformat(ex_date_at(ROLLOVER_US)), points=points)
        for symbol, points in (("US500", 37), ("DE40", 121))
    )
)
STEPS = 90
PAUSES_US = (1_000, 40_000, SECOND_US, SECOND_US, 20 * SECOND_US, 4 * MINUTE_US, HOUR_US, 5 * HOUR_US)
PAUSE_WEIGHTS = (4, 6, 8, 8, 6, 5, 3, 1)
HELD_BACK_STEPS_MAX = 8
QUIET_US = 2 * MINUTE_US


class Drift(AssertionError):
    """The books differ: what, on which account, after which step."""


class HeldBack(NamedTuple):
    """What is told only from step `until` on. Deals of one position stay in their order."""

    until: int
    what: Tick | Event


class History:
    """Plays one seed. `happened`: how often what, to know whether the seeds are worth anything."""

    def __init__(self, seed: int, steps: int = STEPS) -> None:
        self.seed = seed
        self.happened: Counter[str] = Counter()
        self._dice = random.Random(f"history {seed}")
        self._steps, self._step = steps, 0
        begin_us = ROLLOVER_US - self._dice.randint(MINUTE_US, 4 * HOUR_US)
        state = opening_state("market", seed, begin_us)
        self._tell = Tellings()
        self.platform = Platform(state, Bars(), self._tell, EX_DIVIDEND)
        self._requests = Requests(self.platform, self._tell)
        self.firm = Firm(begin_us)
        self._sent: list[Event] = []  # the journal, from number 1
        self._ticks: list[tuple[int, Tick]] = []  # the quote lane, from number 1, each after a journal number
        self._held_back: list[HeldBack] = []
        self.accounts: list[int] = []
        self._in_order = (
            self._dice.random() < 0.5
        )  # nothing is told late: then not even for a moment may anything differ

    # --- the whole of it ---

    def play(self) -> None:
        self._begin()
        while self._step < self._steps:
            self._step += 1
            self._move_on()
            self._act()
            self._hand_over()
            self._deliver()
            self._obey()
            self._compare()
        self._end()

    def _begin(self) -> None:
        calm = self._dice.random() < 0.6
        # In half of them prices are hardly ever too old, so that breaches are final at once.
        aged = {"stale_after_us": 12 * HOUR_US, "conversion_age_max_us": 12 * HOUR_US} if self.seed % 4 > 1 else {}
        self.firm.open_shop(Policy(reconcile_within_us=12 * HOUR_US, mark_every_us=MINUTE_US, **aged))
        self._tell.platform_up(self._now_us, "begins")
        for listing in LISTED.values():
            self._tell.symbol(listing)
        self._hand_over()
        for symbol in LISTED:
            bid = BEGINS[symbol]
            self._tick(symbol, bid, bid + max(1, bid // 12_000))
        self._deliver()
        for number in range(self._dice.randint(1, 3)):
            self.accounts.append(self.firm.sell(number, program(self._dice, number, calm=calm)))
        self._obey()
        self._compare()

    def _end(self) -> None:
        """Everything is told, and the platform shows each account in full: nothing may be left that differs."""
        self._step += HELD_BACK_STEPS_MAX + 1
        self._hand_over()
        self._deliver()
        self._requests.snapshot("", len(self._sent))
        self._hand_over()
        self._deliver()
        self._compare()
        for account in self.accounts:
            state = self.firm.state(account)
            self._require(not state.drifting, account, f"{state.drifting} still drifts")
            self._require(not self._in_order or not self._told_of_drift(account), account, "a drift was found")
        if self.seed % 5 == 0:
            self._require_fold()
        self.happened.update(type(fact).__name__ for _, fact in self.firm.facts)
        self.happened["histories"] += 1
        self.happened["frames twice"] += Took.DUPLICATE in self.firm.took
        self.happened["frames early"] += Took.HOLE in self.firm.took

    # --- what happens at the platform ---

    @property
    def _now_us(self) -> int:
        return self.platform.state.clocks.now_us

    def _move_on(self) -> None:
        """Time and prices: most steps bring a few prices."""
        dice = self._dice
        after_us = dice.choices(PAUSES_US, PAUSE_WEIGHTS)[0] + dice.randint(0, 999)
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            symbol = dice.choice(list(LISTED))
            quote = self.platform.state.quotes[symbol]
            scale = quote.bid // dice.choice((9_000, 4_000, 4_000, 1_500, 120))
            bid = max(1_000, quote.bid + dice.randint(-scale - 1, scale + 1))
            self._wait(after_us)
            self._tick(symbol, bid, bid + dice.randint(0, 1 + bid // 9_000))
            after_us = 1_000
        self._wait(after_us)

    def _wait(self, after_us: int) -> None:
        clocks = self.platform.state.clocks
        if after_us > QUIET_US:
            clocks.equity_us += after_us  # not each minute of a night
        self.platform.pass_time(self._now_us + after_us)
        self._hand_over()

    def _tick(self, symbol: str, bid: int, ask: int) -> None:
        self.platform.take_tick(Tick(symbol, self._now_us, bid, ask))
        self._hand_over()

    def _act(self) -> None:
        """One of the things that a trader, a dealer or the firm's own staff may do to an account."""
        accounts = list(self.platform.state.accounts.values())
        if not accounts:
            return
        account = self._dice.choice(accounts)
        acts = (
            self._order, self._wait_for_price, self._close, self._change, self._pay, self._rearrange, self._correct,
            self._delete,
        )  # fmt: skip
        act = self._dice.choices(acts, (10, 4, 6, 3, 2, 1, 2, 2))[0]
        answer = act(account)
        if answer is not None:
            self.happened[f"{act.__name__.strip('_')}: {answer.value}"] += 1
        self.platform.changed(account)

    def _order(self, account: Account) -> Retcode:
        symbol, side = self._symbol(account), self._dice.choice(list(Side))
        price = price_for(side, self._quote(symbol))
        stop, target = self._stops(side, price)
        seen = Seen(price, 2) if self._dice.random() < 0.2 else None
        return self.platform.books.open_market(
            account, symbol, side, self._lots(), stop, target, self._now_us, seen
        )  # fmt: skip

    def _wait_for_price(self, account: Account) -> Retcode:
        symbol, side = self._symbol(account), self._dice.choice(list(Side))
        kind, lifetime = self._dice.choice(list(OrderType)), self._dice.choice(list(Lifetime))
        sign = (1 if side is Side.BUY else -1) * (-1 if kind is OrderType.LIMIT else 1)
        price = price_for(side, self._quote(symbol))
        at = price + sign * self._dice.randint(1, 1 + price // 2_000)
        limit = at - (1 if side is Side.BUY else -1) * self._dice.randint(0, 30) if kind is OrderType.STOP_LIMIT else 0
        stop, target = self._stops(side, limit or at)
        until_us = self._now_us + self._dice.choice(PAUSES_US) if lifetime is Lifetime.UNTIL else 0
        ticket = Ticket(symbol, side, kind, self._lots(), Terms(at, stop, target, limit, lifetime, until_us))
        return self.platform.books.orders.place(account, ticket, self._now_us)

    def _close(self, account: Account) -> Retcode | None:
        if not account.positions:
            return None
        position = self._dice.choice(list(account.positions.values()))
        lots_e8 = None
        if self._dice.random() < 0.5 and position.lots_e8 > LOTS_STEP_E8:
            lots_e8 = self._dice.randrange(LOTS_STEP_E8, position.lots_e8, LOTS_STEP_E8)
        reason = self._dice.choice((Reason.CLIENT, Reason.DEALER))
        return self.platform.books.close(account, position, self._now_us, reason, lots_e8)

    def _change(self, account: Account) -> Retcode | None:
        """Stops of a position, or a waiting order."""
        books = self.platform.books
        if account.orders and self._dice.random() < 0.5:
            order = self._dice.choice(list(account.orders.values()))
            if self._dice.random() < 0.4:
                return books.orders.cancel(account, order, self._now_us)
            moved = self._dice.randint(-60, 60)
            limit = order.limit_price and order.limit_price + moved
            return books.orders.modify(account, order, Terms(order.price + moved, 0, 0, limit), self._now_us)
        if not account.positions:
            return None
        position = self._dice.choice(list(account.positions.values()))
        stop, target = self._stops(position.side, self._quote(position.symbol).bid)
        trail = self._dice.choice((0, 0, 80, 300))
        return books.protect(account, position, stop, target, self._now_us, trail)

    def _pay(self, account: Account) -> Retcode | None:
        kind = self._dice.choice((CashKind.DEPOSIT, CashKind.WITHDRAWAL, CashKind.CORRECTION))
        amount = self._dice.randint(1, max(2, account.initial_minor // 40))
        sign = {CashKind.DEPOSIT: 1, CashKind.WITHDRAWAL: -1, CashKind.CORRECTION: self._dice.choice((1, -1))}[kind]
        self._ask(account, "balance", {"amount_minor": str(sign * amount), "kind": kind.value, "comment": "dice"})
        return None

    def _rearrange(self, account: Account) -> Retcode | None:
        match self._dice.randrange(5):
            case 0:
                self._ask(account, "set_leverage", {"leverage": str(self._dice.choice((50, 200, 500)))})
            case 1:
                self._ask(account, self._dice.choice(("close_only", "unblock")), {})
            case 2:
                self._ask(account, "close_all", {})
            case 3:
                self._requests.snapshot(account.login, len(self._sent))
            case _:
                self._repeat(account)
        return None

    def _correct(self, account: Account) -> Retcode | None:
        """Staff change what a deal cost, made, was done at or how large it was."""
        if not account.deals:
            return None
        deal, dice = self._dice.choice(list(account.deals.values())[-12:]), self._dice
        changes = {"commission": deal.commission - dice.randint(-200, 200)}
        if dice.random() < 0.5:
            changes["px"] = max(1, deal.px + dice.randint(-40, 40))
        if dice.random() < 0.5 and deal.entry is DealEntry.OUT:
            changes |= {"profit": deal.profit + dice.randint(-5_000, 5_000), "swap": deal.swap + dice.randint(-3, 3)}
        if dice.random() < 0.3:
            changes["vol"] = deal.vol + dice.choice((-1, 1, 5)) * LOTS_STEP_E8
        return self.platform.corrections.update(account, deal.deal_id, self._now_us, **changes)

    def _delete(self, account: Account) -> Retcode | None:
        """Staff delete a deal, or all of one position, newest first."""
        if not account.deals:
            return None
        deals = list(account.deals.values())
        last = self._dice.choice(deals[-12:])
        doomed = [last] if self._dice.random() < 0.4 else [one for one in reversed(deals) if one.pos_id == last.pos_id]
        answers = [self.platform.corrections.delete(account, one.deal_id, self._now_us) for one in doomed]
        return answers[0]

    def _repeat(self, account: Account) -> None:
        """The platform tells again of a deal or a payment, as after a reconnection."""
        known = [
            one
            for one in self._sent
            if isinstance(one, Deal | Cash | DealUpdate | DealDelete) and one.acc == account.login
        ]
        if known:
            self._tell.event(self._dice.choice(known))
            self.happened["repeated"] += 1

    def _ask(self, account: Account, action: str, args: dict[str, str]) -> None:
        self._requests.carry_out(Cmd(f"x-{self._step}", f"x-{self._step}", account.login, action, args, "", 0))
        self.happened[action] += 1

    def _quote(self, symbol: str) -> Quoted:
        return self.platform.state.quotes[symbol]

    def _symbol(self, account: Account) -> str:
        """One that it holds already, as often as not: positions grow, shrink and turn."""
        held = [one.symbol for one in account.positions.values()]
        return self._dice.choice(held if held and self._dice.random() < 0.5 else list(LISTED))

    def _lots(self) -> int:
        return self._dice.choice((1, 3, 10, 37, 100, 100, 250, 250, 800, 5_000)) * LOTS_STEP_E8

    def _stops(self, side: Side, price: int) -> tuple[int, int]:
        sign, away = (1 if side is Side.BUY else -1), self._dice.randint(2, 2 + price // 700)
        stop = price - sign * away if self._dice.random() < 0.4 else 0
        return stop, (price + sign * 2 * away if self._dice.random() < 0.3 else 0)

    # --- what is told of it, and when ---

    def _hand_over(self) -> None:
        """Prices, then the events that followed them, as a bridge gets to read them; and what was held back until now."""
        due = [one for one in self._held_back if one.until <= self._step]
        self._held_back = [one for one in self._held_back if one.until > self._step]
        for one in due:
            self._send(one.what)
        for what in (*self._tell.ticks, *self._tell.events):
            if not self._is_held_back(what):
                self._send(what)
        self._tell.ticks, self._tell.events = [], []

    def _send(self, what: Tick | Event) -> None:
        if isinstance(what, Tick):
            self._ticks.append((len(self._sent), what))
        else:
            self._sent.append(what)

    def _is_held_back(self, what: Tick | Event) -> bool:
        """Some deals, payments and prices are told late, and then whatever else is told of the same position waits with them."""
        waiting = [one.until for one in self._held_back if _same_story(one.what, what)]
        if self._in_order or not self.accounts or self._step > self._steps:
            return False
        if isinstance(what, Deal | DealUpdate | DealDelete | Cash | Tick) and self._dice.random() < (
            0.02 if isinstance(what, Tick) else 0.06
        ):
            waiting.append(self._step + self._dice.randint(1, HELD_BACK_STEPS_MAX))
            self.happened[f"late: {type(what).__name__}"] += 1
        if not waiting:
            return False
        self._held_back.append(HeldBack(max(waiting), what))
        return True

    def _deliver(self) -> None:
        """Until the firm has all that was sent: some frames come twice, some before their turn, and prices after what followed them."""
        firm, dice = self.firm, self._dice
        firm.now_us = self._now_us
        while firm.expected_seq <= len(self._sent) or firm.expected_qseq <= len(self._ticks):
            if dice.random() < 0.1:
                self._send_frame(max(1, firm.expected_seq + dice.choice((-3, -1, 2))), is_journal=True)
                self._send_frame(max(1, firm.expected_qseq + dice.choice((-3, -1, 2))), is_journal=False)
            if self._is_price_next() or (not self._in_order and dice.random() < 0.2):
                self._send_frame(firm.expected_qseq, is_journal=False)
            else:
                self._send_frame(firm.expected_seq, is_journal=True)
        if dice.random() < 0.3 and not self._held_back:
            firm.take_watermark(self._now_us, len(self._sent), len(self._ticks))

    def _is_price_next(self) -> bool:
        """A bridge closes its quote frame before each event."""
        seq, qseq = self.firm.expected_seq, self.firm.expected_qseq
        return qseq <= len(self._ticks) and (self._ticks[qseq - 1][0] < seq or seq > len(self._sent))

    def _send_frame(self, first: int, *, is_journal: bool) -> None:
        """The events or prices from number `first`, as far as no event, or price, came between them."""
        if is_journal:
            until = min(first + self._dice.randint(0, 4), self._next_price_after(first))
            events = self._sent[first - 1 : until]
            if events:
                self.firm.take_events(first, events)
        elif first <= len(self._ticks):
            after_seq = self._ticks[first - 1][0]
            self.firm.take_ticks(
                first, after_seq, [tick for after, tick in self._ticks[first - 1 : first + 7] if after == after_seq]
            )

    def _next_price_after(self, seq: int) -> int:
        """The event that the next price follows."""
        later = (after for after, _ in self._ticks[self.firm.expected_qseq - 1 :] if after >= seq)
        return next(later, len(self._sent)) if self._in_order else len(self._sent)

    def _obey(self) -> None:
        """The platform does what the firm asks of it, until the firm asks for nothing more."""
        while self.firm.asked:
            asked = self.firm.asked.pop(0)
            if isinstance(asked, RequestSnapshot):
                self._requests.snapshot(asked.login, len(self._sent))
            else:
                self._requests.carry_out(asked)
                self.happened[f"firm: {asked.action}"] += 1
                if asked.action == "create_account":
                    self._settle_account(list(self.platform.state.accounts.values())[-1])
            self._hand_over()
            self._deliver()

    def _settle_account(self, account: Account) -> None:
        """Only the dice trade on it, in one of the platform's ways of holding and filling."""
        account.temper = "idle"
        account.group = self._dice.choice(("demo", *(f"demo/{charging}" for charging in Charging)))
        account.position_mode = PositionMode.NETTING if self.seed % 2 else PositionMode.HEDGING
        account.execution = self._dice.choice(list(Execution))

    # --- the platform's books against the firm's ---

    def _compare(self) -> None:
        for login, theirs in self.platform.state.accounts.items():
            state = self.firm.engine.account(self.firm.account_of(login) or 0)
            if state is None or self._is_behind(theirs):
                continue
            self.happened["compared"] += 1
            self._compare_account(state, theirs)

    def _compare_account(self, state: AccountState, theirs: Account) -> None:
        account = state.account
        self._require_same(account, "balance", state.balance, theirs.balance_minor)
        board = self.firm.engine.market(state.bridge).board
        self._require_same(account, "equity", equity_of(PLAIN, state, board), equity_minor(theirs, self.platform.state))
        desk = self.firm.engine.desk(account_desk(account))
        assert isinstance(desk, AccountDesk)
        quick = desk.stakes(board).equity(state, board)
        self._require_same(account, "equity by its holdings", quick, equity_minor(theirs, self.platform.state))
        ours = {
            one.position_id: (one.symbol, one.side, one.lots_e8, one.price_open, one.swap) for one in state.positions
        }
        held = theirs.positions.values()
        their = {one.position_id: (one.symbol, one.side, one.lots_e8, one.price_open, one.swap_minor) for one in held}
        self._require_same(account, "positions", ours, their)

    def _is_behind(self, account: Account) -> bool:
        """Whether the firm was not told yet of something that this account's figures have in them."""
        for one in self._held_back:
            if isinstance(one.what, Tick):
                quote = self._quote(one.what.symbol)
                if quote.t_us == one.what.t_us:
                    return True
            elif one.what.acc == account.login:  # type: ignore[union-attr]
                return True
        return False

    def _told_of_drift(self, account: int) -> bool:
        """Whether the firm ever said so, or was told a swap that it did not have already, but for a night's.

        A correction that is told again once its deal is too old to be known is no drift: it was booked when it was told first.
        """
        facts = [(row.happened_us, body) for row, body in self.firm.rows if row.account == account]
        booked = {(body.deal_id, body.told_us) for _, body in facts if isinstance(body, DealCorrected)}
        return any(
            isinstance(body, DriftFound | PositionsDrifted)
            or (isinstance(body, DealIgnored) and body.why != "already_booked" and (body.deal_id, at_us) not in booked)
            or (isinstance(body, SwapPosted) and rollover_after(at_us - 1) != at_us)
            for at_us, body in facts
        )

    def _require_same(self, account: int, what: str, ours: object, theirs: object) -> None:
        self._require(ours == theirs, account, f"{what} is {ours} in our book and {theirs} in the platform's")

    def _require_fold(self) -> None:
        folded = self.firm.refolded()
        for account in self.accounts:
            lived, again = self.firm.state(account), folded.account(account)
            self._require(again is not None and again.balance == lived.balance, account, "the fold has another balance")
            self._require(
                again is not None and again.positions == lived.positions, account, "the fold holds other positions"
            )

    def _require(self, holds: bool, account: int, what: str) -> None:
        if not holds:
            raise Drift(f"step {self._step}, account {account}: {what}")


def _same_story(one: Tick | Event, other: Tick | Event) -> bool:
    """What is told of one position stays in its order. A deletion names no position: it waits for whatever is told of the account."""
    if isinstance(one, Tick) or isinstance(other, Tick):
        return False
    of_position, of_deals = (Deal, DealUpdate, Position), (Deal, DealUpdate, DealDelete, Position)
    if isinstance(one, of_position) and isinstance(other, of_position):
        return (one.acc, one.pos_id) == (other.acc, other.pos_id)
    return isinstance(one, of_deals) and isinstance(other, of_deals) and one.acc == other.acc
