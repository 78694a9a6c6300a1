"""The replay: the same seed, ticks and commands give the same tellings byte for byte, also over crashes at any parcel."""

import random
import zipfile
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from bridges.events import CmdResult, Deal, encode_event
from bridges.outbox import WHOLE_STATE
from bridges.simulator.alarms import Alarms
from bridges.simulator.rehearsal import opening_commands
from bridges.simulator.replay import SILENCE_MAX_US, SLICE_TICKS_MAX, SLICE_US, Market, Parcel, Replay, told_ticks
from bridges.simulator.state import StateUnusable, decode_state
from bridges.simulator.ticks import tick_file
from bridges.wire import Cmd
from firm.instant import SECOND_US, parse_utc

FROM, TO = parse_utc("2014-05-02T12:29:30"), parse_utc("2014-05-02T12:30:20")
TEMPERS = ("news_gambler", "martingale", "scalper", "overtrader", "straddler", "hedger")


@pytest.fixture(scope="module")
def market(release_files: list[Path]) -> Market:
    return Market([tick_file(path) for path in release_files], from_us=FROM, to_us=TO)


def script() -> dict[int, list[Cmd]]:
    """Commands by the slice after which they arrive: accounts at once, one closed and one blocked during the release."""
    openings = opening_commands([(temper, "EUR" if temper == "hedger" else "USD", 100_000, 200) for temper in TEMPERS])
    late = [Cmd("close", "k1", "700002", "close_all", {}, "", 0), Cmd("block", "k2", "700004", "block", {}, "", 0)]
    return {0: openings, 60: late}


def play(replay: Replay, from_slice: int = 0, done: frozenset[str] = frozenset()) -> list[tuple[int, Parcel]]:
    """Every parcel with the number of its slice. `done`: commands that were carried out before a crash."""
    parcels = [(from_slice, parcel) for parcel in replay.hand_over()]
    number = from_slice
    while True:
        for command in script().get(number, []):
            if command.cmd_id not in done:
                replay.carry_out(command)
        parcels += [(number, parcel) for parcel in replay.hand_over()]
        if replay.is_over:
            return parcels
        replay.play_slice()
        number += 1
        parcels += [(number, parcel) for parcel in replay.hand_over()]


def lanes(parcels: list[tuple[int, Parcel]]) -> list[bytes]:
    """Both lanes as bytes, in their merged order."""
    told: list[bytes] = []
    for _, parcel in parcels:
        told += [msgspec.msgpack.encode(tick) for tick in parcel.ticks]
        told += [encode_event(event) for event in parcel.events]
    return told


def saved_by(parcels: list[tuple[int, Parcel]]) -> dict[str, bytes]:
    """The platform's state as so many parcels left it: each writes only what changed."""
    parts: dict[str, bytes] = {}
    for _, parcel in parcels:
        parts |= parcel.saved or {}
    return parts


def commands_done(parcels: list[tuple[int, Parcel]]) -> frozenset[str]:
    return frozenset(event.cmd_id for _, parcel in parcels for event in parcel.events if isinstance(event, CmdResult))


@pytest.fixture(scope="module")
def whole(market: Market) -> list[tuple[int, Parcel]]:
    """Seed 1 without a crash."""
    return play(Replay(market, 1))


def test_the_same_seed_tells_the_same_bytes_and_another_seed_does_not(
    market: Market, whole: list[tuple[int, Parcel]]
) -> None:
    again, other = (lanes(play(Replay(market, seed))) for seed in (1, 2))
    assert lanes(whole) == again
    assert again != other


@pytest.mark.parametrize("seed", range(4))
def test_a_crash_after_any_saved_parcel_continues_with_the_very_same_bytes(
    market: Market, whole: list[tuple[int, Parcel]], seed: int
) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        place = dice.choice([index for index, (_, parcel) in enumerate(whole) if parcel.saved])
        slice_number, _ = whole[place]
        replay = Replay(market, 1, saved_by(whole[: place + 1]))
        in_slice = bool(replay.state.clocks.slice_end_us)
        assert replay.next_qseq == 1 + sum(len(before.ticks) for _, before in whole[: place + 1])
        rest = play(replay, slice_number - in_slice, commands_done(whole[: place + 1]))
        assert lanes(rest) == lanes(whole[place + 1 :])


