"""The rules as a trader reads them: in their language, with the account's numbers, under the id that pins them."""

import re

import pytest

from firm.commands import PlaceOrder
from firm.ids import id_text
from firm.phase import ENDED
from firm.sentences.languages import Language
from web.languages import NAMES, RIGHT_TO_LEFT

pytestmark = pytest.mark.anyio


def address(stage, name, room=""):
    return f"{room}/accounts/{id_text(stage.accounts[name])}/rules"


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")


async def test_a_trader_reads_each_rule_with_its_numbers_and_how_the_account_stands(ada, stage):
    page = await ada.get(address(stage, "ada"))
    said = plain(page.text)
    assert "Your rules" in said
    assert "In one trading day the account may lose at most 5 % of the initial balance." in said
    assert re.search(r"Now: Today equity must stay above [\d,.]+ USD; [\d,.]+ USD are left\.", said)
    assert "Example: an account of 100,000.00 USD." in said
    assert 'lang="en" dir="ltr"' in page.text


async def test_the_rules_are_those_that_were_sold_by_their_id(ada, stage):
    sold = stage.engine.account(stage.accounts["ada"])
    assert sold.ruleset_id in (await ada.get(address(stage, "ada"))).text
    assert sold.ruleset.ruleset_id() == sold.ruleset_id


@pytest.mark.parametrize("language", Language)
async def test_every_language_has_its_page_and_all_of_them_are_offered(ada, stage, language):
    page = (await ada.get(f"{address(stage, 'ada')}?language={language}")).text
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    assert f'<html lang="{language}" dir="{direction}"' in page
    assert '<main id="main">' in page
    for each, name in NAMES.items():
        assert f'href="{address(stage, "ada")}?language={each}" lang="{each}" hreflang="{each}"' in page
        assert name in page


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de-AT,en;q=0.5", "de"),
        ("nl, fr;q=0.3, ar;q=0.7", "ar"),
        ("pt-BR", "pt"),
        ("es;q=0, fr;q=0.1", "fr"),
        ("es;q=0", "en"),
        ("nl", "en"),
        ("", "en"),
        ("de;q=x, fr;q=0.2", "fr"),
        ("de;q=NaN, fr;q=Infinity, es;q=0.1", "es"),
        ("de;q=1e9999999, fr;q=-1e9999999, es;q=1e-9999999", "es"),
        ("de;q=1.001, fr;q=0.2", "fr"),
        ("de;q=1.000, fr", "de"),
    ],
)
async def test_a_browser_is_answered_in_the_language_it_likes_best(ada, stage, asked, language):
    page = await ada.get(address(stage, "ada"), headers={"accept-language": asked})
    assert f'lang="{language}" dir=' in page.text
    assert "Accept-Language" in page.headers["vary"]


async def test_a_language_that_is_named_goes_before_what_the_browser_likes(ada, stage):
    page = await ada.get(f"{address(stage, 'ada')}?language=ar", headers={"accept-language": "de"})
    assert 'lang="ar" dir="rtl"' in page.text
    page = await ada.get(f"{address(stage, 'ada')}?language=klingon", headers={"accept-language": "de"})
    assert 'lang="de" dir="ltr"' in page.text


async def test_ben_never_sees_what_is_adas_and_staff_do(ben, ruth, nobody, stage):
    assert (await ben.get(address(stage, "ada"))).status_code == 404
    assert (await nobody.get(address(stage, "ada"))).status_code in (303, 401)
    assert "Your rules" in (await ruth.get(address(stage, "ada", "/staff"))).text


async def test_the_accounts_page_leads_to_its_rules(ada, stage):
    home = f"/accounts/{id_text(stage.accounts['ada'])}"
    assert f'href="{home}/rules"' in (await ada.get(home)).text


async def test_it_says_how_many_accounts_a_trader_may_have_and_how_many_count_today(ada, ben, stage, play):
    [program] = stage.engine.desk("catalogue").state.programs.values()
    states = [stage.engine.account(account) for account in stage.accounts.values()]
    running = sum(one.trader == play.BEN and one.standing not in ENDED for one in states)
    said = plain((await ben.get(address(stage, "ben"))).text)
    assert f"One trader may hold at most {program.accounts_max} account" in said
    assert f"running, on order or waiting: {running} account" in said
    order = PlaceOrder(by="console", order=7, trader=play.BEN, program=program.program, accounts=(701, 702))
    stage.put(order)
    stage.settle()
    after = plain((await ben.get(address(stage, "ben"))).text)
    assert f"running, on order or waiting: {running + 1} account" in after
    german = plain((await ada.get(f"{address(stage, 'ada')}?language=de")).text)
    assert "Von Ihnen zählen heute" in german
