"""Events: what a bridge writes into its journal lane, one tagged MessagePack array each. Permanent; see docs/wire-protocol.md.

New fields are appended with a default; a field is never removed, moved or given another meaning. Prices are points by the
symbol's digits, volumes lots times 10^8, money minor units of `ccy` at `exponent`, times int µs UTC; `t_raw` is the
platform's own spelling of the time, where it has one.
"""

from typing import Annotated

import msgspec

from bridges.bounds import (
    CLOSED_MAX,
    DIGITS_MAX,
    EXPONENT_MAX,
    NAME_LENGTH_MAX,
    POSITIONS_MAX,
    SESSIONS_MAX,
    TEXT_LENGTH_MAX,
)
from firm.inputs import CashKind, CommandState, DealEntry, Side
from firm.quote_frame import Int64, Symbol

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
MaybeName = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH_MAX)]
Currency = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
Exponent = Annotated[int, msgspec.Meta(ge=0, le=EXPONENT_MAX)]
Digits = Annotated[int, msgspec.Meta(ge=0, le=DIGITS_MAX)]


class Account(msgspec.Struct, frozen=True, array_like=True, tag="account"):
    """The platform's record of an account. `rights_raw` and `trade_mode` as the vendor has them."""

    acc: Name
    group: MaybeName
    ccy: Currency
    exponent: Exponent
    leverage: Int64
    rights_raw: Int64
    trading_allowed: bool
    trade_mode: MaybeName
    balance: Int64
    credit: Int64
    ver: Int64
    t_us: Int64
    t_raw: MaybeName = ""


class Deal(msgspec.Struct, frozen=True, array_like=True, tag="deal"):
    """A fill. `action` is the deal's own side; costs are negative."""

    acc: Name
    deal_id: Name
    order_id: MaybeName
    pos_id: Name
    sym: Symbol
    action: Side
    entry: DealEntry
    vol: Int64
    px: Int64
    ccy: Currency
    exponent: Exponent
    profit: Int64
    commission: Int64
    swap: Int64
    fee: Int64
    reason: MaybeName
    t_us: Int64
    comment: Text = ""
    t_raw: MaybeName = ""


class DealUpdate(msgspec.Struct, frozen=True, array_like=True, tag="deal_update"):
    """A deal that was told before, as the platform has it since `changed_us`; `t_us` is still the deal's own instant."""

    acc: Name
    deal_id: Name
    order_id: MaybeName
    pos_id: Name
    sym: Symbol
    action: Side
    entry: DealEntry
    vol: Int64
    px: Int64
    ccy: Currency
    exponent: Exponent
    profit: Int64
    commission: Int64
    swap: Int64
    fee: Int64
    reason: MaybeName
    t_us: Int64
    changed_us: Int64
    comment: Text = ""
    t_raw: MaybeName = ""


class DealDelete(msgspec.Struct, frozen=True, array_like=True, tag="deal_delete"):
    """A deal that was told before is not in the platform's history any more, since `t_us`."""

    acc: Name
    deal_id: Name
    t_us: Int64
    comment: Text = ""
    t_raw: MaybeName = ""


class Position(msgspec.Struct, frozen=True, array_like=True, tag="position"):
    """A position after `op`: opened, changed or closed (then `vol` is 0). `sl` and `tp` are 0 where there is none."""

    acc: Name
    pos_id: Name
    op: Name
    sym: Symbol
    side: Side
    vol: Int64
    px_open: Int64
    sl: Int64
    tp: Int64
    ccy: Currency
    exponent: Exponent
    swap: Int64
    profit: Int64
    t_open_us: Int64
    t_us: Int64
    t_raw: MaybeName = ""


class Order(msgspec.Struct, frozen=True, array_like=True, tag="order"):
    """A pending order in `state`: placed, changed, filled, cancelled or expired."""

    acc: Name
    order_id: Name
    sym: Symbol
    side: Side
    order_type: Name
    vol: Int64
    px: Int64
    sl: Int64
    tp: Int64
    state: Name
    t_us: Int64
    t_raw: MaybeName = ""


class Cash(msgspec.Struct, frozen=True, array_like=True, tag="cash"):
    """A balance operation and the balance after it."""

    acc: Name
    cash_id: Name
    kind: CashKind
    ccy: Currency
    exponent: Exponent
    amount: Int64
    balance_after: Int64
    ver: Int64
    t_us: Int64
    comment: Text = ""
    t_raw: MaybeName = ""


