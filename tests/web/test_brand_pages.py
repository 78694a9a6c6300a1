"""A firm's pages in its own clothes: what they link to, how that is served, and what stays as it is where nothing is set."""

import dataclasses
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.brand_files import png, svg
from web.app import create_app
from web.brand.brand import Brand, LegalPage
from web.brand.colours import Palette, stylesheet
from web.brand.pictures import check_picture
from web.brand.prose import markdown
from web.brand.sentences import read_sentences
from web.csp import LOCKED, POLICY

GARISH = Palette(accent_light="#b0005a", accent_dark="#ff9ad0", accent_ink_light="#fff7c2", accent_ink_dark="#2b0016")
BRAND = Brand(
    logo=check_picture("logo.svg", svg()),
    logo_dark=check_picture("dark.png", png()),
    stylesheet=stylesheet(GARISH),
    support="help@acme.example",
    small_print="Acme & Sons, <1 Quay Street>",
    legal=(
        LegalPage("terms", "/legal/terms", markdown("# Terms\n\nBe **fair**.")),
        LegalPage("privacy", "https://acme.example/privacy"),
    ),
    legal_language="ar",
    sentences=read_sentences(b'[de]\nsign_in_title = "Anmelden bei {firm}"\n[en]\nlegal_notice = "Read first."'),
)
KEPT = "public, max-age=31536000, immutable"


@pytest.fixture
async def dressed(stage: Any, new_client: Any) -> AsyncIterator[Any]:
    """Nobody, before the stage's firm in its own clothes."""
    app = create_app(dataclasses.replace(stage.firm, brand=BRAND))
    async with new_client(httpx.ASGITransport(app)) as client:
        yield client


async def test_a_page_wears_logo_colours_contact_and_legal_pages(dressed: Any) -> None:
    page = (await dressed.get("/sign-in")).text
    assert f'<link rel="stylesheet" href="{BRAND.stylesheet_address}">' in page
    assert page.index("evenhand.css") < page.index("/brand.css")  # the later of one layer counts
    assert f'<link rel="icon" href="{BRAND.logo.address}" type="image/svg+xml">' in page
    assert page.count(f'<img class="logo" src="{BRAND.logo.address}" alt="" width="240" height="60">') == 2
    assert page.count(f'media="(prefers-color-scheme: dark)" srcset="{BRAND.logo_dark.address}"') == 2
    assert '<a href="mailto:help@acme.example" rel="noreferrer">Support</a>' in page
    assert '<a href="/legal/terms">Terms</a>' in page
    assert '<a href="https://acme.example/privacy" rel="noreferrer">Privacy</a>' in page
    assert "Acme &amp; Sons, &lt;1 Quay Street&gt;" in page
    assert "Read first." in page
    assert " style=" not in page
    assert "<style" not in page


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("de-CH, en;q=0.5", "<h1>Anmelden bei Fairhaven</h1>"),
        ("fr", "<h1>Se connecter à Fairhaven</h1>"),
    ],
)
async def test_a_sentence_comes_in_the_language_that_the_browser_asks_for(dressed: Any, asked: str, title: str) -> None:
    assert title in (await dressed.get("/sign-in", headers={"accept-language": asked})).text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (BRAND.stylesheet_address, "text/css; charset=utf-8"),
        (BRAND.logo.address, "image/svg+xml"),
        (BRAND.logo_dark.address, "image/png"),
    ],
)
async def test_a_file_of_the_brand_says_what_it_is_is_kept_and_can_do_nothing(
    dressed: Any, path: str, media_type: str
) -> None:
    answer = await dressed.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["content-security-policy"] == LOCKED
    assert LOCKED == "default-src 'none'; style-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == KEPT
    assert "set-cookie" not in answer.headers


async def test_what_was_named_by_a_page_of_before_a_restart_is_led_to_what_is_there_now(dressed: Any) -> None:
    for path in ("/brand.css", "/brand.css?v=000000000000"):
        answer = await dressed.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, BRAND.stylesheet_address)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/brand/logo-000000000000.svg",
        "/brand/logo.svg",
        "/brand/..%2fevenhand.toml",
        "/brand/",
        "/legal/privacy",
        "/legal/imprint",
        "/legal/terms.md",
        "/legal/..%2f..%2fevenhand.toml",
    ],
)
async def test_nothing_else_is_there_and_that_page_is_one_of_ours(dressed: Any, path: str) -> None:
    answer = await dressed.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert "a person looks at it: write to <a" in answer.text


async def test_a_legal_text_is_a_page_under_the_policy_of_them_all(dressed: Any) -> None:
    answer = await dressed.get("/legal/terms")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert '<h1 tabindex="-1">Terms</h1>' in answer.text
    assert re.search(
        r'<article class="card card-in legal" lang="ar" dir="rtl">\s*<h2>Terms</h2>\s*<p>Be <strong>', answer.text
    )


async def test_a_trader_is_told_on_a_decision_to_whom_to_write(dressed: Any, play: Any, decisions: Any) -> None:
    await dressed.sign_in("ada@example.org", play.PASSWORD)
    page = (await dressed.get(f"/decisions/{decisions['BreachDeclared']}")).text
    assert 'If you think this is wrong, a person looks at it: write to <a href="mailto:help@acme.example"' in page
    assert f'Name decision <b class="num">{decisions["BreachDeclared"]}</b>' in page
    assert "the address from which your order was confirmed" not in page


async def test_a_firm_without_a_brand_wears_ours_and_has_no_such_addresses(nobody: Any) -> None:
    page = (await nobody.get("/sign-in")).text
    assert "/brand" not in page
    assert "mark.svg" in page
    assert "Sign in to Fairhaven" in page
    assert (await nobody.get("/brand.css")).status_code == 404
    assert (await nobody.get("/legal/terms")).status_code == 404


def test_no_file_of_the_brand_is_asked_of_the_disk_while_pages_are_served() -> None:
    for name in ("brand.py", "legal.py"):
        text = (Path(__file__).parents[2] / "web" / "pages" / name).read_text(encoding="utf-8")
        assert "Path(" not in text
        assert "open(" not in text
