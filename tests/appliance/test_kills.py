"""Firm and platform are killed in the middle of a release, again and again: nothing acknowledged is lost, nothing is done twice."""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.recovery import all_rows
from appliance.cli import main
from appliance.demo import SHORT_LIVES_MAX, Child, Demo, DemoOptions, DemoRefused, wait
from appliance.ports import free_port
from appliance.summary import summarise
from bridges.events import CmdAck, CmdResult, Deal, decode_event
from bridges.outbox import Outbox
from bridges.simulator.state import decode_state
from firm.inputs import CommandState, DealReported, QuoteFrame
from firm.kinds import Body, body_of
from storage.reader import LedgerReader

FROM = "2014-05-02T12:29:20"
ACCOUNTS = 22  # with three gamblers, and two who trade all the time
CASES = [
    pytest.param((8, "2014-05-02T12:30:40"), id="8 kills"),
    pytest.param((24, "2014-05-02T12:40:00"), id="24 kills", marks=pytest.mark.soak),
]
JOURNAL_NUMBER = "seq"


class Aftermath:
    """What a run left behind: the ledger's rows and the platform's outbox."""

    def __init__(self, directory: Path, told_by_trader: Callable[..., list[Any]]) -> None:
        self.firm = directory / "firm"
        with LedgerReader(self.firm) as reader:
            self.rows = list(all_rows(reader, 0))
        self.bodies: list[tuple[int, Body]] = [(row.account, body_of(row.kind, row.payload)) for row in self.rows]
        outbox = Outbox(directory / "platform" / "outbox.db")
        try:
            self.acked_seq, self.last_seq = outbox.acked_seq, outbox.last_seq
            assert outbox.extra is not None
            self.carried_out = decode_state(outbox.extra).counters.commands_done
            journalled = outbox.read(1, 1_000_000)
            self.places = [one.after_qseq for one in journalled]
            self.events = [decode_event(one.event) for one in journalled]
        finally:
            outbox.close()
        summary = msgspec.to_builtins(summarise(self.firm))
        self.commands_open = summary["commands_open"]
        self.verdicts = told_by_trader(self.firm, summary["verdicts"])

    def journal_numbers(self) -> list[int]:
        return [body.seq for _, body in self.bodies if hasattr(body, "bridge") and hasattr(body, JOURNAL_NUMBER)
                and type(body).__name__ != "Watermark"]  # fmt: skip

    def ticks(self) -> list[int]:
        frames = [body for _, body in self.bodies if isinstance(body, QuoteFrame)]
        return [number for frame in frames for number in range(frame.qseq, frame.qseq + frame.n)]

    def deals(self) -> list[tuple[int, str]]:
        return [(account, body.deal_id) for account, body in self.bodies if isinstance(body, DealReported)]


@pytest.fixture(scope="module")
def stretch(tmp_path_factory: pytest.TempPathFactory, ticks_between: Callable[..., list[Path]]) -> list[Path]:
    return ticks_between(tmp_path_factory.mktemp("ticks"), "12:20:00", "12:40:00")


@pytest.fixture(scope="module")
def play(
    stretch: list[Path], tmp_path_factory: pytest.TempPathFactory, told_by_trader: Callable[..., list[Any]], until: Any
) -> Callable[..., Aftermath]:
    """Run the demo; kill -9 firm and platform in turn whenever the market has come so far."""

    def run(name: str, to_text: str, kill_at: list[int]) -> Aftermath:
        directory = tmp_path_factory.mktemp(name)
        options = DemoOptions(
            directory=directory / "demo", accounts=ACCOUNTS, speed="max", from_text=FROM, to_text=to_text, ticks=stretch,
            port=free_port("127.0.0.1"), until_done=True,
        )  # fmt: skip
        demo = Demo(options)
        demo.prepare()
        with demo.running():
            demo.firm.short_life_s = demo.platform.short_life_s = (
                0  # so many violent deaths are no reason to give up here
            )
            seen = 0
            for number, ticks in enumerate(kill_at):
                # The market has moved on since the last kill: both had come to life again.
                # A few prices more or less, so that not every kill comes at the same place in the work.
                least = max(ticks, seen + 1) + number % 5
                until(lambda least=least: demo.market.get("ticks", 0) >= least, f"tick {least} of {name}")
                seen = demo.market["ticks"]
                victim = (demo.firm, demo.platform)[number % 2]
                assert victim.process is not None
                os.kill(victim.process.pid, signal.SIGKILL)
                until(lambda victim=victim, before=victim.process: victim.process is not before, f"a new {victim.name}")
            wait(demo, lambda _: None, every_s=0.05)
        assert demo.firm.restarts + demo.platform.restarts == len(kill_at)
        return Aftermath(options.directory, told_by_trader)

    return run


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[int, str]:
    """How many kills, and until when the market goes on."""
    return request.param


@pytest.fixture(scope="module")
def undisturbed(play: Callable[..., Aftermath], case: tuple[int, str]) -> Aftermath:
    return play("undisturbed", case[1], [])


