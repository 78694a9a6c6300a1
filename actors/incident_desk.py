"""Incident desk: when prices of a bridge are missing for too long it opens an incident, tells the accounts that need them, and ends it
once prices come again. One goes on per bridge at a time: a bridge that comes and goes makes one incident, and not two hundred.

It looks at each tick of the clock. What an account went through, and what would have been, its own desk says.
"""

from typing import NamedTuple

import msgspec
from immutables import Map
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import Message, OutageOver, PricesOut
from actors.names import account_desk
from firm.bounds import BACKFILL_WAITED_US, INCIDENT_SYMBOLS_MAX, INCIDENT_WORDS_MAX, INCIDENTS_KEPT
from firm.commands import CloseIncident, NoteIncident, PublishIncident
from firm.facts import (
    BridgeEnrolled,
    BridgeRevoked,
    Fact,
    IncidentClosed,
    IncidentEnded,
    IncidentExtended,
    IncidentNoted,
    IncidentOpened,
    IncidentPublished,
    OutageAssessed,
    PassesFrozen,
    PricesReturned,
    Refusal,
    Refused,
)
from firm.incidents import Incident, IncidentCause
from firm.inputs import ClockTicked, GapReported, Input
from firm.outage import longest_silence_us

_Said = NoteIncident | PublishIncident | CloseIncident


class IncidentState(msgspec.Struct, frozen=True, kw_only=True):
    """`bridges`: enrolled and not revoked. `open`: by bridge. `frozen`: accounts by the incidents that freeze their passes, as
    "incident/account". `known`: the newest incidents, with whether each is closed.
    """

    bridges: tuple[str, ...] = ()
    open: dict[str, Incident] = msgspec.field(default_factory=dict)
    frozen: Map[str, int] = msgspec.field(default_factory=Map)
    known: dict[int, bool] = msgspec.field(default_factory=dict)


class _Missing(NamedTuple):
    """What is missing of a bridge: since when, and whether there are more symbols than are named."""

    symbols: tuple[str, ...]
    whole: bool
    from_us: int


