"""A real browser: Ada hands in a photograph without a script running, and who may open it saves a file that tells nothing of her."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.documents.hostile import SECRET, SVG, picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]
PHONE = {"width": 390, "height": 844}


async def page_of(browser: Browser, address: str, session: str, complaints: list[str], *, scripts: bool) -> Page:
    context = await browser.new_context(java_script_enabled=scripts, viewport=PHONE)
    await context.add_cookies([{"name": "evenhand", "value": session, "url": address}])
    page = await context.new_page()
    page.on("console", lambda said: complaints.append(said.text))
    return page


async def test_a_photograph_goes_in_without_scripts_and_comes_out_clean(
    base_url: str, stage: Any, play: Any, tmp_path: Path
) -> None:
    (tmp_path / "photograph.jpg").write_bytes(picture("JPEG", told=True))
    (tmp_path / "drawing.png").write_bytes(SVG)
    complaints: list[str] = []
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        ada = await page_of(browser, base_url, stage.session_of(f"trader:{play.ADA}"), complaints, scripts=False)
        await ada.goto(f"{base_url}/documents")
        await ada.select_option("select", "identity")
        await ada.set_input_files("input[type=file]", tmp_path / "drawing.png")
        await ada.click("main button[type=submit]")
        assert "neither JPEG, PNG, WebP nor PDF" in await ada.inner_text("[role=alert]")
        assert await ada.input_value("select") == "identity"
        await ada.set_input_files("input[type=file]", tmp_path / "photograph.jpg")
        await ada.click("main button[type=submit]")
        assert "It is kept." in await ada.inner_text(".note[role=status]")

        cora = stage.employ("cora", "compliance")
        staff = await page_of(browser, base_url, stage.session_of(f"staff:{cora}"), complaints, scripts=True)
        await staff.goto(f"{base_url}/staff/documents")
        assert "Ada Marlow" in await staff.inner_text("main")
        async with staff.expect_download() as coming:
            await staff.click("main tbody button")
        saved = tmp_path / "saved.jpeg"
        download = await coming.value
        await download.save_as(saved)
        assert download.suggested_filename.startswith("document-")
        assert SECRET.encode() not in saved.read_bytes()
        with Image.open(saved) as shown:
            assert (shown.format, shown.size) == ("JPEG", (72, 96))
            assert not shown.getexif()
        await staff.reload()
        assert "Once" in await staff.inner_text("main")
        for page in (ada, staff):
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert [said for said in complaints if "422" not in said] == []  # which is the drawing
        await browser.close()