@pytest.fixture(scope="module")
def killed(play: Callable[..., Aftermath], undisturbed: Aftermath, case: tuple[int, str]) -> Aftermath:
    """Killed in so many places, just as something was journalled: there is the most to lose and to do twice."""
    kills, to_text = case
    places = sorted({place for place in undisturbed.places if 0 < place < len(undisturbed.ticks()) * 8 // 10})
    drawn = random.Random(kills)
    return play("killed", to_text, sorted(drawn.sample(places, min(kills, len(places)))))


def test_the_stretch_is_worth_killing_in(undisturbed: Aftermath) -> None:
    assert {verdict.kind for verdict in undisturbed.verdicts} >= {"BreachDeclared"}
    assert len(undisturbed.deals()) > 10


def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_there_twice(killed: Aftermath) -> None:
    numbers = killed.journal_numbers()
    assert numbers == list(range(1, killed.last_seq + 1))
    assert killed.acked_seq <= killed.last_seq == len(killed.events)
    ticks = killed.ticks()
    assert ticks == list(range(1, len(ticks) + 1))


def test_every_price_and_every_deal_of_the_undisturbed_run_is_there_once(
    killed: Aftermath, undisturbed: Aftermath
) -> None:
    assert killed.ticks() == undisturbed.ticks()
    assert max(Counter(killed.deals()).values()) == 1
    told = Counter(event.deal_id for event in killed.events if isinstance(event, Deal))
    assert max(told.values()) == 1
    assert sorted(told) == sorted(deal for _, deal in killed.deals())
    assert len(killed.deals()) == len(undisturbed.deals())


def test_every_command_was_carried_out_once_and_none_is_open(killed: Aftermath, undisturbed: Aftermath) -> None:
    accepted = Counter(event.cmd_id for event in killed.events if isinstance(event, CmdAck))
    # Asked what became of one, the platform journals the same result again.
    done = {
        event for event in killed.events if isinstance(event, CmdResult) and event.state is not CommandState.UNKNOWN
    }
    assert set(accepted.values()) == {1}
    assert sorted(event.cmd_id for event in done) == sorted(accepted)
    assert killed.carried_out == len(accepted)
    assert killed.commands_open == 0
    queued = [body.command for _, body in killed.bodies if type(body).__name__ == "CommandQueued"]
    assert sorted(queued) == sorted(accepted)
    assert len(queued) == sum(type(body).__name__ == "CommandQueued" for _, body in undisturbed.bodies)


def test_the_verdicts_are_those_of_the_undisturbed_run(killed: Aftermath, undisturbed: Aftermath) -> None:
    assert killed.verdicts == undisturbed.verdicts


def test_the_book_verifies_and_replays_afterwards(killed: Aftermath, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--data-dir", str(killed.firm)]) == 0, capsys.readouterr().out
    assert main(["replay", "--data-dir", str(killed.firm)]) == 0, capsys.readouterr().out


# --- a child that cannot live ---


def child(folder: Path, code: str) -> Child:
    return Child("platform", [sys.executable, "-I", "-S", "-c", code], folder / "platform.log", lambda _: None)


def test_a_child_that_dies_at_once_again_and_again_is_given_up_and_told(tmp_path: Path) -> None:
    dying = child(tmp_path, "import sys; print('hello', flush=True); sys.exit('no such symbol')")
    began = time.monotonic()
    dying.start()
    assert dying.finished.wait(60)
    assert dying.restarts == SHORT_LIVES_MAX - 1
    assert time.monotonic() - began > 0.2 + 0.4 + 0.8  # it did not come back at once each time
    assert "died 5 times in a row" in dying.problem
    assert "no such symbol" in dying.problem
    assert str(dying.log) in dying.problem


def test_a_child_that_refuses_is_not_asked_again(tmp_path: Path) -> None:
    refusing = child(tmp_path, "import sys; print('this key file is not one', file=sys.stderr); sys.exit(2)")
    refusing.start()
    assert refusing.finished.wait(60)
    assert (refusing.restarts, refusing.problem) == (0, "the platform could not go on: this key file is not one")


def test_a_child_that_is_stopped_between_two_lives_stays_down(tmp_path: Path) -> None:
    dying = child(tmp_path, f"open({str(tmp_path / 'lives')!r}, 'a').write('x'); raise SystemExit(1)")
    dying.start()
    while not (tmp_path / "lives").exists():
        time.sleep(0.01)
    dying.stop()
    lives = (tmp_path / "lives").read_text()
    assert dying.finished.is_set()
    assert (tmp_path / "lives").read_text() == lives


def test_a_demo_whose_firm_was_given_up_ends_with_its_reason(tmp_path: Path) -> None:
    demo = Demo(DemoOptions(directory=tmp_path))
    demo.firm = child(tmp_path, "raise SystemExit('the disk is full')")
    demo.platform = child(tmp_path, "")
    demo.firm.start()
    with pytest.raises(DemoRefused, match="the disk is full"):
        wait(demo, lambda _: None, every_s=0.05)
