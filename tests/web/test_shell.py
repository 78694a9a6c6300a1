"""The shell: its words in six languages, its ways for whom they are open, the reader's choice, and what is told after a form."""

import hashlib
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import web
from firm.sentences.catalog import SLOT
from firm.sentences.languages import PLURALS, Language
from tests.web.every_page import TEMPLATES, whole_pages
from tests.web.page_text import text_of
from web.app import policies
from web.shell.speech import speech_of
from web.shell.spoken import SPOKEN
from web.shell.ways import EVERYBODY, SEARCH, STAFF, TRADERS
from web.shell.words import shell_catalog
from web.visitor import May

# Pages of the portal that are in English but for what is around them. README says so under “Not yet”.
NOT_YET = {
    "legal.html",  # in the firm's own language
}
OF_STAFF = {"trace.html"}  # beside those that are called so
OF_TRADING = [
    "_account_body.html", "_account_book.html", "_account_facts.html", "_account_live.html", "_account_note.html", "_account_pieces.html",
    "_account_standing.html", "_evidence.html", "_incidents.html", "_late_price.html", "_notices.html", "_overrides.html",
    "_said_since.html", "_trade_rows.html", "_trades_head.html", "_what_happened.html",
]  # fmt: skip
"""Pieces of the pages of trading. Others hold what staff alone see, in English: tests/web/test_spoken_trading.py looks at what comes."""
CSS = Path(web.__file__).parent / "static" / "evenhand.css"
CSS_BYTES_MAX = 40 * 1024
ENGLISH = shell_catalog(Language.ENGLISH)
OTHERS = [each for each in Language if each is not Language.ENGLISH]
# International words, and what has no letters of its own.
SAME_AS_ENGLISH = {
    "accounts.login",
    "accounts.none_documents",
    "asof.then",
    "book.deals",
    "components.notes",
    "components.second",
    "decision.at_in_zone",
    "decision.balance",
    "decision.when_in",
    "documents.kilobytes",
    "documents.megabytes",
    "done.stop",
    "done.stop_limit",
    "done.type",
    "field.name",
    "figures.balance",
    "figures.equity",
    "find.pages",
    "gauge.profit",
    "held_back.until",
    "held_back.until_utc",
    "incident.number",
    "join.name",
    "late.equity",
    "met.trading_days",
    "nav.alarms",
    "nav.backoffice",
    "nav.documents",
    "nav.incidents",
    "nav.menu",
    "nav.status",
    "nav.team",
    "nav.trace",
    "objectives.exceptions",
    "own.file_documents",
    "positions.lots",
    "positions.position",
    "positions.profit",
    "positions.swap",
    "prices.ask",
    "prices.bid",
    "prices.tick",
    "security.codes_left",
    "security.name",
    "security.passkeys",
    "soft.pause",
    "soft.restrict",
    "step.balance",
    "step.equity",
    "step.of.lots",
    "step.of.profit",
    "step.of.swap",
    "told.of_account",
    "trades.commission",
    "trades.gain",
    "trades.lots",
    "trades.swap",
    "trades.symbol",
    "trades.title",
    "trades.trade",
    "unit.day",
    "unit.hour",
    "unit.lots",
    "unit.millisecond",
    "unit.minute",
    "unit.second",
    "view.pages",
    "working.no",
}


# --- words ---


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_in_every_language_with_the_same_slots(language: Language) -> None:
    catalog = shell_catalog(language)
    assert set(catalog.messages) == set(ENGLISH.messages)
    for key, text in ENGLISH.messages.items():
        assert bool(text) == bool(catalog.messages[key]), key
        assert sorted(SLOT.findall(text)) == sorted(SLOT.findall(catalog.messages[key])), key
    assert set(catalog.nouns) == set(ENGLISH.nouns)
    assert all(set(forms) == PLURALS[language] for forms in catalog.nouns.values())


@pytest.mark.parametrize("language", tuple(Language))
def test_no_two_pages_of_one_menu_have_the_same_name(language: Language) -> None:
    said = speech_of(language)
    for menu in (STAFF, TRADERS):
        names = [said(f"nav.{way.name}") for way in menu]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_the_same_as_in_english_is_a_word_that_both_have(language: Language) -> None:
    same = {
        key
        for key, text in shell_catalog(language).messages.items()
        if text == ENGLISH.messages[key] and re.search(r"[^\W\d]|,", SLOT.sub("", text))
    }
    assert same <= SAME_AS_ENGLISH


