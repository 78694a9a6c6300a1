"""Security desk: puts into the book what changed in how people sign in, which mails they are owed, and what staff did that nobody else
decides. How they sign in, and where they are written to, is in the vault; nothing is decided by it.
"""

import msgspec

from actors.desk import Turn
from actors.messages import Message
from firm.bounds import ABOUT_LENGTH_MAX
from firm.commands import AskAddressChange, ChangeAddress, DropAddressChange, NoteAct, NoteSecurity, OweMail
from firm.facts import (
    AddressChangeAsked,
    AddressChanged,
    AddressChangeDropped,
    Fact,
    MailEnded,
    MailOwed,
    Refusal,
    Refused,
    SecurityNoted,
    StaffActed,
)
from firm.inputs import Input, MailReported
from firm.letters import Letter

WHY_LENGTH_MAX = 500


class SecurityState(msgspec.Struct, frozen=True):
    """Nothing: each note stands for itself."""


class SecurityDesk:
    """The firm's one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = SecurityState()

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:
        """Nothing changes this state."""

    def capture(self) -> SecurityState:
        return self.state

    def restore(self, state: SecurityState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case NoteSecurity():
                self._note(message, turn)
            case NoteAct():
                turn.record(_acted(message))
            case OweMail():
                turn.record(MailOwed(person=message.person, letter=message.letter))
            case AskAddressChange():
                turn.record(AddressChangeAsked(person=message.person, sealed=message.sealed))
                # In this order: the owner of the present address hears of it before the other one can be confirmed.
                for letter in (Letter.ADDRESS_CHANGE_ASKED, Letter.CONFIRM_NEW_ADDRESS):
                    turn.record(MailOwed(person=message.person, letter=letter))
            case ChangeAddress():
                turn.record(AddressChanged(person=message.person, sealed=message.sealed))
            case DropAddressChange():
                turn.record(AddressChangeDropped(person=message.person))
            case MailReported():
                told = {name: getattr(message, name) for name in MailEnded.__struct_fields__}
                turn.record(MailEnded(**told))
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _note(self, message: NoteSecurity, turn: Turn) -> None:
        if len(message.why) > WHY_LENGTH_MAX:
            turn.record(
                Refused(refusal=Refusal.WHY_MISSING, detail=f"a reason has at most {WHY_LENGTH_MAX} characters")
            )
            return
        turn.record(SecurityNoted(person=message.person, act=message.act, by=message.by, why=message.why))


def _acted(asked: NoteAct) -> Fact:
    if len(asked.about) > ABOUT_LENGTH_MAX:
        detail = f"what an act is about is told in at most {ABOUT_LENGTH_MAX} characters"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    return StaffActed(act=asked.act, by=asked.by, about=asked.about, on=asked.on, trader=asked.trader)
