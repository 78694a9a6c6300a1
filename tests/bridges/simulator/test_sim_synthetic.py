"""Synthetic markets: the same from the same seed on every machine, closed when the listing is closed, and going on over crashes."""

import hashlib
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from bridges.events import encode_event
from bridges.simulator.__main__ import main
from bridges.simulator.market_spec import MarketUnusable, read_market
from bridges.simulator.rehearsal import opening_commands
from bridges.simulator.replay import Market, Parcel, Replay, told_ticks
from bridges.simulator.symbols import LISTED
from bridges.simulator.synthetic import Dice, SyntheticPrices
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_utc
from firm.quote_frame import Tick
from firm.sessions import is_open

MONDAY = parse_utc("2014-05-05")
TICKS_MADE = 9823
DIGEST_MADE = "3ec1d5cc070decbe522beb9f9030658577dc5e69a3d9830be72cf76f91f93bec"


def ticks(market: str, to_us: int | None = None) -> list[Tick]:
    prices = SyntheticPrices(read_market(market))
    return list(prices.ticks(prices.end_us if to_us is None else to_us, None))


def bids(market: str) -> list[int]:
    return [tick.bid for tick in ticks(market)]


def test_the_dice_are_splitmix64() -> None:
    dice = Dice("any")
    dice._state = 1_234_567
    assert [dice.word() for _ in range(3)] == [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
    ]


def test_every_machine_makes_up_the_same_market() -> None:
    made = ticks("trend+range+jumps+gaps+bursts:EURUSD;walk:XAUUSD;days=1;seed=7;ticks_per_minute=3")
    told = "\n".join(f"{tick.symbol},{tick.t_us},{tick.bid},{tick.ask}" for tick in made)
    assert len(made) == TICKS_MADE
    assert hashlib.sha256(told.encode()).hexdigest() == DIGEST_MADE


def test_a_longer_market_begins_with_the_shorter_and_another_symbol_changes_nothing() -> None:
    short = ticks("jumps+gaps:EURUSD;days=1;ticks_per_minute=2")
    long = ticks("jumps+gaps:EURUSD;trend:XAUUSD;days=3;ticks_per_minute=2")
    assert [tick for tick in long if tick.symbol == "EURUSD" and tick.t_us < MONDAY + DAY_US] == short


def test_another_seed_is_another_market() -> None:
    assert bids("walk:EURUSD;days=1;seed=1") != bids("walk:EURUSD;days=1;seed=2")


@pytest.mark.parametrize("symbol", sorted(LISTED))
def test_any_listed_symbol_is_quoted_in_its_sessions_and_never_outside(symbol: str) -> None:
    made = ticks(f"walk+gaps+bursts+jumps:{symbol};days=8;ticks_per_minute=2")
    assert len(made) > 1_000
    spec = LISTED[symbol].spec
    assert all(is_open(spec, tick.t_us) for tick in made)
    assert all(0 < tick.bid < tick.ask for tick in made)
    assert all(before.t_us <= after.t_us for before, after in pairwise(made))


def around_the_weekend(market: str) -> list[int]:
    """The largest moves between two prices of EURUSD over the weekend, one a seed, in points."""
    moves = []
    for seed in range(1, 13):
        made = ticks(f"{market}:EURUSD;start=2014-05-09;days=3;ticks_per_minute=2;seed={seed}")
        [(before, after)] = [(one, two) for one, two in pairwise(made) if two.t_us - one.t_us > 24 * HOUR_US]
        moves.append(abs(after.bid - before.bid))
    return moves


