"""Position parts: how old the lots of a position are that was added to. What was added last is closed first.

So nothing that is added takes shelter behind an old position: a closing is as old as the youngest lots that it takes.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from firm.account import AccountState, KnownDeal, Position
from firm.bounds import POSITION_PARTS_MAX
from firm.facts import DealBooked, DealCorrected
from firm.inputs import DealEntry
from firm.needs import needs_of
from firm.track import Part, PartsHeld, Track, Trade

Parts = tuple[Part, ...]
"""The oldest first."""


def parts_of(track: Track, position: Position) -> Parts:
    """The parts of an open position; one that was never added to is one part."""
    known = next((one.parts for one in track.parts if one.position_id == position.position_id), None)
    return known or (Part(position.lots_e8, position.opened_us, position.seq),)


def added(parts: Parts, part: Part) -> Parts:
    """With lots that were opened, in the order of time. Of too many parts the two oldest are one, as old as the younger of them."""
    sorted_parts = sorted((*parts, part), key=_opened_us)
    if len(sorted_parts) > POSITION_PARTS_MAX:
        first, second, *others = sorted_parts
        sorted_parts = [replace(second, lots_e8=first.lots_e8 + second.lots_e8), *others]
    return tuple(sorted_parts)


def taken(parts: Parts, lots_e8: int, at_us: int) -> tuple[Parts, Part | None]:
    """Without lots that were closed at an instant, and the youngest part that they were of: first of those that were open by then."""
    left, youngest = list(parts), None
    for part in sorted(parts, key=lambda one: (one.opened_us <= at_us, one.opened_us), reverse=True):
        if lots_e8 <= 0:
            break
        youngest = part if youngest is None else youngest
        taking = min(lots_e8, part.lots_e8)
        lots_e8 -= taking
        place = left.index(part)
        left[place : place + 1] = [replace(part, lots_e8=part.lots_e8 - taking)] if taking < part.lots_e8 else []
    return tuple(left), youngest


def after_deal(before: AccountState, track: Track, fact: DealBooked, seq: int) -> Track:
    """A deal is booked, and with it the trade of it if it closes. `before`: the account without it; `track`: with its trade."""
    deal, held = fact.deal, before.position(fact.position_id)
    if not needs_of(before.ruleset).parts or deal is None or held is None:
        return track
    # Deals that are known hold this one already.
    known = tuple(one for one in before.deals_known if one.position_id == fact.position_id)
    if any(one.at_us > deal.at_us for one in known) and known[0].begins:
        return _anew(before, track, fact.position_id, known, {deal.at_us: seq})
    parts = parts_of(track, held)
    if deal.entry is DealEntry.IN:
        return _with_parts(track, held.position_id, held.opened_us, added(parts, Part(deal.lots_e8, deal.at_us, seq)))
    left, youngest = taken(parts, deal.lots_e8, deal.at_us)
    track = _with_parts(track, held.position_id, held.opened_us, left)
    is_aged = youngest is not None and youngest.opened_us != held.opened_us
    if not is_aged or not track.trades or track.trades[-1].seq != seq:
        return track
    return replace(track, trades=(*track.trades[:-1], _aged(track.trades[-1], youngest)))


def after_correction(before: AccountState, track: Track, fact: DealCorrected, deals: Iterable[KnownDeal]) -> Track:
    """A deal is another since, `deals` are all of its position as they read now: so are the ages of what was closed."""
    if not needs_of(before.ruleset).parts:
        return track
    return _anew(before, track, fact.position_id, tuple(deals), {})


def _anew(
    before: AccountState, track: Track, position_id: str, deals: tuple[KnownDeal, ...], rows: Mapping[int, int]
) -> Track:
    """Each deal in the order in which it was made. `rows`: which row told of an opening, where no part that is known says it."""
    held = before.position(position_id)
    seqs = {trade.youngest_us: trade.youngest_seq for trade in track.trades if trade.position_id == position_id}
    seqs |= {part.opened_us: part.seq for part in (parts_of(track, held) if held is not None else ())}
    seqs |= rows
    parts: Parts = ()
    youngest: dict[int, Part | None] = {}
    for deal in sorted((one for one in deals if not one.deleted), key=lambda one: (one.at_us, not one.opens)):
        if deal.opens:
            parts = added(parts, Part(deal.lots_e8, deal.at_us, seqs.get(deal.at_us, 0)))
        else:
            parts, youngest[deal.at_us] = taken(parts, deal.lots_e8, deal.at_us)
    trades = tuple(
        _aged(trade, youngest[trade.closed_us])
        if trade.position_id == position_id and trade.closed_us in youngest
        else trade
        for trade in track.trades
    )
    opened_us = min(deal.at_us for deal in deals)
    return _with_parts(replace(track, trades=trades), position_id, opened_us, parts)


def _aged(trade: Trade, youngest: Part | None) -> Trade:
    """The trade, as old as the youngest lots that it took."""
    if youngest is None or youngest.opened_us == trade.opened_us:
        return replace(trade, youngest_us=0, youngest_seq=0)
    return replace(trade, youngest_us=youngest.opened_us, youngest_seq=youngest.seq)


def _with_parts(track: Track, position_id: str, opened_us: int, parts: Parts) -> Track:
    """One part as old as the position is the position itself."""
    others = tuple(one for one in track.parts if one.position_id != position_id)
    is_told = bool(parts) and [part.opened_us for part in parts] != [opened_us]
    return replace(track, parts=(*others, PartsHeld(position_id, parts)) if is_told else others)


def _opened_us(part: Part) -> int:
    return part.opened_us
