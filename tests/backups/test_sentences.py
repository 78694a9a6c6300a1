"""What `evenhand backup` and `restore` print: every sentence is true, and every run says what came of it."""

import json
from typing import Any

import pytest

from appliance.alarms.backup_age import last_backup_us
from appliance.commands.backup import sized
from backups.names import instant_of


def test_a_firm_without_a_tail_is_not_said_to_have_one_of_never(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    said = run("backup", "--check", "--data-dir", firm.directory).stdout
    assert "The copies are fresh." in said
    assert "never" not in said
    assert "nothing shipped after it yet, up to row" in said


def test_without_any_copy_the_check_says_none(firm: Any, run: Any) -> None:
    said = run("backup", "--check", "--data-dir", firm.directory, status=1).stdout
    assert "no whole snapshot; no copy of the keys" in said


def test_a_snapshot_that_a_newer_one_stands_for_is_not_called_old(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    run("backup", "--data-dir", firm.directory)
    said = run("backup", "--data-dir", firm.directory).stdout
    assert "too old" not in said
    assert "No longer kept, by [backups] in the settings: 1 snapshot, 0 tail files" in said
    assert " 0 MB sent" not in said
    assert " KB sent" in said


def last_said(done: Any) -> str:
    return str(json.loads(done.stderr.splitlines()[-1])["message"])


def test_one_shipping_says_what_it_sent_or_that_there_was_nothing(firm: Any, run: Any, told: Any) -> None:
    size = len(firm.rows())
    run("backup", "--data-dir", firm.directory)
    ship = ("backup", "--ship-once", "--data-dir", firm.directory)
    assert last_said(run(*ship)) == f"nothing new to ship: the copies reach row {size:,}, the last one"
    firm.go_on_with(firm.directory)
    firm.tick(3)
    firm.machine.close()
    now = len(firm.rows())
    said = last_said(run(*ship))
    assert said.startswith(f"{now - size} rows shipped, ")
    assert said.endswith(f": the copies reach row {now:,}")
    assert told(*ship) == {"rows": 0, "bytes": 0, "shipped_through": now}


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 KB"), (1, "1 KB"), (999_000, "999 KB"), (1_000_000, "1.0 MB"), (1_234_567_890, "1,234.6 MB")],
)
def test_sizes_are_told_so_that_something_is_not_nothing(size: int, text: str) -> None:
    assert sized(size) == text


def test_a_restored_firm_knows_of_the_snapshot_that_it_came_from(firm: Any, run: Any, told: Any) -> None:
    made = told("backup", "--data-dir", firm.directory)["snapshot"]
    where = ("--from", firm.copies, "--identity", firm.identity_file, "--secrets", firm.directory / "secrets")
    run("restore", *where, "--data-dir", firm.folder / "again")
    assert last_backup_us(firm.folder / "again") == instant_of(made["stamp"])
