"""Position parts: how old the lots of a position are that was added to. What was added last is closed first.

So nothing that is added takes shelter behind an old position: a closing is as old as the youngest lots that it takes.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from firm.account import AccountState, KnownDeal, Position
from firm.bounds import POSITION_PARTS_MAX
from firm.facts import DealBooked, DealCorrected, PositionRestated
from firm.inputs import DealEntry
from firm.needs import needs_of
from firm.price import rescaled, shift_between
from firm.track import Part, PartsHeld, Track, Trade

Parts = tuple[Part, ...]
"""The oldest first."""


def parts_of(track: Track, position: Position) -> Parts:
    """The parts of an open position; one that was never added to is one part."""
    known = next((one.parts for one in track.parts if one.position_id == position.position_id), None)
    return known or (Part(position.lots_e8, position.opened_us, position.seq, position.price_open),)


def added(parts: Parts, part: Part) -> Parts:
    """With lots that were opened, in the order of time. Of too many parts the two oldest are one, as old as the younger of them."""
    sorted_parts = sorted((*parts, part), key=_opened_us)
    if len(sorted_parts) > POSITION_PARTS_MAX:
        first, second, *others = sorted_parts
        sorted_parts = [replace(second, lots_e8=first.lots_e8 + second.lots_e8), *others]
    return tuple(sorted_parts)


def taken(parts: Parts, lots_e8: int, at_us: int) -> tuple[Parts, Parts]:
    """Without lots that were closed at an instant, and those by the parts that they were of: first of those that were open by then."""
    left, took, newest_first = list(parts), [], parts[::-1]  # of one instant, too, what was added last goes first
    for part in sorted(newest_first, key=lambda one: (one.opened_us > at_us, -one.opened_us)):
        if lots_e8 <= 0:
            break
        taking = min(lots_e8, part.lots_e8)
        lots_e8 -= taking
        took.append(replace(part, lots_e8=taking))
        place = left.index(part)
        left[place : place + 1] = [replace(part, lots_e8=part.lots_e8 - taking)] if taking < part.lots_e8 else []
    return tuple(left), tuple(took)


def after_deal(before: AccountState, track: Track, fact: DealBooked, seq: int) -> Track:
    """A deal is booked, and with it the trade of it if it closes. `before`: the account without it; `track`: with its trade."""
    deal, held = fact.deal, before.position(fact.position_id)
    if not needs_of(before.ruleset).parts or deal is None or held is None:
        return track
    # Deals that are known hold this one already.
    known = tuple(one for one in before.deals_known if one.position_id == fact.position_id)
    if any(one.at_us > deal.at_us for one in known) and known[0].begins:
        return _anew(track, fact.position_id, known)
    parts = parts_of(track, held)
    if deal.entry is DealEntry.IN:
        part = Part(deal.lots_e8, deal.at_us, seq, deal.price)
        return _with_parts(track, held.position_id, held.opened_us, added(parts, part))
    left, took = taken(parts, deal.lots_e8, deal.at_us)
    track = _with_parts(track, held.position_id, held.opened_us, left)
    if not track.trades or track.trades[-1].seq != seq:
        return track
    return replace(track, trades=(*track.trades[:-1], _with_taken(track.trades[-1], took)))


def after_correction(before: AccountState, track: Track, fact: DealCorrected, deals: Iterable[KnownDeal]) -> Track:
    """A deal is another since, `deals` are all of its position as they read now: so are the ages of what was closed."""
    if not needs_of(before.ruleset).parts:
        return track
    return _anew(track, fact.position_id, tuple(deals))


def after_restated(track: Track, held: Position | None, fact: PositionRestated) -> Track:
    """A position has other points: so have the prices at which its lots were opened. `held`: the position as it was."""
    if held is None or not track.parts:
        return track
    shift = shift_between(held.price_open, fact.price_open)
    if not shift:
        return track
    return replace(
        track, parts=tuple(_rescaled(one, shift) if one.position_id == fact.position_id else one for one in track.parts)
    )


def _rescaled(held: PartsHeld, shift: int) -> PartsHeld:
    return replace(held, parts=tuple(replace(part, price=rescaled(part.price, shift)) for part in held.parts))


def _anew(track: Track, position_id: str, deals: tuple[KnownDeal, ...]) -> Track:
    """Each deal in the order in which it was made."""
    parts: Parts = ()
    took: dict[int, Parts] = {}  # by the row of the closing: there may be several of one instant
    for deal in sorted((one for one in deals if not one.deleted), key=lambda one: (one.at_us, not one.opens)):
        if deal.opens:
            parts = added(parts, Part(deal.lots_e8, deal.at_us, deal.seq, deal.price))
        else:
            parts, took[deal.seq] = taken(parts, deal.lots_e8, deal.at_us)
    trades = tuple(_with_taken(trade, took[trade.seq]) if trade.seq in took else trade for trade in track.trades)
    opened_us = min(deal.at_us for deal in deals)
    return _with_parts(replace(track, trades=trades), position_id, opened_us, parts)


def _with_taken(trade: Trade, took: Parts) -> Trade:
    """The trade with the parts that its lots were of, where these are of another age than the position."""
    is_told = any(part.opened_us != trade.opened_us for part in took)
    return replace(trade, took=took if is_told else ())


def _with_parts(track: Track, position_id: str, opened_us: int, parts: Parts) -> Track:
    """One part as old as the position is the position itself, until something is added: then the price is an average that no part has."""
    others = tuple(one for one in track.parts if one.position_id != position_id)
    was_told = len(others) < len(track.parts)
    is_told = bool(parts) and (was_told or [part.opened_us for part in parts] != [opened_us])
    return replace(track, parts=(*others, PartsHeld(position_id, parts)) if is_told else others)


def _opened_us(part: Part) -> int:
    return part.opened_us
