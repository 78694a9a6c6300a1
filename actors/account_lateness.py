"""The account and prices that come late: judged on the book of their instant, or left to a person where that is not known.

A tick out of order may show a breach that was passed over. A merged window that showed a breach leaves it suspected until the
single prices have come: one of them confirms it, or none of them does and it is taken back.
"""

from msgspec.structs import replace

from actors import account_verdicts as verdicts
from actors.account_grounds import change_since
from actors.account_looking_back import look_again
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.exhibits import cite_quotes
from actors.messages import PricesFilled, PricesMissing
from firm.account import AccountState, Finding, Peak
from firm.arithmetic import PLAIN
from firm.bounds import LATE_ANSWERS_MAX, LATE_PRICES_TOLD_MAX
from firm.equity import equity_of, symbols_needed, unpriced
from firm.facts import Doubt, PeakDoubted, VerdictCorrected
from firm.phase import JUDGED, Standing
from firm.price import Quote
from firm.rules.consistency import is_limit
from firm.rules.consistency_limit import broke_share
from firm.rules.limits import breaks


def judge_late(seat: AccountSeat, quote: Quote, turn: Turn) -> None:
    """A tick came out of order: would the account, while it stood, have broken a limit with it?

    A tick that is the newest of its symbol comes here too where the account's book, or its breach, is newer still.
    """
    _question_breaches(seat, quote, turn)
    _doubt_peaks(seat, quote, turn)
    state, market = seat.held, turn.market(seat.held.bridge)
    if quote.t_us >= state.book_since_us and market.board.quotes[quote.symbol] == quote:
        return  # the newest price for the book as it is: judged as any price
    until_us = market.next_price_us(quote.symbol, quote.t_us)
    look_again(seat, quote.t_us, state.book_since_us if until_us is None else until_us, turn)


def _question_breaches(seat: AccountSeat, quote: Quote, turn: Turn) -> None:
    """Breaches at prices of several symbols, of which this one came late: with it, did the account still break its limit then?

    What a declared breach has closed stays closed; a person says what is owed to the trader.
    """
    moved = [one for one in seat.held.findings if _is_moved(seat, one, quote, turn)]
    if not moved:
        return
    cite_quotes((quote,), seat.board(turn).specs, seat.account, turn)  # from here on it stands in the other's place
    for seq in [finding.seq for finding in moved]:
        _ask_anew(seat, seq, f"the price of {quote.symbol} in row {quote.frame} came late", turn)
    seat.watch(turn)


def _doubt_peaks(seat: AccountSeat, quote: Quote, turn: Turn) -> None:
    """Highs at prices of several symbols, of which this one came late: with it, was equity ever so high?

    What broke the floor under such a high is put before a person, and until there is a higher one, so is what breaks it from now on.
    """
    doubted = [peak for peak in _peaks_of(seat.held) if peak.is_moved_by(quote) and _was_lower(seat, peak, quote, turn)]
    for peak in doubted:
        under = [one for one in seat.held.findings if one.grounds is not None and one.grounds.high == peak]
        cite_quotes((quote,), seat.board(turn).specs, seat.account, turn)
        equity = seat.held.money(peak.equity)
        seat.record(PeakDoubted(equity=equity, at_us=peak.at_us, symbol=quote.symbol, frame=quote.frame), turn)
        for decision in [one.seq for one in under if not one.questioned]:
            because = f"the price of {quote.symbol} in row {quote.frame} came late; with it the high above the floor was not reached"
            _question(seat, decision, because, turn)
        seat.watch(turn)


def _peaks_of(state: AccountState) -> list[Peak]:
    """Those that a floor follows, or followed when it was broken, and that nothing has put in doubt."""
    follows = state.trails_every_tick and state.standing in JUDGED and not state.is_peak_in_doubt
    now = [state.peak] if follows else []
    then = [one.grounds.high for one in state.findings if one.grounds is not None]
    found: list[Peak] = []
    for peak in (*now, *then):
        if peak is not None and not peak.in_doubt and peak not in found:
            found.append(peak)
    return found


def _was_lower(seat: AccountSeat, peak: Peak, quote: Quote, turn: Turn) -> bool:
    """Whether less was made on what was open with this price; also where nobody can tell. Cash since has moved equity and balance alike."""
    then = seat.held.as_of(peak.at_us)
    board = seat.board(turn).at({known.symbol: known for known in (*peak.quotes, quote)})
    if then is None or unpriced(then, board):
        return True
    return equity_of(PLAIN, then, board) - then.balance < peak.equity - peak.balance


def _is_moved(seat: AccountSeat, finding: Finding, quote: Quote, turn: Turn) -> bool:
    """Whether this price stood at a breach's instant in place of the one that is known.

    It is kept although it changes no figure: an older one that is told after it is not to stand in its place. Of those that leave the
    answer as it was only so many are kept, and of all together; in the end a question stays with a person.
    """
    grounds = finding.grounds
    if grounds is None or not grounds.is_moved_by(quote, finding.at_us):
        return False
    mended = replace(finding, grounds=grounds.with_price(quote))
    if change_since(seat.held, mended, seat.board(turn)) is None:
        return False
    turns = _is_breach(seat, mended, turn) is finding.questioned
    kept_max = LATE_PRICES_TOLD_MAX if not turns else LATE_ANSWERS_MAX if finding.questioned else None
    return kept_max is None or grounds.told < kept_max


