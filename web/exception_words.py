"""Exception words: what people excepted from an account's rules, as its trader reads it beside them, in each language."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from firm.facts import FloorSet
from firm.instant import utc_text
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule
from firm.sentences.languages import Language
from web.rule_words import RuleFigures

_Told = Mapping[Language, str]


def _in(english: str, german: str, spanish: str, french: str, portuguese: str, arabic: str) -> _Told:
    return MappingProxyType(dict(zip(Language, (english, german, spanish, french, portuguese, arabic), strict=True)))


_NOT_JUDGED = _in(
    "Not judged until {until}.",
    "Bis {until} nicht geprüft.",
    "No se comprueba hasta {until}.",
    "Non appliquée jusqu’au {until}.",
    "Não é avaliada até {until}.",
    "لا يُطبَّق حتى {until}.",
)
_EXTENDED = _in(
    "Extended; days added: {days}.",
    "Verlängert; zusätzliche Tage: {days}.",
    "Prolongado; días añadidos: {days}.",
    "Prolongée ; jours ajoutés : {days}.",
    "Prolongado; dias acrescentados: {days}.",
    "مُدِّدت المهلة؛ الأيام المضافة: {days}.",
)
_MOVED = _in(
    "A figure that the floor is measured from was set; the example is of an account without that change.",
    "Eine Zahl, von der aus die Untergrenze gemessen wird, wurde gesetzt; das Beispiel gilt für ein Konto ohne diese Änderung.",
    "Se fijó una cifra desde la que se mide el nivel mínimo; el ejemplo es de una cuenta sin ese cambio.",
    "Un chiffre à partir duquel le plancher est mesuré a été fixé ; l’exemple est celui d’un compte sans ce changement.",
    "Foi fixado um valor a partir do qual o nível mínimo é medido; o exemplo é de uma conta sem essa alteração.",
    "حُدِّد رقم يُقاس منه الحد الأدنى؛ والمثال لحساب من دون هذا التغيير.",
)
_REINSTATED = _in(
    "The account was reinstated, in spite of decision {decision}.",
    "Das Konto wurde trotz der Entscheidung {decision} wieder freigegeben.",
    "La cuenta fue restablecida pese a la decisión {decision}.",
    "Le compte a été rétabli malgré la décision {decision}.",
    "A conta foi restabelecida apesar da decisão {decision}.",
    "أُعيد تفعيل الحساب رغم القرار {decision}.",
)
_WAIVED = _in(
    "{rule}: not judged until {until}.",
    "{rule}: bis {until} nicht geprüft.",
    "{rule}: no se comprueba hasta {until}.",
    "{rule} : non appliquée jusqu’au {until}.",
    "{rule}: não é avaliada até {until}.",
    "{rule}: لا يُطبَّق حتى {until}.",
)
_PHASE = _in(
    "The phase was extended; days added: {days}.",
    "Die Phase wurde verlängert; zusätzliche Tage: {days}.",
    "La fase fue prolongada; días añadidos: {days}.",
    "La phase a été prolongée ; jours ajoutés : {days}.",
    "A fase foi prolongada; dias acrescentados: {days}.",
    "مُدِّدت المرحلة؛ الأيام المضافة: {days}.",
)
_SET: Mapping[Mark, _Told] = MappingProxyType(
    {
        Mark.DAY_BALANCE: _in(
            "The balance with which the day began was set to {amount}.",
            "Der Kontostand zu Tagesbeginn wurde auf {amount} gesetzt.",
            "El balance con el que empezó el día se fijó en {amount}.",
            "Le solde de début de journée a été fixé à {amount}.",
            "O saldo com que o dia começou foi fixado em {amount}.",
            "حُدِّد رصيد بداية اليوم عند {amount}.",
        ),
        Mark.DAY_EQUITY: _in(
            "The equity with which the day began was set to {amount}.",
            "Die Equity zu Tagesbeginn wurde auf {amount} gesetzt.",
            "La equity con la que empezó el día se fijó en {amount}.",
            "L’equity de début de journée a été fixée à {amount}.",
            "A equity com que o dia começou foi fixada em {amount}.",
            "حُدِّدت حقوق الملكية في بداية اليوم عند {amount}.",
        ),
        Mark.HIGH: _in(
            "The high that the floor of {rule} follows was set to {amount}.",
            "Der Höchststand, dem die Untergrenze von {rule} folgt, wurde auf {amount} gesetzt.",
            "El máximo que sigue el nivel mínimo de {rule} se fijó en {amount}.",
            "Le plus haut que suit le plancher de {rule} a été fixé à {amount}.",
            "O máximo que o nível mínimo de {rule} segue foi fixado em {amount}.",
            "حُدِّدت القمة التي يتبعها الحد الأدنى لقاعدة {rule} عند {amount}.",
        ),
    }
)
_FLOOR = _in(
    "Floor of {rule}: from {before} to {floor}.",
    "Untergrenze von {rule}: von {before} auf {floor}.",
    "Nivel mínimo de {rule}: de {before} a {floor}.",
    "Plancher de {rule} : de {before} à {floor}.",
    "Nível mínimo de {rule}: de {before} para {floor}.",
    "الحد الأدنى لقاعدة {rule}: من {before} إلى {floor}.",
)


def not_judged(until_us: int, language: Language) -> str:
    """Beside a rule that rests."""
    return _NOT_JUDGED[language].format(until=_instant(until_us))


def extended(days: int, language: Language, figures: RuleFigures) -> str:
    """Beside a clock that has more days."""
    return _EXTENDED[language].format(days=figures.count(days))


def moved(language: Language) -> str:
    """Beside a limit whose floor an exception moved: its example is of an account that is made up."""
    return _MOVED[language]


def exception_told(
    override: Override,
    floors: tuple[FloorSet, ...],
    titles: Mapping[str, str],
    language: Language,
    figures: RuleFigures,
) -> str:
    """One exception, with the floors that moved by it. `titles`: of the account's rules by id, in the same language."""

    def called(rule: str) -> str:
        return titles.get(rule, rule)

    match override:
        case Reinstate():
            return _REINSTATED[language].format(decision=override.decision)
        case WaiveRule():
            return _WAIVED[language].format(rule=called(override.rule), until=_instant(override.until_us))
        case ExtendPhase():
            return _PHASE[language].format(days=figures.count(override.days))
        case AdjustMark():
            amount = figures.money(override.minor)
            moved = (
                _FLOOR[language].format(
                    rule=called(one.rule),
                    before=figures.money(one.before.minor),
                    floor=figures.money(one.floor.minor),
                )
                for one in floors
            )
            return " ".join([_SET[override.mark][language].format(rule=called(override.rule), amount=amount), *moved])
        case unknown:
            assert_never(unknown)


def _instant(at_us: int) -> str:
    """In digits alone, as every language reads them: 2014-05-03 22:00 UTC."""
    return f"{utc_text(at_us)[:16].replace('T', ' ')} UTC"
