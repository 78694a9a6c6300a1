"""Live: what pages may see between facts, as copies published after the commit.

A page never sees a state that is not durable: the engine publishes here only once the batch it belongs to is.
"""

import msgspec

from firm.inputs import Side
from firm.money import Money
from firm.objective import Objective
from firm.phase import Standing
from firm.trading_day import TradingDay


class LivePosition(msgspec.Struct, frozen=True, kw_only=True):
    """An open position at the last price. `price_close` is the side it would close at, in points of `digits`."""

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    price_close: int
    digits: int
    profit: Money
    swap: Money
    opened_us: int


class LiveAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account now. `as_of_us`: firm time of the newest price or event it rests on; `stale`: a price it needs is too old.

    `nearest`: the rule with the least headroom. `positions_open`: also where they have no price, and `positions` is empty.
    """

    account: int
    trader: int
    login: str
    standing: Standing
    phase_name: str
    as_of_us: int
    stale: bool
    initial: Money
    balance: Money
    equity: Money
    day: TradingDay | None
    day_is_final: bool
    nearest: str
    headroom: Money | None
    objectives: tuple[Objective, ...]
    positions: tuple[LivePosition, ...]
    positions_open: int


class LiveOwed(msgspec.Struct, frozen=True, kw_only=True):
    """What enforcement withheld from an account and the platform still lacks; see `actors/owed.py`.

    `stopped`: why it cannot be ordered anew now, kill_switch or observe_mode, or "". `first_seq` to `last_seq`: the rows that withheld it.
    """

    account: int
    standing: Standing
    bridge: str
    purpose: str
    decision: int
    because: str
    stopped: str
    since_us: int
    first_seq: int
    last_seq: int


class BridgeHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A bridge as the gateway and the market desk see it. Lags in milliseconds of firm time.

    `prices_ended_us`: it played what was recorded, and that was over then; 0 otherwise.
    """

    bridge: str
    mode: str
    connected: bool
    platform_up: bool
    prices_ended_us: int = 0
    session_since_us: int
    journal_seq: int
    quote_seq: int
    watermark_us: int
    last_tick_us: int
    lag_ms: int
    stale_symbols: tuple[str, ...]
    outbox_depth: int


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The system page in one value. Counters count since start; histograms are (upper bound in µs, count)."""

    firm_time_us: int
    started_us: int
    ledger_size: int
    epoch_engine: str
    queue_depth: int
    batches: int
    inputs: int
    facts: int
    ticks: int
    wakes: int
    last_batch_inputs: int
    commit_us_p50: int
    commit_us_p99: int
    commit_histogram: tuple[tuple[int, int], ...]
    stopped_desks: tuple[str, ...]
    open_commands: int
    kill_switches: tuple[str, ...]
    breaker_tripped: bool
    last_checkpoint_size: int
    last_checkpoint_us: int
    refusals: tuple[tuple[str, int], ...]
    bridges: tuple[BridgeHealth, ...]
