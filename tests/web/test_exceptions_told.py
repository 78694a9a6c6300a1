"""Exceptions beside the rules: what Ada reads of a rule that is not judged for a while, and of a phase that was extended."""

import pytest

from firm.commands import GrantOverride
from firm.exceptions_now import not_judged_until
from firm.facts import FloorSet
from firm.ids import id_text
from firm.inputs import Side
from firm.instant import DAY_US, SECOND_US, utc_text
from firm.money import Money
from firm.overrides import AdjustMark, ExtendPhase, Mark, WaiveRule
from firm.phase import Standing
from firm.sentences.languages import Language
from storage.readmodels.overrides import OverrideLine
from tests.actors.conftest import START_US
from tests.firm.sentences.examples import EXAMPLES
from web.exception_words import exception_told
from web.rule_words import RuleFigures
from web.rules_told import floors_moved_now


@pytest.fixture
def account(stage, play) -> int:
    account = stage.sell(f"ada told {len(stage.accounts)}", play.ADA, 2950 + len(stage.accounts))
    stage.settle()
    return account


@pytest.fixture
async def reader(stage, visiting):
    async with visiting(stage.firm) as visit:
        yield await visit("ada")


def grants(stage, play, account: int, override) -> None:
    said = {"override": override, "why": "Our feed failed.", "evidence": "ticket 7"}
    stage.put(GrantOverride(by=f"staff:{play.RUTH}", account=account, **said), account)
    stage.settle()


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def row_of(page: str, rule: str) -> str:
    """The row of a rule in the objectives table."""
    return next(part for part in page.split("<tr>") if f'data-live="how-{rule}"' in part)


async def test_of_a_waived_limit_no_headroom_is_told_anywhere(reader, account, stage, play):
    home = f"/accounts/{id_text(account)}"
    before = plain((await reader.get(home)).text)
    assert before.count("gauge-text") == 3
    until_us = stage.now_us + 3 * DAY_US
    grants(stage, play, account, WaiveRule(rule="daily_loss", until_us=until_us))
    page = plain((await reader.get(home)).text)
    assert page.count("gauge-text") == 2
    row = row_of(page, "daily_loss")
    assert "Not judged until" in row
    assert "At risk" not in row
    assert "meter" not in row
    assert "of the maximum loss" in page
    assert "The daily loss is not judged until" in page
    assert 'with <a href="#exceptions">exceptions</a>' in page
    card = plain((await reader.get("/accounts")).text).partition(f'href="{home}"')[2].partition("</article>")[0]
    assert "Headroom to the maximum loss floor" in card
    assert "The daily loss is not judged until" in card
    assert "keep above today’s floor" not in card


async def test_where_every_limit_is_waived_there_is_no_headroom_at_all(reader, account, stage, play):
    home = f"/accounts/{id_text(account)}"
    for rule in ("daily_loss", "maximum_loss"):
        grants(stage, play, account, WaiveRule(rule=rule, until_us=stage.now_us + DAY_US))
    page = plain((await reader.get(home)).text)
    assert page.count("gauge-text") == 1
    assert stage.board_account(account).headroom is None
    card = plain((await reader.get("/accounts")).text).partition(f'href="{home}"')[2].partition("</article>")[0]
    assert "Headroom" not in card


@pytest.mark.parametrize("language", list(Language))
async def test_the_rules_say_in_each_language_what_is_excepted_from_them(reader, account, stage, play, language):
    until_us = stage.now_us + DAY_US
    grants(stage, play, account, WaiveRule(rule="daily_loss", until_us=until_us))
    page = (await reader.get(f"/accounts/{id_text(account)}/rules?language={language.value}")).text
    until = f"{utc_text(until_us)[:16].replace('T', ' ')} UTC"
    rule = page.partition('id="rule-daily_loss"')[2].partition("</li>")[0]
    assert until in rule
    listed = page.partition('id="exceptions"')[2].partition("</ul>")[0]
    assert until in listed
    assert "Our feed failed." in listed
    assert "Ruth" not in page
    assert "nobody can change them" not in page


