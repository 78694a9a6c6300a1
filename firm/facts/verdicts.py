"""Facts that judge: breaches and passes, what is in doubt of them, and what was said of them later."""

from enum import StrEnum

import msgspec

from firm.arithmetic import Step, Unit
from firm.facts.fact import Fact
from firm.money import Money
from firm.terms.words import Consequence


class Doubt(StrEnum):
    """Why a breach or a pass is not yet final."""

    STALE_QUOTE = "stale_quote"  # a price it rests on is older than its symbol allows
    STALE_CONVERSION = "stale_conversion"  # an exchange rate it rests on is older than the policy allows
    NO_QUOTE = "no_quote"
    OUTSIDE_SANITY_BAND = "outside_sanity_band"
    CONFLATED_PRICES = "conflated_prices"
    DRIFT = "drift"  # our equity and the platform's differ beyond tolerance
    NOT_RECONCILED = "not_reconciled"  # no recent equity or balance from the platform
    BOOK_UNCONFIRMED = "book_unconfirmed"  # the platform has not shown its equity since the last deal
    PROVISIONAL_ANCHOR = "provisional_anchor"  # the day's start is not final yet
    MASS_BREACH = "mass_breach"  # the breaker stopped automatic failures
    KILL_SWITCH = "kill_switch"
    LATE_DATA = "late_data"
    DESK_STOPPED = "desk_stopped"
    PLATFORM_DOWN = "platform_down"
    REVIEW_REQUIRED = "review_required"  # the rules have a person look at it
    FEED_OUTAGE = "feed_outage"  # prices that it needs are or were missing, in an incident that is not over
    ADJUSTED_MARK = "adjusted_mark"  # the floor is measured from a mark that a person set
    HISTORY_CUT = "history_cut"  # it weighs days or trades, and there were more than are kept


class BreachDeclared(Fact, frozen=True, kw_only=True):
    """A rule is broken: final. `working` is the arithmetic; its last step is the comparison that decided.

    `late`: a price that came late showed it, on the book of that price's instant. `reviewed`: a person confirmed it. `does`: what follows,
    by the term's strikes; None where the release that wrote it knew failures and pauses alone.
    """

    rule: str
    rule_kind: str
    severity: str
    floor: Money
    observed: Money
    at_us: int
    late: bool
    reviewed: bool
    quotes: tuple[int, ...]
    working: tuple[Step, ...]
    does: Consequence | None = None


class BreachSuspected(Fact, frozen=True, kw_only=True):
    """A rule looks broken, but what it rests on is in doubt: close-only until settled by data or a person."""

    rule: str
    rule_kind: str
    severity: str
    floor: Money
    observed: Money
    at_us: int
    late: bool
    doubts: tuple[Doubt, ...]
    quotes: tuple[int, ...]
    working: tuple[Step, ...]


class VerdictCorrected(Fact, frozen=True, kw_only=True):
    """A later word on decision `decision`, which itself stays as it was.

    `verdict`: exonerated (measured again it is no breach), questioned (what came late shows none; a person is asked), withdrawn (with
    what came after that it is one again; nobody is asked), dismissed or upheld (a person's answer), overridden (it stands, and a
    person let the account go on).
    """

    decision: int
    verdict: str
    because: str


class LimitNeared(Fact, frozen=True, kw_only=True):
    """So much of a limit is used that the trader is warned: `share_bp` of what may be lost. Once a day for each share."""

    rule: str
    share_bp: int
    floor: Money
    observed: Money
    at_us: int


class RuleBroken(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that is no loss limit is broken: `observed` against `limit`, both in `unit`.

    `subject`: which position, day, symbol or release. `does`: what follows, by the term's strikes. `working` is the arithmetic.
    `calendar`: the version of the news that it rests on, or "". `reviewed`: a person confirmed it.
    `quotes`: rows of the ticks that it rests on. `accounts`: of a rule across a trader's accounts those that were looked at together,
    this one among them where it counts.
    """

    rule: str
    rule_kind: str
    does: Consequence
    unit: Unit
    limit: int
    observed: int
    subject: str
    at_us: int
    reviewed: bool
    calendar: str
    working: tuple[Step, ...]
    quotes: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()


class RuleSuspected(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that is no loss limit looks broken, and a person decides: close-only until then. Its fields are as in RuleBroken."""

    rule: str
    rule_kind: str
    unit: Unit
    limit: int
    observed: int
    subject: str
    at_us: int
    doubts: tuple[Doubt, ...]
    calendar: str
    working: tuple[Step, ...]
    quotes: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()


class RuleKeptAgain(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """What broke a rule does so no more: another breach by the same subject counts anew. `quotes`: rows of the ticks that show it.

    Of a rule across accounts `working` is what those that hold anything of the subject hold together, and `accounts` which they are:
    none where nobody holds anything, and in rows of before it was said.
    """

    rule: str
    subject: str
    quotes: tuple[int, ...] = ()
    working: tuple[Step, ...] = ()
    accounts: tuple[int, ...] = ()


class BreachWaived(Fact, frozen=True, kw_only=True):
    """A subject broke a rule that is no loss limit while a person had waived it: nothing follows, then or when the waiver ends.

    Only what goes beyond `observed` after that is a breach, or what breaks the rule anew once the subject has kept it again.
    """

    rule: str
    rule_kind: str
    unit: Unit
    limit: int
    observed: int
    subject: str
    at_us: int


class ProfitExcluded(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """So much of what closing a position brought does not count for targets and payouts, because the position broke `rule`.

    `deal`: the row that booked it. `total`: all that does not count on this account. Of one deal the newest row counts: there is another
    where the deal was corrected. `does`: what the breach did; None in rows of before it was said.
    """

    rule: str
    position_id: str
    deal: int
    profit: Money
    total: Money
    does: Consequence | None = None


class TargetReached(Fact, frozen=True, kw_only=True):
    """What a target measures stands at or above it since `at_us`."""

    rule: str
    observed: Money
    at_us: int


class TargetLeft(Fact, frozen=True, kw_only=True):
    """It does not any more."""

    rule: str
    observed: Money
    at_us: int


class ScoreMet(msgspec.Struct, frozen=True, kw_only=True):
    """By which score rule `rule` is met: the published one on a board, and the one that is asked."""

    rule: str
    board: str
    published: int
    asked: int


class ConditionMet(msgspec.Struct, frozen=True, kw_only=True):
    """One of the rules that a pass rests on: what was found against what is asked or allowed, both in `unit`.

    `rule_kind`: the tag of its term.
    """

    rule: str
    rule_kind: str
    unit: Unit
    observed: int
    asked: int


class PhasePassed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """All objectives of the phase are met. `target` and `observed` are balances; `score`: where a published score is one of them.

    Where nothing but a score wins the phase, `rule` is the score's and `target` is 0; where days or trades alone do, `rule` is the first of
    those. `conditions`: each rule that won it, in the order of the working; () in rows of before they were said.
    """

    rule: str
    target: Money
    observed: Money
    trading_days: int
    working: tuple[Step, ...]
    score: ScoreMet | None = None
    conditions: tuple[ConditionMet, ...] = ()


class PassHeld(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The objectives look met, but what that rests on is in doubt; asked again when the doubt lifts. Fields as in PhasePassed."""

    rule: str
    target: Money
    observed: Money
    doubts: tuple[Doubt, ...]
    working: tuple[Step, ...]
    score: ScoreMet | None = None
    conditions: tuple[ConditionMet, ...] = ()
