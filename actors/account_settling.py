"""The account and breaches in question whose answer has come: the day's final start, the platform's word, or a person's."""

from actors import account_verdicts as verdicts
from actors.account_grounds import change_since
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import AskFailure, FailureAllowed, FailureHeld
from actors.names import RISK
from firm.account import AccountState, Finding, Moved
from firm.arithmetic import PLAIN, Arithmetic, Figure, Working
from firm.facts import BreachDeclared, Doubt, Refusal, Refused, VerdictCorrected
from firm.phase import ENDED, Standing
from firm.rules.limits import Limit, breaks, floor_of
from firm.terms.losses import Checked, Measured
from firm.terms.words import Action


def confirm(seat: AccountSeat, finding: Finding, turn: Turn) -> None:
    """A person confirms a suspicion. What measured again is no breach cannot be confirmed, only dismissed."""
    if _still_breaks(seat, finding, turn):
        _declare(seat, finding, turn, reviewed=True)
        return
    detail = f"measured again, the equity that decision {finding.seq} saw is not beyond the floor: dismiss it instead"
    seat.record(Refused(refusal=Refusal.NOT_BROKEN, detail=detail), turn)


def settle(seat: AccountSeat, turn: Turn) -> None:
    """What breaches only waited for may have come: the day's final start, the platform's word. Then they stand or fall."""
    for finding in seat.held.findings:
        if not finding.awaits_figures or seat.held.standing is not Standing.SUSPECTED:
            continue
        hopeless = _why_never(seat, finding, turn)
        if hopeless is not None:
            seat.stand(Standing.UNDER_REVIEW, hopeless.value, turn)
            return
        if _still_awaited(seat.held, finding):
            continue
        if _still_breaks(seat, finding, turn):
            ask = AskFailure(account=seat.account, rule=finding.rule, at_us=finding.at_us, settled=True)
            turn.send(RISK, ask)
            return
        because = "measured again with what is final now, the equity that was seen is not beyond the floor"
        seat.record(VerdictCorrected(decision=finding.seq, verdict="exonerated", because=because), turn)
        if not seat.held.findings:
            verdicts.let_go_on(seat, "exonerated", finding.seq, turn)


def fail(seat: AccountSeat, allowed: FailureAllowed, turn: Turn) -> None:
    """The risk desk let it through. Another rule may have ended the account in the same input."""
    if seat.held.standing not in ENDED:
        finding = next(finding for finding in seat.held.findings if finding.rule == allowed.rule)
        _declare(seat, finding, turn, reviewed=False)


def hold_failure(seat: AccountSeat, held: FailureHeld, turn: Turn) -> None:
    """The risk desk wants a person to look."""
    if seat.held.standing is Standing.SUSPECTED:
        seat.stand(Standing.UNDER_REVIEW, held.doubt.value, turn)


def _still_awaited(state: AccountState, finding: Finding) -> bool:
    awaits_start = Doubt.PROVISIONAL_ANCHOR in finding.doubts and state.day is not None and not state.day.final
    awaits_word = Doubt.BOOK_UNCONFIRMED in finding.doubts and state.reconciled_seq < finding.seq
    return awaits_start or awaits_word


def _why_never(seat: AccountSeat, finding: Finding, turn: Turn) -> Doubt | None:
    """What was waited for cannot come any more: the platform's word is another, the day went by without its start, or a deal came late or
    a swap was told with which nobody can tell what was measured."""
    state, grounds = seat.held, finding.grounds
    if Doubt.BOOK_UNCONFIRMED in finding.doubts and state.drifting:
        return Doubt.DRIFT
    if grounds is not None and grounds.deals and change_since(state, finding, seat.board(turn)) is None:
        return Doubt.LATE_DATA
    if _is_mixed(state, _limit_asked(state, finding), finding):
        return Doubt.PROVISIONAL_ANCHOR
    another_day = state.day is None or state.day.day.start_us != finding.day_us
    return Doubt.PROVISIONAL_ANCHOR if Doubt.PROVISIONAL_ANCHOR in finding.doubts and another_day else None


def _still_breaks(seat: AccountSeat, finding: Finding, turn: Turn) -> bool:
    """Whether it is a breach by what is final now, and by what came late as far as that can be measured."""
    limit = _limit_asked(seat.held, finding)
    observed, floor = figures(PLAIN, seat.held, limit, finding)
    change = change_since(seat.held, finding, seat.board(turn))
    if change is None:
        return breaks(PLAIN, limit.terms, observed, floor)
    told_twice = sum(moved.minor for moved in finding.moved if moved.is_late)  # those deals are in `change` too
    return breaks(PLAIN, limit.terms, max(observed, observed + change - told_twice), floor)


