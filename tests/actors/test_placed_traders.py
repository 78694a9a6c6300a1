"""In which region a trader is, and what is not there for somebody who works on another: by the engine's own state."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors.names import enforcement_desk, trader_desk
from actors.permitted import refusal_of
from actors.states import readable_states, state_bytes
from firm import commands as c
from firm.facts import Refusal, Refused, TraderPlaced, TraderRegistered
from firm.kinds import body_of, payload_of
from firm.permissions import Scope
from firm.personal import destructions
from tests.actors.conftest import ADA, Stage
from tests.actors.test_staff import commands

DACH, NORTH = "dach", "north"
WHY = {"why": "as agreed"}
BEN = 8


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """Ada is registered, and in no region."""
    stage.put(c.RegisterTrader(by="console", trader=ADA, sealed=""))
    return stage


def desk_of(stage: Stage, trader: int = ADA) -> Any:
    return stage.engine.desk(trader_desk(trader))


def place(stage: Stage, region: str, trader: int = ADA, why: str = "she moved") -> Any:
    [(_, fact)] = stage.put(c.PlaceTrader(by="staff:2", trader=trader, region=region, why=why)).facts
    return fact


@pytest.mark.parametrize(
    ("region", "facts"),
    [
        ("", [TraderRegistered]),
        (DACH, [TraderRegistered, TraderPlaced]),
        ("Germany", [Refused]),
        ("de fr", [Refused]),
    ],
)
def test_who_is_registered_is_where_they_are_registered_for(stage, region, facts):
    answer = stage.put(c.RegisterTrader(by="console", trader=BEN, sealed="", region=region))
    assert [type(fact) for _, fact in answer.facts] == facts
    assert desk_of(stage, BEN).state.region == (region if len(facts) == 2 else "")
    assert desk_of(stage, BEN).state.registered is (facts[0] is TraderRegistered)


def test_who_signs_up_is_placed_before_anything_else_is_said_of_them(stage):
    joining = c.JoinFirm(by="portal", trader=BEN, sealed="", residence="", accepted=(), region=DACH)
    answer = stage.put(joining)
    kinds = [type(fact).__name__ for _, fact in answer.facts]
    assert kinds == ["TraderRegistered", "TraderPlaced", "TraderJoined", "MailOwed"]


def test_a_trader_moves_and_the_fact_says_from_where(shop):
    first, second, last = place(shop, DACH), place(shop, NORTH), place(shop, "")
    assert [(fact.before, fact.region, fact.by, fact.why) for fact in (first, second, last)] == [
        ("", DACH, "staff:2", "she moved"),
        (DACH, NORTH, "staff:2", "she moved"),
        (NORTH, "", "staff:2", "she moved"),
    ]
    assert desk_of(shop).state.region == ""


@pytest.mark.parametrize(
    ("trader", "region", "why", "refusal"),
    [
        (ADA, NORTH, "she moved", Refusal.REGION_UNCHANGED),
        (ADA, "North", "she moved", Refusal.BAD_REGION),
        (ADA, DACH, " ", Refusal.WHY_MISSING),
        (ADA, DACH, "y" * 501, Refusal.WHY_MISSING),
        (BEN, DACH, "he moved", Refusal.UNKNOWN_TRADER),
    ],
)
def test_where_nobody_can_be_placed_nobody_is(shop, trader, region, why, refusal):
    place(shop, NORTH)
    no = place(shop, region, trader, why)
    assert isinstance(no, Refused)
    assert no.refusal is refusal
    assert desk_of(shop).state.region == NORTH


def test_of_who_was_forgotten_nothing_more_is_said(stage):
    stage.put(c.RegisterTrader(by="console", trader=BEN, sealed=""))
    stage.put(c.EraseTrader(by="console", trader=BEN, why="asked", classes=destructions(stage.now_us)))
    assert place(stage, DACH, BEN).refusal is Refusal.TRADER_FORGOTTEN


def test_a_region_is_kept_in_a_snapshot_and_a_state_of_before_has_none(shop):
    place(shop, DACH)
    name, state = desk_of(shop).name, desk_of(shop).capture()
    assert readable_states({name: state_bytes(state)})[name] == state
    before = state_bytes(state).replace(b',"region":"dach"', b"")
    assert before != state_bytes(state)
    assert readable_states({name: before})[name].region == ""


def test_a_move_by_the_settings_is_told_from_one_that_somebody_chose(shop):
    asked = c.PlaceTrader(by="console", trader=ADA, region=DACH, why="regions as of June", by_country=True)
    [(_, moved)] = shop.put(asked).facts
    chosen = place(shop, NORTH)
    assert [fact.by_country for fact in (moved, chosen)] == [True, False]
    assert b"by_country" not in payload_of(chosen)


@pytest.mark.parametrize("kind", ["RegisterTrader", "JoinFirm"])
def test_what_was_written_before_there_were_regions_is_read_and_written_as_it_was(kind):
    told = {
        "RegisterTrader": b'{"by":"console","trader":7,"sealed":"00"}',
        "JoinFirm": b'{"by":"portal","trader":7,"sealed":"00","residence":"11","accepted":[]}',
    }[kind]
    body = body_of(kind, told)
    assert body.region == ""
    assert payload_of(body) == told


# --- who works on some regions alone ---

ABOUT_ADA = {
    c.MarkOrderPaid: Refusal.UNKNOWN_ORDER,
    c.LapseOrder: Refusal.UNKNOWN_ORDER,
    c.AdvanceChallenge: Refusal.UNKNOWN_ORDER,
    c.ReviewVerdict: Refusal.UNKNOWN_ACCOUNT,
    c.AppealDecision: Refusal.UNKNOWN_ACCOUNT,
    c.AnswerAppeal: Refusal.UNKNOWN_ACCOUNT,
    c.GrantOverride: Refusal.UNKNOWN_ACCOUNT,
    c.PublishScore: Refusal.UNKNOWN_ACCOUNT,
    c.EnforceAgain: Refusal.UNKNOWN_ACCOUNT,
    c.BeginView: Refusal.UNKNOWN_TRADER,
    c.SeePage: Refusal.UNKNOWN_TRADER,
    c.SettleCommand: Refusal.UNKNOWN_COMMAND,
}
OF_ALL_REGIONS = {
    c.PublishProgram, c.RetireProgram, c.PlaceTrader, c.RegisterTrader, c.EraseTrader, c.EngageKillSwitch, c.ResumeDesk, c.NoteIncident,
    c.SetStaffScope, c.IssueApiKey, c.OpenDocument,
}  # fmt: skip


@pytest.fixture
def omar(stage: Stage) -> Stage:
    """Ada is in dach, with an account, and another that the platform is told to make; 50 is an owner of the north alone."""
    stage.sell()
    stage.put(c.PlaceOrder(by=f"trader:{ADA}", order=601, trader=ADA, program="two-step", accounts=(7101, 7102)))
    stage.put(c.MarkOrderPaid(by="console", order=601, reference="wire 2"))
    place(stage, DACH)
    stage.put(c.AddStaff(by="console", staff=50, role="owner", sealed=""))
    limit(stage, Scope(regions=(NORTH,)))
    return stage


def limit(stage: Stage, scope: Scope) -> None:
    stage.put(c.SetStaffScope(by="staff:2", staff=50, scope=scope, why="her desk"))


def refused(stage: Stage) -> dict[type[c.Command], Refusal | None]:
    """How each kind of command about Ada is refused to 50; None where it is let through to be decided."""
    [queued, *_] = stage.engine.desk(enforcement_desk("sim")).state.commands
    told = {}
    for command in commands("staff:50"):
        match command:
            case c.BeginView() | c.SeePage():
                asked: c.Command = replace(command, trader=ADA)
            case c.SettleCommand():
                asked = replace(command, command=queued)
            case _:
                asked = command
        no = refusal_of(asked, stage.engine)
        told[type(command)] = None if no is None else no.refusal
    return told


def test_what_is_of_a_trader_elsewhere_is_not_there_and_what_reaches_all_regions_nobody_may(omar):
    told = refused(omar)
    assert {kind: told[kind] for kind in ABOUT_ADA} == ABOUT_ADA
    assert {told[kind] for kind in OF_ALL_REGIONS} == {Refusal.NOT_PERMITTED}


@pytest.mark.parametrize(
    ("scope", "is_there"),
    [
        (Scope(regions=(DACH,)), True),
        (Scope(("two-step",), (DACH, NORTH)), True),
        (Scope(("autumn",), (DACH,)), False),
        (Scope(("two-step",), (NORTH,)), False),
    ],
)
def test_both_limits_hold_together(omar, scope, is_there):
    limit(omar, scope)
    told = refused(omar)
    assert {kind: told[kind] for kind in ABOUT_ADA} == (dict.fromkeys(ABOUT_ADA) if is_there else ABOUT_ADA)


def test_who_moves_is_there_for_the_others_from_that_row_on(omar):
    place(omar, NORTH)
    assert {kind: refused(omar)[kind] for kind in ABOUT_ADA} == dict.fromkeys(ABOUT_ADA)
    place(omar, "")
    assert {kind: refused(omar)[kind] for kind in ABOUT_ADA} == ABOUT_ADA, (
        "in no region they are there for nobody so limited"
    )