class IncidentDesk:
    """The firm's one incident desk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = IncidentState()

    def capture(self) -> IncidentState:
        return self.state

    def restore(self, state: IncidentState) -> None:
        self.state = state

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        match body:
            case BridgeEnrolled():
                others = tuple(bridge for bridge in state.bridges if bridge != body.bridge)
                self.state = replace(state, bridges=(*others, body.bridge))
            case BridgeRevoked():
                self.state = replace(state, bridges=tuple(one for one in state.bridges if one != body.bridge))
            case PassesFrozen():
                self.state = replace(state, frozen=state.frozen.set(_key(body.incident, account), account))
            case OutageAssessed() if (key := _key(body.incident, account)) in state.frozen:
                self.state = replace(state, frozen=state.frozen.delete(key))
            case _:
                self._fold_incident(body)

    def _fold_incident(self, body: Input | Fact) -> None:
        state = self.state
        match body:
            case IncidentOpened():
                opened = Incident(body.incident, body.bridge, body.symbols, body.whole, body.from_us)
                kept = list(state.known.items())[1 - INCIDENTS_KEPT :]
                known = {**dict(kept), body.incident: False}
                self.state = replace(state, open={**state.open, body.bridge: opened}, known=known)
            case IncidentExtended():
                self._change(body.bridge, symbols=body.symbols, whole=body.whole, from_us=body.from_us, back_us=0)
            case PricesReturned():
                self._change(body.bridge, back_us=body.back_us)
            case IncidentEnded():
                left = {bridge: one for bridge, one in state.open.items() if bridge != body.bridge}
                self.state = replace(state, open=left)
            case IncidentClosed() if body.incident in state.known:
                self.state = replace(state, known={**state.known, body.incident: True})

    def _change(self, bridge: str, **changes: object) -> None:
        changed = replace(self.state.open[bridge], **changes)
        self.state = replace(self.state, open={**self.state.open, bridge: changed})

    # --- deciding ---

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case ClockTicked():
                for bridge in sorted({*self.state.bridges, *self.state.open}):
                    self._look(bridge, message.at_us, turn)
            case GapReported():
                self._hear_of_gap(message, turn)
            case NoteIncident() | PublishIncident() | CloseIncident():
                self._say(message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _look(self, bridge: str, now_us: int, turn: Turn) -> None:
        after_us, known = turn.policy.incident_after_us, self.state.open.get(bridge)
        if bridge not in self.state.bridges:
            self._end(bridge, now_us, turn, filled=False)  # revoked: it will tell nothing any more
            return
        since = turn.market(bridge).missing(now_us, after_us)
        if since:
            cause = IncidentCause.SILENT if turn.market(bridge).is_platform_up else IncidentCause.PLATFORM_DOWN
            self._miss(bridge, self._named(bridge, since, turn), cause, turn)
        elif known is None or now_us <= known.from_us:
            return
        elif not known.back_us:
            market = turn.market(bridge)
            if all(now_us - market.told_us(symbol) <= after_us for symbol in known.symbols):
                self._return(bridge, now_us, turn)
        elif now_us - known.back_us > after_us:
            awaited = turn.market(bridge).awaits_prices
            if not awaited or now_us - known.back_us > BACKFILL_WAITED_US:
                filled = not awaited and not turn.market(bridge).lost_prices
                self._end(bridge, known.back_us, turn, filled=filled)

    def _hear_of_gap(self, report: GapReported, turn: Turn) -> None:
        """A stretch that has passed: its prices are back already, and the market desk has asked for those that are missing."""
        market, after_us = turn.market(report.bridge), turn.policy.incident_after_us
        spec = market.board.specs.get(report.symbol)
        known = self.state.open.get(report.bridge)
        if spec is None or report.bridge not in self.state.bridges:
            return
        to_us = min(report.to_us, turn.header.happened_us)
        if known is not None and known.touches(report.symbol) and known.from_us <= report.from_us:
            return
        if longest_silence_us(spec, report.from_us, to_us) <= after_us or market.is_answered(report):
            return
        self._miss(report.bridge, _Missing((report.symbol,), False, report.from_us), IncidentCause.GAP, turn)
        if self.state.open[report.bridge].back_us == 0:
            told = all(
                turn.header.happened_us - market.told_us(one) <= after_us for one in self._symbols(report.bridge)
            )
            if told:
                self._return(report.bridge, turn.header.happened_us, turn)

    def _symbols(self, bridge: str) -> tuple[str, ...]:
        return self.state.open[bridge].symbols

    def _named(self, bridge: str, since: dict[str, int], turn: Turn) -> _Missing:
        """Which symbols an incident names: where there are too many, those that somebody needs first."""
        symbols = sorted(since)
        if len(symbols) > INCIDENT_SYMBOLS_MAX:
            needed = turn.needed_symbols(bridge)
            symbols = sorted(symbols, key=lambda one: (one not in needed, one))[:INCIDENT_SYMBOLS_MAX]
        return _Missing(tuple(sorted(symbols)), len(symbols) < len(since), min(since.values()))

    def _miss(self, bridge: str, missing: _Missing, cause: IncidentCause, turn: Turn) -> None:
        """Open the incident, or let the one that goes on have more in it; and tell the accounts that it newly concerns."""
        known = self.state.open.get(bridge)
        if known is None:
            number = turn.next_seq
            opened = IncidentOpened(
                incident=number, bridge=bridge, cause=cause, symbols=missing.symbols, whole=missing.whole,
                from_us=missing.from_us,
            )  # fmt: skip
            turn.record(opened)
        else:
            symbols = tuple(sorted({*known.symbols, *missing.symbols}))
            whole = known.whole or missing.whole or len(symbols) > INCIDENT_SYMBOLS_MAX
            symbols = known.symbols if len(symbols) > INCIDENT_SYMBOLS_MAX else symbols
            from_us = min(known.from_us, missing.from_us)
            changed = replace(known, symbols=symbols, whole=whole, from_us=from_us, back_us=0)
            gone_again = known.back_us and cause is not IncidentCause.GAP
            if not gone_again and replace(changed, back_us=known.back_us) == known:
                return
            extended = IncidentExtended(
                incident=known.incident, bridge=bridge, symbols=symbols, whole=whole, from_us=from_us
            )
            turn.record(extended)
        self.tell(self.state.open[bridge], turn)

    def tell(self, incident: Incident, turn: Turn) -> None:
        """Every account that may need its prices."""
        for account in turn.dependents(incident):
            turn.send(account_desk(account), PricesOut(incident=incident))

    def _return(self, bridge: str, back_us: int, turn: Turn) -> None:
        incident = self.state.open[bridge].incident
        turn.record(PricesReturned(incident=incident, bridge=bridge, back_us=back_us))

    def _end(self, bridge: str, to_us: int, turn: Turn, *, filled: bool) -> None:
        known = self.state.open[bridge]
        ended = IncidentEnded(incident=known.incident, bridge=bridge, to_us=to_us, filled=filled)
        self.tell_over(ended, known.from_us, turn)  # with what the market desk forgets when the incident is over
        turn.record(ended)

    def tell_over(self, ended: IncidentEnded, from_us: int, turn: Turn) -> None:
        """Every account whose passes it froze."""
        holes, prefix = turn.market(ended.bridge).holes(), _key(ended.incident, 0)[:-1]
        over = OutageOver(
            incident=ended.incident, from_us=from_us, until_us=ended.to_us, filled=ended.filled, holes=holes
        )
        for account in sorted(account for key, account in self.state.frozen.items() if key.startswith(prefix)):
            turn.send(account_desk(account), over)

    # --- what people say ---

    def _say(self, command: _Said, turn: Turn) -> None:
        no = self._why_not(command)
        if no is not None:
            turn.record(no)
            return
        number, by = command.incident, command.by
        match command:
            case NoteIncident():
                turn.record(IncidentNoted(incident=number, by=by, note=command.note.strip()))
            case PublishIncident():
                sentence = command.sentence.strip()
                turn.record(IncidentPublished(incident=number, by=by, sentence=sentence, shown=command.shown))
            case CloseIncident():
                turn.record(IncidentClosed(incident=number, by=by, conclusion=command.conclusion.strip()))

    def _why_not(self, command: _Said) -> Refused | None:
        number = command.incident
        if number not in self.state.known:
            return Refused(refusal=Refusal.UNKNOWN_INCIDENT, detail=f"no incident {number}: see evenhand incident list")
        text = _words_of(command).strip()
        if not text or len(text) > INCIDENT_WORDS_MAX:
            detail = f"say it in 1 to {INCIDENT_WORDS_MAX} characters; this has {len(text)}"
            return Refused(refusal=Refusal.WORDS_MISSING, detail=detail)
        if not isinstance(command, CloseIncident):
            return None
        if self.state.known[number]:
            return Refused(refusal=Refusal.INCIDENT_CLOSED, detail=f"incident {number} is closed")
        prefix = _key(number, 0)[:-1]
        goes_on = any(one.incident == number for one in self.state.open.values())
        if goes_on or any(key.startswith(prefix) for key in self.state.frozen):
            detail = f"incident {number} is not over: it ends by itself once prices have come for long enough"
            return Refused(refusal=Refusal.INCIDENT_GOES_ON, detail=detail)
        return None


def _words_of(command: _Said) -> str:
    match command:
        case NoteIncident():
            return command.note
        case PublishIncident():
            return command.sentence
        case CloseIncident():
            return command.conclusion


def _key(incident: int, account: int) -> str:
    return f"{incident}/{account}"
