"""When something is amiss: what an operator is told, that it is true, and that what to do next can be done."""

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from appliance.alarms.limits import MailSettings
from appliance.cli import main
from appliance.commands.verify import FINDINGS_SHOWN, report_text
from appliance.doctor import run_doctor
from appliance.finding import Finding, Level
from appliance.settings_file import read_settings, settings_toml
from storage import findings
from storage.files import FirmDirectory, lay_ballast
from storage.verify import Report

Said = Callable[..., Any]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    """Run a verb in this process: its exit status, standard output and standard error."""

    def ask(*arguments: object, stdin: str = "a long enough password\n") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main([*map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return ask


def founded(said: Said, directory: Path) -> tuple[int, str, str]:
    told: tuple[int, str, str] = said(
        "init", "--data-dir", directory, "--name", "Northlight", "--owner", "omar@northlight.example"
    )
    return told


@pytest.fixture
def firm(tmp_path: Path, said: Said) -> FirmDirectory:
    assert founded(said, tmp_path / "firm")[0] == 0
    return FirmDirectory(tmp_path / "firm")


def altered(firm: FirmDirectory, sql: str) -> None:
    """Written past every guard: as somebody with the file and an SQLite shell would."""
    connection = apsw.Connection(str(firm.ledger_db))
    guards = list(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for trigger, _ in guards:
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(sql)
    for _, again in guards:
        connection.execute(again)
    connection.close()


def of(firm: FirmDirectory, check: str) -> Finding:
    (found,) = [finding for finding in run_doctor(firm.path) if finding.check == check]
    return found


# --- a damaged book ---


def test_a_damaged_book_is_told_in_sentences_with_the_first_damaged_row_before_all(
    firm: FirmDirectory, said: Said
) -> None:
    altered(firm, "UPDATE ledger SET kind = 'Nonsense' WHERE seq = 3")
    status, out, _ = said("verify", "--data-dir", firm.path)
    first, *rest = out.splitlines()
    assert (status, first) == (1, "The book is damaged; the first sign of it is at row 3.")
    assert rest[0].startswith("- row 3: ")
    assert "Finding(" not in out
    assert out.count("put back the last good copy of the whole directory") == 1


def test_findings_in_json_name_what_row_and_next(firm: FirmDirectory, said: Said) -> None:
    altered(firm, "UPDATE ledger SET kind = 'Nonsense' WHERE seq = 3")
    report = json.loads(said("verify", "--json", "--data-dir", firm.path)[1])
    assert {"what", "seq", "next"} == set(report["findings"][0])


def test_a_fault_that_shows_in_every_later_checkpoint_does_not_fill_the_screen() -> None:
    many = tuple(findings.Finding(f"row {seq} is odd", seq, "mend it") for seq in range(40, 0, -1))
    told = report_text(Report(40, 0, 0, 0, 0, many, 7, ())).splitlines()
    assert told[0] == "The book is damaged; the first sign of it is at row 1."
    assert told[1 : FINDINGS_SHOWN + 1] == [f"- row {seq} is odd" for seq in range(1, FINDINGS_SHOWN + 1)]
    assert told[FINDINGS_SHOWN + 1 :] == [
        "- and 28 findings more: --json has them",
        "  What next: mend it.",
        "There are 7 findings more, which were only counted.",
        "Checked: 40 rows, 0 signed checkpoints, 0 quote frames, 0 segments, 0 snapshots, 0 sealed values.",
    ]


def test_the_doctor_finds_what_keeps_a_firm_from_starting(firm: FirmDirectory, said: Said) -> None:
    altered(firm, "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)")
    status, _, err = said("serve", "--data-dir", firm.path)
    assert (status, "the ledger does not end as it was left" in err) == (2, True)
    found = of(firm, "ledger")
    assert found.level is Level.PROBLEM
    assert found.found.startswith("the ledger does not end as it was left")
    assert found.next


def test_the_doctor_finds_secrets_of_another_firm(firm: FirmDirectory, said: Said, tmp_path: Path) -> None:
    assert founded(said, tmp_path / "other")[0] == 0
    shutil.rmtree(firm.secrets)
    shutil.copytree(tmp_path / "other" / "secrets", firm.secrets)
    found = of(firm, "ledger")
    assert found.level is Level.PROBLEM
    assert "put back the ledger and the secrets that were backed up with it" in found.next


def test_an_empty_file_in_the_ledgers_place_is_told_in_one_line(firm: FirmDirectory, said: Said) -> None:
    for leftover in firm.path.glob("ledger.db-*"):
        leftover.unlink()
    firm.ledger_db.write_bytes(b"")
    status, _, err = said("serve", "--data-dir", firm.path)
    assert (status, err.count("\n")) == (2, 1)
    assert findings.RESTORE in err


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["not there", "no PEM"])
def test_authorities_for_mail_that_cannot_be_read_are_told_at_the_start(
    content: str | None, firm: FirmDirectory, said: Said, tmp_path: Path
) -> None:
    authorities = tmp_path / "own.pem"
    if content is not None:
        authorities.write_text(content)
    mail = MailSettings(host="mail.example", sender="a@b.example", to="c@d.example", ca_file=str(authorities))
    settings = read_settings(firm.settings)
    alarms = msgspec.structs.replace(settings.alarms, mail=mail)
    firm.settings.write_text(settings_toml(msgspec.structs.replace(settings, alarms=alarms)))
    status, _, err = said("serve", "--data-dir", firm.path)
    assert (status, err.count("\n")) == (2, 1)
    assert f'"alarms.mail.ca_file": {authorities} cannot be used' in err
    assert "the service sees those below /etc/ssl" in err


# --- what was lost, and what was changed ---


@pytest.mark.parametrize("verb", ["serve", "verify"])
def test_lost_secrets_come_from_their_backup_and_not_from_a_new_firm(
    verb: str, firm: FirmDirectory, said: Said
) -> None:
    shutil.rmtree(firm.secrets)
    status, _, err = said(verb, "--data-dir", firm.path)
    assert (status, "put back the secrets that were backed up with it" in err) == (2, True)
    assert "evenhand init" not in err


@pytest.mark.parametrize("lost", [["vault.db"], ["keys.db"], ["vault.db", "keys.db"]], ids=" and ".join)
def test_a_lost_vault_is_told_in_one_line_and_never_made_anew(lost: list[str], firm: FirmDirectory, said: Said) -> None:
    for path in (path for name in lost for path in firm.path.glob(f"{name}*")):
        path.unlink()
    status, _, err = said("serve", "--data-dir", firm.path)
    assert (status, err.count("\n"), "restore" in err) == (2, 1, True)
    status, out, _ = said("verify", "--data-dir", firm.path)
    assert (status, "the vault cannot be read" in out) == (1, True)
    assert of(firm, "vault").level is Level.PROBLEM
    assert not (firm.path / lost[0]).exists()


def test_a_sealed_value_that_was_deleted_is_told_by_verify_and_the_doctor(firm: FirmDirectory, said: Said) -> None:
    assert of(firm, "vault").found == "1 sealed value opened"
    assert "1 sealed value." in said("verify", "--data-dir", firm.path)[1]
    connection = apsw.Connection(str(firm.vault_db))
    connection.execute("DELETE FROM sealed_values")
    connection.close()
    status, out, _ = said("verify", "--data-dir", firm.path)
    assert (status, "is gone from the vault" in out) == (1, True)
    found = of(firm, "vault")
    assert (found.level, "is gone from the vault" in found.found) == (Level.PROBLEM, True)
    assert found.next == "restore keys.db and vault.db together, from one backup"


def test_lost_settings_come_from_their_copy_and_not_from_a_new_firm(firm: FirmDirectory, said: Said) -> None:
    firm.settings.unlink()
    status, _, err = said("serve", "--data-dir", firm.path)
    assert (status, "put back the copy that was kept of it" in err) == (2, True)
    assert "evenhand init" not in err


def test_a_firm_does_not_start_under_another_slug(firm: FirmDirectory, said: Said) -> None:
    firm.settings.write_text(firm.settings.read_text().replace('slug = "northlight"', 'slug = "southlight"'))
    assert read_settings(firm.settings).firm.slug == "southlight"
    status, _, err = said("serve", "--data-dir", firm.path)
    assert (status, 'founded as "northlight"' in err) == (2, True)
    assert err.endswith('set slug = "northlight" again\n')
    assert of(firm, "settings").next == 'set slug = "northlight" again'


# --- places where no firm can be ---


@pytest.mark.parametrize("place", ["/proc/firm", "/etc/passwd/firm"])
def test_a_firm_where_no_directory_can_be_made_is_refused_in_one_line(place: str, said: Said) -> None:
    status, _, err = founded(said, Path(place))
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith(f"evenhand: {place} cannot be made (")
    assert "choose another with --data-dir, or make it first, as root, for the user the firm will run as" in err
    status, _, err = said("demo", "--data-dir", place, "--headless")
    assert (status, err.count("\n")) == (2, 1)
    assert f"{place} cannot be made or written (" in err


def test_a_disk_without_room_for_the_ballast_is_told_and_no_empty_ballast_stays(
    firm: FirmDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(28, "No space left on device")

    firm.ballast.unlink()
    monkeypatch.setattr(os, "posix_fallocate", full_disk)
    with pytest.raises(OSError, match=r"no room for a ballast of 64 MiB \(No space left on device\): make room"):
        lay_ballast(firm)
    assert not firm.ballast.exists()


def test_the_doctor_asks_no_ballast_of_a_firm_that_was_just_founded(firm: FirmDirectory) -> None:
    assert "no ballast" not in of(firm, "disk").found


# --- words ---


def test_a_checkpoint_that_cannot_be_read_is_named(firm: FirmDirectory, said: Said, tmp_path: Path) -> None:
    wanted = ("evidence", "1", "--out", tmp_path / "bundle", "--since", tmp_path / "nowhere", "--data-dir", firm.path)
    status, _, err = said(*wanted)
    assert (status, f"{tmp_path}/nowhere cannot be read as a checkpoint" in err) == (2, True)


@pytest.mark.parametrize("before", [None, 0o644], ids=["a new file", "over one that others could read"])
def test_evidence_is_written_for_its_owner_alone(
    firm: FirmDirectory, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    monkeypatch.setattr("appliance.commands.evidence.build_bundle", lambda *_, **__: b"a trader's history\n")
    out = tmp_path / "bundle.json"
    if before is not None:
        out.write_text("what was here before, and longer than what comes now")
        out.chmod(before)
    status, _, err = said("evidence", "1", "--out", out, "--data-dir", firm.path)
    assert (status, err) == (0, "")
    assert out.read_bytes() == b"a trader's history\n"
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("verb", ["explain", "evidence"])
def test_what_is_no_decision_is_told_what_one_is_and_where_to_find_it(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([verb, "abc"])
    told = " ".join(capsys.readouterr().err.split())
    assert "'abc' is no decision: give the number of the ledger row that records a breach, suspicion or pass" in told
    assert "pages show it beside each verdict" in told


def test_one_is_one_and_two_are_many(firm: FirmDirectory, said: Said) -> None:
    assert "1 fact, all the same bytes" in said("replay", "--data-dir", firm.path)[1]
    assert said("rebuild", "trades", "--data-dir", firm.path)[1].startswith("1 read model folded again from ")
