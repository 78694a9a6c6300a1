"""The account and what is done on it: each deal, each stop that is moved, and by the minute what is held, as rules about deeds look at it.

A deed breaks such a rule once for its position and release; when the position is gone, that is forgotten. A deed that is told late is
judged at its own instant, by the calendar that the firm goes by when it hears of it.
"""

from actors.account_conduct import Breach, is_let_off, is_new, striking, waive
from actors.account_exclusions import exclude_at_closing
from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import AccountState, Position
from firm.arithmetic import PLAIN
from firm.deed import Deed, action_of, placed_by
from firm.facts import RuleKeptAgain
from firm.inputs import DealEntry, DealReported, PositionReported
from firm.instant import HOUR_US
from firm.phase import JUDGED
from firm.position_parts import Parts, parts_of
from firm.rules.consequences import consequence_of
from firm.rules.deduction import may_take_profit
from firm.rules.deeds import forbids_holding, judge_deed, news_of, rules_of_deeds
from firm.rules.openings import is_of_position
from firm.ruleset import Rule
from firm.terms.conduct import NewsAction
from firm.track_orders import is_of_pending

# How far back holding is looked at, each time: longer than prices, which bring the minutes, are silent while a market trades.
HOLDING_SEEN_US = HOUR_US


def deeds_of_deal(seat: AccountSeat, deal: DealReported, was: AccountState, turn: Turn) -> tuple[Deed, ...]:
    """What a deal did that was booked just now, and until when it left its position held. `was`: the account without it."""
    state, before = seat.held, was.position(deal.position_id)
    if not rules_of_deeds(state.ruleset) and not may_take_profit(state.ruleset):
        return ()
    opens = deal.entry is DealEntry.IN
    done = Deed(
        action=action_of(deal.entry, deal.reason, pending=is_of_pending(state.track, deal.order_id)),
        symbol=deal.symbol,
        currencies=_currencies(seat, deal.symbol, turn),
        at_us=turn.at_us,
        # What is added to a position is opened now, however old the rest of it is, and closed before the rest.
        opened_us=turn.at_us if opens or before is None else _closed_since_us(state, before),
        seq=_told_in(turn, deal.t_us),
        position_id=deal.position_id,
        placed_by=placed_by(deal.reason),
        booked_seq=state.last_trade_seq,
    )
    if opens or before is None or not forbids_holding(state.ruleset):
        return (done,)
    return (_held(seat, before, parts_of(was.track, before), turn.at_us, turn), done)


def deeds_of_report(
    seat: AccountSeat, report: PositionReported, before: Position | None, turn: Turn
) -> tuple[Deed, ...]:
    """Stops that were moved. Where the position is restated they moved with its price. `before`: the position as it was."""
    state = seat.held
    if before is None or not rules_of_deeds(state.ruleset):
        return ()
    is_moved = any(one.moved and one.position_id == before.position_id for one in state.track.stops)
    if not is_moved or (before.symbol, before.price_open) != (report.symbol, report.price_open):
        return ()
    moved = Deed(
        action=NewsAction.MODIFY,
        symbol=report.symbol,
        currencies=_currencies(seat, report.symbol, turn),
        at_us=turn.at_us,
        opened_us=parts_of(seat.held.track, before)[-1].opened_us,
        seq=_told_in(turn, report.t_us),
        position_id=report.position_id,
    )
    return (moved,)


def _told_in(turn: Turn, t_us: int) -> int:
    """The row of the report, where it says the very instant that is judged; else 0."""
    return turn.header.seq if t_us == turn.at_us and not turn.header.kept else 0


def deeds_of_minute(seat: AccountSeat, at_us: int, turn: Turn) -> tuple[Deed, ...]:
    """What is held."""
    if not forbids_holding(seat.held.ruleset):
        return ()
    track = seat.held.track
    return tuple(_held(seat, one, parts_of(track, one), at_us, turn) for one in seat.held.positions)


def _closed_since_us(state: AccountState, position: Position) -> int:
    """When the youngest lots were opened that the newest deal closed."""
    trades = (one for one in reversed(state.track.trades) if one.seq == state.last_trade_seq)
    trade = next(trades, None)
    return position.opened_us if trade is None else trade.began_us


def _held(seat: AccountSeat, position: Position, parts: Parts, at_us: int, turn: Turn) -> Deed:
    return Deed(
        action=NewsAction.HOLD,
        symbol=position.symbol,
        currencies=_currencies(seat, position.symbol, turn),
        at_us=at_us,
        opened_us=position.opened_us,
        seq=0,
        position_id=position.position_id,
        seen_us=at_us - HOLDING_SEEN_US,
        added_us=tuple(part.opened_us for part in parts if part.opened_us > position.opened_us),
    )


def _currencies(seat: AccountSeat, symbol: str, turn: Turn) -> tuple[str, ...]:
    spec = seat.board(turn).specs.get(symbol)
    return () if spec is None else (spec.currency_base, spec.currency_profit)


def breaches_by(seat: AccountSeat, deeds: tuple[Deed, ...], turn: Turn) -> list[Breach]:
    """What these deeds break anew."""
    state = seat.held
    if not deeds or state.standing not in JUDGED:
        return []
    return [breach for rule in rules_of_deeds(state.ruleset) for breach in _anew(seat, rule, deeds, turn)]


def _anew(seat: AccountSeat, rule: Rule, deeds: tuple[Deed, ...], turn: Turn) -> list[Breach]:
    adopted = turn.calendar(news_of(rule))
    calendar = None if adopted is None else adopted.calendar
    found: dict[str, Breach] = {}
    for deed in deeds:
        is_waived = rule.id in seat.held.overrides.waived_at(deed.at_us)
        # A holding is seen again for an hour: what it broke in a waiver is noted. Any other deed is over with its instant.
        if is_let_off(seat.held, rule, deed.at_us) and not (is_waived and deed.is_holding):
            continue
        for answer in judge_deed(PLAIN, rule, deed, calendar):
            if not is_new(seat.held, rule, answer):
                continue
            if is_waived:
                waive(seat, rule, answer, deed.at_us, turn)
            else:
                does = consequence_of(seat.held, rule.id, striking(rule))
                found.setdefault(answer.subject, Breach(rule, answer, does, deed.at_us, deed))
    return list(found.values())


def settle(seat: AccountSeat, deeds: tuple[Deed, ...], turn: Turn) -> None:
    """What follows from the deeds once their breaches are written down: profit that does not count, and positions that are gone."""
    for deed in deeds:
        if deed.booked_seq:
            exclude_at_closing(seat, deed.booked_seq, turn)
    if deeds:
        _forget_gone(seat, turn)


def _forget_gone(seat: AccountSeat, turn: Turn) -> None:
    """Nothing more is done to a position that is closed."""
    state = seat.held
    rules = {rule.id for rule in rules_of_deeds(state.ruleset)}
    known = [(one.rule, one.subject) for one in state.track.broken]
    known += [(one.rule, one.subject) for one in state.track.let_off]
    for rule, subject in known:
        is_held = any(is_of_position(subject, held.position_id) for held in state.positions)
        if rule in rules and not is_held:
            seat.record(RuleKeptAgain(rule=rule, subject=subject), turn)
