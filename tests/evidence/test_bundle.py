"""A bundle made from the ledger verifies with nothing but the one-file tool, and says what it proves."""

import json
from typing import Any

import pytest

from firm.facts import Doubt
from firm.inputs import DealEntry, LedgerForked, Side
from storage.afterwards import explain_decision
from storage.errors import NoteRefused
from storage.evidence import rows_proof
from storage.grounds import NotADecision
from storage.tree import fold, range_hash


def test_adas_breach_is_proven_with_every_row_from_the_day_s_start(story: Any, verifier: Any) -> None:
    decision = story.ada_breaks_her_daily_loss()
    story.checkpoint()
    raw = story.bundle(decision)
    told = "\n".join(verifier.verify(raw))
    assert f"decision {decision} (BreachDeclared, rule 'daily') of acme-funding: it holds" in told
    assert "2 open position(s); nothing left out" in told
    assert "does not prove that the platform's prices" in told
    bundle = json.loads(raw)
    kinds = [row["kind"] for row in bundle["rows"]]
    assert kinds[:2] == ["ChallengeAdvanced", "AccountOpened"]
    assert kinds[-1] == "BreachDeclared"
    assert "QuoteFrame" in kinds  # the input that caused the decision
    assert {row["account"] for row in bundle["rows"]} == {0, story.ada}


