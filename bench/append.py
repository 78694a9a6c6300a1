"""Durable append: complete rows (chain, leaf, tree, read models, synchronous=FULL) against raw executemany of the same payload bytes.

    python -m bench.append [--json]

Both write in turns in one run on one disk, so that the ratio says what the book costs and not what the machine did meanwhile.
"""

import hashlib
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from appliance.demo_firm import programs
from bench.ground import ground
from bench.telling import parser_of, tell
from firm.facts import AccountOpened, CommandAdvanced, DayOpened, DealBooked, MarkTaken
from firm.inputs import (
    ClockTicked,
    CommandState,
    DealEntry,
    DealReported,
    EquityReported,
    PositionReported,
    QuoteFrame,
    Side,
    Watermark,
)
from firm.kinds import Body, payload_of
from firm.money import Money
from firm.quote_frame import Tick, encode_quotes
from storage.files import create_firm_directory
from storage.ledger import Ledger
from storage.readmodels import ReadModel
from storage.readmodels.registry import READ_MODELS
from storage.rows import Row

ACCOUNTS = 2_000
GOALS = {10: 0.5, 100: 0.35, 1_000: 0.15}
ROWS_PER_ROUND = {10: 2_000, 100: 10_000, 1_000: 20_000}
ROUNDS = 9
T0 = 1_398_974_400_000_000


# What the ledger of the demo holds from 12:25 to 12:35 on 2 May 2014, founding apart, in a hundred rows: the goals are for this.
DEMO = (
    (QuoteFrame, 27), (Watermark, 24), (ClockTicked, 16), (EquityReported, 10), (MarkTaken, 6), (CommandAdvanced, 5),
    (DealReported, 4), (DealBooked, 4), (PositionReported, 4),
)  # fmt: skip
# A platform with ten times as many deals to prices: each row brings the read models work, or nearly each.
DEALING = ((DealReported, 20), (DealBooked, 20), (PositionReported, 20), (EquityReported, 30), (Watermark, 10))
MIXES: dict[str, tuple[tuple[type[Body], int], ...]] = {"demo": DEMO, "dealing": DEALING}

Batch = tuple[list[tuple[Row, Body]], list[tuple[int, bytes]]]
"""Rows, and (seq, bytes) of those that are quote frames."""


def kinds_in_turn(mix: tuple[tuple[type[Body], int], ...]) -> list[type[Body]]:
    """A hundred kinds, spread evenly; a deal is booked in the row after its report, as the engine does it."""
    spread = sorted(
        ((place + 0.5) / count, number, kind)
        for number, (kind, count) in enumerate(mix)
        if kind is not DealBooked
        for place in range(count)
    )
    return [each for _, _, kind in spread for each in ((kind, DealBooked) if kind is DealReported else (kind,))]


def batch_of(kinds: list[type[Body]], first: int, count: int) -> Batch:
    """Rows over all accounts in an order that jumps."""
    rows = [_row(kinds, seq) for seq in range(first, first + count)]
    frames = [(row.seq, _frame(row.seq)) for row, _ in rows if row.kind == "QuoteFrame"]
    return rows, frames


def _row(kinds: list[type[Body]], seq: int) -> tuple[Row, Body]:
    kind = kinds[seq % len(kinds)]
    event = seq - 1 if kind is DealBooked else seq  # the deal that is booked is that of the row before
    account = 1 + (event * 7_919) % ACCOUNTS
    at, deal, position = T0 + event * 137, f"{event}", f"{event // 200}"
    money = Money(minor=seq % 100_000, currency="USD", exponent=2)
    if kind is DealReported:
        body: Body = DealReported(
            bridge="sim", seq=seq, deal_id=deal, order_id=deal, position_id=position, symbol="EURUSD",
            entry=DealEntry.IN, side=Side.BUY, lots_e8=10_000_000, price=138_650 + seq % 100, profit=money,
            commission=money, swap=money, fee=money, reason="client", t_us=at,
        )  # fmt: skip
    elif kind is DealBooked:
        lots_e8 = event % 2 * 10_000_000  # every other one closes its position
        body = DealBooked(
            deal_id=deal, position_id=position, symbol="EURUSD", side=Side.BUY, lots_e8=lots_e8,
            price_open=138_650, swap=money, opened_us=at, net=money, balance=money,
        )  # fmt: skip
    elif kind is PositionReported:
        body = PositionReported(
            bridge="sim", seq=seq, position_id=position, op="opened", symbol="EURUSD", side=Side.BUY,
            lots_e8=10_000_000, price_open=138_650, stop_loss=138_000, take_profit=0, swap=money, opened_us=at, t_us=at,
        )  # fmt: skip
    elif kind is EquityReported:
        body = EquityReported(bridge="sim", seq=seq, equity=money, balance=money, margin=money, t_us=at)
    elif kind is MarkTaken:
        body = MarkTaken(balance=money, equity=money, headroom=money)
    elif kind is CommandAdvanced:
        body = CommandAdvanced(bridge="sim", command=f"00000000-{seq // 300}", state=CommandState.APPLIED, detail="")
    else:
        body, account = _of_no_account(kind, seq, at), 0
    cause = seq - 1 if kind in (DealBooked, MarkTaken, CommandAdvanced) else 0
    return Row(seq, kind.__name__, at, at + 900, cause, account, payload_of(body)), body


