"""Swaps of an account: what the platform charges for a night, and which positions it has not spoken of yet."""

from msgspec.structs import replace

from firm.account import AccountState, Closing, Finding, Moved, Position
from firm.account_findings import with_moved
from firm.arithmetic import Figure
from firm.facts import DealBooked, PositionRestated, SwapPosted


def after_swap(state: AccountState, fact: SwapPosted, seq: int) -> AccountState:
    closing, findings = state.closing, with_swap_told(state, fact, seq)
    if closing is not None:
        closing = replace(closing, positions=_with_swap(closing.positions, fact, seq))
    return replace(state, positions=_with_swap(state.positions, fact, seq), closing=closing, findings=findings)


def with_swap_told(state: AccountState, fact: SwapPosted | PositionRestated, seq: int) -> tuple[Finding, ...]:
    """What the night cost is in the equity with which the day begins: so it is in the equity that is held against that. `state` is the
    one before.
    """
    held, closing = state.position(fact.position_id), state.closing
    carried = closing is not None and any(one.position_id == fact.position_id for one in closing.positions)
    if held is None or not carried or not state.findings or held.swap == fact.swap.minor:
        return state.findings
    was = Figure(held.swap, f"{held.swap_seq}/{held.swap_path}")
    return with_moved(state.findings, Moved(seq, fact.swap.minor - held.swap, cash=False, swap_was=was))


def _with_swap(positions: tuple[Position, ...], fact: SwapPosted, seq: int) -> tuple[Position, ...]:
    return tuple(
        replace(held, swap=fact.swap.minor, swap_seq=seq, swap_path="swap/minor")
        if held.position_id == fact.position_id
        else held
        for held in positions
    )


def after_swap_told(state: AccountState, position_id: str, t_us: int) -> AccountState:
    """The platform spoke of a position after the day's first instant: its swap, changed or not, is known."""
    if state.closing is None or state.day is None or t_us < state.day.day.start_us:
        return state
    return replace(state, closing=replace(state.closing, swap_awaited=state.closing.swap_awaited - {position_id}))


def no_longer_awaiting(closing: Closing | None, fact: DealBooked) -> Closing | None:
    """A position that is closed brings no more news of its swap."""
    if closing is None or fact.lots_e8:
        return closing
    return replace(closing, swap_awaited=closing.swap_awaited - {fact.position_id})
