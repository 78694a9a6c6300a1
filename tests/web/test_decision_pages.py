"""Decisions on a page: the rule, the price and the arithmetic; evidence that checks out; a person's word on an open one."""

import json
import re
import sys
from pathlib import Path

import anyio
import pytest

from firm.commands import ReviewVerdict
from firm.facts import DealBooked
from firm.ids import id_text
from firm.inputs import Side
from firm.kinds import payload_of
from firm.money import Money
from storage.errors import NoteFault
from storage.held_then import open_positions
from storage.rows import StoredRow
from tests.web.page_text import text_of
from web.shell.speech import ENGLISH

VERIFIER = Path(__file__).parents[2] / "tools" / "verify_evidence.py"


async def test_a_breach_is_told_in_words_numbers_and_times(ada, decisions):
    page = (await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text.replace("\u00a0", " ")
    for said in (
        "At 12:30:00.250 UTC on 2 May 2014 equity was",
        "91,283.50 USD",
        "94,559.00",
        "short by 3,275.50 USD",
        "In one trading day the account may lose at most 5 % of the initial balance",
        "14:30:00.250 in Europe/Prague",
        "1274.400 − 1283.560",
        "rounded to the nearest, halves away from zero",
        "Balance with the profit so far 91,283.50 USD is at or below Daily floor 94,559.00 USD",
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
    assert page.count("This ended the account.") == 1
    assert "The account ended at" not in page
    assert "Objections" not in page  # nobody is named to whom they could be written
    commands = page.partition("What was done on the platform")[2]
    assert "2 May 2014, 12:30:00.250 UTC" in commands


async def test_each_figure_of_a_breach_says_from_which_row_and_when(ada, decisions):
    page = text_of((await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text)
    assert re.search(r"Balance from ledger row \d+, 2 May 2014, 1\d:\d\d:\d\d\.\d{3} UTC", page)
    assert re.search(
        r"Bid of position P7012 \(XAUUSD\) from ledger row \d+, 2 May 2014, 12:30:00\.250 UTC 1274\.400", page
    )
    assert "100 units a lot" in page
    assert "+ −" not in page
    assert page.partition("Where the balance comes from")[0].count("Initial balance") == 1


async def test_what_closing_cost_is_told_and_adds_up_to_the_balance_on_the_accounts_page(ada, stage, decisions):
    page = text_of((await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text)
    closed = page.partition("How these were closed afterwards")[2].partition("What was done on the platform")[0]
    assert "Position Lots Closed at Profit Costs Swap Result When" in closed
    [before, profit, costs, swap, result, after] = [
        round(float(re.search(pattern, closed)[1].replace(",", "").replace("−", "-")) * 100)
        for pattern in (
            r"Balance at the breach ([−0-9.,]+)",
            r"XAUUSD P7012 9\.00 [0-9.]+ ([−0-9.,]+)",
            r"XAUUSD P7012 9\.00 [0-9.]+ [−0-9.,]+ ([−0-9.,]+)",
            r"XAUUSD P7012 9\.00 [0-9.]+ [−0-9.,]+ [−0-9.,]+ ([−0-9.,]+)",
            r"XAUUSD P7012 9\.00 [0-9.]+ [−0-9.,]+ [−0-9.,]+ [−0-9.,]+ ([−0-9.,]+)",
            r"Balance after closing ([−0-9.,]+)",
        )
    ]
    assert (costs, swap) == (-31_50, 0)
    assert profit + costs + swap == result
    assert before + result == after
    account = text_of((await ada.get(f"/accounts/{id_text(stage.accounts['ada lost'])}")).text)
    assert f"Balance after closing {after / 100:,.2f}" in account


async def test_the_balance_that_was_used_is_told_booking_by_booking_since_the_day_began(ada, stage, decisions):
    page = text_of((await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text)
    told = page.partition("Where the balance comes from")[2].partition("Prices it rests on")[0]
    assert re.search(r"Initial balance as the account was sold 100,000\.00 USD", told)
    assert re.search(r"Results of the days before .*? −441\.00 USD", told)
    assert re.search(r"Balance when the trading day 2014-05-02 began from ledger row \d+.*? 99,559\.00 USD", told)
    booked = r"A deal in position P7012 \(XAUUSD\), [0-9.]+ lots open after it from ledger row \d+, 2 May 2014, [0-9:.]+ UTC −31\.50 USD"
    assert re.search(booked, told)
    assert "Balance that was used 99,527.50 USD" in told


async def test_a_breach_at_the_reset_tells_its_floor_once_and_why_it_has_two_instants(carried, carrier):
    with carried.reader.connection() as book:
        rows = dict(book.execute("SELECT kind, decision FROM rm_decision").fetchall())
    page = text_of((await carrier.get(f"/decisions/{rows['BreachDeclared']}")).text)
    arithmetic = page.partition("The arithmetic")[2].partition("Where the balance comes from")[0]
    assert arithmetic.count("Daily floor") == 2  # its own line, and the comparison that decides
    assert arithmetic.count("is at or below") == 1
    assert page.count("This ended the account.") == 1
    assert "It was declared 1.000 s later, at 1 May 2014, 22:00:01.000 UTC: until then it was only suspected" in page
    assert "because the day&#39;s starting figures were not final yet." in page
    told = page.partition("Where the balance comes from")[2].partition("Prices it rests on")[0]
    assert "Balance when the account was opened" in told  # nothing was booked since the reset: the day before is told
    assert "A deal in position P7001 (EURUSD)" in told
    assert "Balance that was used" in told


async def test_a_gap_through_the_floor_is_seen_in_the_prices_just_before(ada, decisions):
    page = text_of((await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text)
    trail = page.partition("The prices just before")[2].partition("Open at that moment")[0]
    assert "12:29:58.000 1281.240 1281.690 97,439.50 +2,880.50" in trail
    assert "12:30:00.250 1274.400 1274.850 91,283.50 −3,275.50" in trail
    assert "One price earlier equity was 97,439.50 USD" in trail
    assert "The next one, of XAUUSD, came 2.250 s later and made it 91,283.50 USD" in trail


async def test_a_breach_at_the_reset_says_what_the_reset_did_and_shows_the_prices_it_was_seen_at(carried, carrier):
    with carried.reader.connection() as book:
        rows = dict(book.execute("SELECT kind, decision FROM rm_decision").fetchall())
    page = text_of((await carrier.get(f"/decisions/{rows['BreachDeclared']}")).text)
    for said in (
        "Until the reset at 1 May 2014, 22:00:00.000 UTC (Fri 2 May, 00:00 in Europe/Prague) the floor was 95,000.00 USD",
        "The new day began with a balance of 102,210.00 USD , so the floor became 97,210.00 USD",
        "equity was 96,710.00 USD",
        "1 May 2014, 22:00:00.000 UTC · 2 May 2014, 00:00:00.000 in Europe/Prague",
        "EURUSD 21:59:55.000 1.38152 1.38164",  # the price of the suspicion, which the breach itself does not repeat
        "P7002 Buy 10.00",
        "EURUSD 21:59:50.000 1.38150 1.38162 96,690.00 +1,690.00",  # the floor of the day before still held
        "EURUSD 21:59:55.000 1.38152 1.38164 96,710.00 −500.00",
    ):
        assert said in page, said
    assert "The last price still stood when the reset moved the floor." in page
    assert "no price in between" not in page  # the reset did it, no price
    first = text_of((await carrier.get(f"/decisions/{rows['BreachSuspected']}")).text)
    assert "the floor became 97,210.00 USD" in first


async def test_an_account_says_before_the_reset_where_the_floor_will_be_after_it(ada, stage):
    page = text_of((await ada.get(f"/accounts/{id_text(stage.accounts['ada'])}")).text)
    live = stage.board_account(stage.accounts["ada"])
    higher = max(live.balance.minor, live.equity.minor)  # what this program measures a day from
    assert f"the daily loss floor will be {(higher - 5_000_00) / 100:,.2f} USD" in page


async def test_a_pass_leads_to_the_account_of_the_next_phase(ada, stage, decisions):
    for path in (f"/decisions/{decisions['PhasePassed']}", f"/accounts/{id_text(stage.accounts['ada won'])}"):
        page = (await ada.get(path)).text
        found = re.search(r'href="(/accounts/[^"]+)">Go to the account of Phase 2', page)
        assert found is not None, path
        assert "Two Step 100K, Phase 2" in (await ada.get(found[1])).text


async def test_an_account_that_ended_is_not_judged_any_more(ada, stage):
    page = (await ada.get(f"/accounts/{id_text(stage.accounts['ada lost'])}")).text.replace("\u00a0", " ")
    for said in ("Equity at the breach", "12:30:00.250 UTC", "Balance after closing", "Not judged after the breach"):
        assert said in page, said
    assert "At risk" not in page
    assert "Today equity must stay above" not in page


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


async def test_a_trader_who_kept_a_checkpoint_gets_evidence_that_nothing_before_it_was_changed(
    ada, stage, decisions, tmp_path
):
    kept = (await ada.get("/checkpoint")).text
    answer = await ada.send_form(f"/decisions/{decisions['BreachDeclared']}/evidence", note=kept.replace("\n", "\r\n"))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert json.loads(answer.content)["checkpoint"] == kept
    bundle, note = tmp_path / "evidence.json", tmp_path / "checkpoint.txt"
    bundle.write_bytes(answer.content)
    note.write_text(kept)
    run = [sys.executable, str(VERIFIER), str(bundle), "--checkpoint", str(note)]
    checked = await anyio.run_process(run, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_a_checkpoint_may_be_given_as_its_file(ada, decisions):
    kept = (await ada.get("/checkpoint")).text
    path = f"/decisions/{decisions['BreachDeclared']}/evidence"
    headers = {"origin": str(ada.base_url).rstrip("/")}
    files = {"file": ("checkpoint.txt", kept.encode(), "text/plain")}
    answer = await ada.post(path, data={"csrf_token": ada.token, "note": ""}, files=files, headers=headers)
    assert json.loads(answer.content)["checkpoint"] == kept


async def test_a_checkpoint_that_is_none_is_refused_in_words_and_stays_typed(ada, ruth, decisions):
    for client, room in ((ada, ""), (ruth, "/staff")):
        path = f"{room}/decisions/{decisions['BreachDeclared']}/evidence"
        empty = await client.send_form(path, note=" ")
        assert empty.status_code == 422
        assert "Paste the checkpoint that you kept" in empty.text
        other = await client.send_form(path, note="Not a <checkpoint>")
        assert other.status_code == 422
        assert "checkpoint" in text_of(other.text).partition("Please look at this again:")[2][:120]
        assert "Not a &lt;checkpoint&gt;" in other.text


@pytest.mark.parametrize(
    ("spoilt", "fault"),
    [
        pytest.param(lambda kept: "Not a checkpoint", NoteFault.UNREADABLE, id="none at all"),
        pytest.param(
            lambda kept: kept.replace(kept.split("\n")[1], "1", 1), NoteFault.UNSIGNED, id="another size written in"
        ),
        pytest.param(lambda kept: kept.replace("evenhand/", "evenhand/x"), NoteFault.OTHER_LEDGER, id="another firm's"),
        pytest.param(
            lambda kept: kept.replace(kept.split("\n")[1], "999999", 1),
            NoteFault.OTHER_LEDGER,
            id="more rows than we have",
        ),
    ],
)
async def test_why_a_checkpoint_was_not_taken_is_said_with_what_a_trader_can_do(ada, ruth, decisions, spoilt, fault):
    kept = (await ada.get("/checkpoint")).text
    page = await ada.send_form(f"/decisions/{decisions['BreachDeclared']}/evidence", note=spoilt(kept))
    assert page.status_code == 422
    assert ENGLISH(f"note_fault.{fault.value}") in text_of(page.text)
    said = await ruth.send_form(f"/staff/decisions/{decisions['BreachDeclared']}/evidence", note=spoilt(kept))
    assert ENGLISH(f"note_fault.{fault.value}") not in text_of(said.text)  # the console's words


def test_no_fault_of_a_checkpoint_sends_a_trader_to_the_console():
    for said in (ENGLISH(f"note_fault.{fault.value}") for fault in NoteFault):
        assert not re.search(r"evenhand |--|source|run ", said), said


@pytest.mark.parametrize("decision", ["0", "1", "-1", "999999", str(2**63), "9" * 30])
async def test_a_row_that_decided_nothing_has_no_evidence(ada, ruth, decision):
    kept = (await ada.get("/checkpoint")).text
    for client, room in ((ada, ""), (ruth, "/staff")):
        path = f"{room}/decisions/{decision}/evidence"
        assert (await client.get(path)).status_code == 404
        assert (await client.send_form(path, note=kept)).status_code == 404


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
    assert "Dismissed at" in page
    assert "One bad print; the platform took it back." in page
    again = await ruth.send_form(path, outcome="confirm", why="On second thoughts.")
    assert again.status_code == 422
    assert "settled already" in again.text
    assert "Active" in (await ben.get(f"/accounts/{id_text(stage.accounts['ben suspected'])}")).text
