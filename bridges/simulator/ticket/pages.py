"""Pages of the ticket: sign in, look, order, change, close. Each works without JavaScript; with it prices move by themselves."""

import logging
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, get, post
from litestar.enums import MediaType
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response
from markupsafe import Markup

from bridges.simulator.answers import Retcode
from bridges.simulator.orders import Lifetime
from bridges.simulator.replay import Press
from bridges.simulator.state import OrderType
from bridges.simulator.ticket import refused
from bridges.simulator.ticket.asked import (
    MARKET,
    Wrong,
    kept_of,
    price_written,
    read_closing,
    read_order,
    read_protection,
)
from bridges.simulator.ticket.door import (
    FORM_FIELD,
    SIGN_OUT,
    SignInNeeded,
    Visit,
    lost_cookie,
    session_cookie,
    visit,
)
from bridges.simulator.ticket.hands import Hands, Once, cancelled, closed, ordered, protected
from bridges.simulator.ticket.lost import CHANGE, ORDER, Lost
from bridges.simulator.ticket.outcome import DONE, ending_of
from bridges.simulator.ticket.view import MODES, position_line, view_of
from bridges.simulator.valuation import close_price

_LOG = logging.getLogger("evenhand.ticket")
_SPRITE = "/static/vendor/lucide/sprite.svg"
_KINDS = {
    MARKET: "Market, at once",
    OrderType.LIMIT.value: "Limit, at this price or better",
    OrderType.STOP.value: "Stop, once it gets there",
    OrderType.STOP_LIMIT.value: "Stop-limit",
}
_LIFETIMES = {Lifetime.GOOD_TILL_CANCELLED.value: "Until cancelled", Lifetime.DAY.value: "Until 17:00 New York"}
_AGAIN = " The form came more than once, and was followed once: for another order, use the form below."
_LABELS = {
    "symbol": "Symbol",
    "type": "Kind",
    "lots": "Volume",
    "price": "Price",
    "limit_price": "Limit price",
    "stop_loss": "Stop loss",
    "take_profit": "Take profit",
    "trail_points": "Trail by",
    "lifetime": "Waits",
    "side": "Buy or sell",
}
_LOST = {
    ORDER: "Your session had ended: the order was not placed.",
    CHANGE: "Your session had ended: what you asked for was not done.",
}
_LOOK_FIRST = "Look at your positions before you order again."
_UNKNOWN = "This account number and ticket password do not belong together."


def _icon(name: str) -> Markup:
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(_SPRITE, name)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.globals |= {
    "icon": _icon,
    "form_field": FORM_FIELD,
    "kinds": _KINDS,
    "lifetimes": _LIFETIMES,
    "modes": MODES,
    "labels": _LABELS,
    "lost_words": _LOST,
    "price_written": price_written,
}


@get("/")
async def front(request: Request[Any, Any, Any]) -> Redirect:
    login = request.query_params.get("account", "")[:64]
    return Redirect(
        "/sign-in" if login else "/ticket", query_params={"account": login} if login else None, status_code=303
    )


@get("/sign-in")
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """For the account in the address; whoever is signed in to that very one goes on to it."""
    login = request.query_params.get("account", "")[:64]
    session = request.app.state.sessions.of(request.cookies.get(request.app.state.cookie, ""))
    if session is not None and session.login == login:
        return Redirect("/ticket", status_code=303)
    return _page(request, "sign_in.html", 200, login=login, wrong="", lost=_lost(request))


@post("/session")
async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    form, state = await request.form(), request.app.state
    login, password = (str(form.get(name, ""))[:200].strip() for name in ("account", "password"))
    account = state.hands.state.accounts.get(login)
    # A password is compared in either case, so that nothing tells which accounts there are.
    if not state.ticket_keys.is_password(account.trader if account else "", password) or account is None:
        return _page(request, "sign_in.html", 422, login=login[:64], wrong=_UNKNOWN, lost=_lost(request))
    answer = Redirect("/ticket", status_code=303)
    answer.set_cookie(session_cookie(state.cookie, state.sessions.begin(login)))
    return answer


@post(SIGN_OUT)
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    await visit(request)
    request.app.state.sessions.end(request.cookies[request.app.state.cookie])
    answer = Redirect("/sign-in", status_code=303)
    answer.set_cookie(session_cookie(request.app.state.cookie, ""))
    return answer


