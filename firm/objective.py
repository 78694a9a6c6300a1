"""Objective: a rule as a trader sees it: what is required, where the account stands, and how it is worked out."""

from enum import StrEnum

import msgspec

from firm.money import Money
from firm.rules.judged import Judged


class Progress(StrEnum):
    """How a rule stands for an account right now."""

    PENDING = "pending"  # still to be reached
    MET = "met"
    WITHIN = "within"  # a limit that is kept
    AT_RISK = "at_risk"  # a limit of which most is used
    BROKEN = "broken"
    SILENT = "silent"  # it does not apply at present
    ASKED = "asked"  # it is looked at when somebody asks: for a payout, a reset


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the objectives table. Loss limits carry floor and headroom, a target what must be reached.

    `floor_after`: where the floor will be after the next reset, at the present balance and equity; None where none moves it.
    `judged`: what the rule answers; None where it measures nothing now.
    `used_bp`: how much of the limit is used, or of the target is reached, in basis points (0..10000).
    `waived_until_us`: it is not judged before that instant, and nothing of it is measured; 0 where it is. `extended_days`: by which
    people extended its clock. `in_question`: a breach of it is suspected, or was put in question since: it is not told as broken.
    `sentence`: the rule in plain words with this account's numbers. `how`: how the floor or count is worked out.
    """

    rule: str
    kind: str
    title: str
    progress: Progress
    sentence: str
    how: str
    floor: Money | None = None
    floor_after: Money | None = None
    headroom: Money | None = None
    allowed: Money | None = None
    target: Money | None = None
    current: Money | None = None
    used_bp: int = 0
    judged: Judged | None = None
    waived_until_us: int = 0
    extended_days: int = 0
    in_question: bool = False
