"""Golden sentences: what example rulesets and all template programs say in each language, kept as it was read and agreed to.

After a wanted change: `python -m tests.firm.sentences.test_golden_sentences` writes the texts anew; read the difference.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from firm.ruleset import AnyRuleset
from firm.sentences.at_large import accounts_sentence, at_large
from firm.sentences.languages import Language
from firm.sentences.rule import Sentence, ruleset_sentences
from firm.templates import templates
from tests.firm.sentences.examples import EXAMPLES
from web.rule_words import RuleFigures

KEPT = Path(__file__).resolve().parents[2] / "golden" / "sentences"


def examples_told(language: Language) -> str:
    return told(EXAMPLES, language, RuleFigures(language, "USD", 2))


def templates_told(language: Language) -> str:
    parts = []
    for template in templates():
        program = template.program
        phases = {f"{template.name}: {phase.name}": phase.ruleset for phase in program.phases}
        figures = RuleFigures(language, program.size.currency, program.size.exponent)
        parts.append(f"{accounts_sentence(program, language, figures)}\n\n{told(phases, language, figures)}")
    return "\n".join(parts)


def told(rulesets: Mapping[str, AnyRuleset], language: Language, figures: RuleFigures) -> str:
    """Each rule's title on one line and its text on the next; of one that a ruleset before it has as well the title alone."""
    parts: list[str] = []
    before: set[Sentence] = set()
    for name, ruleset in rulesets.items():
        sentences = ruleset_sentences(ruleset, language, figures)
        whole = " ".join(at_large(ruleset, language, figures))
        parts += [f"== {name} ==", whole, *_rules_told(sentences, before)]
        before |= set(sentences)
    return "\n\n".join(parts) + "\n"


def _rules_told(sentences: Iterable[Sentence], before: set[Sentence]) -> Iterable[str]:
    return (f"{one.title} (=)" if one in before else f"{one.title}\n{one.text}" for one in sentences)


TOLD = {"examples": examples_told, "templates": templates_told}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("what", TOLD)
def test_the_rules_say_what_they_said(what: str, language: Language) -> None:
    assert TOLD[what](language) == (KEPT / what / f"{language}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for folder, tell in TOLD.items():
        for each in Language:
            (KEPT / folder / f"{each}.txt").write_text(tell(each), encoding="utf-8")
