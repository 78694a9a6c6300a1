"""Problems: what a visitor sees when something is refused or fails, with a reference that also stands in the log."""

import logging
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Response
from litestar.types import ExceptionHandlersMap

from firm.ids import ID_BITS, id_text
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from web.api.problem import API, PROBLEM_JSON, problem_json
from web.auth import recognised
from web.bounds import NO_ROOM_SECONDS
from web.forms import keeping, path_of_ours
from web.links import CONFIRM
from web.passkeys import site_of
from web.password_desk import NoRoom
from web.proof_page import PROOF, SECURITY, proof_page
from web.render import page
from web.shell.speech import spoken
from web.sieve import advice_for
from web.step_up import AddressUnconfirmed, FactorNeeded, ProofNeeded
from web.too_much import SECOND_US, TooManySignIns, TooMuchAsked, seconds_of
from web.visitor import PermissionMissing, SignInNeeded, Visitor, visitor_of

_LOG = logging.getLogger(__name__)

_TRADERS_PAGE = re.compile(r"/(?:accounts|decisions)(?:/[0-9A-Za-z-]+)?(?=/|$)")
# Those that have words of their own: a title, and what to do next. What only staff can do about it is said to staff.
_WORDED = (400, 401, 403, 404, 405, 409, 413, 429, 500, 503)


SIGN_IN_REFUSED = (
    "signing in has to be saved, and the firm’s disk has no room for it at the moment or refuses it: nothing of it was kept. "
    "Whoever runs the firm sees the cause with “evenhand doctor” on its machine"
)

# What the framework says by itself is what our titles say already.
_SAYS_NOTHING = frozenset({"", *(status.phrase for status in HTTPStatus)})


def problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An expected no: nothing is wrong with us. A program that measures us gets no page."""
    reference = _reference()
    _LOG.info(
        "%s %s: %d, %s (reference %s)", request.method, request.url.path, error.status_code, error.detail, reference
    )
    if request.url.path.startswith(API):
        return _json(error.status_code, error.detail, reference, error.headers or {})
    if request.url.path == "/metrics":
        return Response(
            f"{error.status_code}: {error.detail}\n", status_code=error.status_code, media_type="text/plain"
        )
    told = _page(request, error.status_code, error.detail, reference, error)
    if isinstance(error, TooMuchAsked):
        told.headers["retry-after"] = str(seconds_of(error.wait_us))
    return told


def _json(status: int, detail: str, reference: str, headers: Mapping[str, str]) -> Response[Any]:
    said = "" if detail in _SAYS_NOTHING else detail
    body = problem_json(status, said, reference)
    return Response(body, status_code=status, media_type=PROBLEM_JSON, headers=dict(headers))


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Something of ours failed: the traceback goes to the log under the reference that the visitor is given."""
    reference = _reference()
    _LOG.error("%s %s failed (reference %s)", request.method, request.url.path, reference, exc_info=error)
    if request.url.path.startswith(API):
        return _json(500, "something failed on our side: tell us the reference", reference, {})
    return _page(request, 500, "", reference)


def vault_refused(request: Request[Any, Any, Any], error: DiskRefused | VaultDamaged) -> Response[Any]:
    """The vault gives or takes nothing for now."""
    return _refused(
        request, error, "what we know of people cannot be read or written at the moment: nothing of this was kept"
    )


def front_refused(request: Request[Any, Any, Any], error: FrontRefused) -> Response[Any]:
    """A session or a count of guesses was to be kept, and the disk took it not."""
    told = (
        SIGN_IN_REFUSED if request.url.path == "/session" else "this cannot be saved just now: nothing of it was kept"
    )
    return _refused(request, error, told)


def _refused(request: Request[Any, Any, Any], error: Exception, told: str) -> Response[Any]:
    """Who asks is not looked up again: that lies beside what was refused. What failed is known, and no traceback says more."""
    reference = _reference()
    _LOG.error("%s %s: %s (reference %s)", request.method, request.url.path, error, reference)
    if request.url.path.startswith(API):
        return _json(503, told, reference, {})
    return _problem_page(request, 503, told, reference, visitor_of(request))