def test_a_market_that_gaps_reopens_elsewhere_after_a_weekend_and_another_where_it_closed() -> None:
    assert max(around_the_weekend("walk")) < 40
    gaps = sorted(around_the_weekend("gaps"))
    assert gaps[len(gaps) // 2] > 200


def test_a_jump_is_larger_than_any_step_and_comes_as_often_as_it_was_asked_for() -> None:
    quiet = bids("walk:EURUSD;days=5;ticks_per_minute=4")
    jumpy = bids("jumps:EURUSD;days=5;ticks_per_minute=4;jump_every_min=240")
    assert max(abs(two - one) for one, two in pairwise(quiet)) < 60
    assert 15 <= sum(abs(two - one) > 100 for one, two in pairwise(jumpy)) <= 45  # 30 in five days, less what is below


def test_a_trend_goes_further_in_its_hours_than_a_walk_and_a_range_stays_near_its_start() -> None:
    def reach(kind: str) -> int:
        by_seed = [
            bids(f"{kind}:EURUSD;days=1;seed={seed};trend_hours=24;ticks_per_minute=4;pull_ppm=5000")
            for seed in range(6)
        ]
        return sum(abs(course[-1] - course[0]) for course in by_seed) // 6

    assert reach("trend") > 3 * reach("walk")
    assert 3 * reach("range") < reach("walk")


def test_a_burst_is_many_prices_in_a_few_seconds_with_a_wider_spread() -> None:
    calm, busy = (ticks(f"{kind}:EURUSD;days=1;burst_every_min=60") for kind in ("walk", "bursts"))

    def most_in_five_seconds(made: list[Tick]) -> int:
        return max(
            sum(0 <= other.t_us - tick.t_us < 5 * SECOND_US for other in made[at : at + 120])
            for at, tick in enumerate(made)
        )

    assert most_in_five_seconds(calm) < 20
    assert most_in_five_seconds(busy) > 90
    assert max(tick.ask - tick.bid for tick in busy) > 2 * max(tick.ask - tick.bid for tick in calm)


def test_the_price_stays_between_a_quarter_and_four_times_its_start() -> None:
    wild = bids("walk:EURUSD;days=2;price=1;step_ppm=50000;ticks_per_minute=4")
    assert 24_000 < min(wild) < 40_000
    assert 300_000 < max(wild) <= 400_000


# --- over crashes ---


def played(replay: Replay) -> Iterator[Parcel]:
    yield from replay.hand_over()
    while not replay.is_over:
        replay.play_slice()
        yield from replay.hand_over()


def lanes(parcels: list[Parcel]) -> list[bytes]:
    return [msgspec.msgpack.encode(tick) for parcel in parcels for tick in parcel.ticks] + [
        encode_event(event) for parcel in parcels for event in parcel.events
    ]


@pytest.fixture(scope="module")
def uncut() -> tuple[Market, list[Parcel]]:
    """An hour of a market, and all that was told in it without a crash."""
    spec = read_market("jumps+bursts;days=1;ticks_per_minute=6")
    market = Market(SyntheticPrices(spec), from_us=MONDAY + 12 * HOUR_US, to_us=MONDAY + 13 * HOUR_US)
    first = Replay(market, 1)
    for command in opening_commands([("overtrader", "USD", 100_000, 100), ("hedger", "USD", 100_000, 100)]):
        first.carry_out(command)
    return market, list(played(first))


@pytest.mark.parametrize("seed", range(3))
def test_a_replay_of_it_goes_on_from_any_saved_tick_with_the_very_same_bytes(
    uncut: tuple[Market, list[Parcel]], seed: int
) -> None:
    market, whole = uncut
    saved = [index for index, parcel in enumerate(whole) if parcel.saved]
    assert len(saved) > 20
    place = random.Random(seed).choice(saved)
    parts: dict[str, bytes] = {}
    for parcel in whole[: place + 1]:
        parts |= parcel.saved or {}
    spec = read_market("jumps+bursts;days=1;ticks_per_minute=6")
    again = Replay(Market(SyntheticPrices(spec), from_us=market.from_us, to_us=market.to_us), 1, parts)
    assert lanes(list(played(again))) == lanes(whole[place + 1 :])


def test_what_is_told_again_is_what_was_told(uncut: tuple[Market, list[Parcel]]) -> None:
    market, whole = uncut
    told = [tick for parcel in whole for tick in parcel.ticks]
    assert told_ticks(market, 10, 50) == told[9:49]


def test_the_first_instant_is_the_second_of_the_first_tick() -> None:
    sunday = SyntheticPrices(read_market("walk:EURUSD;start=2014-05-04;days=1"))
    assert 21 * HOUR_US <= sunday.first_us - parse_utc("2014-05-04") < 21 * HOUR_US + 10 * MINUTE_US
    assert sunday.first_us % SECOND_US == 0


# --- what can be asked for ---


def test_a_file_says_the_same_as_words(tmp_path: Path) -> None:
    path = tmp_path / "market.toml"
    path.write_text(
        'start = "2014-05-05"\ndays = 2\nseed = 3\n[[symbols]]\nsymbol = "EURUSD"\nkinds = ["walk", "jumps"]\n'
        'jump_ppm = 900\n[[symbols]]\nsymbol = "XAUUSD"\nkinds = ["trend"]\njump_ppm = 900\n'
    )
    said = read_market("walk+jumps:EURUSD; trend:XAUUSD; days=2; seed=3; jump_ppm=900")
    assert read_market(str(path)) == said
    assert SyntheticPrices(said).fingerprint == SyntheticPrices(read_market(str(path))).fingerprint


def test_kinds_without_names_are_for_every_listed_symbol() -> None:
    assert {market.symbol for market in read_market("walk").symbols} == set(LISTED)


@pytest.mark.parametrize(
    ("market", "complaint"),
    [
        pytest.param(
            "fly:EURUSD", "EURUSD: there is no kind 'fly': use some of walk, trend,", id="a kind that is none"
        ),
        pytest.param("walk:BTCUSDT", "symbol 'BTCUSDT' is not listed here", id="a symbol that is not listed"),
        pytest.param("days=3", "names no kind of market: begin with some of walk", id="no symbol at all"),
        pytest.param("walk;days=0", "days=0: it must be a whole number, at least 1", id="no day"),
        pytest.param("walk;days=1001", "days=1001: it must be a whole number, at most 1000", id="too many days"),
        pytest.param(
            "walk;start=2014-02-30",
            "start=2014-02-30: 2014-02-30 is no date .day is out of range",
            id="a date that is none",
        ),
        pytest.param(
            "walk;steps=3",
            "steps=3 is no setting: there are start, days, seed, price, ticks_per_minute",
            id="a setting that is none",
        ),
        pytest.param("walk:EURUSD;price=1.3860001", "no price with at most 5 decimals", id="too many decimals"),
        pytest.param("walk:EURUSD;price=-1", "no price with", id="a price below nothing"),
        pytest.param("walk:EURUSD;price=0.00999", "nothing could move", id="a price too small to move"),
        pytest.param("walk:EURUSD;step_ppm=wild", "step_ppm=wild: it must be a whole number, not text", id="no number"),
        pytest.param("walk;start=May", "start=May: that is no date: write 2014-05-05", id="no date at all"),
        pytest.param("/nowhere/market.toml", "/nowhere/market.toml cannot be read", id="no such file"),
        pytest.param(
            "\0.toml", "cannot be read .no file has such a name.: mend it, or name another", id="no name at all"
        ),
        pytest.param("n" * 5_000 + ".toml", "cannot be read .File name too long.", id="too long a name"),
        pytest.param("walk;days=0", 'mend it; "Made-up markets" in docs/simulator.md', id="what next"),
    ],
)
def test_what_makes_no_market_is_refused_with_the_reason(market: str, complaint: str) -> None:
    with pytest.raises(MarketUnusable, match=complaint):
        read_market(market)


@pytest.mark.parametrize(
    ("line", "text", "complaint"),
    [
        pytest.param('kinds = ["walk"]', 'kinds = ["fly"]', "line 7, kinds of [[symbols]] 2: there is no kind 'fly'"),
        pytest.param('symbol = "XAUUSD"', 'symbol = "EURUSD"', "line 6, symbol of [[symbols]] 2: symbol EURUSD is there twice"),
        pytest.param("days = 2", "dayz = 2", "line 1: unknown field `dayz` (there are symbols, start, days, seed)", id="a key of the file"),
        pytest.param("days = 2", 'start = "2014-02-30"', "line 1, start: 2014-02-30 is no date", id="a date"),
        pytest.param('price = "1.25"', 'prize = "1.25"', "line 4, [[symbols]] 1: unknown field `prize` (there are symbol, kinds, price"),
        pytest.param('price = "1.25"', 'price = "1.2500001"', "line 4, price of [[symbols]] 1: price '1.2500001' of EURUSD is no price"),
        pytest.param('symbol = "XAUUSD"', "", "line 5, [[symbols]] 2: missing required field `symbol`", id="no symbol"),
        pytest.param("days = 2", "days = ", "is no TOML (Invalid value (at line 1", id="no TOML"),
    ],
)  # fmt: skip
def test_of_a_market_file_the_line_and_the_key_are_named(tmp_path: Path, line: str, text: str, complaint: str) -> None:
    whole = (
        'days = 2\n[[symbols]]\nsymbol = "EURUSD"\nprice = "1.25"\n[[symbols]]\nsymbol = "XAUUSD"\nkinds = ["walk"]\n'
    )
    path = tmp_path / "market.toml"
    path.write_text(whole)
    read_market(str(path))
    path.write_text(whole.replace(line, text))
    with pytest.raises(MarketUnusable, match=re.escape(str(path)) + ".*" + re.escape(complaint)):
        read_market(str(path))


def test_the_program_says_what_is_wrong_with_a_market_and_ends_with_2(
    tmp_path: Path, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--key-file", str(key_file), "--data-dir", str(tmp_path / "sim"), "--market", "walk:NOPE"]) == 2
    assert "simulator: market 'walk:NOPE': symbol 'NOPE' is not listed here" in capsys.readouterr().err
    assert not (tmp_path / "sim").exists()
