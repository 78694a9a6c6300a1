"""A person's file has each row that names them, found by a walk through all rows, and none that names somebody else alone.

Everything that can happen to a person happens to Ada and to Ben. The walk knows no field: it looks for numbers, ids and pseudonyms.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from firm import commands as c
from firm import inputs as i
from firm.accepted import AcceptedText
from firm.commands.command import Command
from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.facts import Fact
from firm.ids import id_text
from firm.kinds import BY_NAME
from firm.letters import Letter, MailEnd
from firm.overrides import Reinstate, WaiveRule
from firm.personal import destructions
from storage.person_export import export_pieces
from storage.readmodels.person_rows import PersonRows
from tests.loading import loaded
from web.front_told import front_told

STAGE = loaded("web_stage", Path(__file__).with_name("stage.py"))
PLAY = loaded("web_play", Path(__file__).with_name("play.py"))
OMAR = f"staff:{STAGE.OMAR}"  # an owner: nothing here is refused for who asks
DORA = STAGE._drawn("dora")
WHY = "as agreed, ticket 118"
SEALED = "ab" * 32
# Kinds of rows that name no trader though a field of theirs could, or that do not happen to this firm.
OF_NO_TRADER = {
    "by staff about the firm": {
        "EnrolBridge", "RevokeBridge", "SetBridgeMode", "AddStaff", "SetStaffRole", "SetStaffScope", "LetStaffGo", "DefineRole",
        "RetireRole", "IssueApiKey", "RotateApiKey", "RevokeApiKey", "PublishProgram", "RetireProgram", "AdoptCalendar",
        "AdoptMarketDays", "EngageKillSwitch", "ReleaseKillSwitch", "ResetBreaker", "NoteIncident", "PublishIncident",
        "CloseIncident", "StaffRoleSet", "StaffScopeSet", "StaffLeft", "RoleDefined", "RoleRetired", "ApiKeyIssued", "ApiKeyRotated",
        "ApiKeyRevoked", "ProgramRetired", "BreakerTripped", "KillSwitchEngaged", "KillSwitchReleaseAsked", "KillSwitchReleased",
        "IncidentNoted", "IncidentPublished", "IncidentClosed",
    },
    "what a bridge sent of nobody known": {"UnknownAccountReported", "EventRefused", "MonthForgotten"},
    "not played here": {
        "DeskStopped", "DeskResumed", "MessageParked", "InputRejected", "ChallengeHeld", "ChallengeReopened", "RuleBroken",
        "RuleSuspected", "RuleKeptAgain", "OverrideAsked", "ScorePublished",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Any:
    stage = PLAY.played(tmp_path_factory.mktemp("person") / "firm", crowd=3)
    for trader, name in ((STAGE.ADA, "ada"), (STAGE.BEN, "ben")):
        lived(stage, trader, name)
    accepted = (AcceptedText("terms", "/terms", "0" * 64),)
    stage.put(c.JoinFirm(by="portal", trader=DORA, sealed=SEALED, residence="34" * 32, accepted=accepted))
    stage.put(c.ConfirmAddress(by="portal", trader=DORA))
    stage.settle()
    yield stage
    stage.close()


def lived(stage: Any, trader: int, name: str) -> None:
    """Whatever people and staff can do about somebody, and what is told of them."""
    me, account = f"trader:{trader}", stage.accounts[name]
    judged = stage.accounts["ada lost" if name == "ada" else "ben suspected"]
    stage.settle()
    with stage.reader.connection() as book:
        sql = "SELECT max(seq) FROM ledger WHERE kind IN ('BreachDeclared', 'BreachSuspected') AND account = ?"
        [(decision,)] = book.execute(sql, (judged,))
    for body in (
        *of_signing_in(me, trader),
        *of_documents(me, trader, STAGE._drawn(f"{name} document")),
        *of_orders(me, trader, [STAGE._drawn(f"{name} order {place}") for place in range(6)]),
        *of_decisions(me, trader, judged, decision),
        *of_looks(trader, account),
        *of_accounts(trader, account),
    ):
        stage.put(body, getattr(body, "account", 0))
    stage.settle()
    [view] = stage.reader.newest_of_kind("BeginView", before=stage.ledger.size + 1, among=stage.ledger.size, limit=1)
    stage.put(c.SeePage(by=OMAR, trader=trader, view=view.seq, page=f"/accounts/{id_text(account)}"))
    stage.put(c.EndView(by=OMAR, trader=trader, view=view.seq, how=c.ViewEnd.ENDED))
    told = {"bridge": STAGE.BRIDGE, "seq": stage.next_seq(), "t_us": stage.now_us}
    stage.put(i.LoginReported(**told, logged_in=True, sealed=f"{account:064x}", whose=me), account)
    stage.waiting = []
    stage.put(c.EraseTrader(by=me, trader=trader, why=WHY, classes=destructions(stage.wall_us), gives_up=True))
    [closing, *_], stage.waiting = stage.waiting, None
    settled = {"bridge": STAGE.BRIDGE, "command": closing.command}
    stage.put(c.SettleCommand(by=OMAR, happened=True, why=WHY, **settled))
    stage.put(i.ErasureReported(trader=trader, klass="appeal", values=1, pooled=(), finished=True))
    stage.settle()


def of_signing_in(me: str, trader: int) -> list[i.Input]:
    letter = Letter.NEW_PASSWORD
    return [
        *(c.NoteSecurity(by=me, person=me, act=act, sealed=SEALED) for act in c.SecurityAct),
        c.NoteSecurity(by=OMAR, person=me, act=c.SecurityAct.FACTORS_RESET, why=WHY, sealed="cd" * 32),
        c.OweMail(by="portal", person=me, letter=letter),
        i.MailReported(mail=1, person=me, letter=letter, end=MailEnd.SENT, tries=1),
        c.AskAddressChange(by=me, person=me, sealed=SEALED),
        c.DropAddressChange(by=me, person=me),
        c.ChangeAddress(by="portal", person=me, sealed=SEALED),
        c.PlaceTrader(by=OMAR, trader=trader, region="north", why=WHY),
    ]


def of_documents(me: str, trader: int, document: int) -> list[i.Input]:
    kept = {"document_kind": DocumentKind.EVIDENCE, "form": DocumentForm.PDF, "size_bytes": 9, "trader": trader}
    return [
        c.KeepDocument(by=me, document=document, sealed=SEALED, **kept),
        c.KeepDocument(by=OMAR, document=document + 1, sealed="12" * 32, why=WHY, **kept),
        c.NoteDocumentRefused(by=me, trader=trader, document_kind=DocumentKind.IDENTITY, fault=DocumentFault.HEIC),
        c.OpenDocument(by=OMAR, trader=trader, document=document),
        c.DeleteDocument(by=OMAR, trader=trader, document=document, why=WHY),
        i.DeletionReported(trader=trader, document=document, sealed=SEALED),
    ]


def of_orders(me: str, trader: int, drawn: list[int]) -> list[i.Input]:
    (order, *accounts), (unpaid, *others) = drawn[:3], drawn[3:]
    return [
        c.PlaceOrder(by=me, order=unpaid, trader=trader, program="two-step-100k", accounts=tuple(others)),
        c.PlaceOrder(by=me, order=order, trader=trader, program="two-step-100k", accounts=tuple(accounts)),
        c.LapseOrder(by="courier", order=order),
        c.MarkOrderPaid(by=OMAR, order=order, reference="wire 9"),
        c.AdvanceChallenge(by=OMAR, order=order, why=WHY),
    ]


def of_decisions(me: str, trader: int, account: int, decision: int) -> list[i.Input]:
    about = {"account": account, "decision": decision}
    put_right = Reinstate(decision=decision)
    return [
        c.AppealDecision(by=me, trader=trader, sealed=SEALED, **about),
        c.AnswerAppeal(by=OMAR, trader=trader, outcome=c.AppealOutcome.STANDS, why=WHY, **about),
        c.ReviewVerdict(by=OMAR, outcome=c.ReviewOutcome.CONFIRM, why=WHY, **about),
        c.GrantOverride(by=OMAR, account=account, override=put_right, why=WHY, evidence="feed"),
    ]


def of_looks(trader: int, account: int) -> list[i.Input]:
    called = id_text(account)
    return [
        c.NoteAct(by=OMAR, act=c.StaffAct.PERSON_SOUGHT, trader=trader, about="/staff/traders", sealed="ef" * 32),
        c.NoteAct(by=OMAR, act=c.StaffAct.TRADES_TAKEN, on=account, about=f"/staff/accounts/{called}/trades.csv"),
        c.NoteAct(by=OMAR, act=c.StaffAct.TRACE_TAKEN, about=f"/staff/trace/account/{called}"),
        c.NoteAct(by="console", act=c.StaffAct.PERSON_TAKEN, trader=trader, about="evenhand person export"),
        c.BeginView(by=OMAR, trader=trader, on=account, role="risk", why=WHY, seconds=900),
    ]


def of_accounts(trader: int, account: int) -> list[i.Input]:
    waived = WaiveRule(rule="daily_loss", until_us=STAGE.START_US + 2 * STAGE.DAY_US)
    return [
        c.GrantOverride(by=OMAR, account=account, override=waived, why=WHY, evidence="feed"),
        c.PublishScore(by=OMAR, account=account, board="cup", score=1, why=WHY),
        c.EnforceAgain(by=OMAR, bridge=STAGE.BRIDGE, account=account),
        c.ResumeDesk(by=OMAR, desk=f"trader/{id_text(trader)}", why=WHY),
    ]


def file_of(stage: Any, trader: int) -> dict[str, str]:
    person = f"trader:{trader}"
    firm = stage.firm
    mine = front_told(firm.sessions, firm.devices, firm.drafts, person, stage.wall_us)
    pieces = export_pieces(stage.reader, stage.vault, trader, firm="Fairhaven", now_us=stage.wall_us, signed_in=mine)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(("json", "jsonl"))}


def rows_of(stage: Any, trader: int) -> dict[int, dict[str, Any]]:
    lines = [json.loads(line) for line in file_of(stage, trader)["ledger.jsonl"].splitlines()]
    rows = {line["seq"]: line for line in lines}
    assert len(rows) == len(lines), "a row is told once"
    return rows


def found_by_walk(stage: Any, trader: int) -> dict[int, str]:
    """The rows in which the trader's number or id stands, or that of an order or account of theirs."""
    with stage.reader.connection() as book:
        things = [trader]
        for column, table in (("account", "rm_account"), ('"order"', "rm_order")):
            things += [each for (each,) in book.execute(f"SELECT {column} FROM {table} WHERE trader = ?", (trader,))]
    words = "|".join(f"{each}|{id_text(each)}" for each in things)
    named = re.compile(rf"(?<![0-9A-Z])(?:{words})(?![0-9A-Z])")
    rows = stage.reader.rows(0, stage.reader.size())
    return {row.seq: row.kind for row in rows if row.account in things or named.search(row.payload.decode())}


