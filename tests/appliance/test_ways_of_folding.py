"""A release that folds rows another way begins from no state that was folded otherwise, and goes on as it began."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from actors import fold
from actors.account_desk import AccountDesk
from actors.states import hash_of
from appliance import assembly
from appliance.errands import seal_days_gone_by
from appliance.retention import let_go
from firm.facts import DealBooked, MarkTaken
from tests.appliance.conftest import ADAS_ACCOUNT, Shop, small_settings

DAY_S = 24 * 3_600


def lives(shop: Any, bids: list[int]) -> None:
    for bid in bids:
        shop.wait(30)
        shop.tick(bid, bid + 5)


@pytest.fixture
def photographed(tmp_path: Any) -> Any:
    """A firm that takes a snapshot every few rows; Ada holds a position since before them."""
    shop = Shop(tmp_path / "firm", small_settings(snapshot_rows=40))
    shop.open()
    shop.wait(1)
    shop.tick(138_700, 138_705)
    shop.buy(1, 138_705)
    lives(shop, [138_700 + number % 7 for number in range(120)])
    yield shop
    shop.machine.close()


@pytest.fixture
def another_release(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From now on this program is another engine, to which each deal leaves a cent more than it did; `way`: what it calls that."""
    folds = AccountDesk.fold

    def change(way: int, cents: int = 1) -> None:
        def with_a_cent(desk: Any, body: Any, *where: Any) -> None:
            folds(desk, body, *where)
            if isinstance(body, DealBooked):
                desk.restore(msgspec.structs.replace(desk.state, balance=desk.state.balance + cents))

        monkeypatch.setattr(fold, "FOLD", way)
        monkeypatch.setattr(assembly, "engine_digest", lambda: f"{way:064x}")
        monkeypatch.setattr(AccountDesk, "fold", with_a_cent)

    return change


def balance(shop: Any) -> int:
    found: int = shop.machine.engine.account(ADAS_ACCOUNT).balance
    return found


def test_a_snapshot_that_was_folded_another_way_is_passed_over_and_told(
    photographed: Any, another_release: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rows, before = len(photographed.kinds()), balance(photographed)
    newest = photographed.machine.reader.newest_snapshot(rows).of_seq
    photographed.crash()
    another_release(fold.FOLD + 1)
    machine = photographed.reopen()
    assert machine.recovered.rows == rows
    assert balance(photographed) == before + 1
    assert machine.recovered.passed_over[0] == (newest, fold.FOLD - 1)
    assert f"of row {newest} (way {fold.FOLD - 1})" in caplog.text
    assert f"{rows} rows were folded instead" in caplog.text
    assert machine.engine.own.state.fold == fold.FOLD


def test_a_snapshot_of_another_engine_that_folds_alike_is_begun_from(photographed: Any, another_release: Any) -> None:
    rows, before = len(photographed.kinds()), balance(photographed)
    newest = photographed.machine.reader.newest_snapshot(rows).of_seq
    photographed.crash()
    another_release(fold.FOLD)
    machine = photographed.reopen()
    assert machine.recovered.rows == rows - newest
    assert machine.recovered.passed_over == ()
    assert balance(photographed) == before, "so a way that changed must have another number"


def test_one_of_its_own_way_is_found_behind_those_of_another(
    photographed: Any, another_release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release was tried and taken back: what the one before left is still good, and what came since is folded."""
    way = fold.FOLD
    before_it = photographed.machine.reader.newest_snapshot(len(photographed.kinds())).of_seq
    photographed.crash()
    with monkeypatch.context() as tried:
        tried.setattr(fold, "FOLD", way + 1)
        tried.setattr(assembly, "engine_digest", lambda: "f" * 64)
        photographed.reopen()
        lives(photographed, [138_700 + number % 5 for number in range(60)])
        photographed.crash()
    machine = photographed.reopen()
    assert machine.recovered.rows == len(photographed.kinds()) - before_it
    assert {one.fold for one in machine.recovered.passed_over} == {way + 1}


@pytest.mark.parametrize("further", [0, 1], ids=["the same way", "another way"])
def test_an_epoch_that_was_cut_before_its_first_snapshot_goes_on_from_where_it_began(
    photographed: Any, another_release: Any, monkeypatch: pytest.MonkeyPatch, further: int
) -> None:
    """It was opened on a snapshot and what followed, or on everything folded anew: its second start must do the same."""
    monkeypatch.setattr("actors.snapshotter.PART_NS_MAX", 0)  # a desk with each batch: the snapshot takes a while
    photographed.crash()
    another_release(fold.FOLD + further)
    photographed.reopen().runner.run_dry()
    lives(photographed, [138_760])
    assert photographed.facts(MarkTaken)
    epoch = photographed.machine.reader.landmarks("EpochOpened")[-1]
    assert photographed.machine.reader.landmarks("SnapshotWritten")[-1] < epoch, "it was to be cut before that"
    rows, before = len(photographed.kinds()), hash_of(photographed.machine.engine.capture())
    photographed.crash()
    machine = photographed.reopen()
    assert machine.recovered.epoch_open
    assert hash_of(machine.engine.capture()) == before
    machine.runner.run_dry()
    assert photographed.kinds()[rows:] == ["EngineResumed"]


async def test_a_firm_whose_old_prices_have_left_is_folded_without_them(tmp_path: Any, another_release: Any) -> None:
    """Later prices and facts have replaced what they moved."""
    shop = Shop(tmp_path / "firm", small_settings(snapshot_rows=10, segments_keep_days=1))
    shop.open()
    shop.tick(138_700, 138_705)
    shop.buy(1, 138_705)
    for _ in range(5):
        lives(shop, [138_700 + point for point in range(12)])
        shop.wait(DAY_S)
        shop.tick(138_700, 138_705)
        await seal_days_gone_by(shop.machine)
        shop.machine.runner.run_dry()
        while shop.machine.ledger.drop_sealed_frames():
            pass
    await let_go(shop.machine)
    lives(shop, [138_710])
    assert len(list(shop.files.segments.iterdir())) < 5
    rows, before = len(shop.kinds()), shop.machine.engine.account(ADAS_ACCOUNT)
    shop.crash()
    another_release(fold.FOLD + 1, cents=0)
    machine = shop.reopen()
    assert machine.recovered.rows == rows
    after = machine.engine.account(ADAS_ACCOUNT)
    assert before.peak.seq, "the high is a fact by now"
    assert after == before, "its prices are known from the exhibits"
    assert machine.engine.market("sim").board.quotes["EURUSD"].bid == 138_710
    shop.machine.close()
