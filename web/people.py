"""People: who did something, by name and role for staff, and as "the firm's risk staff" for traders."""

import re
from collections.abc import Iterable

import anyio.to_thread

from firm.permissions import role_word
from web import words
from web.firm import Firm
from web.shell.speech import ENGLISH, Speech

CONSOLE = "console"  # whoever was at the machine
_STAFF = re.compile(r"staff:(\d+)")


async def staff_names(firm: Firm, texts: Iterable[str]) -> dict[str, str]:
    """Every "staff:123" found in the texts: name and role for whoever may see names, else the pseudonym and the role."""
    found = sorted({reference for text in texts for reference in _references(text)})
    return await anyio.to_thread.run_sync(_look_up, firm, found)


def named(text: str, names: dict[str, str] | None, speech: Speech = ENGLISH) -> str:
    """The text with each reference written for its reader; `names` is None for traders."""
    if names is None:
        return speech("override.risk_staff") if _STAFF.search(text) or text == CONSOLE else text
    return _STAFF.sub(lambda match: names.get(match[0], words.who(match[0])), text)


def _references(text: str) -> list[str]:
    return [match[0] for match in _STAFF.finditer(text)]


def _look_up(firm: Firm, references: list[str]) -> dict[str, str]:
    names, members = {}, firm.live.staff().members
    for reference in references:
        number = int(reference.partition(":")[2])
        person, member = firm.person("staff", number), members.get(number)
        called = person.name if person else words.who(reference)
        names[reference] = called if member is None else f"{called}, {role_word(member.role)}"
    return names