def test_a_state_that_the_first_release_saved_in_one_piece_goes_on_and_is_saved_in_parts(
    market: Market, whole: list[tuple[int, Parcel]]
) -> None:
    """Also over a crash after the first parcel that saves it: accounts that nothing happened to since are in that."""
    place = next(index for index, (number, parcel) in enumerate(whole) if number > 2 and parcel.saved)
    slice_number, _ = whole[place]
    state = decode_state(saved_by(whole[: place + 1]))
    saved, done = {WHOLE_STATE: msgspec.msgpack.encode(state)}, commands_done(whole[: place + 1])
    from_slice = slice_number - bool(state.clocks.slice_end_us)
    rest = play(Replay(market, 1, saved), from_slice, done)
    assert lanes(rest) == lanes(whole[place + 1 :])
    first = next(index for index, (_, parcel) in enumerate(rest) if parcel.saved)
    in_parts = decode_state(saved | saved_by(rest[: first + 1]))
    assert len(in_parts.accounts) == len(TEMPERS)
    assert in_parts.clocks.now_us > state.clocks.now_us


def test_each_command_is_answered_once(whole: list[tuple[int, Parcel]]) -> None:
    results = [event for _, parcel in whole for event in parcel.events if isinstance(event, CmdResult)]
    assert sorted(result.cmd_id for result in results) == sorted(
        [f"open-{n}" for n in range(1, 7)] + ["close", "block"]
    )


def test_ticks_before_the_start_are_looked_back_on_but_never_told(whole: list[tuple[int, Parcel]]) -> None:
    [first, *_] = [tick for _, parcel in whole for tick in parcel.ticks]
    assert FROM <= first.t_us < FROM + SECOND_US


def test_the_quote_lane_can_be_told_again_from_the_files(market: Market, whole: list[tuple[int, Parcel]]) -> None:
    told = [tick for _, parcel in whole for tick in parcel.ticks]
    assert told_ticks(market, 5, 400) == told[4:399]


def test_a_slice_ends_after_a_second_or_64_prices(market: Market) -> None:
    replay = Replay(market, 1)
    replay.hand_over()
    full = 0
    while not replay.is_over:
        before_us = replay.now_us
        replay.play_slice()
        ticks = [tick for parcel in replay.hand_over() for tick in parcel.ticks]
        assert len(ticks) <= SLICE_TICKS_MAX
        assert replay.now_us - before_us < SILENCE_MAX_US + SLICE_US
        assert all(before_us <= tick.t_us <= replay.now_us for tick in ticks)
        full += len(ticks) == SLICE_TICKS_MAX
    assert full > 10  # the release is faster than 64 prices a second
    assert replay.now_us == TO


def test_silence_passes_in_steps_of_a_few_seconds(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "eurusd_tick_20140502.zip", "w") as archive:
        archive.writestr("a.csv", "1000,1.38600,1.38610\n61500,1.38601,1.38611\n")
    replay = Replay(Market([tick_file(tmp_path / "eurusd_tick_20140502.zip")]), 1)
    ends = []
    while not replay.is_over:
        replay.play_slice()
        ends.append(replay.now_us - parse_utc("2014-05-02"))
    assert ends[0] == 2 * SECOND_US
    assert all(then - now <= SILENCE_MAX_US + SLICE_US for now, then in pairwise(ends))
    assert ends[-1] == 62_500_000


def test_a_state_of_another_market_is_refused(market: Market) -> None:
    saved = Replay(market, 1).saved()
    with pytest.raises(StateUnusable, match="began at 2014-05-02T12:29:30"):
        Replay(market, 2, saved)
    with pytest.raises(StateUnusable, match="unreadable"):
        Replay(market, 1, {"platform": b"\x00 not a state"})


def test_commands_of_a_slice_are_stamped_with_its_end(whole: list[tuple[int, Parcel]]) -> None:
    result_us = next(e.t_us for _, p in whole for e in p.events if isinstance(e, CmdResult) and e.cmd_id == "close")
    closing = [e for n, p in whole for e in p.events if isinstance(e, Deal) and e.reason == "dealer"]
    assert closing
    assert {deal.t_us for deal in closing} == {result_us}
    last_tick_us = max(t.t_us for n, p in whole for t in p.ticks if n <= 60)
    assert 0 <= result_us - last_tick_us <= SLICE_US


def test_waking_only_those_whom_a_price_may_concern_changes_nothing(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparing = lanes(play(Replay(market, 3)))

    def everybody(alarms: Alarms, symbol: str, bid: int, ask: int) -> frozenset[str]:
        return frozenset(alarms._bands.get(symbol, {}))

    monkeypatch.setattr(Alarms, "woken_by", everybody)
    assert lanes(play(Replay(market, 3))) == sparing
