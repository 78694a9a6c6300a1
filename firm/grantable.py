"""Grantable: which exceptions an account's rules allow, and why another is refused. What needs no more than its state and its equity."""

from typing import assert_never

from firm.account import AccountState
from firm.bounds import AMOUNT_MINOR_MAX, EXTENDED_DAYS_MAX, MARK_TIMES_MAX, REINSTATED_DAYS_MAX, WAIVED_DAYS_MAX
from firm.facts import Refusal, Refused
from firm.instant import DAY_US, utc_text
from firm.override_effects import FloorMoved, floors_moved, highs_followed, mark_now
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule
from firm.phase import JUDGED, Standing
from firm.rules.across_accounts import is_traded
from firm.rules.deeds import looks_at_deeds
from firm.rules.looks import is_look
from firm.ruleset import AnyRuleset, Rule, rule_named
from firm.terms.losses import LossLimit
from firm.terms.objectives import Inactivity, MaximumDuration

_Clock = MaximumDuration | Inactivity


def waivable(ruleset: AnyRuleset) -> list[Rule]:
    """The rules that an account breaks by what it loses, does or lets pass."""
    return [rule for rule in ruleset.rules if _is_waivable(rule)]


def adjustable(state: AccountState) -> list[Rule]:
    """The rules whose floor follows a high that a person may set."""
    return [rule for rule in state.ruleset.rules if highs_followed(state, rule.id)]


def has_clock(ruleset: AnyRuleset) -> bool:
    """Whether a clock ends the phase, so that it may be extended."""
    return any(isinstance(rule.terms, _Clock) for rule in ruleset.rules)


def why_not(state: AccountState, wanted: Override, equity: int | None, happened_us: int, now_us: int) -> Refused | None:
    """Why an exception cannot be granted; None where it can.

    `equity`: at present prices, None where something that is held has none. `happened_us`: of the command; `now_us`: no price is newer.
    """
    if isinstance(wanted, Reinstate):
        return _why_not_reinstate(state, wanted, now_us)
    if state.standing not in JUDGED or state.day is None:
        detail = f"the account is {state.standing}: only one that is judged has rules to make an exception from"
        return Refused(refusal=Refusal.ACCOUNT_NOT_RUNNING, detail=detail)
    match wanted:
        case WaiveRule():
            return _why_not_waive(state, wanted, happened_us)
        case ExtendPhase():
            return _why_not_extend(state, wanted)
        case AdjustMark():
            return _why_not_adjust(state, wanted) or _why_not_such_floors(state, wanted, equity)
        case unknown:
            assert_never(unknown)


def _is_waivable(rule: Rule) -> bool:
    terms = rule.terms
    return isinstance(terms, LossLimit | _Clock) or is_look(terms) or looks_at_deeds(rule) or is_traded(terms)


def _why_not_reinstate(state: AccountState, wanted: Reinstate, now_us: int) -> Refused | None:
    if state.standing is not Standing.BREACHED or state.finding_of(wanted.decision) is None:
        detail = f"decision {wanted.decision} is no breach by which this account is closed: name the one that is"
        return Refused(refusal=Refusal.NOT_BREACHED, detail=detail)
    if state.day is None or now_us - state.day.day.end_us > REINSTATED_DAYS_MAX * DAY_US:
        detail = f"it was closed more than {REINSTATED_DAYS_MAX} days ago: give the trader another account instead"
        return Refused(refusal=Refusal.TOO_LONG_AGO, detail=detail)
    return None


