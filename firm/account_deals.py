"""Deals of an account as the platform has them now, and what the book would be had they always been so.

A platform may change or delete a deal after the fact. Its row stays; what follows from all its position's deals is worked out again.
"""

from typing import NamedTuple

from msgspec.structs import replace

from firm import position_parts
from firm.account import (
    AccountState,
    Closing,
    DayTraded,
    EarlierBook,
    Finding,
    KnownDeal,
    Moved,
    Peak,
    Position,
    calendar_days_between,
    with_deal,
)
from firm.account_findings import with_moved
from firm.bounds import DEAL_DAYS_KEPT, DEALS_CORRECTED_DAYS, DEALS_KNOWN_MAX
from firm.facts import (
    DealBooked,
    DealCorrected,
    DealFigures,
    PositionRestated,
    TradingDayCounted,
    TradingDayUncounted,
)
from firm.inputs import DealEntry, Side
from firm.money import divided_rounded_half_away
from firm.phase import Standing
from firm.price import rescaled
from firm.track_days import after_correction
from firm.track_fold import at_deal_corrected

_NEVER_US = 2**63


class Taken(NamedTuple):
    """What a position's deals make of it, taken together; no lots: closed, or never opened."""

    side: Side
    lots_e8: int
    price_open: int
    opened_us: int


def price_after_adding(held: tuple[int, int], added: tuple[int, int]) -> int:
    """The opening price of a position to which more is added: the average by volume, rounded half away to a point. Each: lots_e8, price."""
    (held_e8, held_price), (added_e8, added_price) = held, added
    return divided_rounded_half_away(held_price * held_e8 + added_price * added_e8, held_e8 + added_e8)


def taken_together(deals: tuple[KnownDeal, ...], until_us: int = _NEVER_US) -> Taken:
    """The position after those of its deals that were made before `until_us`, in the order in which they were booked.

    A deal that closes more than is open, because the one that opened it was deleted first, closes what there is.
    """
    made = [deal for deal in deals if not deal.deleted and deal.at_us < until_us]
    last = deals[-1]
    now = Taken(last.side, 0, last.price, last.at_us)
    for deal in made:
        if not deal.opens:
            now = now._replace(lots_e8=max(0, now.lots_e8 - deal.lots_e8))
        elif not now.lots_e8:
            now = Taken(deal.side, deal.lots_e8, deal.price, deal.at_us)
        else:
            price_open = price_after_adding((now.lots_e8, now.price_open), (deal.lots_e8, deal.price))
            now = now._replace(lots_e8=now.lots_e8 + deal.lots_e8, price_open=price_open)
    return now


def deals_of(state: AccountState, position_id: str) -> tuple[KnownDeal, ...] | None:
    """All deals of a position, in the order in which they were booked; None where its first ones are too long ago."""
    deals = tuple(deal for deal in state.deals_known if deal.position_id == position_id)
    return deals if deals and deals[0].begins else None


def corrected(known: KnownDeal, told_us: int, figures: DealFigures | None) -> KnownDeal:
    """The deal as the platform has it since `told_us`; without figures it is deleted."""
    if figures is None:
        return replace(known, deleted=True, net=0, swap=0, told_us=told_us)
    return replace(
        known, lots_e8=figures.lots_e8, price=figures.price, digits=figures.digits, net=figures.net_minor,
        swap=figures.swap_minor, told_us=told_us,
    )  # fmt: skip


def listed_as(deals: tuple[KnownDeal, ...], position_id: str, symbol: str, digits: int | None) -> tuple[KnownDeal, ...]:
    """All deals; those of one position under the name and in the points of now."""
    return tuple(deal.listed_as(symbol, digits) if deal.position_id == position_id else deal for deal in deals)


def with_corrected(deals: tuple[KnownDeal, ...], now: KnownDeal) -> tuple[KnownDeal, ...]:
    return tuple(now if deal.deal_id == now.deal_id else deal for deal in deals)


def swap_after(held: Position | None, before: KnownDeal, now: KnownDeal, lots_e8: int) -> int:
    """What swap is left on a position: what the deal realised of it before it does not any more, and the other way about."""
    return (held.swap if held is not None else 0) + before.swap - now.swap if lots_e8 else 0


# --- how rows change what is known of deals ---


