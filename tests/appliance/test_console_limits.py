"""Programs and regions that the console limits staff and keys to: those that there are, and a word with what is near otherwise."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.founding import found, staff_command
from appliance.settings import ClockSettings
from storage.reader import LedgerReader

Run = Callable[..., Any]
RUTH = "ruth@northlight.example"
WHY = ("--why", "her desk")
SCOPE, KEY = ("staff", "scope", RUTH), ("key", "add", "wall", "--may", "see_accounts")


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, settings: Any, founded_with_programs: Any) -> Path:
    """It sells the demo's programs, names two regions, and Ruth is of risk."""
    directory: Path = tmp_path_factory.mktemp("limits") / "firm"
    regions = {"dach": ["DE", "AT", "CH"], "north": ["SE", "NO"]}
    named = msgspec.structs.replace(settings(), clock=ClockSettings(), regions=regions)
    with closing(founded_with_programs(directory, named)) as machine:
        machine.decide_now([staff_command(machine, RUTH, "Ruth", "risk", "no hash")])
    return directory


def rows(firm: Path) -> int:
    with LedgerReader(firm) as reader:
        return sum(1 for _ in reader.rows(0, 10_000))


@pytest.mark.parametrize("asked", [SCOPE, KEY], ids=["staff scope", "key add"])
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        pytest.param(("--region", "nroth"), "there is no region 'nroth': dach, north", id="a region that is mistyped"),
        pytest.param(("--region", "dach", "--region", "atlantis"), "there is no region 'atlantis'", id="beside one"),
        pytest.param(("--program", "two-step-10k"), "'two-step-10k' was never published: two-step-100k is near", id="a program"),
        pytest.param(
            ("--program", "two-step-100k", "--program", "qqq", "--region", "dach"),
            "'qqq' was never published: there are euro-50k, trailing-100k, two-step-100k",
            id="a program that nothing is near",
        ),
        pytest.param(("--program", "x" * 5_000), f"'{'x' * 40}' was never published", id="a program of a long name"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_has_is_refused_before_the_firm_is_asked(firm, run, asked, limits, told):
    before = rows(firm)
    refused = run(*asked, *limits, *WHY, "--data-dir", firm)
    assert (refused.returncode, told in refused.stderr, refused.stdout) == (2, True, ""), refused.stderr
    assert rows(firm) == before


def test_what_there_is_can_be_limited_to(firm, run):
    limits = ("--program", "trailing-100k", "--region", "north", *WHY, "--data-dir", firm)
    assert run(*SCOPE, *limits).stdout == f"{RUTH} works on trailing-100k in the region north from now on.\n"
    assert run(*KEY, *limits).returncode == 0
    [key] = json.loads(run("key", "list", "--json", "--data-dir", firm).stdout)
    assert (key["scope"], key["regions"]) == (["trailing-100k"], ["north"])
    assert run(*SCOPE, "--whole-firm", *WHY, "--data-dir", firm).returncode == 0


def test_where_nothing_was_ever_published_no_program_is_near(tmp_path, settings, run):
    found(tmp_path / "firm", msgspec.structs.replace(settings(), clock=ClockSettings())).close()
    refused = run(*KEY, "--program", "two-step", *WHY, "--data-dir", tmp_path / "firm")
    assert (refused.returncode, "'two-step' was never published: nothing was" in refused.stderr) == (2, True)