@pytest.mark.parametrize("name", ["ADA", "BEN"])
def test_each_row_that_names_a_person_is_in_their_file(firm: Any, name: str) -> None:
    trader = getattr(STAGE, name)
    walked, told = found_by_walk(firm, trader), rows_of(firm, trader)
    assert {(seq, kind) for seq, kind in walked.items() if seq not in told} == set()
    rest = {seq: line for seq, line in told.items() if seq not in walked}
    # What names nobody and is about them all the same: the answer to what was asked, and what staff said of a command.
    assert {line["kind"] for line in rest.values()} <= {"Refused", "SettleCommand"}
    assert all(line["cause"] in walked for line in rest.values() if line["kind"] == "Refused")
    assert any(line["kind"] == "Refused" for line in rest.values())


def test_nothing_that_can_happen_to_a_person_was_left_out_of_the_play(firm: Any) -> None:
    played = {line["kind"] for trader in (STAGE.ADA, DORA) for line in rows_of(firm, trader).values()}
    known = set().union(*OF_NO_TRADER.values())
    assert sorted(PersonRows.kinds - played - known) == []
    assert not played & OF_NO_TRADER["by staff about the firm"]
    assert all(issubclass(BY_NAME[kind], Command | Fact | i.Input) for kind in known)


def test_no_row_of_another_person_alone_is_in_it(firm: Any) -> None:
    ada, ben = rows_of(firm, STAGE.ADA), rows_of(firm, STAGE.BEN)
    assert ada
    assert not ada.keys() & ben.keys()
    assert not ada.keys() & found_by_walk(firm, STAGE.BEN).keys()
    assert not ada.keys() & found_by_walk(firm, STAGE.CLEO).keys()


