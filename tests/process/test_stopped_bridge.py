"""A bridge's process is stopped (SIGSTOP): the firm says its prices are stale. Then it goes on (SIGCONT): nothing is missing or doubled."""

import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.demo import Demo, wait
from appliance.demo_platforms import DemoOptions
from appliance.ports import free_port
from appliance.summary import summarise
from bench.firm import DIRECT
from bridges.enrolment import key_file_text
from bridges.events import Deal, decode_event
from bridges.outbox import Outbox
from firm.inputs import BridgeDisconnected, DealReported
from tests.appliance.conftest import _until, verdicts_by_trader
from tests.bridges.simulator.price_lines import ticks_between
from tests.process.hands import (
    HOST,
    PATIENCE_S,
    Served,
    assert_every_number_once,
    assert_sound,
    figure,
    found_for,
    prices_stored,
    sell,
    stored,
)

FROM = "2014-05-02T12:29:50"
ACCOUNTS = 22  # with three gamblers
OUTBOX = "outbox.db"


class Play(msgspec.Struct, frozen=True):
    """Until when the market is played, how fast, and how often the platform is stopped."""

    to_text: str
    speed: str
    times: int
    until_dropped: bool  # each stop lasts until the firm has ended the session, else until the firm stands still


PLAYS = [
    pytest.param(Play("2014-05-02T12:30:10", "10", 2, until_dropped=False), id="2 short stops"),
    pytest.param(Play("2014-05-02T12:40:00", "30", 10, until_dropped=True), id="10 long stops", marks=pytest.mark.soak),
]


@contextmanager
def stopped(process: "subprocess.Popen[str]") -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        _until(lambda: state_of(process) == "T", "the stop", PATIENCE_S)
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def state_of(process: "subprocess.Popen[str]") -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


# --- on the machine's clock ---


@pytest.fixture
def feeder(tmp_path: Path) -> Iterator[Callable[[Path], "subprocess.Popen[str]"]]:
    """A bridge in a process of its own: 30 symbols, 300 prices and 5 deals a second, until the test ends."""
    children: list[subprocess.Popen[str]] = []

    def start(key_file: Path) -> "subprocess.Popen[str]":
        command = [
            sys.executable,
            "-m",
            "bench.feeder",
            "--key-file",
            str(key_file),
            "--outbox",
            str(tmp_path / OUTBOX),
        ]
        command += ["--accounts", "1", "--prices", "300", "--deals", "5", "--seconds", "600"]
        children.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return children[-1]

    yield start
    for child in children:
        end(child)


def end(child: "subprocess.Popen[str]") -> None:
    child.kill()
    child.wait(PATIENCE_S)
    assert child.stdout is not None
    child.stdout.close()


def test_the_prices_of_a_stopped_bridge_go_stale_and_come_back(
    tmp_path: Path,
    serve: Callable[..., Served],
    feeder: Callable[[Path], "subprocess.Popen[str]"],
    capsys: pytest.CaptureFixture[str],
) -> None:
    firm, key_file = tmp_path / "firm", tmp_path / "bridge.toml"
    key_file.write_text(key_file_text(found_for(firm, stale_after_ms=1_000)))
    served = serve(firm)
    sell(firm)
    bridge = feeder(key_file)
    assert bridge.stdout is not None
    assert "begin_us" in bridge.stdout.readline()
    names = sorted(listed.symbol for listed in DIRECT)

    def told() -> dict[str, Any]:
        [only] = served.health()["bridges"]
        return only

    _until(lambda: not told()["stale_symbols"], "fresh prices", PATIENCE_S)
    with stopped(bridge):
        _until(lambda: told()["stale_symbols"] == names, "every symbol stale", PATIENCE_S)
        assert figure(served, "evenhand_bridge_stale_symbols") == len(names)
        before = told()
    _until(lambda: not told()["stale_symbols"], "fresh prices again", PATIENCE_S)
    _until(lambda: told()["quote_seq"] > before["quote_seq"] + 300, "a second of prices", PATIENCE_S)
    end(bridge)
    assert served.close() == 0
    outbox = Outbox(tmp_path / OUTBOX)
    journal = [decode_event(row.event) for row in outbox.read(1, 1_000_000)]
    outbox.close()
    deals = [body.deal_id for body in (row.body for row in stored(firm)) if isinstance(body, DealReported)]
    assert deals == [event.deal_id for event in journal if isinstance(event, Deal)][: len(deals)]
    assert len(deals) > 2
    assert_every_number_once(firm)
    assert_sound(firm, capsys)


# --- the demo ---


def play(folder: Path, ticks: list[Path], how: Play, stops: list[int]) -> Path:
    """A demo whose platform is stopped whenever so many prices were told; the firm's directory."""
    options = DemoOptions(
        directory=folder, accounts=ACCOUNTS, speed=how.speed, from_text=FROM, to_text=how.to_text, ticks=ticks,
        port=free_port(HOST), until_done=True,
    )  # fmt: skip
    demo = Demo(options)
    demo.prepare()
    with demo.running():
        for many in stops:
            _until(lambda many=many: demo.market.get("ticks", 0) >= many, f"price {many}", PATIENCE_S)
            process = demo.platform.process
            assert process is not None
            with stopped(process):
                stand_still(demo, how)
        wait(demo, lambda _: None, every_s=0.05)
    assert demo.firm.restarts + demo.platform.restarts == 0
    return demo.firm_directory


def stand_still(demo: Demo, how: Play) -> None:
    """Until the firm writes nothing more, or has ended the session of the bridge."""
    if how.until_dropped:
        _until(lambda: not demo.health()["bridges"][0]["connected"], "the end of the session", PATIENCE_S)
        return
    sizes: deque[int] = deque(maxlen=20)

    def is_still() -> bool:
        sizes.append(demo.health()["ledger_size"])
        return len(sizes) == sizes.maxlen and len(set(sizes)) == 1

    _until(is_still, "a firm that stands still", PATIENCE_S)


@pytest.mark.parametrize("how", PLAYS)
def test_verdicts_prices_and_deals_are_those_of_a_bridge_that_was_never_stopped(
    how: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = ticks_between(tmp_path, "12:20:00", "12:40:00")
    plain = play(tmp_path / "plain", ticks, how, [])
    every = len(every_price(plain)) // (how.times + 1)
    firm = play(tmp_path / "stopped", ticks, how, [every * turn for turn in range(1, how.times + 1)])
    verdicts = {verdict["kind"] for verdict in msgspec.to_builtins(summarise(plain))["verdicts"]}
    assert "BreachDeclared" in verdicts, "the stretch is not worth stopping in"
    assert told_verdicts(firm) == told_verdicts(plain)
    assert every_price(firm) == every_price(plain)
    deals = [row.body.deal_id for row in stored(firm) if isinstance(row.body, DealReported)]
    assert len(deals) == len(set(deals)) == sum(row.kind == "DealReported" for row in stored(plain))
    dropped = sum(isinstance(row.body, BridgeDisconnected) for row in stored(firm))
    assert dropped >= how.times * how.until_dropped
    assert_every_number_once(firm)
    assert_sound(firm, capsys)


def told_verdicts(firm: Path) -> list[Any]:
    return verdicts_by_trader(firm, msgspec.to_builtins(summarise(firm))["verdicts"])


def every_price(firm: Path) -> list[Any]:
    return [entry for _, entries in prices_stored(firm) for entry in entries]
