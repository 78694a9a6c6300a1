"""Track of days and trades: what each trading day brought, and each position that was closed, for rules that look at them.

Kept only where a term asks for it. A booking that comes late counts for the day in which it was made.
"""

from collections.abc import Callable

from msgspec.structs import replace

from firm import position_parts
from firm.account import AccountState, KnownDeal, Position
from firm.bounds import DAYS_TRACKED_MAX, OPENINGS_TRACKED_MAX, TRADES_TRACKED_MAX
from firm.facts import DayClosed, DealBooked, DealCorrected, DividendBooked
from firm.inputs import DealEntry
from firm.needs import needs_of
from firm.track import DayResult, OpeningMade, Track, Trade


def at_day_begun(track: Track, label: str, start_us: int, positions: tuple[Position, ...]) -> Track:
    """A day runs, with what was carried into it."""
    carried = sum(held.lots_e8 for held in positions)
    return replace(track, today=DayResult(label, start_us, lots_carried_e8=carried))


def at_day_closed(track: Track, fact: DayClosed, seq: int) -> Track:
    """A row holds what a day brought."""
    result = DayResult(
        fact.label, fact.start_us, fact.closed.minor, fact.opened.minor, fact.open_loss.minor,
        None if fact.equity is None else fact.equity.minor, fact.fills, fact.openings, fact.closings, fact.round_trips,
        fact.lots_opened_e8, fact.lots_carried_e8, seq,
    )  # fmt: skip
    if any(day.label == fact.label for day in track.days):
        return replace(track, days=tuple(result if day.label == fact.label else day for day in track.days))
    today = track.today if track.today is not None and track.today.label != fact.label else None
    days = (*track.days, result)
    kept = days[-DAYS_TRACKED_MAX:]
    return replace(track, days=kept, today=today, is_cut=track.is_cut or len(kept) < len(days))


def after_deal(before: AccountState, fact: DealBooked, seq: int, at_us: int) -> Track:
    """A deal is booked. `before`: the account without it."""
    track, deal, needs = before.track, fact.deal, needs_of(before.ruleset)
    if deal is None:
        return track
    if needs.openings and deal.entry is DealEntry.IN:
        track = _with_opening(track, fact.position_id, deal.at_us)
    held = before.position(fact.position_id)
    opens = deal.entry is DealEntry.IN
    closes_whole = not opens and not fact.lots_e8
    if needs.days:
        label = _day_of(before, at_us)
        track = _with(track, label, lambda day: _dealt(day, fact.net.minor, deal.lots_e8, opens=opens))
        if held is not None and not opens:
            opened = _day_of(before, held.opened_us)
            track = _with(track, opened, lambda day: _closed_again(day, fact.net.minor, whole=closes_whole))
    if needs.trades and held is not None and not opens:
        track = _with_trade(track, before, held, fact, seq, at_us)
    return position_parts.after_deal(before, track, fact, seq)


def after_dividend(before: AccountState, fact: DividendBooked, at_us: int) -> Track:
    """What an index pays is profit of the day on which it is paid."""
    if not needs_of(before.ruleset).days:
        return before.track
    return _with(
        before.track, _day_of(before, at_us), lambda day: replace(day, closed=day.closed + fact.amount.minor, seq=0)
    )


def after_correction(before: AccountState, fact: DealCorrected, known: KnownDeal) -> Track:
    """A deal is another since. `before`: the account with it as it was, `known`."""
    track, needs = before.track, needs_of(before.ruleset)
    change = fact.net.minor
    if needs.days:
        label = _day_of(before, known.at_us)  # as it was booked; the day on which it was told may be a later one
        track = _with(track, label, lambda day: _corrected(day, known, change, deleted=fact.deleted))
    if needs.trades and not known.opens:
        trades = (_trade_corrected(trade, known, change, deleted=fact.deleted) for trade in track.trades)
        track = replace(track, trades=tuple(trade for trade in trades if trade is not None))
    if known.opens and fact.deleted and not known.deleted:
        track = _without_opening(track, known.position_id, known.at_us)
    return track


