"""Act words: what somebody asked of the firm, as the record of acts keeps it: its kind, what it is about, and what it changes into what.

Whatever names a person does so by a pseudonym; a reason is as it was given.
"""

from typing import Any

import msgspec

from firm import commands as c
from firm.commands.command import Command
from firm.facts import BreakerTripped, DeskStopped, Fact, KillSwitchReleased
from firm.ids import id_text
from firm.permissions import scope_words
from firm.regions import region_words

_REASONS = ("why", "note", "sentence", "conclusion")
_ABOUT = ("about", "page", "bridge", "switch", "desk", "role", "board", "reference")


class Change(msgspec.Struct, frozen=True):
    """`subject` is in this state from now on; what it was before is its newest change before."""

    subject: str
    after: str


class Act(msgspec.Struct, frozen=True):
    """What was asked. `kind`: the command's name, or what was noted. `on`, `trader`, `member`, `order`: whom it concerns, 0 for nobody."""

    kind: str
    about: str
    why: str
    on: int
    trader: int
    member: int
    order: int
    change: Change | None


def act_of(asked: Command) -> Act:
    """The command as the record keeps it."""
    noted = asked.act.value if isinstance(asked, c.NoteAct | c.NoteSecurity) else type(asked).__name__
    person, _, number = str(_of(asked, "person", "")).partition(":")
    publication = _of(asked, "publication", None)
    why = publication.why if publication is not None else _first(asked, _REASONS)
    return Act(
        kind=noted,
        about=_about(asked),
        why=why,
        on=_of(asked, "account", 0) or _of(asked, "on", 0),
        trader=int(number) if person == "trader" else _of(asked, "trader", 0),
        member=int(number) if person == "staff" else _of(asked, "staff", 0),
        order=_of(asked, "order", 0),
        change=_of_people(asked) or _of_trade(asked) or _of_machine(asked),
    )


def change_by(fact: Fact) -> Change | None:
    """What a fact changes that no command said, or said otherwise."""
    match fact:
        case KillSwitchReleased():
            return Change(f"switch {fact.switch.value}", "released")
        case BreakerTripped():
            return Change("breaker", "tripped")
        case DeskStopped():
            return Change(f"desk {fact.desk}", "stopped")
        case _:
            return None


def _about(asked: Command) -> str:
    match asked:
        case c.PublishProgram():
            return asked.program.program
        case c.AdoptCalendar():
            return asked.calendar.name
        case c.AdoptMarketDays():
            return asked.days.name
        case c.ReviewVerdict():
            return f"decision {asked.decision}"
        case c.SettleCommand():
            return f"command {asked.command}"
        case c.NoteIncident() | c.PublishIncident() | c.CloseIncident():
            return f"incident {asked.incident}"
        case c.GrantOverride():
            return type(asked.override).__name__
        case c.RetireProgram() | c.PlaceOrder():
            return asked.program
        case c.IssueApiKey():
            return asked.name
        case c.DeleteDocument():
            return f"document {id_text(asked.document)}{', as no proof' if asked.no_proof else ''}"
        case c.SetStaffRole() | c.AddStaff() | c.BeginView():
            return ""
        case _:
            return _first(asked, _ABOUT)


def _of_people(asked: Command) -> Change | None:
    match asked:
        case c.AddStaff() | c.SetStaffRole():
            return Change(f"role of staff:{asked.staff}", asked.role)
        case c.LetStaffGo():
            return Change(f"role of staff:{asked.staff}", "left")
        case c.SetStaffScope():
            return Change(f"scope of staff:{asked.staff}", scope_words(asked.scope))
        case c.DefineRole():
            return Change(f"role {asked.role}", ", ".join(asked.permissions))
        case c.RetireRole():
            return Change(f"role {asked.role}", "retired")
        case c.RegisterTrader():
            return Change(f"trader {id_text(asked.trader)}", "registered")
        case c.PlaceTrader():
            return Change(f"region of {id_text(asked.trader)}", region_words(asked.region))
        case c.IssueApiKey():
            return Change(f"key {id_text(asked.key)}", f"issued, for {', '.join(asked.permissions)}")
        case c.RotateApiKey():
            return Change(f"key {id_text(asked.key)}", f"followed by {id_text(asked.follower)}")
        case c.RevokeApiKey():
            return Change(f"key {id_text(asked.key)}", "revoked")
        case c.EraseTrader():
            return Change(f"trader {id_text(asked.trader)}", "to be forgotten")
        case _:
            return None


def _of_trade(asked: Command) -> Change | None:
    match asked:
        case c.PublishProgram():
            return Change(f"program {asked.program.program}", f"on offer as {asked.program.fingerprint()[:16]}")
        case c.RetireProgram():
            return Change(f"program {asked.program}", "retired")
        case c.PlaceOrder():
            return Change(f"order {id_text(asked.order)}", "placed")
        case c.MarkOrderPaid():
            return Change(f"order {id_text(asked.order)}", "paid")
        case c.AdvanceChallenge():
            return Change(f"order {id_text(asked.order)}", "next phase opened")
        case c.ReviewVerdict():
            return Change(f"decision {asked.decision}", asked.outcome.value)
        case c.PublishScore():
            return Change(f"score of {id_text(asked.account)} on {asked.board}", f"{asked.score}")
        case c.AdoptCalendar():
            return Change(f"calendar {asked.calendar.name}", f"{len(asked.calendar.items)} releases")
        case c.AdoptMarketDays():
            return Change(f"days {asked.days.name}", f"{len(asked.days.days)} days")
        case _:
            return None


def _of_machine(asked: Command) -> Change | None:
    match asked:
        case c.EnrolBridge():
            return Change(f"bridge {asked.bridge}", "enforce" if asked.simulator else "observe")
        case c.SetBridgeMode():
            return Change(f"bridge {asked.bridge}", asked.mode.value)
        case c.RevokeBridge():
            return Change(f"bridge {asked.bridge}", "revoked")
        case c.EngageKillSwitch():
            return Change(f"switch {asked.switch.value}", "engaged")
        case c.ReleaseKillSwitch():
            return Change(f"switch {asked.switch.value}", "engaged, and one of two let go")
        case c.ResetBreaker():
            return Change("breaker", "reset")
        case c.ResumeDesk():
            return Change(f"desk {asked.desk}", "goes on")
        case c.SettleCommand():
            return Change(f"command {asked.command}", "had its effect" if asked.happened else "had no effect")
        case c.PublishIncident():
            return Change(f"words of incident {asked.incident}", asked.sentence if asked.shown else "not shown")
        case c.CloseIncident():
            return Change(f"incident {asked.incident}", "closed")
        case _:
            return None


def _of(asked: Command, field: str, otherwise: Any) -> Any:
    return getattr(asked, field, otherwise)


def _first(asked: Command, fields: tuple[str, ...]) -> str:
    return next((str(_of(asked, field, "")) for field in fields if _of(asked, field, "")), "")
