"""Inputs from outside that are not a person's command: what platforms, clocks and the machine itself report.

Each is an observation: true as "X reported Y", not as Y. The border has already turned the foreign format into these words,
sealed what is personal, and drawn any id. `t_us` is the instant by the platform's clock, converted to UTC.
The account an input belongs to is in the ledger row's header, never in the payload.
`seq` is the bridge's journal sequence; every journalled report has one.
"""

from enum import StrEnum

import msgspec

from firm.letters import Letter, MailEnd
from firm.money import Money
from firm.platform_listing import PlatformGroup
from firm.policy import Policy
from firm.price import SymbolSpec


class Input(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What enters. The ledger's `kind` is the class name; the payload is the fields as JSON, in declared order."""


class Side(StrEnum):
    """The direction of a position or deal."""

    BUY = "buy"
    SELL = "sell"


class DealEntry(StrEnum):
    """Whether a deal opens or adds to a position, or closes all or part of it."""

    IN = "in"
    OUT = "out"


class CashKind(StrEnum):
    """Why a balance moved without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    CORRECTION = "correction"
    DIVIDEND = "dividend"  # for a position held: profit or loss of trading, unlike the others
    PAYOUT = "payout"  # profit that is paid out: each loss limit says what that does to its floor


class CommandState(StrEnum):
    """How far a command to a platform has come. UNKNOWN is probed, never retried blindly."""

    QUEUED = "queued"
    ACKED = "acked"  # the bridge wrote it to its journal
    APPLIED = "applied"  # the platform said yes
    CONFIRMED = "confirmed"  # the effect was seen in the platform's own events
    FAILED = "failed"  # the platform said no
    UNKNOWN = "unknown"  # nobody can say: ask, do not resend


# --- the machine ---


class EpochOpened(Input, frozen=True, kw_only=True):
    """This engine takes the ledger up. `state_hash` is over all desks' states; "" where the epoch starts from nothing."""

    engine: str
    release: str
    state_hash: str


class EpochClosed(Input, frozen=True, kw_only=True):
    """The epoch of another engine ended: this one goes on from the state as it is."""

    engine: str
    state_hash: str


class EngineResumed(Input, frozen=True, kw_only=True):
    """The same engine continues its epoch after a restart, having re-decided everything since the last snapshot."""

    engine: str


class PolicyAdopted(Input, frozen=True, kw_only=True):
    """The firm's operating policy from its settings, because desks decide by it: adopted at start when it changed."""

    policy: Policy


class ClockTicked(Input, frozen=True, kw_only=True):
    """Firm time advanced to `at_us`. Desks know no other clock."""

    at_us: int


class SnapshotWritten(Input, frozen=True, kw_only=True):
    """The snapshot of the state after row `of_seq` is complete: `states` desks, `state_hash` over all of them."""

    of_seq: int
    states: int
    state_hash: str


class SegmentSealed(Input, frozen=True, kw_only=True):
    """Quote frames up to ledger seq `last_seq` now lie in segment file `name`, `size_bytes` long, synced and re-read."""

    name: str
    first_seq: int
    last_seq: int
    frames: int
    size_bytes: int
    sha256: str


class LedgerForked(Input, frozen=True, kw_only=True):
    """A restore or promotion began a new lineage from row `size` of `from_lineage`, whose tree had this root."""

    from_lineage: str
    size: int
    root: str


class MasterRotationBegun(Input, frozen=True, kw_only=True):
    """The vault's master is being renewed: the keys of all people go from the master of id `was` to that of id `becomes`."""

    was: str
    becomes: str


class MasterRotationEnded(Input, frozen=True, kw_only=True):
    """All keys of the vault are under the master of this id, and nothing there opens under the one before."""

    master: str


# --- a bridge ---


class BridgeConnected(Input, frozen=True, kw_only=True, omit_defaults=True):
    """An authenticated bridge opened a session. Sequences are those it holds in its outbox; `groups` its platform's, if told."""

    bridge: str
    session: str
    plugin: str
    plugin_version: str
    platform: str
    server: str
    outbox_epoch: str
    first_seq: int
    last_seq: int
    groups: tuple[PlatformGroup, ...] = ()


class BridgeDisconnected(Input, frozen=True, kw_only=True):
    """A bridge's session ended, or was dropped, for `reason`."""

    bridge: str
    session: str
    reason: str


class QuoteFrame(Input, frozen=True, kw_only=True):
    """One frame of prices: ticks `qseq` to `qseq + n - 1` of the bridge's quote lane, after its journal event `after_seq`.

    The frame's bytes lie beside the ledger under this row's seq; `sha256` is over exactly those bytes.
    `conflated`: an overloaded bridge merged ticks; a breach that rests on it is only suspected.
    """

    bridge: str
    qseq: int
    after_seq: int
    n: int
    first_us: int
    last_us: int
    conflated: bool
    sha256: str


class Watermark(Input, frozen=True, kw_only=True):
    """Everything the bridge stamped before `t_us` was sent: journal up to `seq`, ticks up to `qseq`."""

    bridge: str
    t_us: int
    seq: int
    qseq: int


class SymbolReported(Input, frozen=True, kw_only=True):
    """A symbol's contract as the platform has it now."""

    bridge: str
    seq: int
    spec: SymbolSpec


class PlatformReported(Input, frozen=True, kw_only=True):
    """The bridge's link to its platform went up or down."""

    bridge: str
    seq: int
    up: bool
    since_us: int
    why: str


class GapReported(Input, frozen=True, kw_only=True):
    """The bridge knows it has no prices of `symbol` between the two instants."""

    bridge: str
    seq: int
    symbol: str
    from_us: int
    to_us: int


class BackfillReported(Input, frozen=True, kw_only=True):
    """The bridge sent the `ticks` prices of `symbol` in [from_us, to_us) that it was asked for, all before this event."""

    bridge: str
    seq: int
    symbol: str
    from_us: int
    to_us: int
    ticks: int


class AccountReported(Input, frozen=True, kw_only=True):
    """The platform's own record of an account."""

    bridge: str
    seq: int
    login: str
    group: str
    leverage: int
    trading_allowed: bool
    balance: Money
    credit: Money
    t_us: int


class EquityReported(Input, frozen=True, kw_only=True):
    """Equity as the platform computes it: another type than ours, compared in the open."""

    bridge: str
    seq: int
    equity: Money
    balance: Money
    margin: Money
    t_us: int


class DealReported(Input, frozen=True, kw_only=True):
    """A fill. Money is in the account's currency; `profit` is the platform's realised figure, costs are negative."""

    bridge: str
    seq: int
    deal_id: str
    order_id: str
    position_id: str
    symbol: str
    entry: DealEntry
    side: Side
    lots_e8: int
    price: int
    profit: Money
    commission: Money
    swap: Money
    fee: Money
    reason: str
    t_us: int


class DealUpdateReported(Input, frozen=True, kw_only=True):
    """A fill that was told before, as the platform has it now: it was changed at `t_us`. `deal_us`: when it was made."""

    bridge: str
    seq: int
    deal_id: str
    position_id: str
    symbol: str
    entry: DealEntry
    side: Side
    lots_e8: int
    price: int
    profit: Money
    commission: Money
    swap: Money
    fee: Money
    deal_us: int
    t_us: int


class DealDeleteReported(Input, frozen=True, kw_only=True):
    """A fill that was told before is not in the platform's history any more: it was deleted at `t_us`."""

    bridge: str
    seq: int
    deal_id: str
    t_us: int


class PositionReported(Input, frozen=True, kw_only=True):
    """A position as the platform holds it after the change `op` (opened, changed, closed). `side` is the position's."""

    bridge: str
    seq: int
    position_id: str
    op: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    stop_loss: int
    take_profit: int
    swap: Money
    opened_us: int
    t_us: int


class OrderReported(Input, frozen=True, kw_only=True):
    """A pending order as the platform holds it, in `state` (placed, cancelled, filled, expired)."""

    bridge: str
    seq: int
    order_id: str
    symbol: str
    side: Side
    order_type: str
    lots_e8: int
    price: int
    state: str
    t_us: int


class CashReported(Input, frozen=True, kw_only=True):
    """A balance operation: deposit, withdrawal or correction, and the balance after it."""

    bridge: str
    seq: int
    cash_id: str
    cash_kind: CashKind
    amount: Money
    balance_after: Money
    t_us: int


class SnapshotPosition(msgspec.Struct, frozen=True, kw_only=True):
    """One open position inside an account snapshot."""

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int


class SnapshotReported(Input, frozen=True, kw_only=True):
    """An account in full as of journal event `as_of_seq`: the ground on which the books are compared."""

    bridge: str
    seq: int
    as_of_seq: int
    login: str
    trading_allowed: bool
    balance: Money
    equity: Money
    positions: tuple[SnapshotPosition, ...]
    pending_orders: int
    t_us: int


class LoginReported(Input, frozen=True, kw_only=True, omit_defaults=True):
    """A trader logged in or out of the platform. Address and device are sealed; only their commitment is here.

    `whose`: under whose key, as "trader:123"; "" under one of the firm for all traders, as earlier releases had it.
    """

    bridge: str
    seq: int
    logged_in: bool
    sealed: str
    t_us: int
    whose: str = ""


class CommandAcknowledged(Input, frozen=True, kw_only=True):
    """The bridge wrote our command into its journal and will carry it out once."""

    bridge: str
    seq: int
    command: str
    t_us: int


class CommandReported(Input, frozen=True, kw_only=True):
    """What became of a command. `vendor_ref` is the platform's own reference (a login, for create_account)."""

    bridge: str
    seq: int
    command: str
    state: CommandState
    retcode: str
    vendor_ref: str
    t_us: int


class UnknownAccountReported(Input, frozen=True, kw_only=True, omit_defaults=True):
    """A journal event for a login that is no account of ours: kept as JSON, and decided by nobody.

    `sealed`: the commitment to its address, device and comment, "" where it has none. `whose`: as of EventRefused.
    """

    bridge: str
    seq: int
    login: str
    event: str
    sealed: str = ""
    whose: str = ""


class EventRefused(Input, frozen=True, kw_only=True, omit_defaults=True):
    """A journal event that could not be read or believed: sealed whole, counted, and acknowledged so that the lane flows on.

    `raw_hex` is "sealed:" and the commitment to its bytes, which may hold anything about anybody. `whose`: under the key of which month,
    as "platform:2026-11"; "" under one of the firm for all time, as earlier releases had it.
    """

    bridge: str
    seq: int
    reason: str
    raw_hex: str
    whose: str = ""


class ErasureReported(Input, frozen=True, kw_only=True):
    """The vault forgot values of a trader, of one class. `finished`: it holds none of that class any more.

    `pooled`: the commitments of those among them that lay under the key of several people.
    """

    trader: int
    klass: str
    values: int
    pooled: tuple[str, ...]
    finished: bool


class DeletionReported(Input, frozen=True, kw_only=True):
    """The vault destroyed a document that a row says is deleted: `sealed` is the commitment to it."""

    trader: int
    document: int
    sealed: str


class MailReported(Input, frozen=True, kw_only=True):
    """What became of a mail that the row `mail` says is owed to `person`; `tries`: how often this process tried."""

    mail: int
    person: str
    letter: Letter
    end: MailEnd
    tries: int


class MonthForgotten(Input, frozen=True, kw_only=True):
    """What was sealed of a month's refused events, under the key `whose` ("platform:2026-11"), was destroyed: it was old enough."""

    whose: str
    values: int


Arriving = (
    EpochOpened
    | EpochClosed
    | EngineResumed
    | PolicyAdopted
    | ClockTicked
    | SnapshotWritten
    | SegmentSealed
    | LedgerForked
    | MasterRotationBegun
    | MasterRotationEnded
    | BridgeConnected
    | BridgeDisconnected
    | QuoteFrame
    | Watermark
    | SymbolReported
    | PlatformReported
    | GapReported
    | BackfillReported
    | AccountReported
    | EquityReported
    | DealReported
    | DealUpdateReported
    | DealDeleteReported
    | PositionReported
    | OrderReported
    | CashReported
    | SnapshotReported
    | LoginReported
    | CommandAcknowledged
    | CommandReported
    | UnknownAccountReported
    | EventRefused
    | ErasureReported
    | DeletionReported
    | MailReported
    | MonthForgotten
)
