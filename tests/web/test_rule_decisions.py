"""Rules that are no loss limits, on the pages: what was measured, the limit, the subject, the arithmetic, and what follows."""

import re

import pytest
from msgspec.structs import replace

from firm.facts import RuleBroken, RuleKeptAgain, RuleSuspected
from firm.ids import id_text
from firm.inputs import Side
from firm.instant import DAY_US, SECOND_US
from firm.kinds import body_of
from firm.phase import Standing
from firm.terms.conduct import Hedging
from firm.terms.words import Action, Scope
from storage.afterwards import explain_decision
from storage.readmodels.decisions import decision_line, open_decisions
from tests.actors.test_conduct import LOT, LOTS
from tests.loading import loaded
from web.pages.checker import CHECKER

pytestmark = pytest.mark.anyio


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")


@pytest.fixture(scope="module")
def strict(tmp_path_factory, histories):
    played = histories.strict(tmp_path_factory.mktemp("strict") / "firm")
    yield played
    played.close()


@pytest.fixture(scope="module")
async def browsers(strict, visiting):
    """Ada and Ruth in that firm."""
    async with visiting(strict.firm) as visit:
        yield {name: await visit(name) for name in ("ada", "ruth")}


def decided(stage, kind, rule):
    """The rows by which a rule of the account was judged, oldest first."""
    rows = (row for row in stage.reader.rows(0, stage.reader.size()) if row.kind == kind.__name__)
    return [row.seq for row in rows if body_of(row.kind, row.payload).rule == rule]


def line_of(stage, decision):
    with stage.reader.connection() as book:
        return decision_line(book, decision)


def test_the_read_model_has_what_was_measured_of_whom_and_what_follows(strict):
    [hedged] = decided(strict, RuleBroken, "hedging")
    line = line_of(strict, hedged)
    told = (line.rule_kind, line.severity, line.does, line.unit, line.observed, line.bound, line.subject, line.settled)
    assert told == ("hedging", "soft", "warn", "lots_e8", 150_000_000, 0, "EURUSD", "final")
    [held] = decided(strict, RuleBroken, "notional")
    assert (line_of(strict, held).does, line_of(strict, held).unit) == ("restrict", "bp")


def test_what_a_person_decides_waits_in_the_queue_with_its_doubt(strict):
    [hedged] = decided(strict, RuleSuspected, "hedging")
    with strict.reader.connection() as book:
        [waiting] = open_decisions(book, 10)
    assert (waiting.decision, waiting.doubts, waiting.severity, waiting.does) == (hedged, "review_required", "hard", "")
    assert strict.engine.account(strict.accounts["ada"]).standing is Standing.UNDER_REVIEW


async def test_a_broken_rule_s_page_says_what_was_measured_and_what_follows(strict, browsers):
    [held] = decided(strict, RuleBroken, "notional")
    page = await browsers["ada"].get(f"/decisions/{held}")
    said = plain(page.text)
    assert page.status_code == 200
    assert "Restriction: exposure limit" in said
    assert re.search(r"[\d,.]+ % was measured, and the limit is 3,000 %", said)
    assert "Nothing may be opened until the next trading day begins; what is held may stay." in said
    assert "The arithmetic" in said
    assert "Equity observed" not in said
    assert "Floor" not in said


async def test_a_suspected_rule_s_page_says_that_a_person_decides(strict, browsers):
    [hedged] = decided(strict, RuleSuspected, "hedging")
    said = plain((await browsers["ada"].get(f"/decisions/{hedged}")).text)
    assert "of EURUSD , 0.40 lots was measured, against a limit of 0.00 lots . A person at the firm decides." in said
    assert "A person must look. The rules have a person look at every failure of this kind." in said
    staff = (await browsers["ruth"].get(f"/staff/decisions/{hedged}")).text
    assert "This needs a decision" in staff


async def test_the_lists_give_each_decision_its_unit(strict, browsers):
    said = plain((await browsers["ruth"].get("/staff/decisions")).text)
    assert "0.40 lots EURUSD" in said
    assert "3,000 %" in said
    account = plain((await browsers["ada"].get(f"/accounts/{id_text(strict.accounts['ada'])}")).text)
    assert "1.50 lots EURUSD" in account
    assert "Warning" in account


