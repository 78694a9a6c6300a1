"""Overrides: the exceptions from an account's rules that a person may grant, and what an account keeps of them.

An exception edits nothing: it is a row with who, why and on what evidence, and what follows is in rows of its own.
"""

from enum import StrEnum

import msgspec


class Mark(StrEnum):
    """What limits are measured from, as far as a person may set it."""

    DAY_BALANCE = "day_balance"  # the balance with which the running day began
    DAY_EQUITY = "day_equity"
    HIGH = "high"  # the highest mark that the floor of one rule follows


class Reinstate(msgspec.Struct, frozen=True, kw_only=True, tag_field="override", tag="reinstate"):
    """A breached account goes on, in spite of breach `decision`; its rule is not judged again before the next day."""

    decision: int


class WaiveRule(msgspec.Struct, frozen=True, kw_only=True, tag_field="override", tag="waive_rule"):
    """A rule is not judged before `until_us`."""

    rule: str
    until_us: int


class ExtendPhase(msgspec.Struct, frozen=True, kw_only=True, tag_field="override", tag="extend_phase"):
    """The clocks that end the phase have `days` more."""

    days: int


class AdjustMark(msgspec.Struct, frozen=True, kw_only=True, tag_field="override", tag="adjust_mark"):
    """A mark is `minor` units of the account's currency. `rule`: whose high; "" for a mark of the day."""

    mark: Mark
    rule: str
    minor: int


Override = Reinstate | WaiveRule | ExtendPhase | AdjustMark


class Waiver(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A rule that is not judged at instants from `from_us` up to `until_us`."""

    rule: str
    from_us: int
    until_us: int


class AskedOverride(msgspec.Struct, frozen=True):
    """One that a second person has to agree to. `seq`: the row that asked, with its reason and evidence."""

    override: Override
    by: str
    seq: int
    at_us: int
    why: str = ""
    evidence: str = ""


class Overrides(msgspec.Struct, frozen=True):
    """Of one account. `days`: by which the clocks of its phase were extended."""

    waivers: tuple[Waiver, ...] = ()
    days: int = 0
    asked: tuple[AskedOverride, ...] = ()

    def waived_at(self, at_us: int) -> frozenset[str]:
        """The rules that are not judged at an instant."""
        return frozenset(one.rule for one in self.waivers if one.from_us <= at_us < one.until_us)
