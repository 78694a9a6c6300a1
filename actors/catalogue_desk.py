"""Catalogue desk: which programs are on offer. An order starts here, because here is known what was ordered."""

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import Message, OrderWanted
from actors.names import trader_desk
from firm.bounds import PHASES_MAX
from firm.checks.placeholders import placeholder_problems
from firm.commands import PlaceOrder, Publication, PublishProgram, RetireProgram
from firm.facts import Fact, ProgramPublished, ProgramRetired, Refusal, Refused
from firm.inputs import Input
from firm.permissions import Permission
from firm.publishing import FAULTS_TOLD_MAX, WHY_CHARACTERS_MAX, changes_of_sale, fingerprint_of
from firm.ruleset import Program
from firm.ruleset_checks import problems_of_program


class CatalogueState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Programs by name, as last published; `retired` are those of them that are on offer no more."""

    programs: dict[str, Program]
    retired: tuple[str, ...] = ()


class CatalogueDesk:
    """The firm's one catalogue."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = CatalogueState({})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        match body:
            case ProgramPublished():
                name, held = body.program.program, self.state
                retired = tuple(one for one in held.retired if one != name)
                self.state = CatalogueState({**held.programs, name: body.program}, retired)
            case ProgramRetired():
                self.state = replace(self.state, retired=(*self.state.retired, body.program))

    def capture(self) -> CatalogueState:
        return self.state

    def restore(self, state: CatalogueState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case PublishProgram():
                self._publish(message, turn)
            case RetireProgram():
                self._retire(message, turn)
            case PlaceOrder():
                self._order(message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _publish(self, command: PublishProgram, turn: Turn) -> None:
        asked = command.publication
        if asked is not None and (refused := self._not_publishable(command, asked, turn)) is not None:
            turn.record(refused)
            return
        if asked is None and not turn.holds(command.by, Permission.SET_PRICES):
            detail = f"{command.program.program} is published without a reason, which an owner may: say why"
            turn.record(Refused(refusal=Refusal.ROLE_TOO_LOW, detail=detail))
            return
        phases = command.program.phases
        if not 1 <= len(phases) <= PHASES_MAX:
            detail = f"program {command.program.program} has {len(phases)} phases; give 1 to {PHASES_MAX}"
            turn.record(Refused(refusal=Refusal.UNKNOWN_PROGRAM, detail=detail))
            return
        ids = tuple(phase.ruleset.ruleset_id() for phase in phases)
        turn.record(ProgramPublished(program=command.program, ruleset_ids=ids))

    def _not_publishable(self, command: PublishProgram, asked: Publication, turn: Turn) -> Refused | None:
        """Why nobody is sold this, by its first fault; what a later release asks beside must let commands of before pass as they did."""
        program, name = command.program, command.program.program
        held = self.state.programs.get(name)
        faults = (*problems_of_program(program), *placeholder_problems(program))
        is_same = held == program and name not in self.state.retired
        refused: tuple[Refusal, str] | None = None
        if not 1 <= len(asked.why.strip()) <= WHY_CHARACTERS_MAX:
            refused = Refusal.WHY_MISSING, f"say why {name} is published, in 1 to {WHY_CHARACTERS_MAX} characters"
        elif faults:
            refused = Refusal.PROGRAM_FAULTY, "; ".join(map(str, faults[:FAULTS_TOLD_MAX]))
        elif asked.read_against is not None and asked.read_against != fingerprint_of(held):
            refused = Refusal.ANOTHER_VERSION, f"another version of {name} was published since this one was read"
        elif is_same:
            refused = (
                Refusal.PROGRAM_UNCHANGED,
                f"{name} is on offer already just as this says it: nothing is published",
            )
        elif (sold := changes_of_sale(held, program)) and not turn.holds(command.by, Permission.SET_PRICES):
            refused = Refusal.ROLE_TOO_LOW, sold
        return None if refused is None else Refused(refusal=refused[0], detail=refused[1])

    def _retire(self, command: RetireProgram, turn: Turn) -> None:
        refused = self._not_on_offer(command.program)
        turn.record(refused or ProgramRetired(program=command.program, by=command.by, why=command.why))

    def _not_on_offer(self, program: str) -> Refused | None:
        """Why a program cannot be bought, or taken from the shelf."""
        if program not in self.state.programs:
            return Refused(refusal=Refusal.UNKNOWN_PROGRAM, detail=f"no program {program!r} is on offer")
        if program in self.state.retired:
            return Refused(refusal=Refusal.PROGRAM_RETIRED, detail=f"program {program!r} is not sold any more")
        return None

    def _order(self, command: PlaceOrder, turn: Turn) -> None:
        refused = self._not_on_offer(command.program)
        if refused is not None:
            turn.record(refused)
            return
        program = self.state.programs[command.program]
        if len(command.accounts) < len(program.phases):
            detail = f"program {command.program!r} has {len(program.phases)} phases: give so many ids of accounts"
            turn.record(Refused(refusal=Refusal.UNKNOWN_PROGRAM, detail=detail))
            return
        wanted = OrderWanted(
            order=command.order,
            trader=command.trader,
            accounts=command.accounts[: len(program.phases)],
            program=program,
        )
        turn.send(trader_desk(command.trader), wanted)
