"""A decision after people made an exception from the account's rules: the proof says that they did, and takes no other figure."""

import json
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import GrantOverride
from firm.facts import DayAnchored, OverrideGranted
from firm.inputs import Side
from firm.overrides import AdjustMark, Mark, Override, WaiveRule
from firm.terms.first import FirstAnchor, FirstTrail
from tests.evidence.test_floors import sold, trailing


def granted(story: Any, override: Override) -> int:
    """Ruth makes an exception for Ada."""
    said = {"override": override, "why": "our feed failed", "evidence": "ticket 7"}
    story.add(GrantOverride(by="console", account=story.ada, **said), story.ada)
    seq: int = story.add(OverrideGranted(by=("console",), **said), story.ada)
    return seq


def anchored(story: Any, balance: str, *, adjusted: bool = True) -> int:
    """The row with which the day's start follows what was granted."""
    state = story.states[story.ada]
    money = type(state.initial).parse(balance, "USD")
    fact = DayAnchored(
        day=state.day.day,
        balance=money,
        equity=state.money(state.day.equity),
        changed=True,
        priced=state.day.priced,
        adjusted=adjusted,
    )
    seq: int = story.add(fact, story.ada)
    return seq


def breaks(story: Any, bid: int) -> int:
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", bid, bid + 2)
    seq: int = story.judge(story.ada, "daily")
    return seq


def test_a_breach_below_a_mark_that_people_set_is_proven_from_that_figure(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    seq = granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=101_000_00))
    anchored(story, "101_000.00")
    told = "\n".join(verifier.verify(story.bundle(breaks(story, 136_600))))
    assert f"NOT shown: whether the exception in row {seq} (adjust mark, granted by console) was right to make" in told


def test_a_mark_that_nobody_set_so_is_found_out(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=101_000_00))
    anchored(story, "102_000.00")
    with pytest.raises(verifier.Refused, match="moves the day's start"):
        verifier.verify(story.bundle(breaks(story, 136_600)))


def test_a_mark_that_was_set_and_did_not_follow_is_found_out(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=101_000_00))
    with pytest.raises(verifier.Refused, match="people set a mark"):
        verifier.verify(story.bundle(breaks(story, 136_000)))


def test_an_exception_that_moves_no_mark_lets_none_move(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    granted(story, WaiveRule(rule="maximum", until_us=story.at_us + 1))
    anchored(story, "101_000.00")
    with pytest.raises(verifier.Refused, match="moves a mark"):
        verifier.verify(story.bundle(breaks(story, 136_600)))


def test_the_signed_words_name_who_set_the_figure_and_why(story: Any) -> None:
    story.both_open()
    granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=100_900_00))
    anchored(story, "100_900.00")
    seq = granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=101_000_00))
    anchored(story, "101_000.00")
    words = "\n".join(json.loads(story.bundle(breaks(story, 136_600)))["words"])
    assert words.count("A figure that it is measured from was set by people: console set the balance") == 2
    assert "to 101,000.00 USD at 2014-05-02T" in words
    assert f"(ledger row {seq}): our feed failed (evidence: ticket 7)." in words


def test_the_words_of_a_breach_by_nobody_s_figure_name_nobody(story: Any) -> None:
    story.both_open()
    granted(story, WaiveRule(rule="overall", until_us=story.at_us + 1))
    assert "set by people" not in "\n".join(json.loads(story.bundle(breaks(story, 136_000)))["words"])


# --- a mark of the day, and highs ---


def set_above_the_high(story: Any, *, adjusted: bool) -> int:
    """People set the day's balance to 104 000.00, while a floor follows the highest of any day; what she loses breaks it."""
    sold(story, trailing(FirstTrail.END_OF_DAY, FirstAnchor.BALANCE))
    granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=104_000_00))
    anchored(story, "104_000.00", adjusted=adjusted)
    story.earn(story.ada, "-12_000.00")
    seq: int = story.judge(story.ada, "overall")
    return seq


@pytest.mark.parametrize(
    ("adjusted", "floor"),
    [(True, 90_000_00), pytest.param(False, 94_000_00, id="as releases had it that did not say so")],
)
def test_a_mark_that_people_set_is_no_high_that_was_reached(
    story: Any, verifier: ModuleType, adjusted: bool, floor: int
) -> None:
    decision = set_above_the_high(story, adjusted=adjusted)
    assert story.states[story.ada].findings[-1].floor == floor
    assert verifier.verify(story.bundle(decision))


def test_a_mark_is_not_called_set_where_cash_moved_it(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(story, trailing(FirstTrail.END_OF_DAY, FirstAnchor.BALANCE))
    add = story.add
    monkeypatch.setattr(
        story,
        "add",
        lambda body, account=0: add(replace(body, adjusted=True) if isinstance(body, DayAnchored) else body, account),
    )
    story.deposit(story.ada, "300.00")
    story.earn(story.ada, "-12_000.00")
    with pytest.raises(verifier.Refused, match="says that people set a mark, and none did"):
        verifier.verify(story.bundle(story.judge(story.ada, "overall")))


def test_that_people_set_a_mark_of_the_day_is_not_forgotten(story: Any, verifier: ModuleType) -> None:
    sold(story, trailing(FirstTrail.END_OF_DAY, FirstAnchor.BALANCE))
    for balance, adjusted in (("101_000.00", True), ("102_000.00", False)):
        minor = int(balance.replace("_", "").replace(".", ""))
        granted(story, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=minor))
        anchored(story, balance, adjusted=adjusted)
    story.earn(story.ada, "-12_000.00")
    with pytest.raises(verifier.Refused, match="forgets that people set a mark"):
        verifier.verify(story.bundle(story.judge(story.ada, "overall")))
