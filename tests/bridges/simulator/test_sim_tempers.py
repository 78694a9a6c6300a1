"""The traders on the real prices: who carries a loss over midnight, who is caught by the release, who makes the target."""

from collections import Counter

import pytest

from bridges.simulator.price_files import bundled_tick_files
from bridges.simulator.rehearsal import Rehearsal, opening_commands, table
from bridges.simulator.replay import Market
from bridges.simulator.tempers import BUNDLED_TROUPE, TEMPERS, cast, temper_of
from bridges.simulator.ticks import tick_file
from firm.instant import parse_utc

INITIAL = 10_000_000  # 100 000.00
FIVE_PERCENT = INITIAL // 20


def rehearse(tempers: list[str], *, from_text: str | None, to_text: str, seed: int = 1) -> Rehearsal:
    market = Market(
        [tick_file(path) for path in bundled_tick_files()],
        from_us=parse_utc(from_text) if from_text else None,
        to_us=parse_utc(to_text),
    )
    openings = opening_commands([(temper, "USD", 100_000, 200) for temper in tempers])
    rehearsal = Rehearsal(market, seed, [(market.from_us, command) for command in openings])
    rehearsal.play(keep=False)
    return rehearsal


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_carried_loss_is_within_the_day_before_midnight_and_beyond_the_new_days_floor_at_it(seed: int) -> None:
    """Before 22:00 UTC equity stays above 95 000; at it the floor is the balance, which a win had raised, less 5 000."""
    rehearsal = rehearse(["carry", "carry"], from_text=None, to_text="2014-05-01T22:00:00", seed=seed)
    for login, course in rehearsal.courses.items():
        balance = rehearsal.accounts()[login].balance_minor
        assert course.lowest > INITIAL - FIVE_PERCENT
        assert balance > INITIAL
        assert rehearsal.equity(login) <= balance - FIVE_PERCENT


def test_the_release_catches_long_gamblers_and_pays_short_ones() -> None:
    rehearsal = rehearse(["news_gambler"] * 8, from_text="2014-05-02T12:20:00", to_text="2014-05-02T12:30:30")
    caught = [course.lowest <= INITIAL - FIVE_PERCENT for course in rehearsal.courses.values()]
    paid = [rehearsal.equity(login) > INITIAL + FIVE_PERCENT // 2 for login in rehearsal.accounts()]
    assert 0 < sum(caught) < 8
    assert sum(paid) > 0
    assert sum(caught) + sum(paid) == 8


def test_careful_swing_makes_two_percent_over_two_days_and_is_flat_before_the_release() -> None:
    rehearsal = rehearse(["swing"] * 3, from_text=None, to_text="2014-05-02T12:29:00")
    for login, account in rehearsal.accounts().items():
        assert not account.positions
        assert account.balance_minor >= INITIAL * 102 // 100
        assert rehearsal.courses[login].lowest > INITIAL - FIVE_PERCENT
    first_deals = [held for held in rehearsal.courses.values() if held.balance_at_midnight != INITIAL]
    assert len(first_deals) == 3  # each traded before Prague's midnight too: the commission shows it
    assert table(rehearsal).count("\n") == 3


def test_every_temper_lives_through_the_release_on_one_market_alone() -> None:
    """Only gold is quoted: who wants EURUSD finds no price and goes on looking."""
    gold = [tick_file(path) for path in bundled_tick_files() if path.name == "xauusd_tick_20140502.zip"]
    market = Market(gold, from_us=parse_utc("2014-05-02T12:29:30"), to_us=parse_utc("2014-05-02T12:30:10"))
    openings = opening_commands([(temper, "USD", 100_000, 100) for temper in TEMPERS])
    rehearsal = Rehearsal(market, 1, [(market.from_us, command) for command in openings])
    rehearsal.play()
    assert len(rehearsal.accounts()) == len(TEMPERS)


def test_a_label_names_the_temper_and_else_the_trader_keeps_one_for_life() -> None:
    assert temper_of("news-gambler 3", "ada") == "news_gambler"
    assert temper_of("Swing", "ada") == "swing"
    assert temper_of("", "ada") == temper_of("phase 2", "ada")
    assert {temper_of("", f"trader-{number}") for number in range(200)} == set(BUNDLED_TROUPE.wheel)


def test_the_cast_is_mixed_and_keeps_gamblers_few() -> None:
    count = Counter(cast(60))
    assert set(count) == set(BUNDLED_TROUPE.wheel)
    assert count["news_gambler"] + count["martingale"] <= 12  # a fifth of all failing at once looks like a broken feed
    assert len(set(cast(10))) >= 6
