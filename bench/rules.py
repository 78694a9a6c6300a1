"""Rules: what an event costs an account that is held to 22 of them, beside interpreting all of them at every event.

    python -m bench.rules [--json] [--rounds N]

One account with five open positions and twenty closed trades, decided by a whole engine: its desk, its filters, the rows of what happens.
Of a hundred events 95 are prices, each of a symbol that it holds, four change a position, one closes one; an opening is the deal and the
position with its stop, a close the deal and the position. Process time. `plain` is the very judges that decide,
all of them, once for each event over the account as it stands, and nothing else: no rows, no state.
"""

import argparse
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from types import MappingProxyType
from typing import Any

from actors.arrival import Arrival
from bench.engine import NOTHING, Floor
from bench.firm import BRIDGE, DIRECT, Listed
from bench.telling import in_a_line, parser_of, tell
from firm.account import AccountState
from firm.arithmetic import PLAIN, Figure
from firm.equity import Board, equity_of
from firm.inputs import DealEntry, DealReported, EquityReported, Input, PositionReported, Side
from firm.instant import SECOND_US
from firm.money import Money
from firm.phase import Standing
from firm.rules.endings import is_over
from firm.rules.limits import first_broken, limits_of
from firm.rules.looks import LOOKS, glance, look
from firm.rules.winning import Moment, objectives_met
from firm.ruleset import LateBreach, Phase, Program, Ruleset
from firm.templates import template
from firm.terms.objectives import Inactivity, MaximumDuration
from firm.terms.union import Term
from firm.trading_day import DayLabel, LabelledCalendar

GOAL_US = 20
ROUNDS, PLAIN_ROUNDS = 25, 3
CYCLES = 4  # of a hundred events in a round: so few that its trades stay about twenty
PRICE, OPENING, MOVING, CLOSING, PLAIN_LOOK = "price", "opening", "stop moved", "close", "plain"
# How many prices come before which change: 95 of a hundred events, and a close is followed by an opening.
MIX = ((19, MOVING), (19, MOVING), (19, MOVING), (38, CLOSING), (0, OPENING))
HELD, TRADES = 5, 20
TICKS_PER_FRAME = 10  # a second of the platform's
TRADE_S = 600  # how long each of the closed trades lasted
STOP_POINTS = 400
SYMBOLS = DIRECT[:HELD]

# As the ready programs have them: terms of each of these, by their ids.
TAKEN: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "intraday_trailing_with_lock": ("maximum_loss",),
    "crypto_daily_trail": ("idea_risk", "stop_loss"),
    "one_step_strict_conduct": (
        "daily_loss", "profit_target", "minimum_trades", "positions", "hedging", "grid", "martingale", "one_sided", "high_frequency",
        "lot_range",
    ),
    "two_step_share_of_day": ("trading_days", "time_limit", "trade_duration", "news"),
    "futures_daily_pause_step_up": ("hours", "consistency"),
    "futures_intraday_with_safety_net": ("adverse_excursion",),
    "instant_funding": ("weekend", "inactivity"),
})  # fmt: skip


def terms_taken() -> tuple[Term, ...]:
    """22 rules, as many kinds as bind a phase that is to be won."""
    return tuple(_term(name, rule) for name, rules in TAKEN.items() for rule in rules)


def _term(name: str, rule: str) -> Term:
    found = (term for phase in template(name).program.phases for term in phase.ruleset.terms if term.id == rule)
    return next(found)


def program() -> Program:
    """Sold at 100,000.00 USD, in one phase."""
    calendar = LabelledCalendar(zone="UTC", rollover="00:00", label=DayLabel.START, merged=())
    ruleset = Ruleset(name="22 rules", calendar=calendar, late_breach=LateBreach.REVIEW, await_swap=False,
                      failures_reviewed=False, overrides_by_two=False, terms=terms_taken())  # fmt: skip
    size, price = Money(10_000_000, "USD", 2), Money(50_000, "USD", 2)
    return Program(program="rules", title="22 rules", size=size, price=price, bridge=BRIDGE, group="bench", leverage=100, accounts_max=1,
                   phases=(Phase(name="Evaluation", ruleset=ruleset, funded=False),))  # fmt: skip