async def test_every_rule_of_the_account_has_a_row_with_its_state(strict, browsers):
    for name in ("ada", "ben"):
        state = strict.engine.account(strict.accounts[name])
        rows = strict.board.every_rule(strict.accounts[name])
        assert [row.rule for row in rows] == [rule.id for rule in state.ruleset.rules]
    page = await browsers["ada"].get(f"/accounts/{id_text(strict.accounts['ada'])}")
    table = page.text.partition('id="objectives-title"')[2].partition("</table>")[0]
    said = plain(table)
    assert table.count("<tr>") == len(strict.engine.account(strict.accounts["ada"]).ruleset.rules) + 1
    assert "Broken once so far." in said
    looked = "EURUSD: Now 0.4 lots; the limit is 0 lots. Whether the rule is broken is in question. Broken once so far."
    assert looked in said, "a person decides about the second hedge"
    assert "Now 3; the limit is 20. at most 20 3 15 % used Kept" in said
    assert "1 of 10 trades. at least 10 1 10 % reached Pending" in said


async def test_what_is_final_is_told_as_broken_beside_what_a_person_decides(strict, browsers):
    page = (await browsers["ada"].get(f"/accounts/{id_text(strict.accounts['ada'])}")).text
    objectives = page.partition('id="objectives-title"')[2].partition("</table>")[0]
    assert ["In question" in row for row in objectives.split("<tr>")].count(True) == 1
    rules = (await browsers["ada"].get(f"/accounts/{id_text(strict.accounts['ada'])}/rules")).text
    now = {name: plain(said.partition("</li>")[0]) for name, said in _by_rule(rules)}
    assert "Whether the rule is broken is in question." in now["hedging"]
    assert "The rule is broken." not in now["hedging"]
    for final in ("margin", "notional", "stop_loss"):
        assert "The rule is broken." in now[final]
        assert "in question" not in now[final]


def _by_rule(page):
    return [(part.partition('"')[0], part) for part in page.split('<li id="rule-')[1:]]


def test_rules_that_cost_more_are_not_worked_out_for_every_price(strict):
    account = strict.accounts["ada"]
    moving = {row.rule for row in strict.board.account(account).objectives}
    assert moving == {"daily_loss", "maximum_loss", "profit_target", "inactivity"}


def test_the_decision_is_explained_at_the_console_too(strict):
    [held] = decided(strict, RuleBroken, "notional")
    told = explain_decision(strict.reader, held)
    assert told[0].startswith("The rule “notional” (exposure limit) was broken.")
    assert re.search(r"Measured was [\d,.]+ %; the limit is 3,000 %\.", told[0])
    assert told[-1] == ("What follows: Nothing may be opened until the next trading day begins; what is held may stay.")
    [hedged] = decided(strict, RuleSuspected, "hedging")
    told = explain_decision(strict.reader, hedged)
    assert "looks broken by EURUSD, but a person decides. Measured was 0.40 lots; the limit is 0.00 lots." in told[0]
    assert "the rules have a person look" in told[-1]


async def test_a_trace_tells_rules_in_words(strict, browsers):
    desk = f"account/{id_text(strict.accounts['ada'])}"
    said = plain((await browsers["ruth"].get(f"/staff/trace?desk={desk}&kind=all")).text)
    assert (
        "Hedging (EURUSD) was broken: 1.50 lots against 0.00 lots. The trader is warned; nothing else follows." in said
    )
    assert "Hedging (EURUSD) is kept again." in said


async def test_a_person_confirms_what_looked_broken(strict, browsers):
    [hedged] = decided(strict, RuleSuspected, "hedging")
    answer = await browsers["ruth"].send_form(
        f"/staff/decisions/{hedged}/review", outcome="confirm", why="Hedged on purpose."
    )
    assert answer.status_code == 303
    *_, final = decided(strict, RuleBroken, "hedging")
    assert line_of(strict, hedged).settled == "superseded"
    assert (line_of(strict, final).severity, line_of(strict, final).does) == ("hard", "fail")
    said = plain((await browsers["ada"].get(f"/decisions/{final}")).text)
    assert "Breach: hedging" in said
    assert "The account ends. A person confirmed it." in said
    account = plain((await browsers["ada"].get(f"/accounts/{id_text(strict.accounts['ada'])}")).text)
    assert "Breached" in account


