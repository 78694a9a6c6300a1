"""Glossary of languages: what has one name in English has one in each other language, on every page, in every mail and rule."""

import re

import pytest

from firm.sentences.catalog import SLOT, catalog_of
from firm.sentences.languages import Language
from web.brand.letters import our_letters
from web.shell.words import shell_catalog

# English, and what each message that says so calls it.
GLOSSARY = {
    "ledger": {
        Language.GERMAN: "Hauptbuch",
        Language.SPANISH: "libro mayor",
        Language.FRENCH: "grand livre",
        Language.PORTUGUESE: "livro-razão",
        Language.ARABIC: "سجل",
    },
    "checkpoint": {
        Language.GERMAN: "Prüfpunkt",
        Language.SPANISH: "punto de control",
        Language.FRENCH: "point de contrôle",
        Language.PORTUGUESE: "ponto de controle",
        Language.ARABIC: "نقطة",
    },
    "headroom": {
        Language.GERMAN: "Spielraum",
        Language.SPANISH: "Holgura",
        Language.FRENCH: "Distance au plancher",
        Language.PORTUGUESE: "Folga",
        Language.ARABIC: "المتبقي",
    },
    "in question": {
        Language.GERMAN: "angezweifelt",
        Language.SPANISH: "en duda",
        Language.FRENCH: "remis",
        Language.PORTUGUESE: "em dúvida",
        Language.ARABIC: "موضع شك",
    },
}
# Other names of the same things, and words of the Portuguese of Europe: pages are in that of Brazil.
NEVER = {
    Language.GERMAN: r"\bUnternehmen\b|\bGesellschaft\b|Kontrollpunkt|\bin Frage\b",
    Language.SPANISH: r"\bfirma\b(?! de nuestro libro)|\blibro\b(?! mayor| de la cuenta)",
    Language.FRENCH: r"\bfirme\b|\bentreprise\b|\bregistre\b|\ben question\b|\bréussite (?:a été )?retenue",
    Language.PORTUGUESE: (
        r"\bfirma\b|\blivro\b(?!-razão| da conta)|\bvencid[ao]s?\b|palavras?-passe|\bequipa\b|\bficheiros?\b|\becrã"
        r"|\b(?:está|estão|estamos|estava) a \w+r\b|\bcontrolo|\bregist[ao]|\bmorada\b|\bdescarregar\b|ónimo|\bconsigo\b"
    ),
    Language.ARABIC: r"مراكز|مستند",
}
OTHERS = [each for each in Language if each is not Language.ENGLISH]


def told_in(language: Language) -> dict[str, str]:
    """Every message and form of a noun, and every mail."""
    told: dict[str, str] = {}
    for catalog in (shell_catalog(language), catalog_of(language)):
        told |= catalog.messages
        told |= {f"{noun} {form}": text for noun, forms in catalog.nouns.items() for form, text in forms.items()}
    return told | {
        f"letter {letter}": f"{words.subject}\n{words.body}" for letter, words in our_letters(language).items()
    }


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("english", GLOSSARY)
def test_a_thing_has_one_name_on_every_page(english: str, language: Language) -> None:
    told, name = told_in(language), GLOSSARY[english][language].lower()
    saying = {
        key
        for key, text in told_in(Language.ENGLISH).items()
        if re.search(rf"\b{english}\b", SLOT.sub("", text).lower())
    }
    assert saying
    assert {key: told[key] for key in saying if name not in told[key].lower()} == {}


@pytest.mark.parametrize("language", OTHERS)
def test_no_page_calls_it_otherwise(language: Language) -> None:
    other = re.compile(NEVER[language], re.IGNORECASE)
    assert {key: text for key, text in told_in(language).items() if other.search(text)} == {}
