"""Settings that lost their end read as defaults: the doctor tells before a start takes them, and the start tells that it did."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.doctor import run_doctor
from appliance.finding import Finding, Level
from appliance.founding import found
from appliance.settings import BreakerSettings, RiskSettings
from appliance.settings_file import write_settings
from storage.files import FirmDirectory


def told(firm: FirmDirectory) -> Finding:
    [finding] = [finding for finding in run_doctor(firm.path) if finding.check == "policy"]
    return finding


@pytest.fixture
def firm(tmp_path: Path, settings: Callable[..., Any]) -> FirmDirectory:
    """Northlight, which decides by figures of its own."""
    risk = RiskSettings(drift_tolerance_bp=3, probes_max=9, breaker=BreakerSettings(accounts_max=40, window_s=30))
    chosen = msgspec.structs.replace(settings(mark_every_s=120), risk=risk)
    machine = found(tmp_path / "firm", chosen)
    machine.decide_now([])
    machine.close()
    firm = FirmDirectory(tmp_path / "firm")
    assert told(firm).level is Level.OK
    return firm


def cut_behind(firm: FirmDirectory, key: str) -> None:
    lines = firm.settings.read_text().splitlines()
    [last] = [number for number, line in enumerate(lines) if line.startswith(f"{key} = ")]
    firm.settings.write_text("\n".join(lines[: last + 1]) + "\n")


CUT = {
    "drift_tolerance_bp": ["risk.breaker.window_s 30 -> 60", "risk.breaker.accounts_max 40 -> 25", "risk.probes_max 9 -> 5"],
    "probes_max": ["risk.breaker.window_s 30 -> 60", "risk.breaker.accounts_max 40 -> 25"],
    "accounts_max": [],
}  # fmt: skip


@pytest.mark.parametrize("key", CUT)
def test_a_file_that_was_cut_behind_a_key_is_told_with_every_figure_that_would_change(
    firm: FirmDirectory, key: str
) -> None:
    cut_behind(firm, key)
    finding = told(firm)
    lost = ", ".join([*CUT[key], "ledger.mark_every_s 120 -> 60"])
    assert finding.level is Level.WARNING
    assert finding.found == f"{firm.settings} has other figures than the ledger was last given: {lost}"
    assert finding.next.startswith(
        "if you changed them, the next start adopts them; if not, the file was cut or replaced"
    )


def test_a_start_says_in_its_log_what_it_adopted(firm: FirmDirectory, serving: Callable[..., Any]) -> None:
    unchanged = serving(firm.path)
    assert unchanged.close() == 0
    assert "adopted" not in unchanged.log.read_text()
    cut_behind(firm, "probes_max")
    child = serving(firm.path)
    assert child.first_line.startswith("serving Northlight")
    assert told(firm).level is Level.OK
    assert child.close() == 0
    [line] = [json.loads(line)["message"] for line in child.log.read_text().splitlines() if "adopted" in line]
    lost = ", ".join([*CUT["probes_max"], "ledger.mark_every_s 120 -> 60"])
    assert line == f"adopted from evenhand.toml: {lost}"


def test_a_change_that_waits_for_a_restart_names_who_must_be_restarted(
    firm: FirmDirectory, serving: Callable[..., Any]
) -> None:
    child = serving(firm.path)
    cut_behind(firm, "probes_max")
    assert f"a restart of process {child.process.pid} adopts them" in told(firm).next
    assert child.close() == 0


def test_a_command_to_a_firm_that_stands_still_says_what_it_let_in(
    firm: FirmDirectory, run: Callable[..., Any]
) -> None:
    cut_behind(firm, "accounts_max")
    revoked = run("bridge", "revoke", "nobody", "--why", "sold", "--data-dir", firm.path)
    assert revoked.returncode == 2
    assert "adopted from evenhand.toml: ledger.mark_every_s 120 -> 60" in revoked.stderr
    assert told(firm).level is Level.OK


def test_settings_that_are_back_are_well_again(firm: FirmDirectory, settings: Callable[..., Any]) -> None:
    whole = firm.settings.read_bytes()
    cut_behind(firm, "probes_max")
    assert told(firm).level is Level.WARNING
    firm.settings.write_bytes(whole)
    assert told(firm).level is Level.OK
    write_settings(firm.settings, settings())
    assert "risk.drift_tolerance_bp 3 -> 1" in told(firm).found
