"""Bridge desk: one bridge: its key, its mode, and how far its two lanes have been booked."""

from typing import get_args

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.effects import DropBridge
from actors.messages import Message
from firm.commands import BridgeMode, EnrolBridge, RevokeBridge, SetBridgeMode
from firm.facts import BridgeEnrolled, BridgeModeChanged, BridgeRevoked, Fact, Refusal, Refused
from firm.inputs import Arriving, BridgeConnected, BridgeDisconnected, Input, QuoteFrame, Watermark

# A bridge's inputs that have a sequence are the events of its journal; but a watermark only names one.
_JOURNALLED: frozenset[type[Input | Fact]] = frozenset(
    kind for kind in get_args(Arriving) if "seq" in kind.__struct_fields__ and kind is not Watermark
)


class BridgeState(msgspec.Struct, frozen=True, kw_only=True):
    """`journal_seq`, `quote_seq`: the last event and tick in the ledger. `session` is "" while disconnected."""

    bridge: str
    public_key: str = ""
    mode: BridgeMode = BridgeMode.OBSERVE
    revoked: bool = False
    journal_seq: int = 0
    quote_seq: int = 0
    outbox_epoch: str = ""
    session: str = ""


class BridgeDesk:
    """One bridge."""

    def __init__(self, name: str, bridge: str) -> None:
        self.name = name
        self.state = BridgeState(bridge=bridge)

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        if type(body) in _JOURNALLED:
            booked: int = getattr(body, "seq", 0)
            self.state = replace(state, journal_seq=max(state.journal_seq, booked))
            return
        match body:
            case QuoteFrame():
                self.state = replace(state, quote_seq=body.qseq + body.n - 1)
            case BridgeConnected():
                self.state = replace(state, session=body.session, outbox_epoch=body.outbox_epoch)
            case BridgeDisconnected():
                self.state = replace(state, session="")
            case BridgeEnrolled():
                self.state = replace(state, public_key=body.public_key, mode=body.mode, revoked=False)
            case BridgeRevoked():
                self.state = replace(state, revoked=True)
            case BridgeModeChanged():
                self.state = replace(state, mode=body.mode)

    def capture(self) -> BridgeState:
        return self.state

    def restore(self, state: BridgeState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case EnrolBridge():
                self._enrol(message, turn)
            case RevokeBridge():
                self._revoke(message, turn)
            case SetBridgeMode():
                self._set_mode(message, turn)
            case _:
                return

    def _enrol(self, command: EnrolBridge, turn: Turn) -> None:
        if self.state.public_key and not self.state.revoked:
            detail = f"bridge {command.bridge} is enrolled; revoke it first to give it a new key"
            turn.record(Refused(refusal=Refusal.ID_TAKEN, detail=detail))
            return
        # Only the bundled simulator is enforced from its creation; a platform must earn it.
        mode = BridgeMode.ENFORCE if command.simulator else BridgeMode.OBSERVE
        turn.record(BridgeEnrolled(bridge=command.bridge, public_key=command.public_key, mode=mode))

    def _revoke(self, command: RevokeBridge, turn: Turn) -> None:
        if not self._known(turn):
            return
        turn.record(BridgeRevoked(bridge=command.bridge))
        turn.effect(DropBridge(bridge=command.bridge, reason="revoked"))

    def _set_mode(self, command: SetBridgeMode, turn: Turn) -> None:
        if self._known(turn):
            turn.record(BridgeModeChanged(bridge=command.bridge, mode=command.mode))

    def _known(self, turn: Turn) -> bool:
        if not self.state.public_key:
            detail = f"no bridge {self.state.bridge!r}; see evenhand bridge list"
            turn.record(Refused(refusal=Refusal.UNKNOWN_BRIDGE, detail=detail))
            return False
        if self.state.revoked:
            turn.record(Refused(refusal=Refusal.BRIDGE_REVOKED, detail=f"bridge {self.state.bridge} was revoked"))
            return False
        return True
