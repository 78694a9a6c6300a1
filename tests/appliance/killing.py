"""Killing: a demo whose firm and platform are killed (kill -9) in turn; what it leaves behind, and what must be true of it."""

import os
import random
import signal
from collections import Counter
from pathlib import Path

import msgspec

from actors.recovery import all_rows
from appliance.cli import main
from appliance.demo import Demo, wait
from appliance.demo_platforms import DemoOptions
from appliance.ports import free_port
from appliance.summary import summarise
from bridges.events import CmdAck, CmdResult, Deal, decode_event
from bridges.outbox import Outbox
from bridges.simulator.state import decode_state
from firm.inputs import CommandState, DealReported, QuoteFrame
from firm.kinds import Body, body_of
from storage.reader import LedgerReader
from tests.appliance.conftest import _until as until
from tests.appliance.conftest import verdicts_by_trader

FROM = "2014-05-02T12:29:20"
ACCOUNTS = 22  # with three gamblers, and two who trade all the time
JOURNAL_NUMBER = "seq"


class Aftermath:
    """What a run left behind: the ledger's rows and the platform's outbox."""

    def __init__(self, directory: Path) -> None:
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
        self.verdicts = verdicts_by_trader(self.firm, summary["verdicts"])

    def journal_numbers(self) -> list[int]:
        return [body.seq for _, body in self.bodies if hasattr(body, "bridge") and hasattr(body, JOURNAL_NUMBER)
                and type(body).__name__ != "Watermark"]  # fmt: skip

    def ticks(self) -> list[int]:
        frames = [body for _, body in self.bodies if isinstance(body, QuoteFrame)]
        return [number for frame in frames for number in range(frame.qseq, frame.qseq + frame.n)]

    def deals(self) -> list[tuple[int, str]]:
        return [(account, body.deal_id) for account, body in self.bodies if isinstance(body, DealReported)]


def play_and_kill(directory: Path, ticks: list[Path], to_text: str, kill_at: list[int]) -> Aftermath:
    """Run the demo; kill -9 firm and platform in turn whenever the market has come so far."""
    options = DemoOptions(
        directory=directory, accounts=ACCOUNTS, speed="max", from_text=FROM, to_text=to_text, ticks=ticks,
        port=free_port("127.0.0.1"), until_done=True,
    )  # fmt: skip
    demo = Demo(options)
    demo.prepare()
    with demo.running():
        demo.firm.short_life_s = demo.platform.short_life_s = 0  # so many violent deaths are no reason to give up here
        seen = 0
        for number, many in enumerate(kill_at):
            # The market has moved on since the last kill: both had come to life again.
            # A few prices more or less, so that not every kill comes at the same place in the work.
            least = max(many, seen + 1) + number % 5
            until(lambda least=least: demo.market.get("ticks", 0) >= least, f"tick {least} of {directory.name}")
            seen = demo.market["ticks"]
            victim = (demo.firm, demo.platform)[number % 2]
            assert victim.process is not None
            os.kill(victim.process.pid, signal.SIGKILL)
            until(lambda victim=victim, before=victim.process: victim.process is not before, f"a new {victim.name}")
        wait(demo, lambda _: None, every_s=0.05)
    assert demo.firm.restarts + demo.platform.restarts == len(kill_at)
    return Aftermath(options.directory)


def places_to_kill(undisturbed: Aftermath, kills: int, seed: int) -> list[int]:
    """So many places, just as something was journalled: there is the most to lose and to do twice."""
    places = sorted({place for place in undisturbed.places if 0 < place < len(undisturbed.ticks()) * 8 // 10})
    return sorted(random.Random(seed).sample(places, min(kills, len(places))))


def assert_nothing_is_lost_or_there_twice(killed: Aftermath) -> None:
    numbers = killed.journal_numbers()
    assert numbers == list(range(1, killed.last_seq + 1))
    assert killed.acked_seq <= killed.last_seq == len(killed.events)
    ticks = killed.ticks()
    assert ticks == list(range(1, len(ticks) + 1))


def assert_every_price_and_deal_is_there_once(killed: Aftermath, undisturbed: Aftermath) -> None:
    assert killed.ticks() == undisturbed.ticks()
    assert max(Counter(killed.deals()).values()) == 1
    told = Counter(event.deal_id for event in killed.events if isinstance(event, Deal))
    assert max(told.values()) == 1
    assert sorted(told) == sorted(deal for _, deal in killed.deals())
    assert len(killed.deals()) == len(undisturbed.deals())


def assert_every_command_was_carried_out_once(killed: Aftermath, undisturbed: Aftermath) -> None:
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


def assert_sound(killed: Aftermath) -> None:
    """The book verifies, and deciding it anew comes to the same."""
    for verb in ("verify", "replay"):
        assert main([verb, "--data-dir", str(killed.firm)]) == 0, verb
