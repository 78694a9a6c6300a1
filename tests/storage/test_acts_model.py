"""The record of what staff did: who, why, before and after, found by any of it with a bounded look."""

import apsw
import pytest

from firm import commands as c
from firm import facts as f
from firm.facts import Refusal
from firm.inputs import CommandState
from firm.kinds import Body, payload_of
from firm.money import Money
from firm.permissions import Scope
from storage.narrowed import narrow
from storage.readmodels import act_lists
from storage.readmodels.accounts import Accounts
from storage.readmodels.act_lists import ActFilter, act_kinds, acts_page
from storage.readmodels.acts import SCHEMA, Acts
from storage.readmodels.views import Views, views_of
from storage.rows import Row
from tests.actors.test_staff import commands
from tests.storage.projected import projected

RUTH, OMAR = "staff:1", "staff:2"
ALL = ActFilter()


def told(*bodies: Body | tuple[int, Body]) -> apsw.Connection:
    return projected(Acts(), *bodies)


def found(book: apsw.Connection, **wanted) -> list[int]:
    return [act.seq for act in acts_page(book, ActFilter(**wanted), None, 50).acts]


@pytest.mark.parametrize("by", [RUTH, "console", "courier"])
def test_each_kind_of_command_is_an_act_of_whom_it_is_by(by):
    asked = commands(by)
    acts = acts_page(told(*asked), ALL, None, 100).acts
    assert {act.who for act in acts} == {by}
    assert len({act.kind for act in acts}) == len(asked) == len(acts)
    with_reason = {act.kind for act in acts if act.why}
    assert {"SetStaffRole", "ReviewVerdict", "EngageKillSwitch", "CloseIncident", "BeginView"} <= with_reason


def test_what_traders_ask_for_themselves_is_no_act_of_staff():
    assert found(told(*commands("trader:7"))) == []


def test_what_was_before_is_what_it_became_before():
    switch = c.KillSwitch.PASSES
    book = told(
        c.AddStaff(by="console", staff=7, role="support", sealed=""),
        c.SetStaffRole(by=OMAR, staff=7, role="risk", why="moves over"),
        c.SetStaffScope(by=OMAR, staff=7, scope=Scope(programs=("autumn",)), why="their desk"),
        c.SetStaffScope(by=OMAR, staff=7, scope=Scope(), why="all of it again"),
        c.EngageKillSwitch(by=RUTH, switch=switch, why="odd prices"),
        c.ReleaseKillSwitch(by=RUTH, switch=switch, why="they are well"),
        c.ReleaseKillSwitch(by=OMAR, switch=switch, why="they are well"),
        (8, f.KillSwitchReleased(switch=switch, by=(RUTH, OMAR), why="they are well")),
        c.LetStaffGo(by=OMAR, staff=7, why="last day"),
    )
    changes = [(act.subject, act.before, act.after) for act in reversed(acts_page(book, ALL, None, 50).acts)]
    assert changes == [
        ("role of staff:7", "", "support"),
        ("role of staff:7", "support", "risk"),
        ("scope of staff:7", "", "autumn"),
        ("scope of staff:7", "autumn", "the whole firm"),
        ("switch passes", "", "engaged"),
        ("switch passes", "engaged", "engaged, and one of two let go"),
        ("switch passes", "engaged, and one of two let go", "released"),
        ("role of staff:7", "risk", "left"),
    ]


def test_what_was_refused_says_so_and_changed_nothing():
    book = told(
        c.AddStaff(by="console", staff=7, role="support", sealed=""),
        c.SetStaffRole(by=RUTH, staff=7, role="owner", why="a friend"),
        (3, f.Refused(refusal=Refusal.NOT_PERMITTED, detail="no")),
        c.SetStaffRole(by=OMAR, staff=7, role="risk", why="moves over"),
    )
    risk, owner, _ = acts_page(book, ALL, None, 50).acts
    assert (owner.refused, owner.before, owner.after) == ("not_permitted", "support", "support")
    assert (risk.refused, risk.before, risk.after) == ("", "support", "risk")


@pytest.fixture(scope="module")
def record() -> apsw.Connection:
    return told(
        f.OrderPlaced(
            order=5, trader=7, price=Money(1, "USD", 2), program=commands("console")[11].program, accounts=(70,)
        ),
        c.MarkOrderPaid(by=OMAR, order=5, reference="wire 1"),
        c.ReviewVerdict(by=RUTH, account=70, decision=1, outcome=c.ReviewOutcome.CONFIRM, why="Straße, as SHOWN"),
        c.NoteAct(by=RUTH, act=c.StaffAct.EVIDENCE_TAKEN, about="/staff/decisions/1/evidence", on=70, sealed="aa"),
        c.NoteSecurity(by=OMAR, person=RUTH, act=c.SecurityAct.FACTORS_RESET, why="lost her phone"),
        c.EngageKillSwitch(by=RUTH, switch=c.KillSwitch.PASSES, why="odd prices"),
    )


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        ({}, [7, 6, 5, 4, 3]),
        ({"who": RUTH}, [7, 5, 4]),
        ({"kind": "evidence_taken"}, [5]),
        ({"account": 70}, [5, 4]),
        ({"trader": 7}, [3]),
        ({"member": 1}, [6]),
        ({"text": "STRASSE, as shown"}, [4]),
        ({"text": "%"}, []),
        ({"since_us": 40, "until_us": 60}, [5, 4]),
        ({"since_us": 41}, [7, 6, 5]),
        ({"since_us": 1_000}, []),
        ({"until_us": 30}, []),
        ({"who": RUTH, "account": 70, "text": "shown"}, [4]),
    ],
    ids=str,
)
def test_an_act_is_found_by_who_what_whom_when_and_why(record, wanted, seqs):
    assert found(record, **wanted) == seqs


