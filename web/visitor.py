"""Visitor: who is asking, what the ledger lets them do at this moment, and what each route lets in.

Every route declares a policy; one that does not stops the application from being built.
"""

import hashlib
import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, assert_never
from urllib.parse import urlsplit

import apsw
import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.exceptions import (
    MethodNotAllowedException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
)
from litestar.handlers.base import BaseRouteHandler

from firm.commands import StaffAct
from firm.ids import parse_id
from firm.permissions import EVERYTHING, MEANS, Permission, Scope
from storage.readmodels.accounts import account_line
from storage.readmodels.decisions import decision_line
from storage.rows import INTEGER_MAX
from web.firm import Firm
from web.forms import fields_of
from web.in_scope import is_there
from web.key_holder import ByKey, key_holder_of
from web.measuring import require_measuring
from web.uploads import upload_of

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"


class Policy(StrEnum):
    """Who may call a route that is not for staff; those say `may(...)`."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    TRADER = "trader"
    TRADER_OWN = "trader_own"  # and the account or decision in the path is theirs; for others it does not exist
    MEASURING = "measuring"  # a program on this machine, or one with the token; no visitor at all


class May(msgspec.Struct, frozen=True):
    """Staff who hold this permission, for what is in their scope; what is outside of it does not exist for them."""

    permission: Permission

    def __str__(self) -> str:
        return f"may {self.permission.value}"


def may(permission: Permission) -> May:
    """What a route of the backoffice declares."""
    return May(permission)


class Behind(msgspec.Struct, frozen=True):
    """Who views as a trader: the member of staff, in which view, until when (wall time)."""

    staff: "Visitor"
    view: int
    until_us: int


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in. `session_id` never leaves the server but in their own cookie.

    `permissions` and `scope` are those of the ledger as it is at this request; `departures`: how many traders had left the regions of
    the scope by then. `behind`: who is there instead of the trader, and sees
    what the trader sees.
    """

    kind: Literal["trader", "staff"]
    id: int
    role: str
    name: str
    session_id: str
    permissions: frozenset[Permission] = frozenset()
    scope: Scope = EVERYTHING
    departures: int = 0
    behind: Behind | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def reference(self) -> str:
        """How commands and sessions name them."""
        return f"{self.kind}:{self.id}"

    @property
    def sits_there(self) -> str:
        """Who it is that looks, also where they look as somebody else."""
        return self.behind.staff.reference if self.behind else self.reference

    @property
    def csrf_token(self) -> str:
        """Proof that a form came from a page of this session; says nothing about the session's id."""
        return csrf_token_of(self.session_id)


class SignInNeeded(NotAuthorizedException):
    """Nobody is signed in, or the session has ended. `typed`: what a form was filled with, so that it is not lost."""

    def __init__(self, typed: Mapping[str, str] | None = None) -> None:
        super().__init__(detail="sign in to see this page")
        self.typed = typed or {}


class PermissionMissing(PermissionDeniedException):
    """They are of the staff, and their role does not hold this. `roles`: those that do."""

    def __init__(self, permission: Permission, roles: tuple[str, ...]) -> None:
        super().__init__(detail=f"you may not {MEANS[permission]}")
        self.permission = permission
        self.roles = roles


class ForeignForm(PermissionDeniedException):
    """A form that did not come from our own page."""


def visitor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """Who asks, or None; None also where no route matched and nobody was looked up."""
    found = connection.scope.get("user")
    return found if isinstance(found, Visitor) else None


def signed_in(request: Request[Any, Any, Any]) -> Visitor:
    visitor = visitor_of(request)
    assert visitor is not None, f"{request.url.path} was reached without a visitor: its policy is wrong"
    return visitor


def csrf_token_of(session_id: str) -> str:
    return hashlib.blake2b(session_id.encode(), person=b"evenhand-csrf-1", digest_size=24).hexdigest()


def is_token_of(session_id: str, given: str) -> bool:
    """Whether a form is of this session. Takes as long whatever of it is right."""
    return secrets.compare_digest(given.encode(), csrf_token_of(session_id).encode())


