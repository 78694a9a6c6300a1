"""Admission: which machine asks, found by its key, and whether it may. A cookie counts for nothing here.

Words that are not ours, or mistyped, are refused by their checksum; keys that are not good, by the ledger's state; the vault is asked
for the rest alone. Whoever shows a good key is counted against its own allowance, so that strangers cannot use up a machine's.
"""

import secrets
from typing import Any

import anyio.to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import (
    MethodNotAllowedException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
)
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult

from firm.api_keys import ApiKey
from firm.ids import id_text
from firm.permissions import MEANS
from storage.errors import FrontRefused
from web.allowance import Counted
from web.api_secret import Spelled, spelled
from web.firm import Firm
from web.in_scope import is_there
from web.key_holder import ByKey, KeyHolder, key_holder_of
from web.too_much import require_allowed
from web.visitor import Policy, firm_of, require_row_numbers

SCHEME = "bearer "
_ASKS = {"www-authenticate": 'Bearer realm="evenhand"'}


class KeyNeeded(NotAuthorizedException):
    """No key, or one that is not good. Which of these it is, is not said."""

    def __init__(self) -> None:
        super().__init__(detail="send a key that is good: authorization: Bearer evh_…", headers=_ASKS)


class KeyRecognition(AbstractAuthenticationMiddleware):
    """Finds the machine of each request by its key. Whether one is needed is the guard's question."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        firm: Firm = connection.app.state.firm
        given = connection.headers.get("authorization", "")
        found = spelled(given[len(SCHEME) :].strip()) if given[: len(SCHEME)].lower() == SCHEME else None
        return AuthenticationResult(user=await _holder(firm, found) if found else None, auth=None)


async def _holder(firm: Firm, found: Spelled) -> KeyHolder | None:
    staff = firm.live.staff()
    key = staff.good_key(found.key, firm.now_us())
    if key is None or not await anyio.to_thread.run_sync(_opens, firm, key, found):
        return None
    held = staff.held_by_key(key)
    return KeyHolder(
        key=found.key, name=key.name, permissions=held.permissions, scope=held.scope, expires_us=key.expires_us
    )


def _opens(firm: Firm, key: ApiKey, found: Spelled) -> bool:
    """Whether it is the very secret; and if it is, that it was used."""
    kept = firm.vault.open_value(key.sealed)
    if kept is None or not secrets.compare_digest(kept, found.digest):
        return False
    try:
        firm.keys_used.note(found.key, firm.wall_us())
    except FrontRefused:  # which it has counted: an answer matters more than when it was asked for
        return True
    return True


async def admit_key(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The one guard of the API."""
    policy: Policy | ByKey | None = handler.opt.get("policy")
    if policy is Policy.PUBLIC:
        return
    if not isinstance(policy, ByKey):  # OPTIONS: the framework adds it by itself
        raise MethodNotAllowedException
    holder = key_holder_of(connection)
    if holder is None:
        raise KeyNeeded
    require_allowed(connection.app.state.allowance, Counted.KEY, id_text(holder.key))
    if policy.permission is not None and policy.permission not in holder.permissions:
        raise PermissionDeniedException(f"this key may not {MEANS[policy.permission]}")
    require_row_numbers(connection)
    if holder.scope.is_limited and not await is_there(firm_of(connection), connection.path_params):
        raise NotFoundException  # whether there is such a thing elsewhere is not for it to know