def after_booked(state: AccountState, fact: DealBooked, seq: int) -> AccountState:
    """Keep the deal as it was told. `state` is the one before it."""
    deal = fact.deal
    if deal is None:
        return state
    label = state.day.day.label if state.day is not None else ""
    known = KnownDeal(
        fact.deal_id, fact.position_id, fact.symbol, deal.entry is DealEntry.IN, deal.side, deal.lots_e8, deal.price,
        deal.net_minor, deal.swap_minor, deal.at_us, deal.at_us, deal.digits,
        begins=state.position(fact.position_id) is None, day=label, seq=seq,
    )  # fmt: skip
    return replace(
        state,
        deals_known=() if state.standing is Standing.CLOSED else _bounded((*state.deals_known, known)),
        traded=_with_opened(state.traded, label, 1) if known.opens and label else state.traded,
    )


def with_deals_restated(state: AccountState, fact: PositionRestated) -> AccountState:
    """Deals go by the name and points of their position. Where it has another price besides, they do not make it any more, and can be
    corrected no more. `state` is the one before.
    """
    held, deals = state.position(fact.position_id), deals_of(state, fact.position_id)
    if held is None or deals is None:
        return state
    before, after = deals[-1].digits, fact.digits
    shift = after - before if before is not None and after is not None else 0
    if abs(rescaled(held.price_open, shift) - fact.price_open) > 1:
        return replace(
            state, deals_known=tuple(deal for deal in state.deals_known if deal.position_id != fact.position_id)
        )
    return replace(state, deals_known=listed_as(state.deals_known, fact.position_id, fact.symbol, fact.digits))


def at_day_opened(state: AccountState) -> AccountState:
    """What was closed so long ago that no bridge sends it again is not corrected any more."""
    assert state.day is not None
    label = state.day.day.label
    kept = {held.position_id for held in state.positions}
    kept |= {
        deal.position_id
        for deal in state.deals_known
        if deal.day and calendar_days_between(deal.day, label) <= DEALS_CORRECTED_DAYS
    }
    deals = tuple(deal for deal in state.deals_known if deal.position_id in kept)
    return state if len(deals) == len(state.deals_known) else replace(state, deals_known=deals)


def at_standing(state: AccountState) -> AccountState:
    """A closed account needs its deals no more; those of one that breached or passed may still show that it did not."""
    return replace(state, deals_known=()) if state.standing is Standing.CLOSED else state


def after_deal_corrected(state: AccountState, fact: DealCorrected, seq: int, happened_us: int) -> AccountState:
    """The book as if the deal had always been so; what was measured before, with what it was, is not certain any more."""
    told = state.known_deal(fact.deal_id)
    assert told is not None, f"account {state.account} corrects deal {fact.deal_id}, which it does not know"
    before = told.listed_as(fact.symbol, fact.digits)
    now = corrected(before, fact.told_us, fact.deal)
    known = with_corrected(listed_as(state.deals_known, fact.position_id, fact.symbol, fact.digits), now)
    change = _Change(before, now, tuple(deal for deal in known if deal.position_id == now.position_id), seq)
    is_earlier_day = state.closing is not None and state.day is not None and now.at_us < state.day.day.start_us
    findings = tuple(_grounds_corrected(finding, change) for finding in state.findings)
    if is_earlier_day:
        findings = with_moved(findings, Moved(seq, fact.net.minor, cash=False), now.at_us)
    positions = with_deal(state.positions, fact, seq)
    unopened = now.opens and now.deleted and not before.deleted
    return replace(
        state,
        positions=positions,
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        closing=_closing_corrected(state, change) if is_earlier_day else state.closing,
        earlier=_still_certain(state.earlier, now.at_us),
        findings=findings,
        peak=_peak_corrected(state, now.at_us, fact.balance.minor, happened_us)
        if not positions
        else _doubted(state, now.at_us),
        last_trade_us=_last_trade_us(state, known, now),
        last_trade_seq=seq,
        deals_known=known,
        traded=_with_opened(state.traded, before.day, -1) if unopened else state.traded,
        track=position_parts.after_correction(
            state,
            at_deal_corrected(after_correction(state, fact, before), fact, before.seq, seq, happened_us),
            fact,
            change.deals,
        ),
    )


def after_counted(state: AccountState, fact: TradingDayCounted, seq: int) -> AccountState:
    traded = tuple(replace(day, counted=True) if day.label == fact.label else day for day in state.traded)
    return replace(
        state,
        days_traded=fact.count,
        last_day_traded=fact.label,
        first_trade_day=state.first_trade_day or fact.label,
        days_traded_seq=seq,
        traded=traded,
    )


