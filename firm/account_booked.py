"""Account booked: what a deal, its correction, cash, a payout, a dividend, swap or a restated position changes of an account."""

from typing import assert_never

from msgspec.structs import replace

from firm import position_parts, track_fold
from firm.account import (
    AccountState,
    EarlierBook,
    Moved,
    Peak,
    cash_key,
    with_deal,
    with_restated,
)
from firm.account_deals import (
    after_booked,
    after_deal_corrected,
    with_deals_restated,
)
from firm.account_findings import (
    with_late_deal,
    with_late_dividend,
    with_moved,
)
from firm.account_swaps import after_swap, no_longer_awaiting, with_swap_told
from firm.bounds import EARLIER_BOOKS_MAX
from firm.facts import (
    CashBooked,
    DealBooked,
    DealCorrected,
    DividendBooked,
    PayoutBooked,
    PositionRestated,
    SwapPosted,
)
from firm.track_conduct import without_gone
from firm.track_days import after_deal, after_dividend

Booking = DealBooked | DealCorrected | CashBooked | PayoutBooked | DividendBooked | SwapPosted | PositionRestated


def after_booking(state: AccountState, body: Booking, seq: int, happened_us: int) -> AccountState:
    """What changes balance or positions."""
    match body:
        case DealBooked():
            return _after_deal(after_booked(state, body, seq), body, seq, happened_us)
        case DealCorrected():
            return after_deal_corrected(state, body, seq, happened_us)
        case CashBooked():
            return _after_cash(state, body, seq, happened_us)
        case PayoutBooked():
            return _after_payout(state, body, seq, happened_us)
        case DividendBooked():
            return _after_dividend(state, body, seq, happened_us)
        case SwapPosted():
            return after_swap(_with_book_kept(state, happened_us), body, seq)
        case PositionRestated():
            return _after_restated(state, body, seq, happened_us)
        case unknown:
            assert_never(unknown)


def _after_deal(state: AccountState, fact: DealBooked, seq: int, happened_us: int) -> AccountState:
    closing, findings = state.closing, state.findings
    if closing is not None and state.day is not None and happened_us < state.day.day.start_us:
        findings = with_moved(findings, Moved(seq, fact.net.minor, cash=False), happened_us)
        # A deal of the day that ended, come late: the mark at its end must hold it too.
        closing = replace(
            closing, balance=closing.balance + fact.net.minor, positions=with_deal(closing.positions, fact, seq)
        )
    findings = tuple(with_late_deal(finding, fact, seq, happened_us) for finding in findings)
    return replace(
        _with_book_kept(state, happened_us),
        positions=with_deal(state.positions, fact, seq),
        closing=no_longer_awaiting(closing, fact),
        findings=findings,
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        last_trade_us=max(state.last_trade_us, happened_us),
        last_trade_seq=seq,
        deals=_with_id(state.deals, fact.deal_id),
        peak=_peak_after_deal(state, fact, happened_us),
        track=track_fold.at_balance(
            without_gone(state, after_deal(state, fact, seq, happened_us)), fact.balance.minor, seq, happened_us
        ),
    )


def _peak_after_deal(state: AccountState, fact: DealBooked, happened_us: int) -> Peak | None:
    """What is open is worth what the next price says. A deal makes a new high only where it leaves nothing open."""
    peak = _peak_after_booking(state, happened_us)
    is_flat = not fact.lots_e8 and all(held.position_id == fact.position_id for held in state.positions)
    if peak is not None and is_flat and fact.balance.minor > peak.equity and state.trails_every_tick:
        return Peak(fact.balance.minor, fact.balance.minor, happened_us, (), 0)
    return peak


def _peak_after_booking(state: AccountState, happened_us: int) -> Peak | None:
    """A high of after what is booked only now was measured without it."""
    peak = state.peak
    if peak is None or happened_us >= peak.at_us or not state.trails_every_tick:
        return peak
    return replace(peak, in_doubt=True)


def _with_id(deals: tuple[frozenset[str], ...], deal_id: str) -> tuple[frozenset[str], ...]:
    return (*deals[:-1], deals[-1] | {deal_id})


def _with_book_kept(state: AccountState, until_us: int) -> AccountState:
    """Before the book changes: keep it as it was. A change that comes out of order leaves no earlier book that is certain."""
    if until_us < state.book_since_us:
        return replace(state, earlier=())
    kept = EarlierBook(state.book_since_us, until_us, state.balance, state.balance_source, state.positions)
    return replace(state, earlier=(*state.earlier[1 - EARLIER_BOOKS_MAX :], kept), book_since_us=until_us)


def _after_cash(state: AccountState, fact: CashBooked, seq: int, happened_us: int) -> AccountState:
    closing = state.closing
    if closing is not None:
        # The day is to begin as if the money had been there: cash is neither profit nor loss.
        closing = replace(closing, balance=closing.balance + fact.amount.minor)
    return replace(
        _with_book_kept(state, happened_us),
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        closing=closing,
        cash_net=fact.net.minor,
        cash_seq=seq,
        findings=with_moved(state.findings, Moved(seq, fact.amount.minor, cash=True)),
        deals=_with_id(state.deals, cash_key(fact.cash_id)),
    )


def _after_payout(state: AccountState, fact: PayoutBooked, seq: int, happened_us: int) -> AccountState:
    """The balance comes down. Whether floors come with it is for each limit to say; what was suspected before was suspected without it."""
    return replace(
        _with_book_kept(state, happened_us),
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        deals=_with_id(state.deals, cash_key(fact.cash_id)),
        track=track_fold.at_payout(state.track, fact, seq, happened_us),
    )


def _after_dividend(state: AccountState, fact: DividendBooked, seq: int, happened_us: int) -> AccountState:
    """As a deal that leaves every position as it is: one of before the day's first instant belongs to the day that ended."""
    closing, findings = state.closing, state.findings
    if closing is not None and state.day is not None and happened_us < state.day.day.start_us:
        findings = with_moved(findings, Moved(seq, fact.amount.minor, cash=False, dividend=True), happened_us)
        closing = replace(closing, balance=closing.balance + fact.amount.minor)
    return replace(
        _with_book_kept(state, happened_us),
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        closing=closing,
        findings=tuple(with_late_dividend(finding, fact, happened_us) for finding in findings),
        deals=_with_id(state.deals, cash_key(fact.cash_id)),
        peak=_peak_after_booking(state, happened_us),
        track=track_fold.at_balance(after_dividend(state, fact, happened_us), fact.balance.minor, seq, happened_us),
    )


def _after_restated(state: AccountState, fact: PositionRestated, seq: int, happened_us: int) -> AccountState:
    closing, findings = state.closing, with_swap_told(state, fact, seq)
    if closing is not None:
        closing = replace(closing, positions=with_restated(closing.positions, fact, seq))
    state = with_deals_restated(_with_book_kept(state, happened_us), fact)
    return replace(
        state,
        positions=with_restated(state.positions, fact, seq),
        closing=closing,
        findings=findings,
        track=position_parts.after_restated(state.track, state.position(fact.position_id), fact),
    )
