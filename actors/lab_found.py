"""What the rule lab found, as values that pages show and programs read as JSON. How it is found: `appliance/lab`."""

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from firm.facts import ConditionMet, Doubt

CAVEATS = (
    "Each account is judged by itself, on the prices and deals that there were.",
    "One that was stopped in history is unknown from there, unless the draft had decided by then: its positions were closed by the firm.",
    "One that the draft stops ends there, whatever its trader did after.",
    "Kill switches, the breaker and what people decided stand as they stood; what the draft alone puts in question, nobody has settled.",
    "Payouts are those that were made, up to an account's end; what another split would have paid is not worked out.",
    "“Apart since” says when the firm first held a trader back whom the draft would not have, or the other way round.",
    "What was traded after that was traded under the one and is judged by the other.",
)
"""What is said with each report, so that nobody reads more out of it than it holds."""
NOT_JUDGED = (
    "Not judged here: {}. Such a rule looks at several accounts of one trader, and nothing below says that it would have been kept. "
    "Only where an account was sold the very same rule, what it led to stands as it stood."
)
"""What is said of rules across accounts: each account is judged by itself here."""
SEVERAL_ENGINES = (
    "More than one release of the program decided this history: what an older one judged otherwise shows as a difference too. "
    "Under the rules as they were sold, nothing but that shows."
)


class Ending(StrEnum):
    """How far an account came."""

    NOT_BEGUN = "not_begun"  # its platform has not opened it
    RUNNING = "running"
    IN_QUESTION = "in_question"  # a breach was suspected: data or a person must settle it
    PASSED = "passed"
    BREACHED = "breached"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # what it would have come to cannot be known


SINCE = {
    "exonerated": "measured again it was no breach",
    "questioned": "what came late shows none, and a person is asked",
    "withdrawn": "what came after that shows it again",
    "dismissed": "a person dismissed it",
    "upheld": "a person upheld it",
    "overridden": "it stands, and a person let the account go on",
}
"""What was said of a verdict later, in words."""


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """A breach that ended the account no longer: by which `rule`, when, of what against what, and its row. Amounts are minor units."""

    rule: str
    at_us: int
    figure: int
    against: int
    row: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an account, and when. Amounts are minor units of its currency.

    `rule`: the term that decided, or the word for why it was closed or cannot be known; "" where nothing was. `figure`: what was held
    against `against`, the floor or the target; None where nothing was. `row`: of the ledger, at which that was written, or after which
    it would have been. `profit`: of closed trades, by then. `paid`: to the trader, by then. `strikes`: breaches that did not end it.
    `since`: what was said of the verdict later, or "". `doubts`: why what is in question was not final. `undone`: the breach that was
    said so of, where the account goes on after it. `conditions`: by which a phase was won.
    """

    ending: Ending
    at_us: int
    rule: str = ""
    figure: int | None = None
    against: int | None = None
    row: int = 0
    profit: int = 0
    paid: int = 0
    strikes: int = 0
    since: str = ""
    doubts: tuple[Doubt, ...] = ()
    undone: Undone | None = None
    conditions: tuple[ConditionMet, ...] = ()

    def is_like(self, other: "Outcome") -> bool:
        """Whether the same became of it, at the same instant and for the same reason, whatever it was held against."""
        return (self.ending, self.at_us, self.rule) == (other.ending, other.at_us, other.rule)


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far the lab has come through history: at row `row` of `rows`, with `accounts` opened, of which `decided` are decided."""

    row: int
    rows: int
    accounts: int
    decided: int


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account before and after. Amounts are minor units of `currency`, of `exponent` decimals. `apart_us`: see Case.

    `sold_as`: what the rule that decided after was called when it was sold, where the draft calls it otherwise; else "".
    """

    account: str
    program: str
    phase: str
    cohort: str
    opened_us: int
    currency: str
    exponent: int
    initial: int
    before: Outcome
    after: Outcome
    apart_us: int | None
    sold_as: str = ""

    @property
    def differs(self) -> bool:
        return not self.before.is_like(replace(self.after, rule=self.sold_as or self.after.rule))

    @property
    def is_by_another_rule(self) -> bool:
        """Whether the same became of it at the same instant, by another rule."""
        return self.differs and self.before.is_like(replace(self.after, rule=self.before.rule))


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a cohort's accounts. `breached_by`: by rule; `profit` and `paid`: of them all, minor units."""

    endings: dict[Ending, int]
    breached_by: dict[str, int]
    profit: int
    paid: int


class CohortLine(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts of one week of purchase, program, phase and currency."""

    cohort: str
    program: str
    phase: str
    currency: str
    exponent: int
    accounts: int
    differing: int
    before: Tally
    after: Tally


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """What the lab found up to a row. `ruleset_id` is "" where accounts kept what they were sold. `engines`: see Lab.

    `not_judged`: rules of the draft that look at several accounts of one trader, by their ids.
    """

    ruleset: str
    ruleset_id: str
    upto_row: int
    upto_us: int
    inputs: int
    engines: tuple[str, ...]
    cohorts: tuple[CohortLine, ...]
    accounts: tuple[AccountLine, ...]
    not_judged: tuple[str, ...] = ()

    @property
    def caveats(self) -> tuple[str, ...]:
        """What is said with it: what it leaves out of this draft first."""
        left_out = (NOT_JUDGED.format(", ".join(self.not_judged)),) if self.not_judged else ()
        return (*left_out, *CAVEATS)

    @property
    def differing(self) -> int:
        return sum(cohort.differing for cohort in self.cohorts)
