"""The account and the people who settle its open questions: a breach suspected or questioned, or a pass that was held."""

from typing import assert_never

from actors import account_conduct as conduct
from actors import account_passes as passes
from actors import account_settling as settling
from actors import account_verdicts as verdicts
from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import Finding
from firm.commands import ReviewOutcome, ReviewVerdict
from firm.facts import Refusal, Refused, VerdictCorrected
from firm.rules.judged import Judged, Verdict
from firm.terms.words import Action


def review(seat: AccountSeat, command: ReviewVerdict, turn: Turn) -> bool:
    """A person settles the open question; only the one that is open, named by its decision. Whether to look at the account anew."""
    state = seat.state
    if state is None:
        _refuse(seat, Refusal.UNKNOWN_ACCOUNT, f"no account {command.account}", turn)
    elif (finding := state.finding_of(command.decision)) is not None and state.standing in verdicts.OPEN:
        return _review_breach(seat, command, finding, turn)
    elif finding is not None and finding.questioned:
        _review_declared(seat, command, turn)
    elif state.pass_held_seq and state.pass_held_seq == command.decision:
        _review_pass(seat, command, turn)
    else:
        detail = f"decision {command.decision} is not an open question of this account"
        _refuse(seat, Refusal.NOTHING_TO_DECIDE, detail, turn)
    return False


def _review_breach(seat: AccountSeat, command: ReviewVerdict, finding: Finding, turn: Turn) -> bool:
    match command.outcome:
        case ReviewOutcome.CONFIRM:
            rule = conduct.rule_named(seat, finding.rule)
            if rule is None:
                settling.confirm(seat, finding, turn)
            else:
                seen = Judged(Verdict.BROKEN, finding.observed, finding.floor, finding.unit, finding.subject)
                breach = conduct.Breach(
                    rule, seen, Action.FAIL, finding.at_us, calendar=finding.calendar, accounts=finding.accounts
                )
                conduct.declare(seat, breach, turn, reviewed=True)
            return False
        case ReviewOutcome.DISMISS:
            _dismiss(seat, command, turn)
            if not seat.held.findings:
                verdicts.let_go_on(seat, "dismissed", command.decision, turn)
            return True
        case unknown:
            assert_never(unknown)


def _review_declared(seat: AccountSeat, command: ReviewVerdict, turn: Turn) -> None:
    """A breach that ended the account was questioned by a late price. Either way the account stays closed: its positions are."""
    match command.outcome:
        case ReviewOutcome.CONFIRM:
            because = f"{command.by}: {command.why}"
            seat.record(VerdictCorrected(decision=command.decision, verdict="upheld", because=because), turn)
        case ReviewOutcome.DISMISS:
            _dismiss(seat, command, turn)
        case unknown:
            assert_never(unknown)


def _review_pass(seat: AccountSeat, command: ReviewVerdict, turn: Turn) -> None:
    match command.outcome:
        case ReviewOutcome.CONFIRM if seat.held.standing in verdicts.OPEN:
            detail = "whether it broke a limit is not settled: settle that first"
            _refuse(seat, Refusal.BREACH_IN_QUESTION, detail, turn)
        case ReviewOutcome.CONFIRM if not passes.is_won(seat, turn.header.happened_us, turn):
            detail = "the objectives are no longer met: look at the account again when they are"
            _refuse(seat, Refusal.NO_LONGER_WON, detail, turn)
        case ReviewOutcome.CONFIRM:
            passes.win(seat, turn.header.happened_us, turn)
        case ReviewOutcome.DISMISS:
            _dismiss(seat, command, turn)
        case unknown:
            assert_never(unknown)


def _dismiss(seat: AccountSeat, command: ReviewVerdict, turn: Turn) -> None:
    because = f"{command.by}: {command.why}"
    seat.record(VerdictCorrected(decision=command.decision, verdict="dismissed", because=because), turn)


def _refuse(seat: AccountSeat, why: Refusal, detail: str, turn: Turn) -> None:
    seat.record(Refused(refusal=why, detail=detail), turn)