def test_a_deal_that_brings_a_new_day_is_in_the_file_though_it_lies_before_the_day(
    story: Any, verifier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform's report let time pass: its row comes first, then the day that it began, then its booking."""
    story.both_open()
    story.earn(story.ada, "-100.00")
    story.next_day()
    deal = story.deal("late", "EURUSD", DealEntry.IN, Side.BUY, 100_000_000, 138_702, "-3.50", story.ada)
    report = story.report(deal, story.ada)
    monkeypatch.setattr(story, "clock", lambda: 0)  # no other input begins the day
    day = story.open_day(story.ada)
    story.book(deal, story.ada)
    story.trade(story.ada, "late", "EURUSD", Side.BUY, 0, 138_702, net="-6_000.00")
    raw = story.bundle(story.judge(story.ada, "daily"))
    assert verifier.verify(raw)
    bundle = json.loads(raw)
    assert bundle["anchor"] < report < day


def test_ben_is_in_no_bundle_of_adas(story: Any) -> None:
    decision = story.ada_breaks_her_daily_loss()
    assert str(story.ben) not in story.bundle(decision).decode()


def test_a_decision_that_fell_when_ben_s_report_let_time_pass_shows_nothing_of_ben(
    story: Any, verifier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended the day; the new one began with what floated below its floor."""
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 136_000, 136_002)
    story.next_day()
    cause = story.add(story.equity_report(), story.ben)
    monkeypatch.setattr(story, "clock", lambda: 0)  # no other input begins the day
    story.open_day(story.ada)
    story.alter = lambda told: told.update(at_us=story.states[story.ada].day.day.start_us)
    decision = story.judge(story.ada, "daily")
    raw = story.bundle(decision)
    assert cause not in [row["seq"] for row in json.loads(raw)["rows"]]
    assert verifier.verify(raw)


def test_a_decision_without_a_checkpoint_yet_is_proven_in_one_signed_for_it(story: Any, verifier: Any) -> None:
    decision = story.ada_is_flat_below_her_floor()
    assert verifier.verify(story.bundle(decision))
    assert json.loads(story.bundle(decision))["checkpoint"].split("\n")[1] == str(story.ledger.size)


def test_the_published_checkpoint_is_taken(story: Any) -> None:
    """So that a trader who downloads both on one day can compare them."""
    decision = story.ada_is_flat_below_her_floor()
    story.checkpoint()
    story.noise(story.ada, 20)
    published = story.checkpoint()
    assert json.loads(story.bundle(decision))["checkpoint"] == published


def test_the_ledger_is_shown_to_continue_the_checkpoint_that_ada_kept(story: Any, verifier: Any) -> None:
    story.both_open()
    held = story.checkpoint()
    story.earn(story.ada, "-6_000.00")
    decision = story.judge(story.ada, "daily")
    story.noise(story.ben, 40)
    story.checkpoint()
    told = "\n".join(verifier.verify(story.bundle(decision, since=held), held))
    assert "continuation of your checkpoint of size" in told
    assert "It does not prove whose key signed" not in told


def test_a_checkpoint_younger_than_the_decision_proves_it_directly(story: Any, verifier: Any) -> None:
    decision = story.ada_is_flat_below_her_floor()
    story.checkpoint()
    story.noise(story.ada, 20)
    held = story.checkpoint()
    raw = story.bundle(decision, since=held)
    assert json.loads(raw)["consistency"] is None
    assert verifier.verify(raw, held)


def test_a_checkpoint_of_another_ledger_is_refused_when_the_bundle_is_made(story: Any) -> None:
    decision = story.ada_is_flat_below_her_floor()
    held = story.checkpoint()
    name, size, root, *rest = held.split("\n")
    with pytest.raises(NoteRefused, match="another ledger"):
        story.bundle(decision, since="\n".join([name.replace("acme", "other"), size, root, *rest]))
    with pytest.raises(NoteRefused, match="restored from an older copy"):
        story.bundle(decision, since="\n".join([name, "999", root, *rest]))


def test_a_confirmed_suspicion_is_proven_with_the_working_it_confirms(story: Any, verifier: Any) -> None:
    story.both_open(provisional=True)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 135_000, 135_002)
    suspicion = story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 138_702, net="-7_000.00")
    story.anchor_day(story.ada)
    decision = story.confirm(story.ada)
    raw = story.bundle(decision)
    told = "\n".join(verifier.verify(raw))
    assert "1 open position(s); nothing left out" in told
    assert any(f"It confirms the suspicion in ledger row {suspicion}:" in words for words in json.loads(raw)["words"])


def test_positions_carried_over_midnight_start_from_the_new_day(story: Any, verifier: Any) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.next_day()
    day = story.open_day(story.ada)
    story.price("EURUSD", 136_000, 136_002)
    decision = story.judge(story.ada, "daily")
    raw = story.bundle(decision)
    assert json.loads(raw)["anchor"] == day
    assert verifier.verify(raw)


def test_a_suspicion_a_pass_and_a_held_pass_are_proven_too(story: Any, verifier: Any) -> None:
    held = story.ada_reaches_her_target((Doubt.DRIFT,))
    passed = story.win(story.ada)
    for decision in (held, passed):
        assert "no price needed" in "\n".join(verifier.verify(story.bundle(decision)))


def test_a_suspected_breach_is_proven_as_what_it_is(story: Any, verifier: Any) -> None:
    decision = story.ada_breaks_her_daily_loss(doubts=(Doubt.STALE_QUOTE,))
    assert "BreachSuspected" in verifier.verify(story.bundle(decision))[0]


def test_a_ledger_that_was_restored_says_so_in_the_bundle(story: Any, verifier: Any) -> None:
    story.both_open()
    held = story.checkpoint()
    older, size = story.ledger.lineage, story.ledger.size
    story.ledger.begin_lineage(bytes(range(100, 116)))
    story.input = 0
    story.add(LedgerForked(from_lineage=older.hex(), size=size, root=story.ledger.root().hex()))
    story.earn(story.ada, "-6_000.00")
    decision = story.judge(story.ada, "daily")
    story.checkpoint()
    told = "\n".join(verifier.verify(story.bundle(decision, since=held), held))
    assert "the ledger was restored 1 time(s)" in told


def test_only_decisions_have_evidence(story: Any) -> None:
    story.both_open()
    with pytest.raises(NotADecision, match="AccountOpened, which judged nothing"):
        story.bundle(3)
    with pytest.raises(NotADecision, match="there is no row 999"):
        story.bundle(999)


def test_a_long_day_is_proven_row_by_row(story: Any, verifier: Any) -> None:
    decision = story.ada_breaks_her_daily_loss(noise=250)
    story.checkpoint()
    raw = story.bundle(decision)
    assert len(json.loads(raw)["rows"]) > 250
    assert verifier.verify(raw)


def test_the_same_decision_gives_the_same_bytes(story: Any) -> None:
    decision = story.ada_breaks_her_daily_loss()
    story.checkpoint()
    assert story.bundle(decision) == story.bundle(decision)


def test_a_shared_proof_holds_no_hash_twice_and_none_too_many(story: Any) -> None:
    story.both_open()
    story.noise(story.ada, 30)
    size = story.ledger.size
    with story.reader() as reader, reader.tree(size) as tree:
        leaves = [tree.leaf(index) for index in range(size)]
        assert rows_proof(tree.perfect, list(range(1, size + 1)), size) == []
        for seq in range(1, size + 1):
            assert set(rows_proof(tree.perfect, [seq], size)) == set(reader.inclusion_proof(seq, size))
        assert range_hash(tree.perfect, 0, size) == fold(leaves)


def test_the_decision_is_explained_from_the_ledger_alone(story: Any) -> None:
    decision = story.ada_breaks_her_daily_loss()
    with story.reader() as reader:
        told = "\n".join(explain_decision(reader, decision))
    assert "Equity was 94,939.66 USD; the floor was 95,000.00 USD." in told
    assert "bid of position p1 (EURUSD): 1.36300" in told
    assert "#1" not in told
    assert "Where the balance comes from:" in told
