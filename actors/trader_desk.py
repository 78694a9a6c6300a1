"""Trader desk: one person's accounts together, for rules that no single account can see.

A trader is one identity today. Which accounts are those of the identity is answered in one place, `_accounts`.
"""

from typing import assert_never

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import (
    AskReopening,
    GivenUp,
    HoldingsChanged,
    Message,
    OrderAllowed,
    OrderWanted,
    ReopeningAllowed,
    RoomAnswered,
    RoomWanted,
)
from actors.names import COURIER, account_desk, key_id, order_desk
from actors.trader_accounts import (
    HeldAccount,
    OnOrder,
    account_opened,
    counted_words,
    known_accounts,
    on_order,
    platforms_of,
)
from actors.trader_documents import AboutDocument, answer_about, as_retained, documents_after, let_go
from actors.trader_looks import look
from actors.trader_room import NoRoom, why_no_room
from actors.trader_views import seen_as
from firm.bounds import ERASURE_WORDS_MAX
from firm.commands import (
    BeginView,
    ConfirmAddress,
    DeleteDocument,
    EndView,
    EraseTrader,
    JoinFirm,
    KeepDocument,
    NoteDocumentRefused,
    OpenDocument,
    PlaceTrader,
    RegisterTrader,
    SeePage,
)
from firm.documents import DocumentHeld
from firm.facts import (
    AccountOpened,
    AddressConfirmed,
    ChallengeHeld,
    DocumentDeleted,
    DocumentKept,
    DocumentOpened,
    ErasureOrdered,
    Fact,
    MailOwed,
    OrderLapsed,
    OrderPlaced,
    Refusal,
    Refused,
    StandingChanged,
    TraderJoined,
    TraderPlaced,
    TraderRegistered,
    ValuesForgotten,
)
from firm.ids import id_text
from firm.inputs import ErasureReported, Input
from firm.letters import Letter
from firm.phase import ENDED, Standing
from firm.regions import NO_REGION, REGION_WORDS, is_region, region_words
from firm.ruleset import Phase, Program
from firm.staff import wordless

BAD_REGION = Refused(refusal=Refusal.BAD_REGION, detail=f"its name has {REGION_WORDS}, or there is none")
FORGOTTEN = "this trader asked to be forgotten: who comes back is registered anew, under another id"


class TraderState(msgspec.Struct, frozen=True, gc=False):
    """A trader: whether registered, each account, and by order what waits: orders whose account is not open yet, and held phases.

    `forgetting`: the classes of what the vault still holds of somebody who is to be forgotten; None of anybody else.
    `unconfirmed`: they signed up by themselves, and their mail address is not confirmed yet. `documents`: those that are kept.
    `region`: of the firm's, "" for none; no rule asks for it, but who works on some regions alone.
    """

    registered: bool
    ordered: dict[int, OnOrder]
    accounts: dict[int, HeldAccount]
    forgetting: tuple[str, ...] | None = None
    unconfirmed: bool = False
    documents: tuple[DocumentHeld, ...] = ()
    region: str = NO_REGION


