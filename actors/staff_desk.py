"""Staff desk: who works for the firm, by pseudonymous id and role. Names and credentials are in the vault."""

import msgspec

from actors.desk import Turn
from actors.messages import Message
from firm.commands import AddStaff
from firm.facts import Fact, Refusal, Refused, StaffAdded
from firm.inputs import Input


class StaffState(msgspec.Struct, frozen=True):
    """Roles by staff id."""

    roles: dict[int, str]


class StaffDesk:
    """The firm's one staff list."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = StaffState({})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        if isinstance(body, StaffAdded):
            self.state = StaffState({**self.state.roles, body.staff: body.role})

    def capture(self) -> StaffState:
        return self.state

    def restore(self, state: StaffState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        assert isinstance(message, AddStaff), f"{self.name} takes no {type(message).__name__}"
        if message.staff in self.state.roles:
            turn.record(Refused(refusal=Refusal.ID_TAKEN, detail="a member of staff has this id"))
            return
        turn.record(StaffAdded(staff=message.staff, role=message.role))
