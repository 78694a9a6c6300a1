"""Passkeys in a real browser, with its own virtual authenticator: made, signed in with and without a mail address, proven with, removed."""

import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import anyio
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from firm.instant import MINUTE_US
from storage.factors import read_factors
from storage.throttles import Limit
from web.app import create_app, end_streams
from web.bounds import FRESH_US, GUESSES_PER_ADDRESS
from web.passkeys import site_of

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
ADA, RUTH = "ada@example.org", "ruth@example.org"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]


@pytest.fixture
async def site(shop: Any) -> AsyncIterator[str]:
    """The firm's pages at a name, as passkeys need one."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://localhost:{listener.getsockname()[1]}"
    object.__setattr__(shop.firm, "origin", origin)
    app = create_app(shop.firm)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2))
    server.capture_signals = nullcontext  # the tests have the signals
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        with anyio.fail_after(20):
            while not server.started:  # noqa: ASYNC110  (uvicorn has a flag and no event)
                await anyio.sleep(0.01)
        yield origin
        end_streams(app)
        server.should_exit = True


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        launched = await play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture(autouse=True)
async def no_window_stays_open(browser: Browser) -> AsyncIterator[None]:
    """One browser serves the file, each test in a window of its own: nobody has the keys or cookies of others."""
    yield
    for context in browser.contexts:
        await context.close()


async def with_authenticator(browser: Browser, *, verifies: bool = True) -> tuple[Page, Any, str, list[str]]:
    """A page, the wire to its browser, its authenticator, and what its console complains of."""
    page = await (await browser.new_context()).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    wire = await page.context.new_cdp_session(page)
    await wire.send("WebAuthn.enable")
    made = await wire.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return page, wire, made["authenticatorId"], complaints


async def by_password(page: Page, site: str, mail: str, password: str) -> None:
    await page.goto(f"{site}/sign-in")
    await page.fill("[name=mail]", mail)
    await page.fill("[name=password]", password)
    await page.click("main .primary")


async def make_one(page: Page, site: str, name: str) -> None:
    await page.goto(f"{site}/security/passkeys/new")
    await page.fill("main [name=name]", name)
    await page.click("main .primary")


async def test_ada_makes_a_passkey_and_signs_in_with_it_alone(browser, site, shop, play):
    page, _, _, complaints = await with_authenticator(browser)
    await by_password(page, site, ADA, play.PASSWORD)
    await make_one(page, site, "Ada’s laptop")
    await expect(page.locator("h1")).to_have_text("Your recovery codes")
    await page.goto(f"{site}/security")
    assert "Ada’s laptop" in await page.inner_text("main")
    await page.click("text=Sign out")
    await page.wait_for_url("**/sign-in*")
    await page.click("text=Sign in with a passkey")
    await page.wait_for_url("**/accounts")
    [held] = read_factors(shop.vault.factors(f"trader:{play.ADA}")).passkeys
    assert (held.name, held.sign_count > 0, held.used_us) == ("Ada’s laptop", True, shop.wall_us)
    assert not complaints


async def test_a_passkey_that_was_asked_before_all_sessions_were_ended_signs_nobody_in(browser, site, shop, play):
    page, _, _, _ = await with_authenticator(browser)
    await by_password(page, site, ADA, play.PASSWORD)
    await make_one(page, site, "Ada’s laptop")
    await expect(page.locator("h1")).to_have_text("Your recovery codes")
    await page.click("text=Sign out")
    await page.wait_for_url("**/sign-in*")

    async def ended_first(route: Any) -> None:
        shop.firm.sessions.delete_person(f"trader:{play.ADA}")
        await route.continue_()

    await page.route("**/session/passkey", ended_first, times=1)
    await page.click("text=Sign in with a passkey")
    await expect(page.locator("main")).to_contain_text("That took too long")
    await page.click("text=Sign in with a passkey")  # with a challenge of now
    await page.wait_for_url("**/accounts")


async def test_a_passkey_is_the_second_step_after_a_password_and_a_proof(browser, site, shop, play):
    page, _, _, _ = await with_authenticator(browser)
    await by_password(page, site, RUTH, play.PASSWORD)
    await page.goto(f"{site}/staff")
    await expect(page.locator("main")).to_contain_text("Add a second factor first")
    await make_one(page, site, "Key")
    await expect(page.locator("h1")).to_have_text("Your recovery codes")
    await page.click("text=Sign out")
    await by_password(page, site, RUTH, play.PASSWORD)
    await page.click("text=Use a passkey instead")
    await page.wait_for_url("**/staff")
    shop.wall_us += FRESH_US + 1
    await page.goto(f"{site}/security/password")
    await page.click("text=Use a passkey instead")
    await expect(page.locator("h1")).to_have_text("Change your password")


async def test_wrong_passwords_do_not_count_against_a_passkey(browser, site, shop, play):
    page, _, _, _ = await with_authenticator(browser)
    await by_password(page, site, ADA, play.PASSWORD)
    await make_one(page, site, "Key")
    await expect(page.locator("h1")).to_have_text("Your recovery codes")
    await page.context.clear_cookies()
    for _ in range(GUESSES_PER_ADDRESS + 1):
        for scope, subject, limit in (("sign-in by account", ADA, 10), ("sign-in by address", "127.0.0.1", 50)):
            shop.firm.throttle.wait_us(scope, subject, Limit(limit, 15 * MINUTE_US), shop.wall_us)
    await by_password(page, site, ADA, play.PASSWORD)
    await expect(page.locator("main")).to_contain_text("Too many attempts")
    await page.click("text=Sign in with a passkey")
    await page.wait_for_url("**/accounts")


async def test_a_removed_passkey_opens_nothing_and_neither_does_one_without_its_user(browser, site, shop, play):
    page, wire, authenticator, _ = await with_authenticator(browser)
    await by_password(page, site, ADA, play.PASSWORD)
    await make_one(page, site, "Old key")
    await expect(page.locator("h1")).to_have_text("Your recovery codes")
    await page.goto(f"{site}/security")
    await page.click("text=Remove Old key")
    await expect(page.locator("main")).to_contain_text("You have none.")
    await page.click("text=Sign out")
    await page.click("text=Sign in with a passkey")
    await expect(page.locator("main")).to_contain_text("This passkey was not taken")
    await wire.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    await page.click("text=Sign in with a passkey")
    await expect(page.locator("[data-said]")).to_contain_text("The passkey was not used")


async def test_a_number_for_an_address_has_no_passkeys(shop, browse, play):
    object.__setattr__(shop.firm, "origin", "http://127.0.0.1:8080")
    assert site_of(shop.firm) is None
    ada = browse()
    assert "passkey" not in (await ada.get("/sign-in")).text
    await ada.sign_in(ADA, play.PASSWORD)
    told = (await ada.get("/security")).text
    assert "Passkeys cannot be added on this site" in told
    assert "web.public_url" not in told  # which is for the staff to read
    assert (await ada.get("/security/passkeys/new")).status_code == 404
    assert (await ada.send_form("/passkey-challenge")).status_code == 404


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", '{"response": {"userHandle": 3}}', '{"rawId": "AA", "response": {"userHandle": "dHJhZGVyOjE"}}'],
)
async def test_what_is_no_credential_is_refused(shop, browse, credential):
    thief = browse()
    await thief.send_form("/passkey-challenge")
    answer = await thief.send_form("/session/passkey", credential=credential)
    assert answer.status_code == 422
    assert "This passkey was not taken" in answer.text
