"""Martingale: volume may not be raised after a loss, so many times in a row.

What is added to a position is an opening like any other. It ends a round of its position: what was closed of it by then is a trade that
was made.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec

from firm.arithmetic import Arithmetic
from firm.rules.judged import Judged, Unit, kept
from firm.rules.openings import parts_of, subject_of
from firm.ruleset import Rule
from firm.terms.conduct import Martingale
from firm.terms.words import BP_WHOLE
from firm.track import HeldPosition, Trade

_NEVER_US = 2**63  # when a round ends of a position that is still held


class _Round(msgspec.Struct):
    """A position from an opening until all is closed, or until something is added after a closing: what was closed of it meanwhile.

    `ended_us`: when that was; `closed_us`: its last closing. `whole`: its position's one part, None of several. `run`: how many raises in
    a row it was. `answers`, `lots_since_e8`: after which trade lots were opened in it last, and how many since.
    """

    position_id: str
    symbol: str
    began_us: int
    whole: HeldPosition | Trade | None
    ended_us: int = _NEVER_US
    closed_us: int = 0
    lots_e8: int = 0
    net: int = 0
    run: int = 0
    answers: "_Round | None" = None
    lots_since_e8: int = 0

    def told(self, figure: str) -> str:
        """Where a figure stands that it has of its one part."""
        return "" if self.whole is None else self.whole.told(figure)

    def close(self, trade: Trade) -> None:
        self.closed_us = trade.closed_us
        self.lots_e8 += trade.lots_e8
        self.net += trade.net


class _Opening(msgspec.Struct, frozen=True):
    """Lots that were opened at one instant, of a round of their position."""

    subject: str
    opened_us: int
    lots_e8: int
    of: _Round


def judge_martingale(
    calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition], trades: Sequence[Trade]
) -> tuple[Judged, ...]:
    """One answer for each opening that raised the volume: the how manyth raise in a row it was.

    It is compared with the trade that was closed last by then; what was opened before that is no answer to its loss. Lots that are
    added to a position one after the other count together, as long as nothing else is closed between.
    """
    terms = rule.terms
    assert isinstance(terms, Martingale)
    factor = calc.given("what is a raise", terms.factor_bp, "bp", rule.cited("factor_bp"))
    repeats = calc.given("raises that break the term", terms.repeats, "count", rule.cited("repeats"))
    answers = []
    for opened, before in _after_which(terms, _openings(held, trades)):
        if before.net >= 0 or not _is_raise(calc, opened.of, before, factor):
            continue
        run = calc.plus("raises in a row", before.run, 1)
        opened.of.run = max(opened.of.run, run)
        broken = calc.is_at_or_above("as many as break the term", run, repeats)
        answers.append(kept(run, repeats, Unit.COUNT, opened.subject, broken=broken))
    return tuple(answers)


def _is_raise(calc: Arithmetic, opened: _Round, before: _Round, factor: int) -> bool:
    now = calc.given_of("lots", opened, opened.lots_since_e8, "lots_e8", "lots_e8")
    then = calc.given_of("lots", before, before.lots_e8, "lots_e8", "lots_e8")
    return calc.is_at_or_above(
        "volume was raised",
        calc.times_of("lots", opened, "x 10000", now, BP_WHOLE, "scaled"),
        calc.times_of("lots", before, "x factor", then, factor, "scaled"),
    )


def _after_which(terms: Martingale, openings: Sequence[_Opening]) -> Iterator[tuple[_Opening, _Round]]:
    """Each opening with the trade that was closed last before it; those that are the first have none."""
    rounds = {id(opening.of): opening.of for opening in openings}.values()
    ended = sorted(rounds, key=_BY_END)
    last: dict[str, _Round] = {}
    same_symbol, place, count = terms.same_symbol, 0, len(ended)
    for opened in openings:
        of, opened_us = opened.of, opened.opened_us
        # One that was closed as it was opened comes last of its instant, and is not before itself.
        while place < count and (over := ended[place]).ended_us <= opened_us and over is not of:
            known = last.get(name := over.symbol if same_symbol else "")
            if known is None or known.closed_us <= over.closed_us:
                last[name] = over
            place += 1
        before = last.get(of.symbol if same_symbol else "")
        if before is not None:
            of.lots_since_e8 = (of.lots_since_e8 if of.answers is before else 0) + opened.lots_e8
            of.answers = before
            yield opened, before


_BY_END = attrgetter("ended_us", "closed_us", "began_us", "position_id")


def _openings(held: Iterable[HeldPosition], trades: Iterable[Trade]) -> list[_Opening]:
    """In the order of time."""
    positions: defaultdict[str, list[Trade | HeldPosition]] = defaultdict(list)
    parts: tuple[Trade | HeldPosition, ...] = (*trades, *held)
    for part in parts:
        positions[part.position_id].append(part)
    found: list[_Opening] = []
    for parts_of_one in positions.values():
        if len(parts_of_one) == 1 and (only := _of_one_part(parts_of_one[0])) is not None:
            found.append(only)
        else:
            found += _of_position(parts_of_one)
    found.sort(key=_BY_TIME)
    return found


_BY_TIME = attrgetter("opened_us", "of.position_id")


def _of_one_part(part: Trade | HeldPosition) -> _Opening | None:
    """As `_of_position` of a position that was opened at once, and of which nothing or all is closed; None of any other. Most are such."""
    name, opened_us = part.position_id, part.opened_us
    if isinstance(part, HeldPosition):
        if part.parts:
            return None
        return _Opening(name, opened_us, part.lots_e8, _Round(name, part.symbol, opened_us, part))
    closed_us = part.closed_us
    if part.took or closed_us < opened_us:
        return None
    of = _Round(name, part.symbol, opened_us, part, closed_us, closed_us, part.lots_e8, part.net)
    return _Opening(name, opened_us, part.lots_e8, of)


def _of_position(parts: Sequence[Trade | HeldPosition]) -> Iterator[_Opening]:
    """Openings of one position, each in its round: what was closed before an opening of the same instant ends the round."""
    newest, lots = parts[-1], _opened(parts)
    closings = sorted((part for part in parts if isinstance(part, Trade)), key=_closed)
    whole = newest if len(parts) == len(lots) == 1 else None
    now = _Round(newest.position_id, newest.symbol, min(lots), whole)
    for opened_us in sorted(lots):
        while closings and _is_before(closings[0], opened_us):
            now.close(closings.pop(0))
        if now.closed_us:
            now.ended_us = opened_us
            now = _Round(newest.position_id, newest.symbol, opened_us, None)
        yield _Opening(subject_of(newest, opened_us), opened_us, lots[opened_us], now)
    for trade in closings:
        now.close(trade)
    if isinstance(newest, Trade):
        now.ended_us = now.closed_us


def _opened(parts: Iterable[Trade | HeldPosition]) -> dict[int, int]:
    """How many lots of a position were opened at each instant."""
    lots: defaultdict[int, int] = defaultdict(int)
    for part in parts:
        if isinstance(part, HeldPosition):
            for one in parts_of(part):
                lots[one.opened_us] += one.lots_e8
        elif part.took:
            for one in part.took:
                lots[one.opened_us] += one.lots_e8
        else:
            lots[part.opened_us] += part.lots_e8
    return lots


def _closed(trade: Trade) -> tuple[int, bool]:
    """By which closings are in order: of one instant those come last that took lots of that instant."""
    return trade.closed_us, trade.began_us >= trade.closed_us


def _is_before(trade: Trade, opened_us: int) -> bool:
    """Whether a closing came before an opening of the same position: of one instant it did unless it took lots of that."""
    return trade.closed_us < opened_us or (trade.closed_us == opened_us and trade.began_us < opened_us)
