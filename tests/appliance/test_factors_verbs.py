"""Second factors and passwords from the console: what is taken from whom and why, a link to a new password, and a list of leaked ones."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.clock import wall_us
from appliance.founding import found, trader_command
from appliance.settings import ClockSettings
from firm.facts import SecurityNoted
from firm.ids import id_text
from firm.kinds import body_of
from storage.factors import Factors, Totp, written
from storage.front import FrontFile
from storage.links import LinkBook, Purpose, digest_of
from storage.reader import LedgerReader
from storage.secret_files import read_secrets
from storage.sessions import SessionStore
from storage.vault import Vault
from web.breached_list import BreachedList
from web.password_desk import hash_password

Run = Callable[..., Any]
PASSWORD = "a long enough password"
RUTH, ADA = "ruth@northlight.example", "ada@trader.example"
LOST = "Lost her phone; saw her passport"


@pytest.fixture
def firm(tmp_path: Path, settings: Any, run: Run) -> Path:
    """Northlight with Ruth on its staff, who has an app; Ada trades there."""
    directory = tmp_path / "firm"
    machine = found(directory, replace(settings(), clock=ClockSettings()))  # a day on which somebody may leave
    try:
        machine.decide_now([trader_command(machine, 1001, ADA, "Ada", hash_password(PASSWORD))])
    finally:
        machine.close()
    added = run("staff", "add", RUTH, "--name", "Ruth", "--data-dir", directory, stdin=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    with closing(Vault.open(directory, read_secrets(directory).vault_master)) as vault:
        ruth = vault.find_by_mail(RUTH).reference
        vault.change_factors(ruth, lambda _: (written(Factors(totp=Totp(secret=b"s" * 20))), None))
    return directory


def test_lost_factors_are_taken_away_with_a_reason_that_is_kept(firm: Path, run: Run) -> None:
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        ruth = vault.find_by_mail(RUTH).reference
    with closing(FrontFile.open(firm)) as front:
        SessionStore(front).set("at-her-desk", b"", 1, ruth)
    short = run("staff", "reset-factors", RUTH, "--why", "lost", "--data-dir", firm)
    assert (short.returncode, "say why in a sentence" in short.stderr) == (2, True)
    told = run("staff", "reset-factors", RUTH, "--why", LOST, "--data-dir", firm)
    assert told.returncode == 0, told.stderr
    assert "adds one at the next sign-in" in told.stdout
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        assert vault.factors(ruth) is None
    with closing(FrontFile.open(firm)) as front:
        assert SessionStore(front).get("at-her-desk", 2) is None
    assert security_rows(firm) == [SecurityNoted(person=ruth, act="factors_reset", by="console", why=LOST)]


def test_a_trader_who_lost_hers_is_helped_too(firm: Path, run: Run) -> None:
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        vault.change_factors("trader:1001", lambda _: (written(Factors(totp=Totp(secret=b"s" * 20))), None))
    told = run("person", "reset-factors", ADA, "--why", LOST, "--data-dir", firm)
    assert (told.returncode, "has no second factor any more" in told.stdout) == (0, True)
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        assert vault.factors("trader:1001") is None


def test_what_the_firm_refuses_takes_nothing(firm: Path, run: Run) -> None:
    """The rule of who may be touched is the page's: nobody helps back in whoever was let go."""
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        ruth = vault.find_by_mail(RUTH).reference
    assert run("staff", "leave", RUTH, "--why", "her last day", "--data-dir", firm).returncode == 0
    for verb in ("staff", "person"):
        told = run(verb, "reset-factors", RUTH, "--why", LOST, "--data-dir", firm)
        assert (told.returncode, "nobody who works here" in told.stderr) == (2, True), (verb, told)
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        assert vault.factors(ruth) is not None
    with LedgerReader(firm) as reader:
        assert "SecurityNoted" not in {reader.row(seq).kind for seq in range(1, reader.size() + 1)}


def test_a_link_is_printed_whose_words_are_kept_nowhere(firm: Path, run: Run) -> None:
    short = run("person", "reset-link", ADA, "--why", "lost", "--data-dir", firm)
    assert (short.returncode, short.stdout, "say why in a sentence" in short.stderr) == (2, "", True)
    assert security_rows(firm) == []
    told = run("person", "reset-link", f" {ADA.upper()} ".strip(), "--why", LOST, "--data-dir", firm)
    assert told.returncode == 0, told.stderr
    link = told.stdout.splitlines()[0]
    assert link.startswith("http://127.0.0.1:")
    token = link.partition("/new-password?token=")[2]
    with closing(FrontFile.open(firm)) as front:
        assert LinkBook(front).person_of(Purpose.PASSWORD, digest_of(token), wall_us()) == "trader:1001"
    for file in firm.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes()
    nobody = run("person", "reset-link", "nobody@trader.example", "--why", LOST, "--data-dir", firm)
    assert (nobody.returncode, "nobody signs in" in nobody.stderr) == (2, True)


def test_a_link_leaves_a_row_and_whose_it_is_is_written_to(firm: Path, run: Run) -> None:
    assert run("person", "reset-link", ADA, "--why", LOST, "--data-dir", firm).returncode == 0
    assert security_rows(firm) == [SecurityNoted(person="trader:1001", act="link_made", by="console", why=LOST)]
    told = run("audit", "--kind", "link_made", "--trader", id_text(1001), "--data-dir", firm).stdout
    assert "Made a link to a new password" in told
    assert LOST in told
    with LedgerReader(firm) as reader, reader.connection() as book:
        owed = book.execute("SELECT person, letter FROM rm_mail").fetchall()
    assert owed == [("trader:1001", "link_made")]


def security_rows(firm: Path) -> list[Any]:
    with LedgerReader(firm) as reader:
        rows = [reader.row(seq) for seq in range(1, reader.size() + 1)]
    return [body_of(row.kind, row.payload) for row in rows if row.kind == "SecurityNoted"]


def test_the_console_refuses_passwords_that_leaked_or_are_a_name(firm: Path, run: Run) -> None:
    for password, why in (("qwertyuiop", "have leaked"), ("northlight2026", "strangers try it first")):
        told = run("staff", "password", RUTH, "--data-dir", firm, stdin=f"{password}\n")
        assert (told.returncode, why in told.stderr) == (2, True)


def test_a_list_is_built_from_a_file_of_hashes(tmp_path: Path, run: Run) -> None:
    hashes = sorted(hashlib.sha1(f"leaked word {number}".encode()).hexdigest() for number in range(50))
    (tmp_path / "pwned.txt").write_text("".join(f"{each.upper()}:7\n" for each in hashes))
    told = run("passwords", "build", tmp_path / "pwned.txt", tmp_path / "list.bin", "--seen-min", "5")
    assert (told.returncode, told.stdout) == (0, f"50 passwords in {tmp_path / 'list.bin'}.\n")
    assert BreachedList(tmp_path / "list.bin").has("leaked word 7")
    (tmp_path / "odd.txt").write_text(f"{hashes[0]}:1\nno hash\n")
    refused = run("passwords", "build", tmp_path / "odd.txt", tmp_path / "odd.bin")
    assert (refused.returncode, "line 2 is no SHA-1" in refused.stderr) == (2, True)
    assert not list(tmp_path.glob("odd.bin*"))
