"""Exposure: no more than so many lots, positions, notional or margin may be held at once (or opened in a day).

What is held at once is added, and what never overlapped is not: two trades one after the other need the margin of the larger one.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from firm.arithmetic import Arithmetic, Figure
from firm.rules.figures import Marks, by_side, by_symbol, is_beyond, lots_of, share_rounded_half_away, source_of, summed
from firm.rules.judged import SILENT, Judged, Unit, kept
from firm.ruleset import Rule
from firm.terms.exposure import CountedOver, ExposureLimit, Netted, Quantity
from firm.terms.words import BP_WHOLE
from firm.track import DayResult, HeldPosition, Trade

_UNITS = {
    Quantity.LOTS: Unit.LOTS_E8,
    Quantity.POSITIONS: Unit.COUNT,
    Quantity.NOTIONAL: Unit.BP,
    Quantity.MARGIN: Unit.BP,
}


def judge_exposure_limit(
    calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition], trades: Sequence[Trade], today: DayResult, marks: Marks
) -> tuple[Judged, ...]:
    """One answer for the account, or one a position where each counts by itself.

    `trades`: those that were closed today; others change nothing. SILENT while a position has no price, and for notional or margin
    of what was opened in a day, which is not known once it is closed.
    """
    terms = rule.terms
    assert isinstance(terms, ExposureLimit)
    limit = limit_now(calc, rule, marks.start_profit)
    counted = [position for position in held if _concerns(terms, position.symbol)]
    match terms.counted:
        case CountedOver.EACH_POSITION:
            return tuple(
                _judged(calc, terms, amount, limit, marks, one.position_id)
                for one in counted
                for amount in _amounts(calc, terms.quantity, (one,))
            )
        case CountedOver.OPEN_AT_ONCE:
            return (_judged(calc, terms, _at_once(calc, terms, counted), limit, marks, ""),)
        case CountedOver.OPENED_IN_DAY | CountedOver.OPENED_IN_DAY_AND_CARRIED:
            closed = [trade for trade in trades if _concerns(terms, trade.symbol)]
            return (_judged(calc, terms, _in_day(calc, terms, counted, closed, today), limit, marks, ""),)
        case unknown:
            assert_never(unknown)


def limit_now(calc: Arithmetic, rule: Rule, start_profit: Figure) -> int:
    """The limit of today, in the quantity's unit: the last tier that the profit with which the day began has reached."""
    terms = rule.terms
    assert isinstance(terms, ExposureLimit)
    limit = calc.given("limit", terms.limit, _UNITS[terms.quantity], rule.cited("limit"))
    if not terms.tiers:
        return limit
    profit = calc.given("profit at the day's start", start_profit.value, "minor", start_profit.source)
    for place, tier in enumerate(terms.tiers):
        needed = calc.given(
            "profit for the next tier", tier.profit_from, "minor", rule.cited(f"tiers/{place}/profit_from")
        )
        if calc.is_at_or_above("tier reached", profit, needed):
            limit = calc.given(
                "limit of the tier", tier.limit, _UNITS[terms.quantity], rule.cited(f"tiers/{place}/limit")
            )
    return limit


def _concerns(terms: ExposureLimit, symbol: str) -> bool:
    return not terms.symbols or symbol in terms.symbols


def _judged(
    calc: Arithmetic, terms: ExposureLimit, observed: int | None, limit: int, marks: Marks, subject: str
) -> Judged:
    if observed is None:
        return SILENT
    if not observed:
        # Holding nothing breaks no limit, not even one of nothing that touching would break.
        return kept(0, limit, _UNITS[terms.quantity], subject, broken=False)
    match terms.quantity:
        case Quantity.LOTS | Quantity.POSITIONS:
            broken = is_beyond(calc, terms.boundary, terms.quantity.value, observed, limit)
            return kept(observed, limit, _UNITS[terms.quantity], subject, broken=broken)
        case Quantity.NOTIONAL:
            return _judged_share(calc, terms, observed, limit, "initial balance", marks.initial, subject)
        case Quantity.MARGIN:
            return _judged_share(calc, terms, observed, limit, "equity", marks.equity, subject)
        case unknown:
            assert_never(unknown)


