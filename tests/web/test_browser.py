"""A real browser: equity that moves, a breach that can be read, a list that filters, keys, and all of it without scripts."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from firm.ids import id_text
from firm.inputs import DealEntry, Side
from tests.chromium import ARGUMENTS, CHROMIUM

# What stands beyond the right edge, where cards clip it away without making the page any wider.
CLIPPED = """[...document.querySelectorAll("main td *, main td, main li span, main dd, main p, main h1, main b")]
    .filter((each) => each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1
        && !each.closest("thead, svg"))
    .map((each) => each.tagName + " " + each.className + " " + each.textContent.trim().slice(0, 40))"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        launched = await play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        await launched.close()


async def signed_in(
    browser: Browser, base_url: str, mail: str, password: str, **options: Any
) -> tuple[Page, list[str]]:
    """A page of somebody's, and what its console complains of from now on."""
    context = await browser.new_context(**options)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{base_url}/sign-in")
    await page.fill("[name=mail]", mail)
    await page.fill("[name=password]", password)
    await page.click("main [type=submit]")
    await page.wait_for_selector("nav.nav", state="attached")
    return page, complaints


async def test_ada_sees_her_equity_move_and_reads_her_breach_without_a_csp_violation(
    browser, base_url, stage, play, decisions
):
    page, complaints = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}")
    await page.wait_for_selector(".uplot")
    await page.wait_for_selector("html[data-connection=open]")
    before = await page.inner_text("#equity")
    await page.click("summary >> nth=0")
    stage.wait(1)
    stage.prices_now(138_800, 1_275_900)
    stage.settle()
    await expect(page.locator("#equity")).not_to_have_text(re.compile(re.escape(before)), timeout=5_000)
    assert await page.locator("details[open]").count() == 1  # what was open stays open
    assert "Your time" in await page.inner_text(".reset")
    await page.goto(f"{base_url}/decisions/{decisions['BreachDeclared']}")
    await expect(page.locator("h1")).to_have_text("Breach: daily loss")
    assert await page.locator(".working li").count() > 10
    async with page.expect_download() as downloading:
        await page.click("text=Download the evidence")
    assert (await downloading.value).suggested_filename.startswith("evidence-")
    assert complaints == []
    await page.context.close()


async def test_ruth_filters_the_list_without_leaving_the_page_and_goes_by_keys(browser, base_url, stage, play):
    page, complaints = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/staff/accounts")
    await page.evaluate("window.stayed = true")
    await page.select_option("[name=standing]", "breached")
    await expect(page.locator("#list tbody tr")).to_have_count(1)
    assert page.url.endswith("standing=breached&program=&bridge=&sort=headroom")
    assert await page.evaluate("window.stayed")
    await page.locator("h1").click()
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.name") == "q"
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await expect(page.locator("h1")).to_have_text("System health")
    await page.wait_for_selector("html[data-connection=open]")
    await page.goto(f"{base_url}/staff/accounts/{id_text(stage.accounts['ada lost'])}")
    rows = await page.locator(".trace tbody tr").count()
    await page.click("text=Show older rows")
    await expect(page.locator(".trace tbody tr").nth(rows)).to_be_visible()
    assert complaints == []
    await page.context.close()


async def test_without_scripts_the_pages_say_the_same(browser, base_url, stage, play, decisions):
    page, _ = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD, java_script_enabled=False)
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}")
    assert await page.locator("svg.chart .curve-equity").count() == 1
    assert "Europe/Prague" in await page.inner_text(".reset")
    assert await page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count() == 1
    await page.goto(f"{base_url}/decisions/{decisions['BreachDeclared']}")
    assert "91,283.50" in await page.inner_text(".versus")
    await page.click("text=Sign out")
    await expect(page.locator("h1")).to_have_text("Sign in to Fairhaven")
    await page.context.close()


