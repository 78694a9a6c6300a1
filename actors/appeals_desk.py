"""Appeals desk: what one trader wants a person to look at, each decision once, until somebody has answered."""

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import Message
from actors.names import key_id
from firm.bounds import ANSWER_WORDS_MAX, APPEALS_MAX, APPEALS_OPEN_MAX
from firm.commands import AnswerAppeal, AppealDecision, AppealOutcome
from firm.facts import AppealAnswered, DecisionAppealed, Fact, OverrideGranted, Refusal, Refused, VerdictCorrected
from firm.inputs import Input


class AppealsState(msgspec.Struct, frozen=True, gc=False):
    """Decisions by their ledger seq, with the account of each: those that wait, and those that were answered.

    `righted`: those of the waiting whose account had an exception granted, or a verdict put right, since they were asked about.
    """

    waiting: dict[int, int]
    answered: dict[int, int]
    righted: tuple[int, ...] = ()


class AppealsDesk:
    """One trader's. That an account is theirs was looked at before it comes here; which decisions it has, the border knows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.trader = key_id(name)
        self.state = AppealsState(waiting={}, answered={})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        match body:
            case DecisionAppealed():
                self.state = replace(state, waiting={**state.waiting, body.decision: account})
            case AppealAnswered():
                left = {decision: of for decision, of in state.waiting.items() if decision != body.decision}
                righted = tuple(each for each in state.righted if each != body.decision)
                answered = {**state.answered, body.decision: account}
                self.state = replace(state, waiting=left, answered=answered, righted=righted)
            case OverrideGranted() | VerdictCorrected():
                righted = tuple(
                    sorted(each for each, of in state.waiting.items() if of == account or each in state.righted)
                )
                self.state = replace(state, righted=righted)

    def capture(self) -> AppealsState:
        return self.state

    def restore(self, state: AppealsState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case AppealDecision():
                self._ask(message, turn)
            case AnswerAppeal():
                self._answer(message, turn)
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _ask(self, asked: AppealDecision, turn: Turn) -> None:
        state = self.state
        if asked.decision in state.waiting or asked.decision in state.answered:
            turn.record(Refused(refusal=Refusal.APPEALED_ALREADY, detail="a person was asked already"), asked.account)
        elif len(state.waiting) >= APPEALS_OPEN_MAX or len(state.waiting) + len(state.answered) >= APPEALS_MAX:
            detail = f"at most {APPEALS_OPEN_MAX} may wait at once, and {APPEALS_MAX} may be asked in all"
            turn.record(Refused(refusal=Refusal.TOO_MANY_APPEALS, detail=detail), asked.account)
        else:
            told = DecisionAppealed(trader=self.trader, decision=asked.decision, sealed=asked.sealed)
            turn.record(told, asked.account)

    def _answer(self, answer: AnswerAppeal, turn: Turn) -> None:
        if self.state.waiting.get(answer.decision) != answer.account:
            detail = "nobody waits for a look at this decision"
            turn.record(Refused(refusal=Refusal.NOTHING_TO_DECIDE, detail=detail), answer.account)
        elif not 0 < len(answer.why.strip()) <= ANSWER_WORDS_MAX:
            turn.record(Refused(refusal=Refusal.WHY_MISSING, detail="an answer needs its reason"), answer.account)
        elif answer.outcome is AppealOutcome.CORRECTED and answer.decision not in self.state.righted:
            # The trader would read that it was put right, and find everything as it was.
            detail = "no exception was granted and no verdict put right on this account since the trader asked"
            turn.record(Refused(refusal=Refusal.NOTHING_PUT_RIGHT, detail=detail), answer.account)
        else:
            told = AppealAnswered(
                trader=self.trader,
                decision=answer.decision,
                outcome=answer.outcome,
                by=answer.by,
                why=answer.why.strip(),
            )
            turn.record(told, answer.account)
