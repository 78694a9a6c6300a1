"""Facts of overrides: exceptions from an account's rules, with who granted them, why and on what evidence."""

import msgspec

from firm.facts.fact import Fact
from firm.money import Money
from firm.overrides import Override


class FloorSet(msgspec.Struct, frozen=True, gc=False):
    """The floor of a rule moves with a mark that a person sets."""

    rule: str
    before: Money
    floor: Money


class OverrideAsked(Fact, frozen=True, kw_only=True):
    """An exception was asked for, and the rules want a second person: nothing follows from it until one agrees.

    `evidence`: where to read what it rests on, such as a ticket's number or a file's hash.
    """

    override: Override
    by: str
    why: str
    evidence: str


class OverrideGranted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """An exception was granted. `by`: one person, or two where the rules want them; `why` and `evidence` are of the last one.

    `asked_why`, `asked_evidence`: of the first of two; "" where there is one, and in rows of before they were kept.
    `floors`: those that move with a mark; none in rows of releases that did not say.
    """

    override: Override
    by: tuple[str, ...]
    why: str
    evidence: str
    asked_why: str = ""
    asked_evidence: str = ""
    floors: tuple[FloorSet, ...] = ()

    @property
    def reasons(self) -> str:
        """Of all who granted it, in their order."""
        return "; ".join(filter(None, (self.asked_why, self.why)))

    @property
    def all_evidence(self) -> str:
        return "; ".join(filter(None, (self.asked_evidence, self.evidence)))
