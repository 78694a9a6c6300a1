"""An account's notices, for its trader and for staff: limits that were neared, rules that were broken, exceptions that were granted; in the
reader's language.
"""

from typing import Any

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response

from firm.permissions import Permission
from storage.reader import LedgerReader
from storage.readmodels.accounts import account_line, ruleset_of
from web.bounds import NOTICES_PER_PAGE
from web.languages import headings, language_of
from web.lists_asked import read_before
from web.notice_view import notices_told
from web.render import page
from web.visitor import Policy, firm_of, may, read_id


@get("/accounts/{account:str}/notices", policy=Policy.TRADER_OWN)
async def notices(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _notices(request, read_id(account), "")


@get("/staff/accounts/{account:str}/notices", policy=may(Permission.SEE_ACCOUNTS))
async def staff_notices(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _notices(request, read_id(account), "/staff")


async def _notices(request: Request[Any, Any, Any], account: int, room: str) -> Response[str]:
    firm, language = firm_of(request), language_of(request)
    before = read_before(request.query_params)

    def question(reader: LedgerReader) -> dict[str, Any]:
        with reader.connection() as book:
            line, ruleset = account_line(book, account), ruleset_of(book, account)
        if line is None or ruleset is None:
            raise NotFoundException
        found = notices_told(reader, line, ruleset, language, before, NOTICES_PER_PAGE + 1)
        return {"line": line, "zone": ruleset.calendar.zone, "found": found}

    answer = await firm.book.look(question)
    found = answer.pop("found")
    context = {
        "notices": found[:NOTICES_PER_PAGE],
        "older": found[NOTICES_PER_PAGE - 1].seq if len(found) > NOTICES_PER_PAGE else 0,
        "language": language,
        "headings": headings(language),
        "room": room,
        "before": before,
    }
    return page(request, "notices.html", **context, **answer)


ROUTES = (notices, staff_notices)
