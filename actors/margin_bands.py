"""Margin bands: how far prices may move before a limit of margin in use is reached: by what equity is worth, and by the rates that convert.

Such a limit holds what is bound against a share of equity. Over the box of prices that bands allow (`actors/bands.py`) nothing more is
bound than the most that its rates make of it, and nothing less is there than the least equity.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from actors.bands import Quotes, converted
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import Leg
from firm.rules.judged import Verdict
from firm.rules.looks import Glance, limits_of_margin, look
from firm.terms.exposure import CountedOver, ExposureLimit, Netted
from firm.terms.words import BP_WHOLE, Boundary


class MarginLimit(NamedTuple):
    """A limit that is kept, in basis points of equity. `sides`: the legs that it adds, long and short of each symbol."""

    sides: tuple[tuple[tuple[Leg, ...], tuple[Leg, ...]], ...]
    limit: int
    boundary: Boundary
    netted: Netted

    def most(self, leverage: int, quotes: Quotes, share: int) -> int:
        """No less than what is bound while each rate moves by a share, in minor units."""
        total = 0
        for long, short in self.sides:
            longs, shorts = (sum(_most(leg, leverage, quotes, share) for leg in legs) for legs in (long, short))
            if self.netted is Netted.GROSS:
                total += longs + shorts
                continue
            least = [sum(_least(leg, leverage, quotes, share) for leg in legs) for legs in (long, short)]
            total += max(longs - least[1], shorts - least[0])
        return total

    def least_equity(self, bound: int) -> int:
        """With which so much may be bound."""
        if self.boundary is Boundary.TOUCHES:
            return bound * BP_WHOLE // self.limit + 1
        return -(-bound * BP_WHOLE // self.limit)


class MarginRoom(NamedTuple):
    """What prices may do to the limits that they may break yet. `equity`: at those of now."""

    limits: tuple[MarginLimit, ...]
    equity: int
    leverage: int

    def fall(self, quotes: Quotes, share: int) -> int:
        """By how much equity may fall while each rate moves by a share, in minor units; below 0: not at all."""
        most = (one.least_equity(one.most(self.leverage, quotes, share)) for one in self.limits)
        return self.equity - max(most)


def margin_room(seen: Glance, legs: Sequence[Leg], equity: int) -> MarginRoom | None:
    """Of an account whose legs are those of its positions; None where it has no limit that prices may break yet.

    One that is broken, and that nobody acted on, is among them: then nothing may move.
    """
    state = seen.account
    own = {held.position_id: leg for held, leg in zip(state.positions, legs, strict=True)}
    limits: list[MarginLimit] = []
    for rule in limits_of_margin(state.ruleset):
        terms, settled = rule.terms, _settled(state, rule.id)
        assert isinstance(terms, ExposureLimit)
        counted = {name: leg for name, leg in own.items() if not terms.symbols or leg.symbol in terms.symbols}
        for answer in look(PLAIN, rule, seen):
            if answer.verdict is not Verdict.SILENT and answer.subject not in settled and counted:
                is_one = terms.counted is CountedOver.EACH_POSITION
                added = {answer.subject: counted[answer.subject]} if is_one else counted
                limits.append(MarginLimit(_by_side(added), answer.limit, terms.boundary, terms.netted))
    return MarginRoom(tuple(limits), equity, state.leverage) if limits else None


def _settled(state: AccountState, rule: str) -> set[str]:
    """Who breaks the rule already, or did so while it was waived: no price makes that a new breach."""
    track = state.track
    broken = {one.subject for one in track.broken if one.rule == rule}
    return broken | {one.subject for one in track.let_off if one.rule == rule}


def _by_side(legs: Mapping[str, Leg]) -> tuple[tuple[tuple[Leg, ...], tuple[Leg, ...]], ...]:
    symbols = dict.fromkeys(leg.symbol for leg in legs.values())
    return tuple(
        (
            tuple(leg for leg in legs.values() if leg.symbol == symbol and leg.is_long),
            tuple(leg for leg in legs.values() if leg.symbol == symbol and not leg.is_long),
        )
        for symbol in symbols
    )


def _most(leg: Leg, leverage: int, quotes: Quotes, share: int) -> int:
    worth, divisor = converted(-leg.price_open * leg.factor, leg.divisor, leg.hops, quotes, -share)
    return -(worth // divisor // leverage)


def _least(leg: Leg, leverage: int, quotes: Quotes, share: int) -> int:
    worth, divisor = converted(-leg.price_open * leg.factor, leg.divisor, leg.hops, quotes, share)
    return -(-(-worth // divisor) // leverage)