def _is_breach(seat: AccountSeat, finding: Finding, turn: Turn) -> bool | None:
    """Whether the equity that was seen, changed by what came since, is beyond the floor it was held against; None: nobody can tell."""
    limit = verdicts.limit_named(seat.held, finding.rule)
    assert limit is not None, f"{seat.name} has no rule {finding.rule}"
    change = change_since(seat.held, finding, seat.board(turn))
    if change is None:
        return None
    return breaks(PLAIN, limit.terms, finding.observed + change - finding.counted, finding.floor)


def _ask_anew(seat: AccountSeat, decision: int, why: str, turn: Turn) -> None:
    """Something came late: put the breach before a person where it is none with it, or take the question back where it is one again."""
    finding = seat.held.finding_of(decision)
    is_breach = _is_breach(seat, finding, turn) if finding is not None else True
    if finding is None or is_breach is not finding.questioned:
        return
    because = f"{why}; with it equity {'was' if is_breach else 'was not'} beyond the floor"
    if is_breach:
        seat.record(VerdictCorrected(decision=decision, verdict="withdrawn", because=because), turn)
    else:
        _question(seat, decision, because, turn)


def _question(seat: AccountSeat, decision: int, because: str, turn: Turn) -> None:
    seat.record(VerdictCorrected(decision=decision, verdict="questioned", because=because), turn)
    if seat.held.standing is Standing.SUSPECTED:
        seat.stand(Standing.UNDER_REVIEW, Doubt.LATE_DATA.value, turn)


def question_by_booking(seat: AccountSeat, booked_us: int, booked: str, turn: Turn) -> None:
    """A deal or dividend was `booked`, or a deal corrected, that happened before a breach: with it, was the limit broken?

    A suspicion that waits is measured with it when what it waits for has come. One whose grounds cannot be measured any more is left
    to the person who looks at it, and only a breach that ended the account is put before one for that.
    """
    state = seat.held
    if state.standing not in (Standing.BREACHED, Standing.UNDER_REVIEW):
        return
    _question_share(seat, booked_us, booked, turn)
    why = f"the {booked} had been made before it"
    for finding in state.findings:
        if finding.grounds is None or booked_us >= finding.at_us:
            continue
        if _is_breach(seat, finding, turn) is not None:
            _ask_anew(seat, finding.seq, why, turn)
        elif state.standing is Standing.BREACHED and not finding.questioned:
            _question(seat, finding.seq, f"{why}; with it nobody can tell what equity was", turn)
    seat.watch(turn)


def _question_share(seat: AccountSeat, booked_us: int, booked: str, turn: Turn) -> None:
    """The same of a share of the profit that ended the account: without this deal, or with it, was it too large?"""
    state = seat.held
    if state.standing is not Standing.BREACHED:
        return
    shares = {rule.id: rule for rule in state.ruleset.rules if is_limit(rule.terms)}
    for finding in state.findings:
        if finding.rule not in shares or booked_us > finding.at_us:
            continue
        is_broken = broke_share(shares[finding.rule], state, finding.at_us)
        if is_broken is finding.questioned or (is_broken is None and not finding.questioned):
            verdict = "withdrawn" if is_broken else "questioned"
            because = f"the {booked} had been made by then; with it {_SHARE[is_broken]}"
            seat.record(VerdictCorrected(decision=finding.seq, verdict=verdict, because=because), turn)


_SHARE = {
    True: "the share was too large",
    False: "the share was not too large",
    None: "nobody can tell how large the share was",
}


def settle_filled(seat: AccountSeat, filled: PricesFilled, turn: Turn) -> None:
    """The full prices of a merged window have come, and were judged one by one: what none of them showed did not happen."""
    for finding in seat.held.findings:
        if not _awaits(finding, filled) or seat.held.standing is not Standing.SUSPECTED:
            continue
        if not _could_be_judged(seat, finding, filled, turn):
            seat.stand(Standing.UNDER_REVIEW, Doubt.CONFLATED_PRICES.value, turn)
            return
        because = "the full prices have come, and at none of them equity was beyond the floor"
        seat.record(VerdictCorrected(decision=finding.seq, verdict="exonerated", because=because), turn)
        if not seat.held.findings:
            verdicts.let_go_on(seat, "exonerated", finding.seq, turn)


def _could_be_judged(seat: AccountSeat, finding: Finding, filled: PricesFilled, turn: Turn) -> bool:
    """Whether each price of the stretch was looked at with the book, the floor and the other prices of its instant."""
    state = seat.held
    limit = verdicts.limit_named(state, finding.rule)
    assert limit is not None, f"{seat.name} has no rule {finding.rule}"
    if state.day is None or finding.day_us != state.day.day.start_us or limit.follows_every_tick:
        return False
    board = seat.board(turn)
    books = [state.positions, *(book.positions for book in state.earlier if book.until_us > filled.from_us)]
    needed = {symbols_needed(replace(state, positions=book), board) for book in books}
    is_known = state.as_of(max(filled.from_us, finding.day_us)) is not None
    return is_known and needed <= {(), (filled.symbol,)}


def give_up_waiting(seat: AccountSeat, missing: PricesMissing, turn: Turn) -> None:
    """The full prices will never come: a person decides by what there is."""
    waits = any(_awaits(finding, missing) for finding in seat.held.findings)
    if waits and seat.held.standing is Standing.SUSPECTED:
        seat.stand(Standing.UNDER_REVIEW, Doubt.CONFLATED_PRICES.value, turn)


def _awaits(finding: Finding, stretch: PricesFilled | PricesMissing) -> bool:
    return finding.awaits_prices and stretch.from_us <= finding.at_us <= stretch.to_us
