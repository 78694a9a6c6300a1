"""Key holder: the machine that asks with a key, and what the ledger lets it see at this moment."""

from typing import Any

import msgspec
from litestar.connection import ASGIConnection

from firm.permissions import Permission, Scope


class KeyHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Known by its key alone. `expires_us`: firm time, at which the key ends."""

    key: int
    name: str
    permissions: frozenset[Permission]
    scope: Scope
    expires_us: int


class ByKey(msgspec.Struct, frozen=True):
    """What a route of the API declares: machines whose key holds this; None: any key that is good."""

    permission: Permission | None = None

    def __str__(self) -> str:
        return f"by key {self.permission.value if self.permission else 'of any kind'}"


def by_key(permission: Permission | None = None) -> ByKey:
    return ByKey(permission)


def key_holder_of(connection: ASGIConnection[Any, Any, Any, Any]) -> KeyHolder | None:
    """Which machine asks, or None."""
    found = connection.scope.get("user")
    return found if isinstance(found, KeyHolder) else None
