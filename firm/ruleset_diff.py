"""Ruleset diff: what is different between two rulesets, or two programs, in words. Terms are the same where their ids are.

They are called as traders read them."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from firm.money import Money
from firm.rules.winning import won_by
from firm.ruleset import AnyRuleset, Phase, Program
from firm.sentences.at_large import wins_by_counting
from firm.sentences.rule import titles_of
from firm.term_words import NONE, TermWords, kind_of, label
from firm.terms.union import Term
from firm.terms.words import BySize, Fixed, Share

EXPONENT_USUAL = 2

_TOLD_WHOLE = (Share, Fixed, BySize, Money)


class Happened(StrEnum):
    """What became of a term, a phase or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    RENAMED = "renamed"


class Change(msgspec.Struct, frozen=True):
    """One difference. `subject`: the term's id, the phase's name, or "" for fields of the whole; `field`: "" for all of it.

    `title`: the subject as people call it.
    """

    happened: Happened
    subject: str
    field: str
    before: str
    after: str
    title: str = ""

    def __str__(self) -> str:
        match self.happened:
            case Happened.ADDED:
                return f"{self._named} is added: {self.after}"
            case Happened.REMOVED:
                return f"{self._named} is removed: {self.before}"
            case Happened.CHANGED:
                where = ": ".join(filter(None, (self._named, self.field)))
                return f"{where} was {self.before}, is {self.after}"
            case Happened.MOVED:
                return f"the order of terms was {self.before}, is {self.after}"
            case Happened.RENAMED:
                return f"{self._named} is called {self.after} now; its rules are the same"

    @property
    def _named(self) -> str:
        return self.title or self.subject


def ruleset_changes(before: AnyRuleset, after: AnyRuleset, exponent: int = EXPONENT_USUAL) -> tuple[Change, ...]:
    """In the order of the fields; () where both say the same. Rulesets of the first semantics are compared in the words of today."""
    return (*_ruleset_changes(before, after, exponent), *_won_otherwise(before, after))


def program_changes(before: Program, after: Program) -> tuple[Change, ...]:
    """The same of two programs: what is sold, and the rules of each phase. Phases are the same where their names are."""
    return tuple(_program_changes(before, after))


def _ruleset_changes(before: AnyRuleset, after: AnyRuleset, exponent: int) -> Iterator[Change]:
    yield from _field_changes("", before, after, exponent, apart=("terms",))
    were, are = _by_id(before), _by_id(after)
    titles = {**_titles(before), **_titles(after)}
    for name, term in were.items():
        if name not in are or type(are[name]) is not type(term):
            yield Change(Happened.REMOVED, name, "", _in_full(term, exponent), "", _titles(before)[name])
    for name, term in are.items():
        if name not in were or type(were[name]) is not type(term):
            yield Change(Happened.ADDED, name, "", "", _in_full(term, exponent), titles[name])
        else:
            for change in _field_changes(name, were[name], term, exponent):
                yield replace(change, title=titles[name])
    was_in_order, is_in_order = [name for name in were if name in are], [name for name in are if name in were]
    if was_in_order != is_in_order:
        was, now = (", ".join(titles[name] for name in order) for order in (was_in_order, is_in_order))
        yield Change(Happened.MOVED, "", "terms", was, now)


def _won_otherwise(before: AnyRuleset, after: AnyRuleset) -> Iterator[Change]:
    """Where one of them is won by counting, without a target: that follows from what is asked, and is easily passed over."""
    is_told = wins_by_counting(before) or wins_by_counting(after)
    was, now = (", ".join(_titles(one)[rule.id] for rule in won_by(one)) or NONE for one in (before, after))
    if is_told and was != now:
        yield Change(Happened.CHANGED, "", "won by", was, now)


