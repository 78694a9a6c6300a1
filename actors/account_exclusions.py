"""The account and profit that does not count: what a breach takes of what closing a position brings.

A position that broke a rule while it was open brings nothing that counts from then on, though it keep the rule again. A rule that looks at
each closing by itself takes of that closing alone.
"""

from collections.abc import Iterator

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import AccountState, KnownDeal
from firm.arithmetic import PLAIN, Figure
from firm.facts import ProfitExcluded
from firm.rules.deduction import concerned, excluded_rounded_down, is_too_short, looks_at_closings, may_take_profit
from firm.rules.deeds import looks_at_deeds
from firm.rules.openings import is_of_position
from firm.ruleset import Rule, rule_named
from firm.terms.conduct import TradeDuration
from firm.terms.words import Consequence
from firm.track import Trade

_Reason = tuple[Rule, Consequence | None]


def exclude_at_breach(seat: AccountSeat, rule: Rule, subject: str, does: Consequence, turn: Turn) -> None:
    """A position broke a rule just now: what was closed of it already may be concerned."""
    state = seat.held
    trades = tuple(trade for trade in state.track.trades if is_of_position(subject, trade.position_id))
    is_held = any(is_of_position(subject, held.position_id) for held in state.positions)
    for trade in concerned(rule, trades, held=is_held):
        if rule.id not in state.overrides.waived_at(trade.closed_us):
            _exclude(seat, trade, [(rule, does)], turn)


def exclude_at_closing(seat: AccountSeat, booked_seq: int, turn: Turn) -> None:
    """A deal was booked: by the rule that takes most of what it brought, then by the ruleset."""
    state = seat.held
    if not may_take_profit(state.ruleset):
        return
    trade = next((one for one in reversed(state.track.trades) if one.seq == booked_seq), None)
    if trade is not None:
        reasons = sorted(_reasons(state, trade), key=lambda reason: reason[0].place)
        _exclude(seat, trade, reasons, turn)


def exclude_at_correction(seat: AccountSeat, was: KnownDeal, turn: Turn) -> None:
    """A deal that was excluded is another since, or none: as much of it as is there now."""
    state = seat.held
    now = state.known_deal(was.deal_id)
    for one in state.track.excluded_of:
        rule = rule_named(state.ruleset, one.rule)
        is_it = one.deal == was.seq
        if is_it and rule is not None and one.does is not None and now is not None:
            taken = excluded_rounded_down(PLAIN, rule, one.does, Figure(now.net, ""))
            if taken != one.minor:
                _record(seat, one.position_id, one.deal, one.closed_us, (rule, one.does), taken, turn)


def _reasons(state: AccountState, trade: Trade) -> Iterator[_Reason]:
    for broken in state.track.broken:
        rule = rule_named(state.ruleset, broken.rule)
        if rule is not None and _concerns(rule, broken.subject, trade):
            yield rule, broken.does
    for one in state.track.excluding:
        rule = rule_named(state.ruleset, one.rule)
        if rule is not None and one.position_id == trade.position_id:
            yield rule, one.does


def _concerns(rule: Rule, subject: str, trade: Trade) -> bool:
    """Whether what is broken by a subject is broken by this trade, just booked."""
    if looks_at_deeds(rule):
        return is_of_position(subject, trade.position_id)
    if subject != trade.position_id or not looks_at_closings(rule.terms):
        return False
    return not isinstance(rule.terms, TradeDuration) or is_too_short(rule.terms, trade)


def _exclude(seat: AccountSeat, trade: Trade, reasons: list[_Reason], turn: Turn) -> None:
    """Nothing is taken twice of one closing."""
    net = Figure(trade.net, f"{trade.seq}/net/minor")
    most = next((one.minor for one in seat.held.track.excluded_of if one.deal == trade.seq), 0)
    by: _Reason | None = None
    for rule, does in reasons:
        taken = excluded_rounded_down(PLAIN, rule, does, net)
        most, by = (taken, (rule, does)) if taken > most else (most, by)
    if by is not None:
        _record(seat, trade.position_id, trade.seq, trade.closed_us, by, most, turn)


def _record(
    seat: AccountSeat, position_id: str, deal: int, closed_us: int, by: _Reason, minor: int, turn: Turn
) -> None:
    state = seat.held
    before = 0 if state.track.excluded is None else state.track.excluded.value
    known = next((one.minor for one in state.track.excluded_of if one.deal == deal), 0)
    rule, does = by
    fact = ProfitExcluded(
        rule=rule.id,
        position_id=position_id,
        deal=deal,
        profit=state.money(minor),
        total=state.money(before - known + minor),
        does=does,
    )
    seat.record(fact, turn, closed_us)
