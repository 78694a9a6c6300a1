"""Permitted: whether whoever a command is by may ask it, from the staff desk's own state and not from what the border believed.

The border refuses first, with a page. This is what holds where the border is wrong.
"""

from typing import NamedTuple, Protocol

from actors.desk import Desk
from actors.enforcement_desk import EnforcementDesk
from actors.names import COURIER, STAFF, enforcement_desk, order_desk, trader_desk
from actors.order_desk import OrderDesk
from actors.staff_desk import StaffDesk
from actors.trader_desk import TraderDesk
from firm import commands as c
from firm.account import AccountState
from firm.facts import Refusal, Refused
from firm.permissions import CONSOLE, MEANS, Permission, Scope
from firm.permissions import STAFF as OF_STAFF
from firm.regions import NO_REGION
from firm.staff import NOBODY, Staff, why_not_reset

PORTAL = "portal"  # somebody who is not signed in
TRADER = "trader:"

P = Permission
NEEDED: dict[type[c.Command], tuple[Permission, ...]] = {
    c.EnrolBridge: (P.MANAGE_BRIDGES,),
    c.RevokeBridge: (P.MANAGE_BRIDGES,),
    c.SetBridgeMode: (P.MANAGE_BRIDGES,),
    c.AddStaff: (P.MANAGE_STAFF,),
    c.SetStaffRole: (P.MANAGE_STAFF,),
    c.SetStaffScope: (P.MANAGE_STAFF,),
    c.LetStaffGo: (P.MANAGE_STAFF,),
    c.DefineRole: (P.MANAGE_ROLES,),
    c.RetireRole: (P.MANAGE_ROLES,),
    c.IssueApiKey: (P.MANAGE_API_KEYS,),
    c.RotateApiKey: (P.MANAGE_API_KEYS,),
    c.RevokeApiKey: (P.MANAGE_API_KEYS,),
    c.NoteSecurity: (P.MANAGE_STAFF,),  # of others; everybody may of themselves, but for what `_not_of_them` refuses
    c.RegisterTrader: (P.REGISTER_TRADERS,),
    c.PlaceTrader: (P.REGISTER_TRADERS,),
    c.JoinFirm: (P.REGISTER_TRADERS,),
    c.ConfirmAddress: (P.REGISTER_TRADERS,),
    c.OweMail: (P.MANAGE_STAFF,),  # to others; everybody may to themselves
    c.AskAddressChange: (P.MANAGE_STAFF,),  # likewise
    c.ChangeAddress: (P.MANAGE_STAFF,),
    c.DropAddressChange: (P.MANAGE_STAFF,),  # likewise
    c.EraseTrader: (P.ERASE_TRADERS,),
    c.KeepDocument: (P.HAND_IN_DOCUMENTS,),  # in a trader's name; traders themselves theirs
    c.NoteDocumentRefused: (P.HAND_IN_DOCUMENTS,),  # likewise
    c.OpenDocument: (P.OPEN_DOCUMENTS,),
    c.DeleteDocument: (P.DELETE_DOCUMENTS,),  # likewise
    c.PublishProgram: (P.PUBLISH_PROGRAMS,),
    c.RetireProgram: (P.RETIRE_PROGRAMS,),
    c.AdoptCalendar: (P.ADOPT_CALENDARS,),
    c.AdoptMarketDays: (P.ADOPT_CALENDARS,),
    c.PlaceOrder: (P.REGISTER_TRADERS,),
    c.MarkOrderPaid: (P.BOOK_PAYMENTS,),
    c.LapseOrder: (P.BOOK_PAYMENTS,),
    c.AdvanceChallenge: (P.ADVANCE_PHASES,),
    c.ReviewVerdict: (P.REVIEW_DECISIONS,),
    c.AppealDecision: (P.REVIEW_DECISIONS,),  # for a trader who wrote a letter; traders themselves of theirs
    c.AnswerAppeal: (P.REVIEW_DECISIONS,),
    c.GrantOverride: (P.GRANT_OVERRIDES, P.AGREE_TO_OVERRIDES),  # which of them, the account's desk knows
    c.PublishScore: (P.PUBLISH_SCORES,),
    c.EngageKillSwitch: (P.ENGAGE_SWITCHES,),
    c.ReleaseKillSwitch: (P.RELEASE_SWITCHES,),
    c.ResetBreaker: (P.RESET_BREAKER,),
    c.ResumeDesk: (P.RESUME_DESKS,),
    c.SettleCommand: (P.SETTLE_COMMANDS,),
    c.EnforceAgain: (P.ORDER_ENFORCEMENT,),
    c.NoteIncident: (P.WRITE_INCIDENTS,),
    c.PublishIncident: (P.PUBLISH_INCIDENTS,),
    c.CloseIncident: (P.WRITE_INCIDENTS,),
    c.NoteAct: (P.ENTER,),
    c.BeginView: (P.VIEW_AS,),
    c.SeePage: (P.VIEW_AS,),
    c.EndView: (P.ENTER,),  # whoever may not look any more ends it all the same
}
"""What a member of staff needs for a command: one of these."""

