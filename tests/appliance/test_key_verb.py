"""Keys from the console: printed once, listed without their secret, followed by another, and ended."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.settings import ClockSettings
from firm.ids import id_text
from storage.front import FrontFile
from storage.keys_used import KeysUsed
from storage.reader import LedgerReader
from storage.readmodels.api_keys import ApiKeyLine
from storage.secret_files import read_secrets
from storage.vault import Vault
from web.api_secret import spelled

Run = Callable[..., Any]
WHY = ("--why", "the wall in the office")


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, settings: Any, founded_with_programs: Any) -> Path:
    directory = tmp_path_factory.mktemp("keys") / "firm"
    founded_with_programs(directory, msgspec.structs.replace(settings(), clock=ClockSettings())).close()
    return directory


def listed(run: Run, firm: Path) -> dict[str, dict[str, Any]]:
    lines = json.loads(run("key", "list", "--json", "--data-dir", firm).stdout)
    return {line["id"]: line for line in lines}


def added(run: Run, firm: Path, name: str, *options: str) -> str:
    done = run("key", "add", name, "--may", "see_accounts", *options, *WHY, "--data-dir", firm)
    assert done.returncode == 0, done.stderr
    [word] = done.stdout.splitlines()
    return str(word)


def files_of(firm: Path) -> Iterator[bytes]:
    yield from (path.read_bytes() for path in firm.rglob("*") if path.is_file())


def test_a_key_is_printed_once_and_its_hash_alone_is_kept_sealed(run: Run, firm: Path) -> None:
    word = added(run, firm, "dashboard", "--days", "10", "--program", "two-step-100k")
    found_in_it = spelled(word)
    assert found_in_it is not None
    line = listed(run, firm)[id_text(found_in_it.key)]
    assert (line["name"], line["owner"], line["permissions"], line["scope"], line["good"]) == (
        "dashboard", "console", ["see_accounts"], ["two-step-100k"], True,
    )  # fmt: skip
    with LedgerReader(firm) as reader, reader.connection() as book:
        [[payload]] = book.execute("SELECT payload FROM ledger WHERE kind = 'ApiKeyIssued' ORDER BY seq LIMIT 1")
    sealed = json.loads(payload)["sealed"]
    with closing(Vault.open(firm, read_secrets(firm).vault_master)) as vault:
        assert vault.open_value(sealed) == found_in_it.digest
    for content in files_of(firm):
        assert word.encode() not in content
        assert found_in_it.digest not in content


def test_a_rotated_key_is_followed_under_its_name_and_a_revoked_one_is_over(run: Run, firm: Path) -> None:
    first = spelled(added(run, firm, "feed"))
    done = run("key", "rotate", "feed", "--overlap-hours", "2", "--data-dir", firm)
    second = spelled(done.stdout.strip())
    assert first is not None
    assert second is not None
    with closing(FrontFile.open(firm)) as front:
        KeysUsed(front).note(second.key, 1_800_000_000_000_000)
    lines = listed(run, firm)
    assert lines[id_text(first.key)]["follower"] == id_text(second.key)
    assert [lines[id_text(each.key)]["good"] for each in (first, second)] == [True, True]
    assert lines[id_text(second.key)]["used"].startswith("2027-01-15")
    assert run("key", "revoke", "feed", "--why", "it leaked", "--data-dir", firm).returncode == 0
    lines = listed(run, firm)
    assert [lines[id_text(each.key)]["good"] for each in (first, second)] == [True, False]
    assert run("key", "revoke", id_text(first.key), "--why", "that too", "--data-dir", firm).returncode == 0
    told = run("key", "list", "--data-dir", firm).stdout
    assert "over since" in told
    assert "evh_" not in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "Wall", "--may", "see_accounts", *WHY), "small letters"),
        (("add", "wall", "--may", "see_accounts", "--days", "400", *WHY), "366 days"),
        (("rotate", "nobody"), "evenhand key list"),
        (("revoke", "nobody", "--why", "odd"), "evenhand key list"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, firm: Path, words: tuple[str, ...], said: str) -> None:
    done = run("key", *words, "--data-dir", firm)
    assert done.returncode == 2
    assert said in done.stderr
    assert "evh_" not in done.stdout


def test_a_line_of_the_list_knows_when_its_key_is_over() -> None:
    line = msgspec.convert(
        {"key": 1, "name": "a", "owner": "console", "permissions": (), "scope": {}, "issued_us": 0, "expires_us": 10, "follower": 0,
         "ended_us": 0, "ended_by": "", "why": "", "why_ended": ""}, ApiKeyLine,
    )  # fmt: skip
    assert [line.is_good(at) for at in (9, 10)] == [True, False]
