"""Order desk: one order and the challenge it becomes: placed, paid, then an account for each phase in turn."""

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import (
    AccountStood,
    AskReopening,
    GivenUp,
    Message,
    OpenAccount,
    OrderAllowed,
    RoomAnswered,
    RoomWanted,
)
from actors.names import COURIER, account_desk, key_id, trader_desk
from firm.commands import AdvanceChallenge, LapseOrder, MarkOrderPaid
from firm.facts import (
    ChallengeAdvanced,
    ChallengeEnded,
    ChallengeHeld,
    ChallengeOpened,
    ChallengeReopened,
    Fact,
    OrderLapsed,
    OrderPaid,
    OrderPlaced,
    Refusal,
    Refused,
)
from firm.ids import id_text
from firm.inputs import Input
from firm.phase import ENDED, Standing
from firm.ruleset import Program


class OrderState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order. `program` is kept as it was when ordered: what is published later does not change it. `held`: the phase whose account
    waits for a person, 0 where none does.
    """

    trader: int
    accounts: tuple[int, ...]
    program: Program
    paid: bool = False
    phase: int = -1
    ended: Standing | None = None
    held: int = 0
    placed_us: int = 0
    lapsed: bool = False


class OrderDesk:
    """One order. The challenge has the order's number."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.order = key_id(name)
        self.state: OrderState | None = None

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        match body:
            case OrderPlaced():
                self.state = OrderState(
                    trader=body.trader, accounts=body.accounts, program=body.program, placed_us=happened_us
                )
            case OrderLapsed():
                self.state = replace(self._placed, lapsed=True, held=0)
            case OrderPaid():
                self.state = replace(self._placed, paid=True)
            case ChallengeAdvanced():
                self.state = replace(self._placed, phase=body.phase, held=0)
            case ChallengeHeld():
                self.state = replace(self._placed, held=body.phase)
            case ChallengeEnded():
                self.state = replace(self._placed, ended=body.standing)
            case ChallengeReopened():
                self.state = replace(self._placed, ended=None)

    def capture(self) -> OrderState | None:
        return self.state

    def restore(self, state: OrderState | None) -> None:
        self.state = state

    @property
    def _placed(self) -> OrderState:
        assert self.state is not None, f"{self.name} was never placed"
        return self.state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case OrderAllowed():
                self._place(message, turn)
            case MarkOrderPaid():
                self._pay(message, turn)
            case AccountStood():
                self._follow(message, turn)
            case RoomAnswered():
                self._go_on(message, turn)
            case LapseOrder():
                self._lapse(message, turn)
            case GivenUp():
                self._give_up(turn)
            case AdvanceChallenge():
                self._let_advance(message, turn)
            case AskReopening():
                self._allow_reopening(message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _place(self, allowed: OrderAllowed, turn: Turn) -> None:
        if self.state is not None:
            turn.record(Refused(refusal=Refusal.ID_TAKEN, detail="an order with this id exists"))
            return
        turn.record(
            OrderPlaced(
                order=self.order,
                trader=allowed.trader,
                price=allowed.program.price,
                accounts=allowed.accounts,
                program=allowed.program,
            )
        )

    def _pay(self, command: MarkOrderPaid, turn: Turn) -> None:
        if self.state is None:
            turn.record(Refused(refusal=Refusal.UNKNOWN_ORDER, detail="no such order"))
            return
        if self.state.paid or self.state.lapsed:
            word = "is paid already" if self.state.paid else "has lapsed: place another"
            turn.record(Refused(refusal=Refusal.ORDER_NOT_OPEN, detail=f"this order {word}"))
            return
        turn.record(OrderPaid(order=self.order, reference=command.reference))
        state = self._placed
        turn.record(ChallengeOpened(challenge=self.order, trader=state.trader, program=state.program.program))
        self._advance(0, turn)

    def _lapse(self, command: LapseOrder, turn: Turn) -> None:
        state, by_courier = self.state, command.by == COURIER
        if state is None:
            turn.record(Refused(refusal=Refusal.UNKNOWN_ORDER, detail="no such order"))
        elif state.paid or state.lapsed:
            turn.record(Refused(refusal=Refusal.ORDER_NOT_OPEN, detail="this order waits for no money"))
        elif by_courier and turn.header.happened_us - state.placed_us < turn.policy.order_lapse_us:
            turn.record(Refused(refusal=Refusal.ORDER_NOT_OPEN, detail="this order may still be paid"))
        else:
            self._come_to_nothing("unpaid" if by_courier else "withdrawn", turn)

    def _give_up(self, turn: Turn) -> None:
        """Only what waits: an account that was opened for it is told itself."""
        state = self._placed
        if state.held:
            turn.record(ChallengeEnded(challenge=self.order, standing=Standing.CLOSED), state.accounts[state.phase])
        if state.held or not (state.paid or state.lapsed):
            self._come_to_nothing("given_up", turn)

    def _come_to_nothing(self, because: str, turn: Turn) -> None:
        turn.record(OrderLapsed(order=self.order, trader=self._placed.trader, because=because))

    def _follow(self, stood: AccountStood, turn: Turn) -> None:
        """A passed phase leads to the next one; any other end ends the challenge, which goes on with an account that is reinstated."""
        state = self._placed
        if stood.after not in ENDED:
            if state.ended is not None:
                turn.record(ChallengeReopened(challenge=self.order), stood.account)
            return
        if state.ended is not None or state.accounts[state.phase] != stood.account:
            return
        if stood.after is Standing.PASSED and state.phase + 1 < len(state.program.phases):
            wanted = RoomWanted(order=self.order, place=state.phase + 1, program=state.program)
            turn.send(trader_desk(state.trader), wanted)
        else:
            turn.record(ChallengeEnded(challenge=self.order, standing=stood.after), stood.account)

    def _go_on(self, room: RoomAnswered, turn: Turn) -> None:
        """The trader's desk has said whether there is room. Where there is none, the program is not at its end: a person decides."""
        state = self._placed
        if room.place != state.phase + 1 or state.ended is not None:
            return
        if not room.why_not:
            self._advance(room.place, turn)
            return
        held = ChallengeHeld(
            challenge=self.order,
            trader=state.trader,
            phase=room.place,
            funded=state.program.phases[room.place].funded,
            why=room.why_not,
        )
        turn.record(held, state.accounts[state.phase])

    def _let_advance(self, command: AdvanceChallenge, turn: Turn) -> None:
        """A person opens what was held, whatever stands together by now."""
        if self.state is None:
            turn.record(Refused(refusal=Refusal.UNKNOWN_ORDER, detail="no such order"))
        elif not self.state.held:
            detail = "no phase of this order waits for a person"
            turn.record(Refused(refusal=Refusal.NOTHING_TO_DECIDE, detail=detail))
        elif not command.why.strip():
            detail = "say why it is opened although it passes a rule"
            turn.record(Refused(refusal=Refusal.REASON_MISSING, detail=detail))
        else:
            self._advance(self.state.held, turn)

    def _allow_reopening(self, ask: AskReopening, turn: Turn) -> None:
        state = self._placed
        newest = state.accounts[state.phase]
        if newest == ask.account:
            turn.send(trader_desk(state.trader), ask)
            return
        detail = f"account {id_text(newest)} has come in this account's place: make the exception there"
        turn.record(Refused(refusal=Refusal.CHALLENGE_MOVED_ON, detail=detail), ask.account)

    def _advance(self, place: int, turn: Turn) -> None:
        state = self._placed
        account = state.accounts[place]
        turn.record(ChallengeAdvanced(challenge=self.order, phase=place), account)
        opening = OpenAccount(
            trader=state.trader,
            challenge=self.order,
            place=place,
            phase=state.program.phases[place],
            program=state.program,
        )
        turn.send(account_desk(account), opening)
