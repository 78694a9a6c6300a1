"""Rules told: a ruleset as its reader reads it: each rule with what it requires, how it stands now, and an example in numbers."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec

from firm.money import Money
from firm.objective import Objective
from firm.overrides import AdjustMark, Mark
from firm.ruleset import AnyRuleset, Program, Rule
from firm.sentences.at_large import accounts_own_sentence, accounts_sentence, at_large
from firm.sentences.languages import Language
from firm.sentences.live import live_sentence
from firm.sentences.rule import ruleset_sentences, titles_of
from firm.sentences.worked_example import worked_example
from storage.readmodels.overrides import OverrideLine
from web.exception_words import exception_told, extended, moved, not_judged
from web.rule_words import RuleFigures


class ToldRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `now`: how the account stands under it; `exception`: what people excepted from it that holds now; `example`: a small
    story in numbers; each empty where there is none."""

    id: str
    title: str
    text: str
    now: str
    exception: str
    example: str


class ToldException(msgspec.Struct, frozen=True):
    """What people excepted, when and why, in the letters in which they said it."""

    at_us: int
    text: str
    why: str


class ToldPhase(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one phase, with the id that pins them. `at_large`: sentences about all of them together."""

    name: str
    ruleset: AnyRuleset
    ruleset_id: str
    at_large: tuple[str, ...]
    rules: tuple[ToldRule, ...]


def rules_told(
    ruleset: AnyRuleset,
    size: Money,
    language: Language,
    now: Sequence[Objective] = (),
    moved_floors: AbstractSet[str] = frozenset(),
) -> tuple[ToldRule, ...]:
    """All rules in their order. `size`: the initial balance. `now`: the rows of an account that holds them.

    `moved_floors`: as `floors_moved_now` of its exceptions.
    """
    figures = RuleFigures(language, size.currency, size.exponent)
    rows = {row.rule: row for row in now}
    said = ruleset_sentences(ruleset, language, figures)
    return tuple(
        ToldRule(
            id=rule.id,
            title=sentence.title,
            text=sentence.text,
            now=_now(rule, rows.get(rule.id), language, figures),
            exception=_exception(rows.get(rule.id), language, figures, is_moved=rule.id in moved_floors),
            example=worked_example(ruleset, rule, size, language, figures, _days_granted(rows.get(rule.id))),
        )
        for rule, sentence in zip(ruleset.rules, said, strict=True)
    )


def floors_moved_now(lines: Sequence[OverrideLine], ruleset: AnyRuleset, now_us: int) -> frozenset[str]:
    """Rules whose floors are elsewhere by a mark that people set: that of a day until it ends, a high for good."""
    return frozenset(
        floor.rule
        for line in lines
        if line.granted and isinstance(line.override, AdjustMark)
        if line.override.mark is Mark.HIGH or now_us < ruleset.calendar.day_at(line.at_us).end_us
        for floor in line.floors
    )


def told_at_large(ruleset: AnyRuleset, size: Money, language: Language, *, is_funded: bool) -> tuple[str, ...]:
    """What goes for all of its rules together."""
    return at_large(ruleset, language, RuleFigures(language, size.currency, size.exponent), is_funded=is_funded)


def accounts_told(program: Program, language: Language) -> str:
    """How many accounts of it one trader may hold."""
    return accounts_sentence(program, language, RuleFigures(language, program.size.currency, program.size.exponent))


def accounts_of_reader(program: Program, counted: int, language: Language) -> str:
    """The same, with how many the trader has that count."""
    figures = RuleFigures(language, program.size.currency, program.size.exponent)
    return f"{accounts_told(program, language)} {accounts_own_sentence(counted, language, figures)}"


def exceptions_told(
    lines: Sequence[OverrideLine], ruleset: AnyRuleset, size: Money, language: Language
) -> tuple[ToldException, ...]:
    """Those that were granted, the newest first."""
    figures = RuleFigures(language, size.currency, size.exponent)
    titles = titles_of(ruleset, language)
    return tuple(
        ToldException(line.at_us, exception_told(line.override, line.floors, titles, language, figures), line.why)
        for line in lines
        if line.granted
    )


def _now(rule: Rule, row: Objective | None, language: Language, figures: RuleFigures) -> str:
    if row is None or row.judged is None:
        return ""
    return live_sentence(rule, row.judged, language, figures, questioned=row.in_question)


def _exception(row: Objective | None, language: Language, figures: RuleFigures, *, is_moved: bool) -> str:
    resting = not_judged(row.waived_until_us, language) if row is not None and row.waived_until_us else ""
    longer = extended(days, language, figures) if (days := _days_granted(row)) else ""
    return " ".join(filter(None, (resting, longer, moved(language) if is_moved else "")))


def _days_granted(row: Objective | None) -> int:
    return 0 if row is None else row.extended_days


def program_told(program: Program, language: Language) -> tuple[ToldPhase, ...]:
    """The rules of every phase."""
    return tuple(
        ToldPhase(
            name=phase.name,
            ruleset=phase.ruleset,
            ruleset_id=phase.ruleset.ruleset_id(),
            at_large=told_at_large(phase.ruleset, program.size, language, is_funded=phase.funded),
            rules=rules_told(phase.ruleset, program.size, language),
        )
        for phase in program.phases
    )
