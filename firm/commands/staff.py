"""Commands about the staff and the machines that act in its name: who there is, what they may do, and where."""

from firm.commands.command import Command
from firm.permissions import Scope


class AddStaff(Command, frozen=True, kw_only=True):
    """A member of staff; name, mail and credentials are in the vault behind `sealed`."""

    staff: int
    role: str
    sealed: str


class SetStaffRole(Command, frozen=True, kw_only=True):
    """Give a member of staff another role: a built-in one, or one of the firm's own."""

    staff: int
    role: str
    why: str


class SetStaffScope(Command, frozen=True, kw_only=True):
    """Limit a member of staff to some of the firm, or to none of its limits."""

    staff: int
    scope: Scope
    why: str


class LetStaffGo(Command, frozen=True, kw_only=True):
    """Take a member off the staff: sessions end, and they may do nothing any more."""

    staff: int
    why: str


class DefineRole(Command, frozen=True, kw_only=True):
    """Give the firm a role of its own, or another content to one that it has. `permissions` by name, each once."""

    role: str
    permissions: tuple[str, ...]
    why: str


class RetireRole(Command, frozen=True, kw_only=True):
    """Take a role of the firm's own away, once nobody has it."""

    role: str
    why: str


class IssueApiKey(Command, frozen=True, kw_only=True):
    """Give a machine a key of this name, good until `expires_us`. `sealed`: the commitment to the hash of its secret."""

    key: int
    name: str
    permissions: tuple[str, ...]
    scope: Scope
    expires_us: int
    sealed: str
    why: str


class RotateApiKey(Command, frozen=True, kw_only=True):
    """Let another key follow this one, for the same; both are good until `until_us`, and the new one until `expires_us`."""

    key: int
    follower: int
    until_us: int
    expires_us: int
    sealed: str


class RevokeApiKey(Command, frozen=True, kw_only=True):
    """End a key at once."""

    key: int
    why: str
