"""Who may ask the firm for what: refused by the engine itself, whatever the border believed."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.arrival import Arrival
from actors.engine import Engine
from actors.names import STAFF
from actors.permitted import NEEDED, refusal_of
from actors.states import readable_states, state_bytes
from firm import commands as c
from firm.bounds import ROLES_MAX
from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.facts import (
    KillSwitchEngaged,
    Refusal,
    Refused,
    RoleDefined,
    SecurityNoted,
    StaffAdded,
    StaffLeft,
    StaffRoleSet,
)
from firm.kinds import body_of, payload_of
from firm.letters import Letter
from firm.market_days import MarketDays
from firm.news import NewsCalendar
from firm.overrides import WaiveRule
from firm.permissions import ALL, BUILT_IN, FIRM_WIDE, OWNER, READ_ONLY, Permission, Scope
from firm.staff import Staff, known_role
from tests.actors.conftest import ADA, Stage, program

WHY = {"why": "as agreed"}
P = Permission


def commands(by: str) -> list[c.Command]:
    """One of each kind."""
    calendar = NewsCalendar(name="news", items=())
    days = MarketDays(name="days", zone="UTC", symbols=(), days=())
    waive = WaiveRule(rule="daily", until_us=1)
    switch = c.KillSwitch.FAILURES
    return [
        c.EnrolBridge(by=by, bridge="b", public_key="k", simulator=False),
        c.RevokeBridge(by=by, bridge="b", **WHY),
        c.SetBridgeMode(by=by, bridge="b", mode=c.BridgeMode.OBSERVE, **WHY),
        c.AddStaff(by=by, staff=99, role="support", sealed=""),
        c.SetStaffRole(by=by, staff=99, role="support", **WHY),
        c.SetStaffScope(by=by, staff=99, scope=Scope(), **WHY),
        c.LetStaffGo(by=by, staff=99, **WHY),
        c.DefineRole(by=by, role="desk", permissions=("enter",), **WHY),
        c.RetireRole(by=by, role="desk", **WHY),
        c.RegisterTrader(by=by, trader=7, sealed=""),
        c.EraseTrader(by=by, trader=7, why="asked", classes=()),
        c.PublishProgram(by=by, program=program()),
        c.RetireProgram(by=by, program="two-step", **WHY),
        c.AdoptCalendar(by=by, calendar=calendar),
        c.AdoptMarketDays(by=by, days=days),
        c.NoteSecurity(by=by, person="trader:7", act=c.SecurityAct.FACTORS_RESET),
        c.PlaceOrder(by=by, order=5, trader=7, program="two-step", accounts=(1,)),
        c.MarkOrderPaid(by=by, order=501, reference="wire"),
        c.AdvanceChallenge(by=by, order=501, **WHY),
        c.ReviewVerdict(by=by, account=7001, decision=1, outcome=c.ReviewOutcome.CONFIRM, **WHY),
        c.AppealDecision(by=by, trader=7, account=7001, decision=1, sealed=""),
        c.AnswerAppeal(by=by, trader=7, account=7001, decision=1, outcome=c.AppealOutcome.STANDS, **WHY),
        c.GrantOverride(by=by, account=7001, override=waive, evidence="ticket 7", **WHY),
        c.PublishScore(by=by, account=7001, board="cup", score=1, **WHY),
        c.EngageKillSwitch(by=by, switch=switch, **WHY),
        c.ReleaseKillSwitch(by=by, switch=switch, **WHY),
        c.ResetBreaker(by=by, **WHY),
        c.ResumeDesk(by=by, desk="risk", **WHY),
        c.SettleCommand(by=by, bridge="sim", command="c1", happened=True, **WHY),
        c.EnforceAgain(by=by, bridge="sim", account=7001),
        c.NoteIncident(by=by, incident=1, note="n"),
        c.PublishIncident(by=by, incident=1, sentence="s", shown=True),
        c.CloseIncident(by=by, incident=1, conclusion="c"),
        c.IssueApiKey(
            by=by, key=70, name="feed", permissions=("see_programs",), scope=Scope(), expires_us=1, sealed="", **WHY
        ),
        c.RotateApiKey(by=by, key=70, follower=71, until_us=1, expires_us=1, sealed=""),
        c.RevokeApiKey(by=by, key=70, **WHY),
        c.JoinFirm(by=by, trader=7, sealed="", residence="", accepted=()),
        c.ConfirmAddress(by=by, trader=7),
        c.OweMail(by=by, person="trader:7", letter=Letter.DEVICE_NEW),
        c.AskAddressChange(by=by, person="trader:7", sealed=""),
        c.ChangeAddress(by=by, person="trader:7", sealed=""),
        c.DropAddressChange(by=by, person="trader:7"),
        c.NoteAct(by=by, act=c.StaffAct.TRIAL_BEGUN, about="1"),
        c.BeginView(by=by, trader=7, on=7001, role="support", seconds=900, **WHY),
        c.SeePage(by=by, trader=7, view=1, page="/accounts"),
        c.EndView(by=by, trader=7, view=1, how=c.ViewEnd.ENDED),
        c.LapseOrder(by=by, order=501),
        c.KeepDocument(
            by=by,
            trader=7,
            document=1,
            document_kind=DocumentKind.IDENTITY,
            form=DocumentForm.PDF,
            size_bytes=9,
            sealed="00",
        ),
        c.NoteDocumentRefused(by=by, trader=7, document_kind=DocumentKind.IDENTITY, fault=DocumentFault.EMPTY),
        c.OpenDocument(by=by, trader=7, document=1),
        c.DeleteDocument(by=by, trader=7, document=1),
        c.PlaceTrader(by=by, trader=7, region="dach", **WHY),
    ]


def test_every_kind_of_command_says_which_permission_it_needs():
    assert set(NEEDED) == set(get_args(c.Commanded)) == {type(command) for command in commands("console")}
    assert all(NEEDED.values())


@pytest.fixture
def sold(stage: Stage) -> Stage:
    stage.sell()
    return stage


@pytest.mark.parametrize("by", ["staff:77", "staff:", "staff:ruth", "staff:-1", "staff:¹", "", "somebody", "Console"])
def test_whoever_does_not_work_here_is_refused_everything(sold, by):
    for command in commands(by):
        no = refusal_of(command, sold.engine)
        assert no is not None, type(command).__name__
        assert no.refusal is Refusal.UNKNOWN_STAFF


def test_who_has_left_is_refused_everything_from_that_row_on(sold):
    engaged = c.EngageKillSwitch(by="staff:1", switch=c.KillSwitch.FAILURES, why="odd prices")
    sold.put(engaged)
    assert len(sold.facts(KillSwitchEngaged)) == 1
    sold.put(c.LetStaffGo(by="staff:2", staff=1, why="her last day"))
    assert [fact.staff for fact in sold.facts(StaffLeft)] == [1]
    answer = sold.put(engaged)
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.UNKNOWN_STAFF]
    assert len(sold.facts(KillSwitchEngaged)) == 1
    assert all(refusal_of(command, sold.engine) is not None for command in commands("staff:1"))


@pytest.mark.parametrize("role", BUILT_IN)
def test_a_role_asks_for_what_it_holds_and_for_nothing_else(sold, role):
    sold.put(c.AddStaff(by="console", staff=50, role=role, sealed=""))
    for command in commands("staff:50"):
        no, holds = refusal_of(command, sold.engine), BUILT_IN[role].permissions.intersection(NEEDED[type(command)])
        assert (no is None) is bool(holds), type(command).__name__
        assert no is None or no.refusal is Refusal.NOT_PERMITTED


@pytest.mark.parametrize(
    ("by", "asks"),
    [
        ("console", set(get_args(c.Commanded))),
        ("courier", {c.AdoptCalendar, c.AdoptMarketDays, c.LapseOrder, c.EraseTrader}),
        ("portal", {c.JoinFirm, c.ConfirmAddress, c.OweMail, c.ChangeAddress, c.DropAddressChange}),
        (
            "trader:7",
            {
                c.PlaceOrder,
                c.EraseTrader,
                c.NoteSecurity,
                c.OweMail,
                c.AskAddressChange,
                c.DropAddressChange,
                c.KeepDocument,
                c.NoteDocumentRefused,
                c.DeleteDocument,
            },
        ),
        ("trader:8", set()),
    ],
)
def test_the_machine_asks_for_everything_a_trader_only_orders_and_the_courier_brings_calendars(sold, by, asks):
    assert {type(each) for each in commands(by) if refusal_of(each, sold.engine) is None} == asks


def test_a_no_is_one_row_and_changes_nothing(sold):
    before = state_bytes(sold.engine.desk("risk").capture())
    sold.put(c.AddStaff(by="console", staff=50, role="support", sealed=""))
    answer = sold.put(c.EngageKillSwitch(by="staff:50", switch=c.KillSwitch.FAILURES, why="odd prices"))
    [(_, no)] = answer.facts
    assert isinstance(no, Refused)
    assert no.detail == "staff:50 may not engage a kill switch; who may: owner, admin, risk, compliance"
    assert state_bytes(sold.engine.desk("risk").capture()) == before


# --- scope ---


def test_what_is_outside_of_a_scope_is_not_there(stage):
    stage.sell()
    stage.put(c.AddStaff(by="console", staff=50, role="risk", sealed=""))
    stage.put(c.SetStaffScope(by="staff:2", staff=50, scope=Scope(programs=("autumn",)), why="her desk"))
    asked = {type(command): refusal_of(command, stage.engine) for command in commands("staff:50")}
    for kind, refusal in {
        c.PublishProgram: Refusal.UNKNOWN_PROGRAM,
        c.RetireProgram: Refusal.UNKNOWN_PROGRAM,
        c.AdvanceChallenge: Refusal.UNKNOWN_ORDER,
        c.ReviewVerdict: Refusal.UNKNOWN_ACCOUNT,
        c.GrantOverride: Refusal.UNKNOWN_ACCOUNT,
        c.PublishScore: Refusal.UNKNOWN_ACCOUNT,
        c.EnforceAgain: Refusal.UNKNOWN_ACCOUNT,
        c.EngageKillSwitch: Refusal.NOT_PERMITTED,
        c.ResumeDesk: Refusal.NOT_PERMITTED,
        c.NoteIncident: Refusal.NOT_PERMITTED,
    }.items():
        no = asked[kind]
        assert no is not None, kind.__name__
        assert no.refusal is refusal, kind.__name__
    stage.put(c.SetStaffScope(by="staff:2", staff=50, scope=Scope(programs=("two-step",)), why="her desk"))
    assert (
        refusal_of(next(each for each in commands("staff:50") if isinstance(each, c.AdvanceChallenge)), stage.engine)
        is None
    )


def test_a_trader_of_other_programs_is_not_there_to_be_looked_as(stage):
    stage.sell()
    stage.put(c.AddStaff(by="console", staff=50, role="support", sealed=""))
    for programs, refusal in ((("autumn",), Refusal.UNKNOWN_TRADER), (("two-step",), None)):
        stage.put(c.SetStaffScope(by="staff:2", staff=50, scope=Scope(programs=programs), why="their desk"))
        for command in (
            c.BeginView(by="staff:50", trader=ADA, on=7001, role="support", seconds=900, **WHY),
            c.SeePage(by="staff:50", trader=ADA, view=1, page="/accounts"),
        ):
            no = refusal_of(command, stage.engine)
            assert (None if no is None else no.refusal) is refusal, type(command).__name__


def test_whoever_is_limited_holds_nothing_that_reaches_the_whole_firm(stage):
    stage.put(c.AddStaff(by="console", staff=50, role="owner", sealed=""))
    stage.put(c.SetStaffScope(by="staff:2", staff=50, scope=Scope(programs=("two-step",)), why="her desk"))
    assert stage.engine.staff.held_by("staff:50") == ALL - FIRM_WIDE
    stage.put(c.SetStaffScope(by="staff:2", staff=50, scope=Scope(), why="all of it again"))
    assert stage.engine.staff.held_by("staff:50") == ALL


# --- who changes whom ---


def staff_of(stage: Stage) -> Staff:
    return stage.engine.staff


def asked(stage: Stage, command: c.Command) -> Any:
    """The one fact that a change of the staff comes to."""
    [(_, fact)] = stage.put(command).facts
    return fact


def refusal(stage: Stage, command: c.Command) -> Refusal | None:
    fact = asked(stage, command)
    return fact.refusal if isinstance(fact, Refused) else None


@pytest.fixture
def team(stage: Stage) -> Stage:
    """Ruth (1) is risk, Omar (2) and Olga (5) own the firm, 3 is support, 4 an admin."""
    for number, role in ((3, "support"), (4, "admin"), (5, "owner")):
        stage.put(c.AddStaff(by="console", staff=number, role=role, sealed=""))
    return stage


def role_to(by: int, staff: int, role: str) -> c.SetStaffRole:
    return c.SetStaffRole(by=f"staff:{by}", staff=staff, role=role, why="as agreed")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (role_to(2, 3, "risk"), None),
        (role_to(4, 3, "risk"), None),
        (role_to(4, 3, "admin"), None),
        (role_to(4, 3, "owner"), Refusal.BEYOND_OWN),
        (role_to(4, 2, "support"), Refusal.BEYOND_OWN),
        (role_to(2, 2, "support"), Refusal.OWN_ROLE),
        (role_to(1, 3, "risk"), Refusal.NOT_PERMITTED),
        (role_to(2, 3, "support"), Refusal.STAFF_UNCHANGED),
        (role_to(2, 3, "dealer"), Refusal.UNKNOWN_ROLE),
        (role_to(2, 9, "risk"), Refusal.UNKNOWN_STAFF),
        (c.SetStaffRole(by="staff:2", staff=3, role="risk", why=" "), Refusal.WHY_MISSING),
        (c.SetStaffRole(by="staff:2", staff=3, role="risk", why="y" * 501), Refusal.WHY_MISSING),
        (c.LetStaffGo(by="staff:4", staff=1, why="her last day"), None),
        (c.LetStaffGo(by="staff:4", staff=4, why="my last day"), Refusal.OWN_ROLE),
        (c.LetStaffGo(by="staff:4", staff=2, why="his last day"), Refusal.BEYOND_OWN),
        (c.SetStaffScope(by="staff:4", staff=2, scope=Scope(programs=("a",)), why="less"), Refusal.BEYOND_OWN),
        (c.SetStaffScope(by="staff:2", staff=3, scope=Scope(programs=()), why="less"), Refusal.BAD_SCOPE),
        (c.SetStaffScope(by="staff:2", staff=3, scope=Scope(programs=("a", "a")), why="less"), Refusal.BAD_SCOPE),
        (c.SetStaffScope(by="staff:2", staff=3, scope=Scope(), why="less"), Refusal.STAFF_UNCHANGED),
        (c.AddStaff(by="staff:4", staff=9, role="owner", sealed=""), Refusal.BEYOND_OWN),
        (c.AddStaff(by="staff:4", staff=9, role="dealer", sealed=""), Refusal.UNKNOWN_ROLE),
        (c.AddStaff(by="staff:4", staff=1, role="risk", sealed=""), Refusal.ID_TAKEN),
    ],
)
def test_nobody_gives_or_takes_more_than_they_hold_or_changes_themselves(team, command, expected):
    assert refusal(team, command) is expected


def reset_of(by: str, person: str, why: str = "lost her phone") -> c.NoteSecurity:
    return c.NoteSecurity(by=by, person=person, act=c.SecurityAct.FACTORS_RESET, why=why)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(reset_of("staff:4", "staff:3"), None, id="an admin of support"),
        pytest.param(reset_of("staff:2", "staff:5"), None, id="an owner of another"),
        pytest.param(reset_of("staff:4", "staff:2"), Refusal.BEYOND_OWN, id="an admin of an owner"),
        pytest.param(reset_of("staff:1", "staff:3"), Refusal.NOT_PERMITTED, id="risk of support"),
        pytest.param(reset_of("staff:2", "staff:2"), Refusal.OWN_ROLE, id="an owner of themselves"),
        pytest.param(reset_of("staff:2", "staff:02"), Refusal.OWN_ROLE, id="an owner of themselves, spelt otherwise"),
        pytest.param(reset_of("staff:2", "staff:9"), Refusal.UNKNOWN_STAFF, id="of nobody"),
        pytest.param(reset_of("staff:2", "staff:x"), Refusal.UNKNOWN_STAFF, id="of no number"),
        pytest.param(reset_of("staff:2", "staff:3", " "), Refusal.WHY_MISSING, id="without a reason"),
        pytest.param(reset_of("console", "staff:2"), None, id="the console of an owner"),
        pytest.param(reset_of("console", "staff:9"), Refusal.UNKNOWN_STAFF, id="the console of nobody"),
        pytest.param(reset_of("console", "trader:7"), None, id="the console of a trader"),
    ],
)
def test_nobody_takes_the_second_factors_of_who_holds_more(team, command, expected):
    assert refusal(team, command) is expected
    assert len(team.facts(SecurityNoted)) == (expected is None)


def test_nobody_takes_the_second_factors_of_who_was_let_go(team):
    asked(team, c.LetStaffGo(by="staff:2", staff=3, why="their last day"))
    for by in ("staff:2", "console"):
        assert refusal(team, reset_of(by, "staff:3")) is Refusal.UNKNOWN_STAFF


def defined(by: int, role: str, *permissions: str) -> c.DefineRole:
    return c.DefineRole(by=f"staff:{by}", role=role, permissions=permissions, why="as agreed")


def test_a_role_of_the_firms_own_is_given_changed_and_retired(team):
    made = asked(team, defined(2, "night-desk", "review_decisions", "see_decisions"))
    assert (type(made), made.permissions) == (RoleDefined, ("enter", "see_decisions", "review_decisions"))
    assert refusal(team, role_to(2, 3, "night-desk")) is None
    held = staff_of(team).held_by("staff:3")
    assert held == {P.ENTER, P.SEE_DECISIONS, P.REVIEW_DECISIONS}
    assert refusal(team, defined(2, "night-desk", "see_decisions")) is None
    assert staff_of(team).held_by("staff:3") == {P.ENTER, P.SEE_DECISIONS}, "whoever has it too"
    assert refusal(team, c.RetireRole(by="staff:2", role="night-desk", why="no nights")) is Refusal.ROLE_IN_USE
    assert refusal(team, role_to(2, 3, "support")) is None
    assert refusal(team, c.RetireRole(by="staff:2", role="night-desk", why="no nights")) is None
    assert refusal(team, role_to(2, 3, "night-desk")) is Refusal.UNKNOWN_ROLE


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (defined(4, "desk", "see_decisions"), Refusal.NOT_PERMITTED),
        (defined(2, "Desk", "see_decisions"), Refusal.BAD_ROLE),
        (defined(2, "owner", "see_decisions"), Refusal.BAD_ROLE),
        (defined(2, "read-only", "see_decisions"), Refusal.BAD_ROLE),
        (defined(2, "desk"), Refusal.BAD_ROLE),
        (defined(2, "desk", "fly"), Refusal.BAD_ROLE),
        (defined(2, "desk", "enter", "enter"), Refusal.BAD_ROLE),
        (c.RetireRole(by="staff:2", role="risk", why="less"), Refusal.UNKNOWN_ROLE),
    ],
)
def test_a_role_needs_a_name_of_its_own_and_permissions_that_there_are(team, command, expected):
    assert refusal(team, command) is expected


def test_who_words_roles_puts_no_more_into_one_than_they_hold_nor_changes_their_own(team):
    assert refusal(team, defined(2, "wordsmith", "manage_roles", "manage_staff", "see_staff")) is None
    assert refusal(team, role_to(2, 3, "wordsmith")) is None
    assert refusal(team, defined(3, "desk", "review_decisions")) is Refusal.BEYOND_OWN
    assert refusal(team, defined(3, "wordsmith", "manage_roles")) is Refusal.OWN_ROLE
    assert refusal(team, defined(3, "desk", "see_staff")) is None
    assert refusal(team, defined(2, "desk", "see_staff", "set_prices")) is None
    assert refusal(team, defined(3, "desk", "see_staff")) is Refusal.BEYOND_OWN, "nor takes out what they do not hold"
    assert refusal(team, c.RetireRole(by="staff:3", role="desk", why="less")) is Refusal.BEYOND_OWN


def test_a_firm_has_only_so_many_roles(team):
    for number in range(ROLES_MAX):
        assert refusal(team, defined(2, f"role-{number}", "see_decisions")) is None
    assert refusal(team, defined(2, "one-more", "see_decisions")) is Refusal.TOO_MANY_ROLES
    assert refusal(team, defined(2, "role-1", "see_accounts")) is None


@pytest.mark.parametrize("by", ["staff:2", "console"])
def test_the_last_owner_of_the_whole_firm_stays(stage, by):
    stage.put(c.AddStaff(by="console", staff=4, role="owner", sealed=""))
    assert refusal(stage, c.SetStaffScope(by=by, staff=4, scope=Scope(programs=("two-step",)), why="less")) is None
    for command in (
        c.SetStaffRole(by="console", staff=2, role="admin", why="less"),
        c.SetStaffScope(by="console", staff=2, scope=Scope(programs=("two-step",)), why="less"),
        c.LetStaffGo(by="console", staff=2, why="less"),
    ):
        assert refusal(stage, command) is Refusal.LAST_OWNER


# --- whatever people ask of one another ---

ROLES = [*BUILT_IN, "own", "nothing"]
ACTS = st.tuples(
    st.sampled_from(["console", *(f"staff:{number}" for number in range(1, 6))]),
    st.sampled_from(["role", "leave", "scope", "wide", "define", "retire"]),
    st.integers(1, 5),
    st.sampled_from(ROLES),
    st.sets(st.sampled_from([one.value for one in Permission]), min_size=1, max_size=6),
)


def act_of(by: str, act: str, staff: int, role: str, held: set[str]) -> c.Command:
    match act:
        case "role":
            return c.SetStaffRole(by=by, staff=staff, role=role, why="w")
        case "leave":
            return c.LetStaffGo(by=by, staff=staff, why="w")
        case "scope":
            return c.SetStaffScope(by=by, staff=staff, scope=Scope(programs=("one",)), why="w")
        case "wide":
            return c.SetStaffScope(by=by, staff=staff, scope=Scope(), why="w")
        case "define":
            return c.DefineRole(by=by, role="own", permissions=tuple(sorted(held)), why="w")
        case _:
            return c.RetireRole(by=by, role="own", why="w")


@given(st.lists(ACTS, max_size=25))
@settings(max_examples=30, deadline=None)
def test_whatever_they_ask_an_owner_is_left_and_nobody_gives_more_than_they_hold(acts):
    engine = Engine("0" * 32)

    def put(command: c.Command) -> Any:
        [(_, fact)] = engine.decide([Arrival(command, 1, 1, 0, None)]).decided[0][1].facts
        return fact

    for number, role in ((1, "owner"), (2, "owner"), (3, "admin"), (4, "risk"), (5, "support")):
        put(c.AddStaff(by="console", staff=number, role=role, sealed=""))
    for act in acts:
        command, before = act_of(*act), engine.staff
        fact = put(command)
        assert any(m.role == OWNER and not m.left_us and not m.scope.is_limited for m in engine.staff.members.values())
        held = before.held_by(command.by)
        if isinstance(fact, StaffRoleSet):
            assert before.of_role(fact.role) | before.of_role(fact.before) <= held
        if isinstance(fact, RoleDefined):
            assert engine.staff.of_role(fact.role) - {P.ENTER} <= held
        for number, member in engine.staff.members.items():
            if command.by == f"staff:{number}":
                assert engine.staff.of_member(member) == before.of_member(before.members[number]), (
                    "nobody changes themselves"
                )


# --- rows of earlier releases ---


@pytest.mark.parametrize(
    ("written", "role"),
    [("owner", OWNER), ("Risk", "risk"), ("read_only", READ_ONLY), ("read-only", READ_ONLY), ("support", "support")],
)
def test_words_that_are_known_keep_their_meaning(written, role):
    engine = Engine("0" * 32)
    engine.desk(STAFF).fold(StaffAdded(staff=1, role=written), 1, 0, 5)
    member = engine.staff.members[1]
    assert (member.role, member.written, known_role(written)) == (role, "", role)


def test_a_word_that_nobody_knows_comes_to_read_only_until_a_role_is_given():
    engine = Engine("0" * 32)
    engine.desk(STAFF).fold(StaffAdded(staff=1, role="dealer"), 1, 0, 5)
    assert (engine.staff.members[1].role, engine.staff.members[1].written) == (READ_ONLY, "dealer")
    given = c.SetStaffRole(by="console", staff=1, role=READ_ONLY, why="looked at")
    [(_, fact)] = engine.decide([Arrival(given, 7, 7, 0, None)]).decided[0][1].facts
    assert isinstance(fact, StaffRoleSet)
    assert engine.staff.members[1].written == ""


def test_the_rows_alone_give_the_same_staff(team):
    for command in (
        defined(2, "night-desk", "see_decisions"),
        role_to(2, 3, "night-desk"),
        c.SetStaffScope(by="staff:2", staff=3, scope=Scope(programs=("two-step",)), why="her desk"),
        c.LetStaffGo(by="staff:2", staff=1, why="her last day"),
    ):
        assert refusal(team, command) is None
    staff = staff_of(team)
    assert team.refolded().staff == staff
    assert readable_states({STAFF: state_bytes(staff)})[STAFF] == staff


def test_a_snapshot_that_knows_roles_as_words_alone_is_passed_over():
    with pytest.raises(msgspec.ValidationError):
        readable_states({STAFF: b'{"roles":{"1":"risk"}}'})


def test_a_scope_without_limits_is_written_as_nothing_so_that_others_may_be_added():
    written = payload_of(c.SetStaffScope(by="staff:2", staff=3, scope=Scope(), why="w"))
    assert b'"scope":{}' in written
    assert body_of("SetStaffScope", written) == c.SetStaffScope(by="staff:2", staff=3, scope=Scope(), why="w")