@pytest.mark.parametrize("width", [320, 360])
async def test_nothing_runs_off_a_phones_screen(browser, base_url, stage, play, decisions, width):
    phone = {"viewport": {"width": width, "height": 740}}
    page, _ = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD, **phone)
    paths = ("/accounts", f"/accounts/{id_text(stage.accounts['ada'])}", f"/decisions/{decisions['BreachDeclared']}")
    for path in (*paths, f"{paths[1]}/trades", f"{paths[1]}/trades?side=up"):
        await page.goto(f"{base_url}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert await page.evaluate(CLIPPED) == [], path
    await page.context.close()


async def test_staff_reach_everything_on_a_small_phone(browser, base_url, stage, play, decisions):
    phone = {"viewport": {"width": 320, "height": 640}}
    page, _ = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD, **phone)
    paths = ("/staff", "/staff/commands", "/staff/exposure?phases=all", "/staff/drift?show=all", "/staff/feed")
    account, breach = id_text(stage.accounts["ada lost"]), decisions["BreachDeclared"]
    traces = ("/staff/trace", f"/staff/trace?desk=account/{account}", "/staff/trace?desk=risk", f"/staff/rows/{breach}")
    for path in (*paths, *traces, f"/staff/accounts/{account}/trades", f"/staff/decisions/{breach}"):
        await page.goto(f"{base_url}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert await page.evaluate(CLIPPED) == [], path
        await page.click("summary:has-text('Menu')")
        for entry in await page.locator("nav.nav a, .me button[type=submit]").all():
            box = await entry.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 320
    await page.context.close()


@pytest.mark.parametrize("mail", ["ruth@example.org", "ada@example.org"])
async def test_on_a_phone_the_menu_is_one_row_and_offers_no_keys(browser, base_url, play, mail):
    phone = {"viewport": {"width": 360, "height": 780}}
    page, _ = await signed_in(browser, base_url, mail, play.PASSWORD, **phone)
    await page.goto(f"{base_url}/")
    assert await page.evaluate("document.querySelector('header.top').offsetHeight") <= 64
    await expect(page.locator("[data-opens=keys]")).to_be_hidden()
    await page.context.close()


@pytest.mark.parametrize("mail", ["ruth@example.org", "ada@example.org"])
async def test_on_a_phone_a_long_name_of_the_firm_is_not_cut(browser, base_url, play, mail):
    page, _ = await signed_in(browser, base_url, mail, play.PASSWORD, viewport={"width": 360, "height": 780})
    name = "Northlight Capital Evaluation and Funding International"
    cut = """name => { const brand = document.querySelector(".brand span"); brand.textContent = name;
        return brand.scrollWidth > brand.clientWidth || brand.scrollHeight > brand.clientHeight }"""
    assert not await page.evaluate(cut, name)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await page.evaluate("document.querySelector('header.top').offsetHeight") <= 112
    await page.context.close()


async def test_on_a_phone_a_decision_shows_its_floor(browser, base_url, play):
    page, _ = await signed_in(
        browser, base_url, "ruth@example.org", play.PASSWORD, viewport={"width": 360, "height": 780}
    )
    await page.goto(f"{base_url}/staff/decisions")
    await expect(page.locator("td[data-th='Limit or target']").first).to_be_visible()
    assert await page.evaluate(CLIPPED) == []
    await page.context.close()


# Before a name is written: how many pixels of the curve of equity lie where it goes. The curve is opaque, its shade below it is not.
UNDER_NAMES = """
window.underNames = {};
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
  if (/floor|Start|Target/.test(text)) {
    const wide = this.measureText(text).width, high = 10 * devicePixelRatio;
    const left = this.textAlign === "right" ? x - wide : x, top = this.textBaseline === "middle" ? y - high / 2 : y - high;
    const probe = document.createElement("i");
    probe.style.color = "var(--info)";
    document.body.append(probe);
    const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const { data } = this.getImageData(left, top, wide, high);
    let struck = 0;
    for (let at = 0; at < data.length; at += 4)
      struck += data[at + 3] > 200 && Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 60;
    window.underNames[text] = struck;
  }
  return write.call(this, text, x, y, ...more);
};
"""


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_name_of_a_line_lies_over_the_equity(browser, base_url, stage, play, width):
    """A breach ends at its floor: there the curve runs to where the floor's name would stand."""
    page, _ = await signed_in(
        browser, base_url, "ruth@example.org", play.PASSWORD, viewport={"width": width, "height": 844}
    )
    await page.add_init_script(UNDER_NAMES)
    seen = 0
    for account in (stage.accounts[name] for name in ("ada", "ada won", "ada lost", "ben", "ben suspected")):
        for span in ("1d", "all"):
            await page.goto(f"{base_url}/staff/accounts/{id_text(account)}?range={span}")
            if not await page.locator("svg.chart, .uplot").count():
                continue
            await page.wait_for_selector(".uplot")
            under = await page.evaluate("window.underNames")
            assert under, "no line was named"
            assert set(under.values()) == {0}, (account, span, under)
            seen += 1
    assert seen > 4
    await page.context.close()


async def test_on_a_phone_a_closed_trade_can_be_checked_and_staff_see_whose_account_it_is(
    browser, base_url, stage, play
):
    phone = {"viewport": {"width": 360, "height": 780}}
    ada, _ = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD, **phone)
    await ada.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}")
    trade = ada.locator("#trades tbody tr").first
    for name in ("Lots", "In", "Out", "Costs", "Result"):
        await expect(trade.locator(f"[data-th='{name}']")).to_be_visible()
    ruth, _ = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD, **phone)
    await ruth.goto(f"{base_url}/staff/accounts")
    account = ruth.locator("#list tbody tr").first
    for name in ("Trader", "Equity", "Balance"):
        await expect(account.locator(f"[data-th='{name}']")).to_be_visible()
    await ada.context.close()
    await ruth.context.close()