@pytest.fixture(scope="module")
def checker():
    """What the page offers beside the evidence, as a module."""
    return loaded("checker_of_rules", CHECKER)


@pytest.mark.parametrize(
    ("kind", "rule"), [(RuleBroken, "notional"), (RuleBroken, "hedging"), (RuleSuspected, "hedging")]
)
async def test_the_evidence_of_a_rule_can_be_taken_away_and_checked(strict, browsers, checker, kind, rule):
    decision = decided(strict, kind, rule)[0]
    assert f'href="/decisions/{decision}/evidence"' in (await browsers["ada"].get(f"/decisions/{decision}")).text
    said = "\n".join(checker.verify((await browsers["ada"].get(f"/decisions/{decision}/evidence")).content))
    assert "built once more from the rows and the rules alone: the same" in said
    staff = await browsers["ruth"].get(f"/staff/decisions/{decision}/evidence")
    assert checker.verify(staff.content)


async def test_that_a_rule_is_kept_again_has_evidence_of_its_own(strict, browsers, checker):
    broken = decided(strict, RuleBroken, "hedging")[0]
    kept = decided(strict, RuleKeptAgain, "hedging")[0]
    page = plain((await browsers["ada"].get(f"/decisions/{broken}")).text)
    assert f"The rule is kept again since ledger row {kept}" in page
    for browser, room in (("ada", ""), ("ruth", "/staff")):
        got = await browsers[browser].get(f"{room}/decisions/{broken}/kept-again/evidence")
        said = "\n".join(checker.verify(got.content))
        assert f"Evidence for decision {kept} (RuleKeptAgain" in said
        assert "breaks 'hedging' no more, worked out from the rows and the rules" in said
    suspected = decided(strict, RuleSuspected, "hedging")[0]
    assert (await browsers["ada"].get(f"/decisions/{suspected}/kept-again/evidence")).status_code == 404
    told = explain_decision(strict.reader, broken)
    assert f"It is kept again since ledger row {kept}, which is a decision of its own." in told
    assert explain_decision(strict.reader, kept)[0] == (
        "The rule “hedging” is broken by EURUSD no more: another breach counts anew."
    )


@pytest.fixture(scope="module")
def holding_back(tmp_path_factory, histories):
    """Who hedges is paused, who holds more than two lots is restricted: Ada did the one, Ben the other."""
    hedging = Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.PAUSE,), strikes_within=Scope.PHASE)
    lots = replace(LOTS, limit=2 * LOT, on_breach=(Action.RESTRICT,))
    played = histories.asking(tmp_path_factory.mktemp("held") / "firm", "Holding back", hedging, lots)
    ada, ben = (played.accounts[name] for name in ("ada", "ben"))
    played.waiting = []
    played.deal(ada, "P1", Side.BUY, "1.00", "EURUSD")
    played.deal(ada, "P2", Side.SELL, "1.00", "EURUSD")
    played.deal(ben, "P3", Side.BUY, "3.00", "EURUSD")
    played.settle(checkpoint=True)
    yield played
    played.close()


async def test_while_a_rule_holds_the_account_back_its_page_says_until_when_and_how_far_closing_is(
    holding_back, visiting
):
    [hedged], [held] = (decided(holding_back, RuleBroken, rule) for rule in ("hedging", "lots"))
    async with visiting(holding_back.firm) as visit:
        ruth = await visit("ruth")

        async def said(decision):
            page = (await ruth.get(f"/staff/decisions/{decision}")).text
            return plain(page.partition('id="held-back"')[2].partition("</dd>")[0])

        paused = "The account is paused until Fri 2 May, 00:00 in UTC."
        closing = "The firm is closing what is open: the platform has not confirmed all of it yet."
        assert f"{paused} {closing}" in await said(hedged)
        assert "Positions can be closed but not opened until Fri 2 May, 00:00 in UTC." in await said(held)
        holding_back.go_on()
        assert (await said(hedged)).endswith(paused)
        holding_back.wait(DAY_US // SECOND_US)
        assert (await said(hedged), await said(held)) == ("", "")
