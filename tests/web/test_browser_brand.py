"""A real browser before a firm in its own clothes: the tokens count, the logo fits the theme, and no policy is broken."""

import dataclasses
import socket
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
import uvicorn
from playwright.async_api import async_playwright

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.web.brand_files import png, svg
from web.app import create_app
from web.brand.brand import Brand
from web.brand.colours import Palette, stylesheet
from web.brand.pictures import check_picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]
BRAND = Brand(
    logo=check_picture("a.svg", svg()),
    logo_dark=check_picture("b.png", png()),
    stylesheet=stylesheet(Palette(accent_light="#b0005a", accent_dark="#ffe600")),
)
WORN = """() => ({
    button: getComputedStyle(document.querySelector("main .primary")).backgroundColor,
    logos: [...document.querySelectorAll("img.logo")].map((each) => [
        new URL(each.currentSrc).pathname, each.complete && each.naturalWidth > 0, Math.round(each.getBoundingClientRect().height)]),
    wider: document.documentElement.scrollWidth - innerWidth,
})"""


@pytest.fixture
async def address(stage: Any) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(dataclasses.replace(stage.firm, brand=BRAND))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server._serve, [listener])
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True


async def test_the_sign_in_page_wears_the_brand_of_each_theme_at_a_phones_width(address: str) -> None:
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for theme, button, logo in (
            ("light", "rgb(176, 0, 90)", BRAND.logo),
            ("dark", "rgb(255, 230, 0)", BRAND.logo_dark),
        ):
            page = await browser.new_page(color_scheme=theme, viewport={"width": 390, "height": 844})
            complaints: list[str] = []
            page.on("console", lambda said, told=complaints: told.append(said.text))
            await page.goto(f"{address}/sign-in")
            worn = await page.evaluate(WORN)
            assert worn["button"] == button
            assert [[path, drawn] for path, drawn, _ in worn["logos"]] == [[logo.address, True]] * 2
            assert [height for *_, height in worn["logos"]] == [28, 51]
            assert worn["wider"] == 0
            assert complaints == []
            await page.close()
        await browser.close()
