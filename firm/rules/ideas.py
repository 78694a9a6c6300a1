"""Risk of an idea: what belongs to one trade idea, and how much it may lose (or stand to lose).

An opening joins an idea of its symbol (and side) while any part of that is open, or within the gap after its last opening or closing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import assert_never

import msgspec

from firm.arithmetic import Arithmetic
from firm.instant import SECOND_US
from firm.rules.figures import OPENED, is_beyond, summed
from firm.rules.judged import Judged, Unit, Verdict, kept
from firm.ruleset import Rule
from firm.terms.exposure import GapFrom, IdeaGrouping, IdeaMeasure, IdeaRisk
from firm.track import HeldPosition, Trade

Part = HeldPosition | Trade

_NEVER_US = 2**63  # when a position ends that is still held


class Idea(msgspec.Struct, gc=False):
    """Parts that belong together, by their openings. `subject`: the position that began it.

    `opened_us`: of its newest part; `open_until_us`: when its last part was closed.
    """

    subject: str
    held: list[HeldPosition]
    closed: list[Trade]
    opened_us: int = 0
    open_until_us: int = 0


def judge_idea_risk(
    calc: Arithmetic, rule: Rule, allowed: int, held: Sequence[HeldPosition], trades: Sequence[Trade]
) -> tuple[Judged, ...]:
    """One answer an idea, the oldest first. `allowed`: the term's amount in minor units, worked out by `calc`."""
    terms = rule.terms
    assert isinstance(terms, IdeaRisk)
    return tuple(judge_idea(calc, rule, allowed, idea) for idea in ideas_of(terms, held, trades))


def judge_idea(calc: Arithmetic, rule: Rule, allowed: int, idea: Idea) -> Judged:
    """One idea. A price changes only the answers of those that hold something. SILENT where a position of it has no price."""
    terms = rule.terms
    assert isinstance(terms, IdeaRisk)
    match terms.measured:
        case IdeaMeasure.LOSS:
            risked = _loss(calc, idea)
        case IdeaMeasure.ADVERSE_EXCURSION:
            risked = _excursion(calc, idea)
        case IdeaMeasure.STOP_DISTANCE:
            if any(position.stop_risk is None for position in idea.held):
                return Judged(Verdict.BROKEN, 0, int(allowed), Unit.MINOR, idea.subject)
            risked = _at_stops(calc, idea)
        case unknown:
            assert_never(unknown)
    if risked is None:
        return Judged(Verdict.SILENT, 0, int(allowed), Unit.MINOR, idea.subject)
    broken = is_beyond(calc, terms.boundary, "risk of the idea", risked, allowed)
    return kept(risked, allowed, Unit.MINOR, idea.subject, broken=broken)


def ideas_of(terms: IdeaRisk, held: Iterable[HeldPosition], trades: Iterable[Trade]) -> tuple[Idea, ...]:
    """All ideas that these positions and trades make, in the order in which they began."""
    ideas: list[Idea] = []
    running: dict[str, Idea] = {}
    name_of, since_of, gap_us = _NAMES[terms.grouping], _SINCE[terms.gap_from], terms.gap_s * SECOND_US
    parts: list[Part] = [*held, *trades]
    parts.sort(key=OPENED)
    for part in parts:
        name, opened_us = name_of(part), part.opened_us
        idea = running.get(name)
        if idea is None or (opened_us >= idea.open_until_us and opened_us - since_of(idea) > gap_us):
            idea = running[name] = Idea(part.position_id, [], [])
            ideas.append(idea)
        idea.opened_us = opened_us
        if isinstance(part, Trade):
            idea.closed.append(part)
            if part.closed_us > idea.open_until_us:
                idea.open_until_us = part.closed_us
        else:
            idea.held.append(part)
            idea.open_until_us = _NEVER_US
    return tuple(ideas)


_NAMES: Mapping[IdeaGrouping, Callable[[Part], str]] = {
    IdeaGrouping.POSITION: attrgetter("position_id"),
    IdeaGrouping.SYMBOL: attrgetter("symbol"),
    IdeaGrouping.SYMBOL_AND_SIDE: lambda part: f"{part.symbol} {part.side}",
}
"""What those parts have in common that may be of one idea."""
_SINCE: Mapping[GapFrom, Callable[[Idea], int]] = {
    GapFrom.LAST_OPENING: attrgetter("opened_us"),
    GapFrom.LAST_CLOSING: attrgetter("open_until_us"),
}
"""From when the time runs in which a later opening still belongs to an idea."""


def _loss(calc: Arithmetic, idea: Idea) -> int | None:
    floating = _floating(calc, idea.held)
    if floating is None:
        return None
    return _lost(calc, "loss of the idea", [*_realised(calc, idea.closed), *floating])


def _excursion(calc: Arithmetic, idea: Idea) -> int | None:
    """How deep one position floats now, or all open ones together: looked at with every price, it is the deepest that it ever was."""
    floating = _floating(calc, idea.held)
    if floating is None:
        return None
    together = summed(calc, "floating results together", floating)
    return _lost(calc, "largest floating loss", [calc.lowest("deepest of the idea", together, *floating)])


def _at_stops(calc: Arithmetic, idea: Idea) -> int:
    """What the stops would lose, and what parts that are closed have lost. A stop that secures a profit risks nothing."""
    at_stops = [
        calc.highest(
            f"risk of {position.position_id}",
            calc.given_of("loss at the stop", position, position.stop_risk, "minor", ""),
            0,
        )
        for position in idea.held
        if position.stop_risk is not None
    ]
    lost = _lost(calc, "lost so far", _realised(calc, idea.closed))
    return summed(calc, "risk of the idea", [*at_stops, lost])


def _lost(calc: Arithmetic, name: str, results: Iterable[int]) -> int:
    """The loss that results make together, 0 where they are a profit."""
    together = summed(calc, "results together", results)
    return calc.highest(name, calc.times("results turned round", together, -1, "minor"), 0)


def _realised(calc: Arithmetic, trades: Sequence[Trade]) -> list[int]:
    return calc.given_each("result", trades, [trade.net for trade in trades], "minor", "net/minor")


def _floating(calc: Arithmetic, held: Iterable[HeldPosition]) -> list[int] | None:
    results = []
    for position in held:
        if position.floating is None:
            return None
        results.append(calc.given_of("floating result", position, position.floating, "minor", ""))
    return results
