"""Rules across accounts on the pages: how all of Ada's stand together, what broke a rule, and a won phase that waits for a person."""

import re

import pytest
from msgspec.structs import replace

from firm.commands import AdvanceChallenge
from firm.facts import RuleBroken
from firm.ids import id_text
from firm.inputs import Side
from firm.kinds import body_of
from firm.phase import Standing
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.objectives import ProfitTarget, TargetMeasure
from firm.terms.words import Action, Fixed
from storage.afterwards import explain_decision
from storage.readmodels.held_phases import held_phases
from tests.actors.conftest import program
from tests.actors.several import LOTS, OPPOSITE
from tests.actors.test_conduct import MAXIMUM, rules_of

pytestmark = pytest.mark.anyio

ALLOCATION = MaximumAllocation(id="allocation", limit_minor=300_000_00, accounts_max=3, funded_only=False)
WON = ProfitTarget(
    id="target", amount=Fixed(minor=1_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True, latched=False,
    auto_close=False,
)  # fmt: skip
REASON = "The owner has agreed to it."


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")


@pytest.fixture(scope="module")
def played(tmp_path_factory, histories):
    """Ada hedges on two accounts, and wins on a third, whose next phase has no room."""
    stage = histories.Stage(tmp_path_factory.mktemp("together") / "firm")
    first = rules_of(MAXIMUM, WON, replace(OPPOSITE, on_breach=(Action.WARN,)), LOTS, ALLOCATION)
    then = rules_of(MAXIMUM, replace(ALLOCATION, limit_minor=250_000_00))
    stage.open_shop(replace(program(first, then, name="two-step-100k"), accounts_max=9))
    stage.prices_now(138_690, 1_284_200)
    for place, name in enumerate(("one", "two", "three")):
        stage.sell(name, histories.ADA, 101 + place)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    one, two, three = (stage.accounts[name] for name in ("one", "two", "three"))
    stage.deal(one, "P1", Side.BUY, "2.00", "EURUSD")
    stage.wait(1)
    stage.deal(two, "P2", Side.SELL, "1.50", "EURUSD")
    stage.round_trip(three, "P3", Side.BUY, "1.00", "XAUUSD", 1_010_00, 60)
    stage.reconcile(three)
    stage.settle(checkpoint=True)
    yield stage
    stage.close()


@pytest.fixture
async def browsers(played, visiting):
    async with visiting(played.firm) as visit:
        yield {name: await visit(name) for name in ("ada", "ruth", "ben")}


async def test_the_rules_page_says_how_all_accounts_stand_together(played, browsers):
    one, two = (id_text(played.accounts[name]) for name in ("one", "two"))
    page = plain((await browsers["ada"].get(f"/accounts/{one}/rules")).text)
    assert "Now: EURUSD: Now 1.50 lots; the limit is 0.00 lots. The rule is broken." in page
    assert "EURUSD long: Now 2.00 lots; the limit is 10.00 lots." in page
    rows = {row.rule: row for row in played.board.every_rule(played.accounts["one"])}
    assert (rows["allocation"].judged.observed, rows["allocation"].judged.limit) == (200_000_00, 300_000_00)
    assert f"Your accounts are looked at together: {one}, {two}." in rows["hedged"].how
    assert rows["hedged"].judged.is_broken


async def test_explain_names_the_accounts_and_the_share_of_each(played):
    one, two = (id_text(played.accounts[name]) for name in ("one", "two"))
    rows = (row for row in played.reader.rows(0, played.reader.size()) if row.kind == RuleBroken.__name__)
    [broken] = [row for row in rows if body_of(row.kind, row.payload).rule == "hedged"]
    told = "\n".join(explain_decision(played.reader, broken.seq))
    assert f"It is what the trader's accounts {one} and {two} held together." in told
    assert f"lots of P1 on account {one}: 2.00 lots [ledger row" in told
    assert f"lots of P2 on account {two}: 1.50 lots [ledger row" in told
    assert "EURUSD against each other = the lowest of 2.00 lots, 1.50 lots, 1.50 lots, 2.00 lots = 1.50 lots" in told
    assert "Is 1.50 lots above 0.00 lots (most of all accounts together)? Yes." in told


async def test_a_won_phase_without_room_waits_for_a_person_who_says_why(played, browsers):
    three, ruth = id_text(played.accounts["three"]), browsers["ruth"]
    assert played.board_account(played.accounts["three"]).standing is Standing.PASSED
    why = "rule “allocation” of two-step-100k: 200,000.00 USD run or are on order"
    assert f"The account of the next phase waits for a person at the firm: {why}" in plain(
        (await browsers["ada"].get(f"/accounts/{three}")).text
    )
    assert "1 won phase waits for a person" in plain((await ruth.get("/staff")).text)
    assert why in plain((await ruth.get(f"/staff/accounts/{three}")).text)
    path = f"/staff/accounts/{three}/next-phase"
    assert (await ruth.send_form(path, why="yes")).status_code == 422
    assert not any(isinstance(each, AdvanceChallenge) for each in played.asked)
    answer = await ruth.send_form(path, why=REASON)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/accounts/{three}")
    assert "waits for a person" not in plain((await ruth.get("/staff")).text)
    with played.reader.connection() as book:
        assert held_phases(book, 10) == []
    assert (await ruth.send_form(path, why=REASON)).status_code == 404


async def test_ben_sees_nothing_of_it(played, browsers):
    three = id_text(played.accounts["three"])
    assert (await browsers["ben"].get(f"/accounts/{three}")).status_code == 404
    assert (await browsers["ada"].send_form(f"/staff/accounts/{three}/next-phase", why=REASON)).status_code in (
        403,
        404,
    )


async def test_the_trace_names_the_accounts_and_has_the_trader_desk(played, browsers, histories):
    one, two = (id_text(played.accounts[name]) for name in ("one", "two"))
    page = plain((await browsers["ruth"].get(f"/staff/trace?desk=account/{two}&kind=RuleBroken")).text)
    assert f"Hedged (EURUSD) was broken: 1.50 lots against 0.00 lots, held by {one}, {two}." in page
    trader = plain((await browsers["ruth"].get(f"/staff/trace?desk=trader/{id_text(histories.ADA)}")).text)
    assert "Phase 2 is reached, and its account waits for a person: “rule “allocation” of two-step-100k" in trader
