"""An account's rules, for its trader and for staff: as they were sold, in the reader's language, with the account's numbers."""

from typing import Any

import apsw
from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response

from firm.permissions import Permission
from firm.ruleset import AnyRuleset, Program
from storage.readmodels.accounts import AccountLine, account_line, ruleset_of
from storage.readmodels.overrides import OverrideLine, overrides_of
from storage.readmodels.programs import retirement, versions_of
from web.bounds import OVERRIDES_SHOWN
from web.languages import headings, language_of
from web.render import page
from web.rules_told import accounts_of_reader, exceptions_told, floors_moved_now, rules_told, told_at_large
from web.visitor import Policy, firm_of, may, read_id


@get("/accounts/{account:str}/rules", policy=Policy.TRADER_OWN)
async def rules(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _rules(request, read_id(account), "")


@get("/staff/accounts/{account:str}/rules", policy=may(Permission.SEE_ACCOUNTS))
async def staff_rules(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _rules(request, read_id(account), "/staff")


async def _rules(request: Request[Any, Any, Any], account: int, room: str) -> Response[str]:
    firm, language = firm_of(request), language_of(request)

    def question(book: apsw.Connection) -> tuple[AccountLine, AnyRuleset, list[OverrideLine], Program | None]:
        line, ruleset = account_line(book, account), ruleset_of(book, account)
        if line is None or ruleset is None:
            raise NotFoundException
        return line, ruleset, overrides_of(book, account, OVERRIDES_SHOWN), _on_offer(book, line.program)

    line, ruleset, lines, offered = await firm.book.read(question)
    size = line.money(line.initial)
    context: dict[str, Any] = {
        "line": line,
        "ruleset": ruleset,
        "ruleset_id": ruleset.ruleset_id(),
        "told": rules_told(
            ruleset,
            size,
            language,
            firm.live.every_rule(account),
            floors_moved_now(lines, ruleset, firm.now_us()),
        ),
        "at_large": told_at_large(ruleset, size, language, is_funded=line.funded),
        "accounts": ""
        if offered is None
        else accounts_of_reader(offered, firm.live.accounts_counted(line.trader), language),
        "exceptions": exceptions_told(lines, ruleset, size, language),
        "language": language,
        "headings": headings(language),
        "room": room,
    }
    return page(request, "rules.html", **context)


def _on_offer(book: apsw.Connection, program: str) -> Program | None:
    """What another account of it would be sold as: by that version it is decided how many one may have."""
    newest = next(iter(versions_of(book, program, 1)), None)
    return None if newest is None or retirement(book, program) is not None else newest.sold


ROUTES = (rules, staff_rules)
