"""The stories: each comes out as it expects, the same each time, and each of its expectations can be missed."""

from enum import Enum
from functools import cache
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from appliance.story.grammar import read_story
from appliance.story.playing import Played, play
from appliance.story.telling import unmet
from appliance.story.words import Expected, Line, Recorded, Refused, Story, Word
from firm.facts import Doubt

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.story"))
NEVER = Recorded(kind="DeskStopped")


def read(path: Path) -> Story:
    return read_story(path.read_text("utf-8"), path.parent)


@cache  # two tests look at it, and neither changes it
def played_once(path: Path) -> Played:
    return play(read(path))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_comes_out_as_it_expects(path: Path) -> None:
    played = played_once(path)
    assert [(entry.line and entry.line.text, entry.missed) for entry in unmet(played)] == []
    assert any(isinstance(entry.line.does, Expected) for entry in played.entries if entry.line)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_whatever_a_story_expects_otherwise_it_misses(path: Path) -> None:
    """Each figure and each word that is asked, changed by itself and held at the same place."""
    story = read(path)
    changed = replace(story, lines=tuple(line for told in story.lines for line in changed_lines(told)))
    expected = [line for line in changed.lines if isinstance(line.does, Expected)]
    missed = {id(entry.line) for entry in unmet(play(changed))}
    assert [line.does for line in expected if id(line) not in missed] == []


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_same_story_gives_the_same_rows(path: Path) -> None:
    first, second = played_once(path).office.rows, play(read(path)).office.rows
    assert [(row, msgspec.json.encode(body)) for row, body in first] == [
        (row, msgspec.json.encode(body)) for row, body in second
    ]


def changed_lines(line: Line) -> list[Line]:
    """A line's expectation in all the ways in which it would be wrong; a line that expects nothing as it is."""
    if not isinstance(line.does, Expected):
        return [line]
    return [replace(line, does=replace(line.does, what=wrong)) for wrong in wrongly(line.does.what)]


def wrongly(what: Word) -> list[Word]:
    """With each of its fields changed that says something; what has none is exchanged for what never happens."""
    if isinstance(what, Refused):  # asked once: a refusal that was looked at is gone
        return [Refused(answer="done")]
    fields = msgspec.structs.asdict(what).items()
    return [
        replace(what, **{name: other(value)}) for name, value in fields if value not in (None, "", frozenset())
    ] or [NEVER]


def other(value: object) -> object:
    """Another value of its kind."""
    match value:
        case Enum():
            return next(one for one in type(value) if one is not value)
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return "DeskStopped" if value[0].isupper() else f"not-{value}"
        case frozenset():
            return value ^ {Doubt.KILL_SWITCH}
    raise AssertionError(f"nothing else is known beside {value!r}")
