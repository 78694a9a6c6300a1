"""The record of what staff did, as a page and as files: found by anything, a page at a time, for those who may, and no formula."""

import csv
import html
import io
import json
import re

import pytest

from firm import commands
from firm.commands import AddStaff, DefineRole, EngageKillSwitch, KillSwitch, PublishScore, SetStaffRole, StaffAct
from firm.ids import id_text
from firm.letters import Letter
from storage.readmodels.act_lists import ActFilter, acts_page
from tests.web.page_text import text_of
from web import bounds
from web.act_lines import COLUMNS

HOSTILE = '=HYPERLINK("http://evil.example","refund")'
WHY = "Straße closed, as the desk said"


@pytest.fixture(scope="module")
def told(stage, play):
    """Some acts to be found, by Ruth and by the console."""
    stage.put(EngageKillSwitch(by=f"staff:{play.RUTH}", switch=KillSwitch.PASSES, why=WHY))
    stage.put(AddStaff(by="console", staff=777, role="support", sealed=""))
    stage.put(SetStaffRole(by=f"staff:{play.OMAR}", staff=777, role="risk", why=HOSTILE))
    ada = stage.accounts["ada"]
    stage.put(PublishScore(by=f"staff:{play.RUTH}", account=ada, board="cup", score=7, why="the first"))
    stage.settle()
    return stage


@pytest.fixture(scope="module")
def auditor(told, come_in):
    return come_in(f"staff:{told.employ('an-auditor', 'auditor')}")


def rows_of(page):
    return [int(seq) for seq in re.findall(r'<tr id="row-(\d+)">', page)]


async def found(client, **asked):
    answer = await client.get("/staff/audit", params=asked)
    assert answer.status_code == 200, text_of(answer.text)
    return answer.text


async def test_each_row_says_who_what_before_after_why_and_leads_to_its_row(auditor, told):
    page = await found(auditor, member=id_text(777), kind="SetStaffRole")
    [seq] = rows_of(page)
    said = html.unescape(text_of(page))
    for words in ("Omar Haddad, owner", "Gave a role", "support risk", f"“{HOSTILE}”.", "on a page"):
        assert words in said
    assert f'href="/staff/rows/{seq}"' in page
    assert "<s>support</s>" in page
    assert (await auditor.get(f"/staff/rows/{seq}")).status_code == 200


async def test_only_what_the_console_did_was_done_on_the_machine(auditor, told):
    for sealed, kind in (("", "OweMail"), ("cd" * 32, "ChangeAddress")):
        asks = {"letter": Letter.NEW_PASSWORD} if kind == "OweMail" else {"sealed": sealed}
        told.put(getattr(commands, kind)(by="portal", person="staff:778", **asks))
    told.put(EngageKillSwitch(by="courier", switch=KillSwitch.PASSES, why="by the settings"))
    told.settle()
    for member, kind, way in (
        (777, "AddStaff", "on the machine"),
        (778, "OweMail", "on a page, by somebody not signed in"),
        (778, "ChangeAddress", "on a page, by a link that went to the address"),
    ):
        assert way in text_of(await found(auditor, member=id_text(member), kind=kind))
    couriers = text_of(await found(auditor, who="courier"))
    assert "the firm’s couriers" in couriers
    assert "on the machine" not in couriers


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"q": "STRASSE closed"}, {"EngageKillSwitch"}),
        ({"kind": "PublishScore"}, {"PublishScore"}),
        ({"who": "console", "kind": "AddStaff", "member": id_text(777)}, {"AddStaff"}),
    ],
    ids=str,
)
async def test_an_act_is_found_by_what_is_known_of_it(auditor, told, asked, kinds):
    seqs = rows_of(await found(auditor, **asked))
    assert {told.reader.row(seq).kind for seq in seqs} == kinds


async def test_acts_are_found_by_whom_they_concern_and_by_whom_they_are(auditor, told, play):
    account = id_text(told.accounts["ada"])
    for asked in ({"account": account}, {"trader": id_text(play.ADA)}, {"who": id_text(play.RUTH)}):
        seqs = rows_of(await found(auditor, **asked))
        assert "PublishScore" in {told.reader.row(seq).kind for seq in seqs}
    assert rows_of(await found(auditor, who=id_text(play.ADA))) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"who": "somebody"}, "Name who it was"),
        ({"kind": "DROP TABLE"}, "no such kind of act"),
        ({"account": "x"}, "The id after “account”"),
        ({"trader": "0"}, "The id after “trader”"),
        ({"from": "yesterday"}, "has to be written like"),
        ({"from": "2014-05-03T00:00", "to": "2014-05-02T00:00"}, "ends before it begins"),
        ({"before": "-1"}, "cannot be read"),
        ({"q": "x" * 101}, "at most 100 characters"),
    ],
    ids=str,
)
async def test_what_cannot_be_meant_is_said_and_nothing_is_listed(auditor, asked, said):
    for path in ("/staff/audit", "/staff/audit.csv", "/staff/audit.jsonl"):
        answer = await auditor.get(path, params=asked)
        assert answer.status_code == 422
        assert said in text_of(answer.text)
        assert rows_of(answer.text) == []


