"""Deeds judged: the rules that look at each thing that is done to a position: news windows, and software that trades."""

from collections.abc import Iterator

from msgspec.structs import replace

from firm.arithmetic import Arithmetic
from firm.deed import Deed
from firm.news import NEWS_NAME, NewsCalendar
from firm.rules.behaviour import judge_automation_use
from firm.rules.judged import Judged
from firm.rules.news import broken_windows
from firm.ruleset import AnyRuleset, Rule, kept_with
from firm.terms.conduct import AutomationUse, NewsAction, NewsWindow

_LOOKS_AT_DEEDS = (NewsWindow, AutomationUse)


def looks_at_deeds(rule: Rule) -> bool:
    return isinstance(rule.terms, _LOOKS_AT_DEEDS)


def rules_of_deeds(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """Those of its rules that a deed may break."""
    return kept_with(ruleset, "rules of deeds", lambda rules: tuple(filter(looks_at_deeds, rules.rules)))


def news_of(rule: Rule) -> str:
    """The name of the calendar of news that a rule about deeds goes by."""
    named = rule.terms.calendar if isinstance(rule.terms, NewsWindow) else None
    return named or NEWS_NAME


def forbids_holding(ruleset: AnyRuleset) -> bool:
    """Whether holding alone may break one of its rules about news."""
    return kept_with(ruleset, "news may forbid holding", lambda rules: any(map(_forbids_holding, rules.rules)))


def _forbids_holding(rule: Rule) -> bool:
    return isinstance(rule.terms, NewsWindow) and NewsAction.HOLD in rule.terms.actions


def judge_deed(calc: Arithmetic, rule: Rule, deed: Deed, calendar: NewsCalendar | None) -> Iterator[Judged]:
    """Each way in which a deed breaks the rule; without a calendar no news does. `subject`: the position, and the release or who placed it.

    Several releases of one instant are one way, and a deed that lasts no longer than an instant has one way at most.
    """
    for answer in _answers(calc, rule, deed, calendar):
        if answer.is_broken:
            yield replace(answer, subject=f"{deed.position_id} {answer.subject}")
            if not deed.is_holding:
                return


def _answers(calc: Arithmetic, rule: Rule, deed: Deed, calendar: NewsCalendar | None) -> Iterator[Judged]:
    match rule.terms:
        case AutomationUse():
            yield judge_automation_use(calc, rule, deed.placed_by)
        case NewsWindow() if calendar is not None:
            yield from broken_windows(calc, rule, calendar, deed)