def read_id(text: str) -> int:
    """The id in a path; one that cannot be read is one that does not exist."""
    try:
        return parse_id(text)
    except ValueError as unreadable:
        raise NotFoundException from unreadable


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The one guard of the application: first where the request comes from, then who asks, then whose it is."""
    policy: Policy | May | ByKey | None = handler.opt.get("policy")
    assert not isinstance(policy, ByKey), f"{connection.url.path} is for machines, and a page's guard stands before it"
    if policy is None:  # OPTIONS: the framework adds it to every path by itself, and no page of ours is asked for so
        raise MethodNotAllowedException
    visitor = visitor_of(connection)
    if isinstance(connection, Request) and connection.method in UNSAFE:
        require_same_origin(connection)
        is_upload = handler.opt.get("uploads", False)
        if visitor is not None:
            await _require_token(connection, visitor, is_upload=is_upload)
        elif policy is not Policy.PUBLIC:
            raise SignInNeeded({} if is_upload else await _typed(connection))
    elif handler.opt.get("records") not in (
        None,
        StaffAct.NAMES_SEEN,
    ):  # a list with names is a page that a ticket may link to
        _require_not_led_here(connection)
    match policy:
        case Policy.PUBLIC:
            return
        case Policy.SIGNED_IN:
            _require(visitor, None)
        case Policy.TRADER:
            _require(visitor, "trader")
        case Policy.TRADER_OWN:
            await _require_own(connection, _require(visitor, "trader"))
        case May():
            await _require_permission(connection, _require(visitor, "staff"), policy.permission)
        case Policy.MEASURING:
            require_measuring(connection)
        case unknown:
            assert_never(unknown)


def require_same_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """A browser says where a form came from; what does not say it, or says elsewhere, is refused."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise ForeignForm(f"the form came from another site (sec-fetch-site: {site})")
    origin = connection.headers.get("origin")
    if origin is None and site is None:
        raise ForeignForm("the form did not say where it came from (no origin header)")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        raise ForeignForm("the form came from another origin")


def _require_not_led_here(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """What is taken away as a file, on record in its reader's name, is not for a link or a picture of another site to ask for."""
    if connection.headers.get("sec-fetch-site") == "cross-site":
        raise ForeignForm("another site led here, and this is on record in your name: open it from a page of ours")


async def _require_token(connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor, *, is_upload: bool) -> None:
    """`is_upload`: the token comes before the file, which is not read for it."""
    given = connection.headers.get(CSRF_HEADER)
    if given is None and isinstance(connection, Request):
        sent = (
            await upload_of(connection).word(CSRF_FIELD)
            if is_upload
            else (await fields_of(connection)).get(CSRF_FIELD, "")
        )
        given = str(sent)
    if not is_token_of(visitor.session_id, given or ""):
        raise ForeignForm("the form is from an earlier session: go back, reload the page, and send it again")


async def _typed(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What a form says in words; files would have to be chosen again."""
    form = await fields_of(request)
    return {name: value for name, value in form.items() if isinstance(value, str) and name != CSRF_FIELD}


def _require(visitor: Visitor | None, kind: Literal["trader", "staff"] | None) -> Visitor:
    if visitor is None:
        raise SignInNeeded
    if kind is not None and visitor.kind != kind:
        raise PermissionDeniedException(f"this page is for {'the firm’s staff' if kind == 'staff' else 'traders'}")
    return visitor


async def _require_permission(
    connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor, permission: Permission
) -> None:
    firm: Firm = connection.app.state.firm
    if not visitor.may(permission):
        raise PermissionMissing(permission, firm.live.staff().roles_with(permission))
    require_row_numbers(connection)
    if visitor.scope.is_limited and not await is_there(firm_of(connection), connection.path_params):
        raise NotFoundException  # whether there is such a thing elsewhere is not theirs to know


def firm_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Firm:
    """The firm as whoever asks may see it."""
    firm: Firm = connection.app.state.firm
    visitor, holder = visitor_of(connection), key_holder_of(connection)
    if holder is not None:
        return firm.seen_by(holder.scope, names_seen=False)
    if visitor is not None and visitor.behind is not None:
        return firm.seen_by(visitor.scope, names_seen=True)
    if visitor is None or visitor.kind != "staff":
        return firm
    return firm.seen_by(visitor.scope, names_seen=visitor.may(Permission.SEE_NAMES))


def require_row_numbers(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """A number in the path that no row of the book can have names what does not exist: the database could not even be asked for it."""
    if any(isinstance(value, int) and not 0 <= value <= INTEGER_MAX for value in connection.path_params.values()):
        raise NotFoundException


async def _require_own(connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor) -> None:
    firm: Firm = firm_of(connection)
    params = connection.path_params
    assert "account" in params or "decision" in params, f"{connection.url.path}: nothing in the path could be theirs"

    def owner(book: apsw.Connection) -> int | None:
        if "account" in params:
            account: int | None = read_id(params["account"])
        else:
            decided = decision_line(book, params["decision"])
            account = None if decided is None else decided.account
        line = None if account is None else account_line(book, account)
        return None if line is None else line.trader

    if await firm.book.read(owner) != visitor.id:
        # Not "forbidden": whether somebody else's account exists is not theirs to know.
        raise NotFoundException
