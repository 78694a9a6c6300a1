"""Unknown: where nobody can tell what an account would have come to, the lab says so, and never that it passed."""

import pytest

from actors.account_desk import AccountDesk
from actors.desk import Turn
from actors.lab_found import Ending
from actors.messages import Message
from actors.replay import recorded_inputs
from appliance.lab.choice import Choice
from appliance.lab.lab import DESK_STOPPED, PRICES_GONE, STOPPED, Lab
from firm.facts import StandingChanged
from firm.inputs import Input
from firm.phase import ENDED
from storage.errors import PrunedByPolicy
from tests.lab.conftest import frames_of, rows_of_world
from tests.lab.test_as_if_sold import Sold, draft
from tests.worlds.world import World

STEPS = 90
SEEDS = 40  # among which to look for a world with accounts of each kind


@pytest.fixture(scope="module")
def world() -> World:
    """One in which the draft decides of some accounts, the firm stopped others before it, and some run on."""
    for seed in range(SEEDS):
        played = Sold(seed, STEPS, None)
        endings = {case.outcome_after().ending for case in tried(played).cases.values()}
        if {Ending.UNKNOWN, Ending.RUNNING} < endings and endings & {Ending.BREACHED, Ending.PASSED}:
            return played
    raise AssertionError(f"no world of {SEEDS} has accounts of each kind")


def tried(world: World, pruned_from: int | None = None) -> Lab:
    lab, frames = Lab(Choice(), draft(0)), frames_of(world)

    def frame_of(seq: int) -> bytes:
        if pruned_from is not None and seq >= pruned_from:
            raise PrunedByPolicy(f"the segment of row {seq} left this machine")
        return frames[seq]

    for recorded in recorded_inputs(rows_of_world(world)):
        lab.take(recorded, frame_of)
    return lab


def ended_by(world: World, account: int) -> int:
    """The input that ended the account."""
    for batch in world.batches:
        for row, body in batch.rows:
            if row.account == account and isinstance(body, StandingChanged) and body.after in ENDED:
                return row.cause
    raise AssertionError(f"account {account} never ended")


def test_an_account_that_was_stopped_before_the_draft_decided_is_unknown_from_that_input_on(world: World) -> None:
    stopped = [case for case in tried(world).cases.values() if case.unknown is not None]
    assert stopped
    for case in stopped:
        assert case.unknown is not None
        assert case.unknown.rule == STOPPED
        assert case.unknown.row == ended_by(world, case.account)
        assert not case.after.has_ended


def test_what_the_draft_had_decided_by_the_stop_stays_decided(world: World) -> None:
    decided = [case for case in tried(world).cases.values() if case.after.has_ended]
    assert decided
    for case in decided:
        assert case.outcome_after().ending in (Ending.BREACHED, Ending.PASSED)


def test_without_prices_nothing_more_is_known_of_whom_was_not_decided_by_then(world: World) -> None:
    gone_from = sorted(frames_of(world))[40]
    lab, whole = tried(world, gone_from), tried(world)
    assert PRICES_GONE in {case.unknown.rule for case in lab.cases.values() if case.unknown is not None}
    for account, case in lab.cases.items():
        if case.unknown is None:
            assert case.outcome_after() == whole.cases[account].outcome_after()
        elif case.unknown.rule == PRICES_GONE:
            assert case.unknown.row == gone_from
        assert case.before.outcome() == whole.cases[account].before.outcome()


def test_a_draft_that_makes_a_desk_raise_leaves_its_account_unknown_and_the_others_as_they_were(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tried(world)
    account = next(account for account, case in whole.cases.items() if case.unknown is None)
    right = AccountDesk.decide

    def decide(self: AccountDesk, message: Message | Input, turn: Turn) -> None:
        right(self, message, turn)
        if self.account == account and self.held.ruleset.name == "draft" and self.held.positions:
            raise ZeroDivisionError

    monkeypatch.setattr(AccountDesk, "decide", decide)
    lab = tried(world)
    lost = lab.cases[account].unknown
    assert lost is not None
    assert lost.rule == DESK_STOPPED
    for other, case in lab.cases.items():
        if other != account:
            assert case.outcome_after() == whole.cases[other].outcome_after()