class Seat:
    """The account, and the platform's side of it."""

    def __init__(self) -> None:
        self.floor = Floor(SYMBOLS, trailing=False, sold=(program(),))
        self.floor.grow(1, holding=False)
        [self.account] = self.floor.opened
        self._places = cycle(range(HELD))
        self._number = 0
        self._stops: dict[str, int] = {}
        for _ in range(HELD):
            self._now(self.open())
        for _ in range(TRADES):
            self.floor.decide(self.floor.frames(1))
            self.pass_time(TRADE_S // HELD)
            self._now(self.close())
            self._now(self.open())
        assert self.stands, f"a rule was broken while the account was made: {self.state.track.broken}"

    @property
    def state(self) -> AccountState:
        found = self.floor.engine.account(self.account)
        assert found is not None, "the account was opened"
        return found

    @property
    def board(self) -> Board:
        return self.floor.engine.market(BRIDGE).board

    @property
    def stands(self) -> bool:
        """Whether it is still what is measured: an account that holds and keeps what it shall."""
        held, track = self.state, self.state.track
        whole = len(held.positions) == HELD and len(track.trades) >= TRADES
        return whole and not track.broken and held.standing is Standing.ACTIVE and not held.drifting

    def pass_time(self, seconds: int) -> None:
        self.floor.t_us += seconds * SECOND_US

    def _now(self, reports: Iterator[Input]) -> None:
        for report in reports:
            self.floor.put(report, self.account)

    # --- what its platform tells ---

    def tell(self, kind: str) -> Iterator[Input]:
        return CHANGES[kind](self)

    def open(self) -> Iterator[Input]:
        """Each symbol in its turn, bought, so that nothing is hedged; lots differ little, so that they stay in their range."""
        place = next(self._places)
        self._number += 1
        listed, name = SYMBOLS[place], f"P{self._number}"
        price, lots_e8 = self.floor.book.bids[place] + listed.spread, (28 + self._number % 5) * 1_000_000
        self._stops[name] = price - STOP_POINTS
        yield self._deal(name, listed, DealEntry.IN, Side.BUY, lots_e8, price, 0)
        yield self._position(name, listed, "opened", lots_e8, price, self.floor.t_us)

    def move_stop(self) -> Iterator[Input]:
        """Up by a point, of the oldest position."""
        held = self.state.positions[0]
        self._stops[held.position_id] += 1
        yield self._position(
            held.position_id, _listed(held.symbol), "changed", held.lots_e8, held.price_open, held.opened_us
        )

    def close(self) -> Iterator[Input]:
        """The oldest position."""
        held, listed = self.state.positions[0], _listed(self.state.positions[0].symbol)
        bid = self.floor.book.bids[SYMBOLS.index(listed)]
        profit = (bid - held.price_open) * held.lots_e8 * listed.contract * 100 // (10**8 * 10**listed.digits)
        yield self._deal(held.position_id, listed, DealEntry.OUT, Side.SELL, held.lots_e8, bid, profit)
        yield self._position(held.position_id, listed, "closed", 0, held.price_open, held.opened_us)

    def reconcile(self) -> None:
        """The platform's own figures, without which nobody asks whether the phase is won: no event of those that are measured."""
        state = self.state
        equity = Money(equity_of(PLAIN, state, self.board), "USD", 2)
        report = EquityReported(
            bridge=BRIDGE,
            seq=self._next_seq(),
            equity=equity,
            balance=state.money(state.balance),
            margin=NOTHING,
            t_us=self.floor.t_us,
        )
        self.floor.put(report, self.account)

    def _deal(
        self, name: str, listed: Listed, entry: DealEntry, side: Side, lots_e8: int, price: int, profit: int
    ) -> Input:
        seq = self._next_seq()
        return DealReported(
            bridge=BRIDGE, seq=seq, deal_id=f"D{seq}", order_id="", position_id=name, symbol=listed.symbol, entry=entry, side=side,
            lots_e8=lots_e8, price=price, profit=Money(profit, "USD", 2), commission=NOTHING, swap=NOTHING, fee=NOTHING, reason="",
            t_us=self.floor.t_us,
        )  # fmt: skip

    def _position(self, name: str, listed: Listed, op: str, lots_e8: int, price: int, opened_us: int) -> Input:
        return PositionReported(
            bridge=BRIDGE, seq=self._next_seq(), position_id=name, op=op, symbol=listed.symbol, side=Side.BUY, lots_e8=lots_e8,
            price_open=price, stop_loss=self._stops[name], take_profit=0, swap=NOTHING, opened_us=opened_us, t_us=self.floor.t_us,
        )  # fmt: skip

    def _next_seq(self) -> int:
        self.floor.seq += 1
        return self.floor.seq


CHANGES: Mapping[str, Callable[[Seat], Iterator[Input]]] = {
    OPENING: Seat.open,
    MOVING: Seat.move_stop,
    CLOSING: Seat.close,
}


def _listed(symbol: str) -> Listed:
    return next(listed for listed in SYMBOLS if listed.symbol == symbol)


# --- measuring ---


class Spent:
    """Process time by kind of event, in seconds, and how many of each there were."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.wakes = 0

    def on(self, kind: str, began_s: float, events: int = 1) -> None:
        self.seconds[kind] += time.process_time() - began_s
        self.events[kind] += events

    def us(self, *kinds: str) -> float:
        """Of an event of these kinds, on average."""
        return sum(self.seconds[kind] for kind in kinds) * 1e6 / sum(self.events[kind] for kind in kinds)


def take_round(spent: Spent, *, interpreting: bool = False) -> None:
    """A new account through some hundred events. `interpreting`: what is measured instead, so that neither cools the other's caches."""
    gc.unfreeze()
    seat = Seat()
    gc.collect()
    gc.freeze()  # as a start does it: what stays is not looked through again and again
    market = seat.floor.engine.market(BRIDGE)
    wakes = market.wake_count
    for prices, kind in MIX * CYCLES:
        for count in (*[TICKS_PER_FRAME] * (prices // TICKS_PER_FRAME), prices % TICKS_PER_FRAME):
            if count:
                _take_prices(Spent() if interpreting else spent, seat, count)
        _take_change(Spent() if interpreting else spent, seat, kind)
        seat.reconcile()
        if interpreting:
            _interpret_all(spent, seat, prices + 1)
    assert seat.stands, f"a rule was broken: {seat.state.track.broken}"
    if not interpreting:
        spent.wakes += market.wake_count - wakes


def _take_prices(spent: Spent, seat: Seat, count: int) -> None:
    seat.pass_time(1)
    frames = seat.floor.frames(1, count)
    began = time.process_time()
    seat.floor.engine.decide(frames)
    spent.on(PRICE, began, count)


def _take_change(spent: Spent, seat: Seat, kind: str) -> None:
    """All that is told of it."""
    for place, report in enumerate(seat.tell(kind)):
        arrivals = [Arrival(report, seat.floor.t_us, seat.floor.t_us, seat.account)]
        began = time.process_time()
        seat.floor.engine.decide(arrivals)
        spent.on(kind, began, 0 if place else 1)


def _interpret_all(spent: Spent, seat: Seat, times: int) -> None:
    state, board, at_us = seat.state, seat.board, seat.floor.t_us
    began = time.process_time()
    for _ in range(times):
        interpret(state, board, at_us)
    spent.on(PLAIN_LOOK, began, times)


def interpret(state: AccountState, board: Board, at_us: int) -> None:
    """Every rule against an account, as if nothing were known of it."""
    equity = equity_of(PLAIN, state, board)
    first_broken(limits_of(state), equity, state.balance)
    seen = glance(state, board, Figure(equity, ""), at_us)
    for rule in state.ruleset.rules:
        if type(rule.terms) in LOOKS:
            look(PLAIN, rule, seen)
        elif isinstance(rule.terms, MaximumDuration | Inactivity):
            is_over(PLAIN, state, rule, at_us)
    for _ in objectives_met(PLAIN, state, Moment(at_us, seen.marks.equity)):
        pass


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    take_round(Spent())
    spent = Spent()
    for _ in range(options.rounds):
        take_round(spent)
    for _ in range(PLAIN_ROUNDS):
        take_round(spent, interpreting=True)
    changes = tuple(CHANGES)
    us, plain_us = spent.us(PRICE, *changes), spent.us(PLAIN_LOOK)
    terms = terms_taken()
    return {
        "bench": "rules",
        "rules": len(terms),
        "kinds": len(set(map(type, terms))),
        "held": HELD,
        "trades": TRADES,
        "events": sum(spent.events[kind] for kind in (PRICE, *changes)),
        "us_per_event": us,
        "us": {kind: spent.us(kind) for kind in (PRICE, *changes)},
        "plain_us": plain_us,
        "times_plain": plain_us / us,
        "wakes_per_price": spent.wakes / spent.events[PRICE],
        "goal_us": GOAL_US,
        "goals_met": us <= GOAL_US,
    }


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of 400 events each")
    options = parser.parse_args()
    result = run(options)
    return tell(result, options, in_a_line)


if __name__ == "__main__":
    raise SystemExit(main())
