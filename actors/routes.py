"""Routes: which desks decide on an input, and which desks' states a row changes.

An input is delivered to its desks one after another, each to quiescence. A row is folded by every desk whose state derives
from it, live and when a ledger is folded without deciding, so that both lead to the same state.
"""

from typing import get_args

from actors.names import (
    CALENDARS,
    CATALOGUE,
    ENGINE,
    INCIDENTS,
    RISK,
    SECURITY,
    STAFF,
    account_desk,
    appeals_desk,
    bridge_desk,
    enforcement_desk,
    market_desk,
    order_desk,
    trader_desk,
)
from firm import commands as c
from firm import facts as f
from firm import inputs as i
from firm.account import AccountState
from firm.kinds import Body
from firm.overrides import Reinstate

_MACHINE = (
    i.ClockTicked
    | i.EpochOpened
    | i.EpochClosed
    | i.EngineResumed
    | i.PolicyAdopted
    | i.SnapshotWritten
    | i.SegmentSealed
    | i.LedgerForked
    | i.MasterRotationBegun
    | i.MasterRotationEnded
)
_OF_TRADERS = (
    f.TraderRegistered
    | f.TraderJoined
    | f.TraderPlaced
    | f.AddressConfirmed
    | f.ErasureOrdered
    | f.ValuesForgotten
    | f.DocumentKept
    | f.DocumentOpened
    | f.DocumentDeleted
)
_OF_STAFF = (
    f.StaffAdded
    | f.StaffRoleSet
    | f.StaffScopeSet
    | f.StaffLeft
    | f.RoleDefined
    | f.RoleRetired
    | f.ApiKeyIssued
    | f.ApiKeyRotated
    | f.ApiKeyRevoked
)
_PUT_RIGHT = frozenset(
    {"exonerated", "withdrawn", "dismissed", "overridden"}
)  # later words by which a trader's account is better off
_FROM_BRIDGES = frozenset(kind for kind in get_args(i.Arriving) if "bridge" in kind.__struct_fields__)

# Nearly all rows are of these kinds: found by their type at once, and not after the whole table of the others.
_TO_MARKET_AND_ACCOUNT: frozenset[type[Body]] = frozenset(
    {
        i.EquityReported,
        i.DealReported,
        i.DealUpdateReported,
        i.DealDeleteReported,
        i.PositionReported,
        i.OrderReported,
        i.CashReported,
        i.LoginReported,
    }
)
_OF_BRIDGE_AND_ACCOUNT: frozenset[type[Body]] = _TO_MARKET_AND_ACCOUNT | {
    i.QuoteFrame,
    i.Watermark,
    f.DealBooked,
    f.TradingDayCounted,
    f.MarkTaken,
    f.QuoteUsed,
    f.PeakReached,
}

_TO_SECURITY = frozenset(
    {c.NoteSecurity, c.NoteAct, c.OweMail, c.AskAddressChange, c.ChangeAddress, c.DropAddressChange, i.MailReported}
)