def _with_opening(track: Track, position_id: str, at_us: int) -> Track:
    """What is opened of one position at one instant is one opening: one order that the platform filled in parts."""
    same = _opening_of(track, position_id, at_us)
    if same is not None:
        return _with_deals(track, same, same.deals + 1)
    openings = sorted((*track.openings, OpeningMade(at_us, position_id)), key=lambda one: one.at_us)
    return replace(track, openings=tuple(openings[-OPENINGS_TRACKED_MAX:]))


def _without_opening(track: Track, position_id: str, at_us: int) -> Track:
    """A deal was never made; the last one of an opening takes that with it."""
    same = _opening_of(track, position_id, at_us)
    return track if same is None else _with_deals(track, same, same.deals - 1)


def _opening_of(track: Track, position_id: str, at_us: int) -> OpeningMade | None:
    return next((one for one in track.openings if (one.position_id, one.at_us) == (position_id, at_us)), None)


def _with_deals(track: Track, opening: OpeningMade, deals: int) -> Track:
    now = (replace(opening, deals=deals) if one is opening else one for one in track.openings)
    return replace(track, openings=tuple(one for one in now if one.deals))


def _day_of(state: AccountState, at_us: int) -> str:
    running = state.day
    if running is not None and running.day.start_us <= at_us < running.day.end_us:
        return running.day.label
    return state.ruleset.calendar.day_at(at_us).label


def _with(track: Track, label: str, change: Callable[[DayResult], DayResult]) -> Track:
    """A finished day that changes is in no row until one is written again."""
    if track.today is not None and track.today.label == label:
        return replace(track, today=change(track.today))
    return replace(track, days=tuple(change(day) if day.label == label else day for day in track.days))


def _dealt(day: DayResult, net: int, lots_e8: int, *, opens: bool) -> DayResult:
    return replace(
        day,
        closed=day.closed + net,
        fills=day.fills + 1,
        openings=day.openings + opens,
        closings=day.closings + (not opens),
        lots_opened_e8=day.lots_opened_e8 + (lots_e8 if opens else 0),
        seq=0,
    )


def _closed_again(day: DayResult, net: int, *, whole: bool) -> DayResult:
    return replace(day, opened=day.opened + net, round_trips=day.round_trips + whole, seq=0)


def _corrected(day: DayResult, known: KnownDeal, change: int, *, deleted: bool) -> DayResult:
    gone = deleted and not known.deleted
    return replace(
        day,
        closed=day.closed + change,
        fills=day.fills - gone,
        openings=day.openings - (gone and known.opens),
        closings=day.closings - (gone and not known.opens),
        lots_opened_e8=day.lots_opened_e8 - (known.lots_e8 if gone and known.opens else 0),
        seq=0,
    )


def _with_trade(track: Track, before: AccountState, held: Position, fact: DealBooked, seq: int, at_us: int) -> Track:
    assert fact.deal is not None
    trade = Trade(
        position_id=held.position_id, symbol=held.symbol, side=held.side, lots_e8=fact.deal.lots_e8, price_open=held.price_open,
        price_close=fact.deal.price, opened_us=held.opened_us, closed_us=at_us, opened_day=_day_of(before, held.opened_us),
        closed_day=_day_of(before, at_us), net=fact.net.minor, had_stop=_had_stop(track, held),
        part=fact.lots_e8 > 0, seq=seq,
    )  # fmt: skip
    trades = (*track.trades, trade)
    kept = trades[-TRADES_TRACKED_MAX:]
    return replace(track, trades=kept, is_cut=track.is_cut or len(kept) < len(trades))


def _had_stop(track: Track, held: Position) -> bool:
    return any(one.position_id == held.position_id and one.stop_loss for one in track.stops)


def _trade_corrected(trade: Trade, known: KnownDeal, change: int, *, deleted: bool) -> Trade | None:
    if trade.seq != known.seq:
        return trade
    return None if deleted else replace(trade, net=trade.net + change)
