"""Starting a demo: nothing of a demo that runs is touched, and a slip of the finger costs nothing."""

import argparse
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import main
from appliance.commands.demo import watch
from appliance.demo import MARKER, TO_END, Demo
from appliance.demo_platforms import DemoOptions, DemoRefused
from appliance.ports import free_port, listen
from appliance.summary import Summary, Verdict, tally
from storage.lock import WriterLock

HOST = "127.0.0.1"
FAULTS = str(Path(__file__).parents[2] / "docs" / "examples" / "faults.toml")


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a demo left behind."""
    directory = tmp_path / "demo"
    (directory / "firm").mkdir(parents=True)
    (directory / MARKER).touch()
    (directory / "firm" / "lock").touch()
    (directory / "firm" / "ledger.db").write_bytes(b"the book")
    return directory


@pytest.fixture(autouse=True)
def terminate_as_before() -> Iterator[None]:
    """A demo lets other signals end it like Ctrl-C: for its own process."""
    before = {each: signal.getsignal(each) for each in TO_END}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def demo(directory: Path, *more: str) -> int:
    """One that would end by itself after a second of market time, if it were to start."""
    brief = (
        "--until-done",
        "--speed",
        "max",
        "--accounts",
        "1",
        "--from",
        "2014-05-02T12:00:00",
        "--to",
        "2014-05-02T12:00:01",
    )
    return main(["demo", "--headless", "--data-dir", str(directory), "--port", str(free_port(HOST)), *brief, *more])


@pytest.mark.parametrize("held", [MARKER, "firm/lock"], ids=["by a demo", "by a firm that is served by hand"])
def test_a_demo_in_a_directory_that_is_in_use_is_refused_and_touches_nothing(
    held: str, left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = WriterLock(left / held)
    try:
        assert demo(left) == 2
    finally:
        lock.release()
    told = capsys.readouterr()
    assert told.out == ""
    assert " is in use by process " in told.err
    assert "stop that one first, or choose another --data-dir" in told.err
    assert (left / "firm" / "ledger.db").read_bytes() == b"the book"


def test_a_port_that_is_taken_is_told_before_anything_is_removed(
    left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with listen(HOST, 0) as taken:
        taken.listen()
        assert demo(left, "--port", str(taken.getsockname()[1])) == 2
    told = capsys.readouterr()
    assert (told.out, "choose another with --port" in told.err) == ("", True)
    assert (left / "firm" / "ledger.db").exists()


def test_a_ticket_s_port_that_is_taken_is_told_before_anything_is_removed(left: Path) -> None:
    with listen(HOST, 0) as taken:
        port = taken.getsockname()[1]
        refused = Demo(DemoOptions(directory=left, port=free_port(HOST), ticket=True, ticket_port=port))
        with pytest.raises(DemoRefused, match=f"port {port} .*choose another with --ticket"):
            refused.prepare()
    assert (left / "firm" / "ledger.db").exists()
    WriterLock(left / MARKER).release()  # nobody holds it


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--speed", "0"], "'0' is no speed"),
        (["--speed", "0.000"], "'0.000' is no speed"),
        (["--speed", "fast"], "'fast' is no speed"),
        (["--accounts", "none"], "'none' is no number of traders"),
        (["--port", "web"], "'web' is no port"),
        (["--from", "noon"], "'noon' is no instant"),
        (["--to", "2014-13-01"], "is no instant"),
        (["--ticks", "/nope"], "there is no file /nope"),
        (["--script", "/nope.toml"], "there is no file /nope.toml"),
        (["--script", "/" + "n" * 5_000], "(File name too long): check its path"),
        (["--bots", "\0.py"], ".py: check its path"),
        (["--bots", "/nope.py"], "there is no file /nope.py"),
        (["--platforms", "3"], "invalid choice: 3"),
        (["--ticket", "door"], "'door' is no port"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_told_before_anything_is_removed(
    arguments: list[str], told: str, left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        demo(left, *arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert told in " ".join(said.err.split())
    assert (left / "firm" / "ledger.db").exists()


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["--from", "2014-05-02T13:00:00", "--to", "2014-05-02T12:00:00"], "there are no prices from"),
        (
            ["--from", "2014-05-03T00:00:00", "--to", "2014-05-03T00:00:00"],
            "no prices from 2014-05-03T00:00:00.000000Z on (--from lies at the end of the prices): the tick files reach",
        ),
        (["--from", "2014-05-04T00:00:00", "--to", "2014-05-05T00:00:00"], "(--from lies after the end of the prices)"),
        (["--ticks", __file__], "expected SYMBOL_tick_YYYYMMDD.zip"),
        (["--market", "walk:NOPE"], "symbol 'NOPE' is not listed here"),
        (["--market", "walk;start=2014-05-05;days=1"], "the made-up market reaches from 2014-05-05T00:00"),
        (["--bots", __file__], "test_demo_start.py: has no TEMPERS"),
        (["--script", __file__], "test_demo_start.py: expected '=' after a key in a key/value pair (at line 1, column"),
        (
            ["--script", FAULTS, "--from", "2014-05-02T12:11:00", "--to", "2014-05-02T12:12:00"],
            "the script's [[outage]] 1 begins at 2014-05-02T12:10:00.000000Z, before the market: give an earlier",
        ),
        (
            ["--script", FAULTS, "--from", "2014-05-02T12:08:00", "--to", "2014-05-02T12:19:00"],
            "[[late_prices]] 1 begins at 2014-05-02T12:19:00.000000Z, and the market ends at 2014-05-02T12:19:00.000000Z: give a later",
        ),
        (["--market", "\0.toml"], "cannot be read (no file has such a name): mend it, or name another"),
    ],
)
def test_a_market_without_prices_is_told_before_anything_is_removed(
    arguments: list[str], refusal: str, left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo(left, *arguments) == 2
    told = capsys.readouterr()
    assert (told.out, refusal in told.err) == ("", True)
    assert (left / "firm" / "ledger.db").exists()


def test_what_a_demo_left_is_removed_for_the_next_one(left: Path) -> None:
    (left / "platform").mkdir()
    following = Demo(DemoOptions(directory=left, accounts=1, port=free_port(HOST)))
    following.prepare()
    assert (left / "firm" / "ledger.db").read_bytes() != b"the book"
    assert not (left / "platform").exists()
    with pytest.raises(OSError, match="in use by process"):
        Demo(DemoOptions(directory=left, port=free_port(HOST))).claim()
    assert following.claimed is not None
    following.claimed.release()


def verdict(kind: str, severity: str = "") -> Verdict:
    return Verdict(decision=1, account="", kind=kind, rule="", severity=severity, at="", floor="", observed="")


def test_the_tally_counts_passes_breaches_and_what_waits_for_a_person() -> None:
    counts: dict[str, Any] = dict.fromkeys(
        ("rows", "quote_frames", "deals", "commands_queued", "commands_confirmed", "commands_open", "flat_confirmed"), 0
    )
    told = (verdict("PhasePassed"), verdict("BreachDeclared", "hard"), verdict("BreachDeclared", "soft"))
    assert tally(Summary(**counts, waiting=4, verdicts=told, standings={})) == (
        "1 phase passed, 2 breaches (1 of them soft), 4 left to a person"
    )


@pytest.mark.parametrize("headless", [False, True], ids=["live", "headless"])
def test_the_end_of_the_prices_is_told_once_with_the_tally(
    headless: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ending = Demo(DemoOptions(directory=tmp_path / "demo", accounts=1, port=free_port(HOST)))
    ending.prepare()
    counted = dict.fromkeys(("market_us", "ticks", "accounts", "deals", "commands", "skipped_lines"), 0)
    ending.platforms[0].said = {"done": True, "market_time": "2014-05-02T21:00:00"} | counted
    asked = argparse.Namespace(headless=headless, until_done=False, json=False)
    with ending.running():
        watch(asked, ending)
        watch(asked, ending)
        told = capsys.readouterr().out
        ending.told_end = False
        watch(argparse.Namespace(headless=headless, until_done=True, json=False), ending)
    assert (
        told.count("The prices ended at 2014-05-02 21:00:00 UTC: 0 phases passed, 0 breaches, 0 left to a person.") == 1
    )
    assert told.count("Ctrl-C ends it and lists each verdict.") == 1
    assert capsys.readouterr().out == ""  # one that ends by itself keeps nobody waiting
