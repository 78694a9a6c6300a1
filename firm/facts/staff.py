"""Facts of the staff and the machines that act in its name: who there is, what they may do, and where."""

from firm.facts.fact import Fact
from firm.permissions import Scope


class StaffAdded(Fact, frozen=True, kw_only=True):
    """A member of staff."""

    staff: int
    role: str


class StaffRoleSet(Fact, frozen=True, kw_only=True):
    """A member of staff has another role from now on. `before`: the one they had."""

    staff: int
    role: str
    before: str
    by: str
    why: str


class StaffScopeSet(Fact, frozen=True, kw_only=True):
    """A member of staff works on this of the firm from now on."""

    staff: int
    scope: Scope
    by: str
    why: str


class StaffLeft(Fact, frozen=True, kw_only=True):
    """Somebody is on the staff no more: their sessions end and they may do nothing. What they did stays theirs."""

    staff: int
    by: str
    why: str


class RoleDefined(Fact, frozen=True, kw_only=True):
    """A role of the firm's own holds these permissions from now on, for whoever has it too."""

    role: str
    permissions: tuple[str, ...]
    by: str
    why: str


class RoleRetired(Fact, frozen=True, kw_only=True):
    """The firm has this role no more. Nobody had it."""

    role: str
    by: str
    why: str


class ApiKeyIssued(Fact, frozen=True, kw_only=True):
    """A machine may ask the firm with this key until `expires_us`. `sealed`: the commitment to the hash of its secret."""

    key: int
    name: str
    permissions: tuple[str, ...]
    scope: Scope
    expires_us: int
    sealed: str
    by: str
    why: str


class ApiKeyRotated(Fact, frozen=True, kw_only=True):
    """Another key follows this one, for the same, and is good until `expires_us`. This one is good until `until_us` beside it."""

    key: int
    follower: int
    until_us: int
    expires_us: int
    sealed: str
    by: str


class ApiKeyRevoked(Fact, frozen=True, kw_only=True):
    """A key is good no more."""

    key: int
    by: str
    why: str
