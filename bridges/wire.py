"""Wire protocol v1: the messages between a bridge and the gateway, and their bytes. Permanent; see docs/wire-protocol.md.

A ZeroMQ message has two parts, header and body, both MessagePack. Structs travel as arrays in declared order; new fields
are appended with a default. Journal events are in `bridges/events.py`, quote frames in `firm/quote_frame.py`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from bridges.bounds import (
    ARGS_MAX,
    CAPS_MAX,
    COUNT_MAX,
    EVENTS_MAX,
    FLOORS_MAX,
    FRAME_BYTES_MAX,
    GROUPS_MAX,
    HEADER_BYTES_MAX,
    LEVERAGES_MAX,
    NAME_LENGTH_MAX,
    SYMBOLS_MAX,
)
from bridges.events import Currency, Exponent, MaybeName, Name, Text
from firm.quote_frame import Int64, Symbol

VERSION = 1

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Leverage = Annotated[int, msgspec.Meta(ge=1, le=COUNT_MAX)]


class Kind(StrEnum):
    """What a message is. The word itself travels."""

    HELLO = "HELLO"
    JOURNAL = "JOURNAL"
    QUOTES = "QUOTES"
    CONFLATED = "CONFLATED"
    WATERMARK = "WATERMARK"
    HB = "HB"
    BYE = "BYE"
    WELCOME = "WELCOME"
    ACK = "ACK"
    NACK = "NACK"
    SUBSCRIBE = "SUBSCRIBE"
    SNAPSHOT_REQ = "SNAPSHOT_REQ"
    BACKFILL_REQ = "BACKFILL_REQ"
    CMD = "CMD"
    CMD_QUERY = "CMD_QUERY"
    DEADMAN = "DEADMAN"


class Unreadable(StrEnum):
    """Why bytes are no message of this protocol: also the name of the counter."""

    PARTS = "not two parts"
    OVERSIZED = "oversized"
    HEADER = "undecodable header"
    VERSION = "unknown version"
    KIND = "unknown kind"
    BODY = "undecodable body"


class UnreadableFrame(ValueError):
    """A message that cannot be read, and why."""

    def __init__(self, why: Unreadable, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why


class Header(msgspec.Struct, frozen=True, array_like=True):
    """`first_seq` and `n` number the events of a JOURNAL and the entries of a QUOTES or CONFLATED; else 0."""

    ver: Int64
    kind: MaybeName
    session: MaybeName
    first_seq: Count
    n: Count


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """A bridge introduces itself.

    `first_seq`, `last_seq`: the journal events it holds; none is first = last + 1. `first_qseq`: the oldest tick it can
    send, held or next; 0 where it will number from wherever the appliance stands.
    """

    ver_min: Int64
    ver_max: Int64
    plugin: Name
    plugin_version: MaybeName
    platform: MaybeName
    platform_build: MaybeName
    server: MaybeName
    caps: Annotated[tuple[Name, ...], msgspec.Meta(max_length=CAPS_MAX)]
    outbox_epoch: Name
    first_seq: Count
    last_seq: Count
    clock_us: Int64
    first_qseq: Count = 0


class Group(msgspec.Struct, frozen=True, array_like=True):
    """A group of accounts at the platform. `leverages`: those that it has, 100 for 1:100; () where any will do."""

    group: Name
    leverages: Annotated[tuple[Leverage, ...], msgspec.Meta(max_length=LEVERAGES_MAX)] = ()


class HelloWithGroups(Hello, frozen=True, array_like=True):
    """Of a bridge that can tell which groups its platform has. `groups`: all that the firm may name; () says nothing of them."""

    groups: Annotated[tuple[Group, ...], msgspec.Meta(max_length=GROUPS_MAX)] = ()


class Welcome(msgspec.Struct, frozen=True, array_like=True):
    """The session's name, and the last durable numbers of both lanes: send what follows them. Not an acknowledgement."""

    ver: Int64
    session: Name
    resume_after: Count
    resume_after_qseq: Count
    want_snapshot: bool
    heartbeat_ms: Count
    clock_us: Int64


