"""Door: whom the ticket lets in: requests to this very address, forms from its own pages, and traders with their own account."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Message, Scope

from bridges.simulator.state import Account
from bridges.simulator.ticket.asked import kept_of
from bridges.simulator.ticket.hands import Hands
from bridges.simulator.ticket.keys import TicketKeys
from bridges.simulator.ticket.lost import CHANGE, KEPT_S, ORDER, Lost
from bridges.simulator.ticket.sessions import Session

FORM_FIELD = "form_token"
SIGN_OUT = "/session/end"
_SAFE = frozenset({"GET", "HEAD"})
# As the portal has it: run nothing foreign, keep nothing, frame us nowhere.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Visit(NamedTuple):
    """Somebody with an account of their own. `form_number` is of the form that they sent, "" where they sent none; `new_form` draws
    what goes into each form on the page that they get.
    """

    account: Account
    session: Session
    form_number: str
    new_form: Callable[[], str]


class SignInNeeded(NotAuthorizedException):
    """Nobody is signed in. `lost`: the form that was sent all the same."""

    lost: Lost | None = None


async def harden(message: Message, scope: Scope) -> None:  # noqa: ARG001  (as the framework calls it)
    """What every response tells the browser."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in _HEADERS.items():
            headers[name] = value


def require_own_address(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Before every route: a name of somebody else's that leads here is not ours, and a form must say that it is from here."""
    host = connection.headers.get("host", "")
    if host not in connection.app.state.hosts:
        raise PermissionDeniedException("this address is not the ticket's: use the one that the demo printed")
    if not isinstance(connection, Request) or connection.method in _SAFE:
        return
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if site not in (None, "same-origin") or (site is None and origin is None):
        raise PermissionDeniedException("the form did not come from this page")
    if origin is not None and urlsplit(origin).netloc != host:
        raise PermissionDeniedException("the form came from another page")


async def visit(request: Request[Any, Any, Any]) -> Visit:
    """Who asks. Where they send a form, it must be one of this session's."""
    keys: TicketKeys = request.app.state.ticket_keys
    hands: Hands = request.app.state.hands
    cookie = request.cookies.get(request.app.state.cookie, "")
    session: Session | None = request.app.state.sessions.of(cookie)
    account = hands.state.accounts.get(session.login) if session is not None else None
    if session is None or account is None:
        raise await _sign_in_needed(request)
    number = ""
    if request.method not in _SAFE:
        given = (await request.form()).get(FORM_FIELD, "")
        known = keys.form_number(cookie, given) if isinstance(given, str) else None
        if known is None:
            raise PermissionDeniedException(
                "the form is from an earlier session, and nothing was done: fill in the one that the ticket has now"
            )
        number = known
    return Visit(account, session, number, partial(keys.new_form, cookie))


async def _sign_in_needed(request: Request[Any, Any, Any]) -> SignInNeeded:
    """With what was sent by somebody whose session had ended: it is not to be lost without a word."""
    needed = SignInNeeded(detail="sign in with your account's number and its ticket password")
    if request.method not in _SAFE and request.url.path != SIGN_OUT:
        form, is_order = await request.form(), request.url.path == "/orders"
        login = str(form.get("account", ""))[:64]
        needed.lost = Lost(ORDER if is_order else CHANGE, login, kept_of(form) if is_order else {})
    return needed


def lost_cookie(name: str, value: str) -> Cookie:
    """For what was lost to the end of a session; "" ends it."""
    return Cookie(
        key=f"{name}-lost", value=value, httponly=True, samesite="strict", path="/", max_age=KEPT_S if value else 0
    )


def session_cookie(name: str, value: str) -> Cookie:
    """Until the browser is closed; "" ends it. Beside the portal's on the same host, so it has a name for each port."""
    return Cookie(key=name, value=value, httponly=True, samesite="strict", path="/", max_age=None if value else 0)
