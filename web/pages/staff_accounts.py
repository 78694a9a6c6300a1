"""All accounts, for staff: searched, filtered and sorted by the URL, a page at a time, at the last prices."""

from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import apsw
import msgspec
from litestar import Request, get
from litestar.response import Response

from firm.commands import StaffAct
from firm.permissions import Permission
from firm.phase import ENDED, Standing
from storage.readmodels.account_lists import AccountFilter, accounts_page, count_accounts, programs_and_bridges
from storage.readmodels.accounts import AccountLine
from web.bounds import ACCOUNTS_PER_PAGE
from web.firm import Firm
from web.lists_asked import ACCOUNT_SORTS, AccountsAsked, id_in, read_accounts_asked
from web.objectives_view import still_to_come
from web.render import page
from web.silence import silences
from web.visitor import firm_of, may


class Listed(msgspec.Struct, frozen=True):
    """One row of the list; the trader's name is None where the vault has none (any more).

    `to_come`: what the phase lacks beside its target, where that is reached.
    """

    line: AccountLine
    trader: str | None
    to_come: str


@get("/staff/accounts", policy=may(Permission.SEE_ACCOUNTS), records=StaffAct.NAMES_SEEN)
async def staff_accounts(request: Request[Any, Any, Any]) -> Response[str]:
    firm = firm_of(request)
    regions = regions_seen(firm)
    asked = read_accounts_asked(request.query_params, regions)
    wanted = filter_of(asked)
    figures = await firm.moving.figures()
    there = await firm.in_scope(each.account for each in figures)
    figures = [each for each in figures if each.account in there]
    live = [(each.account, each.equity, each.headroom, each.at_us) for each in figures]

    def question(book: apsw.Connection) -> dict[str, Any]:
        found = accounts_page(book, wanted, asked.sort, asked.after, ACCOUNTS_PER_PAGE + 1, live)
        programs, bridges = programs_and_bridges(book)
        return {"found": found, "total": count_accounts(book, wanted), "programs": programs, "bridges": bridges}

    answer = await firm.book.read(question)
    found = answer.pop("found")
    lines = [line for _, line in found[:ACCOUNTS_PER_PAGE]]
    first = asked.seen + 1 if asked.after else 1
    context: dict[str, Any] = {
        "asked": asked,
        "regions": regions,
        "rows": await anyio.to_thread.run_sync(_named, firm, lines),
        "as_of_us": max((each.at_us for each in figures), default=0),
        "moving": len(figures),
        "silent": list(silences(firm.live.health(), firm.live.markets())),
        "again": _again(asked),
        "first": first,
        "more": _more(asked, found, first),
        "links": {sort: f"?{urlencode(asked.query(sort=sort))}" for sort in ACCOUNT_SORTS},
        "sorts": ACCOUNT_SORTS,
        "standings": list(Standing),
        "ended": ENDED,
    }
    return page(request, "staff_accounts.html", block="list", status=422 if asked.wrong else 200, **context, **answer)


def _more(asked: AccountsAsked, found: list[tuple[int, AccountLine]], first: int) -> str | None:
    """The address of the next page, if there is one."""
    if len(found) <= ACCOUNTS_PER_PAGE:
        return None
    value, line = found[ACCOUNTS_PER_PAGE - 1]
    return f"?{urlencode(asked.query(after=f'{value}~{line.account}', seen=str(first - 1 + ACCOUNTS_PER_PAGE)))}"


def _again(asked: AccountsAsked) -> str | None:
    """The address that a first page asks again while it is watched; a later one stands still, so that it can be read on."""
    return None if asked.after else f"/staff/accounts?{urlencode(asked.query())}"


def regions_seen(firm: Firm) -> tuple[str, ...]:
    """Regions of the settings, as far as whoever looks works on their traders."""
    mine = firm.scope.regions
    return tuple(region for region in firm.regions.names if mine is None or region in mine)


def filter_of(asked: AccountsAsked) -> AccountFilter:
    """What was typed is an account's or a trader's id, or the beginning of a platform login."""
    text = asked.search
    narrowed = AccountFilter(standing=asked.standing, program=asked.program, bridge=asked.bridge, region=asked.region)
    if not text:
        return narrowed
    number = id_in(text)
    if number is not None and not text.isdigit():
        return msgspec.structs.replace(narrowed, account_or_trader=number)
    return msgspec.structs.replace(narrowed, login=text)


def _named(firm: Firm, lines: list[AccountLine]) -> list[Listed]:
    names: dict[int, str | None] = {}
    for line in lines:
        if line.trader not in names:
            person = firm.person("trader", line.trader)
            names[line.trader] = person.name if person else None
    return [Listed(line, names[line.trader], _to_come(firm, line)) for line in lines]


def _to_come(firm: Firm, line: AccountLine) -> str:
    live = firm.live.account(line.account)
    is_reached = bool(line.to_win) and line.made >= (line.to_win or 0)
    return still_to_come(live) if live is not None and is_reached and line.standing not in ENDED else ""


ROUTES = (staff_accounts,)
