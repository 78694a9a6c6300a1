"""Bugs planted into the real code, one at a time: the simulation catches each, by the invariant that the bug breaks.

A bed that finds nothing proves nothing. Each test names its bug, the invariant that must tell of it, and a seed in which it
was seen; should the seeds come to play otherwise one day, others are tried.
"""

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from world.verdict import judge
from world.watcher import Invariant

from actors import account_book, account_desk, runner
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.enforcement_desk import EnforcementDesk
from actors.runner import Runner
from actors.turn import WorkingTurn
from actors.wakes import Wakes
from bridges.gateway import Gateway
from bridges.lanes import Lanes, PendingEvent, Took
from bridges.outbox import Outbox
from bridges.wire import Ack
from firm import account_fold, track_fold
from firm.account import Peak
from firm.account_fold import ALREADY_BOOKED
from firm.equity import Priced
from firm.facts import MarkTaken
from firm.money import divided_rounded_up
from storage.grounds import Grounds

OTHERS = range(40)


def caught(*known: int) -> list[Invariant]:
    """The invariants that the first broken seed tells of, in the order in which they broke. `known`: tried first."""
    for seed in dict.fromkeys([*known, *OTHERS]):
        broken = judge(seed).broken
        if broken:
            return [one.invariant for one in broken]
    return []


def test_an_answer_before_the_commit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def released_first(self: Any, arrivals: list[Any]) -> None:
        batch, parts = self._decide(arrivals)
        self._ledger.begin()
        self._write(batch, parts)
        self._release(batch)
        await runner.to_thread.run_sync(self._commit)

    monkeypatch.setattr(Runner, "_one_batch", released_first)
    assert caught(0)[0] is Invariant.DURABLE_FIRST


def test_an_acknowledgement_of_what_was_only_taken_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def send_acks(self: Any) -> None:
        self._acks_scheduled = False
        for lanes in self._intake.lanes():
            session = self._sessions.of(lanes.bridge)
            if lanes.ack_due and session is not None:
                done = lanes.offered
                lanes.ack_due = not self._send(session, Ack(done.seq, done.qseq, done.mark_us))

    monkeypatch.setattr(Gateway, "_send_acks", send_acks)
    assert caught(0)[0] is Invariant.DURABLE_FIRST


def test_a_dropped_late_deal_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = account_book._why_ignored

    def drops(state: Any, deal: Any, balance: int) -> str:
        return ALREADY_BOOKED if deal.t_us < state.reconciled_us else sound(state, deal, balance)

    monkeypatch.setattr(account_book, "_why_ignored", drops)
    assert Invariant.BOOK in caught(0, 9)


def test_a_command_that_is_carried_out_again_after_a_resume_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Outbox.accept_commands

    def forgets(self: Outbox, commands: Any, **told: Any) -> Any:
        sound(self, commands, **told)
        return commands

    monkeypatch.setattr(Outbox, "accept_commands", forgets)
    assert caught(1, 7)[0] is Invariant.ONCE


