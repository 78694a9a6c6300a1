"""Telling: a story that was played, as a ledger for people: what happened, what the firm decided about it, what was expected and met."""

import re
from collections.abc import Iterator

from appliance.story.clock import day_text, time_text
from appliance.story.office import Recorded
from appliance.story.playing import Entry, Played
from appliance.story.sentences import QUIET, sentence_of
from appliance.story.words import Expected, Line
from appliance.wording import counted
from firm.ids import parse_id

_BELOW = " " * 12  # what a line brought stands below it, behind its time
_POSITION = re.compile(r"\bposition (\d+)\b")
_STAFF = re.compile(r"\bstaff:\d+")
_ACCOUNT = re.compile(r"\baccount ([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})")


def ledger_of(played: Played) -> str:
    """The whole ledger, times in the story's zone, with the count of what was met, or what was not, at its end."""
    program = played.story.program
    lines = [f"{program.title}, {program.size}; times in {played.story.zone}"]
    day = at = ""
    for entry in played.entries:
        if (today := day_text(played.story.zone, entry.at_us)) != day:
            lines += ["", today]
            day, at = today, ""
        now = time_text(played.story.zone, entry.at_us)
        told = list(_entry_lines(played, entry, " " * len(now) if now == at else now))
        lines += told
        at = now if told else at
    return "\n".join([*lines, "", *_total(played)])


def unmet(played: Played) -> tuple[Entry, ...]:
    """What was not as a line expected."""
    return tuple(entry for entry in played.entries if entry.missed)


def _later(zone: str, line: Line) -> str:
    """When the firm hears of it, as a line says it."""
    if line.told_us is None:
        return ""
    next_day = "" if day_text(zone, line.told_us) == day_text(zone, line.at_us) else " the next day"
    return f", told {time_text(zone, line.told_us)}{next_day}"


def _entry_lines(played: Played, entry: Entry, at: str) -> Iterator[str]:
    if entry.line is not None:
        is_expected = isinstance(entry.line.does, Expected)
        sign = "✗ " if entry.missed else "✓ " if is_expected else ""
        yield f"  {at}  {sign}{entry.line.text}{_later(played.story.zone, entry.line)}"
    elif any(not isinstance(one.fact, QUIET) for one in entry.recorded):
        yield f"  {at}"
    if entry.missed:
        yield f"{_BELOW}{entry.missed}"
    if entry.refused:
        yield f"{_BELOW}the platform refuses: {entry.refused.replace('_', ' ')}"
    for one in entry.recorded:
        if not isinstance(one.fact, QUIET):
            yield f"{_BELOW}{_told(played, one, entry)}"


def _told(played: Played, one: Recorded, entry: Entry) -> str:
    """Who, what, and when, where that is another instant than the line's."""
    sentence = _POSITION.sub(lambda found: played.positions.get(found[1], found[0]), sentence_of(one.fact))
    sentence = _STAFF.sub(lambda found: played.office.people.get(found[0], found[0]), sentence)
    sentence = _ACCOUNT.sub(lambda found: _called(played, found), sentence)
    who = f"{_name(played, one.account)}: " if one.account else ""
    when = "" if one.at_us == entry.at_us else f" [{time_text(played.story.zone, one.at_us)}]"
    return f"{who}{sentence}{when}"


def _called(played: Played, found: re.Match[str]) -> str:
    """An account by the name that the story has for it."""
    account = parse_id(found[1])
    return _name(played, account) if account in played.accounts else found[0]


def _name(played: Played, account: int) -> str:
    """What the story calls an account, with its phase where that is not the first."""
    name = played.accounts[account]
    phase = [number for number, called in played.accounts.items() if called == name].index(account) + 1
    return name if phase == 1 else f"{name}, phase {phase}"


def _total(played: Played) -> Iterator[str]:
    wrong = unmet(played)
    expected = sum(entry.line is not None and isinstance(entry.line.does, Expected) for entry in played.entries)
    if not wrong:
        yield f"{counted(expected, 'expectation')} met"
        return
    for entry in wrong:
        assert entry.line is not None
        yield f"line {entry.line.number}: “{entry.line.text}”: {entry.missed}"
    met = expected - sum(isinstance(entry.line.does, Expected) for entry in wrong if entry.line is not None)
    refused = sum(not isinstance(entry.line.does, Expected) for entry in wrong if entry.line is not None)
    also = f", and {counted(refused, 'line')} refused that no line expects" if refused else ""
    yield f"{met} of {counted(expected, 'expectation')} met{also}"
