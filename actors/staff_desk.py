"""Staff desk: who works for the firm, in which role and for what of it, and the keys that machines have from them.

Names and credentials are in the vault.
"""

from msgspec.structs import replace

from actors.desk import Turn
from actors.messages import Message
from firm import api_keys_asked as keys_judged
from firm import staff as judged
from firm.api_keys import OPEN_TO_KEYS, ApiKey
from firm.commands import (
    AddStaff,
    DefineRole,
    IssueApiKey,
    LetStaffGo,
    RetireRole,
    RevokeApiKey,
    RotateApiKey,
    SetStaffRole,
    SetStaffScope,
)
from firm.facts import (
    ApiKeyIssued,
    ApiKeyRevoked,
    ApiKeyRotated,
    Fact,
    Refused,
    RoleDefined,
    RoleRetired,
    StaffAdded,
    StaffLeft,
    StaffRoleSet,
    StaffScopeSet,
)
from firm.inputs import Input
from firm.permissions import STAFF, Permission
from firm.staff import NOBODY, Member, No, Staff, role_of

OfKeys = IssueApiKey | RotateApiKey | RevokeApiKey
OfPeople = AddStaff | SetStaffRole | SetStaffScope | LetStaffGo | DefineRole | RetireRole
Asked = OfPeople | OfKeys


class StaffDesk:
    """The firm's one staff list, and its roles."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = NOBODY

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        staff = self.state
        match body:
            case StaffAdded():
                role, written = role_of(body.role, staff)
                self._keep(body.staff, Member(role=role, since_us=happened_us, written=written))
            case StaffRoleSet():
                member = replace(staff.members[body.staff], role=body.role, since_us=happened_us, written="")
                self._keep(body.staff, member)
            case StaffScopeSet():
                self._keep(body.staff, replace(staff.members[body.staff], scope=body.scope))
            case StaffLeft():
                self._keep(body.staff, replace(staff.members[body.staff], left_us=happened_us))
                self._keep_keys({n: key for n, key in staff.keys.items() if key.owner != f"{STAFF}{body.staff}"})
            case RoleDefined():
                self.state = replace(staff, roles={**staff.roles, body.role: body.permissions})
            case RoleRetired():
                roles = {name: held for name, held in staff.roles.items() if name != body.role}
                self.state = replace(staff, roles=roles)
            case ApiKeyIssued() | ApiKeyRotated() | ApiKeyRevoked():
                self._keep_keys(_keys_after(body, keys_judged.good_keys(staff, happened_us), happened_us))

    def _keep_keys(self, keys: dict[int, ApiKey]) -> None:
        self.state = replace(self.state, keys=keys)

    def _keep(self, number: int, member: Member) -> None:
        self.state = replace(self.state, members={**self.state.members, number: member})

    def capture(self) -> Staff:
        return self.state

    def restore(self, state: Staff) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        assert isinstance(message, Asked), f"{self.name} takes no {type(message).__name__}"
        no = self._why_not(message, turn.at_us)
        turn.record(_done(message, self.state) if no is None else Refused(refusal=no[0], detail=no[1]))

    def _why_not(self, asked: Asked, now_us: int) -> No | None:
        staff, by = self.state, asked.by
        match asked:
            case AddStaff():
                return judged.why_not_add(staff, by, asked.staff, asked.role)
            case SetStaffRole():
                return judged.why_not_role(staff, by, asked.staff, asked.role, asked.why)
            case SetStaffScope():
                return judged.why_not_scope(staff, by, asked.staff, asked.scope, asked.why)
            case LetStaffGo():
                return judged.why_not_leave(staff, by, asked.staff, asked.why)
            case DefineRole():
                return judged.why_not_define(staff, by, asked.role, asked.permissions, asked.why)
            case RetireRole():
                return judged.why_not_retire(staff, by, asked.role, asked.why)
            case IssueApiKey():
                return keys_judged.why_not_issue(staff, asked, now_us)
            case RotateApiKey():
                return keys_judged.why_not_rotate(staff, asked, now_us)
            case RevokeApiKey():
                return keys_judged.why_not_revoke(staff, asked, now_us)


def _done(asked: Asked, staff: Staff) -> Fact:
    match asked:
        case AddStaff():
            return StaffAdded(staff=asked.staff, role=role_of(asked.role, staff)[0])
        case SetStaffRole():
            before, role = staff.members[asked.staff].role, role_of(asked.role, staff)[0]
            return StaffRoleSet(staff=asked.staff, role=role, before=before, by=asked.by, why=asked.why)
        case SetStaffScope():
            return StaffScopeSet(staff=asked.staff, scope=asked.scope, by=asked.by, why=asked.why)
        case LetStaffGo():
            return StaffLeft(staff=asked.staff, by=asked.by, why=asked.why)
        case DefineRole():
            # In the order of the permissions themselves, and with the one without which nobody could use the others.
            named = {*asked.permissions, Permission.ENTER}
            held = tuple(one.value for one in Permission if one in named)
            return RoleDefined(role=asked.role, permissions=held, by=asked.by, why=asked.why)
        case RetireRole():
            return RoleRetired(role=asked.role, by=asked.by, why=asked.why)
        case _:
            return _done_with_key(asked)


def _done_with_key(asked: OfKeys) -> Fact:
    match asked:
        case IssueApiKey():
            held = tuple(one.value for one in OPEN_TO_KEYS if one in asked.permissions)
            return ApiKeyIssued(
                key=asked.key, name=asked.name, permissions=held, scope=asked.scope, expires_us=asked.expires_us,
                sealed=asked.sealed, by=asked.by, why=asked.why,
            )  # fmt: skip
        case RotateApiKey():
            return ApiKeyRotated(
                key=asked.key, follower=asked.follower, until_us=asked.until_us, expires_us=asked.expires_us,
                sealed=asked.sealed, by=asked.by,
            )  # fmt: skip
        case RevokeApiKey():
            return ApiKeyRevoked(key=asked.key, by=asked.by, why=asked.why)


def _keys_after(
    fact: ApiKeyIssued | ApiKeyRotated | ApiKeyRevoked, keys: dict[int, ApiKey], now_us: int
) -> dict[int, ApiKey]:
    """Those that are good, as the fact leaves them; whoever rotates a key answers for the one that follows."""
    match fact:
        case ApiKeyIssued():
            fresh = ApiKey(
                name=fact.name, owner=fact.by, permissions=fact.permissions, issued_us=now_us, expires_us=fact.expires_us,
                sealed=fact.sealed, scope=fact.scope,
            )  # fmt: skip
            return {**keys, fact.key: fresh}
        case ApiKeyRotated():
            before = keys[fact.key]
            kept = replace(before, expires_us=min(before.expires_us, fact.until_us), follower=fact.follower)
            fresh = replace(
                before, owner=fact.by, issued_us=now_us, expires_us=fact.expires_us, sealed=fact.sealed, follower=0
            )
            return {**keys, fact.key: kept, fact.follower: fresh}
        case ApiKeyRevoked():
            return {number: key for number, key in keys.items() if number != fact.key}