def test_a_lost_command_that_is_never_sent_again_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it was until this bed was built: a bridge that answered "never received" was asked again, and sent nothing."""
    monkeypatch.setattr(EnforcementDesk, "_send_again", lambda *_: None)
    assert Invariant.SETTLES in caught(5, 6)


def test_a_figure_drawn_from_a_counter_of_the_process_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = itertools.count()

    def mark(**told: Any) -> MarkTaken:
        return MarkTaken(**{**told, "headroom": told["equity"].with_minor(next(counter))})

    monkeypatch.setattr(account_desk, "MarkTaken", mark)
    assert Invariant.REPLAY in caught(0, 2)


def test_a_floor_moved_by_a_provisional_mark_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = account_fold.after_day_opened

    def moves(state: Any, fact: Any, seq: int) -> Any:
        after = sound(state, fact, seq)
        highs = track_fold._with_day(after.track.highs, fact, seq)
        return replace(after, track=replace(after.track, highs=highs))

    monkeypatch.setattr(account_fold, "after_day_opened", moves)
    assert caught(46)[0] in (Invariant.EVIDENCE, Invariant.ORACLE)


def test_a_skipped_journal_number_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Lanes.take_events

    def skips(self: Lanes, first_seq: int, raws: Any) -> Took:
        took = sound(self, first_seq, raws)
        if took is Took.TAKEN and len(raws) > 2 and isinstance(self._events[-1], PendingEvent):
            self._events.pop()
        return took

    monkeypatch.setattr(Lanes, "take_events", skips)
    assert caught(0)[0] is Invariant.LANES


def test_a_share_of_a_limit_rounded_the_wrong_way_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firm.arithmetic.divided_rounded_down", divided_rounded_up)
    assert Invariant.EVIDENCE in caught(0, 1)


def test_a_pass_on_stale_data_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.account_passes._pass_doubts", lambda *_: ())
    assert Invariant.FRESH_PASS in caught(65)


def test_an_input_that_is_not_undone_after_a_desk_raised_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkingTurn, "undo", lambda _: None)
    assert Invariant.FOLD in caught(0, 43)


def test_a_batch_decided_in_another_order_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Runner._take
    monkeypatch.setattr(Runner, "_take", lambda self: sound(self)[::-1])
    assert caught(0)[0] is Invariant.LANES


def test_a_high_that_a_fold_puts_back_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that was decided within a frame holds a lower one than the frame went on to bring."""
    monkeypatch.setattr(Peak, "came_after", lambda *_: False)
    assert caught(492) == [Invariant.FOLD]


def test_evidence_without_its_prices_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict that cites the frame in which its prices came, and records none of them."""

    def cite_none(quotes: Any, specs: Any, account: int, turn: Any) -> dict[str, Priced]:
        return {quote.symbol: Priced(turn.header.seq) for quote in quotes}

    monkeypatch.setattr("actors.exhibits.cite_quotes", cite_none)
    assert set(caught(0, 1)) == {Invariant.EVIDENCE}


def test_evidence_that_begins_after_the_report_it_needs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it was until this bed was built: a deal that brought the day's first instant was left out of the file."""
    monkeypatch.setattr(Grounds, "_began_with_a_report", lambda *_: False)
    assert caught(283) == [Invariant.EVIDENCE]


def test_a_late_price_that_nobody_judges_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """On an evening on which half of all prices are told late; without the bug, the firm and the oracle agree."""
    monkeypatch.setattr("world.run.LATE_SHARES", (0.5,))
    assert judge(173).broken == []
    monkeypatch.setattr("actors.account_lateness.judge_late", lambda *_: None)
    assert Invariant.ORACLE in caught(173, 193)


LOST = ("ledger.db-wal", "acknowledged")


def test_a_row_lost_in_a_crash_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that lies: what was committed last is not in the image that the crash leaves, nor what says how far the book was."""
    monkeypatch.setattr(
        "world.disk.shutil.copyfile",
        lambda source, target, copy=shutil.copyfile: None if Path(source).name in LOST else copy(source, target),
    )
    assert Invariant.KEPT in caught(0)


def test_a_price_behind_a_deal_that_nobody_judges_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wakes, "behind", lambda *_: [])
    assert Invariant.ORACLE in caught(10_556)


@pytest.mark.parametrize(
    ("place", "seed"),
    [
        ("actors.account_desk.look_again_since", 20_865),  # prices of before a deal that was told late
        (
            "actors.account_lateness.look_again",
            21_085,
        ),  # a late price beside those of another symbol that came after it
    ],
)
def test_a_past_that_nobody_looks_at_again_is_caught(monkeypatch: pytest.MonkeyPatch, place: str, seed: int) -> None:
    monkeypatch.setattr(place, lambda *_: None)
    assert Invariant.ORACLE in caught(seed)


def test_a_withdrawal_held_against_a_start_that_is_not_final_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = account_book._move_marks

    def only_what_is_final(seat: AccountSeat, amount: int, turn: Turn) -> None:
        if seat.held.day is None or seat.held.day.final:
            right(seat, amount, turn)

    monkeypatch.setattr(account_book, "_move_marks", only_what_is_final)
    assert Invariant.ORACLE in caught(20_159)
