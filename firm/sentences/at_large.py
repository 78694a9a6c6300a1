"""At large: what goes for all rules of a phase together, and for the program, as a trader reads it."""

from collections.abc import Iterator

from firm.ruleset import AnyRuleset, Program, Ruleset
from firm.sentences.catalog import catalog_of
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.speaker import Speaker, whether


def at_large(ruleset: AnyRuleset, language: Language, figures: Figures) -> tuple[str, ...]:
    """One sentence for each field of the ruleset that is no term, in their order; what was sold in the first words has fewer."""
    return tuple(_said(ruleset, Speaker(catalog_of(language), figures, {})))


def accounts_sentence(program: Program, language: Language, figures: Figures) -> str:
    """How many accounts of it one trader may hold."""
    return Speaker(catalog_of(language), figures, {})("at_large.accounts", accounts=program.accounts_max)


def _said(ruleset: AnyRuleset, say: Speaker) -> Iterator[str]:
    yield say(f"at_large.late_breach.{ruleset.late_breach}")
    yield say(f"at_large.await_swap.{whether(ruleset.await_swap)}")
    if isinstance(ruleset, Ruleset):
        yield say(f"at_large.failures_reviewed.{whether(ruleset.failures_reviewed)}")
        yield say(f"at_large.overrides_by_two.{whether(ruleset.overrides_by_two)}")
