"""The account and the recent past: judged again at each instant that something which came late has changed, with the book and the prices
of then."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from msgspec.structs import replace

from actors import account_verdicts as verdicts
from actors.account_seat import AccountSeat
from actors.desk import Market, Turn
from actors.messages import AskFailure
from actors.names import RISK
from firm.account import AccountState, Position
from firm.arithmetic import PLAIN
from firm.bounds import LOOKS_MAX, VALUED_MAX
from firm.equity import Holdings, equity_of, holdings_of, symbols_needed
from firm.facts import Doubt
from firm.freshness import aged
from firm.needs import high_keys, needs_of
from firm.phase import JUDGED
from firm.price import Quote
from firm.rules.limits import Limit, first_broken
from firm.ruleset import LateBreach


def look_again_since(seat: AccountSeat, from_us: int, turn: Turn) -> None:
    """As `look_again`, up to the newest price of what is held: with that one the account is judged as ever."""
    board = seat.board(turn)
    stamps = (board.quotes[symbol].t_us for symbol in seat.stakes(board).needed or () if symbol in board.quotes)
    look_again(seat, from_us, max(stamps, default=0), turn)


def look_again(seat: AccountSeat, from_us: int, until_us: int, turn: Turn) -> None:
    """Would the account have broken a limit in [from_us, until_us), by all that is known now? The first instant counts.

    A stretch whose book or prices are not known any more is passed over.
    """
    state = seat.held
    if state.standing not in JUDGED or state.day is None:
        return
    from_us = max(from_us, state.day.day.start_us)
    if from_us >= until_us:
        return
    market = turn.market(state.bridge)
    for at_us in _worth_a_look(seat, market, _instants(state, market, from_us, until_us)):
        if _look_at(seat, market, at_us, turn):
            return


_EXACTLY = 8  # times as long as a quick valuation takes the one that decides


class _Instant(NamedTuple):
    """When, with the prices and the book of then, ready to be valued."""

    at_us: int
    prices: dict[str, Quote]
    balance: int
    holdings: Holdings


def _worth_a_look(seat: AccountSeat, market: Market, instants: list[int]) -> Iterator[int]:
    """The instants at which a floor may have been reached, in their order; most stretches are ruled out by their worst prices."""
    state = seat.held
    ends = instants[0], instants[-1]  # a waiver of all between them holds at both
    limits = [limit for at_us in ends for limit in _late_limits(state, seat.limits(), at_us)]
    floor = max((limit.floor for limit in limits if limit.hard), default=None)
    if floor is None:
        return
    known = list(_priced(state, market, instants))  # all of it, so that no two holdings are ever at one place in memory
    budget = VALUED_MAX
    for _, group in groupby(known, key=lambda one: (id(one.holdings), one.balance)):
        stretches = [list(group)]
        while stretches:
            stretch = stretches.pop()
            budget -= len(stretch[0].holdings.legs)
            if budget < 0:
                return
            worst = stretch[0].holdings.equity(stretch[0].balance, _worst(stretch))
            if worst is not None and worst > floor:
                continue
            if len(stretch) == 1:
                budget -= _EXACTLY * len(stretch[0].holdings.legs)
                yield stretch[0].at_us
            else:
                half = len(stretch) // 2
                stretches += [stretch[half:], stretch[:half]]


def _priced(state: AccountState, market: Market, instants: list[int]) -> Iterator[_Instant]:
    """Each instant as far as its book and its prices are known."""
    valued: dict[int, tuple[tuple[Position, ...], tuple[str, ...], Holdings | None]] = {}
    for at_us in instants:
        then = state.as_of(at_us)
        if then is None:
            continue
        book = valued.get(id(then.positions))
        if book is None:
            needed = symbols_needed(then, market.board) or ()
            book = valued[id(then.positions)] = (then.positions, needed, holdings_of(then, market.board))
        _, needed, holdings = book
        prices = market.prices_at(needed, at_us) if needed else None
        if prices is not None and holdings is not None:
            yield _Instant(at_us, prices, then.balance, holdings)


def _worst(stretch: list[_Instant]) -> dict[str, Quote]:
    """The lowest bid and the highest ask of each symbol: what is long or short, gained or lost, and converted, is worth least at these."""
    worst = dict(stretch[0].prices)
    for one in stretch[1:]:
        for symbol, quote in one.prices.items():
            known = worst[symbol]
            if quote.bid < known.bid or quote.ask > known.ask:
                worst[symbol] = replace(known, bid=min(quote.bid, known.bid), ask=max(quote.ask, known.ask))
    return worst


def _instants(state: AccountState, market: Market, from_us: int, until_us: int) -> list[int]:
    """When its equity may have changed: with a price of what it held, or with its book."""
    books = [state.holding(book) for book in state.earlier if book.until_us > from_us]
    symbols = {symbol for book in (*books, state) for symbol in symbols_needed(book, market.board) or ()}
    began = {
        at_us
        for at_us in (state.book_since_us, *(book.from_us for book in state.earlier))
        if from_us < at_us < until_us
    }
    return sorted({from_us} | began | market.stamps(symbols, from_us, until_us))[:LOOKS_MAX]


def _look_at(seat: AccountSeat, market: Market, at_us: int, turn: Turn) -> bool:
    """Whether a limit was seen broken at that instant, and was not before."""
    state = seat.held
    then = state.as_of(at_us)
    needed = symbols_needed(then, market.board) if then is not None else None
    prices = market.prices_at(needed, at_us) if needed else None
    if then is None or prices is None:
        return False
    limits = tuple(limit for limit in _late_limits(state, seat.limits(), at_us) if _was_known(limit, state, at_us))
    board = market.board.at(prices)
    broken = first_broken(limits, equity_of(PLAIN, then, board), then.balance)
    if broken is None or not broken.hard:
        return False
    doubts = _doubts(then, broken, at_us, turn) | aged(then, board, at_us, turn.policy)
    if doubts:
        seen = verdicts.seen_then(seat, broken, at_us, turn)
        verdicts.suspect(seat, seen, tuple(doubt for doubt in Doubt if doubt in doubts), turn)
    else:
        ask = AskFailure(account=seat.account, rule=broken.rule.id, at_us=at_us, settled=False, late=True)
        turn.send(RISK, ask)
    return True


def _late_limits(state: AccountState, limits: tuple[Limit, ...], at_us: int) -> tuple[Limit, ...]:
    """What comes late may break at its instant: the open ones, and those that merged prices have already put in question."""
    awaited = {finding.rule for finding in state.findings if finding.awaits_prices}
    return (*verdicts.open_limits(state, limits, at_us), *(limit for limit in limits if limit.rule.id in awaited))


def _was_known(limit: Limit, state: AccountState, at_us: int) -> bool:
    """Whether the floor already stood where it stands now. One that follows prices or closed trades may have risen since."""
    keys = high_keys(limit.terms, peak_of_day=needs_of(state.ruleset).peak_of_day)
    rose_us = max((high.at_us for high in state.track.highs if high.key in keys), default=0)
    if limit.follows_every_tick and state.peak is not None:
        rose_us = max(rose_us, state.peak.at_us)
    return rose_us <= at_us


def _doubts(then: AccountState, limit: Limit, at_us: int, turn: Turn) -> set[Doubt]:
    """As for any failure; and what was seen late is a doubt of its own, unless the ruleset enforces late breaches."""
    doubts = set(verdicts.doubts_of(then, limit, at_us, turn)) - {Doubt.CONFLATED_PRICES}
    confirms = any(finding.awaits_prices and finding.rule == limit.rule.id for finding in then.findings)
    by_rule = then.ruleset.late_breach is LateBreach.REVIEW and not confirms
    cash_came_since = then.cash_seq > int(then.balance_source.partition("/")[0])  # it has moved the floor
    if by_rule or cash_came_since:
        doubts.add(Doubt.LATE_DATA)
    return doubts
