"""Firm and platform are killed in the middle of a release, again and again: nothing acknowledged is lost, nothing is done twice."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.child import SHORT_LIVES_MAX, Child
from appliance.demo import Demo, wait
from appliance.demo_platforms import DemoOptions, DemoRefused
from tests.appliance.killing import (
    Aftermath,
    assert_every_command_was_carried_out_once,
    assert_every_price_and_deal_is_there_once,
    assert_nothing_is_lost_or_there_twice,
    assert_sound,
    places_to_kill,
    play_and_kill,
)

TO = "2014-05-02T12:30:40"
KILLS = 5  # tests/process kills for as long as a soak lasts


@pytest.fixture(scope="module")
def stretch(tmp_path_factory: pytest.TempPathFactory, ticks_between: Callable[..., list[Path]]) -> list[Path]:
    return ticks_between(tmp_path_factory.mktemp("ticks"), "12:20:00", "12:40:00")


@pytest.fixture(scope="module")
def undisturbed(stretch: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    return play_and_kill(tmp_path_factory.mktemp("undisturbed"), stretch, TO, [])


@pytest.fixture(scope="module")
def killed(stretch: list[Path], tmp_path_factory: pytest.TempPathFactory, undisturbed: Aftermath) -> Aftermath:
    places = places_to_kill(undisturbed, KILLS, seed=KILLS)
    return play_and_kill(tmp_path_factory.mktemp("killed"), stretch, TO, places)


def test_the_stretch_is_worth_killing_in(undisturbed: Aftermath) -> None:
    assert {verdict.kind for verdict in undisturbed.verdicts} >= {"BreachDeclared"}
    assert len(undisturbed.deals()) > 10


def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_there_twice(killed: Aftermath) -> None:
    assert_nothing_is_lost_or_there_twice(killed)


def test_every_price_and_every_deal_of_the_undisturbed_run_is_there_once(
    killed: Aftermath, undisturbed: Aftermath
) -> None:
    assert_every_price_and_deal_is_there_once(killed, undisturbed)


def test_every_command_was_carried_out_once_and_none_is_open(killed: Aftermath, undisturbed: Aftermath) -> None:
    assert_every_command_was_carried_out_once(killed, undisturbed)


def test_the_verdicts_are_those_of_the_undisturbed_run(killed: Aftermath, undisturbed: Aftermath) -> None:
    assert killed.verdicts == undisturbed.verdicts


def test_the_book_verifies_and_replays_afterwards(killed: Aftermath) -> None:
    assert_sound(killed)


# --- a child that cannot live ---


def child(folder: Path, code: str) -> Child:
    return Child("platform", [sys.executable, "-I", "-S", "-c", code], folder / "platform.log", lambda _: None)


def test_a_child_that_dies_at_once_again_and_again_is_given_up_and_told(tmp_path: Path) -> None:
    dying = child(tmp_path, "import sys; print('hello', flush=True); sys.exit('no such symbol')")
    began = time.monotonic()
    dying.start()
    assert dying.finished.wait(60)
    assert dying.restarts == SHORT_LIVES_MAX - 1
    assert time.monotonic() - began > 0.2 + 0.4 + 0.8  # it did not come back at once each time
    assert "died 5 times in a row" in dying.problem
    assert "no such symbol" in dying.problem
    assert str(dying.log) in dying.problem


def test_a_child_that_refuses_is_not_asked_again(tmp_path: Path) -> None:
    refusing = child(tmp_path, "import sys; print('this key file is not one', file=sys.stderr); sys.exit(2)")
    refusing.start()
    assert refusing.finished.wait(60)
    assert (refusing.restarts, refusing.problem) == (0, "the platform could not go on: this key file is not one")


def test_a_child_that_is_stopped_between_two_lives_stays_down(tmp_path: Path, until: Callable[..., Any]) -> None:
    dying = child(tmp_path, f"open({str(tmp_path / 'lives')!r}, 'a').write('x'); raise SystemExit(1)")
    dying.start()
    until((tmp_path / "lives").exists, "its first life")
    dying.stop()
    lives = (tmp_path / "lives").read_text()
    assert dying.finished.is_set()
    assert (tmp_path / "lives").read_text() == lives


def test_a_demo_whose_firm_was_given_up_ends_with_its_reason(tmp_path: Path) -> None:
    demo = Demo(DemoOptions(directory=tmp_path))
    demo.firm = child(tmp_path, "raise SystemExit('the disk is full')")
    demo.children = [child(tmp_path, "")]
    demo.firm.start()
    with pytest.raises(DemoRefused, match="the disk is full"):
        wait(demo, lambda _: None, every_s=0.05)
