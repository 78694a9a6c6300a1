"""A real browser: a trader filters trades and reads the chart by keys; staff follow a desk from row to row."""

import re
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import expect

from firm.ids import id_text
from tests.web.test_browser import browser, pytestmark, signed_in

__all__ = ["browser", "pytestmark"]

TRADES = "#list tbody tr"


async def test_ada_filters_her_trades_without_leaving_the_page_and_is_told_of_a_filter_that_makes_no_sense(
    browser: Any, base_url: str, stage: Any, play: Any
):
    page, complaints = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}")
    await page.click("text=All trades, with filters")
    await expect(page.locator(TRADES)).to_have_count(5)
    await page.evaluate("window.stayed = true")
    await page.select_option("[name=side]", "sell")
    await expect(page.locator(TRADES)).to_have_count(2)
    assert "side=sell" in page.url
    await page.fill("[name=from]", "2014-05-02")
    await page.fill("[name=to]", "2014-05-01")
    await expect(page.locator("#list [role=alert]")).to_contain_text("The first day lies after the last one.")
    assert await page.evaluate("window.stayed")
    complaints = [each for each in complaints if "422" not in each]  # which browsers tell of by themselves
    await page.fill("[name=to]", "2014-05-02")
    await expect(page.locator(TRADES)).to_have_count(1)
    async with page.expect_download() as downloading:
        await page.click("text=Download these as CSV")
    assert re.fullmatch(r"trades-\d{4}-\d\d-\d\d\.csv", (await downloading.value).suggested_filename)
    assert complaints == []
    await page.context.close()


async def test_without_scripts_the_filters_are_a_form(browser: Any, base_url: str, stage: Any, play: Any):
    page, _ = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD, java_script_enabled=False)
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}/trades")
    await page.select_option("[name=result]", "loss")
    await page.click("text=Show")
    await expect(page.locator(TRADES)).to_have_count(1)
    await expect(page.locator("[name=result]")).to_have_value("loss")
    await expect(page.locator(".sums")).to_contain_text("322.50")
    await page.context.close()


async def test_the_chart_is_read_by_keys_and_told_in_words(browser: Any, base_url: str, stage: Any, play: Any):
    page, complaints = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada lost'])}?range=all")
    await page.wait_for_selector(".uplot")
    chart = page.locator("[data-chart] [role=img]")
    assert await chart.get_attribute("aria-describedby") == "chart-said"
    await expect(page.locator("#chart-said")).to_contain_text("It was lowest with 91,283.50")
    await expect(page.locator("#chart-said")).to_contain_text("It was furthest below the daily loss floor")
    await chart.focus()
    reading = page.locator("[data-reading]")
    await page.keyboard.press("End")
    await expect(reading).to_contain_text("equity 91,283.50")
    await page.keyboard.press("Home")
    await expect(reading).to_contain_text("equity 100,000.00")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(reading).not_to_contain_text("20:00:00")
    await page.click("text=7 days")
    await expect(page.locator(".tabs [aria-current=page]")).to_have_text("7 days")
    await expect(page.locator("#chart")).to_be_in_viewport()  # and not the top of the page
    assert complaints == []
    await page.context.close()


async def test_where_the_curve_stands_still_the_chart_says_the_hovered_time_and_what_held_then(
    browser: Any, base_url: str, stage: Any, play: Any
):
    page, _ = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD)
    path = f"{base_url}/accounts/{id_text(stage.accounts['ada'])}"
    given = await (await page.request.get(f"{path}/chart?range=all")).json()
    after = max(range(1, len(given["at_s"])), key=lambda place: given["at_s"][place] - given["at_s"][place - 1])
    first, second = given["at_s"][after - 1], given["at_s"][after]
    assert second - first > 300
    await page.goto(f"{path}?range=all")
    over = page.locator(".u-over")
    await over.scroll_into_view_if_needed()
    await expect(page.locator(".chart-dot:visible")).to_have_count(0)
    box = await over.bounding_box()
    middle_s = (first + second) / 2
    share = (middle_s - given["at_s"][0]) / (given["at_s"][-1] - given["at_s"][0])
    await page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    reading = await page.locator("[data-reading]").text_content()
    hovered = datetime.strptime(f"{reading.partition(' UTC')[0]} 2014", "%d %b, %H:%M:%S %Y").replace(tzinfo=UTC)
    assert abs(hovered.timestamp() - middle_s) < (second - first) / 4
    assert f"equity {given['equity'][after - 1] / 100:,.2f}" in reading
    dot = await page.locator(".chart-dot").first.bounding_box()
    assert abs(dot["x"] + dot["width"] / 2 - (box["x"] + share * box["width"])) < 2
    await page.context.close()


async def test_ruth_follows_a_breach_from_row_to_row(
    browser: Any, base_url: str, stage: Any, play: Any, decisions: Any
):
    page, complaints = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/staff")
    await page.locator("h1").click()
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await expect(page.locator("h1")).to_have_text("Desk trace")
    await page.click("text=the whole firm")
    await page.select_option("[name=kind]", "BreachDeclared")
    await page.click("main button[type=submit]")
    await expect(page.locator(".trace tbody tr")).to_have_count(1)
    await page.click(f"text='{decisions['BreachDeclared']}'")
    await expect(page.locator("h1")).to_contain_text("BreachDeclared")
    await page.click("text=/^QuoteFrame \\d+$/")
    await expect(page.locator("h1")).to_contain_text("QuoteFrame")
    await page.click(f"text='{decisions['BreachDeclared']}'")
    await page.click("text=with its evidence")
    await expect(page.locator("h1")).to_have_text("Breach: daily loss")
    assert complaints == []
    await page.context.close()
