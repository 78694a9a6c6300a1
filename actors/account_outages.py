"""The account and prices that are missing: its passes wait until the incident is over, then it says what it went through.

Breaches are not frozen. What would have been without the outage is said from the prices that came afterwards, at the book and the
floors of now; where they do not tell, the answer is that nobody knows.
"""

from collections.abc import Mapping

from actors.account_seat import AccountSeat
from actors.account_verdicts import limit_named
from actors.desk import Turn
from actors.messages import OutageOver, PricesOut
from firm.account import AccountState, Finding, Position
from firm.account_outages import all_symbols_of, outage_of, what_it_needs
from firm.arithmetic import PLAIN
from firm.equity import Board, lacks_prices, leg_of
from firm.facts import OutageAssessed, PassesFrozen
from firm.incidents import Answer, Befell, Hole, Incident, Outage, Proposal
from firm.inputs import Side
from firm.outage import days_lost
from firm.phase import JUDGED, Standing
from firm.price import Quote
from firm.rules.limits import breaks, measured_of
from firm.terms.objectives import Inactivity, MaximumDuration


def hear_of(seat: AccountSeat, message: PricesOut, turn: Turn) -> None:
    """Prices are missing that the account may need."""
    _freeze(seat, message.incident, turn)


def look_for_incident(seat: AccountSeat, turn: Turn) -> None:
    """Something was reported of the account: it may need prices now that are missing."""
    if seat.state is None:
        return
    incident = turn.incident(seat.held.bridge)
    if incident is not None:
        _freeze(seat, incident, turn)


def _freeze(seat: AccountSeat, incident: Incident, turn: Turn) -> None:
    if outage_of(seat.held, incident.incident) is not None:
        return
    found = what_it_needs(seat.held, seat.board(turn), incident)
    if found is not None:
        needed, symbols = found
        fact = PassesFrozen(incident=incident.incident, needed=needed, symbols=symbols, from_us=incident.from_us)
        seat.record(fact, turn, turn.header.happened_us)


def assess(seat: AccountSeat, over: OutageOver, turn: Turn) -> None:
    """Prices have come again: what befell the account, what would have, and what a person is asked to grant."""
    state = seat.held
    outage = outage_of(state, over.incident)
    if outage is None:
        return
    from_us = min(outage.from_us, over.from_us)
    finding = state.finding_of(outage.decision) if outage.decision else None
    answer = _answer(seat, outage, finding, over, turn)
    proposal = _proposal(state, outage, finding, answer)
    fact = OutageAssessed(
        incident=over.incident,
        from_us=from_us,
        until_us=over.until_us,
        befell=outage.befell,
        decision=outage.decision,
        answer=answer,
        proposal=proposal,
        days=days_lost(over.until_us - from_us) if proposal is Proposal.EXTEND else 0,
    )
    seat.record(fact, turn, turn.header.happened_us)
    seat.watch(turn)


# --- would it have broken a limit? ---


def _answer(seat: AccountSeat, outage: Outage, finding: Finding | None, over: OutageOver, turn: Turn) -> Answer:
    """By the prices that came afterwards. With a stretch that never came nobody can tell."""
    if finding is not None and finding.questioned:
        return Answer.NO
    if finding is None and Befell.CLEARED in outage.befell:
        return Answer.NO
    if not over.filled:
        return Answer.UNKNOWN
    if finding is not None:
        return _answer_of_breach(seat, finding, dict(outage.stops), over.holes, turn)
    if Befell.BREACHED in outage.befell or Befell.SUSPECTED in outage.befell:
        return Answer.UNKNOWN  # by a rule that is no loss limit, or one that a person has dismissed since
    return _answer_of_kept(seat, outage, over, turn)


def _answer_of_breach(
    seat: AccountSeat, finding: Finding, stops: Mapping[str, int], holes: Mapping[str, Hole | None], turn: Turn
) -> Answer:
    """A limit was broken at prices that stand. Without the outage it would have been as well, unless a stop had ended it before."""
    grounds = finding.grounds
    if grounds is None:
        return Answer.UNKNOWN
    state, board = seat.held.held_at(grounds), seat.board(turn)
    reached = {
        held.position_id: stop
        for held in state.positions
        if (stop := stops.get(held.position_id)) and _is_reached(held, stop, holes.get(held.symbol))
    }
    if not reached:
        return Answer.YES
    equity = _equity(state, board, {quote.symbol: quote for quote in grounds.mended}, reached)
    if equity is None:
        return Answer.UNKNOWN
    limit = limit_named(state, finding.rule)
    assert limit is not None, f"{seat.name} has no rule {finding.rule}"
    broken = breaks(PLAIN, limit.terms, measured_of(PLAIN, limit, equity, state.balance), finding.floor)
    return Answer.YES if broken else Answer.NO