def test_acts_come_from_where_whoever_did_them_was_last_noted(record):
    whence = {act.seq: act.whence for act in acts_page(record, ALL, None, 50).acts}
    assert whence == {3: "", 4: "", 5: "aa", 6: "", 7: "aa"}


def test_a_page_looks_no_further_back_than_its_bound_and_says_from_where_to_go_on(monkeypatch):
    book = told(*(c.ResetBreaker(by=RUTH, why=f"no {number}") for number in range(100)))
    monkeypatch.setattr(act_lists, "SCANNED_MAX", 40)
    assert acts_page(book, ActFilter(text="no 1"), None, 7) == act_lists.ActsPage([], 62)


def test_pages_follow_one_another_without_gap_or_overlap_and_look_through_no_more_than_their_bound(monkeypatch):
    book = told(*(c.ResetBreaker(by=RUTH if number % 10 else OMAR, why=f"no {number}") for number in range(300)))
    monkeypatch.setattr(act_lists, "SCANNED_MAX", 40)
    for wanted, seqs in (
        (ALL, list(range(301, 1, -1))),
        (ActFilter(text="no 17"), [181, 180, 179, 178, 177, 176, 175, 174, 173, 172, 19]),
        (ActFilter(who=OMAR, text="no 250"), [252]),
    ):
        got, before, looks = [], None, 0
        while True:
            page = acts_page(book, wanted, before, 7)
            got += [act.seq for act in page.acts]
            looks += 1
            if page.older is None:
                break
            assert before is None or page.older < before
            before = page.older
        assert got == seqs
        assert looks <= 300 // 7 + 8


def test_no_search_reads_the_table_from_end_to_end(record):
    for wanted in ({}, {"who": RUTH}, {"kind": "x"}, {"account": 70}, {"trader": 7}, {"member": 1}):
        steps: list[str] = []
        record.exec_trace = lambda cursor, sql, bindings, steps=steps: steps.append(sql) or True
        acts_page(record, ActFilter(**wanted), None, 50)
        record.exec_trace = None
        for sql in steps:
            plan = " ".join(row[3] for row in record.execute(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(
                ("low", "high", "scanned", "limit", "text", *wanted), 0)))  # fmt: skip
            assert "SCAN" not in plan, plan
            assert "TEMP B-TREE" not in plan, plan


def test_kinds_are_those_that_there_are(record):
    assert act_kinds(record) == [
        "EngageKillSwitch",
        "MarkOrderPaid",
        "ReviewVerdict",
        "evidence_taken",
        "factors_reset",
    ]
    assert act_kinds(told()) == []


def test_whoever_works_on_some_programs_sees_acts_about_accounts_of_these_alone(record, tmp_path):
    path = tmp_path / "book.db"
    with apsw.Connection(str(path)) as book:
        book.execute(Accounts().schema)
        book.execute(SCHEMA)
        for row in record.execute("SELECT * FROM rm_act"):
            book.execute(f"INSERT INTO rm_act VALUES ({', '.join('?' * len(row))})", row)
    limited = apsw.Connection(str(path))
    narrow(limited, Scope(programs=("autumn",)))
    assert acts_page(limited, ALL, None, 50).acts == []


def test_who_settles_a_command_acts_about_the_account_that_it_was_for_and_so_about_its_trader():
    book = told(c.SettleCommand(by=RUTH, bridge="sim", command="c1", happened=True, why="seen on the platform"))
    book.execute("INSERT INTO rm_act_holder VALUES ('account', 70, 7)")
    settled = f.CommandAdvanced(bridge="sim", command="c1", state=CommandState.CONFIRMED, detail="")
    Acts().project(book, [(Row(3, "CommandAdvanced", 30, 30, 2, 70, payload_of(settled)), settled)])
    [act] = acts_page(book, ALL, None, 50).acts
    assert (act.account, act.trader) == (70, 7)


def test_a_view_is_told_with_its_pages_and_its_end():
    began = f.ViewBegan(trader=7, by=RUTH, role="support", why="ticket 7", seconds=900)
    seen = f.PageSeen(trader=7, view=2, by=RUTH, page="/accounts")
    foreign = f.PageSeen(trader=7, view=2, by=OMAR, page="/accounts")
    ended = f.ViewEnded(trader=7, view=2, by=RUTH, how=c.ViewEnd.ENDED)
    again = f.ViewEnded(trader=7, view=2, by=RUTH, how=c.ViewEnd.EXPIRED)
    [line] = views_of(projected(Views(), (2, began), seen, seen, foreign, ended, again), 7, 9)
    assert (line.role, line.why, line.pages, line.ended_us, line.how) == ("support", "ticket 7", 2, 60, "ended")


def test_a_view_is_over_when_whoever_looks_has_left():
    began = f.ViewBegan(trader=7, by=RUTH, role="support", why="ticket 7", seconds=900)
    left = f.StaffLeft(staff=1, by=OMAR, why="last day")
    [line] = views_of(projected(Views(), (2, began), left), 7, 9)
    assert (line.how, line.ended_us) == ("left", 30)
