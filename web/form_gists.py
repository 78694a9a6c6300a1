"""Form gists: phases and rules of a program that is being filled in, by what it is called and what it says, as far as that is known."""

from collections.abc import Mapping

import msgspec

from firm.checks.problem import Problem
from firm.form_figures import in_currency
from firm.ruleset import Rule
from firm.ruleset_form import KIND, data_of, many_of
from firm.sentences.languages import Language
from firm.sentences.rule import TITLED_BY, rule_sentence, title_known, title_of
from firm.terms.union import Term
from web.rule_words import RuleFigures
from web.words import plural, sentence

_NO_PATHS: Mapping[str, str] = {}


class Gist(msgspec.Struct, frozen=True, kw_only=True):
    """One phase or rule. `name`: the one its records are kept under; `text`: "" while it cannot be said; `wrong`: things to put right."""

    path: str
    title: str
    name: str = ""
    text: str = ""
    wrong: int = 0
    is_open: bool = False
    rules: tuple["Gist", ...] = ()


def gists_of(typed: Mapping[str, str], problems: tuple[Problem, ...], touched: str) -> tuple[Gist, ...]:
    """The phases in their order, with their rules. `touched`: the path where somebody is at work; it is open, as is what has a problem."""
    told = tuple(problem.path for problem in problems)
    return tuple(_phase(f"phases[{place}]", place, typed, told, touched) for place in range(many_of("phases", typed)))


def by_path(gists: tuple[Gist, ...]) -> dict[str, Gist]:
    return {gist.path: gist for phase in gists for gist in (phase, *phase.rules)}


def _phase(path: str, place: int, typed: Mapping[str, str], told: tuple[str, ...], touched: str) -> Gist:
    terms = f"{path}.ruleset.terms"
    paths = [f"{terms}[{term}]" for term in range(many_of(terms, typed))]
    read = {one: _term(one, typed) for one in paths}
    titles = {term.id: title_of(Rule(0, term, _NO_PATHS), Language.ENGLISH) for term in read.values() if term}
    rules = tuple(_rule(one, read[one], titles, typed, told, touched) for one in paths)
    funded = ", funded" if typed.get(f"{path}.funded{KIND}") == "yes" else ""
    return Gist(
        path=path,
        title=typed.get(f"{path}.name", "").strip() or f"Phase {place + 1}",
        text=plural(len(rules), "rule", "rules") + funded,
        wrong=sum(_within(path, one) for one in told),
        is_open=_within(path, touched) or any(_within(path, one) for one in told),
        rules=rules,
    )


def _rule(
    path: str,
    term: Term | None,
    titles: Mapping[str, str],
    typed: Mapping[str, str],
    told: tuple[str, ...],
    touched: str,
) -> Gist:
    kind, wrong = typed.get(path + KIND, ""), sum(_within(path, one) for one in told)
    gist = Gist(
        path=path,
        title=_title(path, kind, typed),
        name=typed.get(f"{path}.id", "").strip(),
        wrong=wrong,
        is_open=_within(path, touched) or term is None or bool(wrong),
    )
    if term is None:
        return gist
    size = in_currency(typed)
    rule = Rule(0, term, _NO_PATHS)
    told_as = rule_sentence(rule, Language.ENGLISH, RuleFigures(Language.ENGLISH, size.sign, size.decimals), titles)
    return msgspec.structs.replace(gist, title=told_as.title, text=told_as.text)


def _title(path: str, kind: str, typed: Mapping[str, str]) -> str:
    """Of a rule that cannot be read yet."""
    titled_by = typed.get(f"{path}.{TITLED_BY[kind]}{KIND}", "") if kind in TITLED_BY else ""
    return title_known(kind, titled_by, Language.ENGLISH) or sentence(kind) or "A rule without a kind"


def _term(path: str, typed: Mapping[str, str]) -> Term | None:
    """The rule, once all of it can be read."""
    data, problems = data_of(Term, typed, path)
    if problems:
        return None
    try:
        return msgspec.convert(data, Term)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        return None


def _within(path: str, one: str) -> bool:
    """Whether a path is this one, or lies below it."""
    return one == path or one.startswith((f"{path}.", f"{path}["))
