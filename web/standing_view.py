"""Standing view: how an account's standing is said, and what comes next. A breach in question, or dismissed, is not said as a breach."""

import msgspec

from firm.phase import Standing
from storage.readmodels.accounts import AccountLine
from web import words
from web.shell.speech import ENGLISH, Speech

DISMISSED_TO_STAFF = (
    "The breach was none. The account stays closed, because its positions are. "
    "What is owed to this trader is settled by hand."
)


class Said(msgspec.Struct, frozen=True):
    """`next_action`: to the trader. `stands`: whether it is told as the standing itself."""

    word: str
    tone: str
    icon: str
    next_action: str
    stands: bool = True


def said_of(line: AccountLine, speech: Speech = ENGLISH) -> Said:
    if line.standing is Standing.BREACHED and line.decision is not None:
        match line.verdict:
            case "":
                word, then = speech("standing.in_question"), speech("next.asked")
                return Said(word, "warn", "hourglass", then, stands=False)
            case "dismissed":
                word, then = speech("standing.dismissed"), speech("next.dismissed")
                return Said(word, "info", "gavel", then, stands=False)
    standing = line.standing
    word, then = speech(f"standing.{standing.value}"), speech(f"next.{standing.value}")
    return Said(word, words.STANDINGS[standing][1], words.STANDING_ICONS[standing], then)
