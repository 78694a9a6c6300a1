"""The account and deals that the platform changed or deleted after the fact: the book becomes what it would have been, by a new row.

The marks that limits are measured from move with what was booked before them, as they do with cash.
"""

from msgspec.structs import replace

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import AccountState, DayStart, KnownDeal
from firm.account_deals import corrected, deals_of, is_day_emptied, swap_after, taken_together, with_corrected
from firm.account_fold import ALREADY_BOOKED
from firm.bounds import AMOUNT_MINOR_MAX, POSITIONS_MAX
from firm.facts import DayAnchored, DealCorrected, DealIgnored, RolloverHighMoved, TradingDayUncounted
from firm.inputs import DealDeleteReported, DealEntry, DealUpdateReported
from firm.ruleset import MaximumLoss, Trail


def correct_deal(seat: AccountSeat, told: DealUpdateReported | DealDeleteReported, turn: Turn) -> KnownDeal | None:
    """Book the change of a deal; the deal as it was, where anything changed.

    A change that cannot be worked out is told, and leaves the book in doubt.
    """
    state = seat.held
    why = _why_ignored(state, told)
    if why:
        seat.record(DealIgnored(deal_id=told.deal_id, why=why), turn)
        return None
    before = state.known_deal(told.deal_id)
    assert before is not None
    fact = _fact(state, before, corrected(before, told))
    seat.record(fact, turn)
    _move_marks(seat, state, before, fact, turn)
    if fact.deleted and is_day_emptied(seat.held, before.day):
        seat.record(TradingDayUncounted(label=before.day, count=state.days_traded - 1), turn)
    return before


def _why_ignored(state: AccountState, told: DealUpdateReported | DealDeleteReported) -> str:
    known = state.known_deal(told.deal_id)
    if known is None:
        return "too_old" if state.knows_deal(told.deal_id) else "unknown_deal"
    now = corrected(known, told)
    if told.t_us < known.told_us or (known.deleted and now.deleted):
        return ALREADY_BOOKED
    if isinstance(told, DealUpdateReported):
        same = (known.position_id, known.symbol, known.opens, known.side)
        if known.deleted or same != (told.position_id, told.symbol, told.entry is DealEntry.IN, told.side):
            return "does_not_fit"
    if replace(now, told_us=known.told_us) == known:
        return ALREADY_BOOKED
    if deals_of(state, known.position_id) is None:
        return "too_old"
    reopens = state.position(known.position_id) is None
    if reopens and len(state.positions) >= POSITIONS_MAX:
        return "too_many_positions"
    return "" if abs(state.balance + now.net - known.net) <= AMOUNT_MINOR_MAX else "out_of_range"


def _fact(state: AccountState, before: KnownDeal, now: KnownDeal) -> DealCorrected:
    deals = deals_of(state, now.position_id)
    assert deals is not None
    after, held = taken_together(with_corrected(deals, now)), state.position(now.position_id)
    net = now.net - before.net
    return DealCorrected(
        deal_id=now.deal_id,
        position_id=now.position_id,
        symbol=now.symbol,
        side=after.side,
        lots_e8=after.lots_e8,
        price_open=after.price_open,
        swap=state.money(swap_after(held, before, now, after.lots_e8)),
        opened_us=after.opened_us,
        net=state.money(net),
        balance=state.money(state.balance + net),
        deal_us=now.at_us,
        deleted=now.deleted,
    )


def _move_marks(seat: AccountSeat, state: AccountState, before: KnownDeal, fact: DealCorrected, turn: Turn) -> None:
    """Marks that were struck after the deal hold it. `state` is the one before the correction; a start that is not final is struck anew."""
    net, start = fact.net.minor, state.day
    if start is not None and start.final and fact.deal_us < start.day.start_us:
        priced = start.priced and _stood_alike(state, seat.held, start, before)
        marks = {"balance": state.money(start.balance + net), "equity": state.money(start.equity + net)}
        seat.record(DayAnchored(day=start.day, **marks, changed=True, priced=priced), turn)
    trails = any(isinstance(terms, MaximumLoss) and terms.trail is Trail.END_OF_DAY for terms in state.ruleset.terms)
    if trails and fact.deal_us < state.rollover_high_us:
        seat.record(RolloverHighMoved(high=state.money(state.rollover_high + net)), turn)


def _stood_alike(was: AccountState, now: AccountState, start: DayStart, deal: KnownDeal) -> bool:
    """Whether the day's first instant held the same of the position: else its floating profit then is not known any more."""
    held = [_lots_and_price(state, deal.position_id, start.day.start_us) for state in (was, now)]
    return held[0] == held[1]


def _lots_and_price(state: AccountState, position_id: str, at_us: int) -> tuple[int, int]:
    then = taken_together(deals_of(state, position_id) or (), at_us)
    return (then.lots_e8, then.price_open) if then.lots_e8 else (0, 0)
