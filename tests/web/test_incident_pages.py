"""Pages of incidents: what staff see and grant, what everybody reads once a person has published it, and what Ada reads of hers."""

import pytest

from firm.commands import CloseIncident, GrantOverride
from firm.ids import id_text
from firm.incident_words import answer_in_words
from firm.incidents import Answer, Befell
from firm.overrides import ExtendPhase, Reinstate
from firm.phase import Standing
from storage.readmodels.incidents import impact_of, incidents, public_incidents

WHY = "Our line to the platform was cut."


@pytest.fixture
def outage(tmp_path, histories):
    stage = histories.prices_missing(tmp_path / "firm")
    yield stage
    stage.close()


@pytest.fixture
async def visit(outage, visiting):
    """Somebody's browser; a name of nobody is not signed in."""
    async with visiting(outage.firm) as visit:
        yield visit


@pytest.fixture
def number(outage):
    with outage.reader.connection() as book:
        [line] = incidents(book, 10)
    return line.incident


def section(page: str, name: str) -> str:
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


async def test_while_it_goes_on_passes_are_frozen_and_ada_reads_it(outage, visit, number):
    ruth, ada = await visit("ruth"), await visit("ada")
    listed = (await ruth.get("/staff/incidents")).text
    assert f"Incident {number}" in listed
    assert "Goes on" in listed
    page = (await ruth.get(f"/staff/incidents/{number}")).text
    assert "Its passes are frozen" in section(page, "accounts")
    assert id_text(outage.accounts["cleo"]) in page
    assert id_text(outage.accounts["ben"]) not in section(page, "accounts")
    hers = section((await ada.get(f"/accounts/{id_text(outage.accounts['ada'])}")).text, "incidents")
    assert f"Incident {number}" in hers
    assert "until then this account passes nothing" in hers
    refused = await ruth.send_form(f"/staff/incidents/{number}/conclusion", conclusion="Over.")
    assert refused.status_code == 422
    assert "The incident is not over" in refused.text


async def test_all_extensions_are_granted_with_one_reason_and_each_trader_reads_it(outage, visit, number, histories):
    histories.comes_to_its_end(outage)
    ruth, ada = await visit("ruth"), await visit("ada")
    home = f"/staff/incidents/{number}"
    page = (await ruth.get(home)).text
    assert "what they were nobody knows" in page
    assert "Grant all 2 extensions that are left" in page
    assert "unknown: not every missing price came" in section(page, "accounts")
    hers = section((await ada.get(f"/accounts/{id_text(outage.accounts['ada'])}")).text, "incidents")
    assert "Staff are asked to extend the phase by 1 day." in hers
    assert "nobody can tell" in hers
    assert (await ruth.send_form(f"{home}/extensions", why="short")).status_code == 422
    assert not [one for one in outage.asked if isinstance(one, GrantOverride)]
    assert (await ruth.send_form(f"{home}/extensions", why=WHY)).status_code == 303
    granted = [one for one in outage.asked if isinstance(one, GrantOverride)]
    assert {one.account for one in granted} == {outage.accounts["ada"], outage.accounts["cleo"]}
    assert {(one.override, one.why, one.evidence) for one in granted} == {
        (ExtendPhase(days=1), WHY, f"incident {number}")
    }
    page = (await ruth.get(home)).text
    assert "extensions that are left" not in page
    assert "Extend: 2, 2 granted" in page
    hers = section((await ada.get(f"/accounts/{id_text(outage.accounts['ada'])}")).text, "incidents")
    assert "extended the phase by 1 day" in hers
    assert "Ruth" not in hers


async def test_a_breach_of_which_nobody_can_tell_is_reinstated_by_a_person_and_once(outage, visit, number, histories):
    lost = outage.accounts["ada lost"]
    histories.comes_to_its_end(outage)
    with outage.reader.connection() as book:
        impact = impact_of(book, number, lost)
    assert impact is not None
    assert outage.board_account(lost).standing is Standing.BREACHED
    ruth = await visit("ruth")
    path = f"/staff/incidents/{number}/accounts/{id_text(lost)}/grant"
    answer = await ruth.send_form(path, why=WHY)
    asked = [one for one in outage.asked if isinstance(one, GrantOverride)]
    assert [one.override for one in asked] == [Reinstate(decision=impact.decision)]
    assert answer.status_code == 303
    assert outage.board_account(lost).standing is Standing.ACTIVE
    again = await ruth.send_form(path, why=WHY)
    assert again.status_code == 422
    assert "Nothing is left to grant" in again.text