async def test_pages_follow_one_another_in_one_order_without_gap_or_overlap(auditor, told, monkeypatch):
    monkeypatch.setattr("web.pages.staff_audit.ACTS_PER_PAGE", 7)
    with told.reader.connection() as book:
        everything = [act.seq for act in acts_page(book, ActFilter(kind="MarkOrderPaid"), None, 1_000).acts]
    got, asks = [], "/staff/audit?kind=MarkOrderPaid"
    while asks:
        page = (await auditor.get(asks)).text
        got += rows_of(page)
        more = re.search(r'id="older-acts".*?href="([^"]+)"', page, re.DOTALL)
        asks = more[1].replace("&amp;", "&") if more else ""
    assert got == everything
    assert len(got) > 14


async def test_a_piece_of_the_list_is_the_very_piece_of_the_page(auditor):
    whole = await found(auditor, kind="MarkOrderPaid")
    piece = (await auditor.get("/staff/audit?kind=MarkOrderPaid", headers={"hx-request": "true"})).text
    assert "<html" not in piece
    assert rows_of(piece) == rows_of(whole)


async def test_whoever_sees_no_names_sees_ids_and_never_from_where(told, come_in, play):
    held = ("enter", "see_acts", "export_acts")
    told.put(DefineRole(by="console", role="nameless-auditor", permissions=held, why="they see no names"))
    client = come_in(f"staff:{told.employ('nameless-auditor', 'nameless-auditor')}")
    page = await found(client, whence="yes")
    for name in ("Omar Haddad", "Ruth Vale", "127.0.0.1", "Addresses and devices"):
        assert name not in page
    assert id_text(play.OMAR) in page
    assert "/staff/rows/" not in page


async def test_from_where_is_shown_to_whoever_asks_and_that_is_on_record(auditor, told, come_in, play):
    owner = come_in(f"staff:{told.employ('a-far-owner', 'owner')}")
    await owner.send_form("/staff/breaker/reset", why="looked at and well")
    hidden = await found(auditor, kind="ResetBreaker")
    assert "127.0.0.1" not in hidden
    shown = await found(auditor, kind="ResetBreaker", whence="yes")
    assert "127.0.0.1" in shown
    with told.reader.connection() as book:
        [act] = acts_page(book, ActFilter(kind=StaffAct.ADDRESSES_SEEN.value), None, 9).acts
    assert act.about == "/staff/audit"


async def test_whoever_is_limited_to_other_programs_finds_nothing_of_these_accounts(told, come_in):
    for name, programs, is_there in (
        ("elsewhere-auditor", ("another-100k",), False),
        ("here-auditor", ("two-step-100k",), True),
    ):
        client = come_in(f"staff:{told.employ(name, 'auditor', programs)}")
        page = await found(client, kind="PublishScore")
        assert bool(rows_of(page)) is is_there
        assert rows_of(await found(client, kind="EngageKillSwitch")) == []  # what reaches the whole firm is not theirs
        lines = (await client.get("/staff/audit.jsonl?kind=PublishScore")).text
        assert bool(lines) is is_there


async def test_the_files_have_what_the_page_finds_and_no_formula(auditor, told, play):
    asked = f"member={id_text(777)}"
    answer = await auditor.get(f"/staff/audit.csv?{asked}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    head, *lines = csv.reader(io.StringIO(answer.text, newline=""))
    assert tuple(head) == COLUMNS
    changed, added = (dict(zip(head, line, strict=True)) for line in lines)
    assert (changed["before"], changed["after"], changed["why"]) == ("support", "risk", f"'{HOSTILE}")
    assert (changed["who"], changed["came_by"], added["who"]) == (id_text(play.OMAR), "page", "console")
    assert "Omar" not in answer.text
    told_lines = [json.loads(line) for line in (await auditor.get(f"/staff/audit.jsonl?{asked}")).text.splitlines()]
    assert [line["row"] for line in told_lines] == [int(changed["row"]), int(added["row"])]
    assert told_lines[0]["why"] == HOSTILE


async def test_a_long_file_comes_in_pieces_that_are_read_one_by_one(auditor, told, monkeypatch):
    monkeypatch.setattr("web.pages.staff_audit.ACTS_FILE_AT_ONCE", 5)
    read: list[int] = []

    def counted(book, wanted, before, limit):
        found = acts_page(book, wanted, before, limit)
        read.append(len(found.acts))
        return found

    monkeypatch.setattr("web.pages.staff_audit.acts_page", counted)
    lines = (await auditor.get("/staff/audit.jsonl?kind=MarkOrderPaid")).text.splitlines()
    assert len(lines) == sum(read) > 10
    assert max(read) == 5
    read.clear()
    monkeypatch.setattr("web.pages.staff_audit.ACTS_FILE_MAX", 12)
    assert len((await auditor.get("/staff/audit.jsonl?kind=MarkOrderPaid")).text.splitlines()) == 12
    assert read == [5, 5, 2]
    assert bounds.ACTS_FILE_AT_ONCE <= 500


async def test_taking_the_record_is_itself_on_record(auditor, told):
    await auditor.get("/staff/audit.csv?kind=AddStaff")
    with told.reader.connection() as book:
        newest = acts_page(book, ActFilter(kind=StaffAct.RECORD_TAKEN.value), None, 1).acts
    assert [act.about for act in newest] == ["/staff/audit.csv"]
