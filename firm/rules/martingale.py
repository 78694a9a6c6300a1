"""Martingale: volume may not be raised after a loss, so many times in a row."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec

from firm.arithmetic import Arithmetic
from firm.rules.figures import OPENED
from firm.rules.judged import Judged, Unit, kept
from firm.ruleset import Rule
from firm.terms.conduct import Martingale
from firm.terms.words import BP_WHOLE
from firm.track import HeldPosition, Trade

_NEVER_US = 2**63  # when a position ends that is still held
_CLOSED = attrgetter("closed_us", "opened_us", "position_id")


class _Round(msgspec.Struct, frozen=True, gc=False):
    """A whole position, however many parts it was closed in. `closed_us`: its last part's. `whole`: its one part, None of several."""

    position_id: str
    symbol: str
    lots_e8: int
    net: int
    opened_us: int
    closed_us: int
    whole: HeldPosition | Trade | None

    def told(self, figure: str) -> str:
        """Where a figure stands that it has of its one part."""
        return "" if self.whole is None else self.whole.told(figure)


def judge_martingale(
    calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition], trades: Sequence[Trade]
) -> tuple[Judged, ...]:
    """One answer for each position that raised the volume: the how manyth raise in a row it was.

    It is compared with the last one that was closed by the time it was opened; a position that was opened before that is no answer
    to its loss.
    """
    terms = rule.terms
    assert isinstance(terms, Martingale)
    factor = calc.given("what is a raise", terms.factor_bp, "bp", rule.cited("factor_bp"))
    repeats = calc.given("raises that break the term", terms.repeats, "count", rule.cited("repeats"))
    runs: dict[str, int] = {}
    answers = []
    for opened, before in _after_which(terms, _rounds(held, trades)):
        if before.net >= 0 or not _is_raise(calc, opened, before, factor):
            continue
        run = runs[opened.position_id] = calc.plus("raises in a row", runs.get(before.position_id, 0), 1)
        broken = calc.is_at_or_above("as many as break the term", run, repeats)
        answers.append(kept(run, repeats, Unit.COUNT, opened.position_id, broken=broken))
    return tuple(answers)


def _is_raise(calc: Arithmetic, opened: _Round, before: _Round, factor: int) -> bool:
    lots = calc.given_of("lots", opened, opened.lots_e8, "lots_e8", "lots_e8")
    scaled = calc.times(f"lots of {opened.position_id} x 10000", lots, BP_WHOLE, "scaled")
    lots_before = calc.given_of("lots", before, before.lots_e8, "lots_e8", "lots_e8")
    asked = calc.times(f"lots of {before.position_id} x factor", lots_before, factor, "scaled")
    return calc.is_at_or_above("volume was raised", scaled, asked)


def _after_which(terms: Martingale, rounds: Sequence[_Round]) -> Iterator[tuple[_Round, _Round]]:
    """Each position with the last one that was closed before it was opened; those that are the first have none."""
    closings = sorted(rounds, key=_CLOSED)
    last: dict[str, _Round] = {}
    place = 0
    for opened in rounds:
        # One that was closed as it was opened comes last of its instant, and is not before itself.
        while closings[place].closed_us <= opened.opened_us and closings[place] is not opened:
            last[closings[place].symbol if terms.same_symbol else ""] = closings[place]
            place += 1
        before = last.get(opened.symbol if terms.same_symbol else "")
        if before is not None:
            yield opened, before


def _rounds(held: Iterable[HeldPosition], trades: Iterable[Trade]) -> list[_Round]:
    """Whole positions by their openings."""
    found: dict[str, _Round] = {}
    for trade in trades:
        name, parts = trade.position_id, found.get(trade.position_id)
        lots_e8, net, closed_us = trade.lots_e8, trade.net, trade.closed_us
        if parts is not None:
            lots_e8, net, closed_us = lots_e8 + parts.lots_e8, net + parts.net, max(closed_us, parts.closed_us)
        whole = trade if parts is None else None
        found[name] = _Round(name, trade.symbol, lots_e8, net, trade.opened_us, closed_us, whole)
    for position in held:
        name, parts = position.position_id, found.get(position.position_id)
        lots_e8 = position.lots_e8 if parts is None else position.lots_e8 + parts.lots_e8
        still = position if parts is None else None
        found[name] = _Round(name, position.symbol, lots_e8, 0, position.opened_us, _NEVER_US, still)
    return sorted(found.values(), key=OPENED)
