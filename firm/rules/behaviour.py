"""Behaviour: ways of trading that a firm does not sell: hedging, grids, martingale, one side only, high frequency, deep floats, software.

Each measures what was done; whether that warns, is reviewed or fails is the term's own word.
"""

from collections.abc import Iterable, Sequence

from firm.arithmetic import Arithmetic
from firm.deed import PlacedBy
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.figures import Marks, by_side, by_symbol, is_beyond, lots_of, share_rounded_half_away, summed
from firm.rules.judged import SILENT, Judged, Unit, Verdict, kept
from firm.rules.openings import Opening, openings_of
from firm.ruleset import Rule
from firm.terms.conduct import AdverseExcursion, AutomationUse, Grid, Hedging, HighFrequency, OneSided
from firm.terms.words import BP_WHOLE
from firm.track import HeldPosition, Trade


def judge_hedging(calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition]) -> tuple[Judged, ...]:
    """One answer a symbol: how many lots of it are held against each other."""
    terms = rule.terms
    assert isinstance(terms, Hedging)
    allowed = 0
    if terms.lots_e8_max is not None:
        allowed = calc.given("allowed against each other", terms.lots_e8_max, "lots_e8", rule.cited("lots_e8_max"))
    answers = []
    for symbol, positions in sorted(by_symbol(held).items()):
        sides = by_side(positions)
        long, short = [summed(calc, f"{symbol} one way", lots_of(calc, side)) for side in sides]
        opposed = calc.lowest(f"{symbol} held both ways", long, short)
        broken = calc.is_above("more than is allowed", opposed, allowed)
        answers.append(kept(opposed, allowed, Unit.LOTS_E8, symbol, broken=broken))
    return tuple(answers)


# --- grid ---


def judge_grid(calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition]) -> tuple[Judged, ...]:
    """One answer a symbol and side: the most openings at prices of their own within the time, of positions and of what was added to them.

    An opening counts when its price is another than that of the one counted before it; with `losing_only`, when it is a worse one.
    """
    terms = rule.terms
    assert isinstance(terms, Grid)
    most = calc.given("positions allowed", terms.positions_max, "count", rule.cited("positions_max"))
    answers = []
    for symbol, positions in sorted(by_symbol(held).items()):
        for side in by_side(positions):
            if side:
                rungs = _most_within([rung.opened_us for rung in _rungs(terms, side)], terms.within_s)
                count = calc.given(f"rungs of {symbol}", rungs, "count", "")
                broken = calc.is_above("more than are allowed", count, most)
                answers.append(kept(count, most, Unit.COUNT, f"{symbol} {side[0].side}", broken=broken))
    return tuple(answers)


def _rungs(terms: Grid, side: Iterable[HeldPosition]) -> list[Opening]:
    rungs: list[Opening] = []
    for opening in sorted(openings_of(side), key=_of_one_order):
        if not rungs or (_of_one_order(opening) != _of_one_order(rungs[-1]) and _is_rung(terms, rungs[-1], opening)):
            rungs.append(opening)
    return rungs


def _of_one_order(opening: Opening) -> tuple[int, str]:
    """Lots of one position that were opened at one instant are one step, at however many prices the platform filled them."""
    return opening.opened_us, opening.position_id


def _is_rung(terms: Grid, last: Opening, opening: Opening) -> bool:
    if not terms.losing_only:
        return opening.price != last.price
    return opening.price < last.price if opening.side is Side.BUY else opening.price > last.price


def _most_within(instants_us: Sequence[int], within_s: int) -> int:
    """The most of these rising instants that lie in one stretch of so many seconds, both ends included."""
    most = first = 0
    for last, at_us in enumerate(instants_us):
        while at_us - instants_us[first] > within_s * SECOND_US:
            first += 1
        most = max(most, last - first + 1)
    return most


# --- one side, high frequency ---


