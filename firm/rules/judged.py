"""Judged: a rule's answer for an account, in one shape whatever the rule."""

from enum import StrEnum

import msgspec

from firm.arithmetic import Unit as Unit


class Verdict(StrEnum):
    """A rule's answer."""

    KEPT = "kept"  # a limit that is kept
    BROKEN = "broken"
    PENDING = "pending"  # an objective still to be met
    MET = "met"
    SILENT = "silent"  # the rule does not apply now


class Judged(msgspec.Struct, frozen=True, gc=False):
    """`observed` against `limit`, both in `unit`. `subject`: which position, day, symbol or release it is about; "" for the account."""

    verdict: Verdict
    observed: int
    limit: int
    unit: Unit
    subject: str = ""

    @property
    def is_broken(self) -> bool:
        return self.verdict is Verdict.BROKEN


def kept(observed: int, limit: int, unit: Unit, subject: str = "", *, broken: bool) -> Judged:
    """A limit's answer."""
    return Judged(Verdict.BROKEN if broken else Verdict.KEPT, int(observed), int(limit), unit, subject)


def met(observed: int, limit: int, unit: Unit, subject: str = "", *, is_met: bool) -> Judged:
    """An objective's answer."""
    return Judged(Verdict.MET if is_met else Verdict.PENDING, int(observed), int(limit), unit, subject)


SILENT = Judged(Verdict.SILENT, 0, 0, Unit.COUNT)
