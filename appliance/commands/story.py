"""`evenhand story FILE`: play a story of a few days of trading and tell what the firm decides, and whether that is what it expects."""

import argparse
from pathlib import Path

from appliance.commands.options import Verbs, verb
from appliance.console import CommandRefused
from appliance.story.grammar import read_story
from appliance.story.playing import play
from appliance.story.refused import StoryRefused
from appliance.story.telling import ledger_of, unmet


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "story",
        run,
        "play a story of trading days, and hold what the firm decides against what the story expects",
        "evenhand story news_spike.story",
        "docs/stories.md tells the language. Exit status: 0 all is as expected, 1 something is not, 2 the story cannot be read.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the story, as text")


def run(options: argparse.Namespace) -> int:
    path: Path = options.file
    try:
        played = play(read_story(path.read_text("utf-8"), path.parent))
    except OSError as error:
        raise CommandRefused(f"{path} cannot be read ({error.strerror}): name a story") from error
    except UnicodeDecodeError as broken:
        raise CommandRefused(f"{path} is not UTF-8 (byte {broken.start}): save it as UTF-8") from broken
    except StoryRefused as refused:
        raise CommandRefused(f"{path}: {refused}") from refused
    print(ledger_of(played))
    return 1 if unmet(played) else 0
