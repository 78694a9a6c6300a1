"""Lab view: what the lab found, in the words of its page."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from actors.lab_found import SEVERAL_ENGINES, SINCE, AccountLine, Ending, Outcome, Report, Tally
from firm.money import Money
from firm.pass_words import conditions_in_words
from web import words
from web.bounds import LAB_ACCOUNTS_PER_PAGE
from web.lab import Trial, TrialState

STATES = {
    TrialState.RUNNING: ("Going through history", "info", "refresh-cw"),
    TrialState.FOLLOWING: ("Up to date, and goes on", "good", "play"),
    TrialState.DONE: ("Done", "good", "circle-check"),
    TrialState.CANCELLED: ("Ended", "calm", "circle-x"),
    TrialState.FAILED: ("Failed", "bad", "octagon-x"),
}
ENDINGS = {
    Ending.NOT_BEGUN: ("Not begun", "calm", "clock"),
    Ending.RUNNING: ("Running", "info", "play"),
    Ending.IN_QUESTION: ("In question", "warn", "hourglass"),
    Ending.PASSED: ("Passed", "good", "trophy"),
    Ending.BREACHED: ("Breached", "bad", "octagon-x"),
    Ending.CLOSED: ("Closed", "calm", "circle-x"),
    Ending.UNKNOWN: ("Unknown", "calm", "circle-alert"),
}
WHY_UNKNOWN = {
    "stopped_in_history": "after its stop",
    "prices_gone": "its prices have left this machine",
    "desk_stopped": "its desk stopped: the draft leads to an error",
}


class Page(NamedTuple):
    """Accounts that come out otherwise, so many at once. `after`: where the next page begins, None on the last one."""

    lines: tuple[AccountLine, ...]
    after: int | None


def page_of(report: Report, after: int) -> Page:
    found = [line for line in report.accounts if line.differs]
    more = after + LAB_ACCOUNTS_PER_PAGE
    return Page(tuple(found[after:more]), more if more < len(found) else None)


def later(outcome: Outcome) -> str:
    """What was said of its verdict later."""
    return SINCE[outcome.since]


def met(outcome: Outcome, line: AccountLine) -> list[str]:
    """By which conditions a phase was won that no target of money wins."""
    conditions = () if outcome.figure is not None else outcome.conditions
    return conditions_in_words(conditions, Money(0, line.currency, line.exponent))


def reason(outcome: Outcome) -> str:
    """The rule that decided, or why it is not known."""
    return WHY_UNKNOWN.get(outcome.rule, outcome.rule)


def tallied(tally: Tally) -> Iterator[tuple[Ending, int, str]]:
    """How many came how far, and of breaches by which rules."""
    rules = ", ".join(f"{words.count(count)} {rule}" for rule, count in tally.breached_by.items())
    for ending, count in tally.endings.items():
        yield ending, count, rules if ending is Ending.BREACHED else ""


def share_done(trial: Trial) -> str:
    """Of the ledger's rows those that it has gone through, in whole percent; "" before its first word."""
    told = trial.progress
    return "" if told is None else f"{told.row * 100 // max(1, told.rows)} %"


def since_started(trial: Trial) -> list[tuple[str, int, int]]:
    """Of a draft that goes on with the ledger: how many the firm ended since it was started, and how many it would have, by ending."""
    if trial.report is None or not trial.tried.follows:
        return []
    counts = [
        (
            ENDINGS[ending][0],
            sum(_ended(line.before, ending, trial.started_us) for line in trial.report.accounts),
            sum(_ended(line.after, ending, trial.started_us) for line in trial.report.accounts),
        )
        for ending in (Ending.PASSED, Ending.BREACHED, Ending.CLOSED, Ending.IN_QUESTION, Ending.UNKNOWN)
    ]
    return [told for told in counts if told[1] or told[2]]


def caveats(report: Report) -> tuple[str, ...]:
    """What must be said with it."""
    return (*report.caveats, SEVERAL_ENGINES) if len(report.engines) > 1 else report.caveats


def as_file(report: Report) -> bytes:
    """All of it, for a program."""
    return msgspec.json.encode(report)


def _ended(outcome: Outcome, ending: Ending, since_us: int) -> bool:
    return outcome.ending is ending and outcome.at_us >= since_us
