"""`evenhand override`: exceptions from an account's rules, made and listed from the console of a firm that does not serve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.founding import staff_command
from firm.ids import id_text
from storage.reader import LedgerReader
from web.password_desk import hash_password

Run = Callable[..., tuple[int, str, str]]
RUTH = "ruth@northlight.example"
REASON = ("--why", "our outage", "--evidence", "incident 12", "--by", RUTH)


@pytest.fixture
def sold(shop: Any) -> Any:
    """Ada's account is open, Ruth is on the staff, and the firm does not serve: whoever asks opens it."""
    shop.machine.decide_now([staff_command(shop.machine, RUTH, "Ruth Vale", "risk", hash_password("long enough"))])
    shop.machine.close()
    return shop


def adas(shop: Any) -> tuple[str, str, Path]:
    return id_text(7001), "--data-dir", shop.directory


def test_a_rule_is_waived_and_the_list_says_by_whom_and_why(sold: Any, run: Run) -> None:
    until = "2014-05-03T22:00"
    status, out, err = run("override", "waive", *adas(sold), "--rule", "daily-loss", "--until", until, *REASON)
    assert (status, err) == (0, "")
    assert out.startswith("Ruth Vale waived the rule “daily-loss” until 2014-05-03 22:00:00 UTC. Until then")
    status, out, _ = run("override", "list", *adas(sold))
    assert status == 0
    assert "staff:" in out
    assert "waived the rule “daily-loss”" in out
    assert "our outage (evidence: incident 12)" in out
    [line] = json.loads(run("override", "list", *adas(sold), "--json")[1])
    assert (line["granted"], line["override"]["rule"]) == (True, "daily-loss")
    assert line["who"].startswith("staff:")


def test_a_mark_is_adjusted_in_the_account_s_currency(sold: Any, run: Run) -> None:
    status, out, _ = run("override", "adjust", *adas(sold), "--mark", "day_balance", "--amount", "100500.00", *REASON)
    assert status == 0
    assert "set the balance with which the day began to 100,500.00 USD" in out
    assert "The floor of the rule “daily-loss” moves from 97,000.00 USD to 97,500.00 USD." in out


@pytest.mark.parametrize("who", ["nobody@northlight.example", "ada@example.org", "console"])
def test_only_a_member_of_staff_makes_an_exception(sold: Any, run: Run, who: str) -> None:
    reason = ("--why", "our outage", "--evidence", "incident 12", "--by", who)
    status, out, err = run("override", "extend", *adas(sold), "--days", "3", *reason)
    assert (status, out) == (2, "")
    assert "evenhand staff list shows everyone" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("reinstate", "--decision", "3"), "decision 3 is no breach by which this account is closed"),
        (("waive", "--rule", "none", "--until", "2014-05-03T22:00"), "is no rule of this account"),
        (("adjust", "--mark", "day_equity", "--amount", "much"), "'much' is no amount in USD"),
        (("adjust", "--mark", "day_balance", "--amount", "150000.00"), "it would be broken at once"),
        (("adjust", "--mark", "day_balance", "--amount", "-5"), "a slip of the pen it seems"),
        (("adjust", "--mark", "day_equity", "--amount", "100000.00"), "no floor of this account would move"),
    ],
)
def test_what_cannot_be_granted_ends_with_one_line_that_says_why(
    sold: Any, run: Run, words: tuple[str, ...], told: str
) -> None:
    action, *more = words
    status, out, err = run("override", action, *adas(sold), *more, *REASON)
    assert (status, out) == (2, "")
    assert told in err


def test_an_account_that_nobody_has_is_told(sold: Any, run: Run) -> None:
    status, _, err = run("override", "list", id_text(12), "--data-dir", sold.directory)
    assert status == 2
    assert "there is no account 00000-0000C" in err


def test_no_phase_is_opened_that_nobody_held_and_who_asked_is_on_the_books(sold: Any, run: Run) -> None:
    status, out, err = run("override", "advance", *adas(sold), "--why", "the owner has agreed", "--by", RUTH)
    assert (status, out) == (2, "")
    assert "no phase of this order waits for a person" in err
    with LedgerReader(sold.directory) as reader:
        [asked] = reader.newest_of_kind("AdvanceChallenge", before=reader.size() + 1, among=100, limit=2)
    assert json.loads(asked.payload)["by"].startswith("staff:")


def test_nobody_but_a_member_of_staff_lets_a_phase_begin(sold: Any, run: Run) -> None:
    status, out, err = run("override", "advance", *adas(sold), "--why", "it is time", "--by", "ada@example.org")
    assert (status, out) == (2, "")
    assert "evenhand staff list shows everyone" in err