def shell_templates() -> list[Path]:
    """What is in the reader's language: the shell's pieces, whole pages that say so, and what only these include."""
    pieces = [
        "base.html",
        "_top.html",
        "_keys.html",
        "_code_field.html",
        "_new_password.html",
        "_passkey_form.html",
        *OF_TRADING,
    ]
    return [*sorted((TEMPLATES / "shell").glob("*.html")), *(TEMPLATES / name for name in (*pieces, *sorted(SPOKEN)))]


@pytest.mark.parametrize("path", shell_templates(), ids=lambda path: path.name)
def test_no_template_of_the_shell_holds_words_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for apart in (
        r"\{#.*?#\}",
        "<kbd>.*?</kbd>",
        "<code[^>]*>[^<]*</code>",
        r"\{% if staff %\}.*?\{% (?:else|endif) %\}",
    ):
        text = re.sub(apart, " ", text, flags=re.DOTALL)
    attributes = re.findall(r'\s(?:aria-label|title|placeholder|alt|data-text|data-refused)="([^"{]*)"', text)
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    said = [
        re.sub(r'[\w-]+="[^"]*"', " ", each) for each in re.findall(r">([^<>]*)<", plain)
    ]  # a piece may be attributes alone
    assert [
        each.strip() for each in (*said, *attributes) if re.search(r"[A-Za-z]{2}", unescape(each).replace("UTC", ""))
    ] == []


def test_what_the_portal_does_not_say_in_six_languages_yet_is_a_closed_list() -> None:
    of_portal = {name for name in whole_pages() if not name.startswith("staff_")} - OF_STAFF
    assert of_portal - SPOKEN == NOT_YET
    assert whole_pages() >= SPOKEN


def test_every_message_is_said_somewhere() -> None:
    root = Path(web.__file__).parent
    code = "".join(path.read_text("utf-8") for pattern in ("*.py", "*.html") for path in root.rglob(pattern))
    composed = (
        "nav.",
        "act.",
        "toast.",
        "brand.",
        "problem.",
        "components.",
        "state.",
        "table.",
        "waited.",
        "field.",
        "held.",
        "ground.",
        "document.",
        "fault.",
        "decision.reset_",
        "objectives.not_judged_",
        "what.rule_",
        "standing.",
        "next.",
        "progress.",
        "owed.",
        "command.",
        "action.",
        "side.",
        "unit.",
        "incident.",
        "override.",
        "verdict.",
        "soft.",
        "settled.",
        "appeal.",
        "doubt.",
        "doubt_name.",
        "note_fault.",
        "reason.",
        "trades.order.",
        "trades.wrong.",
        "done.",
        "working.",
        "step.",
        "since.",
        "met.",
    )
    unsaid = [
        key
        for key in ENGLISH.messages
        if not key.startswith(composed) and f'"{key}"' not in code and f"'{key}'" not in code
    ]
    assert unsaid == []


def test_a_date_is_written_as_its_language_does() -> None:
    at_us = 1_795_736_096_000_000
    said = [speech_of(language).moment(at_us) for language in (Language.ENGLISH, Language.GERMAN, Language.PORTUGUESE)]
    assert [each.partition(",")[0] for each in said] == ["26 Nov 2026", "26. Nov. 2026", "26 de nov. de 2026"]


def test_a_number_bends_its_noun() -> None:
    said = [speech_of(Language.ARABIC)("sign_in.wait", count=count) for count in (1, 2, 3, 11)]
    assert len({each.partition(".")[2] for each in said}) == 4
    assert "1 minute " in speech_of(Language.ENGLISH)("sign_in.wait", count=1)


# --- ways ---


def test_a_way_is_open_to_whoever_its_page_lets_in(app: Any) -> None:
    declared = {path: policy for path, method, policy in policies(app) if method == "GET"}
    for way in (*STAFF, *EVERYBODY, *TRADERS):
        policy = declared[way.href.partition("?")[0]]
        if way.verb and isinstance(policy, May):  # its page shows the form to whoever may send it
            continue
        assert (policy.permission if isinstance(policy, May) else None) == way.permission, way
    assert isinstance(declared[SEARCH], May)


