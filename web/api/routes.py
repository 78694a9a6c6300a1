"""Routes of the API: each says which permission a key needs for it, and asks one question of the read models."""

from functools import partial
from typing import Annotated, Any

import apsw
from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter, QueryParameter

from firm.ids import id_text
from firm.instant import utc_text
from firm.permissions import Permission
from firm.phase import Standing
from storage.afterwards import explain_decision
from storage.readmodels.account_lists import AccountFilter, accounts_page
from storage.readmodels.accounts import AccountLine, account_line
from storage.readmodels.decisions import decision_line, decisions_of
from storage.readmodels.programs import all_programs
from web.api.answers import (
    AccountSeen,
    AccountsSeen,
    DecisionsSeen,
    DecisionTold,
    HealthSeen,
    KeySeen,
    ProgramsSeen,
    account_seen,
    decision_seen,
    program_seen,
)
from web.api.problem import REFUSALS
from web.bounds import API_PAGE_MAX, API_PAGE_USUAL, PROGRAMS_SHOWN
from web.key_holder import by_key, key_holder_of
from web.visitor import firm_of, read_id

Limit = Annotated[int, QueryParameter(ge=1, le=API_PAGE_MAX, description=f"How many at once, {API_PAGE_MAX} at most.")]
After = Annotated[
    str,
    QueryParameter(
        pattern=r"^([0-9]{1,18}~[0-9]{1,16})?$", max_length=40, description="What the page before said as `next`."
    ),
]
Before = Annotated[int | None, QueryParameter(ge=1, lt=1 << 62, description="What the page before said as `next`.")]
Program = Annotated[str, QueryParameter(max_length=100, description="Of this program alone; empty: all.")]
InStanding = Annotated[Standing | None, QueryParameter(description="Of this standing alone.")]
AccountId = Annotated[str, PathParameter(description="An account's id.", max_length=40)]
DecisionId = Annotated[int, PathParameter(description="A decision's row of the ledger.")]
NEWEST_FIRST = "opened"
asked = partial(get, responses=REFUSALS)


@asked("/health", policy=by_key(), summary="Whether the firm is well, and what this key is")
async def health(request: Request[Any, Any, Any]) -> HealthSeen:
    """For any key that is good."""
    firm, holder = firm_of(request), key_holder_of(request)
    assert holder is not None
    seen = KeySeen(
        key=id_text(holder.key),
        name=holder.name,
        permissions=sorted(holder.permissions),
        programs=None if holder.scope.programs is None else list(holder.scope.programs),
        regions=None if holder.scope.regions is None else list(holder.scope.regions),
        expires_at=utc_text(holder.expires_us),
    )
    rows = await firm.book.look(lambda reader: reader.size())
    return HealthSeen(firm=firm.name, firm_time=utc_text(firm.now_us()), ledger_rows=rows, held=firm.held(), key=seen)


@asked("/accounts", policy=by_key(Permission.SEE_ACCOUNTS), summary="Accounts, the newest first")
async def accounts(
    request: Request[Any, Any, Any],
    limit: Limit = API_PAGE_USUAL,
    after: After = "",
    program: Program = "",
    standing: InStanding = None,
) -> AccountsSeen:
    """A page of them, at their last marks."""
    seen_last, wanted = _after(after), AccountFilter(standing=standing, program=program)

    def question(book: apsw.Connection) -> list[tuple[int, AccountLine]]:
        return accounts_page(book, wanted, NEWEST_FIRST, seen_last, limit + 1)

    found = await firm_of(request).book.read(question)
    value, last = found[limit - 1] if len(found) > limit else (0, None)
    return AccountsSeen(
        accounts=[account_seen(line) for _, line in found[:limit]],
        next=None if last is None else f"{value}~{last.account}",
    )


@asked("/accounts/{account:str}", policy=by_key(Permission.SEE_ACCOUNTS), summary="One account")
async def one_account(request: Request[Any, Any, Any], account: AccountId) -> AccountSeen:
    """At its last mark."""
    number = read_id(account)
    line = await firm_of(request).book.read(lambda book: account_line(book, number))
    if line is None:
        raise NotFoundException(NO_ACCOUNT)
    return account_seen(line)


@asked(
    "/accounts/{account:str}/decisions",
    policy=by_key(Permission.SEE_DECISIONS),
    summary="Decisions of an account, the newest first",
)
async def decisions(
    request: Request[Any, Any, Any], account: AccountId, limit: Limit = API_PAGE_USUAL, before: Before = None
) -> DecisionsSeen:
    """Breaches, suspicions, passes and held passes."""
    number = read_id(account)

    def question(book: apsw.Connection) -> DecisionsSeen:
        if account_line(book, number) is None:
            raise NotFoundException(NO_ACCOUNT)
        found = decisions_of(book, number, limit + 1, before)
        shown = found[:limit]
        return DecisionsSeen(
            decisions=[decision_seen(line) for line in shown],
            next=shown[-1].decision if len(found) > limit else None,
        )

    return await firm_of(request).book.read(question)


@asked("/decisions/{decision:int}", policy=by_key(Permission.SEE_DECISIONS), summary="One decision, explained")
async def one_decision(request: Request[Any, Any, Any], decision: DecisionId) -> DecisionTold:
    """With each number, and where it is from."""
    firm = firm_of(request)
    line = await firm.book.read(lambda book: decision_line(book, decision))
    if line is None:
        raise NotFoundException(NO_DECISION)
    told = await firm.book.look(lambda reader: explain_decision(reader, decision))
    return DecisionTold(decision=decision_seen(line), explanation=told)


@asked("/programs", policy=by_key(Permission.SEE_PROGRAMS), summary="Programs, those on offer first")
async def programs(request: Request[Any, Any, Any]) -> ProgramsSeen:
    """As they are sold now, or were last."""
    found = await firm_of(request).book.read(lambda book: all_programs(book, PROGRAMS_SHOWN))
    return ProgramsSeen(programs=[program_seen(line) for line in found])


NO_ACCOUNT, NO_DECISION = "no account of this id is there for this key", "no decision of this row is there for this key"


def _after(text: str) -> tuple[int, int] | None:
    """The place after which a page begins."""
    value, _, account = text.partition("~")
    return (int(value), int(account)) if text else None


ROUTES = (health, accounts, one_account, decisions, one_decision, programs)