class Equity(msgspec.Struct, frozen=True, array_like=True, tag="equity"):
    """Equity as the platform computes it; `src` says which of its figures that is."""

    acc: Name
    ccy: Currency
    exponent: Exponent
    equity: Int64
    balance: Int64
    margin: Int64
    src: MaybeName
    t_us: Int64
    t_raw: MaybeName = ""


class SymbolSpec(msgspec.Struct, frozen=True, array_like=True, tag="symbol_spec"):
    """A symbol's contract. `sessions`: open stretches as [start, end) minutes of the week from Monday 00:00 in `zone`.

    `closed`: holidays and early closes as instants [from_us, to_us). `renamed_to`: the name under which it goes on.
    """

    sym: Symbol
    digits: Digits
    contract_e8: Int64
    ccy_base: Currency
    ccy_profit: Currency
    tick_points: Int64
    calc_mode: MaybeName
    zone: Name
    sessions: Annotated[tuple[tuple[int, int], ...], msgspec.Meta(max_length=SESSIONS_MAX)] = ()
    sanity_band_bp: Int64 = 500
    closed: Annotated[tuple[tuple[Int64, Int64], ...], msgspec.Meta(max_length=CLOSED_MAX)] = ()
    renamed_to: MaybeName = ""


class Session(msgspec.Struct, frozen=True, array_like=True, tag="session"):
    """A trader logged in to or out of the platform. The gateway seals address and device before anything is written."""

    acc: Name
    logged_in: bool
    ip: MaybeName
    client_type: MaybeName
    device: Text
    t_us: Int64
    t_raw: MaybeName = ""


class Platform(msgspec.Struct, frozen=True, array_like=True, tag="platform"):
    """The bridge's own link to its platform."""

    up: bool
    since_us: Int64
    why: Text


class Gap(msgspec.Struct, frozen=True, array_like=True, tag="gap"):
    """The bridge has no prices of `sym` between the two instants."""

    sym: Symbol
    from_us: Int64
    to_us: Int64


class Backfilled(msgspec.Struct, frozen=True, array_like=True, tag="backfilled"):
    """The `ticks` prices of `sym` in [from_us, to_us) that were asked for, all of them, were sent before this event."""

    sym: Symbol
    from_us: Int64
    to_us: Int64
    ticks: Int64


class CmdAck(msgspec.Struct, frozen=True, array_like=True, tag="cmd_ack"):
    """The command lies in the bridge's journal and will be carried out once."""

    cmd_id: Name
    acc: MaybeName
    t_us: Int64


class CmdResult(msgspec.Struct, frozen=True, array_like=True, tag="cmd_result"):
    """How far a command has come. For create_account `acc` is "" and `vendor_ref` the new login."""

    cmd_id: Name
    acc: MaybeName
    state: CommandState
    retcode: MaybeName
    vendor_ref: MaybeName
    observed: Text
    t_us: Int64


class SnapshotPosition(msgspec.Struct, frozen=True, array_like=True):
    """One open position inside a snapshot."""

    pos_id: Name
    sym: Symbol
    side: Side
    vol: Int64
    px_open: Int64
    swap: Int64
    t_open_us: Int64


class Snapshot(msgspec.Struct, frozen=True, array_like=True, tag="snapshot"):
    """One account in full, as of journal event `as_of_seq`."""

    acc: Name
    as_of_seq: Int64
    trading_allowed: bool
    ccy: Currency
    exponent: Exponent
    balance: Int64
    equity: Int64
    positions: Annotated[tuple[SnapshotPosition, ...], msgspec.Meta(max_length=POSITIONS_MAX)]
    pending_orders: Int64
    t_us: Int64
    t_raw: MaybeName = ""


Event = (
    Account
    | Deal
    | Position
    | Order
    | Cash
    | Equity
    | SymbolSpec
    | Session
    | Platform
    | Gap
    | Backfilled
    | CmdAck
    | CmdResult
    | Snapshot
    | DealUpdate
    | DealDelete
)

_DECODER: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)
_ENCODER = msgspec.msgpack.Encoder()


class UnreadableEvent(ValueError):
    """Bytes that are no event of this version."""


def encode_event(event: Event) -> bytes:
    return _ENCODER.encode(event)


def decode_event(raw: bytes | msgspec.Raw) -> Event:
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableEvent(str(error)) from error