def test_ways_have_words_and_keys_of_their_own() -> None:
    for ways in ((*STAFF, *EVERYBODY), (*TRADERS, *EVERYBODY)):
        keys = [way.key for way in ways if way.key]
        assert len(keys) == len(set(keys))
        assert len({way.name for way in ways}) == len(ways)
    assert all(f"nav.{way.name}" in ENGLISH.messages for way in (*STAFF, *TRADERS, *EVERYBODY))


async def test_the_palette_and_its_page_show_what_a_reader_may_open_and_no_more(
    come_in: Any, stage: Any, play: Any
) -> None:
    auditor, omar = come_in(f"staff:{stage.employ('reader', 'auditor')}"), come_in(f"staff:{play.OMAR}")
    for client, drafts in ((auditor, False), (omar, True)):
        palette = (await client.get("/find", headers={"hx-request": "true"})).text
        offered = re.findall(r'data-href="([^"]+)"', palette)
        page = (await client.get("/find")).text.partition("<main")[2].partition("</main>")[0]
        assert sorted(re.findall(r'<li><a href="([^"]+)">', page)) == sorted(offered)
        assert ("/staff/drafts/form" in offered) is drafts
        assert palette.strip().startswith("<dialog")
        for each in () if drafts else offered:
            assert (await client.get(each, follow_redirects=True)).status_code == 200, each


async def test_without_scripts_the_page_narrows_to_what_was_typed_and_offers_the_searches(
    come_in: Any, play: Any
) -> None:
    omar, ben = come_in(f"staff:{play.OMAR}"), come_in(f"trader:{play.BEN}")

    async def found(client: Any, typed: str, **headers: str) -> tuple[list[str], str]:
        page = (await client.get("/find", params={"q": typed}, headers=headers)).text
        main = page.partition("<main")[2].partition("</main>")[0]
        return re.findall(r'<li><a href="([^"]+)">', main), main

    everything, _ = await found(omar, "  ")
    assert len(everything) > 20
    hrefs, main = await found(omar, "DOCum")
    assert hrefs == ["/staff/documents"]
    assert "Search accounts and traders for “DOCum”" in main
    assert "Search traders’ names for “DOCum”" in main
    assert re.search(r'name="name"[^>]*value="DOCum"', main)
    assert (await found(omar, "keys api"))[0] == ["/staff/api-keys"]  # in any order
    assert (await found(omar, "dokum", **{"accept-language": "de"}))[0] == ["/staff/documents"]
    nothing, main = await found(omar, "7K2MQ-9XW3F")
    assert (nothing, "No page is called so." in main) == ([], True)
    assert 'value="7K2MQ-9XW3F"' in main
    assert "/staff/traders" not in main  # no name has a digit
    theirs, main = await found(ben, "docum")
    assert theirs == ["/documents"]
    assert ("Search accounts" in main, "Search traders" in main) == (False, False)
    odd, main = await found(omar, '"><script>' + "x" * 200)
    assert (odd, "<script>" in main, "x" * 101 in main) == ([], False, False)


# --- the reader's language ---


async def test_a_readers_choice_comes_before_the_browsers_and_an_address_before_both(come_in: Any, play: Any) -> None:
    ben = come_in(f"trader:{play.BEN}")
    assert '<html lang="fr" dir="ltr"' in (await ben.get("/accounts", headers={"accept-language": "fr"})).text
    answer = await ben.send_form("/language", language="ar", next="/accounts")
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts")
    cookies = answer.headers.get_list("set-cookie")
    assert all("HttpOnly" in each and "SameSite=lax" in each for each in cookies)
    page = await ben.get("/accounts", headers={"accept-language": "fr"})
    assert '<html lang="ar" dir="rtl"' in page.text
    assert {"Accept-Language", "Cookie"} <= set(page.headers["vary"].split(", "))
    assert '<html lang="pt" dir="ltr"' in (await ben.get("/security?language=pt")).text
    translated = (await ben.get("/security")).text
    assert '<main id="main">' in translated
    assert "data-only-english" not in translated
    backoffice = (await come_in(f"staff:{play.OMAR}").get("/staff", headers={"accept-language": "ar"})).text
    assert '<main id="main" lang="en" dir="ltr">' in backoffice  # what is not translated says so
    assert "هذه الصفحة متوفرة بالإنجليزية فقط حتى الآن." in backoffice


