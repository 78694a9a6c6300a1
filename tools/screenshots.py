"""Screenshots: each page of a running firm in light, dark and at a phone's width, as docs/screenshots/*.png.

    python tools/screenshots.py                                  a demo firm of its own, played to the end of its prices
    python tools/screenshots.py http://127.0.0.1:8080 --holder MAIL PASSWORD --staff MAIL PASSWORD [--out DIR]

It signs in and follows links to the pages it wants, so that it works on any firm; what a firm does not have
(a breach, say) is named and left out. Needs Debian's chromium: apt-get install chromium
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from appliance.demo import Demo
from appliance.demo_firm import PASSWORD, REVIEWER_MAIL, TRADER_MAIL
from appliance.demo_platforms import DemoOptions
from appliance.ports import free_port

# The third of the cast carries a loser over midnight; the last but one holds positions when the prices end.
CARRIER_MAIL = "trader3@demo.example"
HOLDER_MAIL = "trader59@demo.example"
CHROMIUM = "chromium"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HEIGHT_MAX = {"light": 2_400, "dark": 1_500, "phone": 2_000}  # of a full page: the rest would be more of the same
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "device_scale_factor": 1.5},
}
# Name → where to start, and the link to follow from there ("" stays).
HOLDER_PAGES = {
    "trader-account": ("/accounts", "article:not(.over) h3 a"),
    "trader-trades": ("/accounts", "article:not(.over) h3 a; #trades header a"),
    "trader-rules": ("/accounts", "article:not(.over) h3 a; a[href$='/rules']"),
    "trader-rules-arabic": ("/accounts", "article:not(.over) h3 a; a[href$='/rules']; a[hreflang=ar]"),
    "trader-documents": ("/documents", ""),
    "trader-security": ("/security", ""),
    "trader-my-data": ("/my-data", ""),
}
WINNER_PAGES = {
    "trader-accounts": ("/accounts", ""),
    "trader-pass": ("/accounts", "article.over:has(.tone-info) h3 a; .note a[href*='/decisions/']"),
}
BREACHED_PAGES = {
    "trader-account-over": ("/accounts", "article.over h3 a"),
    "trader-breach": ("/accounts", "article.over:has(.tone-bad) h3 a; .note a[href*='/decisions/']"),
}
STAFF_PAGES = {
    "staff-home": ("/staff", ""),
    "staff-accounts": ("/staff/accounts", ""),
    "staff-account": ("/staff/accounts?standing=active&sort=activity", "tr.linked a.name"),
    "staff-trace": ("/staff/accounts?standing=active&sort=activity", "tr.linked a.name; #trace header a"),
    "staff-desks": ("/staff/trace", ""),
    "staff-review": ("/staff/decisions?show=waiting", "tr.linked a.name"),
    "staff-decisions": ("/staff/decisions", ""),
    "staff-programs": ("/staff/programs", ""),
    "staff-program": ("/staff/programs", "tr.linked a.name"),
    "staff-draft": ("/staff/programs", "tr.linked a.name; a[href*='/staff/drafts/form']"),
    "staff-exposure": ("/staff/exposure?phases=all", ""),
    "staff-holders": ("/staff/exposure?phases=all", "td a.name"),
    "staff-drift": ("/staff/drift?show=all", ""),
    "staff-feed": ("/staff/feed", ""),
    "staff-incidents": ("/staff/incidents", ""),
    "staff-documents": ("/staff/documents", ""),
    "staff-find": ("/find?q=e", ""),
    "staff-commands": ("/staff/commands", ""),
    "staff-owed": ("/staff/owed", ""),
    "staff-lab": ("/staff/lab", ""),
    "staff-controls": ("/staff/controls", ""),
    "staff-health": ("/staff/health", ""),
    "staff-audit": ("/staff/audit", ""),
    "staff-view": ("/staff/accounts?standing=active&sort=activity", "tr.linked a.name; a[href$='/view']"),
    "staff-team": ("/staff/team", ""),
    "staff-traders": ("/staff/traders", ""),
    "staff-roles": ("/staff/roles", ""),
    "staff-components": ("/staff/components", ""),
    "staff-components-arabic": ("/staff/components?language=ar", ""),
}


def main() -> int:
    asked = _arguments()
    browser_path = shutil.which(CHROMIUM)
    if browser_path is None:
        print("no chromium: apt-get install chromium", file=sys.stderr)
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    missed: list[str] = []
    with _firm(asked), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        for look in LOOKS:
            missed += _shoot_all(browser, asked, look)
        browser.close()
    for name in missed:
        print(f"left out, this firm has none: {name}", file=sys.stderr)
    _shrink(asked.out)
    return 0


def _shrink(folder: Path) -> None:
    """A page needs few colours; where pngquant is installed (apt-get install pngquant) the files become a third."""
    pngquant = shutil.which("pngquant")
    if pngquant is not None:
        pictures = sorted(folder.glob("*.png"))
        subprocess.run([pngquant, "--force", "--ext", ".png", "--skip-if-larger", *pictures], check=False)  # nosec B603  (of our own pictures)


@contextmanager
def _firm(asked: argparse.Namespace) -> Iterator[None]:
    """The firm that was named, or a demo firm that has lived through its two days."""
    if asked.base:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(DemoOptions(directory=Path(folder) / "demo", speed="max", port=free_port("127.0.0.1")))
        demo.prepare()
        with demo.running():
            print("playing two days of prices, a few minutes ...", flush=True)
            while not demo.market.get("done"):
                time.sleep(1)
            asked.base = demo.url
            asked.winner = (TRADER_MAIL, PASSWORD)
            asked.holder = (HOLDER_MAIL, PASSWORD)
            asked.breached = (CARRIER_MAIL, PASSWORD)
            asked.staff = (REVIEWER_MAIL, PASSWORD)
            yield


def _shoot_all(browser: Browser, asked: argparse.Namespace, look: str) -> list[str]:
    missed = []
    with _looking(browser, look) as context:
        page = context.new_page()
        page.goto(f"{asked.base}/sign-in")
        _shoot(page, asked.out / f"sign-in-{look}.png", HEIGHT_MAX[look])
    wanted = (
        (asked.holder, HOLDER_PAGES),
        (asked.winner, WINNER_PAGES),
        (asked.breached, BREACHED_PAGES),
        (asked.staff, STAFF_PAGES),
    )
    for credentials, pages in wanted:
        if credentials is None:
            continue
        with _looking(browser, look) as context:
            page = context.new_page()
            _sign_in(page, asked.base, *credentials)
            for name, (path, links) in pages.items():
                if _arrive(page, asked.base, path, links):
                    _shoot(page, asked.out / f"{name}-{look}.png", HEIGHT_MAX[look])
                else:
                    missed.append(f"{name} ({look})")
    return missed


@contextmanager
def _looking(browser: Browser, look: str) -> Iterator[BrowserContext]:
    context = browser.new_context(**LOOKS[look], reduced_motion="reduce")
    try:
        yield context
    finally:
        context.close()


def _sign_in(page: Page, base: str, mail: str, password: str) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("[name=mail]", mail)
    page.fill("[name=password]", password)
    page.click("main [type=submit]")
    page.wait_for_selector("nav.nav", state="attached")


def _arrive(page: Page, base: str, path: str, links: str) -> bool:
    """Open the path and follow the links one after another; False where one is not there, or is not for who asks."""
    answer = page.goto(f"{base}{path}")
    for link in filter(None, (part.strip() for part in links.split(";"))):
        found = page.query_selector(link)
        if found is None:
            return False
        answer = page.goto(f"{base}{found.get_attribute('href')}")
    return answer is not None and answer.ok


def _shoot(page: Page, path: Path, height_max: int) -> None:
    """The page once its fonts and charts are there, cut at `height_max`."""
    page.evaluate("document.fonts.ready")
    if page.query_selector("[data-chart] svg.chart"):
        page.wait_for_selector(".uplot", timeout=5_000)
    height = min(height_max, int(page.evaluate("document.documentElement.scrollHeight")))
    width = int(page.evaluate("document.documentElement.clientWidth"))
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    print(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "base", nargs="?", default="", help="where a firm is served; a demo of its own where none is given"
    )
    for name, who in (
        ("holder", "a trader with open positions"),
        ("winner", "a trader who passed a phase"),
        ("breached", "a trader whose account was breached"),
        ("staff", "a member of staff"),
    ):
        parser.add_argument(f"--{name}", nargs=2, metavar=("MAIL", "PASSWORD"), help=f"{who}, to sign in as")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"), help="where the pictures go")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