def deciding(body: i.Input, account: int, bridges: tuple[str, ...]) -> tuple[str, ...]:  # noqa: C901  (a table of inputs)
    """The desks that decide on an input, in order. Time passes on the bridge's market before anything else looks."""
    if type(body) in _TO_MARKET_AND_ACCOUNT:
        return _with_account((market_desk(_bridge_of(body)),), account, ())
    if type(body) in _TO_SECURITY:
        return (SECURITY,)
    match body:
        case i.QuoteFrame() | i.Watermark() | i.SymbolReported() | i.PlatformReported() | i.BackfillReported():
            return (market_desk(body.bridge),)
        case i.GapReported():
            return (market_desk(body.bridge), INCIDENTS)
        case i.AccountReported() | i.SnapshotReported():
            return _with_account((market_desk(body.bridge),), account, (enforcement_desk(body.bridge),))
        case i.BridgeConnected():
            return (market_desk(body.bridge), enforcement_desk(body.bridge))
        case i.CommandAcknowledged() | i.CommandReported() | i.BridgeDisconnected():
            return (enforcement_desk(body.bridge),)
        case i.ClockTicked():
            return (ENGINE, *(enforcement_desk(bridge) for bridge in bridges), *((INCIDENTS,) if bridges else ()))
        case c.NoteIncident() | c.PublishIncident() | c.CloseIncident():
            return (INCIDENTS,)
        case c.EnrolBridge() | c.RevokeBridge() | c.SetBridgeMode():
            return (bridge_desk(body.bridge),)
        case c.PublishProgram() | c.RetireProgram() | c.PlaceOrder():
            return (CATALOGUE,)
        case c.AdoptCalendar() | c.AdoptMarketDays():
            return (CALENDARS,)
        case c.BeginView() | c.SeePage() | c.EndView() | c.PlaceTrader():
            return (trader_desk(body.trader),)
        case c.RegisterTrader() | c.JoinFirm() | c.ConfirmAddress() | c.EraseTrader() | i.ErasureReported():
            return (trader_desk(body.trader),)
        case c.KeepDocument() | c.NoteDocumentRefused() | c.OpenDocument() | c.DeleteDocument():
            return (trader_desk(body.trader),)
        case c.MarkOrderPaid() | c.LapseOrder() | c.AdvanceChallenge():
            return (order_desk(body.order),)
        case c.AppealDecision() | c.AnswerAppeal():
            return (appeals_desk(body.trader),)
        case c.ReviewVerdict() | c.GrantOverride() | c.PublishScore():
            return (account_desk(body.account),)
        case c.EngageKillSwitch() | c.ReleaseKillSwitch() | c.ResetBreaker():
            return (RISK,)
        case c.AddStaff() | c.SetStaffRole() | c.SetStaffScope() | c.LetStaffGo() | c.DefineRole() | c.RetireRole():
            return (STAFF,)
        case c.IssueApiKey() | c.RotateApiKey() | c.RevokeApiKey():
            return (STAFF,)
        case c.SettleCommand() | c.EnforceAgain():
            return (enforcement_desk(body.bridge),)
        case _:
            return (ENGINE,)


def folding(body: Body, account: int, held: AccountState | None, bridges: tuple[str, ...]) -> tuple[str, ...]:
    """The desks whose state a row changes. `held` is the state of the row's account, if it is open."""
    if type(body) in _OF_BRIDGE_AND_ACCOUNT:
        return _folding_bridge_and_account(body, account, held)
    return _folding_rarer(body, account, held, bridges)