class TraderDesk:
    """One trader."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.trader = key_id(name)
        self.state = TraderState(registered=False, ordered={}, accounts={})
        self._platforms: tuple[dict[int, HeldAccount], int] = (self.state.accounts, 0)

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002  (each desk folds alike)
        state = self.state
        match body:
            case TraderRegistered() | TraderJoined() | TraderPlaced() | AddressConfirmed():
                self.state = _known(state, body)
            case OrderPlaced():
                waiting = on_order(body.program, body.program.phases[0])
                self.state = replace(state, ordered={**state.ordered, body.order: waiting})
            case OrderLapsed():
                ordered = {order: one for order, one in state.ordered.items() if order != body.order}
                self.state = replace(state, ordered=ordered)
            case AccountOpened():
                opened = account_opened(body, self._program_of(body.challenge))
                ordered = {order: one for order, one in state.ordered.items() if order != body.challenge}
                self.state = replace(state, ordered=ordered, accounts={**state.accounts, account: opened})
            case ChallengeHeld():
                passed = state.accounts[account]
                waiting = OnOrder(passed.program, passed.size, body.funded)
                self.state = replace(state, ordered={**state.ordered, body.challenge: waiting})
            case ErasureOrdered():
                classes = {each.klass for each in body.classes} | set(state.forgetting or ())
                self.state = replace(state, forgetting=tuple(sorted(classes)))
            case ValuesForgotten():
                left = tuple(klass for klass in state.forgetting or () if not (body.finished and klass == body.klass))
                documents = documents_after(body, state.documents, happened_us)
                self.state = replace(state, forgetting=left, documents=documents)
            case DocumentKept() | DocumentOpened() | DocumentDeleted():
                self.state = replace(state, documents=documents_after(body, state.documents, happened_us))
            case StandingChanged():
                stood = replace(state.accounts[account], standing=body.after)
                self.state = replace(state, accounts={**state.accounts, account: stood})

    def capture(self) -> TraderState:
        return self.state

    def restore(self, state: TraderState) -> None:
        self.state = state

    @property
    def platforms_together(self) -> int:
        """As `platforms_of` its accounts."""
        known, platforms = self._platforms
        if known is not self._accounts:
            platforms = platforms_of(self._accounts)
            self._platforms = (self._accounts, platforms)
        return platforms

    @property
    def counted(self) -> int:
        """How many accounts count where another is ordered: those that run, are on order or are held."""
        return sum(one.standing not in ENDED for one in self._accounts.values()) + len(self.state.ordered)

    @property
    def programs(self) -> frozenset[str]:
        """By name, those that the trader has accounts of or ordered."""
        held = {one.program for one in self._accounts.values()}
        return frozenset(held | {one.program for one in self.state.ordered.values()})

    @property
    def _accounts(self) -> dict[int, HeldAccount]:
        """The accounts of the identity."""
        return self.state.accounts

    def _program_of(self, challenge: int) -> str:
        """The name of the program that a challenge is about."""
        waiting = self.state.ordered.get(challenge)
        if waiting is not None:
            return waiting.program
        return next(one.program for one in self.state.accounts.values() if one.challenge == challenge)

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case RegisterTrader() | JoinFirm() | PlaceTrader() | ConfirmAddress():
                self._know(message, turn)
            case OrderWanted():
                self._allow(message, turn)
            case RoomWanted():
                self._answer_room(message, turn)
            case AskReopening():
                self._allow_reopening(message, turn)
            case EraseTrader():
                self._forget(message, turn)
            case ErasureReported():
                self._forgot(message, turn)
            case KeepDocument() | NoteDocumentRefused() | OpenDocument() | DeleteDocument():
                turn.record(self._about_document(message, turn))
            case HoldingsChanged():
                look(self._accounts, message, turn)
            case BeginView() | SeePage() | EndView():
                turn.record(seen_as(message, registered=self.state.registered, forgotten=self._is_forgotten))
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _about_document(self, asked: AboutDocument, turn: Turn) -> Fact:
        state = self.state
        return answer_about(
            asked, state.documents, turn, is_registered=state.registered, is_forgotten=self._is_forgotten
        )

    def _know(self, asked: RegisterTrader | JoinFirm | PlaceTrader | ConfirmAddress, turn: Turn) -> None:
        match asked:
            case RegisterTrader():
                self._register(asked, turn)
            case JoinFirm():
                self._join(asked, turn)
            case PlaceTrader():
                self._place(asked, turn)
            case ConfirmAddress():
                self._confirm(turn)
            case unknown:
                assert_never(unknown)

    def _register(self, asked: RegisterTrader | JoinFirm, turn: Turn) -> bool:
        if self.state.registered:
            turn.record(Refused(refusal=Refusal.ID_TAKEN, detail="this trader is registered already"))
            return False
        if not is_region(asked.region):
            turn.record(BAD_REGION)
            return False
        turn.record(TraderRegistered(trader=self.trader))
        if asked.region:
            turn.record(TraderPlaced(trader=self.trader, region=asked.region, by=asked.by))
        return True

    def _place(self, asked: PlaceTrader, turn: Turn) -> None:
        placed = TraderPlaced(
            trader=self.trader,
            region=asked.region,
            by=asked.by,
            before=self.state.region,
            why=asked.why,
            by_country=asked.by_country,
        )
        turn.record(self._why_not_placed(asked) or placed)

    def _why_not_placed(self, asked: PlaceTrader) -> Refused | None:
        if not self.state.registered:
            return Refused(refusal=Refusal.UNKNOWN_TRADER, detail="no trader has this id")
        if self._is_forgotten:
            return Refused(refusal=Refusal.TRADER_FORGOTTEN, detail="nothing more is said of where they are from")
        if not is_region(asked.region):
            return BAD_REGION
        if asked.region == self.state.region:
            return Refused(refusal=Refusal.REGION_UNCHANGED, detail=f"they are in {region_words(asked.region)} already")
        no = wordless(asked.why)
        return None if no is None else Refused(refusal=no[0], detail=no[1])

    def _join(self, asked: JoinFirm, turn: Turn) -> None:
        """The same trader as one whom the firm registers, but for what waits until their address is confirmed."""
        if self._register(asked, turn):
            turn.record(TraderJoined(trader=self.trader, accepted=asked.accepted))
            turn.record(MailOwed(person=f"trader:{self.trader}", letter=Letter.CONFIRM_ADDRESS))

    def _confirm(self, turn: Turn) -> None:
        """Once: a second link of theirs says nothing new."""
        if self.state.unconfirmed:
            turn.record(AddressConfirmed(trader=self.trader))

    def _forget(self, asked: EraseTrader, turn: Turn) -> None:
        why_not = self._why_not_forgotten(asked, turn)
        if why_not is not None:
            turn.record(why_not)
            return
        for order in self.state.ordered:
            turn.send(order_desk(order), GivenUp())
        for account, one in self._accounts.items():
            if one.standing not in ENDED:
                turn.send(account_desk(account), GivenUp())
        documents = self.state.documents  # as they are before the rows of this turn
        turn.record(ErasureOrdered(trader=self.trader, classes=as_retained(asked.classes, documents, turn)))
        for deleted in let_go(asked, documents, turn):
            turn.record(deleted)

    def _why_not_forgotten(self, asked: EraseTrader, turn: Turn) -> Refused | None:
        if not self.state.registered:
            return Refused(refusal=Refusal.UNKNOWN_TRADER, detail="no trader has this id")
        if not 0 < len(asked.why.strip()) <= ERASURE_WORDS_MAX:
            return Refused(refusal=Refusal.REASON_MISSING, detail="an erasure needs its reason")
        if asked.by == COURIER and not self.state.unconfirmed:
            return Refused(
                refusal=Refusal.NOT_PERMITTED, detail="this trader confirmed their address: people forget them"
            )
        if not asked.gives_up and (running := self.counted):
            detail = f"{counted_words(running)}: first it ends, or the trader gives up what runs"
            return Refused(refusal=Refusal.ACCOUNTS_RUN, detail=detail)
        if not asked.gives_up and (questioned := self._questioned(turn)):
            detail = f"whether the breach of account {questioned} stands is not settled: nothing could be given back afterwards"
            return Refused(refusal=Refusal.BREACH_IN_QUESTION, detail=detail)
        held = {each.klass for each in asked.classes}
        if not held or held <= set(self.state.forgetting or ()):
            return Refused(refusal=Refusal.NOTHING_TO_ERASE, detail="all of it is to go already")
        return None

    def _questioned(self, turn: Turn) -> str:
        """An account that was closed for a breach which a person has yet to uphold or dismiss; "" where there is none."""
        breached = known_accounts(self._accounts, turn, Standing.BREACHED)
        asked = (one.state.account for one in breached if any(each.questioned for each in one.state.findings))
        return next(map(id_text, asked), "")

    def _forgot(self, told: ErasureReported, turn: Turn) -> None:
        if told.klass not in (self.state.forgetting or ()):
            return  # told twice: a courier that was stopped begins anew
        turn.record(
            ValuesForgotten(
                trader=self.trader, klass=told.klass, values=told.values, pooled=told.pooled, finished=told.finished
            )
        )

    def _allow(self, wanted: OrderWanted, turn: Turn) -> None:
        if not self.state.registered:
            turn.record(Refused(refusal=Refusal.UNKNOWN_TRADER, detail="register the trader first"))
            return
        if self._is_forgotten:
            turn.record(Refused(refusal=Refusal.TRADER_FORGOTTEN, detail=FORGOTTEN))
            return
        if self.state.unconfirmed:
            detail = "this trader's mail address is not confirmed: they open the link that was sent to it"
            turn.record(Refused(refusal=Refusal.ADDRESS_UNCONFIRMED, detail=detail))
            return
        running = self.counted
        if running >= wanted.program.accounts_max:
            detail = f"{counted_words(running)}; the program allows {wanted.program.accounts_max}"
            turn.record(Refused(refusal=Refusal.TOO_MANY_ACCOUNTS, detail=detail))
            return
        no_room = self._why_no_room(wanted.program, wanted.program.phases[0], turn)
        if no_room is not None:
            turn.record(Refused(refusal=no_room.refusal, detail=no_room.detail))
            return
        allowed = OrderAllowed(
            order=wanted.order, trader=wanted.trader, accounts=wanted.accounts, program=wanted.program
        )
        turn.send(order_desk(wanted.order), allowed)

    def _answer_room(self, wanted: RoomWanted, turn: Turn) -> None:
        """The account that reached the phase is over by now, and counts no more."""
        no_room = self._why_no_room(wanted.program, wanted.program.phases[wanted.place], turn)
        why_not = FORGOTTEN if self._is_forgotten else "" if no_room is None else no_room.detail
        turn.send(order_desk(wanted.order), RoomAnswered(place=wanted.place, why_not=why_not))

    def _allow_reopening(self, ask: AskReopening, turn: Turn) -> None:
        """Nobody is given back an account that leads to nobody."""
        if self._is_forgotten:
            turn.record(Refused(refusal=Refusal.TRADER_FORGOTTEN, detail=FORGOTTEN), ask.account)
            return
        turn.send(account_desk(ask.account), ReopeningAllowed(command=ask.command))

    @property
    def _is_forgotten(self) -> bool:
        return self.state.forgetting is not None

    def _why_no_room(self, program: Program, phase: Phase, turn: Turn) -> NoRoom | None:
        running = known_accounts(self._accounts, turn)
        return why_no_room(program, phase, self._accounts, self.state.ordered.values(), running)


def _known(state: TraderState, fact: TraderRegistered | TraderJoined | TraderPlaced | AddressConfirmed) -> TraderState:
    """What is known of the person, as the fact leaves it."""
    match fact:
        case TraderRegistered():
            return replace(state, registered=True)
        case TraderJoined():
            return replace(state, unconfirmed=True)
        case TraderPlaced():
            return replace(state, region=fact.region)
        case AddressConfirmed():
            return replace(state, unconfirmed=False)
        case unknown:
            assert_never(unknown)
