"""Bugs planted into the real code, one at a time: the histories catch each. A bed that finds nothing proves nothing."""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from actors import account_book
from firm import account_booked, account_deals, equity
from firm.arithmetic import PLAIN
from firm.money import divided_rounded_down
from tests.drift.drift_verdict import CHOSEN, KEPT, held, judge

SEEDS = range(60)


def is_caught() -> bool:
    return any(judge(seed).drift for seed in SEEDS)


def test_without_a_bug_nothing_is_caught() -> None:
    assert [result.drift for result in map(judge, range(3))] == [""] * 3


def test_a_run_that_finds_a_drift_tells_how_it_is_seen_again_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only a soak keeps its seeds: whoever breaks the code once, to see it fail, finds no file of the repository changed."""
    monkeypatch.setattr(account_booked, "_with_id", lambda deals, _: deals)
    [drifting, *_] = [seed for seed in SEEDS if judge(seed).drift]
    before = KEPT.read_bytes()
    with pytest.raises(pytest.fail.Exception, match=f"{CHOSEN}={drifting} "):
        held([drifting], Counter())
    assert KEPT.read_bytes() == before


def test_a_swap_that_a_part_keeps_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = account_book._position_after

    def keeps(held: Any, deal: Any) -> Any:
        after = sound(held, deal)
        return replace(after, swap=held.swap) if held is not None and after.lots_e8 else after

    monkeypatch.setattr(account_book, "_position_after", keeps)
    assert is_caught()


def test_a_profit_rounded_down_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = equity.floating_profit

    class Down(type(PLAIN)):  # type: ignore[misc]
        def divided_rounded_half_away(self, name: str, left: int, right: int, unit: str) -> int:
            del name, unit
            return divided_rounded_down(left, right)

    monkeypatch.setattr(equity, "floating_profit", lambda calc, **told: sound(Down(), **told))
    assert is_caught()


def test_a_conversion_at_the_other_side_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = equity._rate

    def turned(*asked: Any) -> Any:
        hop, bid, ask, source = sound(*asked)
        return hop, ask, bid, source

    monkeypatch.setattr(equity, "_rate", turned)
    assert is_caught()


def test_an_average_price_rounded_down_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_deals, "divided_rounded_half_away", divided_rounded_down)
    assert is_caught()


def test_a_deal_booked_each_time_it_is_told_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_booked, "_with_id", lambda deals, _: deals)
    assert is_caught()
