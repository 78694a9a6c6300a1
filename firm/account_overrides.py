"""Overrides of an account, folded: what was asked and granted, and what that leaves of its rules."""

from msgspec.structs import replace

from firm.account import AccountState
from firm.bounds import OVERRIDES_ASKED_MAX, WAIVERS_ENDED_MAX
from firm.facts import OverrideAsked, OverrideGranted
from firm.overrides import AskedOverride, ExtendPhase, Overrides, Reinstate, Waiver, WaiveRule


def after_override(
    state: AccountState, fact: OverrideAsked | OverrideGranted, seq: int, happened_us: int
) -> AccountState:
    """The state with an exception in it, as far as no row of its own brings what follows."""
    held = state.overrides
    others = tuple(one for one in held.asked if one.override != fact.override)
    if isinstance(fact, OverrideAsked):
        asked = (*others, AskedOverride(fact.override, fact.by, seq, happened_us, fact.why, fact.evidence))
        return replace(state, overrides=replace(held, asked=asked[-OVERRIDES_ASKED_MAX:]))
    granted = replace(held, asked=others)
    match fact.override:
        case Reinstate():
            granted = _with_waiver(granted, _broken_rule(state, fact.override, happened_us), happened_us)
        case WaiveRule():
            granted = _with_waiver(granted, fact.override, happened_us)
        case ExtendPhase():
            granted = replace(granted, days=held.days + fact.override.days)
    return replace(state, overrides=granted)


def _broken_rule(state: AccountState, override: Reinstate, now_us: int) -> WaiveRule:
    """What broke is broken still: under that rule the account could not go on today. A longer waiver is none the shorter for it."""
    finding = state.finding_of(override.decision)
    assert finding is not None, f"account {state.account} was reinstated in spite of no breach"
    waived = [one.until_us for one in state.overrides.waivers if one.rule == finding.rule]
    return WaiveRule(rule=finding.rule, until_us=max((state.ruleset.calendar.day_at(now_us).end_us, *waived)))


def _with_waiver(held: Overrides, waived: WaiveRule, now_us: int) -> Overrides:
    """One a rule that runs: the newest word on until when; since when is as it was. Those that are over stay for deals that come late."""
    ended = [one for one in held.waivers if one.until_us <= now_us][-WAIVERS_ENDED_MAX:]
    running = [one for one in held.waivers if now_us < one.until_us]
    from_us = min((one.from_us for one in running if one.rule == waived.rule), default=now_us)
    others = [one for one in running if one.rule != waived.rule]
    return replace(held, waivers=(*ended, *others, Waiver(waived.rule, from_us, waived.until_us)))
