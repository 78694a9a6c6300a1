"""At large: what goes for all rules of a phase together, and for the program, as a trader reads it."""

from collections.abc import Iterator

from firm.rules.winning import won_by
from firm.ruleset import AnyRuleset, Program, Ruleset
from firm.sentences.catalog import catalog_of
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.rule import titles_of
from firm.sentences.speaker import Speaker, whether
from firm.terms.objectives import MinimumTrades, TradingDays


def at_large(ruleset: AnyRuleset, language: Language, figures: Figures, *, is_funded: bool = False) -> tuple[str, ...]:
    """One sentence for each field of the ruleset that is no term, in their order; what was sold in the first words has fewer.

    And by what a phase is won that has no target; the funded one (`is_funded`) is never won.
    """
    say = Speaker(catalog_of(language), figures, titles_of(ruleset))
    counted = () if is_funded else _counted(ruleset)
    won = (say("at_large.won_by_counting", rules=say.rules(counted)),) if counted else ()
    return (*_said(ruleset, say), *won)


def wins_by_counting(ruleset: AnyRuleset) -> bool:
    """Whether days and trades alone win a phase under these rules."""
    return bool(_counted(ruleset))


def _counted(ruleset: AnyRuleset) -> tuple[str, ...]:
    """The days and trades that win a phase without a target or a score."""
    return tuple(rule.id for rule in won_by(ruleset) if isinstance(rule.terms, TradingDays | MinimumTrades))


def accounts_sentence(program: Program, language: Language, figures: Figures) -> str:
    """How many accounts of it one trader may hold."""
    return Speaker(catalog_of(language), figures, {})("at_large.accounts", accounts=program.accounts_max)


def accounts_own_sentence(counted: int, language: Language, figures: Figures) -> str:
    """How many of the reader's own accounts count where another is ordered."""
    return Speaker(catalog_of(language), figures, {})("at_large.accounts_own", accounts=counted)


def _said(ruleset: AnyRuleset, say: Speaker) -> Iterator[str]:
    yield say(f"at_large.late_breach.{ruleset.late_breach}")
    yield say(f"at_large.await_swap.{whether(ruleset.await_swap)}")
    if isinstance(ruleset, Ruleset):
        yield say(f"at_large.failures_reviewed.{whether(ruleset.failures_reviewed)}")
        yield say(f"at_large.overrides_by_two.{whether(ruleset.overrides_by_two)}")