@pytest.mark.parametrize(
    ("language", "to"), [("klingon", "/"), ("", "/"), ("de", "//evil.example"), ("de", "https://evil.example")]
)
async def test_a_language_that_we_do_not_speak_changes_nothing_and_nobody_is_led_away(
    come_in: Any, play: Any, language: str, to: str
) -> None:
    answer = await come_in(f"trader:{play.BEN}").send_form("/language", language=language, next=to)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert any("-language=" in each for each in answer.headers.get_list("set-cookie")) is (language == "de")


@pytest.mark.parametrize("language", OTHERS)
async def test_who_cannot_sign_in_reads_why_in_their_language(nobody: Any, language: Language) -> None:
    speak = speech_of(language)
    nobody.headers["accept-language"] = language.value
    refused = await nobody.send_form("/session", mail="", password="")
    assert refused.status_code == 422
    for key in ("sign_in.no_mail", "sign_in.no_password", "do.sign_in", "nav.skip"):
        assert speak(key) in text_of(refused.text), key
    assert 'aria-describedby="wrong-mail"' in refused.text
    assert speak("problem.title.404") in text_of((await nobody.get("/nothing-here")).text)
    english = {text for text in ENGLISH.messages.values() if len(text) > 12 and "{" not in text}
    assert [text for text in english if text in text_of(refused.text)] == []


async def test_a_field_keeps_the_attributes_that_it_was_given(nobody: Any) -> None:
    page = (await nobody.get("/sign-in")).text
    [mail] = re.findall(r'<input id="field-mail"[^>]*>', page)
    [password] = re.findall(r'<input id="field-password"[^>]*>', page)
    assert all(
        told in mail for told in ('type="email"', 'autocomplete="username"', "required", "autofocus", 'value=""')
    )
    assert all(told in password for told in ('type="password"', 'autocomplete="current-password"', "required"))
    assert "autofocus" not in password
    assert "value" not in password


# --- toasts ---


async def test_what_a_form_did_is_told_once_on_the_next_page(come_in: Any, play: Any) -> None:
    cleo = come_in(f"trader:{play.CLEO}")
    await cleo.send_form("/security/sessions/none/end")
    first, second = (await cleo.get("/security")).text, (await cleo.get("/security")).text
    assert ENGLISH.messages["toast.sessions_ended"] in first
    assert 'class="note tone-good toast"' not in second


@pytest.mark.parametrize("planted", ["<b>pay here</b>", "../nav.home", "nav.home", "", "x" * 4_000])
async def test_a_planted_toast_says_nothing(come_in: Any, play: Any, planted: str) -> None:
    cleo = come_in(f"trader:{play.CLEO}")
    cleo.cookies.set("evenhand-told", planted)
    page = await cleo.get("/accounts")
    assert page.status_code == 200
    assert 'class="note tone-good toast"' not in page.text


# --- how it looks ---


def test_the_stylesheet_is_small_and_runs_both_ways() -> None:
    css = CSS.read_text(encoding="utf-8")
    assert len(css.encode()) <= CSS_BYTES_MAX
    sides = "left|right|top|bottom"
    physical = rf"(?<![-\w])(?:margin|padding|border|inset)-(?:{sides})\b|(?<![-\w])(?:{sides}|width|height|float)\s*:"
    media = re.sub(r"@media[^{]*\{", "", css)
    assert re.findall(rf"{physical}|text-align:\s*(?:left|right)", media) == []


def test_what_moves_stands_still_for_whoever_asked_for_it() -> None:
    css = CSS.read_text(encoding="utf-8")
    assert "@media (prefers-reduced-motion: reduce)" in css
    assert ":focus-visible { outline: 2px" in css


@pytest.mark.parametrize(
    "listed",
    [Path(web.__file__).parent / "static" / "vendor", Path(__file__).parent / "vendor"],
    ids=["pages", "tests"],
)
def test_what_others_made_is_what_was_taken(listed: Path) -> None:
    sums = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", (listed / "VENDORED.md").read_text("utf-8"), flags=re.MULTILINE))
    files = {path for path in listed.rglob("*") if path.is_file()} - {listed / "VENDORED.md"}
    assert {listed / name for name in sums.values()} == files
    for digest, name in sums.items():
        assert hashlib.sha256((listed / name).read_bytes()).hexdigest() == digest, name
