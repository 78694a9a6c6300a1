"""Words: a report as lines of text for a terminal."""

from collections.abc import Iterator
from textwrap import fill

from actors.lab_found import SEVERAL_ENGINES, SINCE, AccountLine, CohortLine, Ending, Outcome, Report, Tally
from appliance.lab.lab import DESK_STOPPED, PRICES_GONE, STOPPED
from appliance.wording import counted
from firm.doubt_words import DOUBTS
from firm.instant import utc_text
from firm.money import Money
from firm.pass_words import conditions_in_words
from firm.plain_figures import money

LINE_WIDTH = 130
ENDINGS = {
    Ending.NOT_BEGUN: "not begun",
    Ending.RUNNING: "running",
    Ending.IN_QUESTION: "in question",
    Ending.PASSED: "passed",
    Ending.BREACHED: "breached",
    Ending.CLOSED: "closed",
    Ending.UNKNOWN: "unknown",
}
WHY_UNKNOWN = {
    STOPPED: "after its stop",
    PRICES_GONE: "its prices have left this machine",
    DESK_STOPPED: "its desk stopped: the draft leads to an error",
}


def text_of(report: Report) -> str:
    """For people: cohorts, then the accounts that differ, then what it does not say."""
    return "\n".join(_lines(report))


def outcome_words(outcome: Outcome, exponent: int, currency: str = "") -> str:
    """What became of an account, in one line."""
    return " ".join(_outcome_pieces(outcome, Money(0, currency, exponent)))


def tally_words(tally: Tally) -> str:
    """How many came how far."""
    rules = ", ".join(f"{count:,} {rule}" for rule, count in tally.breached_by.items())
    told = [
        f"{count:,} {ENDINGS[ending]}" + (f" ({rules})" if ending is Ending.BREACHED else "")
        for ending, count in tally.endings.items()
    ]
    return ", ".join(told)


def _lines(report: Report) -> Iterator[str]:
    rules = f"{report.ruleset} (id {report.ruleset_id[:12]})" if report.ruleset_id else "the rules that each was sold"
    yield f"{counted(len(report.accounts), 'account')} under {rules}, up to row {report.upto_row:,}, {utc_text(report.upto_us)}:"
    yield (
        "none comes out otherwise."
        if not report.differing
        else f"{report.differing:,} of them {_come(report.differing)} out otherwise."
    )
    for cohort in report.cohorts:
        yield from _cohort_lines(cohort)
    differing = [line for line in report.accounts if line.differs]
    if differing:
        yield ""
    for line in differing:
        yield from _account_lines(line)
    yield ""
    yield from fill(" ".join(report.caveats), LINE_WIDTH).splitlines()
    if len(report.engines) > 1:
        yield from fill(SEVERAL_ENGINES, LINE_WIDTH).splitlines()


def _come(count: int) -> str:
    return "comes" if count == 1 else "come"


def _cohort_lines(cohort: CohortLine) -> Iterator[str]:
    yield ""
    yield f"{cohort.cohort}  {cohort.program}, {cohort.phase}: {counted(cohort.accounts, 'account')}, {cohort.differing:,} otherwise"
    for name, tally in (("before", cohort.before), ("after", cohort.after)):
        profit, paid = (f"{money(each, cohort.exponent)} {cohort.currency}" for each in (tally.profit, tally.paid))
        yield f"  {name:<6} {tally_words(tally)}; closed profit {profit}, paid out {paid}"


def _account_lines(line: AccountLine) -> Iterator[str]:
    apart = f"; apart since {utc_text(line.apart_us)}" if line.apart_us is not None else ""
    yield f"{line.account}  {line.program}, {line.phase}, {line.cohort}{apart}"
    yield f"  before {outcome_words(line.before, line.exponent, line.currency)}"
    yield f"  after  {outcome_words(line.after, line.exponent, line.currency)}"
    if line.sold_as:
        yield f"         {line.after.rule} was sold as {line.sold_as}"
    if line.is_by_another_rule:
        yield "         the same at the same instant, by another rule"


def _outcome_pieces(outcome: Outcome, none: Money) -> Iterator[str]:
    """`none` lends the account's currency."""
    exponent = none.exponent
    yield ENDINGS[outcome.ending]
    if outcome.rule:
        yield WHY_UNKNOWN.get(outcome.rule, f"by {outcome.rule}")
    yield f"{utc_text(outcome.at_us)}"
    if outcome.figure is not None and outcome.against is not None:
        yield f"at {money(outcome.figure, exponent)} against {money(outcome.against, exponent)}"
    elif outcome.conditions:
        yield f"with {'; '.join(conditions_in_words(outcome.conditions, none))}"
    if outcome.row:
        yield f"(row {outcome.row:,})"
    yield f"closed profit {money(outcome.profit, exponent)}"
    if outcome.strikes:
        yield f"after {counted(outcome.strikes, 'soft breach', 'soft breaches')}"
    if outcome.doubts:
        yield f"in doubt: {'; '.join(DOUBTS[one] for one in outcome.doubts)}"
    if (undone := outcome.undone) is not None:
        figures = f"{money(undone.figure, exponent)} against {money(undone.against, exponent)}"
        yield f"after a breach by {undone.rule} {utc_text(undone.at_us)} at {figures} (row {undone.row:,})"
    if outcome.since:
        yield f"later: {SINCE[outcome.since]}"