class Watermark(msgspec.Struct, frozen=True, array_like=True):
    """Everything stamped before `t_us` was sent: journal up to `seq`, ticks up to `qseq`."""

    t_us: Int64
    seq: Count
    qseq: Count


class Heartbeat(msgspec.Struct, frozen=True, array_like=True):
    """Both sides, each second. The appliance fills in only `t_us`."""

    t_us: Int64
    last_seq: Count = 0
    platform_connected: bool = True
    last_tick_us: Int64 = 0
    outbox_depth: Count = 0


class HeartbeatAfterPrices(Heartbeat, frozen=True, array_like=True):
    """Of a bridge that played what was recorded, once that is over. `prices_ended_us`: when; 0 in every other heartbeat."""

    prices_ended_us: Int64 = 0


class Bye(msgspec.Struct, frozen=True, array_like=True):
    """The session ends: what, which, what next."""

    reason: Text


class Ack(msgspec.Struct, frozen=True, array_like=True):
    """Durable: journal up to `seq`, ticks up to `qseq`, the watermark up to `t_us`."""

    seq: Count
    qseq: Count
    t_us: Int64 = 0


class Nack(msgspec.Struct, frozen=True, array_like=True):
    """Numbers are missing: send again from these, both lanes in their merged order."""

    expected_seq: Count
    expected_qseq: Count


class Subscribe(msgspec.Struct, frozen=True, array_like=True):
    """Feed these symbols; none means all."""

    symbols: Annotated[tuple[Symbol, ...], msgspec.Meta(max_length=SYMBOLS_MAX)]


class SnapshotReq(msgspec.Struct, frozen=True, array_like=True):
    """Send a snapshot event of the account, or of each where `acc` is ""."""

    acc: MaybeName


class BackfillReq(msgspec.Struct, frozen=True, array_like=True):
    """Send the prices of a stretch that was missed, in the quote lane, or a gap event where there are none."""

    sym: Symbol
    from_us: Int64
    to_us: Int64


class Cmd(msgspec.Struct, frozen=True, array_like=True):
    """Carry this out once. A second arrival of the same `cmd_id` changes nothing."""

    cmd_id: Name
    idem_key: Name
    acc: MaybeName
    action: Name
    args: Annotated[dict[Name, Text], msgspec.Meta(max_length=ARGS_MAX)]
    expect: Text
    deadline_us: Int64


class CmdQuery(msgspec.Struct, frozen=True, array_like=True):
    """Journal a cmd_result with what is known of this command; state unknown, retcode never_received where nothing is."""

    cmd_id: Name


class Floor(msgspec.Struct, frozen=True, array_like=True):
    """At or below `floor` the bridge closes the account by itself."""

    acc: Name
    ccy: Currency
    exponent: Exponent
    floor: Int64


class DeadmanPolicy(msgspec.Struct, frozen=True, array_like=True):
    """What a bridge does when the appliance was silent for `after_ms`. `action`: close_only or floors."""

    bridge: Name
    serial: Count
    issued_us: Int64
    action: Name
    after_ms: Count
    floors: Annotated[tuple[Floor, ...], msgspec.Meta(max_length=FLOORS_MAX)] = ()