def _of_no_account(kind: type[Body], seq: int, at: int) -> Body:
    if kind is ClockTicked:
        return ClockTicked(at_us=at)
    if kind is Watermark:
        return Watermark(bridge="sim", t_us=at, seq=seq, qseq=seq * 20)
    return QuoteFrame(
        bridge="sim", qseq=seq * 20, after_seq=seq, n=6, first_us=at, last_us=at, conflated=False,
        sha256=hashlib.sha256(_frame(seq)).hexdigest(),
    )  # fmt: skip


def _frame(seq: int) -> bytes:
    """Six ticks: as many as a frame of the demo has on average."""
    return encode_quotes(seq, [Tick("EURUSD", T0 + seq * 137 + n, 138_650 + n, 138_659 + n) for n in range(6)])


class _Raw:
    """What SQLite alone does with the payloads and frames."""

    def __init__(self, folder: Path) -> None:
        self._connection = apsw.Connection(str(folder / "raw.db"))
        self._connection.pragma("journal_mode", "WAL")
        self._connection.pragma("synchronous", "FULL")
        self._connection.execute("CREATE TABLE payloads (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT")
        self._connection.execute("CREATE TABLE frames (seq INTEGER PRIMARY KEY, frame BLOB NOT NULL) STRICT")

    def append(self, batch: Batch) -> None:
        rows, frames = batch
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO payloads VALUES (?, ?)", [(row.seq, row.payload) for row, _ in rows])
        if frames:
            self._connection.executemany("INSERT INTO frames VALUES (?, ?)", frames)
        self._connection.execute("COMMIT")


def run() -> dict[str, object]:
    """Measure; `goals_met` says whether every ratio of complete rows in the demo's mix reaches its goal."""
    lines = []
    for mix in MIXES:
        with ground() as folder:
            lines += _measure(Path(folder), mix)
    met = all(line["ratio"] >= line["goal"] for line in lines if "goal" in line)
    return {"bench": "append", "accounts": ACCOUNTS, "lines": lines, "goals_met": met}


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["mix      rows a commit   raw rows/s   ledger rows/s   µs a row   ratio   goal   without read models"]
    lines += [
        f"{line['mix']:<8} {line['group']:>13,} {line['raw']:>12,.0f} {line['ledger']:>15,.0f} {1e6 / line['ledger']:>10.1f}"
        f" {line['ratio']:>7.2f} {line.get('goal', '-'):>6} {line['ratio_bare']:>21.2f}"
        for line in result["lines"]
    ]
    return "\n".join(lines)


def _measure(folder: Path, mix: str) -> list[dict[str, Any]]:
    raw, kinds = _Raw(folder), kinds_in_turn(MIXES[mix])
    lines = []
    with new_ledger(folder / "firm", READ_MODELS) as ledger, new_ledger(folder / "bare", ()) as bare:
        open_accounts(ledger)
        open_accounts(bare)
        for group, goal in GOALS.items():
            ratios, bares, raws, ours = [], [], [], []
            for _ in range(ROUNDS):
                first = ledger.size + 1
                starts = range(first, first + ROWS_PER_ROUND[group], group)
                batches = [batch_of(kinds, start, group) for start in starts]
                raws.append(ROWS_PER_ROUND[group] / _seconds(raw.append, batches))
                ours.append(ROWS_PER_ROUND[group] / _seconds(partial(_append, ledger), batches))
                bares.append(ROWS_PER_ROUND[group] / _seconds(partial(_append, bare), batches) / raws[-1])
                ratios.append(ours[-1] / raws[-1])
            median = statistics.median
            line = {"mix": mix, "group": group, "raw": median(raws), "ledger": median(ours)}
            line |= {"ratio": median(ratios), "ratio_bare": median(bares)}
            lines.append(line | ({"goal": goal} if mix == "demo" else {}))
    return lines


def _append(ledger: Ledger, batch: Batch) -> None:
    ledger.append(batch[0], frames=batch[1])


def open_accounts(ledger: Ledger) -> None:
    """Every account is there and in its day: a read model that finds nothing to change would be too fast."""
    program = programs()[0]
    phase = program.phases[0]
    for account in range(1, ACCOUNTS + 1):
        opened = AccountOpened(
            trader=account, challenge=account, phase=0, phase_name=phase.name, funded=False, bridge="sim",
            initial=program.size, ruleset_id="", ruleset=phase.ruleset,
        )  # fmt: skip
        day = DayOpened(
            day=phase.ruleset.calendar.day_at(T0), balance=program.size, equity=program.size, positions=(), quotes=(),
            provisional=False, priced=True,
        )  # fmt: skip
        bodies: list[Body] = [opened, day]
        ledger.append([
            (Row(seq, type(body).__name__, T0, T0, 0, account, payload_of(body)), body)
            for seq, body in enumerate(bodies, ledger.size + 1)
        ])  # fmt: skip


def new_ledger(path: Path, models: Sequence[ReadModel]) -> Ledger:
    keys = {"secret": hashlib.sha256(b"secret").digest(), "signing_seed": hashlib.sha256(b"seed").digest()}
    create_firm_directory(path)
    Ledger.create(path, firm_slug="bench", lineage=bytes(16), **keys)
    return Ledger.open(path, read_models=models, **keys)


def _seconds(append: Callable[[Batch], object], batches: list[Batch]) -> float:
    start = time.perf_counter()
    for batch in batches:
        append(batch)
    return time.perf_counter() - start


def main() -> int:
    parser = parser_of(__doc__)
    options = parser.parse_args()
    result = run()
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