async def test_everybody_reads_what_a_person_has_published_and_nothing_before(outage, visit, number, play):
    nobody, ruth = await visit(""), await visit("ruth")
    before = await nobody.get("/status")
    assert before.status_code == 200
    assert "Ongoing incidents" in before.text
    assert "EURUSD" not in before.text
    assert "Working" in before.text
    home = f"/staff/incidents/{number}"
    assert (await ruth.send_form(f"{home}/publication", sentence="Prices were <late>.")).status_code == 303
    page = (await nobody.get("/status")).text
    assert "Prices were &lt;late&gt;." in page
    assert "EURUSD" in page
    assert "Ruth" not in page
    assert not [name for name, account in outage.accounts.items() if id_text(account) in page]
    assert (await ruth.send_form(f"{home}/publication", sentence="Prices are back.")).status_code == 303
    page = (await nobody.get("/status")).text
    assert "Prices are back." in page
    assert "late" not in page
    assert (await ruth.send_form(f"{home}/withdrawal", sentence="It was no outage.")).status_code == 303
    assert "EURUSD" not in (await nobody.get("/status")).text
    assert f"staff:{play.RUTH}" not in (await ruth.get(home)).text
    assert "Ruth Vale, risk" in (await ruth.get(home)).text


async def test_a_person_closes_it_with_a_conclusion(outage, visit, number, histories, play):
    histories.comes_to_its_end(outage)
    ruth = await visit("ruth")
    home = f"/staff/incidents/{number}"
    assert (await ruth.send_form(f"{home}/conclusion", conclusion="")).status_code == 422
    assert (await ruth.send_form(f"{home}/note", note="Asked the provider.")).status_code == 303
    said = {"conclusion": "Two days' notice next time."}
    asks = await ruth.send_form(f"{home}/conclusion", **said)
    assert (asks.status_code, "Extensions are proposed that nobody has granted" in asks.text) == (422, True)
    assert "Two days&#39; notice next time." in asks.text, "nobody types it again"
    assert "2 are left" in section(asks.text, "said")
    assert not [one for one in outage.asked if isinstance(one, CloseIncident)]
    assert (await ruth.send_form(f"{home}/conclusion", **said, ungranted="yes")).status_code == 303
    assert outage.asked[-1] == CloseIncident(
        by=f"staff:{play.RUTH}", incident=number, conclusion="Two days' notice next time."
    )
    page = (await ruth.get(home)).text
    assert "Close the incident" not in page
    assert "Asked the provider." in section(page, "said")
    assert "Closed" in (await ruth.get("/staff/incidents")).text


async def test_what_is_not_there_is_not_found(visit, number, outage):
    ruth = await visit("ruth")
    assert (await ruth.get(f"/staff/incidents/{number + 1}")).status_code == 404
    assert (await ruth.send_form(f"/staff/incidents/{number + 1}/note", note="?")).status_code == 404
    assert (await ruth.send_form(f"/staff/incidents/{number}/nonsense", note="?")).status_code == 404
    stranger = f"/staff/incidents/{number}/accounts/{id_text(outage.accounts['ben'])}/grant"
    assert (await ruth.send_form(stranger, why=WHY)).status_code == 404
    assert (await ruth.get(f"/staff/incidents/{number}?after=nonsense")).status_code == 200


async def test_nobody_but_staff_sees_or_moves_an_incident(visit, number, outage):
    home = f"/staff/incidents/{number}"
    for name in ("ada", ""):
        client = await visit(name)
        assert (await client.get(home)).status_code in (303, 403)
        for form in ("note", "publication", "withdrawal", "conclusion", "extensions"):
            answer = await client.send_form(f"{home}/{form}", note="x", sentence="x", conclusion="x", why=WHY)
            assert answer.status_code in (303, 401, 403)
    assert outage.asked == []


@pytest.mark.parametrize(
    ("answer", "befell", "filled", "told"),
    [
        (Answer.YES, (), True, "yes"),
        (Answer.NO, (), False, "no"),
        (Answer.UNKNOWN, (Befell.BREACHED,), False, "unknown: not every missing price came"),
        (Answer.UNKNOWN, (Befell.BREACHED,), True, "unknown: what it broke is no loss limit"),
        (Answer.UNKNOWN, (Befell.CLOSED,), True, "unknown: its day or its book changed meanwhile"),
    ],
)
def test_why_nobody_can_tell_what_would_have_been_is_said(answer, befell, filled, told):
    assert answer_in_words(answer, befell, filled).startswith(told)


def test_the_public_list_goes_back_so_far_and_holds_published_ones_alone(outage, histories):
    histories.comes_to_its_end(outage)
    with outage.reader.connection() as book:
        [line] = incidents(book, 10)
        assert public_incidents(book, 0, 10) == []
    assert line.to_us is not None


def test_read_models_built_again_are_the_same(outage, histories):
    histories.comes_to_its_end(outage)
    with outage.reader.connection() as book:
        before = (
            incidents(book, 10),
            [impact_of(book, incidents(book, 1)[0].incident, one) for one in outage.accounts.values()],
        )
    outage.ledger.rebuild()
    with outage.reader.connection() as book:
        assert before[0] == incidents(book, 10)
        assert before[1] == [impact_of(book, before[0][0].incident, one) for one in outage.accounts.values()]
