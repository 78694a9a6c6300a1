"""Pages of exceptions from an account's rules: who asks for one, what it will say, who agrees, and what Ada reads of it."""

import re

import pytest

from firm.commands import GrantOverride, LetStaffGo
from firm.ids import id_text
from firm.overrides import AdjustMark, ExtendPhase, Mark, Reinstate, WaiveRule
from firm.phase import Standing
from storage.afterwards import explain_decision
from tests.web.page_text import text_of

REASON = {"why": "Our feed failed.", "evidence": "ticket 7"}


@pytest.fixture
async def visit(firm, visiting):
    """Somebody's browser in a firm where Ada's account has ended by a breach."""
    async with visiting(firm.firm) as visit:
        yield visit


@pytest.fixture
def account(firm, decision):
    with firm.reader.connection() as book:
        [found] = book.execute("SELECT account FROM rm_decision WHERE decision = ?", (decision,)).fetchone()
    return found


def section(page: str, name: str) -> str:
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


async def test_a_reviewer_sees_first_what_ada_will_read(visit, firm, account, decision):
    ruth = await visit("ruth")
    path = f"/staff/accounts/{id_text(account)}/overrides"
    answer = await ruth.send_form(path, override="reinstate", decision=str(decision), step="preview", **REASON)
    assert answer.status_code == 200
    form = section(answer.text, "overrides")
    assert "The trader will read:" in form
    assert f"The firm’s risk staff reinstated this account, in spite of decision {decision}: “Our feed failed.”" in form
    assert 'value="ticket 7"' in form
    assert not any(isinstance(each, GrantOverride) for each in firm.asked)


