"""A real browser with the rules: read in Arabic from right to left, and a program built, checked and published without a script."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from firm.ids import id_text
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.web.test_browser import CLIPPED, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]
TERMS = "phases[0].ruleset.terms"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        launched = await play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        await launched.close()


async def test_ada_reads_her_rules_in_arabic_from_right_to_left(browser, base_url, stage, play):
    page, complaints = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD, locale="ar")
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}")
    await page.click("#objectives-title + p a")
    await expect(page.locator("h1")).to_have_text("قواعدك")
    box = await page.locator(".rules h3").first.bounding_box()
    card = await page.locator(".rules").bounding_box()
    assert box["x"] + box["width"] > card["x"] + card["width"] / 2
    await page.click("text=Deutsch")
    await expect(page.locator("h1")).to_have_text("Ihre Regeln")
    assert complaints == []
    await page.context.close()


async def test_omar_builds_checks_and_publishes_a_program_without_scripts(browser, base_url, stage, play):
    page, _ = await signed_in(browser, base_url, "omar@example.org", play.PASSWORD, java_script_enabled=False)
    await page.goto(f"{base_url}/staff/programs")
    await page.click("[aria-label='Two steps, static limits as a form']")
    await page.fill("[name=title]", "Built in a browser")
    assert not await page.is_visible(f"[name='{TERMS}[1].id']")
    await page.click(".contents a:has-text('Maximum loss') >> nth=0")
    assert await page.is_visible(f"[name='{TERMS}[1].id']")
    await page.select_option(f"[name='{TERMS}|add']", "hedging")
    await page.click(f"button[value='add {TERMS}']")
    many = int(await page.get_attribute(f"[name='{TERMS}|many']", "value"))
    await page.fill(f"[name='{TERMS}[{many - 1}].id']", "hedging")
    await page.click("button[value=check] >> nth=0")
    await expect(page.locator(".problems")).to_contain_text("Lots at most: it is missing, and nothing stands for it.")
    assert await page.input_value("[name=title]") == "Built in a browser"
    await page.select_option("[name=bridge]", "sim")
    await page.fill("[name=group]", "demo")
    last = f"{TERMS}[{many - 1}]"
    await page.select_option(f"[name='{last}.lots_e8_max|kind']", "none")
    await page.select_option(f"[name='{last}.strikes_within|kind']", "phase")
    await page.click(f"button[value='add {last}.on_breach']")
    await page.select_option(f"[name='{last}.on_breach[0]|kind']", "warn")
    await page.click("button[value=check] >> nth=0")
    await expect(page.locator("h1")).to_have_text("Before publishing: Built in a browser")
    await expect(page.locator("main")).to_contain_text(
        "Long and short positions of one symbol may not be held at the same time."
    )
    await page.fill("[name=why]", "A program of our own.")
    await page.click("text=Publish it")
    await page.wait_for_url(re.compile(r"/staff/programs/\d+$"))
    assert "Built in a browser" in {sold.title for sold in stage.engine.desk("catalogue").state.programs.values()}
    await page.context.close()


@pytest.mark.parametrize("width", [320, 390])
async def test_nothing_of_the_rules_runs_off_a_phones_screen(browser, base_url, stage, play, width):
    page, _ = await signed_in(
        browser, base_url, "omar@example.org", play.PASSWORD, viewport={"width": width, "height": 800}
    )
    with stage.reader.connection() as book:
        [(version,)] = book.execute("SELECT max(seq) FROM rm_program")
    rules = f"/staff/accounts/{id_text(stage.accounts['ada'])}/rules"
    forms = ("/staff/drafts?template=two_step_static", "/staff/drafts/form?template=two_step_static")
    for path in (rules, f"{rules}?language=ar", "/staff/programs", f"/staff/programs/{version}", *forms):
        await page.goto(f"{base_url}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.evaluate(CLIPPED) == [], path
    await page.context.close()
