"""Outages of an account: which missing prices it needs, and what befell it while they were missing, folded from its rows."""

from msgspec.structs import replace

from firm.account import AccountState
from firm.equity import Board
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    DealBooked,
    Fact,
    OutageAssessed,
    PassesFrozen,
    PassHeld,
    RuleBroken,
    RuleSuspected,
    VerdictCorrected,
)
from firm.freshness import symbols_converting, symbols_held
from firm.incidents import Befell, Incident, Needed, Outage
from firm.inputs import Input
from firm.phase import JUDGED

_CLEARS = frozenset({"exonerated", "questioned"})


def what_it_needs(state: AccountState, board: Board, incident: Incident) -> tuple[Needed, tuple[str, ...]] | None:
    """For what an account needs prices of an incident, in which of its symbols; None where it does not, or is not judged.

    What it held after the incident began, as far as its books are kept, counts as what it holds.
    """
    if state.standing not in JUDGED:
        return None
    earlier = {held.symbol for book in state.earlier if book.until_us > incident.from_us for held in book.positions}
    kinds = (
        (Needed.HELD, {*symbols_held(state), *earlier}),
        (Needed.CONVERTED, set(symbols_converting(state, board))),
        (Needed.ORDERED, {order.symbol for order in state.track.orders}),
    )
    for needed, symbols in kinds:
        touched = tuple(sorted(symbol for symbol in symbols if incident.touches(symbol)))
        if touched:
            return needed, touched
    return None


def all_symbols_of(state: AccountState, board: Board) -> set[str]:
    """What an account holds, converts by and waits for."""
    ordered = (order.symbol for order in state.track.orders)
    return {*symbols_held(state), *symbols_converting(state, board), *ordered} if state.standing in JUDGED else set()


def outage_of(state: AccountState, incident: int) -> Outage | None:
    return next((one for one in state.outages if one.incident == incident), None)


def after_outage(state: AccountState, fact: PassesFrozen | OutageAssessed, seq: int) -> AccountState:
    """An incident begins or ends for the account."""
    others = tuple(one for one in state.outages if one.incident != fact.incident)
    if isinstance(fact, PassesFrozen):
        others = (*others, Outage(fact.incident, fact.from_us, fact.symbols, seq))
    return replace(state, outages=others)


def befallen(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """The state with what a row tells of each outage that is not assessed."""
    return replace(state, outages=tuple(_befallen(one, state, body, seq, happened_us) for one in state.outages))


def _befallen(outage: Outage, state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> Outage:
    match body:
        case BreachDeclared() if body.severity == "hard":
            return replace(_with(outage, Befell.BREACHED), decision=seq, stops=_stops(state))
        case BreachSuspected():
            return replace(_with(outage, Befell.SUSPECTED), decision=seq, stops=_stops(state))
        case RuleSuspected():
            return _with(outage, Befell.SUSPECTED)
        case BreachDeclared() | RuleBroken():
            return _with(outage, Befell.STRUCK)
        case VerdictCorrected() if body.verdict in _CLEARS and body.decision == outage.decision:
            return _with(outage, Befell.CLEARED)
        case PassHeld():
            return _with(outage, Befell.PASS_HELD)
        case DealBooked() if _closes(state, body) and happened_us >= outage.from_us:
            return _with(outage, Befell.CLOSED)
        case _:
            return outage


def _stops(state: AccountState) -> tuple[tuple[str, int], ...]:
    """As they are at a breach: what closes its positions takes them away."""
    return tuple((one.position_id, one.stop_loss) for one in state.track.stops if one.stop_loss)


def _closes(state: AccountState, fact: DealBooked) -> bool:
    """Whether a deal leaves less of its position than there was."""
    before = state.position(fact.position_id)
    return before is not None and fact.lots_e8 < before.lots_e8


def _with(outage: Outage, befell: Befell) -> Outage:
    return outage if befell in outage.befell else replace(outage, befell=(*outage.befell, befell))
