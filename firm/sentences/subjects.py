"""Subjects: what a rule's answer is about, in words: the position, day, symbol, side, release or condition that its judge names."""

import re
from collections.abc import Mapping
from enum import Enum, auto

from firm.deed import PlacedBy
from firm.inputs import Side
from firm.sentences.speaker import Speaker

_SIDES = frozenset(Side)
_PLACED = frozenset(PlacedBy) - {PlacedBy.FIRM, PlacedBy.UNKNOWN}  # of these two nobody judges
_OVER = re.compile(r"(.+) (\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})Z")
_ADDED = re.compile(r"(.+) (\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\.\d{6}Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class _About(Enum):
    """What the judge of a kind of term names."""

    POSITION = auto()
    OPENING = auto()  # a position, with when it was added to where that is meant
    HELD = auto()  # a position, or an order that waits, with the closure that it is held over
    IDEA = auto()  # by the position that began it
    RESULT = auto()  # a day by its label, or a position
    RELEASE = auto()  # a position, and the release in whose window it was touched
    PLACED = auto()  # a position, and who placed it
    ACCOUNT = auto()
    RULE = auto()  # another rule of the same ruleset


_ABOUT: Mapping[str, _About] = {
    "adverse_excursion": _About.POSITION,
    "automation_use": _About.PLACED,
    "consistency": _About.RESULT,
    "exposure_limit": _About.POSITION,
    "holding_limit": _About.HELD,
    "idea_risk": _About.IDEA,
    "lot_consistency": _About.POSITION,
    "martingale": _About.OPENING,
    "merge": _About.ACCOUNT,
    "news_window": _About.RELEASE,
    "payout_conditions": _About.RULE,
    "risk_reward": _About.POSITION,
    "stop_loss_required": _About.POSITION,
    "trade_duration": _About.POSITION,
    "trading_hours": _About.OPENING,
}
"""By the tag of the term. Those that are not here name a symbol, or a symbol with a side."""


Releases = Mapping[str, str]
"""Titles of releases, by their ids in a calendar of news."""
NO_RELEASES: Releases = {}


def subject_in_words(kind: str, subject: str, say: Speaker, releases: Releases = NO_RELEASES) -> str:
    """`kind`: the tag of the term. `subject`: as its judge gave it; "" for the account says nothing. A release that is in none of
    `releases` is called by its id.
    """
    if not subject:
        return ""
    match _ABOUT.get(kind):
        case None:
            return _traded(subject, say)
        case _About.RELEASE | _About.PLACED:
            return _deed(subject, say, releases)
        case _About.HELD if over := _OVER.fullmatch(subject):
            name, day, clock = over.groups()
            return say("live.about.held_over", name=say.name(name), end=say.name(f"{day} {clock} UTC"))
        case _About.OPENING:
            return _opening(subject, say)
        case _About.RESULT:
            return say("live.about.day" if _DAY.fullmatch(subject) else "live.about.position", name=say.name(subject))
        case _About.RULE:
            return say("live.about.rule", name=say.rules([subject]))
        case about:
            return say(f"live.about.{about.name.lower()}", name=say.name(subject))


def _opening(subject: str, say: Speaker) -> str:
    """ "P1", "P1 2014-05-02T12:00:01.000000Z": a position, or what was added to it then."""
    added = _ADDED.fullmatch(subject)
    if added is None:
        return say("live.about.position", name=say.name(subject))
    name, day, clock = added.groups()
    return say("live.about.added", name=say.name(name), time=say.name(f"{day} {clock} UTC"))


def _traded(subject: str, say: Speaker) -> str:
    """A symbol, or a symbol with a side."""
    symbol, _, side = subject.rpartition(" ")
    return say(f"live.side.{side}", symbol=say.name(symbol)) if symbol and side in _SIDES else say.name(subject)


def _deed(subject: str, say: Speaker, releases: Releases) -> str:
    """ "P1 expert", "P1 usd-payrolls-6-june": a position, and what of it was wrong."""
    position, _, rest = subject.partition(" ")
    if not rest:
        return say("live.about.position", name=say.name(position))
    if rest in _PLACED:
        return say("live.about.placed", name=say.name(position), how=_lower_first(say(f"live.condition.{rest}")))
    return say("live.about.release", name=say.name(position), release=say.name(releases.get(rest, rest)))


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
