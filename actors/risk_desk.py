"""Risk desk: may an account be failed or passed automatically right now? The mass-breach breaker and the kill switches.

A bad price or a broken feed fails many accounts at once; a real market seldom does. So automatic failures stop when too many
come together, and a person looks. A kill switch takes one person to engage and two different ones to release.
"""

from typing import TypedDict

import msgspec
from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import (
    AskFailure,
    AskPass,
    FailureAllowed,
    FailureHeld,
    Message,
    PassAllowed,
    PassDoubted,
)
from actors.names import account_desk
from firm.commands import EngageKillSwitch, KillSwitch, ReleaseKillSwitch, ResetBreaker, is_named
from firm.deed import Deed
from firm.facts import (
    BreachDeclared,
    BreakerReset,
    BreakerTripped,
    Doubt,
    Fact,
    KillSwitchEngaged,
    KillSwitchReleaseAsked,
    KillSwitchReleased,
    Refusal,
    Refused,
    StandingChanged,
)
from firm.inputs import Input
from firm.permissions import Permission
from firm.phase import JUDGED
from firm.rules.across_accounts import Together


class _Asked(TypedDict):
    """What an answer repeats of its question."""

    rule: str
    at_us: int
    settled: bool
    late: bool
    at_rollover: bool
    deed: Deed | None
    together: Together | None


class RiskState(msgspec.Struct, frozen=True, kw_only=True):
    """`failures`: instants of recent automatic failures; `judged`: accounts now under judgement; `asked`: who asked for a release."""

    failures: tuple[int, ...] = ()
    judged: int = 0
    tripped: bool = False
    engaged: frozenset[KillSwitch] = frozenset()
    asked: dict[KillSwitch, str] = msgspec.field(default_factory=dict)


class RiskDesk:
    """The firm's one risk desk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = RiskState()
        # One price may break many accounts: those allowed on it count before their breaches are facts.
        self._asked_in = 0
        self._failed_before: tuple[int, ...] = ()
        self._allowed = 0

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        match body:
            case BreachDeclared() if body.severity == "hard" and not body.reviewed:
                self.state = replace(state, failures=(*state.failures[-9_999:], happened_us))
            case StandingChanged():
                step = (body.after in JUDGED) - (body.before in JUDGED)
                self.state = replace(state, judged=state.judged + step)
            case BreakerTripped():
                self.state = replace(state, tripped=True)
            case BreakerReset():
                self.state = replace(state, tripped=False, failures=())
            case KillSwitchEngaged():
                # Whoever asked for a release asked about the engagement before this one.
                asked = {switch: by for switch, by in state.asked.items() if switch is not body.switch}
                self.state = replace(state, engaged=state.engaged | {body.switch}, asked=asked)
            case KillSwitchReleaseAsked():
                self.state = replace(state, asked={**state.asked, body.switch: body.by})
            case KillSwitchReleased():
                asked = {switch: by for switch, by in state.asked.items() if switch is not body.switch}
                self.state = replace(state, engaged=state.engaged - {body.switch}, asked=asked)

    def capture(self) -> RiskState:
        return self.state

    def restore(self, state: RiskState) -> None:
        self.state = state
        self._asked_in = 0

    def decide(self, message: Message | Input, turn: Turn) -> None:
        match message:
            case AskFailure():
                self._answer_failure(message, turn)
            case AskPass():
                self._answer_pass(message, turn)
            case EngageKillSwitch():
                self._engage(message, turn)
            case ReleaseKillSwitch():
                self._release(message, turn)
            case ResetBreaker():
                turn.record(BreakerReset(why=f"{message.by}: {message.why}"))
            case _:
                raise AssertionError(f"{self.name} takes no {type(message).__name__}")

    def _answer_failure(self, ask: AskFailure, turn: Turn) -> None:
        if self._asked_in != turn.header.seq:
            self._asked_in, self._failed_before, self._allowed = turn.header.seq, self.state.failures, 0
        doubt = self.why_not_fail(ask, turn)
        asked = _Asked(
            rule=ask.rule,
            at_us=ask.at_us,
            settled=ask.settled,
            late=ask.late,
            at_rollover=ask.at_rollover,
            deed=ask.deed,
            together=ask.together,
        )
        if doubt is None:
            self._allowed += 1
            answer: Message = FailureAllowed(**asked)
        else:
            answer = FailureHeld(**asked, doubt=doubt)
        turn.send(account_desk(ask.account), answer)

    def why_not_fail(self, ask: AskFailure, turn: Turn) -> Doubt | None:
        """Why a person must look at it; None where it may be failed."""
        if KillSwitch.FAILURES in self.state.engaged:
            return Doubt.KILL_SWITCH
        if self.state.tripped:
            return Doubt.MASS_BREACH
        policy = turn.policy
        before = sum(ask.at_us - failed_us < policy.breaker_window_us for failed_us in self._failed_before)
        recent = before + self._allowed + 1
        share_bp = recent * 10_000 // max(1, self.state.judged)
        too_many = recent > policy.breaker_accounts_max
        too_large = recent >= policy.breaker_share_accounts_min and share_bp > policy.breaker_share_max_bp
        if not (too_many or too_large):
            return None
        turn.record(BreakerTripped(failures=recent, accounts=self.state.judged, window_us=policy.breaker_window_us))
        return Doubt.MASS_BREACH

    def _answer_pass(self, ask: AskPass, turn: Turn) -> None:
        held = KillSwitch.PASSES in self.state.engaged
        answer: Message = (
            PassDoubted(at_us=ask.at_us, doubt=Doubt.KILL_SWITCH) if held else PassAllowed(at_us=ask.at_us)
        )
        turn.send(account_desk(ask.account), answer)

    def _engage(self, command: EngageKillSwitch, turn: Turn) -> None:
        turn.record(KillSwitchEngaged(switch=command.switch, by=command.by, why=command.why))

    def _release(self, command: ReleaseKillSwitch, turn: Turn) -> None:
        if command.switch not in self.state.engaged:
            turn.record(Refused(refusal=Refusal.SWITCH_NOT_ENGAGED, detail=f"{command.switch} is not engaged"))
            return
        if not is_named(command.by):
            detail = f"two people release it, and {command.by} says not who does: do it on the page of controls"
            turn.record(Refused(refusal=Refusal.NAME_MISSING, detail=detail))
            return
        first = self.state.asked.get(command.switch, "")
        # Who was let go since, or releases nothing any more, is none of the two: whoever comes now is the first.
        if not (is_named(first) and turn.holds(first, Permission.RELEASE_SWITCHES)):
            turn.record(KillSwitchReleaseAsked(switch=command.switch, by=command.by, why=command.why))
        elif first == command.by:
            detail = "a second person must release it"
            turn.record(Refused(refusal=Refusal.SAME_PERSON_TWICE, detail=detail))
        else:
            turn.record(KillSwitchReleased(switch=command.switch, by=(first, command.by), why=command.why))
