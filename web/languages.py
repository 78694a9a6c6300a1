"""Languages: in which one a page is read: the one that its address names, else the one that its reader chose, else the first that the
browser asks for.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from litestar.connection import ASGIConnection

from firm.sentences.languages import Language
from web.cookies import cookie_in

PARAMETER = "language"
CHOSEN = "-language"
"""The ending of the cookie that keeps the reader's choice."""
NAMES: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: "English",
        Language.GERMAN: "Deutsch",
        Language.SPANISH: "Español",
        Language.FRENCH: "Français",
        Language.PORTUGUESE: "Português",
        Language.ARABIC: "العربية",
    }
)
"""What each calls itself."""
RIGHT_TO_LEFT = frozenset({Language.ARABIC})

HEADINGS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "rules": {
            Language.ENGLISH: "Your rules",
            Language.GERMAN: "Ihre Regeln",
            Language.SPANISH: "Sus reglas",
            Language.FRENCH: "Vos règles",
            Language.PORTUGUESE: "As suas regras",
            Language.ARABIC: "قواعدك",
        },
        "now": {
            Language.ENGLISH: "Now",
            Language.GERMAN: "Jetzt",
            Language.SPANISH: "Ahora",
            Language.FRENCH: "Maintenant",
            Language.PORTUGUESE: "Agora",
            Language.ARABIC: "الآن",
        },
        "frozen": {
            Language.ENGLISH: "These rules were fixed when the account was bought. Exceptions that the firm makes are told here.",
            Language.GERMAN: "Diese Regeln wurden beim Kauf des Kontos festgelegt. Ausnahmen, die die Firma macht, stehen hier.",
            Language.SPANISH: "Estas reglas quedaron fijadas al comprar la cuenta. Las excepciones de la empresa se indican aquí.",
            Language.FRENCH: "Ces règles ont été fixées à l’achat du compte. Les exceptions faites par la société figurent ici.",
            Language.PORTUGUESE: "Estas regras foram fixadas na compra da conta. As exceções feitas pela empresa constam aqui.",
            Language.ARABIC: "حُدِّدت هذه القواعد عند شراء الحساب. وتُذكر هنا الاستثناءات التي تمنحها الشركة.",
        },
        "exceptions": {
            Language.ENGLISH: "Exceptions",
            Language.GERMAN: "Ausnahmen",
            Language.SPANISH: "Excepciones",
            Language.FRENCH: "Exceptions",
            Language.PORTUGUESE: "Exceções",
            Language.ARABIC: "الاستثناءات",
        },
        "reason": {
            Language.ENGLISH: "Reason",
            Language.GERMAN: "Grund",
            Language.SPANISH: "Motivo",
            Language.FRENCH: "Motif",
            Language.PORTUGUESE: "Motivo",
            Language.ARABIC: "السبب",
        },
        "day": {
            Language.ENGLISH: "Each trading day begins at",
            Language.GERMAN: "Jeder Handelstag beginnt um",
            Language.SPANISH: "Cada día de negociación empieza a las",
            Language.FRENCH: "Chaque journée de trading commence à",
            Language.PORTUGUESE: "Cada dia de negociação começa às",
            Language.ARABIC: "يبدأ كل يوم تداول في الساعة",
        },
        "notices": {
            Language.ENGLISH: "Notices",
            Language.GERMAN: "Hinweise",
            Language.SPANISH: "Avisos",
            Language.FRENCH: "Avis",
            Language.PORTUGUESE: "Avisos",
            Language.ARABIC: "الإشعارات",
        },
        "newest": {
            Language.ENGLISH: "The newest first. Times are those of",
            Language.GERMAN: "Die neuesten zuerst. Zeiten gelten in",
            Language.SPANISH: "Primero los más recientes. Las horas son las de",
            Language.FRENCH: "Les plus récents d’abord. Les heures sont celles de",
            Language.PORTUGUESE: "Primeiro os mais recentes. As horas são as de",
            Language.ARABIC: "الأحدث أولًا. الأوقات بتوقيت",
        },
        "no_notices": {
            Language.ENGLISH: "No limit was neared, and no rule broken.",
            Language.GERMAN: "Keine Grenze war nahe, und keine Regel wurde verletzt.",
            Language.SPANISH: "No se ha acercado a ningún límite ni se ha incumplido ninguna regla.",
            Language.FRENCH: "Aucune limite n’a été approchée et aucune règle enfreinte.",
            Language.PORTUGUESE: "Nenhum limite esteve próximo e nenhuma regra foi violada.",
            Language.ARABIC: "لم يُقترب من أي حد ولم تُخالف أي قاعدة.",
        },
        "older": {
            Language.ENGLISH: "Older notices",
            Language.GERMAN: "Ältere Hinweise",
            Language.SPANISH: "Avisos anteriores",
            Language.FRENCH: "Avis plus anciens",
            Language.PORTUGUESE: "Avisos mais antigos",
            Language.ARABIC: "إشعارات أقدم",
        },
        "decision": {
            Language.ENGLISH: "The decision and its evidence",
            Language.GERMAN: "Die Entscheidung und ihre Belege",
            Language.SPANISH: "La decisión y sus pruebas",
            Language.FRENCH: "La décision et ses preuves",
            Language.PORTUGUESE: "A decisão e as suas provas",
            Language.ARABIC: "القرار وأدلته",
        },
        "id": {
            Language.ENGLISH: "Their fingerprint",
            Language.GERMAN: "Ihr Fingerabdruck",
            Language.SPANISH: "Su huella digital",
            Language.FRENCH: "Leur empreinte",
            Language.PORTUGUESE: "A sua impressão digital",
            Language.ARABIC: "بصمتها",
        },
    }
)
"""What a page of rules says besides the rules."""


def language_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Language:
    """The reader's, of those that pages are spoken in; English where none is."""
    named = known(str(connection.query_params.get(PARAMETER, "")))
    chosen = known(cookie_in(connection.app.state.firm, connection, CHOSEN))
    if named is not None or chosen is not None:
        return named or chosen or Language.ENGLISH
    asked = _accepted(connection.headers.get("accept-language", ""))
    return next((language for tag in asked if (language := known(tag)) is not None), Language.ENGLISH)


def headings(language: Language) -> dict[str, str]:
    return {name: told[language] for name, told in HEADINGS.items()}


def _accepted(header: str) -> Iterator[str]:
    """Language tags, the most wanted first (RFC 9110, 12.5.4); what weighs nothing is not wanted at all."""
    weighed = [_weighed(part) for part in header.split(",")]
    return (tag for tag, weight in sorted(weighed, key=lambda one: one[1], reverse=True) if weight > 0)


def _weighed(part: str) -> tuple[str, Decimal]:
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        weight = Decimal(value) if name.strip() == "q" else Decimal(1)
    except InvalidOperation:
        weight = Decimal(0)
    # No weight is outside these, and 1e9999999 can be compared but not calculated with.
    return tag.strip(), weight if weight.is_finite() and 0 <= weight <= 1 else Decimal(0)


def known(tag: str) -> Language | None:
    """ "pt-BR" is Portuguese."""
    code = tag.partition("-")[0].lower()
    return Language(code) if code in set(Language) else None
