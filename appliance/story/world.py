"""World: the platform and the firm of a story with the bridge between them, and how time passes for both.

While nothing happens, prices stand, the platform reports and days end: the platform is heard each half hour, and a second before each
rollover and each line. So whatever a verdict needs of the platform's word is there, unless the story takes it away.
"""

from typing import NamedTuple

from appliance.story.office import Office
from appliance.story.venue import Venue
from bridges.events import Backfilled, Event
from bridges.wire import BackfillReq, Cmd, SnapshotReq
from firm.account import AccountState
from firm.commands import EnrolBridge, PublishProgram
from firm.instant import MINUTE_US, SECOND_US
from firm.quote_frame import Tick
from firm.ruleset import Program
from firm.trading_day import TradingDay

HEARD_EVERY_US = 30 * MINUTE_US


class _Held(NamedTuple):
    """What the platform told and the firm hears later: at `due_us`, or once the bridge is back (0)."""

    due_us: int
    told: list[Tick | Event]


class World:
    """`accounts`: the numbers that each account of the story has, one for each phase. `tells_swap`: the story says what nights cost."""

    def __init__(self, program: Program, begins_us: int, *, tells_swap: bool) -> None:
        self.venue = Venue(begins_us)
        self.office = Office(program.bridge, begins_us)
        self.accounts: dict[str, tuple[int, ...]] = {}
        self._tells_swap = tells_swap
        self._nights: dict[int, int] = {}  # by account: the day whose night was told of, by its first instant
        self._held: list[_Held] = []
        self._silent, self._marks = False, True
        self._open_shop(program)

    def _open_shop(self, program: Program) -> None:
        self.office.put(EnrolBridge(by="console", bridge=program.bridge, public_key="k" * 40, simulator=True))
        self.office.connect()
        self.venue.begin()
        self._flush()
        self.office.put(PublishProgram(by="console", program=program))

    @property
    def now_us(self) -> int:
        return self.venue.now_us

    def newest(self, name: str) -> AccountState | None:
        """An account as it is now: that of its newest phase; None where the firm refused to sell one."""
        states = [state for number in self.accounts[name] if (state := self.office.account(number)) is not None]
        return states[-1] if states else None

    # --- time ---

    def pass_to(self, at_us: int) -> None:
        """Let time pass up to an instant, with all that comes by itself."""
        while (next_us := self._next_heard_us(at_us)) < at_us:
            self._wait_until(next_us)
            self._hear_on()
        if at_us > self.now_us:
            self._wait_until(at_us)
            self.settle()

    def settle(self, told_us: int | None = None) -> None:
        """Something happened at the platform: the firm hears of it, now or at `told_us`, and what follows is done."""
        self._flush(told_us)
        self._mark()

    def _next_heard_us(self, at_us: int) -> int:
        """When the platform is heard next, if that is before the instant."""
        half_hour = self.now_us // HEARD_EVERY_US * HEARD_EVERY_US + HEARD_EVERY_US
        ends = {self._day(state).end_us for state in self._opened()}
        awaited = (half_hour, *(held.due_us for held in self._held), *ends, *(us - SECOND_US for us in (*ends, at_us)))
        return min((us for us in awaited if us > self.now_us), default=at_us)

    def _wait_until(self, at_us: int) -> None:
        """Until the platform is heard. While anything is open, the bridge says each minute that there is nothing to tell."""
        while self.venue.is_held and (minute_us := self.now_us // MINUTE_US * MINUTE_US + MINUTE_US) < at_us:
            self._move_to(minute_us)
            self._mark()
        self._move_to(at_us)

    def _move_to(self, at_us: int) -> None:
        self.venue.move_to(at_us)
        self.office.now_us = at_us

    def _hear_on(self) -> None:
        """Nothing happens, and the platform says so. What a night cost is told once the day that follows it has begun."""
        self.venue.stand()
        self.venue.report()
        self.settle()
        rolled = [state for state in self._opened() if self._nights.get(state.account) != self._day(state).start_us]
        for state in rolled:
            self._nights[state.account] = self._day(state).start_us
            if not self._tells_swap:
                self.venue.charge_nothing(self.venue.account(state.login))
        if rolled:
            self.settle()

    def _opened(self) -> list[AccountState]:
        """Accounts that are open on the platform, each in its newest phase."""
        newest = map(self.newest, self.accounts)
        return [state for state in newest if state is not None and state.login]

    def _day(self, state: AccountState) -> TradingDay:
        return state.ruleset.calendar.day_at(self.now_us)

    # --- the bridge ---

    def fall_silent(self) -> None:
        self._silent = True
        self.office.disconnect()

    def come_back(self) -> None:
        self._silent = False
        self.office.connect()

    def stop_marks(self) -> None:
        """The bridge does not say any more that it has told everything."""
        self._marks = False

    def mark(self, *, goes_on: bool) -> None:
        """The bridge says that it has told everything; with `goes_on` also from now on."""
        self.office.hear_watermark()
        self._marks = self._marks or goes_on

    def _flush(self, told_us: int | None = None) -> None:
        """Hand over what was told, now or later; then the platform does what the firm asks, until it asks for nothing more."""
        told = self.venue.told()
        if told and (told_us is not None or self._silent):
            self._held.append(_Held(told_us or 0, told))
        elif told:
            self.office.hear(told)
        if self._silent:
            return
        due = [held for held in self._held if held.due_us <= self.now_us]
        self._held = [held for held in self._held if held.due_us > self.now_us]
        for held in due:
            self.office.hear(held.told)
        self._obey()

    def _obey(self) -> None:
        """A story's platform has kept no price back: asked for some that are missing, it says that there were none."""
        while self.office.asked:
            asked = self.office.asked.pop(0)
            match asked:
                case Cmd():
                    self.venue.obey(asked)
                case SnapshotReq():
                    self.venue.snapshot(asked.acc, self.office.journal_seq)
                case BackfillReq():
                    self.office.hear([Backfilled(asked.sym, asked.from_us, asked.to_us, 0)])
                    continue
                case _:
                    continue
            self.office.hear(self.venue.told())

    def _mark(self) -> None:
        """The bridge says that it has told everything, where it has; and the clock ticks."""
        if self._marks and not self._silent and not self._held:
            self.office.hear_watermark()
        self.office.tick()
        self._flush()