def after_uncounted(state: AccountState, fact: TradingDayUncounted, seq: int) -> AccountState:
    """The day is as if nothing had been opened on it."""
    traded = tuple(day for day in state.traded if day.label != fact.label)
    counted = [day.label for day in traded if day.counted]
    first, last = state.first_trade_day, state.last_day_traded
    return replace(
        state,
        days_traded=fact.count,
        days_traded_seq=seq,
        traded=traded,
        first_trade_day=next(iter(counted), "") if first == fact.label else first,
        last_day_traded=(counted[-1] if counted else "") if last == fact.label else last,
    )


def is_day_emptied(state: AccountState, label: str) -> bool:
    """Whether a day that counts has no deal left that opened something."""
    return any(day.label == label and day.counted and not day.opened for day in state.traded)


# --- the workings ---


class _Change(NamedTuple):
    """A deal before and after its correction, all deals of its position as they read now, and the row that says so."""

    before: KnownDeal
    now: KnownDeal
    deals: tuple[KnownDeal, ...]
    seq: int

    @property
    def net(self) -> int:
        return self.now.net - self.before.net

    def positions(self, held: tuple[Position, ...], until_us: int) -> tuple[Position, ...]:
        """What was held at an instant that has passed. Nothing cites it from there: it is measured, never shown."""
        was = next((one for one in held if one.position_id == self.now.position_id), None)
        others = tuple(one for one in held if one is not was)
        then = taken_together(self.deals, until_us)
        if not then.lots_e8:
            return others
        swap = swap_after(was, self.before, self.now, then.lots_e8)
        position = Position(
            self.now.position_id, self.now.symbol, then.side, then.lots_e8, then.price_open, then.opened_us, self.seq, "",
            swap, self.seq, "swap/minor",
        )  # fmt: skip
        return (*others, position)


def _closing_corrected(state: AccountState, change: _Change) -> Closing:
    closing, day = state.closing, state.day
    assert closing is not None
    assert day is not None
    positions = change.positions(closing.positions, day.day.start_us)
    awaited = closing.swap_awaited & {held.position_id for held in positions}
    return replace(closing, balance=closing.balance + change.net, positions=positions, swap_awaited=awaited)


def _grounds_corrected(finding: Finding, change: _Change) -> Finding:
    """A breach after the deal: another book was held when it was seen."""
    grounds = finding.grounds
    if grounds is None or change.now.at_us >= finding.at_us:
        return finding
    balance, positions = grounds.deals or (grounds.balance, grounds.positions)
    deals = balance + change.net, change.positions(positions, finding.at_us)
    return replace(finding, grounds=replace(grounds, deals=deals))


def _still_certain(earlier: tuple[EarlierBook, ...], at_us: int) -> tuple[EarlierBook, ...]:
    """The books of before the deal. Those between it and the newest booking held what no row says any more."""
    return tuple(book for book in earlier if book.until_us <= at_us)


def _peak_corrected(state: AccountState, deal_us: int, balance: int, happened_us: int) -> Peak | None:
    """An account that holds nothing is worth its balance, which may be a new high."""
    peak = _doubted(state, deal_us)
    if peak is None or not state.trails_every_tick or balance <= peak.equity:
        return peak
    return Peak(balance, balance, happened_us, (), 0)


def _doubted(state: AccountState, deal_us: int) -> Peak | None:
    """A high of after the deal was measured with what the deal was."""
    peak = state.peak
    if peak is None or not state.trails_every_tick or deal_us >= peak.at_us:
        return peak
    return replace(peak, in_doubt=True)


def _last_trade_us(state: AccountState, known: tuple[KnownDeal, ...], now: KnownDeal) -> int:
    if not now.deleted or now.at_us < state.last_trade_us:
        return state.last_trade_us
    return max((deal.at_us for deal in known if not deal.deleted), default=state.last_trade_us)


def _with_opened(traded: tuple[DayTraded, ...], label: str, by: int) -> tuple[DayTraded, ...]:
    if any(day.label == label for day in traded):
        return tuple(replace(day, opened=day.opened + by) if day.label == label else day for day in traded)
    return (*traded[1 - DEAL_DAYS_KEPT :], DayTraded(label, by, counted=False)) if by > 0 else traded


def _bounded(deals: tuple[KnownDeal, ...]) -> tuple[KnownDeal, ...]:
    """The oldest goes with all of its position: without it, the others can be corrected no more."""
    if len(deals) <= DEALS_KNOWN_MAX:
        return deals
    oldest = deals[0].position_id
    return tuple([deal for deal in deals[:-1] if deal.position_id != oldest]) + deals[-1:]
