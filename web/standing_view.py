"""Standing view: how an account's standing is said, and what comes next. A breach in question, or dismissed, is not said as a breach."""

import msgspec

from firm.phase import Standing
from storage.readmodels.accounts import AccountLine
from web import words

ASKED = "A person at the firm decides whether the breach stands. Until then the account stays closed."
# While the firm takes nothing, whoever trades is told what is true of their positions.
HELD = "Your positions stay on the platform. What happens there meanwhile is judged when the firm is back."
DISMISSED = (
    "The breach was none. The account stays closed, because its positions are. What you are owed for it, another account or money, "
    "a person at the firm settles with you. If you do not hear from us, write to our support and name the decision."
)
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


def said_of(line: AccountLine) -> Said:
    if line.standing is Standing.BREACHED and line.decision is not None:
        match line.verdict:
            case "":
                return Said("Breach in question", "warn", "hourglass", ASKED, stands=False)
            case "dismissed":
                return Said("Breach dismissed", "info", "gavel", DISMISSED, stands=False)
    word, tone = words.STANDINGS[line.standing]
    return Said(word, tone, words.STANDING_ICONS[line.standing], words.NEXT_ACTIONS[line.standing])
