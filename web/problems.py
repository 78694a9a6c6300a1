"""Problems: what a visitor sees when something is refused or fails, with a reference that also stands in the log."""

import logging
import secrets
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Response
from litestar.types import ExceptionHandlersMap

from firm.ids import ID_BITS, id_text
from web.render import page
from web.visitor import SignInNeeded

_LOG = logging.getLogger(__name__)

# Title, and what to do next.
_WORDS: dict[int, tuple[str, str]] = {
    400: ("We could not read that", "Go back and try again. If you followed a link, it may be incomplete."),
    403: ("You have no permission for this", "If you think you should, ask an owner of the firm."),
    404: ("There is nothing here", "The address may be mistyped, or the page is not yours to see."),
    405: ("That is not possible here", "Go back to the page you came from."),
    409: ("Not yet", "Try again in a minute."),
    413: ("That was too large", "Send less at once."),
    429: ("Too much at once", "Wait a moment, then try again."),
    500: (
        "Something failed on our side",
        "Nothing of yours is lost: what was confirmed stays confirmed. Tell us the reference below.",
    ),
    503: ("We cannot answer right now", "Reload the page in a moment."),
}


def problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An expected no: nothing is wrong with us."""
    reference = _reference()
    _LOG.info(
        "%s %s: %d, %s (reference %s)", request.method, request.url.path, error.status_code, error.detail, reference
    )
    return _page(request, error.status_code, error.detail, reference)


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Something of ours failed: the traceback goes to the log under the reference that the visitor is given."""
    reference = _reference()
    _LOG.error("%s %s failed (reference %s)", request.method, request.url.path, reference, exc_info=error)
    return _page(request, 500, "", reference)


def sign_in_needed(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
    """Pages lead to the sign-in and back again; pieces and streams just say that the session is over."""
    path = request.url.path
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=401, headers={"HX-Redirect": "/sign-in"})
    if request.method == "GET" and not path.endswith(("/live", "/chart")):
        return Redirect("/sign-in", status_code=303, query_params={"next": path})
    return _page(
        request, error.status_code, "Your session has ended. Sign in again, then repeat what you did.", _reference()
    )


def _page(request: Request[Any, Any, Any], status: int, detail: str, reference: str) -> Response[Any]:
    title, advice = _WORDS.get(status, _WORDS[400 if status < 500 else 500])
    said = "" if detail.startswith(("Not Found", "Method Not")) else detail
    return page(
        request,
        "problem.html",
        status=status,
        title=title,
        advice=advice,
        detail=said,
        reference=reference,
        code=status,
    )


def _reference() -> str:
    return id_text(secrets.randbits(ID_BITS))


HANDLERS: ExceptionHandlersMap = {SignInNeeded: sign_in_needed, HTTPException: problem, Exception: fault}
