"""What staff did, searched from the console; what is taken as a file is on record first."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import UNREAD, main
from appliance.founding import found, trader_command
from firm.act_titles import TITLES
from firm.commands import AddStaff, NoteAct, SetStaffRole, StaffAct
from firm.ids import id_text

Run = Callable[..., Any]
OMAR, RUTH = 2001, 2002
WHY = "=moves over, ticket 118"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Path:
    """Omar owns Northlight, and gave Ruth another role."""
    directory = tmp_path_factory.mktemp("audited") / "firm"
    with closing(found(directory, settings())) as machine:
        machine.decide_now(
            [
                AddStaff(by="console", staff=OMAR, role="owner", sealed=""),
                AddStaff(by="console", staff=RUTH, role="support", sealed=""),
                SetStaffRole(by=f"staff:{OMAR}", staff=RUTH, role="risk", why=WHY),
                trader_command(machine, 1001, "ada@trader.example", "Ada", "no hash"),
            ]
        )
    return directory


@pytest.fixture
def audit(firm: Path, run: Run) -> Run:
    return lambda *words: run("audit", *words, "--data-dir", firm)


def test_the_newest_acts_are_told_with_before_after_and_why(audit: Run) -> None:
    done = audit("--who", id_text(OMAR))
    assert done.returncode == 0
    head, line = done.stdout.splitlines()
    assert head.split() == ["ROW", "WHEN", "(UTC)", "WHO", "WHAT"]
    for words in (id_text(OMAR), "Gave a role", f"role of {id_text(RUTH)}: support to risk", f'"{WHY}"'):
        assert words in line
    assert audit("--text", "nothing of the kind").stdout == "No act matches.\n"
    assert len(audit("--limit", 2).stdout.splitlines()) == 3


def test_a_file_has_what_was_found_and_that_it_was_taken_is_on_record(audit: Run) -> None:
    done = audit("--member", id_text(RUTH), "--csv")
    [head, *lines] = csv.reader(io.StringIO(done.stdout, newline=""))
    assert [dict(zip(head, line, strict=True))["why"] for line in lines] == [f"'{WHY}", ""]
    told = [json.loads(line) for line in audit("--json").stdout.splitlines()]
    assert [each["kind"] for each in told] == [
        "record_taken", "record_taken", "RegisterTrader", "SetStaffRole", "AddStaff", "AddStaff",
    ]  # fmt: skip
    assert told[0]["came_by"] == told[0]["who"] == "console"


def test_handing_out_everything_about_a_trader_is_on_record(audit: Run, firm: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ada.zip"
    assert run("person", "export", "ada@trader.example", "--out", out, "--data-dir", firm).returncode == 0
    _, line = audit("--trader", id_text(1001), "--kind", "person_taken").stdout.splitlines()
    assert "Took everything about a trader" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--who", "ruth"), "--who: a member of staff by their id"),
        (("--kind", "Nothing"), '--kind: there is no such kind of act; "--kind help" lists them'),
        (("--account", "x"), "--account: an id is written like"),
        (("--since", "yesterday"), "--since: a time is written like"),
        (("--text", "x" * 101), "--text: at most 100 characters"),
        (("--limit", "0"), "no number of rows"),
        (("--csv", "--json"), "not allowed with"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_said(audit: Run, words: tuple[str, ...], said: str) -> None:
    done = audit(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_kinds_are_listed_and_a_reader_who_has_had_enough_is_no_fault(
    audit: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = audit("--kind", "help").stdout.splitlines()
    assert len(listed) == len(TITLES)
    assert "evidence_taken           Took evidence" in listed
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w", encoding="utf-8") as unread:
        monkeypatch.setattr(sys, "stdout", unread)
        assert main(["audit", "--kind", "help"]) == UNREAD
        monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_nobody_who_reads_a_long_record_to_its_first_lines_alone_is_told_of_a_fault(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    act = NoteAct(by="console", act=StaffAct.RECORD_TAKEN, about="evenhand audit")
    with closing(found(tmp_path / "long", settings())) as machine:
        machine.decide_now([act] * 300)
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w", encoding="utf-8") as unread:
        monkeypatch.setattr(sys, "stdout", unread)
        assert main(["audit", "--limit", "300", "--data-dir", str(tmp_path / "long")]) == UNREAD
        monkeypatch.undo()
    assert capsys.readouterr().err == ""
