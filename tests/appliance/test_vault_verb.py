"""Another master from the console: the ledger says when and which, by ids alone, and the firm goes on under it."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.commands import vault as verb
from appliance.console import open_machine
from appliance.founding import found, trader_command
from appliance.rotations import rotations
from storage.master import master_id
from storage.reader import LedgerReader
from storage.rotation import rotate
from storage.secret_files import put_next_master, read_secrets

Run = Callable[..., Any]
ADA = "ada@trader.example"


@pytest.fixture
def firm(tmp_path: Path, settings: Any) -> Path:
    directory = tmp_path / "firm"
    with closing(found(directory, settings())) as machine:
        machine.decide_now([trader_command(machine, 1001, ADA, "Ada", "hash")])
    return directory


def told(firm: Path) -> list[tuple[str, str, bool]]:
    with LedgerReader(firm) as reader:
        return [(each.was, each.becomes, each.ended_us is not None) for each in rotations(reader)]


def test_the_master_is_renewed_and_the_ledger_names_both_by_id(firm: Path, run: Run, tmp_path: Path) -> None:
    before, drawn = read_secrets(firm).vault_master, tmp_path / "drawn"
    drawn.write_bytes(bytes(range(32)))
    drawn.chmod(0o600)
    done = run("vault", "rotate", "--yes", "--new", drawn, "--data-dir", firm)
    assert done.returncode == 0, done.stderr
    shown = json.loads(run("vault", "show", "--json", "--master", drawn, "--data-dir", firm).stdout)
    now = master_id(bytes(range(32)))
    assert (shown["master"], shown["file"], shown["next"]) == (now, now, "")
    assert now in run("vault", "--data-dir", firm).stdout
    assert told(firm) == [(master_id(before), now, True)]
    assert read_secrets(firm).vault_master == drawn.read_bytes()
    rows = (firm / "ledger.db").read_bytes()
    assert before not in rows
    assert before.hex().encode() not in rows
    assert run("verify", "--data-dir", firm).returncode == 0
    assert "Ada" in run("person", "show", ADA, "--data-dir", firm).stdout


def test_nothing_happens_while_the_firm_is_open_or_without_a_yes(firm: Path, run: Run) -> None:
    before = read_secrets(firm)
    with closing(open_machine(firm)):
        refused = run("vault", "rotate", "--yes", "--data-dir", firm)
        assert refused.returncode != 0
        assert "stop it" in refused.stderr
        assert (
            "stop it" in run("vault", "rotate", "--data-dir", firm).stderr.partition('Type "yes"')[0]
        )  # before it asks
    unsaid = run("vault", "rotate", "--data-dir", firm)
    assert unsaid.returncode != 0
    assert unsaid.stderr.splitlines()[-1] == "evenhand: the master stays as it is"
    assert read_secrets(firm) == before
    assert told(firm) == []


def test_a_kill_in_between_is_told_and_the_next_call_or_start_ends_it(
    firm: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_secrets(firm).vault_master

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, closing(open_machine(firm)) as machine:
        patch.setattr(verb, "rotate", killed)
        with pytest.raises(KeyboardInterrupt):
            verb._rotated(machine, None)
    becomes = put_next_master(firm)
    with monkeypatch.context() as patch:
        patch.setattr("storage.rewrapping.Rewrapping.switch", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate(firm, before, becomes)
    assert told(firm) == [(master_id(before), master_id(becomes), False)]
    verified = run("verify", "--data-dir", firm)
    assert verified.returncode == 0
    assert "2 of 2 keys are prepared" in verified.stdout
    rotate(firm, before, becomes)  # and the power goes before anything is said of it
    with closing(open_machine(firm)) as machine:
        assert machine.secrets.vault_master == becomes
        machine.decide_now([])
    assert told(firm) == [(master_id(before), master_id(becomes), True)]
    assert "goes on with it" in run("vault", "show", "--data-dir", firm).stdout
    assert run("vault", "rotate", "--yes", "--data-dir", firm).returncode == 0
    assert (firm / "secrets" / "vault_master").read_bytes() == becomes
    assert len(told(firm)) == 1
