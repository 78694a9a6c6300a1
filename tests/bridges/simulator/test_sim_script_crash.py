"""A scripted market is the same every time: also for a platform that was killed at any moment, and for one that tells a stretch again."""

import random
from pathlib import Path

import msgspec
import pytest

from bridges.events import CmdResult, encode_event
from bridges.simulator.rehearsal import opening_commands
from bridges.simulator.replay import Market, Parcel, Replay, told_ticks
from bridges.simulator.script import ScriptUnusable, read_script
from bridges.simulator.state import StateUnusable
from bridges.simulator.ticks import tick_file
from firm.instant import parse_utc

FROM, TO = parse_utc("2014-05-02T12:29:30"), parse_utc("2014-05-02T12:30:20")
EVERYTHING = """
[[outage]]
from = 2014-05-02T12:29:40Z
to = 2014-05-02T12:29:45Z

[[frozen]]
symbol = "XAUUSD"
from = 2014-05-02T12:29:50Z
to = 2014-05-02T12:29:55Z
repeat = true

[[spike]]
symbol = "EURUSD"
at = 2014-05-02T12:29:52.5Z
points = -60

[[late_prices]]
symbol = "XAUUSD"
from = 2014-05-02T12:29:58Z
to = 2014-05-02T12:30:01Z
by_s = 2

[[late_events]]
tags = ["deal", "position"]
from = 2014-05-02T12:29:57Z
to = 2014-05-02T12:30:04Z
by_s = 4

[[late_events]]
tags = ["equity"]
from = 2014-05-02T12:29:57Z
to = 2014-05-02T12:30:20Z
by_s = 7

[[contract]]
at = 2014-05-02T12:30:06Z
symbol = "EURUSD"
digits = 4

[[rename]]
at = 2014-05-02T12:30:09Z
symbol = "XAUUSD"
becomes = "GOLD"
"""
TEMPERS = ("news_gambler", "martingale", "scalper", "overtrader", "straddler", "hedger")


@pytest.fixture(scope="module")
def market(release_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Market:
    path = tmp_path_factory.mktemp("script") / "everything.toml"
    path.write_text(EVERYTHING)
    return Market([tick_file(path) for path in release_files], from_us=FROM, to_us=TO, script=read_script(path))


def play(replay: Replay, *, opens: bool = True) -> list[Parcel]:
    """Every parcel to the end; accounts are opened at the start."""
    if opens:
        for command in opening_commands(
            [(temper, "EUR" if temper == "hedger" else "USD", 100_000, 200) for temper in TEMPERS]
        ):
            replay.carry_out(command)
    parcels = replay.hand_over()
    while not replay.is_over:
        replay.play_slice()
        parcels += replay.hand_over()
    return parcels


def lanes(parcels: list[Parcel]) -> list[bytes]:
    told: list[bytes] = []
    for parcel in parcels:
        told += [msgspec.msgpack.encode(tick) for tick in parcel.ticks]
        told += [encode_event(event) for event in parcel.events]
    return told


def saved_by(parcels: list[Parcel]) -> dict[str, bytes]:
    """What lies in the outbox after these: each part as it was saved last."""
    parts: dict[str, bytes] = {}
    for parcel in parcels:
        parts |= parcel.saved or {}
    return parts


@pytest.fixture(scope="module")
def whole(market: Market) -> list[Parcel]:
    """The market without a crash."""
    return play(Replay(market, 1))


def test_the_same_script_tells_the_same_bytes_and_another_does_not(market: Market, whole: list[Parcel]) -> None:
    first = lanes(whole)
    assert lanes(play(Replay(market, 1))) == first
    plain = Market(market._prices, from_us=FROM, to_us=TO)
    assert lanes(play(Replay(plain, 1))) != first


@pytest.mark.parametrize("seed", range(4))
def test_a_crash_after_any_saved_parcel_goes_on_with_the_very_same_bytes(
    market: Market, whole: list[Parcel], seed: int
) -> None:
    opened = max(n for n, parcel in enumerate(whole) if any(isinstance(event, CmdResult) for event in parcel.events))
    saved = [n for n, parcel in enumerate(whole) if parcel.saved and n >= opened]
    for place in random.Random(seed).sample(saved, 4):
        replay = Replay(market, 1, saved_by(whole[: place + 1]))
        assert replay.next_qseq == 1 + sum(len(parcel.ticks) for parcel in whole[: place + 1])
        assert lanes(play(replay, opens=False)) == lanes(whole[place + 1 :])


def test_something_waits_at_some_crash_or_the_crashes_prove_little(market: Market, whole: list[Parcel]) -> None:
    held = [len(Replay(market, 1, parcel.saved).state.held_back) for parcel in whole if parcel.saved]
    assert max(held) > 10
    assert held[-1] == 0


def test_what_was_told_can_be_told_again_from_ticks_and_script(market: Market, whole: list[Parcel]) -> None:
    told = [tick for parcel in whole for tick in parcel.ticks]
    assert told_ticks(market, 1, len(told) + 1) == told
    assert {tick.symbol for tick in told} == {"EURUSD", "XAUUSD", "GOLD"}


def test_a_state_of_another_script_is_refused(market: Market) -> None:
    saved = Replay(market, 1).saved()
    with pytest.raises(StateUnusable):
        Replay(Market(market._prices, from_us=FROM, to_us=TO), 1, saved)


def test_a_script_that_begins_before_its_market_is_refused(market: Market) -> None:
    with pytest.raises(ScriptUnusable, match="begins at 2014-05-02T12:29:40"):
        Market(market._prices, from_us=FROM + 20_000_000, to_us=TO, script=market.script)