def sign_in_needed(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
    """Pages lead to the sign-in and back again, and forms are carried through it; streams just say that the session is over."""
    if request.headers.get("hx-request") == "true":
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        back = urlencode({"next": path_of_ours(_with_query(shown.path, shown.query))})
        return Response("", status_code=401, headers={"HX-Redirect": f"/sign-in?{back}"})
    if request.method != "GET" and not request.route_handler.opt.get("uploads", False):
        kept = keeping(request.url.path, error.typed)
        typed = {"mail": "", "next": "/"}
        return page(
            request,
            "sign_in.html",
            status=401,
            wrong=None,
            typed=typed,
            kept=kept,
            passkeys=site_of(request.app.state.firm) is not None,
        )
    if request.url.path.endswith(("/live", "/chart")):
        return _page(request, 401, "", _reference())
    wanted = _with_query(request.url.path, request.url.query)
    return Redirect("/sign-in", status_code=303, query_params={"next": wanted})


def too_many_sign_ins(request: Request[Any, Any, Any], error: TooManySignIns) -> Response[Any]:
    """Told to so many that it must cost next to nothing: no line in the log, and a page that is laid out already."""
    body = request.app.state.sieve.laid_out(request.app, advice_for(error))
    headers = {"retry-after": str(seconds_of(error.wait_us))}
    return Response(body, status_code=429, media_type="text/html; charset=utf-8", headers=headers)


def no_room(request: Request[Any, Any, Any], error: NoRoom) -> Response[Any]:  # noqa: ARG001
    """For a hash that somebody needs who is known."""
    return too_many_sign_ins(request, TooManySignIns(NO_ROOM_SECONDS * SECOND_US))


def factor_needed(request: Request[Any, Any, Any], error: FactorNeeded) -> Response[Any]:  # noqa: ARG001
    """Staff without a second factor are led to where they add one, from wherever they wanted to go."""
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=403, headers={"HX-Redirect": SECURITY})
    return Redirect(SECURITY, status_code=303)


def address_unconfirmed(request: Request[Any, Any, Any], error: AddressUnconfirmed) -> Response[Any]:  # noqa: ARG001
    """Likewise a trader whose mail address is not confirmed."""
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=403, headers={"HX-Redirect": CONFIRM})
    return Redirect(CONFIRM, status_code=303)


def proof_needed(request: Request[Any, Any, Any], error: ProofNeeded) -> Response[Any]:
    """Pages lead to the proof and back again; a form waits in it, and one with secrets in it is filled in anew."""
    if request.headers.get("hx-request") == "true":
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        back = urlencode({"next": path_of_ours(_with_query(shown.path, shown.query))})
        return Response("", status_code=403, headers={"HX-Redirect": f"{PROOF}?{back}"})
    kept = keeping(request.url.path, error.typed) if request.method != "GET" and not error.resume else None
    if kept is None:
        wanted = error.resume or (
            _with_query(request.url.path, request.url.query) if request.method == "GET" else SECURITY
        )
        return Redirect(PROOF, status_code=303, query_params={"next": wanted})
    return proof_page(request, kept, "/", status=403)


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


# What is most likely meant by who is staff and asked for what is not there.
_FRONT = ("/", "front")
_WAYS_ON = {
    "/staff/rows": ("/staff/trace", "to_trace"),
    "/staff/trace": ("/staff/accounts", "to_accounts"),
    "/staff/trace.jsonl": ("/staff/accounts", "to_accounts"),
    "/staff/accounts": ("/staff/accounts", "to_accounts"),
    "/staff/decisions": ("/staff/decisions", "to_decisions"),
}


def _way_on(path: str, status: int) -> tuple[str, str]:
    """The page from which to go on, and the name of its words, `problem.NAME`."""
    return _WAYS_ON.get("/".join(path.split("/")[:3]), _FRONT) if status == HTTPStatus.NOT_FOUND else _FRONT


def _page(
    request: Request[Any, Any, Any], status: int, detail: str, reference: str, error: Exception | None = None
) -> Response[Any]:
    visitor = visitor_of(request) or recognised(request)
    return _problem_page(request, status, detail, reference, visitor, error)


def _problem_page(
    request: Request[Any, Any, Any],
    status: int,
    detail: str,
    reference: str,
    visitor: Visitor | None,
    error: Exception | None = None,
) -> Response[Any]:
    speak, worded = spoken(request), status if status in _WORDED else 400 if status < 500 else 500
    advice = str(worded)
    missing = error if isinstance(error, PermissionMissing) else None
    request.scope["user"] = visitor  # so that the page of the error has their way around, too
    backoffice = ""
    if status == 403 and visitor is not None and visitor.kind == "staff":
        theirs = _TRADERS_PAGE.match(request.url.path)
        backoffice = f"/staff{theirs[0]}" if theirs else ""
        advice = "in_the_backoffice" if theirs else "ask_an_owner"
    if visitor is not None and visitor.behind is not None:
        advice = "in_a_view"
    said = "" if detail in _SAYS_NOTHING else detail
    return page(
        request,
        "problem.html",
        status=status,
        title=speak(f"problem.title.{worded}"),
        advice=speak(f"problem.advice.{advice}"),
        detail=said,
        backoffice=backoffice,
        way_on=_way_on(request.url.path, status),
        reference=reference,
        code=status,
        missing=missing,
    )


def _reference() -> str:
    return id_text(secrets.randbits(ID_BITS))


HANDLERS: ExceptionHandlersMap = {
    SignInNeeded: sign_in_needed,
    TooManySignIns: too_many_sign_ins,
    NoRoom: no_room,
    FactorNeeded: factor_needed,
    AddressUnconfirmed: address_unconfirmed,
    ProofNeeded: proof_needed,
    HTTPException: problem,
    DiskRefused: vault_refused,
    VaultDamaged: vault_refused,
    FrontRefused: front_refused,
    Exception: fault,
}
