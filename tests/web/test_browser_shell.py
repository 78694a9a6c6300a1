"""The shell in a real browser: axe finds nothing on any page; the palette by keys alone; languages, dialogs and toasts with and without
scripts.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from markupsafe import Markup
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from firm.commands import AskAddressChange
from firm.ids import id_text
from firm.templates import template
from storage.links import Purpose
from storage.people import ADDRESS_WANTED
from storage.readmodels.incidents import incidents
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.web.every_page import ELSEWHERE, Shown, Spectator, whole_pages
from web.app import create_app
from web.brand.brand import Brand, LegalPage
from web.shell.spoken import SPOKEN

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
# All that axe-core looks at by itself, and the size of what is pressed (WCAG 2.2, 2.5.8), which it leaves out.
# What stands beyond either edge of the window, where a card may clip it away.
OUTSIDE = """[...document.querySelectorAll("main td *, main h2, main p, main li, main dd, main button, main input")]
    .filter((each) => each.getClientRects().length && !each.closest(".unseen, .toasts, svg"))
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 || each.getBoundingClientRect().left < -1)
    .map((each) => each.outerHTML.slice(0, 80))"""
SCRIPT = re.compile(r"<script [^>]*></script>")
RUN = """async () => {
    for (const each of document.querySelectorAll("[data-needs-script]")) each.hidden = false;
    const found = await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } });
    return found.violations.flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 200)}`));
}"""
DRAFT = template("two_step_static").text.replace("your-bridge", "sim").replace("your-group", "demo")
JOINING = {
    "name": "Dora Lind",
    "mail": "dora@example.org",
    "country": "DE",
    "fresh": "seven green parrots",
    "again": "seven green parrots",
    "accepted": "yes",
}
LEGAL = LegalPage("terms", "/legal/terms", Markup("<h2>Terms</h2><p>We sell challenges.</p>"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any) -> Iterator[Any]:
    """A small one: a page's length says nothing about its pieces."""
    played = histories.played(tmp_path_factory.mktemp("shell") / "firm", crowd=1)
    object.__setattr__(played.firm, "brand", Brand(support="help@acme.example", legal=(LEGAL,)))
    for opened in ("mails", "sign_up"):
        object.__setattr__(played.firm, opened, True)
    yield played
    played.close()


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        launched = await play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
async def shown(
    app: Any,
    stage: Any,
    come_in: Any,
    new_client: Any,
    play: Any,
    decisions: Any,
    histories: Any,
    tmp_path_factory: Any,
) -> dict[str, Shown]:
    """One page of each template."""
    seen = Spectator(app)
    omar, ada = f"staff:{play.OMAR}", f"trader:{play.ADA}"
    hers = [f"/accounts/{id_text(stage.accounts[name])}" for name in ("ada", "ada lost")]
    at_ada, at_omar, nobody = come_in(ada), come_in(omar), new_client(httpx.ASGITransport(app))
    await seen.follow(at_ada, ada, [*hers, f"/decisions/{decisions['BreachDeclared']}"])
    await seen.follow(at_omar, omar, [f"/staff{hers[1]}"])
    await seen.follow(nobody, "", [])
    await seen.send(nobody, "", "/forgotten-password", mail="nobody@example.org")
    await seen.send(nobody, "", "/join", **JOINING)
    await seen.send(at_ada, ada, "/security/address", mail="ada.marlow@example.org")
    await seen.send(at_omar, omar, "/staff/drafts", text=DRAFT)
    await seen.add_app(at_ada, ada, stage)
    await seen.send(nobody, "", "/session", mail="ada@example.org", password=play.PASSWORD, next="/")
    waiting = {"kept": "/staff/controls/passes/engagement", "kept.why": "prices look wrong"}
    await seen.send(nobody, "", "/session", mail="ruth@example.org", password=play.PASSWORD, next="/", **waiting)
    await _addresses(seen, stage, new_client, come_in(ada), ada)
    await _incident(seen, histories, tmp_path_factory.mktemp("outage") / "firm", new_client, omar)
    return seen.shown


@pytest.fixture(scope="module")
async def dialogs(shown: dict[str, Shown], come_in: Any, play: Any) -> list[Shown]:
    """Pages whose dialogs are open, the palette among them."""
    palette = (await come_in(f"staff:{play.OMAR}").get("/find", headers={"hx-request": "true"})).text
    pages = shown["staff_components.html"], shown["find.html"]._replace(html=shown["find.html"].html + palette)
    return [page._replace(html=page.html.replace("<dialog ", "<dialog open ")) for page in pages]


async def _addresses(seen: Spectator, stage: Any, new_client: Any, at_ada: Any, ada: str) -> None:
    """Signing up, a forgotten password, another mail address, and the pages to which the links of mails lead."""
    reader = new_client(httpx.ASGITransport(seen.app))
    joining = {"name": "Eve Lund", "country": "DK", "fresh": "seven green parrots", "again": "seven green parrots"}
    await seen.send(reader, "", "/join", mail="eve@example.org", accepted="yes", **joining)
    await seen.send(reader, "", "/forgotten-password", mail="nobody@example.org")
    await seen.send(at_ada, ada, "/security/address", mail="ada-anew@example.org")
    eve = stage.vault.find_by_mail("eve@example.org").reference
    wanted = stage.vault.seal(eve, ADDRESS_WANTED, b"eve-anew@example.org")
    stage.put(AskAddressChange(by=eve, person=eve, sealed=wanted))
    stage.settle()
    for page, purpose, about in (
        ("/confirm-address", Purpose.ADDRESS, ""),
        ("/new-address", Purpose.NEW_ADDRESS, wanted),
    ):
        stage.firm.links.issue(eve, purpose, page, stage.wall_us, 10**9, about=about)
        seen.keep("", await reader.get(f"{page}?token={page}", follow_redirects=True))
        reader.take_token(await reader.get(page))
        await seen.send(reader, "", page, password=joining["fresh"])


async def _incident(seen: Spectator, histories: Any, path: Path, new_client: Any, who: str) -> None:
    """Of another firm: where prices were missing."""
    outage = histories.prices_missing(path)
    there = Spectator(create_app(outage.firm))
    reader = new_client(httpx.ASGITransport(there.app))
    reader.cookies.set("evenhand", outage.session_of(who))
    with outage.reader.connection() as book:
        [line] = incidents(book, 10)
    there.keep("", await reader.get(f"/staff/incidents/{line.incident}"))
    seen.shown |= there.shown
    outage.close()


async def context_of(browser: Browser, stage: Any, base_url: str, who: str, **options: Any) -> BrowserContext:
    context = await browser.new_context(reduced_motion="reduce", **options)
    if who:
        await context.add_cookies([{"name": "evenhand", "value": stage.session_of(who), "url": base_url}])
    return context


async def found_by_axe(browser: Browser, base_url: str, pages: list[Shown], **look: Any) -> list[str]:
    """What is wrong with pages, as scripts leave them. Each is laid out in one window, which keeps axe: our policy would let none in."""
    context = await browser.new_context(reduced_motion="reduce", bypass_csp=True, **look)
    page = await context.new_page()
    await page.goto(f"{base_url}/status")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for each in pages:
        await page.set_content(SCRIPT.sub("", each.html))
        found += [f"{each.address}: {told}" for told in await page.evaluate(RUN)]
    await context.close()
    return found


async def test_no_page_of_a_firm_that_is_well_says_that_it_is_held(shown):
    assert [template for template, page in shown.items() if 'class="note held' in page.html] == []


async def test_axe_finds_nothing_on_any_page(browser, base_url, shown, dialogs):
    assert whole_pages() - set(shown) == set(ELSEWHERE)
    assert await found_by_axe(browser, base_url, [*sorted(shown.values()), *dialogs]) == []


@pytest.mark.soak
@pytest.mark.parametrize("look", ["dark", "phone", "arabic"])
async def test_axe_finds_nothing_in_the_dark_on_a_phone_and_from_right_to_left(
    browser, base_url, shown, new_client, app, stage, look
):
    pages = sorted(shown.values())
    options: dict[str, Any] = {
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": {"width": 360, "height": 780}},
    }.get(look, {})
    if look == "arabic":
        client = new_client(httpx.ASGITransport(app))
        client.headers["accept-language"] = "ar"
        for place, each in enumerate(pages):
            client.cookies.set("evenhand", stage.session_of(each.who) if each.who else "")
            pages[place] = each._replace(html=(await client.get(each.address)).text)
        pages = [
            each for each in pages if '<html lang="ar" dir="rtl"' in each.html
        ]  # what answered a form has no address
        assert len(pages) > 40
    assert await found_by_axe(browser, base_url, pages, **options) == []


@pytest.mark.parametrize("language", ["ar", "de"])
async def test_pages_in_their_readers_language_have_room_on_a_phone_and_axe_finds_nothing(
    browser, base_url, shown, new_client, app, stage, language
):
    """Those that are spoken; German has the longest words."""
    client = new_client(httpx.ASGITransport(app))
    client.headers["accept-language"] = language
    pages = []
    for each in (shown[name] for name in sorted(SPOKEN & set(shown))):
        client.cookies.set("evenhand", stage.session_of(each.who) if each.who else "")
        answer = await client.get(each.address)
        if answer.status_code == 200:  # what answered a form has no address
            pages.append(each._replace(html=answer.text))
    assert len(pages) > 12
    phone = {"viewport": {"width": 360, "height": 780}}
    context = await browser.new_context(reduced_motion="reduce", bypass_csp=True, **phone)
    page = await context.new_page()
    await page.goto(f"{base_url}/status")
    for each in pages:
        await page.set_content(SCRIPT.sub("", each.html))
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), each.address
        assert await page.evaluate(OUTSIDE) == [], each.address
    await context.close()
    assert await found_by_axe(browser, base_url, pages, **phone) == []


async def test_components_have_room_in_either_theme_on_a_phone_and_from_right_to_left(
    browser, stage, base_url, play, tmp_path
):
    looks: dict[str, dict[str, Any]] = {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": {"width": 360, "height": 780}, "locale": "de"},
        "arabic": {"viewport": {"width": 360, "height": 780}, "locale": "ar"},
    }
    taken = set()
    for look, options in looks.items():
        context = await context_of(browser, stage, base_url, f"staff:{play.OMAR}", **options)
        page = await context.new_page()
        await page.goto(f"{base_url}/staff/components")
        taken.add(await page.screenshot(path=tmp_path / f"{look}.png", full_page=True))
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
        assert await page.evaluate(OUTSIDE) == [], look
        await context.close()
    assert len(taken) == len(looks)


@pytest.mark.parametrize("language", ["de", "fr", "ar"])
async def test_a_traders_pages_have_room_for_longer_words_on_a_phone_and_from_right_to_left(
    browser, stage, base_url, play, decisions, language
):
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 780}}
    ada = f"trader:{play.ADA}"
    home = f"/accounts/{id_text(stage.accounts['ada'])}"
    context = await context_of(browser, stage, base_url, ada, locale=language, **phone)
    page, seen = await context.new_page(), []
    for address in ("/accounts", home, f"{home}/trades", f"/decisions/{decisions['BreachDeclared']}"):
        await page.goto(f"{base_url}{address}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert await page.evaluate(OUTSIDE) == [], address
        answer = await context.request.get(f"{base_url}{address}", headers={"accept-language": language})
        seen.append(Shown(ada, address, await answer.text()))
    assert all(f'<html lang="{language}"' in each.html for each in seen)
    await context.close()
    assert await found_by_axe(browser, base_url, seen, **phone) == []


async def test_axe_notices_a_label_that_is_missing_and_a_colour_that_nobody_can_read(browser, base_url, shown):
    page = shown["sign_in.html"]
    planted = page.html.replace('for="field-mail"', "").replace(
        "</h1>", '</h1><p><font color="#ccc">Pale</font></p>', 1
    )
    told = await found_by_axe(browser, base_url, [page._replace(html=planted)])
    assert {each.split(": ")[1] for each in told} >= {"label", "color-contrast"}


async def test_the_palette_goes_by_keys_to_pages_and_searches_for_what_is_no_page(browser, stage, base_url, play):
    context = await context_of(browser, stage, base_url, f"staff:{play.RUTH}")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    await page.goto(f"{base_url}/staff")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("CONTR")  # at once: nothing is lost before there is a field for it
    await expect(page.locator("#palette")).to_be_visible()
    await expect(page.locator("#palette-typed")).to_be_focused()
    await expect(page.locator("#palette-typed")).to_have_value("CONTR")
    assert await page.locator("#palette-roles, #palette-home").count() == 1  # Ruth of risk sees no roles
    await expect(page.locator("#palette-list [aria-selected=true]")).to_have_text(re.compile("Controls"))
    for _ in range(9):  # nothing behind the dialog is reached
        await page.keyboard.press("Tab")
        assert await page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#palette')"
        )
    await page.locator("#palette-typed").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/staff/controls")
    await page.keyboard.press("Meta+k")
    number = id_text(stage.accounts["ada"])
    await expect(page.locator("#palette-typed")).to_be_focused()
    await page.keyboard.type(number)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/staff/accounts?q={number}")
    await expect(page.locator("tbody tr.linked")).to_have_count(1)
    held = anyio.Event()

    async def late(route):
        await held.wait()
        await route.continue_()

    await page.route("**/find", late)
    await page.locator("[data-opens=palette]").click()
    await page.keyboard.type("ada")  # all of it, and its end, before the palette is there
    await page.keyboard.press("Enter")
    held.set()
    await page.wait_for_url("**/staff/traders")  # a name stands in no address
    await page.unroute("**/find")
    await expect(page.locator("tbody tr.linked")).to_have_count(1)
    await page.locator("[data-opens=palette]").click()
    await expect(page.locator("#palette-typed")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#palette")).to_be_hidden()
    assert await page.evaluate("document.activeElement.dataset.opens") == "palette"  # where one was
    assert complaints == []
    await context.close()


async def test_a_language_is_chosen_with_a_toast_that_can_be_dismissed_and_stays_without_scripts(
    browser, stage, base_url, play
):
    context = await context_of(browser, stage, base_url, f"trader:{play.BEN}")
    page = await context.new_page()
    await page.goto(f"{base_url}/security")
    await page.select_option("#language", "ar")
    await page.click(".languages button")
    await expect(page.locator(".toast")).to_contain_text("العربية")
    assert await page.evaluate("[document.documentElement.dir, document.title.includes('الأمان')]") == ["rtl", True]
    assert await page.evaluate("document.querySelector('.brand').getBoundingClientRect().left > innerWidth / 2")
    await page.click("[data-dismisses]")
    await expect(page.locator(".toast")).to_have_count(0)
    await context.close()
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
    plain = await context_of(browser, stage, base_url, f"staff:{play.RUTH}", locale="ar", **phone)
    page = await plain.new_page()
    await page.goto(f"{base_url}/keys")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.click(".menu summary")
    await page.click("nav.nav >> text=القرارات")
    await page.wait_for_url("**/staff/decisions")
    await page.select_option("#language", "de")
    await page.click(".languages button")
    await expect(page.locator(".toast")).to_contain_text("Deutsch")
    await page.reload()
    await expect(page.locator(".toast")).to_have_count(0)
    await plain.close()