class Deadman(msgspec.Struct, frozen=True, array_like=True):
    """`policy` is the MessagePack of a DeadmanPolicy; the signature is over those very bytes (`bridges/deadman.py`)."""

    policy: Annotated[bytes, msgspec.Meta(max_length=FRAME_BYTES_MAX)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


Message = (
    Hello
    | HelloWithGroups
    | Welcome
    | Watermark
    | Heartbeat
    | HeartbeatAfterPrices
    | Bye
    | Ack
    | Nack
    | Subscribe
    | SnapshotReq
    | BackfillReq
    | Cmd
    | CmdQuery
    | Deadman
)

KIND_OF: dict[type[Message], Kind] = {
    Hello: Kind.HELLO,
    HelloWithGroups: Kind.HELLO,
    Welcome: Kind.WELCOME,
    Watermark: Kind.WATERMARK,
    Heartbeat: Kind.HB,
    HeartbeatAfterPrices: Kind.HB,
    Bye: Kind.BYE,
    Ack: Kind.ACK,
    Nack: Kind.NACK,
    Subscribe: Kind.SUBSCRIBE,
    SnapshotReq: Kind.SNAPSHOT_REQ,
    BackfillReq: Kind.BACKFILL_REQ,
    Cmd: Kind.CMD,
    CmdQuery: Kind.CMD_QUERY,
    Deadman: Kind.DEADMAN,
}


class _Version(msgspec.Struct, frozen=True, array_like=True):
    ver: Int64


M = TypeVar("M", bound=msgspec.Struct)

_ENCODER = msgspec.msgpack.Encoder()
_VERSION = msgspec.msgpack.Decoder(_Version)
_HEADER = msgspec.msgpack.Decoder(Header)
_RAW_EVENTS = msgspec.msgpack.Decoder(
    Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=EVENTS_MAX)],
)
_DECODERS = {kind: msgspec.msgpack.Decoder(kind) for kind in KIND_OF}


def message(body: Message, session: str = "") -> list[bytes]:
    """The two parts of a message that is not numbered."""
    return [_ENCODER.encode(Header(VERSION, KIND_OF[type(body)], session, 0, 0)), _ENCODER.encode(body)]


def journal(session: str, first_seq: int, events: Sequence[bytes]) -> list[bytes]:
    """The two parts of a JOURNAL of already encoded events."""
    header = Header(VERSION, Kind.JOURNAL, session, first_seq, len(events))
    return [_ENCODER.encode(header), _ENCODER.encode([msgspec.Raw(event) for event in events])]


def quotes(session: str, first_qseq: int, n: int, body: bytes, *, conflated: bool = False) -> list[bytes]:
    """The two parts of a QUOTES or CONFLATED whose body `firm.quote_frame` encoded."""
    kind = Kind.CONFLATED if conflated else Kind.QUOTES
    return [_ENCODER.encode(Header(VERSION, kind, session, first_qseq, n)), body]


def read_header(parts: Sequence[bytes]) -> Header:
    """The header of a message of this version and a known kind, with a body of lawful size; else UnreadableFrame."""
    if len(parts) != 2:
        raise UnreadableFrame(Unreadable.PARTS, f"{len(parts)} parts where header and body belong")
    if len(parts[0]) > HEADER_BYTES_MAX or len(parts[1]) > FRAME_BYTES_MAX:
        raise UnreadableFrame(Unreadable.OVERSIZED, f"{len(parts[0])} + {len(parts[1])} bytes")
    try:
        # The version is read first and alone: another version's header may go on as it likes.
        version = _VERSION.decode(parts[0]).ver
        if version != VERSION:
            raise UnreadableFrame(Unreadable.VERSION, f"{version}; this side speaks {VERSION}")
        header = _HEADER.decode(parts[0])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFrame(Unreadable.HEADER, str(error)) from error
    if header.kind not in Kind.__members__:
        raise UnreadableFrame(Unreadable.KIND, header.kind[:NAME_LENGTH_MAX])
    return header


def read_events(body: bytes) -> list[msgspec.Raw]:
    """The events of a JOURNAL, each still encoded so that one bad event does not spoil the others."""
    try:
        events: list[msgspec.Raw] = _RAW_EVENTS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFrame(Unreadable.BODY, str(error)) from error
    return events


def read_body(kind: type[M], body: bytes) -> M:
    """The body of a message that is not numbered."""
    decoder = _DECODERS[kind]  # type: ignore[index]
    try:
        return decoder.decode(body)  # type: ignore[return-value]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFrame(Unreadable.BODY, str(error)) from error
