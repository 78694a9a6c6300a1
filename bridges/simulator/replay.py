"""Replay: market time in slices. A slice ends after a second of market time or 64 prices; between slices the firm's word is heard.

Empty stretches are skipped over, though never more than a few seconds at once, so that the watermark goes on in silence.
Where a slice ends depends on the ticks alone, never on the wall clock: verdicts are the same at every speed.
"""

import hashlib
from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from bridges.events import Backfilled, Event, Gap
from bridges.simulator import silence
from bridges.simulator.answers import Retcode
from bridges.simulator.arrivals import Arrival, arrivals
from bridges.simulator.bars import Bars
from bridges.simulator.books import Books
from bridges.simulator.held_back import Holding
from bridges.simulator.house import BUNDLED, House
from bridges.simulator.platform import Platform, opening_state
from bridges.simulator.price_files import FilePrices, PriceFile
from bridges.simulator.requests import Requests
from bridges.simulator.script import NOTHING, Script, require_within
from bridges.simulator.state import Account, State, StateUnusable, decode_state, encode_state, is_whole
from bridges.simulator.tellings import Tellings
from bridges.simulator.tempers import BY_HAND
from bridges.simulator.ticks import BadLine
from bridges.simulator.told import ToldPrices
from bridges.wire import BackfillReq, Cmd, DeadmanPolicy
from firm.instant import SECOND_US, utc_text
from firm.quote_frame import Tick

Press = Callable[[Books, Account, int], Retcode]
"""Does one thing to an account at an instant, through the books."""

SLICE_US = SECOND_US
SLICE_TICKS_MAX = 64
SILENCE_MAX_US = 4 * SECOND_US


class Prices(Protocol):
    """Where prices come from: always the same ones, in time order, from `first_us` to before `end_us`."""

    first_us: int
    end_us: int
    fingerprint: str

    def ticks(self, to_us: int, skipped: Counter[BadLine] | None) -> Iterator[Tick]: ...


class Market:
    """What is replayed: files or other prices, from one instant to another, and a script of what befalls them.

    `skipped` counts bad lines where they are skipped.
    """

    def __init__(
        self,
        prices: Prices | Sequence[PriceFile],
        *,
        from_us: int | None = None,
        to_us: int | None = None,
        skipped: Counter[BadLine] | None = None,
        script: Script = NOTHING,
    ) -> None:
        self._prices: Prices = FilePrices(prices) if isinstance(prices, Sequence) else prices
        self.skipped = skipped
        self.script = script
        self.from_us = self._prices.first_us if from_us is None else from_us
        self.to_us = self._prices.end_us if to_us is None else to_us
        self.fingerprint = self._prices.fingerprint
        if script != NOTHING:
            self.fingerprint = hashlib.sha256(self.fingerprint.encode() + script.digest()).hexdigest()
        require_within(script, self.from_us, min(self.to_us, self._prices.end_us))

    def arrivals(self) -> Iterator[Arrival]:
        return arrivals(self._prices.ticks(self.to_us, self.skipped), self.script, self.to_us)


class Parcel(NamedTuple):
    """What is handed over together: prices, then the events that followed them, and what changed of the platform's state by then.

    The events and the state are written in one transaction: after a crash the platform goes on from exactly there.
    """

    ticks: Sequence[Tick]
    events: Sequence[Event]
    saved: Mapping[str, bytes] | None


