"""Desk rows: which ledger rows concern which desk, for all but what comes by the thousand, so that a desk's trace finds its rows.

An account's rows hang together in its chain already. Of them only those that mark its way are here: from one of them the chain is
entered near any instant. Prices, clock ticks and what platforms report of accounts are left out: who asks for them walks the ledger.
"""

from collections.abc import Iterator, Sequence

import apsw

from firm import commands as c
from firm import facts as f
from firm import inputs as i
from firm.ids import id_text
from firm.kinds import Body
from firm.terms.words import Action
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_desk_row (
    desk TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (desk, seq)
) STRICT, WITHOUT ROWID;
"""

RISK = "risk"
CATALOGUE = "catalogue"
INCIDENTS = "incidents"
EVERY_ENFORCEMENT = "enforcement/"  # what concerns the enforcement desk of each bridge

# What marks an account's way.
OF_ACCOUNTS = kinds_of(
    f.AccountOpened, f.AccountLinked, f.StandingChanged, f.DayOpened, f.DayAnchored, f.DayStartMoved, f.WeekStartMoved, f.CycleStartMoved,
    f.BreachDeclared, f.BreachSuspected, f.RuleBroken, f.RuleSuspected, f.RuleKeptAgain, f.BreachWaived, f.LimitNeared,
    f.TargetReached, f.TargetLeft,
    f.VerdictCorrected, f.AccountPaused, f.AccountRestricted, f.HighMoved, f.DayClosed, f.PayoutBooked, f.PhasePassed,
    f.PassHeld, f.DriftFound, f.DriftCleared, f.PositionsDrifted, f.CashBooked, f.TradingDayCounted,
    f.CommandQueued, f.CommandWithheld, f.FlatConfirmed, c.ReviewVerdict, c.EnforceAgain,
    c.GrantOverride, f.OverrideAsked, f.OverrideGranted, c.PublishScore, f.ScorePublished, f.PassesFrozen, f.OutageAssessed,
)  # fmt: skip
# What comes by the thousand, and is sent to the desks of a kind all the same.
STREAMS: dict[str, frozenset[str]] = {
    "market": kinds_of(
        i.QuoteFrame, i.Watermark, i.AccountReported, i.EquityReported, i.DealReported, i.PositionReported, i.OrderReported,
        i.CashReported, i.SnapshotReported, i.LoginReported,
    ),
    "bridge": kinds_of(
        i.QuoteFrame, i.Watermark, i.AccountReported, i.EquityReported, i.DealReported, i.PositionReported, i.OrderReported,
        i.CashReported, i.SnapshotReported, i.LoginReported, i.UnknownAccountReported, i.EventRefused,
    ),
    "enforcement": kinds_of(i.AccountReported, i.SnapshotReported, i.ClockTicked),
    INCIDENTS: kinds_of(i.ClockTicked),
}  # fmt: skip
# What comes of an account by the thousand: what its platform reports, its prices and its marks. What follows from them stays.
BESIDE_ACCOUNTS = STREAMS["market"] | kinds_of(f.QuoteUsed, f.MarkTaken, f.PeakReached)
_OF_OTHERS = kinds_of(
    i.SymbolReported, i.PlatformReported, i.GapReported, i.BackfillReported, f.QuotesRefused, f.SanityBandLeft,
    i.BridgeConnected, i.BridgeDisconnected, i.CommandAcknowledged, i.CommandReported, c.EnrolBridge, c.RevokeBridge,
    c.SetBridgeMode, f.BridgeEnrolled, f.BridgeModeChanged, f.BridgeRevoked, c.SettleCommand, f.CommandAdvanced,
    f.CommandProbed, c.PlaceOrder, f.OrderPlaced, c.MarkOrderPaid, f.OrderPaid, f.ChallengeOpened, f.ChallengeAdvanced,
    f.ChallengeEnded, f.ChallengeHeld, f.ChallengeReopened, c.AdvanceChallenge, c.RegisterTrader, f.TraderRegistered,
    c.PlaceTrader, f.TraderPlaced,
    c.EraseTrader, i.ErasureReported, f.ErasureOrdered, f.ValuesForgotten, c.JoinFirm, f.TraderJoined, c.ConfirmAddress, f.AddressConfirmed,
    c.BeginView, c.SeePage, c.EndView, f.ViewBegan, f.PageSeen, f.ViewEnded,
    c.KeepDocument, c.NoteDocumentRefused, c.OpenDocument, c.DeleteDocument,
    f.DocumentKept, f.DocumentRefused, f.DocumentOpened, f.DocumentDeleted,
    c.PublishProgram, f.ProgramPublished, c.RetireProgram, f.ProgramRetired,
    c.EngageKillSwitch, c.ReleaseKillSwitch, c.ResetBreaker, f.BreakerTripped, f.BreakerReset,
    f.KillSwitchEngaged, f.KillSwitchReleaseAsked, f.KillSwitchReleased, f.DeskStopped, f.DeskResumed, f.MessageParked,
    c.ResumeDesk, f.IncidentOpened, f.IncidentExtended, f.PricesReturned, f.IncidentEnded, f.IncidentNoted,
    f.IncidentPublished, f.IncidentClosed, c.NoteIncident, c.PublishIncident, c.CloseIncident,
)  # fmt: skip
_OF_TRADERS = (
    c.RegisterTrader | f.TraderRegistered | c.PlaceTrader | f.TraderPlaced
    | c.EraseTrader | i.ErasureReported | f.ErasureOrdered | f.ValuesForgotten
    | c.JoinFirm | f.TraderJoined | c.ConfirmAddress | f.AddressConfirmed
    | c.KeepDocument | c.NoteDocumentRefused | c.OpenDocument | c.DeleteDocument
    | f.DocumentKept | f.DocumentRefused | f.DocumentOpened | f.DocumentDeleted
    | c.BeginView | c.SeePage | c.EndView | f.ViewBegan | f.PageSeen | f.ViewEnded
)  # fmt: skip
_ASKED_RISK = frozenset({f.Doubt.KILL_SWITCH, f.Doubt.MASS_BREACH})


class DeskRows:
    """The `desk_rows` read model."""

    name = "desk_rows"
    version = 9
    schema = SCHEMA
    kinds = OF_ACCOUNTS | _OF_OTHERS

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        found = [(desk, row.seq, row.kind) for row, body in rows for desk in desks_of(body, row.account)]
        connection.executemany("INSERT INTO rm_desk_row (desk, seq, kind) VALUES (?, ?, ?)", found)


def desks_of(body: Body, account: int) -> frozenset[str]:
    """The desks that a row concerns: those it was sent to, those that recorded it, and those whose state it changes."""
    desks = set(_by_content(body))
    if account and type(body).__name__ in OF_ACCOUNTS:
        desks.add(f"account/{id_text(account)}")
    return frozenset(desks)


def _by_content(body: Body) -> tuple[str, ...]:  # noqa: C901  (a table of rows)
    match body:
        case i.SymbolReported() | i.PlatformReported() | i.BackfillReported():
            return _of_bridge(body.bridge, "market", "bridge")
        case i.GapReported():
            return (*_of_bridge(body.bridge, "market", "bridge"), INCIDENTS)
        case f.QuotesRefused() | f.SanityBandLeft():
            return _of_bridge(body.bridge, "market")
        case i.BridgeConnected():
            return _of_bridge(body.bridge, "market", "bridge", "enforcement")
        case i.BridgeDisconnected() | i.CommandAcknowledged() | i.CommandReported():
            return _of_bridge(body.bridge, "bridge", "enforcement")
        case f.BridgeEnrolled():
            return (*_of_bridge(body.bridge, "bridge", "enforcement"), INCIDENTS)
        case f.BridgeModeChanged():
            return _of_bridge(body.bridge, "bridge", "enforcement")
        case f.BridgeRevoked():
            return (*_of_bridge(body.bridge, "bridge"), INCIDENTS)
        case c.EnrolBridge() | c.RevokeBridge() | c.SetBridgeMode():
            return _of_bridge(body.bridge, "bridge")
        case c.SettleCommand() | c.EnforceAgain():
            return _of_bridge(body.bridge, "enforcement")
        case f.CommandQueued() | f.CommandAdvanced() | f.CommandProbed() | f.CommandWithheld() | f.FlatConfirmed():
            return _of_bridge(body.bridge, "enforcement")
        case c.PlaceOrder() | f.OrderPlaced():
            return (f"order/{id_text(body.order)}", f"trader/{id_text(body.trader)}")
        case c.MarkOrderPaid() | f.OrderPaid() | c.AdvanceChallenge():
            return (f"order/{id_text(body.order)}",)
        case f.AccountOpened() | f.ChallengeHeld():
            return (f"order/{id_text(body.challenge)}", f"trader/{id_text(body.trader)}")
        case f.ChallengeOpened() | f.ChallengeAdvanced() | f.ChallengeEnded() | f.ChallengeReopened():
            return (f"order/{id_text(body.challenge)}",)
        case _ if isinstance(body, _OF_TRADERS):
            return (f"trader/{id_text(body.trader)}",)
        case c.PublishProgram() | f.ProgramPublished() | c.RetireProgram() | f.ProgramRetired():
            return (CATALOGUE,)
        case c.EngageKillSwitch() | c.ReleaseKillSwitch() | c.ResetBreaker() | f.KillSwitchReleaseAsked():
            return (RISK,)
        case f.BreakerTripped() | f.BreakerReset() | f.BreachDeclared() | f.StandingChanged() | f.PhasePassed():
            return (RISK,)
        case f.RuleBroken() if body.does is Action.FAIL:
            return (RISK,)
        case f.BreachSuspected() | f.RuleSuspected() | f.PassHeld() if _ASKED_RISK & set(body.doubts):
            return (RISK,)
        case f.KillSwitchEngaged() | f.KillSwitchReleased():
            return (RISK, EVERY_ENFORCEMENT)
        case f.DeskStopped() | f.DeskResumed() | f.MessageParked() | c.ResumeDesk():
            return (body.desk,)
        case _:
            return _of_incident(body)


def _of_incident(body: Body) -> tuple[str, ...]:
    match body:
        case f.IncidentOpened() | f.IncidentExtended() | f.PricesReturned() | f.IncidentEnded():
            return (*_of_bridge(body.bridge, "market"), INCIDENTS)
        case f.PassesFrozen() | f.OutageAssessed() | f.IncidentNoted() | f.IncidentPublished() | f.IncidentClosed():
            return (INCIDENTS,)
        case c.NoteIncident() | c.PublishIncident() | c.CloseIncident():
            return (INCIDENTS,)
        case _:
            return ()


def _of_bridge(bridge: str, *kinds: str) -> tuple[str, ...]:
    return tuple(f"{kind}/{bridge}" for kind in kinds)


def seqs_back(connection: apsw.Connection, desk: str, kind: str, low: int, high: int, limit: int) -> list[int]:
    """The rows of a desk in [low, high), of one kind or of all where it is empty, newest first."""
    sql = "SELECT seq FROM rm_desk_row WHERE desk = ?1 AND seq >= ?2 AND seq < ?3 AND ?4 IN ('', kind) ORDER BY seq DESC LIMIT ?5"
    keys = (desk, EVERY_ENFORCEMENT) if desk.startswith(EVERY_ENFORCEMENT) else (desk,)
    found = {seq for key in keys for (seq,) in connection.execute(sql, (key, low, high, kind, limit))}
    return sorted(found, reverse=True)[:limit]


def first_at_or_after(connection: apsw.Connection, desk: str, seq: int) -> int | None:
    """The first row of the desk from `seq` on, of those that are kept here."""
    sql = "SELECT seq FROM rm_desk_row WHERE desk = ? AND seq >= ? ORDER BY seq LIMIT 1"
    row = connection.execute(sql, (desk, seq)).fetchone()
    return None if row is None else int(row[0])


def kinds_seen(connection: apsw.Connection, desk: str) -> Iterator[str]:
    """The kinds of the desk's rows, as far as they are kept here."""
    keys = (desk, EVERY_ENFORCEMENT) if desk.startswith(EVERY_ENFORCEMENT) else (desk,)
    for key in keys:
        yield from (
            kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM rm_desk_row WHERE desk = ?", (key,))
        )
