"""Catalogue desk: which programs are on offer. An order starts here, because here is known what was ordered."""

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import Message, OrderWanted
from actors.names import trader_desk
from firm.bounds import PHASES_MAX
from firm.commands import PlaceOrder, PublishProgram
from firm.facts import Fact, ProgramPublished, Refusal, Refused
from firm.inputs import Input
from firm.ruleset import Program


class CatalogueState(msgspec.Struct, frozen=True):
    """Programs by name, as last published."""

    programs: dict[str, Program]


class CatalogueDesk:
    """The firm's one catalogue."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = CatalogueState({})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        if isinstance(body, ProgramPublished):
            self.state = replace(self.state, programs={**self.state.programs, body.program.program: body.program})

    def capture(self) -> CatalogueState:
        return self.state

    def restore(self, state: CatalogueState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case PublishProgram():
                self._publish(message, turn)
            case PlaceOrder():
                self._order(message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _publish(self, command: PublishProgram, turn: Turn) -> None:
        phases = command.program.phases
        if not 1 <= len(phases) <= PHASES_MAX:
            detail = f"program {command.program.program} has {len(phases)} phases; give 1 to {PHASES_MAX}"
            turn.record(Refused(refusal=Refusal.UNKNOWN_PROGRAM, detail=detail))
            return
        ids = tuple(phase.ruleset.ruleset_id() for phase in phases)
        turn.record(ProgramPublished(program=command.program, ruleset_ids=ids))

    def _order(self, command: PlaceOrder, turn: Turn) -> None:
        program = self.state.programs.get(command.program)
        if program is None or len(command.accounts) < len(program.phases):
            detail = f"no program {command.program!r} is on offer"
            turn.record(Refused(refusal=Refusal.UNKNOWN_PROGRAM, detail=detail))
            return
        wanted = OrderWanted(
            order=command.order,
            trader=command.trader,
            accounts=command.accounts[: len(program.phases)],
            program=program,
        )
        turn.send(trader_desk(command.trader), wanted)