def _folding_rarer(body: Body, account: int, held: AccountState | None, bridges: tuple[str, ...]) -> tuple[str, ...]:  # noqa: C901  (a table of rows)
    match body:
        case f.StandingChanged():
            assert held is not None, f"account {account} changed its standing before it was opened"
            return (account_desk(account), trader_desk(held.trader), RISK)
        case f.AccountOpened():
            return (account_desk(account), trader_desk(body.trader))
        case f.BreachDeclared():
            return (account_desk(account), RISK)
        case f.AccountLinked() | f.OverrideGranted() | f.VerdictCorrected():
            return _linked_or_put_right(body, account, held)
        case f.CommandQueued() | f.CommandAdvanced() | f.CommandProbed() | f.CommandWithheld() | f.FlatConfirmed():
            return (enforcement_desk(body.bridge),)
        case f.ChallengeAdvanced() | f.ChallengeEnded() | f.ChallengeReopened() | f.ChallengeOpened():
            return (order_desk(body.challenge),)
        case f.OrderPlaced() | f.OrderLapsed() | f.ChallengeHeld():
            return _of_order_and_trader(body)
        case f.OrderPaid():
            return (order_desk(body.order),)
        case _ if isinstance(body, _OF_TRADERS):
            return (trader_desk(body.trader),)
        case _ if isinstance(body, _OF_STAFF):
            return (STAFF,)
        case f.ProgramPublished() | f.ProgramRetired():
            return (CATALOGUE,)
        case f.CalendarAdopted() | f.MarketDaysAdopted():
            return (CALENDARS,)
        case f.BridgeEnrolled():
            return (bridge_desk(body.bridge), enforcement_desk(body.bridge), ENGINE, INCIDENTS)
        case f.BridgeModeChanged():
            return (bridge_desk(body.bridge), enforcement_desk(body.bridge))
        case f.BridgeRevoked():
            return (bridge_desk(body.bridge), INCIDENTS)
        case f.BreakerTripped() | f.BreakerReset() | f.KillSwitchReleaseAsked():
            return (RISK,)
        case f.KillSwitchEngaged() | f.KillSwitchReleased():
            return (RISK, *(enforcement_desk(bridge) for bridge in bridges))
        case f.DeskStopped() | f.DeskResumed() | f.MessageParked():
            return (ENGINE,)
        case i.SymbolReported() | i.PlatformReported() | i.GapReported():
            return (bridge_desk(body.bridge), market_desk(body.bridge))
        case i.BridgeConnected() | i.BridgeDisconnected():
            return (bridge_desk(body.bridge), enforcement_desk(body.bridge))
        case i.AccountReported() | i.SnapshotReported():
            return (*_folding_bridge_and_account(body, account, held), enforcement_desk(body.bridge))
        case _ if isinstance(body, _MACHINE):
            return (ENGINE,)
        case _:
            return _folding_rarest(body, account) or _folding_bridge_and_account(body, account, held)


def _linked_or_put_right(
    body: f.AccountLinked | f.OverrideGranted | f.VerdictCorrected, account: int, held: AccountState | None
) -> tuple[str, ...]:
    """Of the account; and of its trader's appeals, where it is better off by it."""
    assert held is not None, f"account {account} was linked, or something of it put right, before it was opened"
    match body:
        case f.AccountLinked():
            return (account_desk(account), enforcement_desk(held.bridge))
        case f.OverrideGranted(override=Reinstate()):
            return (account_desk(account), enforcement_desk(held.bridge), appeals_desk(held.trader))
        case f.VerdictCorrected() if body.verdict not in _PUT_RIGHT:
            return (account_desk(account),)
        case _:
            return (account_desk(account), appeals_desk(held.trader))


def _folding_rarest(body: Body, account: int) -> tuple[str, ...]:
    match body:
        case f.IncidentOpened() | f.IncidentExtended() | f.PricesReturned() | f.IncidentEnded():
            return (INCIDENTS, market_desk(body.bridge))
        case f.IncidentNoted() | f.IncidentPublished() | f.IncidentClosed():
            return (INCIDENTS,)
        case f.PassesFrozen() | f.OutageAssessed():
            return (account_desk(account), INCIDENTS)
        case f.DecisionAppealed() | f.AppealAnswered():
            return (appeals_desk(body.trader),)
        case _:
            return ()


def _of_order_and_trader(body: f.OrderPlaced | f.OrderLapsed | f.ChallengeHeld) -> tuple[str, ...]:
    order = body.challenge if isinstance(body, f.ChallengeHeld) else body.order  # a challenge has its order's number
    return (order_desk(order), trader_desk(body.trader))


def _folding_bridge_and_account(body: Body, account: int, held: AccountState | None) -> tuple[str, ...]:
    bridge = _bridge_of(body)
    if held is None:
        return (bridge_desk(bridge),) if bridge else ()
    return (bridge_desk(bridge), account_desk(account)) if bridge else (account_desk(account),)


def _bridge_of(body: Body) -> str:
    """The bridge that an input came from; "" where it came from none, whatever it says of one."""
    bridge: str = getattr(body, "bridge", "") if type(body) in _FROM_BRIDGES else ""
    return bridge


def _with_account(first: tuple[str, ...], account: int, last: tuple[str, ...]) -> tuple[str, ...]:
    return (*first, account_desk(account), *last) if account else (*first, *last)
