"""Trader desk: one person's accounts together, for rules that no single account can see."""

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import Message, OrderAllowed, OrderWanted
from actors.names import key_id, order_desk
from firm.commands import RegisterTrader
from firm.facts import AccountOpened, Fact, OrderPlaced, Refusal, Refused, StandingChanged, TraderRegistered
from firm.inputs import Input
from firm.phase import ENDED, Standing


class TraderState(msgspec.Struct, frozen=True, gc=False):
    """A trader: whether registered, the orders placed whose first account is not open yet, and each account's standing."""

    registered: bool
    ordered: frozenset[int]
    accounts: dict[int, Standing]


class TraderDesk:
    """One trader."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.trader = key_id(name)
        self.state = TraderState(registered=False, ordered=frozenset(), accounts={})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        match body:
            case TraderRegistered():
                self.state = replace(state, registered=True)
            case OrderPlaced():
                self.state = replace(state, ordered=state.ordered | {body.order})
            case AccountOpened():
                accounts = {**state.accounts, account: Standing.PROVISIONING}
                self.state = replace(state, ordered=state.ordered - {body.challenge}, accounts=accounts)
            case StandingChanged():
                self.state = replace(state, accounts={**state.accounts, account: body.after})

    def capture(self) -> TraderState:
        return self.state

    def restore(self, state: TraderState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case RegisterTrader():
                self._register(turn)
            case OrderWanted():
                self._allow(message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _register(self, turn: Turn) -> None:
        if self.state.registered:
            turn.record(Refused(refusal=Refusal.ID_TAKEN, detail="this trader is registered already"))
            return
        turn.record(TraderRegistered(trader=self.trader))

    def _allow(self, wanted: OrderWanted, turn: Turn) -> None:
        if not self.state.registered:
            turn.record(Refused(refusal=Refusal.UNKNOWN_TRADER, detail="register the trader first"))
            return
        running = sum(standing not in ENDED for standing in self.state.accounts.values()) + len(self.state.ordered)
        if running >= wanted.program.accounts_max:
            detail = f"{running} accounts run or are on order; the program allows {wanted.program.accounts_max}"
            turn.record(Refused(refusal=Refusal.TOO_MANY_ACCOUNTS, detail=detail))
            return
        allowed = OrderAllowed(
            order=wanted.order, trader=wanted.trader, accounts=wanted.accounts, program=wanted.program
        )
        turn.send(order_desk(wanted.order), allowed)
