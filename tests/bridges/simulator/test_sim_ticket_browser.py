"""The ticket in a real browser: prices move by themselves, an order is placed and closed, and all of it without scripts too."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bridges.simulator.state import TradeMode
from bridges.simulator.ticket.hands import closed
from tests.bridges.simulator import ticket_stand
from tests.chromium import ARGUMENTS, CHROMIUM

# What stands beyond the right edge.
CLIPPED = """[...document.querySelectorAll("header *, main td *, main td, main dd, main p, main h1, main button")]
    .filter((each) => each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1 && !each.closest("thead, svg"))
    .map((each) => each.tagName + " " + each.textContent.trim().slice(0, 40))"""
WITH_LETTERS = (
    "(rule) => { const own = new CSSStyleSheet(); own.replaceSync(rule); document.adoptedStyleSheets = [own]; }"
)
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


@pytest.fixture
def stand() -> Any:
    standing = ticket_stand.Stand(temper="idle")
    standing.play(200)
    return standing


@pytest.fixture
async def url(stand: Any) -> AsyncIterator[str]:
    async with ticket_stand.served(stand) as address:
        yield address


@pytest.fixture(autouse=True)
async def no_window_stays_open(browser: Browser) -> AsyncIterator[None]:
    """One browser serves the file, each test in a window of its own, without the cookies of others."""
    yield
    for context in browser.contexts:
        await context.close()


async def signed_in(browser: Browser, url: str, stand: Any, **options: Any) -> tuple[Page, list[str]]:
    """Ada's ticket as the portal's link leads to it, and what its console complains of."""
    page = await (await browser.new_context(**options)).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{url}/?account={ticket_stand.ADA}")
    assert await page.input_value("[name=account]") == ticket_stand.ADA
    await page.fill("[name=password]", stand.password(ticket_stand.ADA))
    await page.click("main [type=submit]")
    await page.wait_for_selector("#live")
    return page, complaints


async def press(page: Page, button: str) -> None:
    """Press it, and have the whole page that answers: its styles too, for without them nothing is where it will be."""
    async with page.expect_navigation():
        await page.click(button)


async def test_ada_buys_watches_her_equity_move_and_closes(browser: Browser, url: str, stand: Any) -> None:
    page, complaints = await signed_in(browser, url, stand)
    await page.select_option("[name=type]", "market")
    await page.fill("[name=lots]", "2.00")
    await press(page, "button[value=buy]")
    await expect(page.locator(".tone-good[role=status]")).to_have_text(
        re.compile(r"Bought 2\.00 lots of EURUSD at 1\.\d{5}")
    )
    before = await page.inner_text("#equity")
    await page.fill("[name=lots]", "3.33")
    await page.focus("[name=lots]")
    stand.play(400)
    await expect(page.locator("#equity")).not_to_have_text(re.compile(re.escape(before)), timeout=10_000)
    assert await page.input_value("[name=lots]") == "3.33"  # what is being typed stays
    assert await page.evaluate("document.activeElement.name") == "lots"
    await page.click("button:text-is('Close')")
    await expect(page.locator("text=No position is open.")).to_be_visible()
    await expect(page.locator(".tone-good[role=status]")).to_contain_text("Closed 2.00 lots of position 1 (EURUSD) at ")
    assert complaints == []


async def test_all_of_it_works_without_scripts(browser: Browser, url: str, stand: Any) -> None:
    page, _ = await signed_in(browser, url, stand, java_script_enabled=False)
    await press(page, "button[value=buy]")
    await page.select_option("[name=type]", "limit")
    await page.fill("[name=price]", "1.3")
    await press(page, "button[value=buy]")
    await press(page, "a.button:text-is('Change')")
    await page.fill("[name=lots]", "0.04")
    await press(page, "text=Close at the market")
    assert "0.06" in await page.inner_text("[aria-labelledby=positions-title]")
    await press(page, "button:text-is('Cancel')")
    assert "No pending orders." in await page.inner_text("main")
    await press(page, "text=Sign out")
    assert await page.locator("[name=password]").count() == 1


@pytest.mark.parametrize(
    "letters", ["", "* { font-family: 'DejaVu Sans', Verdana, serif !important; }"], ids=["own", "wide"]
)
@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_nothing_stands_beyond_the_edge(browser: Browser, url: str, stand: Any, width: int, letters: str) -> None:
    page, _ = await signed_in(browser, url, stand, viewport={"width": width, "height": 844})
    for symbol, kind, price in (("EURUSD", "market", ""), ("XAUUSD", "market", ""), ("EURUSD", "stop_limit", "1.5")):
        await page.select_option("[name=symbol]", symbol)
        await page.select_option("[name=type]", kind)
        if price:
            await page.fill("[name=price]", price)
            await page.fill("[name=limit_price]", "1.499")
        await press(page, "button[value=buy]")
    stand.state.accounts[ticket_stand.ADA].mode = TradeMode.CLOSE_ONLY  # the longest that stands at the top
    await page.reload()
    await page.evaluate(WITH_LETTERS, letters)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(CLIPPED) == []
    await press(page, "a.button:text-is('Change') >> nth=0")
    await page.evaluate(WITH_LETTERS, letters)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(CLIPPED) == []


async def test_enter_in_a_field_orders_nothing(browser: Browser, url: str, stand: Any) -> None:
    page, _ = await signed_in(browser, url, stand)
    await page.fill("[name=lots]", "0.30")
    await page.press("[name=lots]", "Enter")
    await press(page, "button:has-text('Sell')")
    await expect(page.locator("main")).to_contain_text("Sold 0.30 lots")
    # Had it bought, there would be two.
    assert [held.side.value for held in stand.state.accounts[ticket_stand.ADA].positions.values()] == ["sell"]


async def test_on_a_phone_the_order_stands_above_what_is_held(browser: Browser, url: str, stand: Any) -> None:
    page, _ = await signed_in(browser, url, stand, viewport={"width": 390, "height": 844})
    await press(page, "button[value=buy]")
    tops = [
        await page.evaluate("(name) => document.querySelector(name).getBoundingClientRect().top", name)
        for name in ("#notices", "button[value=sell]", "#equity", "#prices-title", "#positions-title", "#orders-title")
    ]
    assert tops == sorted(tops)
    await page.set_viewport_size({"width": 1280, "height": 844})
    beside = await page.evaluate(
        "['#order-title', '#equity'].map((name) => document.querySelector(name).getBoundingClientRect().left)"
    )
    assert beside == sorted(beside)
    assert await page.evaluate("document.querySelector('#equity').getBoundingClientRect().top < 400")


async def test_a_kind_shows_the_fields_that_it_takes_and_what_was_typed_is_never_out_of_sight(
    browser: Browser, url: str, stand: Any
) -> None:
    page, _ = await signed_in(browser, url, stand)

    async def shown() -> list[str]:
        return [
            name
            for name in ("price", "limit_price", "lifetime", "stop_loss")
            if await page.is_visible(f"[name={name}]")
        ]

    await expect(page.locator("[name=price]")).to_be_hidden()  # once the page's look is there
    assert await shown() == ["stop_loss"]
    await page.select_option("[name=type]", "stop_limit")
    assert await shown() == ["price", "limit_price", "lifetime", "stop_loss"]
    await page.select_option("[name=type]", "limit")
    assert await shown() == ["price", "lifetime", "stop_loss"]
    await page.fill("[name=price]", "1.3")
    await page.select_option("[name=type]", "market")
    assert await shown() == ["price", "stop_loss"]
    await press(page, "button[value=buy]")
    assert await page.evaluate("document.activeElement.name") == "price"
    described = await page.get_attribute("[name=price]", "aria-describedby")
    await expect(page.locator(f"#{described}")).to_contain_text("A market order is filled at once")
    assert not stand.state.accounts[ticket_stand.ADA].positions


async def test_a_page_whose_position_closes_says_so_and_asks_no_more(browser: Browser, url: str, stand: Any) -> None:
    page, _ = await signed_in(browser, url, stand)
    await page.clock.install()  # the page's own seconds pass when we say so
    await press(page, "button[value=buy]")
    await press(page, "a.button:text-is('Change')")
    await page.fill("[name=stop_loss]", "1.2")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.clock.run_for(1_100)
    await expect(page.locator("#live")).to_contain_text("Profit")
    [position] = stand.state.accounts[ticket_stand.ADA].positions
    await stand.by_hand(ticket_stand.ADA, closed(position, None))  # as a stop loss does
    await page.clock.run_for(1_100)
    await expect(page.locator("#live")).to_contain_text(re.compile(r"This position is closed, at 1\.\d{5} on"))
    assert await page.locator("header.top").count() == await page.locator("#notices").count() == 1
    assert await page.input_value("[name=stop_loss]") == "1.2"
    assert asked  # once a second, until then
    asked.clear()
    await page.clock.run_for(10_000)
    assert asked == []
    await press(page, "text=Back to the account")
    assert "No position is open." in await page.inner_text("main")


async def test_what_holds_for_the_account_appears_by_itself_and_what_is_typed_stays(
    browser: Browser, url: str, stand: Any
) -> None:
    page, complaints = await signed_in(browser, url, stand)
    await page.fill("[name=lots]", "0.77")
    stand.state.accounts[ticket_stand.ADA].mode = TradeMode.BLOCKED
    await expect(page.locator("#notices")).to_contain_text("has stopped trading on this account", timeout=10_000)
    assert await page.locator("#notices").count() == 1
    stand.state.accounts[ticket_stand.ADA].mode = TradeMode.FULL
    await expect(page.locator("#notices")).not_to_contain_text("has stopped", timeout=10_000)
    assert complaints == []
    stand.sessions._open.clear()  # as a restart of the platform does
    await expect(page.locator("#notices")).to_contain_text("Your session has ended", timeout=10_000)
    assert await page.input_value("[name=lots]") == "0.77"
    await press(page, "button[value=sell]")
    await expect(page.locator("main")).to_contain_text("the order was not placed")
    await page.fill("[name=account]", ticket_stand.ADA)
    await page.fill("[name=password]", stand.password(ticket_stand.ADA))
    await press(page, "main [type=submit]")
    assert await page.input_value("[name=lots]") == "0.77"
    assert not stand.state.accounts[ticket_stand.ADA].positions


async def test_what_fails_while_prices_move_is_told_beside_the_last_figures_until_it_works_again(
    browser: Browser, url: str, stand: Any
) -> None:
    page, _ = await signed_in(browser, url, stand)
    await page.clock.install()
    await press(page, "button[value=buy]")
    ada, before = stand.state.accounts[ticket_stand.ADA], await page.inner_text("#live")
    await page.fill("[name=lots]", "0.77")
    ada.mode = "one that the ticket has never heard of"
    for _ in range(2):
        await page.clock.run_for(1_100)
        await expect(page.locator("#not-renewed")).to_contain_text(
            "could not be renewed: it was on the platform's side"
        )
        assert await page.inner_text("#live") == before
        assert await page.locator("header.top").count() == await page.locator("h1").count() == 1
    ada.mode = TradeMode.FULL
    await page.clock.run_for(1_100)
    await expect(page.locator("#not-renewed")).to_be_hidden()
    assert await page.input_value("[name=lots]") == "0.77"
    # As the server itself says that it has too many connections.
    await page.route("**/ticket", lambda route: route.fulfill(status=503, body="Service Unavailable"))
    async with page.expect_response("**/ticket") as answer:
        await page.clock.run_for(1_100)
    await (await answer.value).finished()
    await page.clock.run_for(500)
    assert await page.inner_text("#live") == before