def _why_not_waive(state: AccountState, wanted: WaiveRule, now_us: int) -> Refused | None:
    rule = rule_named(state.ruleset, wanted.rule)
    if rule is None:
        names = ", ".join(rule.id for rule in state.ruleset.rules)
        return Refused(
            refusal=Refusal.UNKNOWN_RULE, detail=f"{wanted.rule!r} is no rule of this account: it has {names}"
        )
    if not _is_waivable(rule):
        detail = f"{wanted.rule} is nothing that an account breaks while it trades: there is nothing to waive"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    if not now_us < wanted.until_us <= now_us + WAIVED_DAYS_MAX * DAY_US:
        detail = f"until {utc_text(wanted.until_us)}: name an instant within the next {WAIVED_DAYS_MAX} days"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    if any((one.rule, one.until_us) == (wanted.rule, wanted.until_us) for one in state.overrides.waivers):
        detail = f"{wanted.rule} is waived until {utc_text(wanted.until_us)} already"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    return None


def _why_not_extend(state: AccountState, wanted: ExtendPhase) -> Refused | None:
    if not has_clock(state.ruleset):
        detail = "no clock ends this phase: there is nothing to extend"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    left = EXTENDED_DAYS_MAX - state.overrides.days
    if not 1 <= wanted.days <= left:
        detail = f"{wanted.days} days: name 1 to {left}, as a phase is extended by {EXTENDED_DAYS_MAX} days at most"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    return None


def _why_not_adjust(state: AccountState, wanted: AdjustMark) -> Refused | None:
    """What is wrong with the mark itself."""
    if wanted.mark is Mark.HIGH and rule_named(state.ruleset, wanted.rule) is None:
        detail = f"{wanted.rule!r} is no rule of this account: name one whose floor follows a high"
        return Refused(refusal=Refusal.UNKNOWN_RULE, detail=detail)
    if wanted.mark is Mark.HIGH and not highs_followed(state, wanted.rule):
        detail = f"the floor of {wanted.rule} follows no high of bookings or rollovers: waive it instead"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    if wanted.mark is not Mark.HIGH and state.closing is not None:
        detail = "the day's start is not final yet: adjust it when it is"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    least, most = marks_allowed(state, wanted)
    if not least <= wanted.minor <= most:
        said = f"{state.money(wanted.minor)} is no mark of this account, a slip of the pen it seems"
        detail = f"{said}: name {state.money(least)} to {state.money(most)}"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    return None


def marks_allowed(state: AccountState, wanted: AdjustMark) -> tuple[int, int]:
    """From which mark to which one may be set: a few times what the account began with, has and is measured from now."""
    assert state.day is not None, f"account {state.account} has no marks of a day"
    now = mark_now(state, wanted.mark, wanted.rule)
    known = [state.initial.minor + state.cash_net, state.balance, state.day.balance, state.day.equity]
    known += [] if now is None else [now]
    least = max(1, -(-min(known) // MARK_TIMES_MAX))
    return least, min(AMOUNT_MINOR_MAX, max(known) * MARK_TIMES_MAX)


def _why_not_such_floors(state: AccountState, wanted: AdjustMark, equity: int | None) -> Refused | None:
    """What is wrong with where floors would come to stand."""
    moved = floors_moved(state, wanted, equity)
    if not moved:
        named = f"the high of {wanted.rule}" if wanted.mark is Mark.HIGH else "that mark of the day"
        detail = f"no floor of this account would move: none hangs from {named} alone, or it stands there already"
        return Refused(refusal=Refusal.NOTHING_TO_OVERRIDE, detail=detail)
    raised = [one for one in moved if one.after > one.before]
    if raised and equity is None:
        detail = "a floor would rise, and what is open has no price now: adjust it when it has"
        return Refused(refusal=Refusal.BREAKS_AT_ONCE, detail=detail)
    broken = next((one for one in raised if one.breaks), None)
    return None if broken is None else _breaks_at_once(state, broken)


def _breaks_at_once(state: AccountState, broken: FloorMoved) -> Refused:
    assert broken.measured is not None, "what breaks was measured"
    stands, floor = state.money(broken.measured), state.money(broken.after)
    detail = (
        f"the floor of {broken.limit.rule.id} would be {floor}, and the account stands at {stands}: it would be broken at once. "
        "Name another figure"
    )
    return Refused(refusal=Refusal.BREAKS_AT_ONCE, detail=detail)
