"""Doctor beside a firm that is at work: what vanishes between two looks is passed over."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance import firm_checks
from appliance.finding import Level
from appliance.firm_checks import check_directory, check_segments
from firm.inputs import SegmentSealed


def test_files_and_folders_that_vanish_meanwhile_are_passed_over(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a write-ahead log does when its database is closed, and a copy's workshop when the copy is made."""
    log, workshop = shop.files.path / "gone.db-wal", shop.files.path / ".backup-of-now"
    log.touch(mode=0o600)
    (workshop / "deep").mkdir(mode=0o700, parents=True)
    look = firm_checks.why_not_private
    seen: list[str] = []

    def vanishing(path: Path, mode: int) -> str | None:
        log.unlink(missing_ok=True)
        shutil.rmtree(workshop, ignore_errors=True)
        seen.append(path.name)
        return look(path, mode)

    monkeypatch.setattr(firm_checks, "why_not_private", vanishing)
    assert check_directory(shop.files).level is Level.OK
    assert {log.name, workshop.name, "ledger.db"} <= set(seen)


def test_a_file_that_is_open_to_others_is_still_found_below(shop: Any) -> None:
    (shop.files.secrets / "alarm_webhook_key").touch(mode=0o644)
    assert "alarm_webhook_key is open to others" in check_directory(shop.files).found


def test_a_segment_that_leaves_with_its_age_meanwhile_is_one_that_is_missing(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda _: True)  # it was there a moment ago
    name = "0000000000000004-0000000000000299.quotes"
    said = SegmentSealed(name=name, first_seq=4, last_seq=299, frames=60, size_bytes=10, sha256="")
    told: Any = SimpleNamespace(segments=(said,))
    assert check_segments(shop.files, told, shop.settings).found == f"missing: {name}"
