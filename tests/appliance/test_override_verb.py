"""`evenhand override`: exceptions from an account's rules, made and listed from the console of a firm that does not serve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import main
from firm.ids import id_text

Said = Callable[..., tuple[int, str, str]]
REASON = ("--why", "our outage", "--evidence", "incident 12")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def ask(*arguments: object) -> tuple[int, str, str]:
        status = main([*map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return ask


@pytest.fixture
def sold(shop: Any) -> Any:
    """Ada's account is open, and the firm does not serve: whoever asks opens it."""
    shop.machine.close()
    return shop


def adas(shop: Any) -> tuple[str, str, Path]:
    return id_text(7001), "--data-dir", shop.directory


def test_a_rule_is_waived_and_the_list_says_by_whom_and_why(sold: Any, said: Said) -> None:
    until = "2014-05-03T22:00"
    status, out, err = said("override", "waive", *adas(sold), "--rule", "daily-loss", "--until", until, *REASON)
    assert (status, err) == (0, "")
    assert out.startswith("The console waived the rule “daily-loss” until 2014-05-03 22:00:00 UTC. Until then")
    status, out, _ = said("override", "list", *adas(sold))
    assert status == 0
    assert "console waived the rule “daily-loss”" in out
    assert "our outage (evidence: incident 12)" in out
    [line] = json.loads(said("override", "list", *adas(sold), "--json")[1])
    assert (line["granted"], line["override"]["rule"], line["who"]) == (True, "daily-loss", "console")


def test_a_mark_is_adjusted_in_the_account_s_currency(sold: Any, said: Said) -> None:
    status, out, _ = said("override", "adjust", *adas(sold), "--mark", "day_equity", "--amount", "99500.00", *REASON)
    assert status == 0
    assert "set the equity with which the day began to 99,500.00 USD" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("reinstate", "--decision", "3"), "decision 3 is no breach by which this account is closed"),
        (("waive", "--rule", "none", "--until", "2014-05-03T22:00"), "is no rule of this account"),
        (("adjust", "--mark", "day_equity", "--amount", "much"), "'much' is no amount in USD"),
    ],
)
def test_what_cannot_be_granted_ends_with_one_line_that_says_why(
    sold: Any, said: Said, words: tuple[str, ...], told: str
) -> None:
    action, *more = words
    status, out, err = said("override", action, *adas(sold), *more, *REASON)
    assert (status, out) == (2, "")
    assert told in err


def test_an_account_that_nobody_has_is_told(sold: Any, said: Said) -> None:
    status, _, err = said("override", "list", id_text(12), "--data-dir", sold.directory)
    assert status == 2
    assert "there is no account 00000-0000C" in err


def test_no_phase_is_opened_that_nobody_held(sold: Any, said: Said) -> None:
    status, out, err = said("override", "advance", *adas(sold), "--why", "the owner has agreed")
    assert (status, out) == (2, "")
    assert "no phase of this order waits for a person" in err