class Replay:
    """The platform moving through its market, slice by slice."""

    def __init__(
        self, market: Market, seed: int, saved: Mapping[str, bytes] | None = None, house: House = BUNDLED
    ) -> None:
        self._market = market
        self.state = _fitting(saved, market, seed) if saved else opening_state(market.fingerprint, seed, market.from_us)
        _require_known({account.temper for account in self.state.accounts.values()} - house.troupe.tempers.keys())
        self._bars = Bars()
        self._tell = Tellings()
        self._platform = Platform(self.state, self._bars, self._tell, market.script, house.troupe.tempers)
        if saved and is_whole(saved):
            self._platform.touched |= self.state.accounts
        self._holding = Holding(self.state, market.script)
        self._requests = Requests(self._platform, self._tell, house)
        self._parcels: list[Parcel] = []
        self._arrivals = market.arrivals()
        self._next: Arrival | None = next(self._arrivals, None)
        self._untold: list[tuple[int, str]] = []  # prices that the bridge has not heard yet, the oldest stamp first
        self._told = ToldPrices(market.from_us)
        self._asked: list[BackfillReq] = []  # stretches of which some prices have yet to be told
        self._look_back(self.state.clocks.ticks_read)
        if not saved:
            self._introduce()

    @property
    def now_us(self) -> int:
        return self.state.clocks.now_us

    @property
    def next_qseq(self) -> int:
        """The number of the next tick in the quote lane."""
        return self.state.clocks.ticks_told + 1

    @property
    def is_over(self) -> bool:
        """Every tick up to the end was played, the slice with it, and nothing is held back."""
        return self._next is None and not self.state.clocks.slice_end_us and self._holding.next_due_us is None

    @property
    def watermark_us(self) -> int:
        """Up to where nothing is missing: not beyond what is held back, nor since when the platform is down."""
        untold = (stamp for stamp, _ in self._untold[:1])
        stops = (self._holding.oldest_us, self.state.clocks.down_since_us or None, *untold)
        return min([self.now_us, *(stop for stop in stops if stop is not None)])

    @property
    def owes_snapshot(self) -> bool:
        """The platform came back, and each account is to be told in full."""
        return self.state.clocks.snapshot_owed and not self.state.is_down

    def play_slice(self) -> None:
        """Play the next slice, or the rest of one that a crash interrupted. Without ticks left it does nothing."""
        self._play_slice()
        self._answer_asked()

    def carry_out(self, command: Cmd) -> None:
        """Carry one of the firm's commands out, now, at the last prices."""
        self._requests.carry_out(command)
        self._close_parcel()

    def backfill(self, asked: BackfillReq) -> None:
        """The firm misses a stretch of prices. Each was told in its place or is told late; once all are, that is said."""
        self._asked += [asked] if asked not in self._asked else []
        self._answer_asked()

    def by_hand(self, login: str, press: Press) -> Retcode:
        """A person presses a button at an account, now, at the last prices; where that does something, the bot that sat there gets up."""
        account = self.state.accounts[login]
        answer = press(self._platform.books, account, self.now_us)
        if answer in (Retcode.DONE, Retcode.DONE_PARTIAL):
            account.temper = BY_HAND
        self._platform.changed(account)
        self._close_parcel()
        return answer

    def fall_silent(self, policy: DeadmanPolicy) -> None:
        """The appliance is silent: do what its policy says, now."""
        silence.hold(self._platform, self._tell, policy)
        self._close_parcel()

    def hear_again(self) -> None:
        """The appliance is back: undo what its silence led to."""
        silence.release(self._platform, self._tell)
        self._close_parcel()

    def snapshot(self, login: str, last_seq: int) -> None:
        """Tell an account in full (or all, for ""); `last_seq` is the last event in the outbox."""
        assert not self._parcels, "a snapshot is told after everything else was handed over"
        self._requests.snapshot(login, last_seq)
        if not self.state.is_down and not login:
            self.state.clocks.snapshot_owed = False
        self._close_parcel()

    def hand_over(self) -> list[Parcel]:
        """What happened since the last time, in the platform's order."""
        if self._tell.ticks:
            self._parcels.append(Parcel(self._take_ticks(), (), None))
        parcels, self._parcels = self._parcels, []
        return parcels

    def saved(self) -> dict[str, bytes]:
        """What changed of the state since this was last asked for, by part."""
        parts = encode_state(self.state, self._platform.touched.values())
        self._platform.touched.clear()
        return parts

    def _play_slice(self) -> None:
        clocks = self.state.clocks
        if not clocks.slice_end_us and not self._begin_slice():
            return
        while clocks.slice_ticks_left and self._next is not None and self._next.at_us < clocks.slice_end_us:
            self._pass_time(self._next.at_us, with_turns=True)
            clocks.slice_ticks_left -= 1
            arrival = self._read()
            if arrival.works:
                self._platform.take_tick(arrival.tick, told=arrival.told)
            else:
                self._platform.tell_tick(arrival.tick)
            self._close_parcel()
        end_us = clocks.slice_end_us if clocks.slice_ticks_left else clocks.now_us
        clocks.slice_end_us = clocks.slice_ticks_left = 0
        self._pass_time(end_us)

    def _begin_slice(self) -> bool:
        """Set the slice's bounds; False where there is nothing to play but silence, which then has passed."""
        clocks = self.state.clocks
        if self._next is None:
            held_until_us = self._holding.next_due_us
            if held_until_us is not None:
                self._pass_time(min(held_until_us, clocks.now_us + SILENCE_MAX_US))
            return False
        if self._next.at_us >= clocks.now_us + SILENCE_MAX_US:
            self._pass_time(clocks.now_us + SILENCE_MAX_US)
            return False
        clocks.slice_end_us = min(max(self._next.at_us, clocks.now_us) + SLICE_US, self._market.to_us)
        clocks.slice_ticks_left = SLICE_TICKS_MAX
        return True

    def _pass_time(self, to_us: int, *, with_turns: bool = False) -> None:
        self._platform.pass_time(to_us, with_turns=with_turns)
        self._close_parcel(self._holding.released())

    def _close_parcel(self, released: Sequence[Event] = ()) -> None:
        """What is told now, and after it what was held back until now; what is to be late is left with the state."""
        events, self._tell.events = self._tell.events, []
        told = [*self._holding.sift(events), *released]
        if told:
            self._parcels.append(Parcel(self._take_ticks(), told, self.saved()))

    def _take_ticks(self) -> list[Tick]:
        ticks, self._tell.ticks = self._tell.ticks, []
        return ticks

    def _read(self) -> Arrival:
        arrival = self._next
        assert arrival is not None, "read past the end of the market"
        if arrival.restated:
            self._bars.forget(arrival.tick.symbol)
        elif arrival.works:
            self._bars.take(arrival.tick)
        if arrival.works and not arrival.told:
            insort(self._untold, (arrival.tick.t_us, arrival.tick.symbol))
        elif not arrival.works and not arrival.restated:
            self._untold.remove((arrival.tick.t_us, arrival.tick.symbol))
        if arrival.told and arrival.at_us >= self._market.from_us:
            self._told.take(arrival.tick)
        self.state.clocks.ticks_read += 1
        self._next = next(self._arrivals, None)
        return arrival

    def _look_back(self, behind: int) -> None:
        """Feed the traders' bars with what lies behind: ticks before the start, and those played before a restart."""
        self.state.clocks.ticks_read = 0
        while self._next is not None and (
            self.state.clocks.ticks_read < behind or self._next.at_us < self._market.from_us
        ):
            self._read()

    def _answer_asked(self) -> None:
        answered = [one for one in self._asked if not self._has_yet_to_tell(one)]
        for one in answered:
            self._asked.remove(one)
            self._tell.event(self._answer(one))
        self._close_parcel()

    def _has_yet_to_tell(self, asked: BackfillReq) -> bool:
        is_running = self._next is not None and self.now_us < asked.to_us
        return is_running or any(asked.from_us <= us < asked.to_us and asked.sym == name for us, name in self._untold)

    def _answer(self, asked: BackfillReq) -> Event:
        """A gap where the platform had no prices itself, because it was down, or nobody knows any more what was told."""
        count = self._told.count(asked.sym, asked.from_us, asked.to_us)
        was_down = any(one.from_us < asked.to_us and asked.from_us < one.to_us for one in self._market.script.outage)
        if count is None or was_down:
            return Gap(asked.sym, asked.from_us, asked.to_us)
        return Backfilled(asked.sym, asked.from_us, asked.to_us, count)

    def _introduce(self) -> None:
        self._tell.platform_up(self.now_us, "replay begins")
        for listing in self.state.catalogue.listings:
            self._tell.symbol(listing)
        self._close_parcel()


def told_ticks(market: Market, first_qseq: int, before_qseq: int) -> list[Tick]:
    """Ticks `first_qseq` to `before_qseq` - 1 of the quote lane once more, from the files."""
    told = (one.tick for one in market.arrivals() if one.told and one.at_us >= market.from_us)
    return list(islice(told, first_qseq - 1, before_qseq - 1))


def _fitting(saved: Mapping[str, bytes], market: Market, seed: int) -> State:
    state = decode_state(saved)
    if (state.market, state.seed, state.from_us) != (market.fingerprint, seed, market.from_us):
        raise StateUnusable(
            f"the saved platform began at {utc_text(state.from_us)} with seed {state.seed}, on other settings or tick files: "
            "give the same --ticks or --market, --from and --seed, or begin anew in another --data-dir"
        )
    return state


def _require_known(strangers: set[str]) -> None:
    if strangers:
        raise StateUnusable(
            f"the saved platform has traders of tempers that are not known here, {', '.join(sorted(strangers))}: "
            "give the same --bots, or begin anew in another --data-dir"
        )