def judge_one_sided(calc: Arithmetic, rule: Rule, trades: Sequence[Trade]) -> Judged:
    """The share of the largest symbol and side by lots, of the scope's trades. SILENT while there are too few."""
    terms = rule.terms
    assert isinstance(terms, OneSided)
    count = calc.given("trades", len({trade.position_id for trade in trades}), "count", "")
    enough = calc.given("trades from which it counts", terms.trades_from, "count", rule.cited("trades_from"))
    if calc.is_below("too few trades", count, enough):
        return SILENT
    ways = [side for of_symbol in by_symbol(trades).values() for side in by_side(of_symbol) if side]
    # The first by name where two are as large, so that the answer does not depend on the order of trades.
    one_way = min(ways, key=lambda way: (-sum([trade.lots_e8 for trade in way]), way[0].symbol, way[0].side))
    subject = f"{one_way[0].symbol} {one_way[0].side}"
    largest = summed(calc, f"lots of {subject}", lots_of(calc, one_way))
    every = summed(calc, "lots in all", lots_of(calc, trades))
    most = calc.given("largest share allowed", terms.share_max_bp, "bp", rule.cited("share_max_bp"))
    broken = calc.is_above(
        "more than that share",
        calc.times("lots of one side x 10000", largest, BP_WHOLE, "scaled"),
        calc.times("lots in all x share", every, most, "scaled"),
    )
    return kept(
        share_rounded_half_away(calc, "share of one side", largest, every), most, Unit.BP, subject, broken=broken
    )


def judge_high_frequency(calc: Arithmetic, rule: Rule, openings_us: Sequence[int]) -> Judged:
    """How often something was opened within the time that ends at the newest opening, whether that is closed by now or not.

    Not the most that ever were: a stretch that broke the rule once would hide every one after it.
    """
    terms = rule.terms
    assert isinstance(terms, HighFrequency)
    since_us = max(openings_us, default=0) - terms.within_s * SECOND_US
    newest = sum(at_us >= since_us for at_us in openings_us)
    count = calc.given(f"openings within {terms.within_s} s", newest, "count", "")
    limit = calc.given("openings allowed", terms.openings_max, "count", rule.cited("openings_max"))
    return kept(count, limit, Unit.COUNT, broken=is_beyond(calc, terms.boundary, "openings", count, limit))


# --- adverse excursion ---


def judge_adverse_excursion(
    calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition], marks: Marks
) -> tuple[Judged, ...]:
    """One answer a position: how deep it floats now. SILENT for one that has no price.

    Not how deep it ever floated: the limit is the day's, and what was allowed yesterday is not broken by a smaller one today.
    """
    terms = rule.terms
    assert isinstance(terms, AdverseExcursion)
    limit = excursion_limit(calc, rule, marks)
    answers = []
    for position in held:
        if position.floating is None:
            answers.append(Judged(Verdict.SILENT, 0, int(limit), Unit.MINOR, position.position_id))
            continue
        floating = calc.given_of("floating result", position, position.floating, "minor", "")
        depth = calc.highest("floating loss", calc.times("result turned round", floating, -1, "minor"), 0)
        broken = is_beyond(calc, terms.boundary, "floating loss", depth, limit)
        answers.append(kept(depth, limit, Unit.MINOR, position.position_id, broken=broken))
    return tuple(answers)


def excursion_limit(calc: Arithmetic, rule: Rule, marks: Marks) -> int:
    """How deep a position may float today, in minor units: a share rounded down, or the least that is always allowed."""
    terms = rule.terms
    assert isinstance(terms, AdverseExcursion)
    # A share of no profit, or of a loss, is less than the least: that alone is allowed then.
    of_profit = ("profit at the day's start", marks.start_profit)
    name, of = of_profit if terms.of_profit else ("initial balance", marks.initial)
    share = calc.given("share", terms.share_bp, "bp", rule.cited("share_bp"))
    scaled = calc.times(f"share x {name}", calc.given(name, of.value, "minor", of.source), share, "minor x bp")
    allowed = calc.divided_rounded_down(f"share of the {name}", scaled, BP_WHOLE, "minor")
    least = calc.given("least that is allowed", terms.minimum_minor, "minor", rule.cited("minimum_minor"))
    return calc.highest("limit", allowed, least)


# --- software ---


def judge_automation_use(calc: Arithmetic, rule: Rule, placed_by: PlacedBy) -> Judged:
    """Whether who placed an order may. SILENT where the platform does not tell, which is a matter for a person, and where the firm did."""
    terms = rule.terms
    assert isinstance(terms, AutomationUse)
    match placed_by:
        case PlacedBy.UNKNOWN | PlacedBy.FIRM:
            return SILENT
        case PlacedBy.PERSON:
            return Judged(Verdict.KEPT, 0, 0, Unit.COUNT, placed_by)
        case PlacedBy.EXPERT:
            allowed = calc.given(
                "programs allowed", int(terms.experts_allowed), "yes or no", rule.cited("experts_allowed")
            )
        case PlacedBy.COPIER:
            allowed = calc.given(
                "copiers allowed", int(terms.copiers_allowed), "yes or no", rule.cited("copiers_allowed")
            )
    return kept(1, allowed, Unit.COUNT, placed_by, broken=calc.is_above("placed by what is not allowed", 1, allowed))
