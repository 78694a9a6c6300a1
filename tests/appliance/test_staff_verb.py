"""Staff from the console: who is on it, and a new password that ends whatever was signed in with the old one."""

import argparse
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.cli import parser
from appliance.founding import trader_command
from appliance.settings import ClockSettings
from firm.ids import parse_id
from storage.front import FrontFile
from storage.secret_files import read_secrets
from storage.sessions import SessionStore
from storage.vault import Vault
from web.password_desk import hash_password

Run = Callable[..., Any]
OLD, NEW = "a long enough password", "another long password"
RUTH, ADA = "ruth@northlight.example", "ada@trader.example"


@pytest.fixture
def firm(tmp_path: Path, settings: Any, founded_with_programs: Any, run: Run) -> Path:
    """Northlight with Ruth on its staff; Ada trades there."""
    directory = tmp_path / "firm"
    machine = founded_with_programs(directory, msgspec.structs.replace(settings(), clock=ClockSettings()))
    try:
        machine.decide_now([trader_command(machine, 1001, ADA, "Ada", hash_password(OLD))])
    finally:
        machine.close()
    added = run("staff", "add", RUTH, "--name", "Ruth", "--role", "risk", "--data-dir", directory, stdin=f"{OLD}\n")
    assert added.returncode == 0, added.stderr
    return directory


def staff(run: Run, firm: Path) -> list[dict[str, str]]:
    members: list[dict[str, str]] = json.loads(run("staff", "list", "--json", "--data-dir", firm).stdout)
    return members


def password_hash(firm: Path, mail: str) -> str:
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        person = vault.find_by_mail(mail)
        assert person is not None
        return person.password_hash


def test_the_list_names_each_member_with_id_and_role_and_no_trader(firm: Path, run: Run) -> None:
    [ruth] = staff(run, firm)
    assert (ruth["mail"], ruth["name"], ruth["role"]) == (RUTH, "Ruth", "risk")
    assert parse_id(ruth["id"]) > 0
    shown = run("staff", "list", "--data-dir", firm).stdout
    assert f"{ruth['id']} risk       {RUTH}" in shown
    assert "ada@" not in shown


@pytest.mark.parametrize("by", ["id", "mail"])
def test_a_new_password_replaces_the_old_one_and_ends_every_session(by: str, firm: Path, run: Run) -> None:
    [ruth] = staff(run, firm)
    reference, before = f"staff:{parse_id(ruth['id'])}", password_hash(firm, RUTH)
    with closing(FrontFile.open(firm)) as front:
        sessions = SessionStore(front)
        sessions.set("at-her-desk", b"", 1, reference)
        sessions.set("adas", b"", 1, "trader:1001")
    told = run("staff", "password", ruth[by], "--data-dir", firm, stdin=f"{NEW}\n")
    assert (told.returncode, told.stdout) == (0, f"{RUTH} has a new password, and is signed out everywhere.\n")
    assert password_hash(firm, RUTH) != before
    with closing(FrontFile.open(firm)) as front:
        assert SessionStore(front).get("at-her-desk", 2) is None
        assert SessionStore(front).get("adas", 2) is not None


@pytest.mark.parametrize("member", [ADA, "7K2MQ-9XW3F", "nobody", "nobody@northlight.example"])
def test_whoever_is_not_on_the_staff_gets_no_password(member: str, firm: Path, run: Run) -> None:
    before = password_hash(firm, ADA)
    told = run("staff", "password", member, "--data-dir", firm, stdin=f"{NEW}\n")
    assert told.returncode == 2
    assert "evenhand staff list shows everyone" in told.stderr
    assert password_hash(firm, ADA) == before


@pytest.mark.parametrize("length", [9, 257])
def test_a_password_of_a_length_that_nobody_can_sign_in_with_changes_nothing(length: int, firm: Path, run: Run) -> None:
    before = password_hash(firm, RUTH)
    told = run("staff", "password", RUTH, "--data-dir", firm, stdin="x" * length + "\n")
    assert (told.returncode, "this password is not taken: Use at" in told.stderr) == (2, True)
    assert password_hash(firm, RUTH) == before


def test_a_role_a_scope_and_a_last_day_are_kept_with_their_reason(firm: Path, run: Run) -> None:
    where = ("--data-dir", firm)
    with closing(FrontFile.open(firm)) as front:
        [ruth] = staff(run, firm)
        SessionStore(front).set("at-her-desk", b"", 1, f"staff:{parse_id(ruth['id'])}")
    given = run("staff", "role", RUTH, "read-only", "--why", "on leave", *where)
    assert (given.returncode, given.stdout) == (0, f"{RUTH} is read-only from now on.\n"), given.stderr
    limited = run(
        "staff", "scope", ruth["id"], "--program", "two-step-100k", "--program", "euro-50k", "--why", "her desk", *where
    )
    assert limited.stdout == f"{RUTH} works on euro-50k, two-step-100k from now on.\n", limited.stderr
    [shown] = staff(run, firm)
    assert (shown["role"], shown["scope"], shown["left"]) == ("read_only", ["euro-50k", "two-step-100k"], "")
    assert "only euro-50k, two-step-100k" in run("staff", "list", *where).stdout
    gone = run("staff", "leave", RUTH, "--why", "her last day", *where)
    assert gone.returncode == 0, gone.stderr
    with closing(FrontFile.open(firm)) as front:
        assert SessionStore(front).get("at-her-desk", 2) is None
    assert "left " in run("staff", "list", *where).stdout
    again = run("staff", "role", RUTH, "risk", "--why", "back again", *where)
    assert again.returncode == 2
    assert "nobody who works here" in again.stderr


def test_the_last_owner_stays_even_for_the_console(firm: Path, run: Run) -> None:
    where = ("--data-dir", firm)
    assert run("staff", "role", RUTH, "owner", "--why", "founder", *where).returncode == 0
    for refused in (("role", RUTH, "risk"), ("leave", RUTH), ("scope", RUTH, "--program", "two-step-100k")):
        told = run("staff", *refused, "--why", "less", *where)
        assert (told.returncode, "nobody else owns the whole firm" in told.stderr) == (2, True), told.stderr


def test_a_role_that_there_is_not_is_refused_before_a_password_is_kept(firm: Path, run: Run) -> None:
    told = run("staff", "add", "x@northlight.example", "--role", "dealer", "--data-dir", firm, stdin=f"{OLD}\n")
    assert told.returncode == 2
    assert "owner, admin, risk" in told.stderr
    assert len(staff(run, firm)) == 1


def test_roles_are_told_with_each_permission(firm: Path, run: Run) -> None:
    shown = json.loads(run("staff", "roles", "--json", "--data-dir", firm).stdout)
    assert [role["role"] for role in shown][:2] == ["owner", "admin"]
    assert "see_names         " in run("staff", "roles", "--data-dir", firm).stdout


def help_of(*words: str) -> str:
    verb: argparse.ArgumentParser = parser()
    for word in words:
        [choices] = [action for action in verb._actions if isinstance(action, argparse._SubParsersAction)]
        verb = choices.choices[word]
    return verb.format_help()


@pytest.mark.parametrize("words", [("init",), ("staff", "add"), ("staff", "password")], ids=" ".join)
def test_help_says_where_the_password_is_read_from(words: tuple[str, ...]) -> None:
    assert "asked for on a terminal, twice, or read as one line from a pipe" in help_of(*words)
