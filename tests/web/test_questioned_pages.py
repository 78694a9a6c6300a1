"""Pages of a breach that a late price put in question: what the trader and the staff read, and a person's answer to it."""

import httpx
import pytest

from firm.ids import id_text
from web.app import create_app


@pytest.fixture
def firm(histories, tmp_path):
    played = histories.breached_at_prices_that_never_met(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
def decision(firm):
    with firm.reader.connection() as book:
        [found] = book.execute("SELECT decision FROM rm_decision WHERE kind = 'BreachDeclared'").fetchall()
    return found[0]


@pytest.fixture
async def visit(firm, new_client, play):
    """Somebody's browser in that firm."""
    clients = []

    async def sign_in(mail):
        client = new_client(httpx.ASGITransport(create_app(firm.firm)))
        clients.append(client)
        await client.sign_in(mail, play.PASSWORD)
        return client

    yield sign_in
    for client in clients:
        await client.aclose()


async def test_ada_reads_that_her_breach_is_in_question_and_why(visit, decision):
    ada = await visit("ada@example.org")
    page = (await ada.get(f"/decisions/{decision}")).text
    assert "This ended the account. It is in question." in page
    assert "the price of EURUSD in row" in page
    assert "A person at the firm decides." in page


async def test_it_waits_among_the_decisions_of_the_staff(visit, decision):
    ruth = await visit("ruth@example.org")
    assert f"/staff/decisions/{decision}" in (await ruth.get("/staff/decisions?waiting=1")).text
    page = (await ruth.get(f"/staff/decisions/{decision}")).text
    assert "This needs a decision" in page
    assert "Uphold the breach" in page


@pytest.mark.parametrize(("outcome", "word"), [("confirm", "Upheld."), ("dismiss", "Dismissed.")])
async def test_a_person_answers_and_ada_reads_the_reason(visit, firm, decision, outcome, word):
    ruth, ada = await visit("ruth@example.org"), await visit("ada@example.org")
    path = f"/staff/decisions/{decision}/review"
    answer = await ruth.send_form(path, outcome=outcome, why="Compared both feeds.")
    assert answer.status_code == 303
    page = (await ada.get(f"/decisions/{decision}")).text
    assert word in page
    assert "Compared both feeds." in page
    assert "It is in question." not in page
    assert "Breached" in (await ada.get(f"/accounts/{id_text(firm.accounts['ada'])}")).text