def _judged_share(
    calc: Arithmetic, terms: ExposureLimit, observed: int, limit: int, name: str, of: Figure, subject: str
) -> Judged:
    quantity = terms.quantity.value
    # An account that is worth nothing holds too much with anything: the share of a cent stands for it.
    whole = calc.highest(f"{name}, a cent at least", calc.given(name, of.value, "minor", of.source), 1)
    broken = is_beyond(
        calc,
        terms.boundary,
        quantity,
        calc.times(f"{quantity} x 10000", observed, BP_WHOLE, "scaled"),
        calc.times(f"limit x {name}", limit, whole, "scaled"),
    )
    share = share_rounded_half_away(calc, f"share of {quantity}", observed, whole)
    return kept(share, limit, Unit.BP, subject, broken=broken)


def _amounts(calc: Arithmetic, quantity: Quantity, positions: Sequence[HeldPosition]) -> Sequence[int | None]:
    match quantity:
        case Quantity.LOTS:
            return lots_of(calc, positions)
        case Quantity.POSITIONS:
            return [1] * len(positions)
        case Quantity.NOTIONAL:
            return [_priced(calc, quantity, one, one.notional) for one in positions]
        case Quantity.MARGIN:
            return [_priced(calc, quantity, one, one.margin) for one in positions]
        case unknown:
            assert_never(unknown)


def _priced(calc: Arithmetic, quantity: Quantity, position: HeldPosition, minor: int | None) -> int | None:
    return None if minor is None else calc.given_of(quantity.value, position, minor, "minor", "")


# --- what is held at the same time ---


def _at_once(calc: Arithmetic, terms: ExposureLimit, held: Iterable[HeldPosition]) -> int | None:
    totals = []
    for symbol, positions in by_symbol(held).items():
        long, short = [_total(calc, terms.quantity, side) for side in by_side(positions)]
        if long is None or short is None:
            return None
        totals.append(_netted(calc, terms.netted, symbol, long, short))
    return summed(calc, f"{terms.quantity} in all", totals)


def _total(calc: Arithmetic, quantity: Quantity, positions: Sequence[HeldPosition]) -> int | None:
    if not positions:
        return 0
    amounts = _amounts(calc, quantity, positions)
    known = [amount for amount in amounts if amount is not None]
    return summed(calc, f"{quantity} of one side", known) if len(known) == len(amounts) else None


def _netted(calc: Arithmetic, netted: Netted, symbol: str, long: int, short: int) -> int:
    match netted:
        case Netted.GROSS:
            return calc.plus(f"{symbol} long and short", long, short)
        case Netted.NET:
            return calc.highest(
                f"{symbol} net",
                calc.minus(f"{symbol} long less short", long, short),
                calc.minus(f"{symbol} short less long", short, long),
            )
        case unknown:
            assert_never(unknown)


# --- what was opened since the rollover ---


def _in_day(
    calc: Arithmetic, terms: ExposureLimit, held: Sequence[HeldPosition], closed: Sequence[Trade], today: DayResult
) -> int | None:
    carried = terms.counted is CountedOver.OPENED_IN_DAY_AND_CARRIED
    all_parts: tuple[HeldPosition | Trade, ...] = (*held, *closed)
    parts = [part for part in all_parts if carried or part.opened_us >= today.start_us]
    match terms.quantity:
        case Quantity.LOTS if not terms.symbols:
            return _lots_of_day(calc, today, carried=carried)
        case Quantity.LOTS:
            return summed(calc, "lots in all", lots_of(calc, parts))
        case Quantity.POSITIONS:
            return calc.given("positions of the day", len({part.position_id for part in parts}), "count", "")
        case Quantity.NOTIONAL | Quantity.MARGIN:
            return None
        case unknown:
            assert_never(unknown)


def _lots_of_day(calc: Arithmetic, today: DayResult, *, carried: bool) -> int:
    """Of the whole account: the day knows what was added to a position that is older than it."""
    opened = calc.given("lots opened today", today.lots_opened_e8, "lots_e8", source_of(today.seq, "lots_opened_e8"))
    if not carried:
        return opened
    before = calc.given("lots carried", today.lots_carried_e8, "lots_e8", source_of(today.seq, "lots_carried_e8"))
    return calc.plus("lots opened and carried", opened, before)