def test_staff_are_named_as_pages_name_them_and_from_where_they_came_is_theirs(firm: Any) -> None:
    told = file_of(firm, STAGE.ADA)["ledger.jsonl"]
    assert not re.search(r"staff:[0-9]", told)
    assert "the firm's staff" in told
    for number in (STAGE.RUTH, STAGE.OMAR):
        assert str(number) not in told
        assert id_text(number) not in told
    assert SEALED in told  # hers stand beside the values in sealed.jsonl
    assert not {"cd" * 32, "ef" * 32} & set(re.findall("[0-9a-f]{64}", told))


def test_sessions_and_devices_are_told_as_on_the_security_page(firm: Any) -> None:
    for name in ("ADA", "BEN"):
        person = f"trader:{getattr(STAGE, name)}"
        firm.session_of(person)
        firm.firm.devices.keep(person, f"cookie of {name}", f"Firefox of {name}", firm.wall_us)
    told = file_of(firm, STAGE.ADA)["signed-in.json"]
    mine = json.loads(told)
    assert [each["device"] for each in mine["devices"]] == ["Firefox of ADA"]
    [seat] = mine["sessions"]
    [(listed, _)] = firm.firm.sessions.listed(f"trader:{STAGE.ADA}", firm.wall_us)
    assert seat["name"] == listed
    assert mine["drafts"] == []
    assert "BEN" not in told


def test_somebody_who_signs_up_is_named_from_the_first_row_on(firm: Any) -> None:
    walked = found_by_walk(firm, DORA)
    told = "JoinFirm TraderRegistered TraderJoined MailOwed ConfirmAddress AddressConfirmed"
    assert list(walked.values()) == told.split()
    assert rows_of(firm, DORA).keys() == walked.keys()
