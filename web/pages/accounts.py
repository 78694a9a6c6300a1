"""A trader's accounts: a card for each, the running ones first, then those that are being set up."""

from typing import Any

import apsw
import msgspec
from litestar import Request, get
from litestar.response import Response

from actors.live import LiveAccount
from firm.money import Money
from firm.phase import ENDED, Standing
from firm.ruleset import AnyRuleset
from storage.readmodels.accounts import AccountLine, accounts_of_trader, ruleset_of
from web import owed_view
from web.account_view import prices_ended_us
from web.firm import Firm
from web.objectives_view import left_bp, limits_that_count, nearest_limit, not_judged_sentence, pause_sentence, title_in
from web.render import page
from web.shell.speech import ENGLISH, Speech, spoken
from web.standing_view import said_of
from web.visitor import Policy, firm_of, signed_in

# What an account that is over shows of its equity.
END_TITLES = {
    Standing.BREACHED: "figures.equity_breach",
    Standing.PASSED: "figures.equity_end",
    Standing.CLOSED: "figures.equity_end",
}


TRADING = frozenset({Standing.ACTIVE, Standing.FUNDED})


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One account on the overview."""

    line: AccountLine
    equity: Money
    change: Money
    headroom: Money | None
    left_bp: int
    nearest: str
    as_of_us: int
    stale: bool
    dated: bool
    ended: bool
    next_action: str
    end_title: str


@get("/accounts", policy=Policy.TRADER)
async def accounts(request: Request[Any, Any, Any]) -> Response[str]:
    firm, visitor, speak = firm_of(request), signed_in(request), spoken(request)

    def question(book: apsw.Connection) -> list[tuple[AccountLine, AnyRuleset | None]]:
        return [(line, ruleset_of(book, line.account)) for line in accounts_of_trader(book, visitor.id)]

    cards = [card_of(firm, line, ruleset, speak) for line, ruleset in await firm.book.read(question)]
    # What its platform has not opened runs nowhere, though it is sold.
    prepared = [card for card in cards if card.line.standing is Standing.PROVISIONING]
    running = [card for card in cards if not card.ended and card not in prepared]
    ended = [card for card in cards if card.ended]
    return page(request, "accounts.html", running=running, prepared=prepared, ended=ended)


def card_of(firm: Firm, line: AccountLine, ruleset: AnyRuleset | None, speech: Speech = ENGLISH) -> Card:
    """The card from the live board where it knows the account, else from the last mark."""
    ended = line.standing in ENDED
    owed, held = firm.live.owed_to(line.account), firm.live.account(line.account)
    live = None if ended else held
    equity = live.equity if live else line.money(line.equity)
    nearest = nearest_limit(live, ruleset) if live and ruleset else None
    paused = pause_sentence(live, ruleset, firm.now_us(), speech) if live and ruleset else ""
    is_held = bool(firm.held()) and not ended
    resting = not_judged_sentence(live, ruleset, speech) if live and ruleset else ""
    usual = paused or resting or said_of(line, speech).next_action
    # While the firm takes nothing, whoever trades is told what is true of their positions.
    told = speech("next.held") if is_held and line.standing in TRADING else usual
    return Card(
        line=line,
        equity=equity,
        change=equity - line.money(line.initial),
        headroom=nearest.headroom if nearest else None,
        left_bp=_least_left_bp(live, ruleset) if live and ruleset else 0,
        nearest=speech.lowered(title_in(nearest, ruleset, speech)) if nearest and ruleset else "",
        as_of_us=live.as_of_us if live else line.marked_us,
        dated=is_held,
        stale=is_held or bool(live and (live.stale or prices_ended_us(firm.live.health(), line.bridge))),
        ended=ended,
        next_action=owed_view.beside(told, line, owed, held, speech),
        end_title=speech(END_TITLES.get(line.standing, "figures.equity")),
    )


def _least_left_bp(live: LiveAccount, ruleset: AnyRuleset) -> int:
    """The smallest share left of any loss limit that can still be broken."""
    return min((left_bp(row) for row in limits_that_count(live, ruleset)), default=0)


ROUTES = (accounts,)
