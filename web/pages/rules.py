"""An account's rules, for its trader and for staff: as they were sold, in the reader's language, with the account's numbers."""

from typing import Any

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response

from storage.readmodels.accounts import account_line, ruleset_of
from storage.readmodels.overrides import overrides_of
from web.bounds import OVERRIDES_SHOWN
from web.languages import NAMES, RIGHT_TO_LEFT, headings, language_of
from web.render import page
from web.rules_told import exceptions_told, rules_told, told_at_large
from web.visitor import Policy, read_id


@get("/accounts/{account:str}/rules", policy=Policy.TRADER_OWN)
async def rules(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _rules(request, read_id(account), "")


@get("/staff/accounts/{account:str}/rules", policy=Policy.STAFF)
async def staff_rules(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _rules(request, read_id(account), "/staff")


async def _rules(request: Request[Any, Any, Any], account: int, room: str) -> Response[str]:
    firm, language = request.app.state.firm, language_of(request)
    line, ruleset, lines = await firm.book.read(
        lambda book: (
            account_line(book, account),
            ruleset_of(book, account),
            overrides_of(book, account, OVERRIDES_SHOWN),
        )
    )
    if line is None or ruleset is None:
        raise NotFoundException
    size = line.money(line.initial)
    context = {
        "line": line,
        "ruleset": ruleset,
        "ruleset_id": ruleset.ruleset_id(),
        "told": rules_told(ruleset, size, language, firm.live.every_rule(account)),
        "at_large": told_at_large(ruleset, size, language, is_funded=line.funded),
        "exceptions": exceptions_told(lines, ruleset, size, language),
        "language": language,
        "languages": NAMES,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "headings": headings(language),
        "room": room,
    }
    answer = page(request, "rules.html", **context)
    answer.headers["vary"] = "HX-Request, Cookie, Accept-Language"
    return answer


ROUTES = (rules, staff_rules)