_OF_COURIERS = frozenset(
    {c.AdoptCalendar, c.AdoptMarketDays, c.LapseOrder, c.EraseTrader}
)  # the last: the desk sees to whom
_OF_THE_PORTAL = frozenset(
    {c.JoinFirm, c.ConfirmAddress, c.OweMail, c.ChangeAddress, c.DropAddressChange}
)  # who holds a link is not signed in

_OF_ONESELF = (c.NoteSecurity, c.OweMail, c.AskAddressChange, c.DropAddressChange)  # staff, too

OF_WHO_ASKED = frozenset(
    {
        Refusal.UNKNOWN_STAFF, Refusal.NOT_PERMITTED, Refusal.UNKNOWN_PROGRAM, Refusal.UNKNOWN_ORDER, Refusal.UNKNOWN_ACCOUNT,
        Refusal.UNKNOWN_COMMAND,
    }
)  # fmt: skip
"""How a command is refused for who asked: they may not, or the thing is not there for them."""


class House(Protocol):
    """What is asked of the engine."""

    @property
    def desks(self) -> dict[str, Desk]: ...
    def desk(self, name: str) -> Desk: ...
    def account(self, account: int) -> AccountState | None: ...


def staff_of(house: House) -> Staff:
    """Everybody on the staff. Asking makes no desk: a desk that is there is state."""
    desk = house.desks.get(STAFF)
    return desk.state if isinstance(desk, StaffDesk) else NOBODY


def refusal_of(command: c.Command, house: House) -> Refused | None:
    """Why this command is not even decided; None where whoever it is by may ask it."""
    return _not_asked_by(command, house) or _not_of_them(command, house)


def _not_of_them(command: c.Command, house: House) -> Refused | None:
    """Second factors are taken from the staff by the rule of who may change whom, at the console, too."""
    if not isinstance(command, c.NoteSecurity) or command.act is not c.SecurityAct.FACTORS_RESET:
        return None
    if not command.person.startswith(OF_STAFF):
        return None
    no = why_not_reset(staff_of(house), command.by, command.person, command.why)
    return None if no is None else Refused(refusal=no[0], detail=no[1])


def _not_asked_by(command: c.Command, house: House) -> Refused | None:
    by, kind = command.by, type(command)
    if by == CONSOLE or (by == COURIER and kind in _OF_COURIERS) or (by == PORTAL and kind in _OF_THE_PORTAL):
        return None
    if by.startswith(TRADER) and _is_of_oneself(command, house):
        return None
    staff = staff_of(house)
    member = staff.working(by)
    if member is None:
        return Refused(refusal=Refusal.UNKNOWN_STAFF, detail=f"{by or 'nobody'} is nobody who works here")
    if isinstance(command, _OF_ONESELF) and _is_of_oneself(command, house):
        return None
    if not staff.of_member(member).intersection(NEEDED[kind]):
        return not_permitted(staff, by, NEEDED[kind][0])
    return _beyond_scope(command, house) if member.scope.is_limited else None


