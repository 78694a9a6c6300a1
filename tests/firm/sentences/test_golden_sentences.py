"""Golden sentences: what the example rulesets say in each language, kept as it was read and agreed to.

After a wanted change: `python -m tests.firm.sentences.test_golden_sentences` writes the texts anew; read the difference.
"""

from pathlib import Path

import pytest

from firm.sentences.languages import Language
from firm.sentences.rule import ruleset_sentences
from tests.firm.sentences.examples import EXAMPLES
from web.rule_words import RuleFigures

KEPT = Path(__file__).resolve().parents[2] / "golden" / "sentences"


def told(language: Language) -> str:
    """All examples, each rule with its title on one line and its text on the next."""
    figures = RuleFigures(language, "USD", 2)
    parts = []
    for name, ruleset in EXAMPLES.items():
        sentences = ruleset_sentences(ruleset, language, figures)
        parts.append("\n\n".join([f"== {name} ==", *(f"{one.title}\n{one.text}" for one in sentences)]))
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("language", Language)
def test_the_examples_say_what_they_said(language: Language) -> None:
    assert told(language) == (KEPT / f"{language}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for each in Language:
        (KEPT / f"{each}.txt").write_text(told(each), encoding="utf-8")
