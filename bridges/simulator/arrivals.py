"""Arrivals: the market's ticks as the platform's feed brings them, with what a script does to them. From ticks and script alone.

So the numbers of the quote lane follow from the tick files and the script, and any stretch of it can be told again.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

from bridges.simulator.script import Contract, Frozen, Rename, Script, Spike
from bridges.simulator.symbols import LISTED
from firm.price import rescaled
from firm.quote_frame import Tick

_NEVER_US = 2**62


class Arrival(NamedTuple):
    """A tick that reaches the platform (`works`), the bridge (`told`), or both, at `at_us`; the tick has its own stamp.

    `restated`: the last price once more, because the symbol has another name or other digits from here on.
    """

    at_us: int
    tick: Tick
    works: bool = True
    told: bool = True
    restated: bool = False


def arrivals(ticks: Iterable[Tick], script: Script, to_us: int) -> Iterator[Arrival]:
    """The ticks in the order in which they arrive, up to but not at `to_us`. What would be told after that never is."""
    came = _as_called(ticks, script)
    for spike in script.spike:
        came = _off_market(came, spike)
    for frozen in script.frozen:
        came = _frozen(came, frozen)
    came = (tick for tick in came if not any(outage.holds(tick.t_us) for outage in script.outage))
    for arrival in _some_late(_restated(came, script, to_us), script):
        if arrival.at_us >= to_us:
            return
        yield arrival


def _as_called(ticks: Iterable[Tick], script: Script) -> Iterator[Tick]:
    """Each tick under its symbol's name and in its digits of that instant."""
    pending = list(script.changes)
    names = {symbol: symbol for symbol in LISTED}
    digits = {symbol: listing.spec.digits for symbol, listing in LISTED.items()}
    for tick in ticks:
        while pending and pending[0].at_us <= tick.t_us:
            change = pending.pop(0)
            own = next(symbol for symbol, name in names.items() if name == change.symbol)
            if isinstance(change, Rename):
                names[own] = change.becomes
            elif change.digits is not None:
                digits[own] = change.digits
        shift = digits[tick.symbol] - LISTED[tick.symbol].spec.digits
        bid, ask = rescaled(tick.bid, shift), rescaled(tick.ask, shift)
        yield Tick(names[tick.symbol], tick.t_us, bid, ask)


def _off_market(ticks: Iterable[Tick], spike: Spike) -> Iterator[Tick]:
    """A tick off the market when the spike begins and one on it when it ends, so that it happens in a quiet market too."""
    back_us = spike.at_us + spike.for_ms * 1_000
    began = ended = False
    last: Tick | None = None
    for tick in ticks:
        if not began and tick.t_us >= spike.at_us:
            began = True
            if last is not None:
                yield _moved(last, spike.at_us, spike.points)
        if not ended and tick.t_us >= back_us:
            ended = True
            if last is not None:
                yield _moved(last, back_us, 0)
        if tick.symbol != spike.symbol:
            yield tick
            continue
        last = tick
        yield _moved(tick, tick.t_us, spike.points) if began and not ended else tick


def _moved(tick: Tick, t_us: int, points: int) -> Tick:
    bid = max(1, tick.bid + points)
    return Tick(tick.symbol, t_us, bid, bid + tick.ask - tick.bid)


def _frozen(ticks: Iterable[Tick], frozen: Frozen) -> Iterator[Tick]:
    last: Tick | None = None
    for tick in ticks:
        if tick.symbol != frozen.symbol or not frozen.holds(tick.t_us):
            last = tick if tick.symbol == frozen.symbol else last
            yield tick
        elif frozen.repeat and last is not None:
            yield Tick(tick.symbol, tick.t_us, last.bid, last.ask)


def _restated(ticks: Iterable[Tick], script: Script, to_us: int) -> Iterator[Arrival]:
    """With the last price of each changed symbol once more, at that instant: the bridge tells it, the platform has it already."""
    changed = _Changed(script)
    for tick in ticks:
        yield from changed.before(tick.t_us)
        changed.last[tick.symbol] = tick
        yield Arrival(tick.t_us, tick)
    yield from changed.before(to_us - 1)


class _Changed:
    """The changes that lie ahead, and the last price of each symbol."""

    def __init__(self, script: Script) -> None:
        self.last: dict[str, Tick] = {}
        self._pending = list(script.changes)
        self._digits = {symbol: listing.spec.digits for symbol, listing in LISTED.items()}

    def before(self, until_us: int) -> Iterator[Arrival]:
        """What changes up to an instant."""
        while self._pending and self._pending[0].at_us <= until_us:
            again = self._take(self._pending.pop(0))
            if again is not None:
                yield again

    def _take(self, change: Contract | Rename) -> Arrival | None:
        before = self._digits.pop(change.symbol)
        name = change.becomes if isinstance(change, Rename) else change.symbol
        digits = change.digits if isinstance(change, Contract) and change.digits is not None else before
        self._digits[name] = digits
        last = self.last.pop(change.symbol, None)
        if last is None:
            return None
        shift = digits - before
        self.last[name] = Tick(name, change.at_us, rescaled(last.bid, shift), rescaled(last.ask, shift))
        return Arrival(change.at_us, self.last[name], works=False, restated=True)


def _some_late(came: Iterable[Arrival], script: Script) -> Iterator[Arrival]:
    """Held back, a tick reaches the platform in time and the bridge later, behind others that were stamped after it."""
    held: list[tuple[int, int, Tick]] = []
    numbers = count()
    late_us = _lateness(script)
    for arrival in came:
        while held and held[0][0] <= arrival.at_us:
            at_us, _, tick = heapq.heappop(held)
            yield Arrival(at_us, tick, works=False)
        by_us = late_us(arrival.tick)
        if by_us and arrival.works:
            heapq.heappush(held, (arrival.at_us + by_us, next(numbers), arrival.tick))
            yield arrival._replace(told=False)
        else:
            yield arrival
    for at_us, _, tick in sorted(held):
        yield Arrival(at_us, tick, works=False)


def _lateness(script: Script) -> Callable[[Tick], int]:
    def by_us(tick: Tick) -> int:
        lines = [line.by_s for line in script.late_prices if line.symbol == tick.symbol and line.holds(tick.t_us)]
        return max(lines, default=0) * 1_000_000

    return by_us
