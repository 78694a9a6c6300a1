"""States as bytes: how each kind of desk's state is written in a snapshot, so that equal states are equal bytes.

JSON with sets and dict keys sorted. A desk that was never given a state (an account that was asked for but not opened)
is written as null.
"""

from typing import Any, get_args, get_origin

import msgspec
from immutables import Map

from actors.appeals_desk import AppealsState
from actors.asleep import Asleep
from actors.batch import Captured
from actors.bridge_desk import BridgeState
from actors.calendar_desk import CalendarState
from actors.catalogue_desk import CatalogueState
from actors.enforcement_plans import EnforcementState
from actors.engine import Engine
from actors.engine_desk import EngineState
from actors.incident_desk import IncidentState
from actors.market_state import MarketState
from actors.names import ENGINE
from actors.order_desk import OrderState
from actors.risk_desk import RiskState
from actors.security_desk import SecurityState
from actors.trader_desk import TraderState
from firm.account import AccountState
from firm.staff import Staff
from storage.snapshots import state_hash

_ENCODER = msgspec.json.Encoder()


def _written(state: Any) -> Any:
    """A map as the dict that it is."""
    if isinstance(state, Map):
        return dict(state)
    raise TypeError(f"no state holds a {type(state).__name__}")


def _read(kind: Any, raw: Any) -> Any:
    """What was written as a dict, as the map of that kind: Map[int, Plan] or the like."""
    if get_origin(kind) is Map:
        return Map(msgspec.convert(raw, dict[get_args(kind)], str_keys=True))  # type: ignore[misc]
    raise TypeError(f"no state holds a {kind}")


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "account": msgspec.json.Decoder(AccountState | None),
    "trader": msgspec.json.Decoder(TraderState),
    "order": msgspec.json.Decoder(OrderState | None),
    "appeals": msgspec.json.Decoder(AppealsState),
    "bridge": msgspec.json.Decoder(BridgeState),
    "market": msgspec.json.Decoder(MarketState),
    "enforcement": msgspec.json.Decoder(EnforcementState, dec_hook=_read),
    "catalogue": msgspec.json.Decoder(CatalogueState),
    "calendars": msgspec.json.Decoder(CalendarState),
    "risk": msgspec.json.Decoder(RiskState),
    "security": msgspec.json.Decoder(SecurityState),
    "staff": msgspec.json.Decoder(Staff),
    "incidents": msgspec.json.Decoder(IncidentState, dec_hook=_read),
    "engine": msgspec.json.Decoder(EngineState),
}


# Desks that nothing looks through, and of which most are never needed again.
_SLEEPERS = frozenset({"order", "trader", "appeals"})


def state_bytes(state: Any) -> bytes:
    if isinstance(state, Asleep):
        return state.raw
    return _ENCODER.encode(msgspec.to_builtins(state, str_keys=True, order="deterministic", enc_hook=_written))


def readable_states(states: dict[str, bytes], *, own: bool = False) -> dict[str, Any]:
    """The states of a snapshot by desk; msgspec.ValidationError where this engine cannot read one.

    `own`: this very engine wrote it, so that what most likely is never needed may be read when it is.
    """
    found: dict[str, Any] = {}
    for name, raw in states.items():
        kind = name.partition("/")[0]
        decode = _DECODERS[kind].decode
        found[name] = Asleep(raw, decode) if own and kind in _SLEEPERS else decode(raw)
    return found


class _Folded(msgspec.Struct):
    fold: int = 0


def fold_of(states: dict[str, bytes]) -> int:
    """By which way of folding a snapshot came about; 0 where its release did not say."""
    return msgspec.json.decode(states[ENGINE], type=_Folded).fold if ENGINE in states else 0


def restore_states(engine: Engine, of_seq: int, states: dict[str, Any]) -> None:
    """Put a snapshot's states into an engine, which then continues from row `of_seq`."""
    for name, state in states.items():
        if isinstance(state, Asleep):
            engine.lay_asleep(name, state)
        else:
            engine.desk(name).restore(state)
    engine.size = of_seq
    engine.indexing.index_all()


def hash_of(captured: Captured) -> str:
    """The state hash of all desks, as docs/formats.md defines it."""
    in_order = sorted(captured.states, key=lambda name: name.encode())
    return state_hash((name, state_bytes(captured.states[name])) for name in in_order)
