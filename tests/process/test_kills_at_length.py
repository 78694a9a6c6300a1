"""kill -9 under load for as long as a soak lasts: each round draws other places; docs/soaked adds up how many there were."""

import time
from pathlib import Path

import pytest

from tests.appliance.killing import (
    Aftermath,
    assert_every_command_was_carried_out_once,
    assert_every_price_and_deal_is_there_once,
    assert_nothing_is_lost_or_there_twice,
    assert_sound,
    places_to_kill,
    play_and_kill,
)
from tests.bridges.simulator.price_lines import ticks_between
from tests.soaked import SHARE_S, Kills, keep, read

KILLS_A_ROUND = 24
TO = "2014-05-02T12:40:00"


@pytest.mark.soak
def test_killed_at_length_nothing_is_lost_and_nothing_is_done_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, until_s = read(Kills), time.monotonic() + SHARE_S
    first = figures.rounds
    ticks = ticks_between(tmp_path, "12:20:00", "12:40:00")
    undisturbed = play_and_kill(tmp_path / "undisturbed", ticks, TO, [])
    while figures.rounds == first or time.monotonic() < until_s:
        began_s, name = time.monotonic(), f"round{figures.rounds}"
        places = places_to_kill(undisturbed, KILLS_A_ROUND, seed=figures.rounds)
        killed = play_and_kill(tmp_path / name, ticks, TO, places)
        assert_survived(killed, undisturbed)
        figures.rounds += 1
        figures.count += len(places)
        figures.seconds += time.monotonic() - began_s
        keep(figures)
    with capsys.disabled():
        print(f"rounds {first} to {figures.rounds - 1} survived; {figures.count} kills of {figures.wanted} so far")


def assert_survived(killed: Aftermath, undisturbed: Aftermath) -> None:
    assert_nothing_is_lost_or_there_twice(killed)
    assert_every_price_and_deal_is_there_once(killed, undisturbed)
    assert_every_command_was_carried_out_once(killed, undisturbed)
    assert killed.verdicts == undisturbed.verdicts
    assert_sound(killed)
