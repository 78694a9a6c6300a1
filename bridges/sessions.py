"""Sessions: which bridge is connected, by the key it proved to hold. The routing id is only where answers go."""

import math
from collections import OrderedDict

import msgspec

from bridges.bounds import FAREWELLS_MAX, REST_MAX_S, REST_MIN_S, START_EVERY_S, STARTS_AT_ONCE_MAX
from bridges.lanes import Lanes
from bridges.wire import HeartbeatAfterPrices

VAULT_NOT_WRITABLE, WAITS_FOR_THE_VAULT = "vault not writable", "waits for the vault"  # what the gateway counts of it
WELL_AFTER_S = 5 * REST_MAX_S  # a bridge that wrote nothing personal for minutes has not yet seen the vault well


class Session(msgspec.Struct):
    """One live session. `heard_at` is loop time, for silence; `since_us` is firm time, for people."""

    bridge: str
    name: str
    routing_id: bytes
    since_us: int
    heard_at: float
    heartbeat: HeartbeatAfterPrices | None = None
    heartbeat_us: int = 0


class SessionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A bridge as the gateway sees it. Sequences are durable ones; instants are 0 where there was none."""

    bridge: str
    connected: bool
    platform_connected: bool
    prices_ended_us: int
    session_since_us: int
    journal_seq: int
    quote_seq: int
    watermark_us: int
    last_tick_us: int
    heartbeat_us: int
    outbox_depth: int
    in_flight: int


def health_of(lanes: Lanes, session: Session | None) -> SessionHealth:
    beat = None if session is None else session.heartbeat
    return SessionHealth(
        bridge=lanes.bridge,
        connected=session is not None,
        platform_connected=beat is not None and beat.platform_connected,
        prices_ended_us=0 if beat is None else beat.prices_ended_us,
        session_since_us=0 if session is None else session.since_us,
        journal_seq=lanes.durable.seq,
        quote_seq=lanes.durable.qseq,
        watermark_us=lanes.durable.mark_us,
        last_tick_us=0 if beat is None else beat.last_tick_us,
        heartbeat_us=0 if session is None else session.heartbeat_us,
        outbox_depth=0 if beat is None else beat.outbox_depth,
        in_flight=lanes.in_flight,
    )


class Sessions:
    """At most one session for each bridge."""

    def __init__(self) -> None:
        self._live: dict[str, Session] = {}

    def of(self, bridge: str) -> Session | None:
        return self._live.get(bridge)

    def live(self) -> list[Session]:
        return list(self._live.values())

    def open(self, session: Session) -> None:
        assert session.bridge not in self._live, f"{session.bridge} already has a session"
        self._live[session.bridge] = session

    def close(self, session: Session) -> bool:
        """False where it was not live any more."""
        if self._live.get(session.bridge) is not session:
            return False
        del self._live[session.bridge]
        return True


class Pace:
    """How often a key may ask for a session: a few times at once, then about once a second. Each start is on the books for ever.

    Who asks too often is told so and asks again: nobody is locked out, and what one key does is no other's trouble.
    """

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, bridge: str, now_s: float) -> bool:
        left, since_s = self._left.get(bridge, (float(STARTS_AT_ONCE_MAX), now_s))
        left = min(STARTS_AT_ONCE_MAX, left + (now_s - since_s) / START_EVERY_S)
        is_allowed = left >= 1
        self._left[bridge] = (left - is_allowed, now_s)
        return is_allowed


class Rests:
    """How long a bridge waits at the door whose session ended by a failure of the firm's own. A failure that lasts would end
    session after session, and each leaves two rows for ever: the wait doubles up to a minute, and starts anew after some without a failure.
    """

    def __init__(self) -> None:
        self._rests: dict[str, tuple[float, float]] = {}

    def begin(self, bridge: str, now_s: float) -> float:
        """Its session fails now: how long it waits, in seconds."""
        rest_s, until_s = self._rests.get(bridge, (0.0, float("-inf")))
        went_well = now_s - until_s > WELL_AFTER_S
        rest_s = REST_MIN_S if went_well else min(2 * rest_s, REST_MAX_S)
        self._rests[bridge] = (rest_s, now_s + rest_s)
        return rest_s

    def left_s(self, bridge: str, now_s: float) -> float:
        """How long it still waits; 0 where it need not."""
        _, until_s = self._rests.get(bridge, (0.0, float("-inf")))
        return max(0.0, until_s - now_s)


class Starts:
    """Whether a bridge may start a session now, by both."""

    def __init__(self) -> None:
        self._pace, self._rests = Pace(), Rests()

    def objection(self, bridge: str, now_s: float) -> tuple[str, str] | None:
        """The counter's name and the sentence for the bridge, or None where it may start one."""
        if rest_s := self._rests.left_s(bridge, now_s):
            return WAITS_FOR_THE_VAULT, f"the vault cannot be written: say HELLO again in {math.ceil(rest_s)} s"
        if not self._pace.allows(bridge, now_s):
            why = f"{bridge} starts sessions too often: say HELLO again in {START_EVERY_S:g} s"
            return "session starts too often", why
        return None

    def rest(self, bridge: str, now_s: float) -> float:
        """The vault took nothing of what it sent: how long it waits now, in seconds."""
        return self._rests.begin(bridge, now_s)


class Farewells:
    """Routing ids that were told BYE: one is enough, however much they still send."""

    def __init__(self) -> None:
        self._told: OrderedDict[bytes, None] = OrderedDict()

    def is_first(self, routing_id: bytes) -> bool:
        if routing_id in self._told:
            return False
        self._told[routing_id] = None
        if len(self._told) > FAREWELLS_MAX:
            self._told.popitem(last=False)
        return True

    def forget(self) -> None:
        self._told.clear()