def _program_changes(before: Program, after: Program) -> Iterator[Change]:
    yield from _field_changes("", before, after, after.size.exponent, apart=("phases",))
    were, are = ({phase.name: phase for phase in program.phases} for program in (before, after))
    renamed = _renamed(were, are)
    for name, phase in were.items():
        if name in renamed:
            yield Change(Happened.RENAMED, f"phase {name}", "", name, renamed[name], _phase(name))
        elif name not in are:
            yield Change(Happened.REMOVED, f"phase {name}", "", phase.ruleset.name, "", _phase(name))
    for name, phase in are.items():
        if name not in were and name not in renamed.values():
            yield Change(Happened.ADDED, f"phase {name}", "", "", phase.ruleset.name, _phase(name))
        elif name in were:
            yield from _phase_changes(name, were[name], phase, after.size.exponent)
    if list(were) != list(are) and were.keys() == are.keys():
        yield Change(Happened.CHANGED, "", "order of phases", ", ".join(were), ", ".join(are))


def _phase_changes(name: str, before: Phase, after: Phase, exponent: int) -> Iterator[Change]:
    for change in _field_changes(f"phase {name}", before, after, exponent, apart=("ruleset",)):
        yield replace(change, title=_phase(name))
    won_otherwise = () if after.funded else _won_otherwise(before.ruleset, after.ruleset)
    for change in (*_ruleset_changes(before.ruleset, after.ruleset, exponent), *won_otherwise):
        subject = ", ".join(filter(None, (f"phase {name}", change.subject)))
        yield replace(change, subject=subject, title=", ".join(filter(None, (_phase(name), change.title))))


def _renamed(were: dict[str, Phase], are: dict[str, Phase]) -> dict[str, str]:
    """Phases that are called otherwise now, old name to new: all else of them is the same."""
    found: dict[str, str] = {}
    for name, phase in were.items():
        if name not in are:
            alike = (new for new in are if new not in were and new not in found.values() and _alike(phase, are[new]))
            if (new := next(alike, None)) is not None:
                found[name] = new
    return found


def _alike(before: Phase, after: Phase) -> bool:
    return before.funded == after.funded and replace(before.ruleset, name="") == replace(after.ruleset, name="")


def _phase(name: str) -> str:
    return name if name.lower().startswith("phase ") else f"phase {name}"


def _titles(ruleset: AnyRuleset) -> dict[str, str]:
    """What each term is called, by its id, which stands beside it where two are called alike."""
    titles = titles_of(ruleset)
    times = Counter(titles.values())
    return {name: title if times[title] == 1 else f"{title} ({name})" for name, title in titles.items()}


def _field_changes(
    subject: str, before: msgspec.Struct, after: msgspec.Struct, exponent: int, apart: tuple[str, ...] = ()
) -> Iterator[Change]:
    for name in dict.fromkeys((*before.__struct_fields__, *after.__struct_fields__)):
        if name not in apart:
            was, now = getattr(before, name, None), getattr(after, name, None)
            were_words, are_words = TermWords(before, exponent), TermWords(after, exponent)
            for field, left, right in _deepest(name, label(name), was, now):
                yield Change(Happened.CHANGED, subject, field, were_words.value(*left), are_words.value(*right))


def _deepest(name: str, path: str, was: Any, now: Any) -> Iterator[tuple[str, tuple[str, Any], tuple[str, Any]]]:
    """Where two values differ, as deep as they are of one kind: (labels on the way, (name, value) before, and after)."""
    if was == now:
        return
    if isinstance(was, msgspec.Struct) and type(was) is type(now) and not isinstance(was, _TOLD_WHOLE):
        for inner in was.__struct_fields__:
            yield from _deepest(inner, f"{path}, {label(inner)}", getattr(was, inner), getattr(now, inner))
    else:
        yield path, (name, was), (name, now)


def _by_id(ruleset: AnyRuleset) -> dict[str, Term]:
    return {rule.id: rule.terms for rule in ruleset.rules}


def _in_full(term: Term, exponent: int) -> str:
    asked = [f"{name} {value}" for name, value in TermWords(term, exponent).fields()]
    return f"{kind_of(term)}: {'; '.join(asked)}"
