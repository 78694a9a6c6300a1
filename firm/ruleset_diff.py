"""Ruleset diff: what is different between two rulesets, or two programs, in words. Terms are the same where their ids are."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec

from firm.money import Money
from firm.ruleset import AnyRuleset, Program
from firm.term_words import TermWords, kind_of, label
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


class Change(msgspec.Struct, frozen=True):
    """One difference. `subject`: the term's id, the phase's name, or "" for fields of the whole; `field`: "" for all of it."""

    happened: Happened
    subject: str
    field: str
    before: str
    after: str

    def __str__(self) -> str:
        match self.happened:
            case Happened.ADDED:
                return f"{self.subject} is added: {self.after}"
            case Happened.REMOVED:
                return f"{self.subject} is removed: {self.before}"
            case Happened.CHANGED:
                where = ": ".join(filter(None, (self.subject, self.field)))
                return f"{where} was {self.before}, is {self.after}"
            case Happened.MOVED:
                return f"the order of terms was {self.before}, is {self.after}"


def ruleset_changes(before: AnyRuleset, after: AnyRuleset, exponent: int = EXPONENT_USUAL) -> tuple[Change, ...]:
    """In the order of the fields; () where both say the same. Rulesets of the first semantics are compared in the words of today."""
    return tuple(_ruleset_changes(before, after, exponent))


def program_changes(before: Program, after: Program) -> tuple[Change, ...]:
    """The same of two programs: what is sold, and the rules of each phase. Phases are the same where their names are."""
    return tuple(_program_changes(before, after))


def _ruleset_changes(before: AnyRuleset, after: AnyRuleset, exponent: int) -> Iterator[Change]:
    yield from _field_changes("", before, after, exponent, apart=("terms",))
    were, are = _by_id(before), _by_id(after)
    for name, term in were.items():
        if name not in are or type(are[name]) is not type(term):
            yield Change(Happened.REMOVED, name, "", _in_full(term, exponent), "")
    for name, term in are.items():
        if name not in were or type(were[name]) is not type(term):
            yield Change(Happened.ADDED, name, "", "", _in_full(term, exponent))
        else:
            yield from _field_changes(name, were[name], term, exponent)
    was_in_order, is_in_order = [name for name in were if name in are], [name for name in are if name in were]
    if was_in_order != is_in_order:
        yield Change(Happened.MOVED, "", "terms", ", ".join(was_in_order), ", ".join(is_in_order))


def _program_changes(before: Program, after: Program) -> Iterator[Change]:
    yield from _field_changes("", before, after, after.size.exponent, apart=("phases",))
    were, are = ({phase.name: phase for phase in program.phases} for program in (before, after))
    for name, phase in were.items():
        if name not in are:
            yield Change(Happened.REMOVED, f"phase {name}", "", phase.ruleset.name, "")
    for name, phase in are.items():
        if name not in were:
            yield Change(Happened.ADDED, f"phase {name}", "", "", phase.ruleset.name)
            continue
        yield from _field_changes(f"phase {name}", were[name], phase, after.size.exponent, apart=("ruleset",))
        for change in _ruleset_changes(were[name].ruleset, phase.ruleset, after.size.exponent):
            subject = ", ".join(filter(None, (f"phase {name}", change.subject)))
            yield msgspec.structs.replace(change, subject=subject)
    if list(were) != list(are) and were.keys() == are.keys():
        yield Change(Happened.CHANGED, "", "order of phases", ", ".join(were), ", ".join(are))


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
