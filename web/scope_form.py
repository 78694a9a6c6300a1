"""Scope form: what of the firm somebody, or a key, is to work on, as it was ticked, and the scope that this comes to.

A tick below a limit that was not chosen can be meant either way, and one of the two is the whole firm: it is refused, never guessed.
So is a name that was not offered: desks take any that is well formed, and somebody limited to a slip of the pen would see nobody.
"""

from collections.abc import Sequence

import msgspec
from litestar.datastructures import FormMultiDict

from firm.permissions import Scope
from web.forms import Wrong, text_in
from web.team_view import Limits

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


def scope_of(typed: ScopeTyped, offered: Limits) -> Scope | Wrong:
    """The scope, or by field what keeps the ticks from being one. `offered`: what it can be limited to."""
    programs = [program for program, _ in offered.programs]
    told = {
        "program": _strange(typed.programs, programs, "program")
        or _trouble(typed.programs, "program", "These programs alone"),
        "region": _strange(typed.regions, offered.regions, "region")
        or _trouble(typed.regions, "region", "Traders of these regions alone"),
    }
    if any(told.values()):
        return Wrong({field: words for field, words in told.items() if words}, {})
    return Scope(programs=_limit(typed.programs), regions=_limit(typed.regions))


def _of(limit: tuple[str, ...] | None) -> Ticks:
    return Ticks(limit is not None, limit or ())


def _ticked(fields: FormMultiDict, name: str) -> tuple[str, ...]:
    return tuple(sorted({str(each) for each in fields.getall(name, []) if each}))


def _limit(ticks: Ticks) -> tuple[str, ...] | None:
    return ticks.names if ticks.alone else None


def _trouble(ticks: Ticks, what: str, choice: str) -> str:
    """ "" where there is none. `choice`: the limit in the words of its radio."""
    if ticks.alone:
        return "" if ticks.names else f"Tick at least one {what}."
    if not ticks.names:
        return ""
    return f"You ticked {_some(ticks.names)}: choose “{choice}”, or untick {_them(ticks.names)}."


def _strange(ticks: Ticks, offered: Sequence[str], what: str) -> str:
    """ "" where everything that is ticked was offered."""
    strange = tuple(name for name in ticks.names if name not in offered)
    if not strange:
        return ""
    said = f"{_some(strange)} {'is' if len(strange) == 1 else 'are'} not among the {what}s that are offered"
    return f"{said}: untick {_them(strange)}, and tick those that you mean."


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:TICKS_TOLD]) + (", …" if len(names) > TICKS_TOLD else "")


def _them(names: tuple[str, ...]) -> str:
    return "it" if len(names) == 1 else "them"