async def test_on_a_tablet_the_way_around_and_every_column_are_there(browser, base_url, stage, play):
    tablet = {"viewport": {"width": 768, "height": 1024}}
    page, _ = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD, **tablet)
    for path in ("/staff/accounts", "/staff/health", "/staff/commands"):
        await page.goto(f"{base_url}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 768, path
        assert await page.evaluate(CLIPPED) == [], path
        for entry in await page.locator("nav.nav a").all():
            box = await entry.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 768
    await page.context.close()


async def test_a_list_on_a_phone_gives_an_account_no_more_than_a_quarter_of_the_screen(browser, base_url, play):
    phone = {"viewport": {"width": 390, "height": 844}}
    page, _ = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD, **phone)
    await page.goto(f"{base_url}/staff/accounts")
    rows = await page.locator("#list tbody tr").count()
    assert await page.evaluate("document.querySelector('#list tbody').offsetHeight") < rows * 844 / 4
    await page.context.close()


async def test_the_chart_goes_on_while_cleo_watches_and_a_closed_trade_appears(browser, base_url, stage, play):
    account = stage.sell("cleo charted", play.CLEO, 903)
    for _ in range(3):
        stage.wait(60)
        stage.prices_now(138_600, 1_275_400)
    stage.deal(account, "P9930", Side.BUY, "1.00", "EURUSD")
    stage.settle()
    page, complaints = await signed_in(browser, base_url, "cleo@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/accounts/{id_text(account)}")
    await page.wait_for_selector(".uplot")
    await page.wait_for_selector("html[data-connection=open]")
    stage.wait(1)  # a price and no ledger row of the account: nothing but the live mark can bring it
    stage.prices_now(138_650, 1_275_400)
    stage.settle()
    equity = f"{stage.board_account(account).equity.minor / 100:,.2f}"
    await expect(page.locator("#equity")).to_contain_text(equity)
    over = page.locator(".u-over")
    width = await over.evaluate("each => each.clientWidth")
    await over.hover(position={"x": width - 1, "y": 40})
    await expect(page.locator("[data-reading]")).to_contain_text(f"equity {equity}")
    assert "No trade has been closed yet." in await page.inner_text("#trades")
    stage.deal(account, "P9930", Side.SELL, "1.00", "EURUSD", DealEntry.OUT, 3_800)
    stage.settle()
    await expect(page.locator("#trades")).to_contain_text("P9930", timeout=5_000)
    assert complaints == []
    await page.context.close()


async def test_a_page_whose_session_ended_in_another_tab_says_so_and_leads_to_the_door(browser, base_url, stage, play):
    page, _ = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD)
    path = f"/accounts/{id_text(stage.accounts['ada'])}?range=all"
    await page.goto(f"{base_url}{path}")
    await page.wait_for_selector("html[data-connection=open]")
    other = await page.context.new_page()
    await other.goto(f"{base_url}/accounts")
    await other.click("text=Sign out")
    await page.evaluate(  # looking away and back opens the stream anew
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'));"
        "Object.defineProperty(document, 'hidden', { get: () => false });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    await expect(page.locator(".signed-out")).to_be_visible(timeout=8_000)
    await page.click(".signed-out a")
    await page.fill("[name=mail]", "ada@example.org")
    await page.fill("[name=password]", play.PASSWORD)
    await page.click("main [type=submit]")
    await expect(page.locator("#equity")).to_be_visible()
    assert page.url.endswith(path)
    await page.context.close()


async def test_exposure_moves_with_prices_and_leads_to_an_account_without_a_complaint(browser, base_url, stage, play):
    page, complaints = await signed_in(browser, base_url, "ruth@example.org", play.PASSWORD)
    await page.goto(f"{base_url}/staff/exposure?phases=all")
    await page.wait_for_selector("html[data-connection=open]")
    before = await page.inner_text("tr.total")
    stage.wait(1)
    stage.prices_now(138_950, 1_275_000)
    stage.settle()
    await expect(page.locator("tr.total")).not_to_have_text(before, timeout=5_000)
    await page.click("td a.name >> nth=0")
    await page.click("#list a.name >> nth=0")
    await expect(page.locator("#trace")).to_be_visible()
    await page.wait_for_load_state()
    await page.locator("h1").click()
    await page.keyboard.press("g")
    await page.keyboard.press("f")
    await expect(page.locator("h1")).to_have_text("Feed")
    assert complaints == []
    await page.context.close()


async def test_each_staff_page_is_one_click_away_at_a_laptops_width(browser, base_url, play):
    page, _ = await signed_in(
        browser, base_url, "ruth@example.org", play.PASSWORD, viewport={"width": 1280, "height": 800}
    )
    for width in (1280, 1100, 980):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("(nav => nav.scrollWidth <= nav.clientWidth)(document.querySelector('nav.nav'))"), (
            width
        )
    await page.context.close()
