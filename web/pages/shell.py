"""Pages of the shell itself: the reader's language, the ways and keys without scripts, and each component once."""

from functools import partial
from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.permissions import Permission
from web.bounds import FIND_LENGTH_MAX, LANGUAGE_COOKIE_SECONDS
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
    """The palette: a dialog where scripts ask for it, else a page that leads to the same, narrowed to what was typed there."""
    typed = " ".join(request.query_params.get("q", "").split())[:FIND_LENGTH_MAX]
    return page(
        request,
        "find.html",
        block="palette",
        typed=typed,
        called=partial(_is_called, typed),
        may_be_name=not any(letter.isdecimal() or letter == "@" for letter in typed),
        length_max=FIND_LENGTH_MAX,
    )


def _is_called(typed: str, name: str) -> bool:
    """Whether each word that was typed is somewhere in the name, as `static/shell.js` narrows the dialog."""
    return all(word in name.casefold() for word in typed.casefold().split())


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
