"""Engine desk: what the engine itself remembers: policy, stopped desks and their parked messages, epochs, checkpoints, snapshots."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from actors import fold
from actors.desk import Turn
from actors.messages import MESSAGES, DayEnded, Message
from firm.bounds import PARKED_PER_DESK_MAX
from firm.facts import BridgeEnrolled, DeskResumed, DeskStopped, Fact, MessageParked
from firm.inputs import ClockTicked, EpochOpened, Input, PolicyAdopted, SnapshotWritten
from firm.kinds import INPUTS, payload_of
from firm.policy import Policy


class Parked(msgspec.Struct, frozen=True):
    """A message kept for a stopped desk, with the instant and account of the input it came with."""

    kind: str
    message: str
    happened_us: int
    account: int


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """`bridges`: every bridge ever enrolled, in order. `now_us`: the last clock tick. Snapshot and checkpoint: where the last ones are.

    `fold`: by which way all states of this engine were folded since its first row, or since the snapshot it began from.
    """

    policy: Policy = Policy()
    stopped: tuple[str, ...] = ()
    parked: dict[str, tuple[Parked, ...]] = msgspec.field(default_factory=dict)
    bridges: tuple[str, ...] = ()
    now_us: int = 0
    engine: str = ""
    epoch_seq: int = 0
    snapshot_of_seq: int = 0
    fold: int = 0


class EngineDesk:
    """The engine's own state."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = EngineState(fold=fold.FOLD)

    def capture(self) -> EngineState:
        return self.state

    def restore(self, state: EngineState) -> None:
        self.state = state

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        match body:
            case ClockTicked():
                self.state = replace(state, now_us=max(state.now_us, body.at_us))
            case PolicyAdopted():
                self.state = replace(state, policy=body.policy)
            case EpochOpened():
                self.state = replace(state, engine=body.engine, epoch_seq=seq)
            case SnapshotWritten():
                self.state = replace(state, snapshot_of_seq=body.of_seq)
            case BridgeEnrolled() if body.bridge not in state.bridges:
                self.state = replace(state, bridges=(*state.bridges, body.bridge))
            case DeskStopped():
                others = tuple(desk for desk in state.stopped if desk != body.desk)
                self.state = replace(state, stopped=(*others, body.desk))
            case MessageParked():
                kept = Parked(body.message_kind, body.message, body.happened_us, account)
                waiting = (*state.parked.get(body.desk, ()), kept)
                self.state = replace(state, parked={**state.parked, body.desk: waiting[:PARKED_PER_DESK_MAX]})
            case DeskResumed():
                stopped = tuple(desk for desk in state.stopped if desk != body.desk)
                parked = {desk: waiting for desk, waiting in state.parked.items() if desk != body.desk}
                self.state = replace(state, stopped=stopped, parked=parked)

    def newest_day_end_us(self, desk: str) -> int:
        """The newest instant of which a stopped desk will hear that a day of its account ended; 0: none waits."""
        waiting = reversed(self.state.parked.get(desk, ()))
        newest = next((parked for parked in waiting if parked.kind == DayEnded.__name__), None)
        ended = None if newest is None else unparked(newest)
        return ended.at_us if isinstance(ended, DayEnded) else 0

    def decide(self, message: Message | Input, turn: Turn) -> Iterator[None] | None:  # noqa: ARG002
        """The machine's own inputs change its state and lead to nothing else."""
        return None


_MESSAGES: dict[str, type[Message]] = {kind.__name__: kind for kind in MESSAGES}
_INPUTS: dict[str, type[Input]] = {kind.__name__: kind for kind in INPUTS}


def parked_form(desk: str, message: Message | Input, happened_us: int) -> MessageParked:
    """A message as the fact that keeps it."""
    text = (
        payload_of(message) if isinstance(message, Input) else msgspec.json.encode(message, order="deterministic")
    ).decode()
    return MessageParked(desk=desk, message_kind=type(message).__name__, message=text, happened_us=happened_us)


def unparked(parked: Parked) -> Message | Input:
    """The message a fact kept."""
    kind = _MESSAGES.get(parked.kind) or _INPUTS[parked.kind]
    return msgspec.json.decode(parked.message.encode(), type=kind)
