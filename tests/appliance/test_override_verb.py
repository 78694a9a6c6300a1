"""`evenhand override`: exceptions from an account's rules, made and listed from the console of a firm that does not serve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.demo_firm import programs
from appliance.founding import staff_command
from firm.commands import GrantOverride, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.ids import id_text
from firm.instant import DAY_US
from firm.overrides import WaiveRule
from firm.ruleset import Program
from storage.reader import LedgerReader

Run = Callable[..., tuple[int, str, str]]
REASON = ("--why", "our outage", "--evidence", "incident 12")


@pytest.fixture
def sold(shop: Any) -> Any:
    """Ada's account is open, and the firm does not serve: whoever asks opens it."""
    shop.machine.close()
    return shop


def adas(shop: Any) -> tuple[str, str, Path]:
    return id_text(7001), "--data-dir", shop.directory


def test_a_rule_is_waived_by_the_console_and_the_list_says_so_and_why(sold: Any, run: Run) -> None:
    until = "2014-05-03T22:00"
    status, out, err = run("override", "waive", *adas(sold), "--rule", "daily-loss", "--until", until, *REASON)
    assert (status, err) == (0, "")
    assert out.startswith("The console waived the rule “daily-loss” until 2014-05-03 22:00:00 UTC. Until then")
    status, out, _ = run("override", "list", *adas(sold))
    assert status == 0
    assert " console waived" in out
    assert "waived the rule “daily-loss”" in out
    assert "our outage (evidence: incident 12)" in out
    [line] = json.loads(run("override", "list", *adas(sold), "--json")[1])
    assert (line["granted"], line["override"]["rule"]) == (True, "daily-loss")
    assert line["who"] == "console"
    told = run("audit", "--kind", "GrantOverride", "--data-dir", sold.directory)[1]
    assert " console " in told
    assert "a rule that is not judged for a while" in told
    assert "WaiveRule" not in told
    assert ",console,GrantOverride," in run("audit", "--csv", "--data-dir", sold.directory)[1]


def test_who_granted_it_on_a_page_is_listed_by_the_id_that_pages_show(shop: Any, run: Run) -> None:
    ruth = staff_command(shop.machine, "ruth@northlight.example", "Ruth Vale", "risk", "no hash")
    wanted = WaiveRule(rule="daily-loss", until_us=shop.now_us + DAY_US)
    granted = GrantOverride(by=f"staff:{ruth.staff}", account=7001, override=wanted, why="our outage", evidence="e")
    shop.machine.decide_now([ruth, granted])
    shop.machine.close()
    status, out, _ = run("override", "list", *adas(shop))
    assert (status, f" {id_text(ruth.staff)} waived" in out, "staff:" in out) == (0, True, False)


def test_a_mark_is_adjusted_in_the_account_s_currency(sold: Any, run: Run) -> None:
    status, out, _ = run("override", "adjust", *adas(sold), "--mark", "day_balance", "--amount", "100500.00", *REASON)
    assert status == 0
    assert "set the balance with which the day began to 100,500.00 USD" in out
    assert "The floor of the rule “daily-loss” moves from 97,000.00 USD to 97,500.00 USD." in out


def test_nobody_is_named_for_what_somebody_typed_at_the_console(sold: Any, run: Run) -> None:
    before = rows_of(sold)
    for name, *more in (("extend", "--days", "3", "--evidence", "incident 12"), ("advance",)):
        asked = (*adas(sold), *more, "--why", "our outage", "--by", "ruth@northlight.example")
        assert run("override", name, *asked)[0] == 2
    assert rows_of(sold) == before


def test_the_console_is_none_of_the_two_people_that_rules_want(shop: Any, run: Run) -> None:
    phases = [replace(phase, ruleset=replace(phase.ruleset, overrides_by_two=True)) for phase in shop_program().phases]
    shop.machine.decide_now(
        [
            PublishProgram(by="console", program=replace(shop_program(), phases=tuple(phases))),
            RegisterTrader(by="console", trader=1002, sealed="c0ffee"),
            PlaceOrder(by="console", order=502, trader=1002, program="trailing-100k", accounts=(7011, 7012)),
            MarkOrderPaid(by="console", order=502, reference="wire 2"),
        ]
    )
    shop.machine.close()
    asked = ("override", "extend", id_text(7011), "--data-dir", shop.directory, "--days", "3", *REASON)
    for _ in range(2):  # asked twice, the console is no two either
        status, out, err = run(*asked)
        assert (status, out) == (2, "")
        assert "these rules want two people" in err
    assert json.loads(run("override", "list", id_text(7011), "--data-dir", shop.directory, "--json")[1]) == []


def shop_program() -> Program:
    return next(program for program in programs() if program.program == "trailing-100k")


def rows_of(shop: Any) -> int:
    with LedgerReader(shop.directory) as reader:
        return reader.size()


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
    status, out, err = run("override", "advance", *adas(sold), "--why", "the owner has agreed")
    assert (status, out) == (2, "")
    assert "no phase of this order waits for a person" in err
    with LedgerReader(sold.directory) as reader:
        [asked] = reader.newest_of_kind("AdvanceChallenge", before=reader.size() + 1, among=100, limit=2)
    assert json.loads(asked.payload)["by"] == "console"
