"""The account and deals that the platform changed or deleted after the fact: the book becomes what it would have been, by a new row.

The marks that limits are measured from move with what was booked before them, as they do with cash.
"""

from msgspec.structs import replace

from actors.account_book import figures_of, is_week_s_first, move_cycle, move_high, move_week
from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import AccountState, KnownDeal
from firm.account_deals import (
    corrected,
    deals_of,
    is_day_emptied,
    listed_as,
    swap_after,
    taken_together,
    with_corrected,
)
from firm.account_fold import ALREADY_BOOKED
from firm.bounds import AMOUNT_MINOR_MAX, POSITIONS_MAX
from firm.facts import DayAnchored, DealCorrected, DealIgnored, TradingDayUncounted
from firm.inputs import DealDeleteReported, DealEntry, DealUpdateReported
from firm.track import DayStart


def correct_deal(seat: AccountSeat, told: DealUpdateReported | DealDeleteReported, turn: Turn) -> KnownDeal | None:
    """Book the change of a deal; the deal as it was, where anything changed.

    A change that cannot be worked out is told, and leaves the book in doubt.
    """
    state = seat.held
    why = _why_ignored(seat, told, turn)
    if why:
        seat.record(DealIgnored(deal_id=told.deal_id, why=why), turn)
        return None
    fact, before = _fact(seat, told, turn)
    seat.record(fact, turn)
    _move_marks(seat, state, fact, before, turn)
    if fact.deleted and is_day_emptied(seat.held, before.day):
        seat.record(TradingDayUncounted(label=before.day, count=state.days_traded - 1), turn)
    return before


def _why_ignored(seat: AccountSeat, told: DealUpdateReported | DealDeleteReported, turn: Turn) -> str:
    state = seat.held
    known = state.known_deal(told.deal_id)
    if known is None:
        return "too_old" if state.knows_deal(told.deal_id) else "unknown_deal"
    is_deleted = isinstance(told, DealDeleteReported)
    if told.t_us < known.told_us or (known.deleted and is_deleted):
        return ALREADY_BOOKED
    if isinstance(told, DealUpdateReported):
        same = (known.position_id, known.opens, known.side) == (told.position_id, told.entry is DealEntry.IN, told.side)
        is_called = told.symbol in (known.symbol, seat.board(turn).name_now(known.symbol))
        if known.deleted or not same or not is_called:
            return "does_not_fit"
    before, now = _before_and_now(seat, known, told, turn)
    if replace(now, told_us=known.told_us) == before:
        return ALREADY_BOOKED
    if deals_of(state, known.position_id) is None:
        return "too_old"
    reopens = state.position(known.position_id) is None
    if reopens and len(state.positions) >= POSITIONS_MAX:
        return "too_many_positions"
    return "" if abs(state.balance + now.net - known.net) <= AMOUNT_MINOR_MAX else "out_of_range"


def _before_and_now(
    seat: AccountSeat, known: KnownDeal, told: DealUpdateReported | DealDeleteReported, turn: Turn
) -> tuple[KnownDeal, KnownDeal]:
    """The deal as it was and as it reads now, both under the name and in the points of now.

    One whose position is closed was restated by nobody: a deleted one keeps its name until the position that it reopens is.
    """
    symbol = told.symbol if isinstance(told, DealUpdateReported) else known.symbol
    digits = seat.board(turn).digits_of(symbol)
    figures = figures_of(told, digits) if isinstance(told, DealUpdateReported) else None
    before = known.listed_as(symbol, digits)
    return before, corrected(before, told.t_us, figures)


def _fact(
    seat: AccountSeat, told: DealUpdateReported | DealDeleteReported, turn: Turn
) -> tuple[DealCorrected, KnownDeal]:
    """What the correction makes of the book, and the deal as it was."""
    state = seat.held
    known = state.known_deal(told.deal_id)
    assert known is not None
    before, now = _before_and_now(seat, known, told, turn)
    deals = deals_of(state, now.position_id)
    assert deals is not None
    listed = listed_as(deals, now.position_id, now.symbol, now.digits)
    after, held = taken_together(with_corrected(listed, now)), state.position(now.position_id)
    net = now.net - before.net
    digits = seat.board(turn).digits_of(now.symbol)
    fact = DealCorrected(
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
        told_us=told.t_us,
        deal=figures_of(told, digits) if isinstance(told, DealUpdateReported) else None,
        digits=digits,
    )
    return fact, before


def _move_marks(seat: AccountSeat, state: AccountState, fact: DealCorrected, before: KnownDeal, turn: Turn) -> None:
    """Marks that were struck after the deal, or with it, hold it. `state` is the one before; a start that is not final is struck anew."""
    net, start = fact.net.minor, state.day
    if start is not None and start.final and fact.deal_us < start.day.start_us:
        priced = start.priced and _stood_alike(state, seat.held, start, fact)
        marks = {"balance": state.money(start.balance + net), "equity": state.money(start.equity + net)}
        seat.record(DayAnchored(day=start.day, **marks, changed=True, priced=priced, adjusted=start.adjusted), turn)
    week = state.track.week
    if week is not None and not is_week_s_first(state) and fact.deal_us < week.day.start_us:
        move_week(seat, net, turn, priced=_stood_alike(state, seat.held, week, fact))
    if state.track.payouts and fact.deal_us < state.track.payouts[-1].at_us:
        move_cycle(seat, net, turn)
    for high in state.track.highs:
        if high.has_in_it(fact.deal_us, before.seq):
            move_high(seat, high, net, turn)


def _stood_alike(was: AccountState, now: AccountState, start: DayStart, fact: DealCorrected) -> bool:
    """Whether the day's first instant held the same of the position: else its floating profit then is not known any more."""
    held = [_lots_and_price(state, fact, start.day.start_us) for state in (was, now)]
    return held[0] == held[1]


def _lots_and_price(state: AccountState, fact: DealCorrected, at_us: int) -> tuple[int, int]:
    deals = deals_of(state, fact.position_id) or ()
    then = taken_together(listed_as(deals, fact.position_id, fact.symbol, fact.digits), at_us)
    return (then.lots_e8, then.price_open) if then.lots_e8 else (0, 0)
