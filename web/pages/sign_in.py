"""The front door: signing in, signing out, and where each kind of visitor begins."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.instant import MINUTE_US
from web import auth
from web.forms import Kept, Wrong, fields_of, path_of_ours, read_kept, read_sign_in
from web.render import page
from web.visitor import Policy, csrf_token_of, firm_of, visitor_of
from web.words import plural

HOMES = {"trader": "/accounts", "staff": "/staff"}
NOT_THESE = "This mail address and password do not belong together."

# What a form that waited for a sign-in is about, by the end of its address.
WAITED = {
    "review": "your word on a decision",
    "engagement": "stopping something at once",
    "release": "letting something go on",
    "reset": "letting automatic failures go on",
    "resumption": "letting a desk go on",
    "settlement": "what became of a command",
    "evidence": "evidence since your checkpoint",
}


@get("/", policy=Policy.PUBLIC)
async def front_door(request: Request[Any, Any, Any]) -> Redirect:
    visitor = visitor_of(request)
    return Redirect(HOMES[visitor.kind] if visitor else "/sign-in", status_code=303)


@get("/sign-in", policy=Policy.PUBLIC)
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[Any]:
    if visitor_of(request):
        return Redirect("/", status_code=303)
    wanted = path_of_ours(request.query_params.get("next", ""))
    return page(request, "sign_in.html", wrong=None, typed={"mail": "", "next": wanted}, kept=None)


@post("/session", policy=Policy.PUBLIC)
async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, desk, fields = firm_of(request), request.app.state.passwords, await fields_of(request)
    asked, kept = read_sign_in(fields), read_kept(fields)
    if isinstance(asked, Wrong):
        return _again(request, asked, 422, kept)
    try:
        person = await auth.recognise(firm, desk, asked.mail, asked.password, auth.address_of(request))
    except auth.TooManyGuesses as guesses:
        minutes = plural(-(-guesses.wait_us // MINUTE_US), "minute", "minutes")
        wrong = Wrong({"": f"Too many attempts. Please wait {minutes} and try again."}, {"mail": asked.mail})
        return _again(request, wrong, 429, kept)
    if person is None:
        return _again(request, Wrong({"": NOT_THESE}, {"mail": asked.mail, "next": asked.next}), 422, kept)
    session = await auth.begin_session(firm, person, auth.session_id_in(firm, request))
    answer = _goes_on(request, kept, str(session.value)) if kept else Redirect(asked.next, status_code=303)
    answer.set_cookie(session)
    return answer


@post("/session/end", policy=Policy.PUBLIC)
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    """Also where the session has ended already: nobody signs in to sign out."""
    firm = firm_of(request)
    answer: Response[Any] = Redirect("/sign-in", status_code=303)
    answer.set_cookie(await auth.end_session(firm, auth.session_id_in(firm, request)))
    return answer


def _goes_on(request: Request[Any, Any, Any], kept: Kept, session_id: str) -> Response[Any]:
    """The form that was sent too late, for the person to look at and send now: we never send it by ourselves."""
    what = WAITED.get(kept.action.rpartition("/")[2], "a form")
    return page(request, "kept_form.html", kept=kept, what=what, token=csrf_token_of(session_id))


def _again(request: Request[Any, Any, Any], wrong: Wrong, status: int, kept: Kept | None) -> Response[Any]:
    typed = {"mail": "", "next": "/"} | wrong.typed
    return page(request, "sign_in.html", status=status, wrong=wrong.errors, typed=typed, kept=kept)


ROUTES = (front_door, sign_in_page, sign_in, sign_out)
