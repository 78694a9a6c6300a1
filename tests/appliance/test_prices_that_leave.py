"""Retention: a firm that keeps prices for a day removes the older ones, says so, starts again, and its book stays whole."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.cli import main
from appliance.errands import seal_days_gone_by
from appliance.retention import let_go
from appliance.settings_file import settings_toml
from tests.appliance.conftest import Shop, small_settings

DAY_S = 24 * 3_600
DAYS = 5

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "firm", small_settings(snapshot_rows=10, segments_keep_days=1))
    shop.open()
    yield shop
    shop.machine.close()


async def lived_through(shop: Shop) -> None:
    """Days of prices, each sealed once it is over; then the house is kept as it is every minute."""
    for _ in range(DAYS):
        for point in range(12):
            shop.tick(138_700 + point, 138_705 + point)
            shop.wait(60)
        shop.wait(DAY_S)
        shop.tick(138_700, 138_705)
        await seal_days_gone_by(shop.machine)
        shop.machine.runner.run_dry()
        while shop.machine.ledger.drop_sealed_frames():
            pass
    await let_go(shop.machine)
    shop.tick(138_700, 138_705)


def verified(shop: Shop, capsys: pytest.CaptureFixture[str]) -> dict[str, list[object]]:
    """What the command finds, under settings that a file may have."""
    shop.machine.close()
    shop.files.settings.write_text(settings_toml(small_settings(segments_keep_days=1)))
    main(["verify", "--json", "--data-dir", str(shop.directory)])
    told: dict[str, list[object]] = json.loads(capsys.readouterr().out)
    return told


async def test_sealed_prices_leave_with_their_age_and_the_book_stays_whole(
    shop: Shop, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="evenhand.appliance"):
        await lived_through(shop)
    gone = [record.getMessage() for record in caplog.records if "was removed" in record.getMessage()]
    here = sorted(path.name for path in shop.files.segments.iterdir())
    assert gone
    assert len(gone) + len(here) == DAYS
    assert all("its prices are older than 1 days" in message for message in gone)
    shop.reopen()
    shop.tick(138_700, 138_705)
    told = verified(shop, capsys)
    assert told["findings"] == []
    assert len([note for note in told["notes"] if "pruned by policy" in str(note)]) == len(gone)


async def test_a_segment_that_was_lost_is_not_taken_for_pruned(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await lived_through(shop)
    newest = max(path.name for path in shop.files.segments.iterdir())
    (shop.files.segments / newest).unlink()
    [lost] = verified(shop, capsys)["findings"]
    assert f"segment {newest}" in str(lost)