async def test_ada_reads_that_her_account_was_reinstated_and_why(visit, firm, account, decision, play):
    ruth, ada = await visit("ruth"), await visit("ada")
    home = f"/accounts/{id_text(account)}"
    assert "Exceptions from the rules" not in (await ada.get(home)).text
    fields = {"override": "reinstate", "decision": str(decision), "step": "grant", **REASON}
    answer = await ruth.send_form(f"/staff{home}/overrides", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff{home}#exceptions")
    hers = section((await ada.get(home)).text, "exceptions")
    assert "<b>The firm’s risk staff</b> reinstated this account" in hers
    assert "“Our feed failed.”" in hers
    assert "Evidence: ticket 7." in hers
    assert "Ruth" not in hers
    assert "Ruth Vale, risk" in section((await ruth.get(f"/staff{home}")).text, "exceptions")
    page = (await ada.get(f"/decisions/{decision}")).text
    told = text_of(page)
    assert re.search(r"Overridden at [^“]* UTC by the firm’s risk staff: “Our feed failed.”", told)
    notices = (await ada.get(f"{home}/notices")).text
    newest = notices.partition('<ul class="notices">')[2].partition("</li>")[0]
    assert "Exception from the rules" in newest
    did = f"The firm’s risk staff reinstated this account, in spite of decision {decision}: “Our feed failed.”"
    assert f"{did} The account goes on from its balance" in text_of(newest)
    assert f'href="/decisions/{decision}"' in newest
    german = text_of((await ada.get(f"{home}/notices?language=de")).text)
    assert "Ausnahme von den Regeln" in german
    assert "hat dieses Konto trotz der Entscheidung" in german
    assert "Ruth" not in notices + german
    assert firm.board_account(account).standing is Standing.ACTIVE
    told = "\n".join(explain_decision(firm.reader, decision))
    assert f"staff:{play.RUTH} reinstated this account, in spite of decision {decision}" in told
    assert "(evidence: ticket 7)" in told
    assert "A person at the firm let the account go on in spite of it." in told


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"override": "waive_rule", "rule": "daily", "until": "2014-05-03T22:00"}, WaiveRule),
        ({"override": "extend_phase", "days": "3"}, ExtendPhase(days=3)),
        (
            {"override": "adjust_mark", "mark": "day_balance", "rule": "daily", "amount": "99500.00"},
            AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=99_500_00),
        ),
        (
            {"override": "adjust_mark", "mark": "high", "rule": "maximum", "amount": "99500"},
            AdjustMark(mark=Mark.HIGH, rule="maximum", minor=99_500_00),
        ),
        ({"override": "reinstate", "decision": "12"}, Reinstate(decision=12)),
    ],
)
async def test_each_form_asks_for_its_exception(visit, firm, account, fields, wanted, play):
    ruth = await visit("ruth")
    await ruth.send_form(f"/staff/accounts/{id_text(account)}/overrides", **fields, **REASON, step="grant")
    asked = firm.asked[-1]
    assert isinstance(asked, GrantOverride)
    assert (asked.by, asked.why, asked.evidence) == (f"staff:{play.RUTH}", "Our feed failed.", "ticket 7")
    assert asked.override == wanted or (wanted is WaiveRule and asked.override.until_us == 1_399_154_400_000_000)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"override": "", **REASON}, "Choose which exception to make."),
        ({"override": "reinstate", "decision": "x", **REASON}, "Name the decision by its number."),
        ({"override": "waive_rule", "rule": "daily", "until": "soon", **REASON}, "Say until when"),
        ({"override": "extend_phase", "days": "1.5", **REASON}, "Say by how many days"),
        ({"override": "adjust_mark", "mark": "low", "amount": "1", **REASON}, "Choose the mark"),
        ({"override": "adjust_mark", "mark": "day_equity", "amount": "1.005", **REASON}, "Choose the mark"),
        ({"override": "extend_phase", "days": "1", "why": "", "evidence": "ticket"}, "Say why."),
        ({"override": "extend_phase", "days": "1", "why": "so", "evidence": ""}, "Name its evidence"),
    ],
)
async def test_what_cannot_be_read_is_said_and_sent_to_nobody(visit, firm, account, fields, said):
    ruth = await visit("ruth")
    answer = await ruth.send_form(f"/staff/accounts/{id_text(account)}/overrides", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert not any(isinstance(each, GrantOverride) for each in firm.asked)


async def test_what_the_firm_refuses_is_told_on_the_form(visit, account):
    ruth = await visit("ruth")
    fields = {"override": "reinstate", "decision": "3", "step": "grant", **REASON}
    answer = await ruth.send_form(f"/staff/accounts/{id_text(account)}/overrides", **fields)
    assert answer.status_code == 422
    assert "This decision is no breach by which the account is closed" in section(answer.text, "overrides")


def agreement_in(card: str) -> str:
    """Where its one form to agree is sent."""
    sent = (part.partition('"')[0] for part in card.split('action="')[1:])
    [path] = {path for path in sent if "/agreement" in path}
    return path


async def test_a_second_person_agrees_where_the_rules_want_one(visit, firm, play, histories):
    account = histories.sold_by_two(firm)
    home = f"/staff/accounts/{id_text(account)}"
    ruth, omar = await visit("ruth"), await visit("omar")
    await ruth.send_form(f"{home}/overrides", override="extend_phase", days="3", step="grant", **REASON)
    hers = section((await ruth.get(home)).text, "overrides")
    assert "A second person has to agree." in hers
    assert "/agreement" not in hers
    his = section((await omar.get(home)).text, "overrides")
    assert "By Ruth Vale, risk at" in his
    assert "Asked for: “extended the phase by 3 days”." in his
    path = agreement_in(his)
    assert (await ruth.send_form(path, **REASON)).status_code == 422
    assert (await omar.send_form(path, why="Seen.", evidence="ticket 8")).status_code == 303
    told = section((await omar.get(home)).text, "exceptions")
    assert "Ruth Vale, risk and Omar Haddad, owner" in told
    assert (await omar.send_form(path, why="Again.", evidence="ticket 8")).status_code == 404


async def test_nobody_is_asked_to_agree_with_somebody_who_was_let_go(visit, firm, play, histories):
    account = histories.sold_by_two(firm)
    home = f"/staff/accounts/{id_text(account)}"
    ruth, omar = await visit("ruth"), await visit("omar")
    await ruth.send_form(f"{home}/overrides", override="extend_phase", days="3", step="grant", **REASON)
    his = section((await omar.get(home)).text, "overrides")
    path = agreement_in(his)
    firm.put(LetStaffGo(by="console", staff=play.RUTH, why="her last day"))
    firm.settle()
    assert "/agreement" not in section((await omar.get(home)).text, "overrides")
    assert (await omar.send_form(path, why="Seen.", evidence="ticket 8")).status_code == 404


async def test_the_release_that_somebody_asked_for_who_was_let_go_is_asked_for_anew(visit, firm, play):
    ruth, omar, olga = await visit("ruth"), await visit("omar"), await visit("olga")
    path = "/staff/controls/passes"
    await ruth.send_form(f"{path}/engagement", why="The feed looks odd.")
    await ruth.send_form(f"{path}/release", why="It is well again.")
    assert "Agree to the release" in (await omar.get("/staff/controls")).text
    firm.put(LetStaffGo(by="console", staff=play.RUTH, why="her last day"))
    firm.settle()
    page = (await omar.get("/staff/controls")).text
    assert "They may not release it any more: two others have to." in page
    assert "Agree to the release" not in page
    assert (await omar.send_form(f"{path}/release", why="I looked at it.")).status_code == 303
    assert "A second person has to agree." in (await olga.get("/staff/controls")).text
    assert (await olga.send_form(f"{path}/release", why="So did I today.")).status_code == 303
    assert "Omar Haddad, owner and Olga Wirth, owner" in (await olga.get("/staff/controls")).text


async def test_what_the_console_granted_names_nobody_on_any_page(visit, firm, account, decision):
    firm.put(GrantOverride(by="console", account=account, override=Reinstate(decision=decision), **REASON))
    firm.settle()
    ruth, ada, omar = await visit("ruth"), await visit("ada"), await visit("omar")
    staffs = text_of((await ruth.get(f"/staff/decisions/{decision}")).text)
    assert re.search(r"Overridden at [^“]* UTC by console: “Our feed failed.”", staffs)
    hers = text_of((await ada.get(f"/decisions/{decision}")).text)
    assert re.search(r"Overridden at [^“]* UTC by the firm’s risk staff: “Our feed failed.”", hers)
    act = text_of((await omar.get("/staff/audit", params={"kind": "GrantOverride"})).text).partition(
        "Our feed failed."
    )[0]
    assert "on the machine" in act
    assert "Granted an exception, or asked for one a reinstatement" in act
    assert "Vale" not in act
