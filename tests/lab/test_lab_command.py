"""`evenhand lab` over a firm on disk: nothing changed is identical to history, nothing is written, and what cannot be tried is refused."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.commands import lab, rebuild
from appliance.console import CommandRefused
from firm.ruleset_text import toml_of
from tests.firm.ruleset_examples import program
from tests.golden.making import unpack

ROOT = Path(__file__).parents[2]
DRAFT = ROOT / "docs" / "examples" / "draft.toml"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firm of release 0.1.0, with the lists of this one."""
    directory = unpack(
        ROOT / "tests" / "golden" / "ledgers" / "0.1.0.tar.xz", tmp_path_factory.mktemp("golden") / "firm"
    )
    assert run(rebuild, "rebuild", "--data-dir", directory) == 0
    return directory


def run(verb: Any, *arguments: object) -> int:
    parser = argparse.ArgumentParser()
    verb.add_to(parser.add_subparsers())
    options = parser.parse_args([*map(str, arguments)])
    status: int = options.run(options)
    return status


@pytest.fixture
def tried(firm: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def trying(*arguments: object) -> Any:
        capsys.readouterr()
        assert run(lab, "lab", "--data-dir", firm, "--json", *arguments) == 0
        return json.loads(capsys.readouterr().out)

    return trying


def test_under_what_was_sold_every_figure_of_every_account_is_that_of_history(tried: Any) -> None:
    """Another release decided it, which did not write by which conditions a phase was won."""
    report = tried("--as-sold")
    assert len(report["accounts"]) == 7
    for line in report["accounts"]:
        assert line["before"] == {**line["after"], "conditions": []}
        assert line["apart_us"] is None
    for cohort in report["cohorts"]:
        assert cohort["before"] == cohort["after"]


def test_the_ledger_is_read_and_nothing_of_it_is_written(tried: Any, firm: Path) -> None:
    before = hashlib.sha256((firm / "ledger.db").read_bytes()).digest()
    tried("--as-sold")
    assert hashlib.sha256((firm / "ledger.db").read_bytes()).digest() == before


def test_cohorts_count_every_account_once_before_and_after(tried: Any) -> None:
    report = tried(DRAFT)
    for when in ("before", "after"):
        assert sum(sum(cohort[when]["endings"].values()) for cohort in report["cohorts"]) == len(report["accounts"])
    assert sum(cohort["differing"] for cohort in report["cohorts"]) > 0
    assert {cohort["cohort"] for cohort in report["cohorts"]} == {"2014-W18"}


def test_accounts_are_chosen_by_program_phase_day_and_number(tried: Any) -> None:
    everything = tried("--as-sold")["accounts"]
    phase_two = tried("--as-sold", "--program", "two-step-100k", "--phase", "Phase 2")["accounts"]
    assert [line["phase"] for line in phase_two] == ["Phase 2"]
    one = everything[0]["account"]
    assert [line["account"] for line in tried("--as-sold", "--account", one)["accounts"]] == [one]
    assert tried("--as-sold", "--bought-from", "2014-05-03")["accounts"] == []
    assert tried("--as-sold", "--bought-before", "2014-05-03")["accounts"] == everything


def test_as_lines_it_tells_how_far_it_is_and_then_what_it_found(tried: Any, firm: Path, capsys: Any) -> None:
    assert run(lab, "lab", "--data-dir", firm, "--lines", "--as-sold") == 0
    *told, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["type"] for line in told} == {"progress"}
    assert told[-1]["row"] == told[-1]["rows"] == last["upto_row"]
    assert last["type"] == "report"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-sold", "--program", "gone"], "no program 'gone' was sold; sold were: two-step-100k"),
        (["--as-sold", "--phase", "Phase 9"], "no phase is called 'Phase 9'; there are: Phase 1, Phase 2"),
        (["--as-sold", "--account", "00000-00001"], "no such account: 00000-00001"),
    ],
    ids=["program", "phase", "account"],
)
def test_who_is_not_there_is_refused_with_who_is(tried: Any, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandRefused, match=said):
        tried(*arguments)


def test_a_draft_that_contradicts_itself_is_refused_with_the_paths_of_its_fields(tried: Any, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.toml"
    spoilt.write_text(DRAFT.read_text().replace("Europe/Prague", "Europe/Nowhere").replace("bp = 150", "bp = 0"))
    with pytest.raises(CommandRefused, match=r"(?s)calendar\.zone.*terms\[2\]\.amount\.bp"):
        tried(spoilt)


def test_of_a_program_it_must_be_said_whose_rules_are_tried(tried: Any, tmp_path: Path) -> None:
    sold = tmp_path / "program.toml"
    sold.write_text(toml_of(program()))
    names = [phase.name for phase in program().phases]
    with pytest.raises(CommandRefused, match=f"has the phases {', '.join(names)}"):
        tried(sold)
    assert tried(sold, "--rules-phase", names[0])["ruleset_id"] == program().phases[0].ruleset.ruleset_id()