def _is_of_oneself(command: c.Command, house: House) -> bool:
    """Whether it concerns nobody but the person whom it is by, and is theirs to ask."""
    match command:
        case c.PlaceOrder() | c.EraseTrader() | c.KeepDocument() | c.NoteDocumentRefused() | c.DeleteDocument():
            return command.by == f"{TRADER}{command.trader}"
        case c.NoteSecurity() | c.OweMail() | c.AskAddressChange() | c.DropAddressChange():
            return command.by == command.person
        case c.LapseOrder():
            desk = house.desk(order_desk(command.order))
            return (
                isinstance(desk, OrderDesk) and desk.state is not None and command.by == f"{TRADER}{desk.state.trader}"
            )
        case c.AppealDecision():
            held = house.account(command.account)
            return held is not None and command.by == f"{TRADER}{command.trader}" == f"{TRADER}{held.trader}"
        case _:
            return False


def not_permitted(staff: Staff, by: str, needed: Permission) -> Refused:
    roles = ", ".join(staff.roles_with(needed))
    return Refused(refusal=Refusal.NOT_PERMITTED, detail=f"{by} may not {MEANS[needed]}; who may: {roles}")


class _Whose(NamedTuple):
    """What decides whether something is there for somebody whose scope is limited: its program, and the trader whose it is."""

    program: str
    trader: int


def _beyond_scope(command: c.Command, house: House) -> Refused | None:
    """What lies outside somebody's scope is not there for them."""
    scope = staff_of(house).scope_of(command.by)
    whose: _Whose | None
    match command:
        case c.PublishProgram():
            return _of_other_program(command.program.program, command, scope)
        case c.RetireProgram() | c.PlaceOrder():
            return _of_other_program(command.program, command, scope)
        case c.MarkOrderPaid() | c.LapseOrder() | c.AdvanceChallenge():
            whose, refusal, what = _of_order(command.order, house), Refusal.UNKNOWN_ORDER, "order"
        case (
            c.ReviewVerdict()
            | c.GrantOverride()
            | c.PublishScore()
            | c.EnforceAgain()
            | c.AppealDecision()
            | c.AnswerAppeal()
        ):
            whose, refusal, what = _of_account(command.account, house), Refusal.UNKNOWN_ACCOUNT, "account"
        case c.BeginView() | c.SeePage():
            return _of_no_account(command, house, scope)
        case c.SettleCommand():
            whose, refusal, what = _of_command(command, house), Refusal.UNKNOWN_COMMAND, "command"
        case _:
            return None  # of nobody's: whoever is limited holds no permission for what reaches all of them
    if whose is None:  # what is not there is refused by the desk that would have it
        return None
    if scope.holds(whose.program) and scope.reaches(_region_of(whose.trader, house)):
        return None
    return _not_there(refusal, what, command)


def _not_there(refusal: Refusal, what: str, command: c.Command) -> Refused:
    return Refused(refusal=refusal, detail=f"there is no such {what} in what {command.by} works on")


def _of_other_program(program: str, command: c.Command, scope: Scope) -> Refused | None:
    """Whoever is limited to regions lacks the permission for what reaches all of a program's."""
    return None if scope.holds(program) else _not_there(Refusal.UNKNOWN_PROGRAM, "program", command)


def _of_no_account(command: c.BeginView | c.SeePage, house: House, scope: Scope) -> Refused | None:
    """A trader is there for somebody who works on their region, and on a program that they have or ordered."""
    desk = house.desk(trader_desk(command.trader))
    if not isinstance(desk, TraderDesk):
        return None
    has_program = scope.programs is None or any(map(scope.holds, desk.programs))
    if has_program and scope.reaches(desk.state.region):
        return None
    return _not_there(Refusal.UNKNOWN_TRADER, "trader", command)


def _region_of(trader: int, house: House) -> str:
    desk = house.desk(trader_desk(trader))
    return desk.state.region if isinstance(desk, TraderDesk) else NO_REGION


def _of_account(account: int, house: House) -> _Whose | None:
    state = house.account(account)
    return None if state is None else _of_order(state.challenge, house)  # a challenge has its order's number


def _of_order(order: int, house: House) -> _Whose | None:
    desk = house.desk(order_desk(order))
    if not isinstance(desk, OrderDesk) or desk.state is None:
        return None
    return _Whose(desk.state.program.program, desk.state.trader)


def _of_command(command: c.SettleCommand, house: House) -> _Whose | None:
    desk = house.desks.get(enforcement_desk(command.bridge))
    found = desk.state.commands.get(command.command) if isinstance(desk, EnforcementDesk) else None
    return None if found is None else _of_account(found.account, house)
