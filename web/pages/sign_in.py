"""The front door: signing in, signing out, and where each kind of visitor begins."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.instant import MINUTE_US
from web import auth
from web.forms import Wrong, fields_of, path_of_ours, read_sign_in
from web.render import page
from web.visitor import Policy, visitor_of
from web.words import plural

HOMES = {"trader": "/accounts", "staff": "/staff"}
NOT_THESE = "This mail address and password do not belong together."


@get("/", policy=Policy.PUBLIC)
async def front_door(request: Request[Any, Any, Any]) -> Redirect:
    visitor = visitor_of(request)
    return Redirect(HOMES[visitor.kind] if visitor else "/sign-in", status_code=303)


@get("/sign-in", policy=Policy.PUBLIC)
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[Any]:
    if visitor_of(request):
        return Redirect("/", status_code=303)
    wanted = path_of_ours(request.query_params.get("next", ""))
    return page(request, "sign_in.html", wrong=None, typed={"mail": "", "next": wanted})


@post("/session", policy=Policy.PUBLIC)
async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, desk = request.app.state.firm, request.app.state.passwords
    asked = read_sign_in(await fields_of(request))
    if isinstance(asked, Wrong):
        return _again(request, asked, 422)
    try:
        person = await auth.recognise(firm, desk, asked.mail, asked.password, auth.address_of(request))
    except auth.TooManyGuesses as guesses:
        minutes = plural(-(-guesses.wait_us // MINUTE_US), "minute", "minutes")
        wrong = Wrong({"": f"Too many attempts. Please wait {minutes} and try again."}, {"mail": asked.mail})
        return _again(request, wrong, 429)
    if person is None:
        return _again(request, Wrong({"": NOT_THESE}, {"mail": asked.mail, "next": asked.next}), 422)
    answer: Response[Any] = Redirect(asked.next, status_code=303)
    answer.set_cookie(await auth.begin_session(firm, person, auth.session_id_in(firm, request)))
    return answer


@post("/session/end", policy=Policy.SIGNED_IN)
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    firm = request.app.state.firm
    answer: Response[Any] = Redirect("/sign-in", status_code=303)
    answer.set_cookie(await auth.end_session(firm, auth.session_id_in(firm, request)))
    return answer


def _again(request: Request[Any, Any, Any], wrong: Wrong, status: int) -> Response[str]:
    typed = {"mail": "", "next": "/"} | wrong.typed
    return page(request, "sign_in.html", status=status, wrong=wrong.errors, typed=typed)


ROUTES = (front_door, sign_in_page, sign_in, sign_out)
