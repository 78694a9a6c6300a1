"""Step-up: who does something grave proved a moment ago who they are, and staff have a second factor before anything else.

A guard beside `admit`, which has found who asks. A route says `fresh=True` of itself, `enrolling=True` where staff without a factor may
go, and `unconfirmed=True` where a trader may go whose mail address is not confirmed; the form that was typed waits while they prove
themselves, and is then looked at and sent by the person.
"""

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.exceptions import PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from web.bounds import FRESH_US
from web.firm import Firm
from web.forms import fields_of
from web.signed import Signed, signed_of
from web.visitor import CSRF_FIELD, UNSAFE, Policy, visitor_of


class FactorNeeded(PermissionDeniedException):
    """Staff without a second factor can do nothing but add one."""

    def __init__(self) -> None:
        super().__init__(detail="add a second factor first")


class AddressUnconfirmed(PermissionDeniedException):
    """A trader who signed up by themselves can do nothing but confirm their mail address."""

    def __init__(self) -> None:
        super().__init__(detail="confirm your mail address first")


class ProofNeeded(PermissionDeniedException):
    """The last proof is too long ago. `typed`: what a form was filled with; `resume`: where to go on instead of sending it."""

    def __init__(self, typed: Mapping[str, str], resume: str) -> None:
        super().__init__(detail="prove who you are first")
        self.typed = typed
        self.resume = resume


async def secure(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """After `admit`: whoever asks may come here at all."""
    visitor, firm = visitor_of(connection), connection.app.state.firm
    if visitor is None:
        return
    signed, opt = signed_of(connection), handler.opt
    is_closed = opt.get("policy") is not Policy.PUBLIC and not opt.get("enrolling", False)
    is_for_all = opt.get("policy") is Policy.PUBLIC or opt.get("unconfirmed", False)
    if visitor.kind == "trader" and not is_for_all and firm.live.is_unconfirmed(visitor.id):
        raise AddressUnconfirmed
    if visitor.kind == "staff" and is_closed and not may_act(firm, signed):
        raise FactorNeeded
    if opt.get("fresh", False) and not is_fresh(firm, signed):
        raise ProofNeeded(await _typed(connection), opt.get("resume", ""))


def may_act(firm: Firm, signed: Signed) -> bool:
    """Whether a member of staff in this session has what the firm asks of staff."""
    return signed.factor or not firm.staff_factor


def is_fresh(firm: Firm, signed: Signed) -> bool:
    """A proof from the future is of a clock that was set back: it is asked for again."""
    return 0 <= firm.wall_us() - signed.proved_us <= FRESH_US


async def _typed(connection: ASGIConnection[Any, Any, Any, Any]) -> dict[str, str]:
    """What a form says in words; files would have to be chosen again."""
    if not isinstance(connection, Request) or connection.method not in UNSAFE:
        return {}
    form = await fields_of(connection)
    return {name: value for name, value in form.items() if isinstance(value, str) and name != CSRF_FIELD}
