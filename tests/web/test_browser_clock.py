"""A real browser's clock: what it counts down to the reset, and when it takes figures for old. Its time is moved and never waited for."""

from typing import Any

from playwright.async_api import Page, expect

from firm.ids import id_text
from firm.instant import HOUR_US
from tests.web.test_browser import browser, pytestmark, signed_in

__all__ = ["browser", "pytestmark"]

LEFT_S = """() => { const shown = document.querySelector("[data-countdown-s]").textContent;
    return [...shown.matchAll(/(\\d+)\\s(d|h|min|s)/g)].reduce((sum, [, many, unit]) =>
        sum + many * { d: 86400, h: 3600, min: 60, s: 1 }[unit], 0) }"""
BREATHES = """() => getComputedStyle(document.querySelector(".asof"), "::before").animationName === "breathe" """


async def opened(browser: Any, base_url: str, stage: Any, play: Any) -> tuple[Page, list[str]]:
    """Ada's account on a device of hers whose clock stands until it is moved; it has its first event."""
    page, complaints = await signed_in(browser, base_url, "ada@example.org", play.PASSWORD)
    await page.clock.install()
    await page.goto(f"{base_url}/accounts/{id_text(stage.accounts['ada'])}")
    await page.wait_for_selector("html[data-connection=open]")
    return page, complaints


async def test_a_second_device_an_hour_later_counts_down_from_the_same_instant(browser, base_url, stage, play):
    first, _ = await opened(browser, base_url, stage, play)
    left_s = await first.evaluate(LEFT_S)
    at = stage.now_us, stage.wall_us
    try:
        stage.now_us, stage.wall_us = (instant_us + HOUR_US for instant_us in at)
        second, complaints = await opened(browser, base_url, stage, play)
        await second.clock.run_for(1_000)
        assert abs(await second.evaluate(LEFT_S) - (left_s - 3_600)) <= 60  # it is told in hours and minutes
        await second.clock.fast_forward(10 * 60 * 1_000)
        assert abs(await second.evaluate(LEFT_S) - (left_s - 4_200)) <= 60
        assert complaints == []
        await second.context.close()
    finally:
        stage.now_us, stage.wall_us = at
    await first.context.close()


async def test_the_dot_beside_the_time_of_the_data_breathes_only_while_that_moves_on(browser, base_url, stage, play):
    page, complaints = await opened(browser, base_url, stage, play)
    before = await page.inner_text(".asof time")
    stage.wait(1)
    stage.prices_now(stage.prices["EURUSD"][0], stage.prices["XAUUSD"][0])
    stage.settle()
    await expect(page.locator(".asof time")).not_to_have_text(before)
    await page.clock.run_for(1_000)
    assert await page.evaluate(BREATHES)
    await page.clock.run_for(5_000)  # connected, and no price comes, nor its turn
    await expect(page.locator("html[data-connection=open]")).to_have_count(1)
    assert not await page.evaluate(BREATHES)
    assert complaints == []
    await page.context.close()