@get("/ticket")
async def ticket(request: Request[Any, Any, Any]) -> Response[Any]:
    """With what was typed of an order that was lost to the end of a session, once."""
    visitor, state = await visit(request), request.app.state
    name = f"{state.cookie}-lost"
    if _asks_for_piece(request) or (lost := state.lost.take(request.cookies.get(name, ""))) is None:
        return _ticket(request, visitor, 200, Wrong({}, {}))
    lost = lost.for_login(visitor.account.login)
    answer = _ticket(request, visitor, 200, Wrong({}, dict(lost.typed)), lost)
    answer.set_cookie(lost_cookie(state.cookie, ""))
    return answer


@post("/orders")
async def order(request: Request[Any, Any, Any]) -> Response[Any]:
    visitor, form = await visit(request), await request.form()
    state = request.app.state.hands.state
    asked = read_order(form, state.catalogue)
    if isinstance(asked, Wrong):
        return _ticket(request, visitor, 422, asked)
    done = await _pressed(request, visitor, ordered(asked), asked.lots_e8)
    if isinstance(done, Response):
        return done
    errors = _errors(request, done) or refused.of_order(done, asked, visitor.account, state)
    return _ticket(request, visitor, 422, Wrong(errors, kept_of(form)))


@post("/orders/{number:str}/cancellation")
async def cancellation(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    visitor = await visit(request)
    done = await _pressed(request, visitor, cancelled(number))
    return done if isinstance(done, Response) else _ticket(request, visitor, 422, _no(request, done))


@get("/positions/{number:str}")
async def position(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    return _position(request, await visit(request), number, 200, Wrong({}, {}))


@post("/positions/{number:str}/closing")
async def closing(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    visitor, form = await visit(request), await request.form()
    asked = read_closing(form)
    if isinstance(asked, Wrong):
        return _position(request, visitor, number, 422, asked)
    done = await _pressed(request, visitor, closed(number, asked), asked)
    if isinstance(done, Response):
        return done
    held = visitor.account.positions.get(number)
    if done is Retcode.INVALID_VOLUME and held is not None:
        wrong = Wrong({"lots": refused.too_much(held)}, {"lots": str(form.get("lots", ""))[:20]})
        return _position(request, visitor, number, 422, wrong)
    return _ticket(request, visitor, 422, _no(request, done, held.symbol if held is not None else ""))


@post("/positions/{number:str}/protection")
async def protection(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    visitor, form, state = await visit(request), await request.form(), request.app.state.hands.state
    held = visitor.account.positions.get(number)
    if held is None:
        return _ticket(request, visitor, 422, _no(request, Retcode.UNKNOWN_POSITION))
    asked = read_protection(form, state.listing(held.symbol))
    if isinstance(asked, Wrong):
        return _position(request, visitor, number, 422, asked)
    done = await _pressed(request, visitor, protected(number, asked))
    if isinstance(done, Response):
        return done
    if number not in visitor.account.positions:
        return _ticket(request, visitor, 422, _no(request, done))
    price = close_price(held, state)
    errors = _errors(request, done) or refused.of_protection(done, asked.stop_loss, asked.take_profit, held.side, price)
    typed = {name: str(form.get(name, ""))[:20] for name in ("stop_loss", "take_profit", "trail_points")}
    return _position(request, visitor, number, 422, Wrong(errors, typed))


def problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An expected no. Whoever is not signed in is led to the door."""
    if isinstance(error, SignInNeeded):
        if request.headers.get("hx-request") == "true":
            return _page(request, "_signed_out.html", 401)
        answer = Redirect("/sign-in", status_code=303)
        if error.lost is not None:
            answer.set_cookie(lost_cookie(request.app.state.cookie, request.app.state.lost.keep(error.lost)))
        return answer
    return _problem(request, error.status_code, error.detail, _LOOK_FIRST if error.status_code >= 500 else "")


def busy(request: Request[Any, Any, Any], error: TimeoutError) -> Response[Any]:  # noqa: ARG001  (as the framework calls it)
    """The platform is not between two slices, and will not be soon: it has not heard the firm yet."""
    return _problem(request, 503, "the platform takes nothing right now, and did nothing: try again")


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Something of ours failed: the traceback is in the simulator's log."""
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _problem(request, 500, "it was on the platform's side", _LOOK_FIRST)


# --- answers ---


async def _pressed(
    request: Request[Any, Any, Any], visitor: Visit, press: Press, asked_e8: int | None = None
) -> Response[Any] | Retcode:
    """Back to the ticket once it is done, so that reloading that orders nothing again; or why it was not."""
    hands: Hands = request.app.state.hands
    once = Once(visitor.form_number, visitor.session.answered, press, hands, asked_e8)
    answer = await hands.by_hand(visitor.account.login, once)
    if answer not in DONE:
        return answer
    said = {"said": visitor.form_number} | ({"again": "1"} if once.came_again else {})
    return Redirect("/ticket", query_params=said, status_code=303)


def _errors(request: Request[Any, Any, Any], answer: Retcode) -> dict[str, str]:
    """What is wrong whatever was asked; {} where it depends on that."""
    ended_us = request.app.state.hands.prices_ended_us
    return {"": refused.ENDED} if answer is Retcode.NO_PRICES and ended_us is not None else {}


def _no(request: Request[Any, Any, Any], answer: Retcode, symbol: str = "") -> Wrong:
    state = request.app.state.hands.state
    return Wrong(_errors(request, answer) or {"": refused.in_words(answer, state, symbol)}, {})


def _problem(request: Request[Any, Any, Any], status: int, detail: str, advice: str = "") -> Response[Any]:
    """A page of its own, or a word on the page that asked for what moves."""
    if _asks_for_piece(request):
        return _page(request, "_problem.html", status, detail=detail)
    title = "Something failed" if status >= 500 else "That is not possible"
    return _page(request, "problem.html", status, title=title, detail=detail, advice=advice)


def _lost(request: Request[Any, Any, Any]) -> Lost | None:
    """What this browser sent when its session had ended."""
    state = request.app.state
    found: Lost | None = state.lost.of(request.cookies.get(f"{state.cookie}-lost", ""))
    return found


def _ticket(
    request: Request[Any, Any, Any], visitor: Visit, status: int, wrong: Wrong, lost: Lost | None = None
) -> Response[Any]:
    query = request.query_params
    followed = visitor.session.answered.get(query.get("said", ""))
    said = followed.told if followed else ""
    if said and "again" in query:
        said += _AGAIN
    return _page(request, "ticket.html", status, visitor, wrong=wrong, said=said, lost=lost)


def _position(request: Request[Any, Any, Any], visitor: Visit, number: str, status: int, wrong: Wrong) -> Response[Any]:
    """Its page, or what moves on it. Once it is closed, a page that stays open is told so, in place of what moved."""
    held, state = visitor.account.positions.get(number), request.app.state.hands.state
    if held is None and _asks_for_piece(request):
        return _page(request, "closed.html", 404, visitor, ending=ending_of(state, visitor.account, number))
    if held is None:
        raise NotFoundException(detail="that position is closed, or was never yours")
    line, digits = position_line(state, visitor.account, held), state.listing(held.symbol).spec.digits
    return _page(request, "position.html", status, visitor, wrong=wrong, line=line, digits=digits)


def _asks_for_piece(request: Request[Any, Any, Any]) -> bool:
    return request.method == "GET" and request.headers.get("hx-request") == "true"


def _page(
    request: Request[Any, Any, Any], template: str, status: int, visitor: Visit | None = None, **context: Any
) -> Response[Any]:
    """A page, or the piece of it that moves with prices where htmx asks for that."""
    hands: Hands = request.app.state.hands
    view = view_of(hands.state, visitor.account, hands.prices_ended_us) if visitor else None
    is_piece = view is not None and _asks_for_piece(request)
    if is_piece:
        template = f"_{template}"
    context |= {
        "view": view,
        "new_form": visitor.new_form if visitor else None,
        "is_piece": is_piece,
        "portal": request.app.state.portal,
    }
    content = _ENVIRONMENT.get_template(template).render(context)
    return Response(content, media_type=MediaType.HTML, status_code=status, headers={"vary": "HX-Request, Cookie"})


ROUTES = (front, sign_in_page, sign_in, sign_out, ticket, order, cancellation, position, closing, protection)
