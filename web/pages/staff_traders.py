"""Traders, for staff who may see names: found by a part of a name, a whole mail address or a number, with what is theirs.

What is typed comes with the form and stands in no address; nothing but who was found goes on record.
"""

from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request, get, post
from litestar.response import Response

from firm.commands import StaffAct
from firm.permissions import Permission
from storage.name_index import LETTERS_MIN, Matches, is_enough
from storage.readmodels.people import TraderLine, count_traders, traders_known
from web.acts import sought
from web.bounds import NAMES_SHOWN, SEARCH_LENGTH_MAX
from web.firm import Firm
from web.forms import Wrong, fields_of, text_in
from web.lists_asked import id_in
from web.render import page
from web.visitor import firm_of, may, signed_in

TOO_SHORT = f"Type at least {LETTERS_MIN} letters of one word of the name, a whole mail address, or a trader’s number."


class Found(msgspec.Struct, frozen=True):
    """A trader who is called so, and what is there of them for whoever looks."""

    line: TraderLine
    name: str
    mail: str

    def __repr__(self) -> str:
        """No name or mail, wherever this is printed."""
        return f"Found(trader:{self.line.trader})"


@get("/staff/traders", policy=may(Permission.SEE_NAMES))
async def staff_traders(request: Request[Any, Any, Any]) -> Response[str]:
    traders = await firm_of(request).book.read(count_traders)
    return _shown(request, is_empty=not traders)


@post("/staff/traders", policy=may(Permission.SEE_NAMES), status_code=200)
async def staff_find_traders(request: Request[Any, Any, Any]) -> Response[str]:
    firm, typed = firm_of(request), text_in(await fields_of(request), "name")[:SEARCH_LENGTH_MAX]
    if firm.names is None:
        return _shown(request, typed)
    number = id_in(typed) if any(map(str.isdigit, typed)) else None
    if number is None and "@" not in typed and not is_enough(typed):
        return _shown(request, typed, wrong=TOO_SHORT)
    if "@" in typed:
        matches = Matches(await anyio.to_thread.run_sync(_by_mail, firm, typed), is_all=True)
    elif number is not None:
        matches = Matches((number,), is_all=True)
    else:
        matches = await anyio.to_thread.run_sync(firm.names.matches, typed)
    there = await firm.book.read(lambda book: traders_known(book, matches.people))
    found = await anyio.to_thread.run_sync(_named, firm, there[:NAMES_SHOWN])
    await _on_record(request, found)
    return _shown(request, typed, found, is_all=matches.is_all and len(there) <= NAMES_SHOWN)


def _by_mail(firm: Firm, mail: str) -> tuple[int, ...]:
    """Whose this whole address is. Reads a file: never in the loop."""
    try:
        person = firm.vault.find_by_mail(mail)
    except ValueError:
        return ()
    return (person.id,) if person is not None and person.kind == "trader" else ()


async def _on_record(request: Request[Any, Any, Any], found: list[Found]) -> None:
    """The trader, where it is one alone."""
    whom = [each.line.trader for each in found] or [0]
    key = (signed_in(request).reference, StaffAct.PERSON_SOUGHT, *map(str, whom))
    await sought(request, key, StaffAct.PERSON_SOUGHT, whom[0] if len(whom) == 1 else 0)


def _named(firm: Firm, there: list[TraderLine]) -> list[Found]:
    """By name; who was erased since is not among them. Reads a file: never in the loop."""
    people = ((firm.person("trader", line.trader), line) for line in there)
    found = [Found(line, person.name, person.mail) for person, line in people if person is not None]
    return sorted(found, key=lambda each: (each.name.casefold(), each.line.trader))


def _shown(
    request: Request[Any, Any, Any],
    typed: str = "",
    found: list[Found] | None = None,
    *,
    is_all: bool = True,
    is_empty: bool = False,
    wrong: str = "",
) -> Response[str]:
    names = firm_of(request).names
    return page(
        request,
        "staff_traders.html",
        status=422 if wrong else 200,
        typed=typed,
        found=found,
        is_all=is_all,
        is_empty=is_empty,
        wrong=Wrong({"name": wrong}, {}) if wrong else None,
        is_searched=names is not None,
        waiting=names.waiting if names else 0,
        untold=names.untold if names else 0,
    )


ROUTES = (staff_traders, staff_find_traders)
