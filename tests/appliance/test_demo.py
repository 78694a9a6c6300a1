"""The demo as a newcomer runs it: a release and a midnight on real prices, and every decision of it checked again afterwards."""

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

from actors.recovery import all_rows
from appliance.cli import main
from firm.instant import parse_utc
from storage.files import FirmDirectory
from storage.findings import Finding
from storage.reader import LedgerReader
from storage.secret_files import read_secrets
from storage.verify import verify
from tests.loading import loaded

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"
RELEASE = ("--from", "2014-05-02T12:25:00", "--to", "2014-05-02T12:45:00", "--accounts", "12")
EVENING = ("--from", "2014-05-01T20:00:00", "--to", "2014-05-01T22:05:00", "--accounts", "3")
RELEASE_US, MIDNIGHT_US = parse_utc("2014-05-02T12:30:00"), parse_utc("2014-05-01T22:00:00")
TILE_ROWS = 256
Shown = Callable[..., Any]


@pytest.fixture(scope="module")
def started(demos: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two at once, because one of them mostly waits for its own clock; the third begins when the first has ended."""
    folder: Path = tmp_path_factory.mktemp("demos")
    demos.start(folder / "max", "--speed", "max", *RELEASE)
    demos.start(folder / "fifty", "--speed", "50", *RELEASE)
    return folder


@pytest.fixture(scope="module")
def release(demos: Any, started: Path) -> Any:
    play = demos.ended(started / "max")
    demos.start(started / "evening", "--speed", "max", *EVENING)
    return play


@pytest.fixture(scope="module")
def at_fifty(demos: Any, started: Path) -> Any:
    return demos.ended(started / "fifty")


@pytest.fixture(scope="module")
def evening(demos: Any, release: Any, started: Path) -> Any:
    return demos.ended(started / "evening")


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Shown:
    """Run a verb on a firm in this process: (exit status, what it printed as JSON, or as text)."""

    def ask(*arguments: object, as_json: bool = True) -> tuple[int, Any]:
        status = main([*map(str, arguments), *(["--json"] if as_json else [])])
        out = capsys.readouterr().out
        return status, json.loads(out) if as_json else out

    return ask


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return loaded("verify_evidence_of_the_demo", TOOL)


def test_the_release_breaks_a_daily_limit_and_the_platform_is_seen_to_close_it(release: Any) -> None:
    breaches = [one for one in release.verdicts() if one.kind == "BreachDeclared" and one.rule == "daily-loss"]
    assert any(RELEASE_US <= parse_utc(one.at) < RELEASE_US + 5_000_000 for one in breaches)
    assert release.summary["deals"] > 0
    assert release.summary["commands_confirmed"] == release.summary["commands_queued"] > 12
    assert release.summary["commands_open"] == 0
    assert release.summary["flat_confirmed"] >= 1


@pytest.mark.parametrize("which", ["release", "evening"])
def test_no_opening_has_to_be_asked_about_when_the_market_begins(which: str, request: pytest.FixtureRequest) -> None:
    with LedgerReader(request.getfixturevalue(which).firm) as reader:
        first = next(row.happened_us for row in all_rows(reader, 0) if row.kind == "QuoteFrame")
        probed = [row.seq for row in all_rows(reader, 0) if row.kind == "CommandProbed" and row.happened_us <= first]
    assert probed == []


def test_midnight_in_prague_breaks_a_limit_at_that_very_instant(evening: Any) -> None:
    breaches = [one for one in evening.verdicts() if one.kind == "BreachDeclared" and one.rule == "daily-loss"]
    assert [one for one in breaches if parse_utc(one.at) == MIDNIGHT_US]
    assert evening.summary["commands_open"] == 0
    assert evening.summary["commands_confirmed"] == evening.summary["commands_queued"]


@pytest.mark.parametrize("which", ["release", "evening"])
def test_the_lab_under_what_was_sold_tells_of_every_account_what_was_decided(
    which: str, told: Shown, request: pytest.FixtureRequest
) -> None:
    play = request.getfixturevalue(which)
    status, report = told("lab", "--as-sold", "--data-dir", play.firm)
    assert status == 0
    assert report["accounts"]
    for line in report["accounts"]:
        assert (line["before"], line["apart_us"]) == (line["after"], None), line["account"]
    ended = [line["after"]["row"] for line in report["accounts"] if line["after"]["ending"] in ("breached", "passed")]
    hard = [
        one["decision"]
        for one in play.summary["verdicts"]
        if one["severity"] in ("hard", "") and "Suspected" not in one["kind"]
    ]
    assert set(ended) <= set(hard)
    assert ended


def test_verdicts_are_the_same_at_every_speed(release: Any, at_fifty: Any) -> None:
    assert at_fifty.verdicts() == release.verdicts()
    assert at_fifty.summary["deals"] == release.summary["deals"]


@pytest.mark.parametrize("which", ["release", "at_fifty", "evening"])
def test_the_book_verifies_and_every_fact_comes_out_the_same_again(
    which: str, request: pytest.FixtureRequest, told: Shown
) -> None:
    play = request.getfixturevalue(which)
    status, report = told("verify", "--data-dir", play.firm)
    assert (status, report["findings"], report["sound"]) == (0, [], True)
    assert report["rows"] == play.summary["rows"]
    assert report["checkpoints"] > 0
    status, outcome = told("replay", "--data-dir", play.firm)
    assert (status, outcome["identical"], outcome["difference"]) == (0, True, "")
    assert outcome["inputs"] + outcome["facts"] == play.summary["rows"]


@pytest.mark.parametrize("which", ["release", "evening"])
def test_a_breach_is_explained_with_the_account_s_own_numbers(
    which: str, request: pytest.FixtureRequest, told: Shown
) -> None:
    play = request.getfixturevalue(which)
    decision = play.decision()
    [verdict] = [one for one in play.summary["verdicts"] if one["decision"] == decision]
    status, answer = told("explain", decision, "--data-dir", play.firm)
    assert (status, answer["decision"]) == (0, decision)
    words = "\n".join(answer["paragraphs"])
    assert verdict["floor"] in words
    assert verdict["observed"] in words


@pytest.mark.parametrize("which", ["release", "evening"])
def test_a_stranger_checks_the_evidence_and_no_turned_bit_passes(
    which: str,
    request: pytest.FixtureRequest,
    told: Shown,
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play = request.getfixturevalue(which)
    bundle = tmp_path / "evidence.json"
    status, _ = told("evidence", play.decision(), "--out", bundle, "--data-dir", play.firm, as_json=False)
    assert status == 0
    checked = subprocess.run([sys.executable, "-I", "-S", str(TOOL), str(bundle)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    raw = bundle.read_bytes()
    monkeypatch.setattr(sys, "argv", ["verify_evidence.py", str(bundle)])
    drawn = random.Random(2014)
    for bit in (drawn.randrange(len(raw) * 8) for _ in range(100)):
        turned = bytearray(raw)
        turned[bit >> 3] ^= 1 << (bit & 7)
        bundle.write_bytes(turned)
        assert tool.main() == 1, f"bit {bit} was turned and nobody saw"


@pytest.mark.parametrize("which", ["release", "evening"])
def test_every_decision_of_the_demo_can_be_checked_by_a_stranger(
    which: str, request: pytest.FixtureRequest, told: Shown, tool: ModuleType, tmp_path: Path
) -> None:
    play = request.getfixturevalue(which)
    decisions = [verdict["decision"] for verdict in play.summary["verdicts"]]
    assert decisions
    for decision in decisions:
        bundle = tmp_path / f"{decision}.json"
        status, _ = told("evidence", decision, "--out", bundle, "--data-dir", play.firm, as_json=False)
        assert status == 0
        said = tool.verify(bundle.read_bytes())
        assert said[0].endswith("it holds.")


def test_a_turned_byte_in_any_row_and_column_is_found(
    evening: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written past every guard: as somebody with the file and an SQLite shell would."""
    # No checkpoint after the first altered row fits any more, and each says so: all are to be heard here.
    monkeypatch.setattr("storage.findings.FINDINGS_MAX", 100_000)
    firm = tmp_path / "firm"
    shutil.copytree(evening.firm, firm, ignore=shutil.ignore_patterns("control.sock", "ballast"))
    secret = read_secrets(firm).ledger_secret
    connection = apsw.Connection(str(FirmDirectory(firm).ledger_db))
    connection.pragma("ignore_check_constraints", True)
    for (trigger,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        connection.execute(f"DROP TRIGGER {trigger}")
    untouched = verify(firm, secret=secret, read_models=()).findings
    assert [finding.what for finding in untouched if "triggers were altered" not in finding.what] == []
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(ledger)") if name != "seq"]
    size: int = connection.execute("SELECT max(seq) FROM ledger").get
    drawn = random.Random(2014)
    batches = [drawn.sample(range(size // TILE_ROWS), 10) for _ in range(5)]  # a verification reads the whole book
    picked = [[tile * TILE_ROWS + 1 + drawn.randrange(TILE_ROWS) for tile in batch] for batch in batches]
    for rows in [*picked, [size]]:
        altered = {}
        for seq in rows:
            column = drawn.choice(columns)
            before = connection.execute(f"SELECT {column} FROM ledger WHERE seq = ?", (seq,)).get
            altered[seq] = (column, before)
            connection.execute(f"UPDATE ledger SET {column} = ? WHERE seq = ?", (_turned(before, drawn), seq))
        found = verify(firm, secret=secret, read_models=()).findings
        unseen = {seq: what for seq, what in altered.items() if not any(_is_about(seq, finding) for finding in found)}
        assert unseen == {}
        for seq, (column, before) in altered.items():
            connection.execute(f"UPDATE ledger SET {column} = ? WHERE seq = ?", (before, seq))
    assert verify(firm, secret=secret, read_models=()).findings == untouched
    connection.close()


def _is_about(seq: int, finding: Finding) -> bool:
    """A row that is in no account's chain is only under the hash of its stretch of rows."""
    stretch = re.search(r"rows (\d+) to (\d+) do not hash to tile \d+ of level 0", finding.what)
    return finding.seq == seq or (stretch is not None and int(stretch[1]) <= seq <= int(stretch[2]))


def _turned(value: Any, drawn: random.Random) -> Any:
    match value:
        case int():
            return value ^ (1 << drawn.randrange(31))
        case str():
            place = drawn.randrange(len(value))
            return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
        case bytes():
            turned = bytearray(value)
            turned[drawn.randrange(len(turned))] ^= 1 << drawn.randrange(8)
            return bytes(turned)
        case _:
            raise AssertionError(f"no column of the ledger holds {value!r}")
