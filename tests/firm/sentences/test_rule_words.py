"""Rule words: figures from integers are what Babel writes of the same numbers."""

from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from firm.sentences.languages import Language
from web.rule_words import RuleFigures

FIGURES = {language: RuleFigures(language, "USD", 2) for language in Language}


@given(language=st.sampled_from(Language), minor=st.integers(0, 10**15))
def test_money_is_written_as_babel_writes_it(language: Language, minor: int) -> None:
    locale = "en_GB" if language is Language.ENGLISH else language.value
    number = format_decimal(Decimal(minor).scaleb(-2), format="#,##0.00", locale=locale)
    assert FIGURES[language].money(minor) == f"{number}\u00a0USD"
    assert FIGURES[language].count(minor) == format_decimal(minor, format="#,##0", locale=locale)


@pytest.mark.parametrize(
    ("language", "money", "percent", "lots"),
    [
        (Language.ENGLISH, "95,000.00\u00a0USD", "4.5\u00a0%", "1,200.00"),
        (Language.GERMAN, "95.000,00\u00a0USD", "4,5\u00a0%", "1.200,00"),
        (Language.SPANISH, "95.000,00\u00a0USD", "4,5\u00a0%", "1.200,00"),
        (Language.FRENCH, "95\u202f000,00\u00a0USD", "4,5\u00a0%", "1\u202f200,00"),
        (Language.PORTUGUESE, "95.000,00\u00a0USD", "4,5%", "1.200,00"),
        (Language.ARABIC, "95,000.00\u00a0USD", "4.5%", "1,200.00"),
    ],
)
def test_how_each_language_writes_figures(language: Language, money: str, percent: str, lots: str) -> None:
    figures = FIGURES[language]
    assert (figures.money(9_500_000), figures.percent(450), figures.lots(120_000_000_000)) == (money, percent, lots)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (FIGURES[Language.ENGLISH].money(-1), "−0.01\u00a0USD"),
        (RuleFigures(Language.ENGLISH, "JPY", 0).money(9_500), "9,500\u00a0JPY"),
        (FIGURES[Language.ENGLISH].percent(500), "5\u00a0%"),
        (FIGURES[Language.ENGLISH].percent(1), "0.01\u00a0%"),
        (FIGURES[Language.ENGLISH].multiple(25_000), "2.5"),
        (FIGURES[Language.ENGLISH].multiple(20_000), "2"),
        (FIGURES[Language.ENGLISH].lots(12_500_000), "0.125"),
        (FIGURES[Language.ENGLISH].lots(1), "0.00000001"),
    ],
)
def test_a_figure_is_exact(written: str, text: str) -> None:
    assert written == text
