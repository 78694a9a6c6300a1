"""Pages of the shell itself: the reader's language, the ways and keys without scripts, and each component once."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.permissions import Permission
from web.bounds import LANGUAGE_COOKIE_SECONDS
from web.cookies import own_cookie
from web.forms import Wrong, fields_of, path_of_ours, text_in
from web.languages import CHOSEN, known
from web.render import page
from web.shell.speech import spoken
from web.shell.toasts import told
from web.visitor import Policy, firm_of, may

COMPONENTS = "/staff/components"


@post("/language", policy=Policy.PUBLIC)
async def choose_language(request: Request[Any, Any, Any]) -> Redirect:
    """Kept by the browser, for whoever sits there; one that we do not speak changes nothing."""
    fields = await fields_of(request)
    answer = Redirect(path_of_ours(text_in(fields, "next")), status_code=303)
    language = known(text_in(fields, "language"))
    if language is None:
        return answer
    answer.set_cookie(own_cookie(firm_of(request), language.value, LANGUAGE_COOKIE_SECONDS, CHOSEN))
    return told(request, answer, "language")


@get("/find", policy=Policy.SIGNED_IN, in_view=True)
async def find(request: Request[Any, Any, Any]) -> Response[str]:
    """The palette: a dialog where scripts ask for it, else a page that leads to the same."""
    return page(request, "find.html", block="palette")


@get("/keys", policy=Policy.SIGNED_IN, in_view=True)
async def keys(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "keys.html")


@get(COMPONENTS, policy=may(Permission.SEE_HEALTH))
async def components(request: Request[Any, Any, Any]) -> Response[str]:
    """Each piece once, in the reader's language: what is told on it is made up."""
    speak = spoken(request)
    wrong = Wrong(
        {"amount": speak("components.amount_wrong"), "why": speak("components.why_wrong")},
        {"amount": "-5", "why": "no"},
    )
    return page(request, "staff_components.html", wrong=wrong)


ROUTES = (choose_language, find, keys, components)
