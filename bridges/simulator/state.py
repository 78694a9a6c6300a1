"""State: everything the platform must remember over a crash, as plain structs that are saved with the journal, in parts.

Of thousands of accounts only those that changed are written again.

Money is in minor units of the account's currency; prices in points; volumes in lots times 10^8. What can be worked out
again from the tick files (last prices before the replay, bars) is not here.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from bridges.events import Deal
from bridges.outbox import WHOLE_STATE
from bridges.simulator.catalogue import Catalogue
from bridges.simulator.symbols import LISTED, Listing
from firm.inputs import Side


class TradeMode(StrEnum):
    """What the account's trader may do. Stops and stop-outs of the platform work in every mode."""

    FULL = "full"
    CLOSE_ONLY = "close_only"
    BLOCKED = "blocked"


class OrderType(StrEnum):
    """How a pending order waits: a limit for a better price, a stop for a worse one; a stop-limit becomes a limit at its stop."""

    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class PositionMode(StrEnum):
    """Whether each fill is a position of its own, or all fills of a symbol are one position."""

    HEDGING = "hedging"
    NETTING = "netting"


class Execution(StrEnum):
    """Who takes the other side: the house, at any size; or an exchange, no more than a price has."""

    MARKET = "market"
    EXCHANGE = "exchange"


class Position(msgspec.Struct):
    """An open position. `stop_loss` and `take_profit` are 0 where there is none, as is the distance of a trailing stop."""

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    stop_loss: int
    take_profit: int
    swap_minor: int
    opened_us: int
    trail_points: int = 0


class Pending(msgspec.Struct):
    """A pending order; once filled, its position carries the stop and target.

    `limit_price`: what a stop-limit becomes at its stop. `expires_us` is 0 for one that is good till cancelled. `is_triggered`:
    a stop that was reached and found too little volume; the rest takes any price.
    """

    order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    lots_e8: int
    price: int
    stop_loss: int
    take_profit: int
    placed_us: int
    limit_price: int = 0
    expires_us: int = 0
    is_triggered: bool = False


class Account(msgspec.Struct):
    """One trading account and the trader who sits before it.

    `draws` counts the trader's dice throws, `look_us` is when the trader next looks at the screen, `notes` what they
    remember. `version` grows with each change of the record. `held_in_silence`: close-only by the dead-man policy alone.
    `in_margin_call`: it was told that the margin level is low, and has not recovered since. `deals`: the newest, as they read now.
    """

    login: str
    trader: str
    temper: str
    group: str
    leverage: int
    currency: str
    exponent: int
    balance_minor: int
    initial_minor: int
    mode: TradeMode = TradeMode.FULL
    version: int = 1
    positions: dict[str, Position] = {}
    orders: dict[str, Pending] = {}
    draws: int = 0
    look_us: int = 0
    notes: dict[str, int] = {}
    held_in_silence: bool = False
    position_mode: PositionMode = PositionMode.HEDGING
    execution: Execution = Execution.MARKET
    in_margin_call: bool = False
    deals: dict[str, Deal] = {}


class Quoted(msgspec.Struct):
    """The last price of a symbol, how many came in its second so far, and what exchange orders took of its two sides."""

    t_us: int
    bid: int
    ask: int
    burst: int
    bid_taken_e8: int = 0
    ask_taken_e8: int = 0


class Counters(msgspec.Struct):
    """The next number of each kind that the platform gives out, and what it has counted for its progress lines."""

    login: int = 700_001
    deal: int = 1
    order: int = 1
    position: int = 1
    cash: int = 1
    commands_done: int = 0


class Clocks(msgspec.Struct):
    """Where market time stands, and when the timed events are next due.

    `ticks_read`: arrivals of the stream behind us, those before the replay's start included. `ticks_told`: those sent, which
    number the quote lane. `slice_end_us` and `slice_ticks_left` are of a slice that is not finished; else 0. `turns_taken`: of the
    script. `down_since_us`: since when the platform is down; 0 while it is up. `snapshot_owed`: it came back, and has told no account yet.
    """

    now_us: int
    rollover_us: int
    equity_us: int
    ticks_read: int = 0
    ticks_told: int = 0
    slice_end_us: int = 0
    slice_ticks_left: int = 0
    turns_taken: int = 0
    down_since_us: int = 0
    snapshot_owed: bool = False


class HeldBack(msgspec.Struct):
    """A journal event stamped `t_us` that is told at `due_us`, as it will be encoded."""

    due_us: int
    t_us: int
    event: bytes


class State(msgspec.Struct):
    """The whole platform. `market` is the fingerprint of what it replays, `catalogue` what it lists now, `held_back` what is told late."""

    market: str
    seed: int
    from_us: int
    clocks: Clocks
    counters: Counters
    quotes: dict[str, Quoted] = {}
    accounts: dict[str, Account] = {}
    catalogue: Catalogue = Catalogue(tuple(LISTED.values()))
    held_back: list[HeldBack] = []

    @property
    def is_down(self) -> bool:
        return bool(self.clocks.down_since_us)

    def listing(self, symbol: str) -> Listing:
        """A listed symbol's terms."""
        listing = self.catalogue.listing(symbol)
        assert listing is not None, f"{symbol} is not listed"
        return listing


class StateUnusable(ValueError):
    """A saved state does not fit this program or this replay: what, which, what next."""


_ENCODER = msgspec.msgpack.Encoder()
_STATE = msgspec.msgpack.Decoder(State)
_ACCOUNT = msgspec.msgpack.Decoder(Account)
_PLATFORM = "platform"  # the part that holds everything but the accounts, each of which is a part named by its login
_ACCOUNT_PART = "account/"


def encode_state(state: State, accounts: Iterable[Account] | None = None) -> dict[str, bytes]:
    """The parts that are saved with the journal: all that belongs to no account, and these accounts; without `accounts` all of them."""
    accounts = state.accounts.values() if accounts is None else accounts
    platform = _ENCODER.encode(replace(state, accounts={}))
    return {_PLATFORM: platform} | {_ACCOUNT_PART + each.login: _ENCODER.encode(each) for each in accounts}


def is_whole(saved: Mapping[str, bytes]) -> bool:
    """Saved in one piece by an early release, and in no parts yet: with the first of them all are to be saved."""
    return WHOLE_STATE in saved and _PLATFORM not in saved


def decode_state(saved: Mapping[str, bytes]) -> State:
    """The whole platform, accounts in the order of their parts."""
    try:
        if is_whole(saved):
            return _STATE.decode(saved[WHOLE_STATE])
        state = _STATE.decode(saved[_PLATFORM])
        accounts = (_ACCOUNT.decode(raw) for part, raw in saved.items() if part.startswith(_ACCOUNT_PART))
        state.accounts = {account.login: account for account in accounts}
    except (KeyError, msgspec.DecodeError) as unreadable:
        raise StateUnusable(
            f"the saved platform state is unreadable ({unreadable}): begin anew in another --data-dir"
        ) from unreadable
    return state