async def test_until_the_very_instant_it_rests_and_no_longer(account, stage, play):
    until_us = stage.now_us + 10 * SECOND_US
    grants(stage, play, account, WaiveRule(rule="daily_loss", until_us=until_us))
    state = stage.firm.live.grounds(account).state
    found = [dict(not_judged_until(state, at_us)) for at_us in (until_us - 1, until_us)]
    assert found == [{"daily_loss": until_us}, {}]


async def test_the_days_of_an_extension_are_told_beside_the_clock(firm, histories, play, visiting):
    account = histories.sold_by_two(firm)
    for by in (play.RUTH, play.OMAR):
        said = {"override": ExtendPhase(days=3), "why": "Our feed failed.", "evidence": "ticket 7"}
        firm.put(GrantOverride(by=f"staff:{by}", account=account, **said), account)
    firm.settle()
    async with visiting(firm.firm) as visit:
        ada = await visit("ada")
        page = plain((await ada.get(f"/accounts/{id_text(account)}")).text)
        assert "within 33 days of its start" in page
        assert "3 days of them were added by an exception." in page
        rules = plain((await ada.get(f"/accounts/{id_text(account)}/rules?language=de")).text)
        assert "Verlängert; zusätzliche Tage: 3." in rules
        example = rules.partition("Verlängert; zusätzliche Tage: 3.")[2].partition("</li>")[0]
        assert "32 Tage" in example
        assert "33 Tage" in example


async def test_beside_a_limit_whose_floor_was_moved_the_example_is_said_to_go_without_that(
    reader, account, stage, play
):
    grants(stage, play, account, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=104_900_00))
    page = (await reader.get(f"/accounts/{id_text(account)}/rules")).text
    said = "was set; the example is of an account without that change."
    assert [said in each for each in page.split('<li id="rule-')[1:3]] == [True, False]


def test_a_mark_of_a_day_moves_floors_until_the_day_ends_and_a_high_for_good():
    rules = next(iter(EXAMPLES.values()))
    day = rules.calendar.day_at(START_US)
    floor = FloorSet("daily", Money(1, "USD", 2), Money(2, "USD", 2))

    def moved(mark: Mark, now_us: int) -> set[str]:
        line = OverrideLine(1, True, AdjustMark(mark=mark, rule="", minor=1), "", "", "", START_US, (floor,))
        return set(floors_moved_now([line], rules, now_us))

    assert [moved(Mark.DAY_BALANCE, day.end_us + by) for by in (-1, 0)] == [{"daily"}, set()]
    assert moved(Mark.HIGH, day.end_us) == {"daily"}


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_of_exception_is_told_in_each_language(language):
    figures, titles = RuleFigures(language, "USD", 2), {"trail": "TITLE"}
    told = [
        exception_told(AdjustMark(mark=mark, rule="trail", minor=99_500_00), (), titles, language, figures)
        for mark in Mark
    ]
    assert len(set(told)) == len(Mark)
    assert all(figures.money(99_500_00) in one and "{" not in one for one in told)
    assert "TITLE" in told[-1]


async def test_the_page_of_a_breach_names_who_set_the_figure_that_it_is_measured_from(reader, account, stage, play):
    stage.deal(account, f"P{account}", Side.BUY, "1.00", "EURUSD")
    stage.settle()
    grants(stage, play, account, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=104_900_00))
    euro, gold = stage.prices["EURUSD"][0], stage.prices["XAUUSD"][0]
    stage.wait(1)
    stage.prices_now(euro - 300, gold)
    stage.settle()
    assert stage.board_account(account).standing is Standing.UNDER_REVIEW
    [finding] = stage.firm.live.grounds(account).state.findings
    page = plain((await reader.get(f"/decisions/{finding.seq}")).text)
    assert "A figure that it is measured from was set by people." in page
    assert "The firm’s risk staff set the balance with which the day began to 104,900.00" in page
    assert "“Our feed failed.”" in page
