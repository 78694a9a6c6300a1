"""The benchmarks measure what they say: their rows are a ledger's, their quantiles are quantiles, a missed goal is not silent."""

import hashlib
from pathlib import Path

import apsw
import pytest

from bench.__main__ import BEGIN, END, explained, other_rows, table_of, with_table
from bench.append import DEMO, MIXES, Batch, batch_of, kinds_in_turn
from bench.feeder import Book
from bench.firm import listing
from bench.lines import Line, lines_of
from bench.restore import run
from bench.samples import Samples
from firm.facts import DealBooked
from firm.inputs import DealReported
from storage.files import create_firm_directory
from storage.ledger import Ledger
from storage.readmodels.registry import READ_MODELS

ROWS = 1_000


@pytest.mark.parametrize("mix", MIXES)
def test_a_deal_is_booked_in_the_row_after_its_report(mix: str) -> None:
    kinds = kinds_in_turn(MIXES[mix])
    assert len(kinds) == 100
    assert {kind: kinds.count(kind) for kind in kinds} == dict(MIXES[mix])
    rows, _ = batch_of(kinds, 1, ROWS)
    booked = [(row, body) for row, body in rows if isinstance(body, DealBooked)]
    for row, body in booked:
        cause, report = rows[row.cause - 1]
        assert isinstance(report, DealReported)
        assert (report.deal_id, cause.account) == (body.deal_id, row.account)
    assert booked


def test_batches_of_1_7_and_1000_leave_the_same_read_models(tmp_path: Path) -> None:
    kinds = kinds_in_turn(DEMO)
    told = [_tables(tmp_path / str(size), [batch_of(kinds, 1 + start, min(size, ROWS - start)) for start in range(0, ROWS, size)])
            for size in (1, 7, ROWS)]  # fmt: skip
    assert told[0] == told[1] == told[2]
    assert any(row[-2] is not None for row in told[0]["rm_trade"]), "no position was closed"


def test_read_models_folded_again_are_those_written_live(tmp_path: Path) -> None:
    kinds = kinds_in_turn(MIXES["dealing"])
    batches = [batch_of(kinds, 1 + start, 50) for start in range(0, ROWS, 50)]
    assert _tables(tmp_path / "live", batches) == _tables(tmp_path / "again", batches, rebuild=True)


def test_quantiles_count_each_price_of_a_frame() -> None:
    samples = Samples()
    samples.add(5, 1_000, 98)
    samples.add(6, 9_000, 2)
    samples.add(99, 1_000_000, 50)
    told = samples.summary(0, 10)
    assert told == {"count": 100.0, "p50": 1.0, "p99": 9.0, "p999": 9.0, "max": 9.0}


def test_the_platform_keeps_about_two_positions_on_each_account() -> None:
    book = Book(listing(conversions=False))
    book.logins = [f"{number}" for number in range(50)]
    book.positions = {login: [] for login in book.logins}
    for t_us in range(5_000):
        book.tick(t_us)
        book.trade(t_us)
    held = sum(map(len, book.positions.values())) / len(book.logins)
    assert 1.0 <= held <= 3.0


def test_thirty_symbols_with_and_without_conversions() -> None:
    assert len({listed.symbol for listed in listing(conversions=False)}) == 30
    assert len({listed.symbol for listed in listing(conversions=True)}) == 30
    assert sum(listed.profit != "USD" for listed in listing(conversions=True)) == 6


def test_the_page_keeps_its_words_around_a_new_table() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\nexplained: feed because of marks\n"
    table = table_of([Line("feed", "prices", "p99 <= 10 ms", "12 ms", met=False)])
    told = with_table(page, table)
    assert "old" not in told
    assert told.startswith(f"before\n{BEGIN}\n| name |")
    assert told.endswith(f"{END}\nafter\nexplained: feed because of marks\n")
    assert explained(told) == {"feed"}
    assert with_table(told, table) == told


def test_one_benchmark_measured_anew_leaves_the_other_rows_as_they_are_and_in_order() -> None:
    lines = [Line(name, "what", "-", "old", None) for name in ("append", "feed", "restore")]
    page = with_table(f"{BEGIN}\n{END}\n", table_of(lines))
    again = with_table(page, table_of([Line("feed", "what", "-", "new", None)], other_rows(page, ["feed"])))
    assert again == page.replace("| feed | what | - | old |", "| feed | what | - | new |")


def test_a_restore_is_measured_with_the_least_that_it_could_cost(tmp_path: Path) -> None:
    result = run(tmp_path, 1)
    assert set(result["seconds"]) == {"snapshot", "shipping", "restore", "bare"}
    assert result["times_bare"] > 1
    [line] = lines_of("restore", result)
    assert (line.goal, line.met) == ("<= 900 s", result["met"])


def _tables(path: Path, batches: list[Batch], *, rebuild: bool = False) -> dict[str, list[tuple]]:
    """Every row of the read models' tables after these batches."""
    keys = {"secret": hashlib.sha256(b"secret").digest(), "signing_seed": hashlib.sha256(b"seed").digest()}
    create_firm_directory(path)
    Ledger.create(path, firm_slug="bench", lineage=bytes(16), **keys)
    with Ledger.open(path, read_models=READ_MODELS, **keys) as ledger:
        for rows, frames in batches:
            ledger.append(rows, frames=frames)
        if rebuild:
            ledger.rebuild()
    connection = apsw.Connection(str(path / "ledger.db"))
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rm!_%' ESCAPE '!'"
        )
    ]
    return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