def _declare(seat: AccountSeat, finding: Finding, turn: Turn, *, reviewed: bool) -> None:
    """A suspected breach is beyond doubt: declare it from the equity that was recorded then."""
    state = seat.held
    limit = _limit_asked(state, finding)
    calc = Working()
    observed, floor = figures(calc, state, limit, finding)
    broken = breaks(calc, limit.terms, observed, floor)
    assert broken, f"{seat.name}: {limit.rule.id} is declared, but nothing breaks it"
    fact = BreachDeclared(
        rule=limit.rule.id,
        rule_kind=verdicts.kind_of(limit),
        severity="hard",
        floor=state.money(int(floor)),
        observed=state.money(int(observed)),
        at_us=finding.at_us,
        late=False,
        reviewed=reviewed,
        quotes=(),
        working=tuple(calc.steps),
        does=Action.FAIL,
    )
    decision = seat.record(fact, turn)
    seat.enforce("flatten", decision, turn)
    seat.stand(Standing.BREACHED, limit.rule.id, turn)


def _limit_asked(state: AccountState, finding: Finding) -> Limit:
    limit = verdicts.limit_named(state, finding.rule)
    assert limit is not None, f"account {state.account} has no rule {finding.rule}"
    return limit


def figures(calc: Arithmetic, state: AccountState, limit: Limit, finding: Finding) -> tuple[int, int]:
    """The equity that was seen, and the floor as it is now; or as it was then, once another day, a later high or a payout has moved it,
    and always where the end of a day was held against its floor.
    """
    same_day = state.day is not None and state.day.day.start_us == finding.day_us
    paid_since = any(payout.seq > finding.seq for payout in state.track.payouts)
    of_day_before = limit.terms.checked is Checked.AT_ROLLOVER  # the floor with which that day ended
    still_holds = same_day and not limit.follows_every_tick and not paid_since and not of_day_before
    still_holds = still_holds and not _is_mixed(state, limit, finding)
    moved = [one for one in finding.moved if one.is_late or (still_holds and (one.cash or _has_swap(state, limit)))]
    observed = _observed(calc, finding, moved)
    if still_holds:
        return observed, floor_of(calc, state, limit)
    told = "floor when the breach was suspected"
    return observed, calc.given(told, finding.floor, "minor", f"{finding.seq}/floor/minor")


def _has_swap(state: AccountState, limit: Limit) -> bool:
    """Whether what the night cost is in the floor as it is now, and so in the equity that is held against it. No balance has it."""
    return limit.terms.measured is Measured.EQUITY and limit.moves_with_swap(state)


def _is_mixed(state: AccountState, limit: Limit, finding: Finding) -> bool:
    """Whether the night's swap moved the floor, and equity and balance together are held against it: of the one that was seen nobody can
    tell whether it had the swap in it. A person decides, by the figures of then.
    """
    is_swapped = any(moved.swap_was is not None for moved in finding.moved)
    return is_swapped and limit.terms.measured in (Measured.EITHER, Measured.BOTH) and limit.moves_with_swap(state)


def _observed(calc: Arithmetic, finding: Finding, moved: list[Moved]) -> int:
    """The equity that was seen when the breach was suspected, with what was booked since and belongs into it.

    Cash and the night's swap move the floor as it is now, and so what is held against it; the floor as it was then they leave alone.
    """
    seen = f"{finding.seq}/observed/minor"
    observed = calc.given("equity when the breach was suspected", finding.observed, "minor", seen)
    for place, one in enumerate(moved, start=1):
        if one.swap_was is not None:
            observed = _with_swap(calc, observed, one, one.swap_was, place)
            continue
        name, path = ("deposit or withdrawal", "amount") if one.cash else ("late deal", "net")
        name, path = ("late dividend", "amount") if one.dividend else (name, path)
        given = calc.given(f"{name} #{place}", one.minor, "minor", f"{one.seq}/{path}/minor")
        observed = calc.plus(f"equity with {name} #{place}", observed, given)
    return observed


def _with_swap(calc: Arithmetic, observed: int, moved: Moved, was: Figure, place: int) -> int:
    told = calc.given(f"swap told since #{place}", moved.minor + was.value, "minor", f"{moved.seq}/swap/minor")
    before = calc.given(f"swap that was seen #{place}", was.value, "minor", was.source)
    return calc.plus(f"equity with swap #{place}", observed, calc.minus(f"swap of the night #{place}", told, before))
