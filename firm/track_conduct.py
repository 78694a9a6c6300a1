"""Track of conduct: who was let off, positions whose profit does not count, and how much of it does not."""

from msgspec.structs import replace

from firm.account import AccountState
from firm.arithmetic import Figure
from firm.bounds import TRADES_TRACKED_MAX
from firm.facts import BreachWaived, ProfitExcluded, RuleBroken
from firm.rules.deduction import looks_at_closings, takes_profit
from firm.rules.openings import is_of_position
from firm.ruleset import term_named
from firm.track import Excluded, Excluding, LetOff, Track


def with_excluding(state: AccountState, track: Track, fact: RuleBroken) -> Track:
    """What an open position brings from now on does not count, whether it keeps the rule again or not."""
    terms = term_named(state.ruleset, fact.rule)
    if not takes_profit(fact.does) or terms is None or looks_at_closings(terms):
        return track
    held = next((one for one in state.positions if is_of_position(fact.subject, one.position_id)), None)
    if held is None:
        return track
    others = tuple(one for one in track.excluding if (one.rule, one.position_id) != (fact.rule, held.position_id))
    return replace(track, excluding=(*others, Excluding(fact.rule, held.position_id, fact.does)))


def without_gone(state: AccountState, track: Track) -> Track:
    """The next deal comes: what was closed before it has been reckoned with. `state`: the account without it."""
    if not track.excluding:
        return track
    held = {one.position_id for one in state.positions}
    return replace(track, excluding=tuple(one for one in track.excluding if one.position_id in held))


def at_breach_waived(track: Track, fact: BreachWaived) -> Track:
    """Of one subject the newest row counts."""
    others = without_let_off(track, fact.rule, fact.subject).let_off
    return replace(track, let_off=(*others, LetOff(fact.rule, fact.subject, fact.observed)))


def without_let_off(track: Track, rule: str, subject: str) -> Track:
    """The subject has kept the rule again, or breaks it beyond what was waived."""
    if not track.let_off:
        return track
    return replace(track, let_off=tuple(one for one in track.let_off if (one.rule, one.subject) != (rule, subject)))


def at_profit_excluded(track: Track, fact: ProfitExcluded, seq: int, closed_us: int) -> Track:
    """Of one deal the newest row counts."""
    others = tuple(one for one in track.excluded_of if one.deal != fact.deal)
    now = Excluded(fact.deal, fact.position_id, closed_us, fact.rule, fact.does, fact.profit.minor)
    return replace(
        track,
        excluded=Figure(fact.total.minor, f"{seq}/total/minor"),
        excluded_of=(*others, now)[-TRADES_TRACKED_MAX:],
    )