def _is_reached(held: Position, stop: int, hole: Hole | None) -> bool:
    """Whether prices that came afterwards passed where the position was to end: at the bid when long, at the ask when short."""
    if hole is None:
        return False
    if held.side is Side.BUY:
        return hole.low is not None and hole.low.bid <= stop
    return hole.high is not None and hole.high.ask >= stop


def _answer_of_kept(seat: AccountSeat, outage: Outage, over: OutageOver, turn: Turn) -> Answer:
    """Nothing was broken. Each position at its worst price of the outage: where even then no floor was reached, none would have been."""
    state, holes, from_us = seat.held, over.holes, min(outage.from_us, over.from_us)
    needed = {*outage.symbols, *all_symbols_of(state, seat.board(turn))}
    if any(symbol not in holes for symbol in outage.symbols):
        return Answer.UNKNOWN  # more symbols were missing than the incident names
    passed = {symbol for symbol in needed if holes.get(symbol) is not None}
    if not passed:
        return Answer.NO  # no price was passed over: each was looked at in its turn
    is_other_book = state.book_since_us > from_us or any(order.symbol in passed for order in state.track.orders)
    is_other_day = state.day is None or state.day.day.start_us > from_us
    if is_other_book or is_other_day or any(limit.follows_every_tick for limit in seat.limits()):
        return Answer.UNKNOWN
    board = seat.board(turn)
    worst = _worst(state, board, holes)
    equity = None if worst is None else _equity(state, board, worst, {})
    if equity is None:
        return Answer.UNKNOWN
    broken = [
        limit
        for limit in seat.limits()
        if limit.is_met_by_prices
        and breaks(PLAIN, limit.terms, measured_of(PLAIN, limit, equity, state.balance), limit.floor)
    ]
    if not broken:
        return Answer.NO
    one_sided = len({(held.symbol, held.side) for held in state.positions}) == 1
    return Answer.YES if one_sided and len(board.quotes.keys() & passed) else Answer.UNKNOWN


def _worst(state: AccountState, board: Board, holes: Mapping[str, Hole | None]) -> dict[str, Quote] | None:
    """By symbol, the price of the outage that was worst for what is held; None where that is not certain, as through an exchange rate."""
    prices = dict(board.quotes)
    for held in state.positions:
        spec, hole = board.specs.get(held.symbol), holes.get(held.symbol)
        if spec is None or spec.currency_profit != state.initial.currency:
            return None
        sides = {one.side for one in state.positions if one.symbol == held.symbol}
        if hole is None:
            continue
        if len(sides) > 1:
            return None
        worst = hole.low if held.side is Side.BUY else hole.high
        if worst is not None:
            prices[held.symbol] = worst
    return prices


def _equity(state: AccountState, board: Board, prices: Mapping[str, Quote], stopped: Mapping[str, int]) -> int | None:
    """At these prices, and each position of `stopped` at the price where it was to end; None where it cannot be priced."""
    total = state.balance + sum(held.swap for held in state.positions)
    for held in state.positions:
        leg = leg_of(state, held, board)
        at = {**board.quotes, **prices}
        if leg is None or lacks_prices((leg.symbol, *(hop.symbol for hop in leg.hops)), board.at(at)):
            return None
        stop = stopped.get(held.position_id)
        if stop is not None:
            at[held.symbol] = Quote(
                held.symbol, at[held.symbol].t_us, stop, stop, at[held.symbol].frame, at[held.symbol].index
            )
        total += leg.profit(at)
    return total


# --- what is proposed ---


def _proposal(state: AccountState, outage: Outage, finding: Finding | None, answer: Answer) -> Proposal:
    if state.standing is Standing.BREACHED and outage.decision:
        by_outage = finding is not None and answer is Answer.NO
        if by_outage:
            return Proposal.REINSTATE
        return Proposal.NOTHING if answer is Answer.YES else Proposal.LOOK
    open_question = state.standing in (Standing.SUSPECTED, Standing.UNDER_REVIEW)
    if open_question or (answer is Answer.YES and state.standing in JUDGED):
        return Proposal.LOOK
    if state.standing in JUDGED and any(_is_clock(rule.terms) for rule in state.ruleset.rules):
        return Proposal.EXTEND
    return Proposal.NOTHING


def _is_clock(terms: object) -> bool:
    return isinstance(terms, MaximumDuration | Inactivity)
