"""Decisions on a page: the rule, the price and the arithmetic; evidence that checks out; a person's word on an open one."""

import json
import sys
from pathlib import Path

import anyio

from firm.commands import ReviewVerdict
from firm.facts import DealBooked
from firm.ids import id_text
from firm.inputs import Side
from firm.kinds import payload_of
from firm.money import Money
from storage.rows import StoredRow
from web.decision_view import open_positions

VERIFIER = Path(__file__).parents[2] / "tools" / "verify_evidence.py"


async def test_a_breach_is_told_in_words_numbers_and_times(ada, decisions):
    page = (await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text.replace("\u00a0", " ")
    for said in (
        "At 12:30:00.250 UTC on 2 May 2014 equity was",
        "91,283.50 USD",
        "94,559.00",
        "short by 3,275.50 USD",
        "Equity may not fall more than 5 % of the initial balance",
        "14:30:00.250 in Europe/Prague",
        "1274.400 − 1283.560",
        "rounded to the nearest, halves away from zero",
        "Balance and profit up to XAUUSD #1 91,283.50 USD is at or below Daily floor 94,559.00 USD",
        "Block trading",
        "The platform itself shows the account flat",
    ):
        assert said in page, said


async def test_a_breach_says_how_to_check_it_and_what_closed_afterwards(ada, stage, decisions):
    page = (await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text.replace("\u00a0", " ")
    key = stage.reader.identity().public_key.hex()
    assert f"verify_evidence.py evidence-{decisions['BreachDeclared']}.json --key {key}" in page
    assert 'href="/checkpoint"' in page
    assert 'href="/verify_evidence.py"' in page
    assert "How these were closed afterwards" in page
    assert "The account ended at" in page
    assert "Objections: write to the firm’s support" in page
    commands = page.partition("What was done on the platform")[2]
    assert "2 May 2014, 12:30:00.250 UTC" in commands


async def test_an_account_that_ended_is_not_judged_any_more(ada, stage):
    page = (await ada.get(f"/accounts/{id_text(stage.accounts['ada lost'])}")).text.replace("\u00a0", " ")
    for said in ("Equity at the breach", "12:30:00.250 UTC", "Balance after closing", "Not judged after the breach"):
        assert said in page, said
    assert "At risk" not in page


async def test_a_suspected_breach_says_what_is_in_doubt(ben, decisions):
    page = (await ben.get(f"/decisions/{decisions['BreachSuspected']}")).text
    assert "This is not final" in page
    assert "The platform has not confirmed" in page
    assert "This needs a decision" not in page  # the form is for staff


async def test_a_pass_has_a_page_as_a_breach_has(ada, decisions):
    page = (await ada.get(f"/decisions/{decisions['PhasePassed']}")).text.replace("\u00a0", " ")
    assert "The balance reached" in page
    assert "108,132.00 USD" in page
    assert "with 2 trading days" in page


async def test_the_evidence_that_is_downloaded_checks_out_offline(ada, decisions, tmp_path):
    answer = await ada.get(f"/decisions/{decisions['BreachDeclared']}/evidence")
    assert (
        answer.headers["content-disposition"] == f'attachment; filename="evidence-{decisions["BreachDeclared"]}.json"'
    )
    assert json.loads(answer.content)["decision"] == decisions["BreachDeclared"]
    bundle = tmp_path / "evidence.json"
    bundle.write_bytes(answer.content)
    checked = await anyio.run_process([sys.executable, str(VERIFIER), str(bundle)], check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_was_open_is_the_days_start_and_every_deal_since_in_their_order():
    usd = lambda minor: Money(minor, "USD", 2)  # noqa: E731

    def booked(seq: int, position: str, lots_e8: int) -> StoredRow:
        deal = DealBooked(
            deal_id=f"D{seq}",
            position_id=position,
            symbol="EURUSD",
            side=Side.BUY,
            lots_e8=lots_e8,
            price_open=138_700,
            swap=usd(0),
            opened_us=1,
            net=usd(0),
            balance=usd(0),
        )
        return StoredRow(seq, "DealBooked", 1, 1, 0, 7, 1, 0, b"", payload_of(deal))

    rows = [booked(1, "P1", 200), booked(2, "P2", 100), booked(3, "P1", 100), booked(4, "P2", 0)]
    assert [(held.position_id, held.lots_e8) for held in open_positions(rows[::-1])] == [("P1", 100)]


async def test_what_is_no_decision_has_no_page(ruth):
    assert (await ruth.get("/staff/decisions/1")).status_code == 404
    assert (await ruth.get("/staff/decisions/999999999")).status_code == 404


async def test_a_review_needs_a_choice_and_a_reason_and_keeps_what_was_typed(ruth, stage, decisions):
    path = f"/staff/decisions/{decisions['BreachSuspected']}/review"
    before = len(stage.asked)
    empty = await ruth.send_form(path)
    assert empty.status_code == 422
    assert "Choose whether to confirm or to dismiss it." in empty.text
    typed = await ruth.send_form(path, why="Seen <b>it</b>.")
    assert typed.status_code == 422
    assert "Seen &lt;b&gt;it&lt;/b&gt;." in typed.text
    endless = await ruth.send_form(path, outcome="dismiss", why="x" * 501)
    assert endless.status_code == 422
    assert len(stage.asked) == before


async def test_ruth_dismisses_a_suspicion_and_ben_reads_why(ruth, ben, stage, play, decisions):
    decision = decisions["BreachSuspected"]
    stage.prices_now(138_500, 1_283_600)  # gold came back, or the account would be suspected again at once
    stage.settle()
    path = f"/staff/decisions/{decision}/review"
    answer = await ruth.send_form(path, outcome="dismiss", why="One bad print; the platform took it back.")
    assert answer.status_code == 303
    asked = stage.asked[-1]
    assert isinstance(asked, ReviewVerdict)
    assert (asked.by, asked.account, asked.decision) == (
        f"staff:{play.RUTH}",
        stage.accounts["ben suspected"],
        decision,
    )
    page = (await ben.get(f"/decisions/{decision}")).text
    assert "Dismissed." in page
    assert "One bad print; the platform took it back." in page
    again = await ruth.send_form(path, outcome="confirm", why="On second thoughts.")
    assert again.status_code == 422
    assert "settled already" in again.text
    assert "Active" in (await ben.get(f"/accounts/{id_text(stage.accounts['ben suspected'])}")).text
