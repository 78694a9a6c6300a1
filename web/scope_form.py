"""Scope form: what of the firm somebody, or a key, is to work on, as it was ticked, and the scope that this comes to.

A tick below a limit that was not chosen can be meant either way, and one of the two is the whole firm: it is refused, never guessed.
"""

import msgspec
from litestar.datastructures import FormMultiDict

from firm.permissions import Scope
from web.forms import Wrong, text_in

TICKS_TOLD = 5
"""How many of what was ticked a refusal names."""


class Ticks(msgspec.Struct, frozen=True):
    """One limit. `alone`: whether it is chosen; `names`: what is ticked below it, in either case."""

    alone: bool
    names: tuple[str, ...]


class ScopeTyped(msgspec.Struct, frozen=True):
    """The fields of a scope, whether they come to one or not: a page shows them again as they were typed."""

    programs: Ticks
    regions: Ticks


def typed_of(scope: Scope) -> ScopeTyped:
    """A scope as the form shows it before anybody changes it."""
    return ScopeTyped(_of(scope.programs), _of(scope.regions))


def read_scope(fields: FormMultiDict) -> ScopeTyped:
    """What was sent. A limit that is not named is not chosen."""
    return ScopeTyped(
        Ticks(text_in(fields, "extent") == "programs", _ticked(fields, "program")),
        Ticks(text_in(fields, "where") == "regions", _ticked(fields, "region")),
    )


def scope_of(typed: ScopeTyped) -> Scope | Wrong:
    """The scope, or by field what keeps the ticks from being one."""
    told = {
        "program": _trouble(typed.programs, "program", "These programs alone"),
        "region": _trouble(typed.regions, "region", "Traders of these regions alone"),
    }
    if any(told.values()):
        return Wrong({field: words for field, words in told.items() if words}, {})
    return Scope(programs=_limit(typed.programs), regions=_limit(typed.regions))


def _of(limit: tuple[str, ...] | None) -> Ticks:
    return Ticks(limit is not None, limit or ())


def _ticked(fields: FormMultiDict, name: str) -> tuple[str, ...]:
    return tuple(sorted({str(each) for each in fields.getall(name, [])}))


def _limit(ticks: Ticks) -> tuple[str, ...] | None:
    return ticks.names if ticks.alone else None


def _trouble(ticks: Ticks, what: str, choice: str) -> str:
    """ "" where there is none. `choice`: the limit in the words of its radio."""
    if ticks.alone:
        return "" if ticks.names else f"Tick at least one {what}."
    if not ticks.names:
        return ""
    told = ", ".join(ticks.names[:TICKS_TOLD]) + (", …" if len(ticks.names) > TICKS_TOLD else "")
    return f"You ticked {told}: choose “{choice}”, or untick {'it' if len(ticks.names) == 1 else 'them'}."
