"""The engine: every input in one total order, each decided to quiescence, all or nothing.

It is a value machine: arrivals in, a `Batch` of rows and effects out. It touches no disk, clock or network, so the same
arrivals give the same rows whether live, in recovery, in a replay or in a test, and however they are cut into batches.
A desk that raises is stopped: the input is undone and decided again without it; see `_decide_surely`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.alone import ALONE
from actors.appeals_desk import AppealsDesk
from actors.arrival import Arrival, Decided, ticks_of
from actors.asleep import Asleep
from actors.batch import Batch, Captured
from actors.bridge_desk import BridgeDesk
from actors.calendar_desk import CalendarDesk
from actors.desk import Desk, Header, Watch
from actors.enforcement_desk import EnforcementDesk
from actors.engine_desk import EngineDesk, parked_form, unparked
from actors.incident_desk import IncidentDesk
from actors.indexing import Indexing
from actors.market_desk import MarketDesk
from actors.messages import DayEnded, Enforce, Judge, LatePrice, MarkDue, Message, PeakDue, PriceReached
from actors.names import CALENDARS, ENGINE, INCIDENTS, account_desk, enforcement_desk, key_id, market_desk
from actors.order_desk import OrderDesk
from actors.permitted import NEEDED, refusal_of, staff_of
from actors.refolding import Refolding
from actors.routes import deciding, folding
from actors.trader_desk import TraderDesk
from actors.turn import WorkingTurn
from firm.account import AccountState
from firm.bounds import MESSAGES_PER_INPUT_MAX, PARKED_PER_DESK_MAX
from firm.commands import Command, ResumeDesk
from firm.facts import CalendarAdopted, DeskResumed, DeskStopped, InputRejected, MarketDaysAdopted, Refusal, Refused
from firm.incidents import Incident
from firm.inputs import ClockTicked, EpochOpened, Input, QuoteFrame
from firm.kinds import Body, payload_of
from firm.permissions import Permission
from firm.policy import Policy
from firm.staff import Staff
from storage.rows import Row

# Messages a stopped account desk may miss: it looks at the prices there are when it resumes.
_PASSING = (PriceReached, LatePrice, MarkDue)


class Engine:
    """All desks, and the order in which they decide. `size`: the seq of the last row."""

    def __init__(self, lineage: str, alarm: Callable[[str, BaseException], None] | None = None) -> None:
        self.lineage = lineage
        self.size = 0
        self.checkpoint_size = 0
        self.checkpoint_us = 0
        self.wants_snapshot = _nobody_wants  # asked where one is due: whether somebody would write it now
        self._alarm = alarm
        self._desks: dict[str, Desk] = {}
        self._asleep: dict[str, Asleep] = {}
        self._markets: dict[str, MarketDesk] = {}
        self.indexing = Indexing(self)
        self._refolding = Refolding(self)
        self._own = EngineDesk(ENGINE)
        self._desks[ENGINE] = self._own

    # --- what may be asked ---

    @property
    def policy(self) -> Policy:
        return self._own.state.policy

    @property
    def own(self) -> EngineDesk:
        return self._own

    @property
    def desks(self) -> dict[str, Desk]:
        return self._desks

    def market(self, bridge: str) -> MarketDesk:
        desk = self._markets.get(bridge)
        if desk is None:
            desk = MarketDesk(market_desk(bridge), bridge)
            self._markets[bridge] = self._desks[desk.name] = desk
        return desk

    def calendar(self, name: str) -> CalendarAdopted | None:
        """Economic news by the name of its calendar. Asking makes no desk: a desk that is there is state."""
        desk = self._desks.get(CALENDARS)
        return desk.state.adopted.get(name) if isinstance(desk, CalendarDesk) else None

    def market_days(self) -> Mapping[str, MarketDaysAdopted]:
        """Market days by the name of their calendar."""
        desk = self._desks.get(CALENDARS)
        return desk.state.market if isinstance(desk, CalendarDesk) else {}

    @property
    def staff(self) -> Staff:
        """Everybody on the staff, and the firm's own roles."""
        return staff_of(self)

    def refused(self, command: Command) -> Refused | None:
        """Why a command is not even decided: who it is by may not ask it."""
        return refusal_of(command, self)

    def holds(self, by: str, permission: Permission) -> bool:
        return permission in self.staff.held_by(by)

    def incident(self, bridge: str) -> Incident | None:
        desk = self._desks.get(INCIDENTS)
        return desk.state.open.get(bridge) if isinstance(desk, IncidentDesk) else None

    def account_states(self, bridge: str) -> Iterator[AccountState]:
        """Every open account of a bridge, as this input found it."""
        found = (desk.capture() for desk in tuple(self._desks.values()) if isinstance(desk, AccountDesk))
        return (state for state in found if state is not None and state.bridge == bridge)

    def watch(self, bridge: str, watch: Watch) -> None:
        self.market(bridge).watch(watch)

    def account(self, account: int) -> AccountState | None:
        desk = self._desks.get(account_desk(account))
        return desk.state if isinstance(desk, AccountDesk) else None

    def is_stopped(self, desk: str) -> bool:
        return desk in self._own.state.stopped

    def desk(self, name: str) -> Desk:
        """The desk of that name, made on first use."""
        known = self._desks.get(name)
        if known is None:
            known = self._desks[name] = self.new_desk(name)
            asleep = self._asleep.pop(name, None)
            if asleep is not None:
                known.restore(asleep.wake())
        return known

    def lay_asleep(self, name: str, state: Asleep) -> None:
        """Let a desk begin with this state once somebody needs it."""
        self._asleep[name] = state

    def capture(self) -> Captured:
        """All states, as of now."""
        self._refolding.settle()
        return Captured(self.size, {**self._asleep, **{name: desk.capture() for name, desk in self._desks.items()}})

    # --- deciding ---

    def decide(self, arrivals: Sequence[Arrival]) -> Batch:
        """Decide each arrival in order. The rows continue from `size`; nothing has happened until they are committed."""
        batch = Batch()
        for arrival in arrivals:
            self._decide_into(batch, arrival)
        return batch

    def take(self, arrival: Arrival) -> WorkingTurn:
        """Decide one input as the row after `size`, all or nothing; its turn holds what came of it."""
        header = self.believed(Header(self.size + 1, arrival.happened_us, arrival.received_us, arrival.account))
        self.indexing.index_retold(arrival.body)
        return self._decide_surely(arrival, header)

    def _decide_into(self, batch: Batch, arrival: Arrival) -> None:
        turn = self.take(arrival)
        header, body = turn.header, arrival.body
        batch.rows.append((_row(header.seq, body, arrival, 0, arrival.account, header.happened_us), body))
        for place, (account, happened_us, fact) in enumerate(turn.facts, start=1):
            row = _row(header.seq + place, fact, arrival, header.seq, account, happened_us)
            batch.rows.append((row, fact))
        self.size = header.seq + len(turn.facts)
        if arrival.attachment is not None:
            batch.frames.append((header.seq, arrival.attachment))
        batch.effects.extend(turn.effects)
        for desk, before in turn.touched.values():
            match desk:
                case AccountDesk() if desk.state is not before:  # most reports change nothing of it
                    batch.accounts.add(desk.account)
                case MarketDesk():
                    desk.settle()
                    batch.bridges.add(desk.bridge)
        facts = tuple((account, fact) for account, _, fact in turn.facts)
        batch.decided.append((arrival, Decided(header.seq, facts)))
        self._mark_duties(batch, body, arrival)

    def believed(self, header: Header) -> Header:
        """An input's header by which all desks decide and fold: it happened at an instant that can be believed."""
        happened_us = self.policy.believed_us(header.happened_us, header.received_us)
        return header if happened_us == header.happened_us else replace(header, happened_us=happened_us)

    def _mark_duties(self, batch: Batch, body: Input, arrival: Arrival) -> None:
        """Checkpoints and snapshots fall due at an input, never at a batch's end, so that batches leave no trace."""
        ticked = type(body) is ClockTicked
        overdue = ticked and arrival.received_us - self.checkpoint_us >= self.policy.checkpoint_every_us
        if self.size - self.checkpoint_size >= self.policy.checkpoint_rows or (
            overdue and self.size > self.checkpoint_size
        ):
            batch.checkpoints.append((self.size, arrival.received_us))
            self.checkpoint_size, self.checkpoint_us = self.size, arrival.received_us
        is_due = ticked and self.size - self._own.state.snapshot_of_seq >= self.policy.snapshot_rows
        if is_due and batch.snapshot is None and self.wants_snapshot():
            batch.snapshot = self.capture()

    def _decide_surely(self, arrival: Arrival, header: Header) -> WorkingTurn:
        """Decide an input; each time a desk raises, undo everything and decide again with that desk stopped."""
        newly_stopped = list(arrival.stopped)
        while True:
            newly_stopped += self.indexing.stops(header, newly_stopped)
            turn = self.new_turn(header, tuple(stopped.desk for stopped in newly_stopped))
            error = self.failure_of(partial(self._decide_with, tuple(newly_stopped), arrival, turn))
            if error is None:
                return turn
            if turn.desk in turn.stopping:
                raise error
            self.raise_alarm(turn.desk, error)
            turn.undo()
            # Prices of this input have taken accounts out of the index; all are indexed afresh.
            self.indexing.index_all()
            if not turn.desk:
                return self._rejected(header, error)
            newly_stopped.append(DeskStopped(desk=turn.desk, input=header.seq, exception=type(error).__name__))

    def failure_of(self, act: Callable[[], None]) -> Exception | None:
        """What it raised, if anything. What ends the process goes on doing so."""
        try:
            act()
        except (MemoryError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is that stops a desk)
            return error
        return None

    def raise_alarm(self, desk: str, error: Exception) -> None:
        if self._alarm is not None:
            self._alarm(desk, error)

    def _rejected(self, header: Header, error: Exception) -> WorkingTurn:
        """An input that no state can take in: it is kept, and changes nothing."""
        turn = self.new_turn(header, ())
        turn.record(InputRejected(exception=type(error).__name__), header.account)
        return turn

    def _stop(self, stopped: DeskStopped, turn: WorkingTurn) -> None:
        """From here on the desk decides nothing; a trading account is closed to new risk until a person looked."""
        turn.record(stopped)
        self.indexing.index_named(stopped.desk)
        if not stopped.desk.startswith("account/"):
            return
        state = self.account(key_id(stopped.desk))
        if state is not None and state.login:
            order = Enforce(account=state.account, login=state.login, purpose="close_only", decision=0, args={})
            turn.send(enforcement_desk(state.bridge), order)

    def _decide_with(self, stopping: tuple[DeskStopped, ...], arrival: Arrival, turn: WorkingTurn) -> None:
        turn.ticks = ticks_of(arrival.body, arrival.attachment)
        for stopped in stopping:
            self._stop(stopped, turn)
        self._decide_once(arrival, turn)

    def _decide_once(self, arrival: Arrival, turn: WorkingTurn) -> None:
        body = arrival.body
        self.fold(body, turn.header.seq, arrival.account, turn.header.happened_us, turn)
        # What a stop leads to happens with the input, not with whichever of its prices wakes somebody first.
        self._settle(turn)
        if type(body) in NEEDED and isinstance(body, Command) and (no := self.refused(body)) is not None:
            turn.record(no, arrival.account)
            return
        for name in deciding(body, arrival.account, self._own.state.bridges):
            self._deliver(name, body, turn)
            self._settle(turn)
        # Of most inputs these are asked in vain, and of a type that it is not, `isinstance` takes four times as long.
        if type(body) is ResumeDesk:
            self._resume(body, turn)
        if type(body) is EpochOpened:
            self._write_peaks(turn)
        self._settle(turn)
        for desk, _ in turn.touched.values():
            # What changed an account after it said how to be watched: the index must be the one that a start would make.
            if isinstance(desk, AccountDesk) and desk.state is not None and not desk.is_watched:
                turn.desk = desk.name
                self.indexing.index(desk)

    def _settle(self, turn: WorkingTurn) -> None:
        """Run messages first in, first out, until there are none."""
        handled = 0
        while turn.mail:
            name, message = turn.mail.popleft()
            self._deliver(name, message, turn)
            handled += 1
            if handled > MESSAGES_PER_INPUT_MAX:
                raise RuntimeError(f"input {turn.header.seq} caused more than {MESSAGES_PER_INPUT_MAX} messages")

    def _deliver(self, name: str, message: Message | Input, turn: WorkingTurn) -> None:
        if name in self._own.state.stopped:
            if not isinstance(message, (*_PASSING, ClockTicked, QuoteFrame)):
                kept = parked_form(name, message, turn.header.happened_us)
                turn.record(kept, turn.header.account)
                self._park_next(name, message)
            return
        desk = self.desk(name)
        turn.touch(desk)
        turn.desk = name
        steps = desk.decide(message, turn)
        if steps is not None:
            for _ in steps:
                self._settle(turn)
                turn.desk = name

    def _park_next(self, name: str, parked: Message | Input) -> None:
        """Each rollover is kept for a stopped desk, with the prices that there were."""
        desk = self.desk(name)
        if isinstance(parked, DayEnded) and isinstance(desk, AccountDesk):
            self.indexing.await_next_day(desk, parked.at_us)

    def _write_peaks(self, turn: WorkingTurn) -> None:
        for name in sorted(self._desks):
            desk = self._desks[name]
            if isinstance(desk, AccountDesk) and desk.state is not None:
                turn.send(name, PeakDue())

    def _resume(self, command: ResumeDesk, turn: WorkingTurn) -> None:
        """A person lets a desk go on: what was parked is decided once, in order, then it looks at the prices there are."""
        if command.desk not in self._own.state.stopped:
            turn.record(Refused(refusal=Refusal.DESK_NOT_STOPPED, detail=f"{command.desk} is not stopped"))
            return
        waiting = self._own.state.parked.get(command.desk, ())
        if command.desk in turn.stopping or len(waiting) >= PARKED_PER_DESK_MAX:
            why = "it failed again" if command.desk in turn.stopping else f"it missed more than {len(waiting)} messages"
            turn.record(Refused(refusal=Refusal.DESK_NOT_RESUMED, detail=f"{command.desk} stays stopped: {why}"))
            return
        turn.record(DeskResumed(desk=command.desk, parked=len(waiting)))
        resumed_by = turn.header
        for parked in waiting:
            # Each message is decided as of when it came, not as of when the desk was resumed.
            turn.header = replace(resumed_by, happened_us=parked.happened_us, account=parked.account, kept=True)
            turn.at_us = parked.happened_us
            self._deliver(command.desk, unparked(parked), turn)
            self._settle(turn)
        turn.header, turn.at_us = resumed_by, resumed_by.happened_us
        if command.desk.startswith("account/") and self.account(key_id(command.desk)) is not None:
            turn.send(command.desk, Judge(at_us=turn.header.happened_us))

    # --- folding ---

    def fold(self, body: Body, seq: int, account: int, happened_us: int, turn: "WorkingTurn | None" = None) -> None:
        """Let a row change the states that derive from it."""
        seat = self._desks.get(account_desk(account)) if account else None
        if seat is not None and turn is not None:
            turn.touch(seat)
        held = seat.state if isinstance(seat, AccountDesk) else None
        for name in folding(body, account, held, self._own.state.bridges):
            desk = self.desk(name)
            if turn is not None:
                turn.touch(desk)
            desk.fold(body, seq, account, happened_us)

    def refold(self, header: Header, body: Body, frame: bytes | None = None) -> None:
        """Take a stored row as it is, whatever engine decided it."""
        self._refolding.take(header, body, frame)

    # --- desks ---

    def new_turn(self, header: Header, stopping: tuple[str, ...]) -> WorkingTurn:
        """The working space of one input."""
        return WorkingTurn(self, header, stopping=stopping)

    def new_desk(self, name: str) -> Desk:
        """Who has this name, at the beginning of its life."""
        kind, _, key = name.partition("/")
        match kind:
            case "account":
                return AccountDesk(name)
            case "trader":
                return TraderDesk(name)
            case "order":
                return OrderDesk(name)
            case "appeals":
                return AppealsDesk(name)
            case "bridge":
                return BridgeDesk(name, key)
            case "enforcement":
                return EnforcementDesk(name, key)
            case "market":
                return self.market(key)
            case _:
                return ALONE[name](name)


def _nobody_wants() -> bool:
    """Where rows are decided again, and while another snapshot is on its way."""
    return False


def _row(seq: int, body: Body, arrival: Arrival, cause: int, account: int, happened_us: int) -> Row:
    return Row(seq, type(body).__name__, happened_us, arrival.received_us, cause, account, payload_of(body))
