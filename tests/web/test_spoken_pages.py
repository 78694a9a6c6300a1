"""Spoken pages: the doors, one's own data and documents, and the status, each in each language with nothing of English left in it."""

import re
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import httpx
import pytest
from markupsafe import Markup, escape

from firm.bounds import DOCUMENT_BYTES_MAX
from firm.commands import AskAddressChange, EraseTrader, KeepDocument, OpenDocument, RegisterTrader
from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.ids import id_text
from firm.personal import CLASSES, Ground, destructions
from firm.sentences.languages import Language
from storage.links import Purpose
from storage.people import ADDRESS_WANTED, DOCUMENTS
from storage.readmodels.incidents import incidents
from tests.documents.hostile import plain_pdf
from tests.web.every_page import Spectator
from tests.web.page_text import text_of
from web.app import create_app, policies
from web.bounds import DOWNLOADS_PER_ACCOUNT_MAX
from web.brand.brand import Brand, LegalPage
from web.document_turns import DocumentTurns
from web.document_words import size_in_words
from web.locale_figures import countries
from web.shell.speech import speech_of
from web.shell.spoken import SPOKEN
from web.shell.words import shell_catalog

ENGLISH = shell_catalog(Language.ENGLISH)
OTHERS = [each for each in Language if each is not Language.ENGLISH]
PAGES = {
    "address.html",
    "address_asked.html",
    "address_confirmed.html",
    "confirm_address.html",
    "documents.html",
    "forgotten_answered.html",
    "forgotten_password.html",
    "join.html",
    "join_answered.html",
    "kept_form.html",
    "new_address.html",
    "notices.html",
    "personal.html",
    "rules.html",
    "status.html",
}
GOOD = "seven green parrots"
JOINING = {"name": "Eve Lund", "country": "DK", "fresh": GOOD, "again": GOOD, "accepted": "yes"}
LEGAL = LegalPage("terms", "/legal/terms", Markup("<h2>Terms</h2><p>We sell challenges.</p>"))
SHORT = frozenset(
    ("the", "of", "and", "you", "your", "with", "that", "this", "is", "are", "it", "to", "from", "has", "not", "by")
)
NOBODYS = re.compile(
    r'<(bdi|q|code|b class="num[^"]*")[^>]*>.*?</|<span lang="en"[^>]*>.*?</|<option value="[A-Z]{2}".*?</',
    flags=re.DOTALL,
)
"""What is in no language of ours: names, numbers, what people said in their own words; and countries, which are Babel's."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any, play: Any) -> Iterator[Any]:
    """With a document of each kind, of which staff opened one once and one thrice."""
    played = histories.played(tmp_path_factory.mktemp("spoken") / "firm", crowd=1)
    object.__setattr__(played.firm, "brand", Brand(support="help@acme.example", legal=(LEGAL,)))
    for opened in ("mails", "sign_up"):
        object.__setattr__(played.firm, opened, True)
    ada, officer = f"trader:{play.ADA}", f"staff:{played.employ('cora', 'compliance')}"
    for number, (kind, looks) in enumerate(zip(DocumentKind, (0, 1, 3), strict=True), start=1):
        sealed = played.vault.seal(ada, DOCUMENTS, b"a document")
        about = {"trader": play.ADA, "document": number}
        played.put(
            KeepDocument(
                by=ada, document_kind=kind, form=DocumentForm.PDF, size_bytes=3_210_000, sealed=sealed, **about
            )
        )
        for _ in range(looks):
            played.put(OpenDocument(by=officer, **about))
    played.settle()
    yield played
    played.close()


@pytest.fixture(scope="module")
async def shown(app: Any, stage: Any, new_client: Any, come_in: Any, play: Any) -> dict[Language, dict[str, str]]:
    """Each page in each language."""
    seen = Spectator(app)
    return {language: await _walked(seen, language, stage, new_client, come_in, play) for language in Language}


async def _walked(
    seen: Spectator, language: Language, stage: Any, new_client: Any, come_in: Any, play: Any
) -> dict[str, str]:
    seen.shown = {}
    stage.firm.throttle.purge(2**62)
    ada, stranger = come_in(f"trader:{play.ADA}"), new_client(httpx.ASGITransport(seen.app))
    for client in (ada, stranger):
        client.headers["accept-language"] = language.value
    home = f"/accounts/{id_text(stage.accounts['ada'])}"
    for path in (
        "/my-data",
        "/documents",
        "/security/address",
        "/find",
        "/keys",
        f"{home}/rules",
        f"{home}/notices",
    ):
        seen.keep("", await ada.get(path))
    await seen.send(ada, "", "/security/address", mail=f"ada-{language}@example.org")
    for path in ("/status", "/sign-in", "/join", "/forgotten-password"):
        seen.keep("", await stranger.get(path))
    await seen.send(stranger, "", "/forgotten-password", mail="nobody@example.org")
    await seen.send(stranger, "", "/join", mail=f"eve-{language}@example.org", **JOINING)
    await _mailed(seen, stranger, stage, f"eve-{language}@example.org")
    kept = {"kept": "/my-data/erasure", "kept.typed": "…", "kept.gives_up": "yes"}
    await seen.send(stranger, "", "/session", mail="ada@example.org", password=play.PASSWORD, next="/", **kept)
    await stranger.aclose()
    return {template: page.html for template, page in seen.shown.items()}


async def _mailed(seen: Spectator, stranger: Any, stage: Any, mail: str) -> None:
    """The pages to which the links of mails lead."""
    eve = stage.vault.find_by_mail(mail).reference
    wanted = stage.vault.seal(eve, ADDRESS_WANTED, f"new-{mail}".encode())
    stage.put(AskAddressChange(by=eve, person=eve, sealed=wanted))
    stage.settle()
    for page, purpose, about in (
        ("/confirm-address", Purpose.ADDRESS, ""),
        ("/new-address", Purpose.NEW_ADDRESS, wanted),
    ):
        stage.firm.links.issue(eve, purpose, f"{page} {mail}", stage.wall_us, 10**9, about=about)
        seen.keep("", await stranger.get(page, params={"token": f"{page} {mail}"}, follow_redirects=True))
        stranger.take_token(await stranger.get(page))
        await seen.send(stranger, "", page, password=GOOD)


def english_in(html: str, language: Language) -> set[str]:
    """What of a page's own words is English: short words that no other of our languages has, and whole messages that it says otherwise."""
    title, main = html.partition("<title>")[2].partition("·")[0], html.partition("<main")[2].partition("</main>")[0]
    own = NOBODYS.sub("<", f"{title}{main}")
    said = [*re.split(r"<[^>]*>", own), *re.findall(r'\s(?:aria-label|title|placeholder|alt|data-th)="([^"]*)"', own)]
    theirs = set(shell_catalog(language).messages.values())
    ours = {str(escape(text)) for text in ENGLISH.messages.values() if text not in theirs and len(text) > 1}
    short = SHORT & {word for each in said for word in re.findall(r"\w+", each.lower())}
    return short | (ours & {each.strip() for each in said})


# --- the pages ---


@pytest.mark.parametrize("language", OTHERS)
async def test_each_page_is_in_its_readers_language_with_nothing_of_english(
    shown: dict[Language, dict[str, str]], language: Language
) -> None:
    pages = shown[language]
    assert set(pages) >= PAGES
    found = {page: english_in(pages[page], language) for page in SPOKEN & set(pages)}
    assert {page: said for page, said in found.items() if said} == {}


@pytest.mark.parametrize("language", Language)
async def test_each_page_runs_as_its_language_does(shown: dict[Language, dict[str, str]], language: Language) -> None:
    way = "rtl" if language is Language.ARABIC else "ltr"
    for page in PAGES:
        assert f'<html lang="{language}" dir="{way}"' in shown[language][page], page
        assert '<main id="main">' in shown[language][page], page


@pytest.mark.parametrize("page", sorted(PAGES))
async def test_a_page_in_english_would_be_noticed(shown: dict[Language, dict[str, str]], page: str) -> None:
    assert english_in(shown[Language.ENGLISH][page], Language.ARABIC) != set()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.ENGLISH, ("2 May 2014", "Once, last", "3 times, last", "3.3 MB")),
        (Language.GERMAN, ("2. Mai 2014", "Einmal, zuletzt", "3-mal, zuletzt", "3,3 MB")),
        (Language.FRENCH, ("2 mai 2014", "1 fois, dernière le", "3 fois, dernière le", "3,3 Mo")),
        (Language.ARABIC, ("مايو 2014", "مرة واحدة، آخرها", "3 مرات، آخرها", "م.ب")),
    ],
)
async def test_instants_counts_and_sizes_are_written_as_the_language_does(
    shown: dict[Language, dict[str, str]], language: Language, told: tuple[str, ...]
) -> None:
    page = text_of(shown[language]["documents.html"].partition("<main")[2].partition("</main>")[0])
    assert [each for each in told if each not in page] == []


@pytest.mark.parametrize(("size_bytes", "told"), [(1, "1 kB"), (999_999, "1.000 kB"), (10**6, "1,0 MB")])
def test_a_size_is_rounded_up(size_bytes: int, told: str) -> None:
    assert size_in_words(speech_of(Language.GERMAN), size_bytes) == told


@pytest.mark.parametrize("language", Language)
async def test_what_was_published_of_an_outage_is_told_in_each_language(
    outage: tuple[Any, int], new_client: Any, language: Language
) -> None:
    """Between words in the reader's language stand those that a person wrote, whatever way they run."""
    app, from_us = outage
    async with new_client(httpx.ASGITransport(app)) as client:
        html = (await client.get("/status", headers={"accept-language": language.value})).text
    assert "<bdi>The line &lt;was&gt; cut.</bdi>" in html
    since = speech_of(language).moment(from_us)
    assert re.search(rf"<time[^>]*><bdi>{re.escape(since)}</bdi></time>", html)
    assert "EURUSD" in html
    assert language is Language.ENGLISH or english_in(html, language) == set()


@pytest.fixture(scope="module")
async def outage(tmp_path_factory: pytest.TempPathFactory, histories: Any, new_client: Any, play: Any) -> Any:
    """The pages of a firm that was without prices and has written about it, and since when it was."""
    stage = histories.prices_missing(tmp_path_factory.mktemp("outage") / "firm")
    app = create_app(stage.firm)
    with stage.reader.connection() as book:
        [line] = incidents(book, 10)
    async with new_client(httpx.ASGITransport(app)) as ruth:
        await ruth.sign_in("ruth@example.org", play.PASSWORD)
        published = await ruth.send_form(
            f"/staff/incidents/{line.incident}/publication", sentence="The line <was> cut."
        )
        assert published.status_code == 303
    yield app, line.from_us
    stage.close()


# --- what is wrong with a form ---


@pytest.mark.parametrize("language", [Language.GERMAN, Language.ARABIC])
async def test_what_is_wrong_with_a_form_is_told_in_its_language(
    app: Any, stage: Any, come_in: Any, new_client: Any, play: Any, language: Language
) -> None:
    stage.firm.throttle.purge(2**62)
    speak = speech_of(language)
    ada, stranger = come_in(f"trader:{play.ADA}"), new_client(httpx.ASGITransport(app))
    for client in (ada, stranger):
        client.headers["accept-language"] = language.value
    nothing = await stranger.send_form("/join", mail="ada", again="otherwise")
    refused = {
        "join.look_again": nothing,
        "join.no_mail": nothing,
        "join.no_country": nothing,
        "join.not_the_same": nothing,
        "join.not_accepted": nothing,
        "password.own_words": await stranger.send_form(
            "/join", mail="eve@example.org", **JOINING | {"fresh": "eve@example.org", "again": "eve@example.org"}
        ),
        "forgotten.no_mail": await stranger.send_form("/forgotten-password", mail="ada"),
        "confirm.gone": await stranger.get("/confirm-address"),
        "new_address.gone": await stranger.get("/new-address"),
        "address.no_mail": await ada.send_form("/security/address", mail="ada"),
        "forget.accounts_run": await ada.send_form("/my-data/erasure", typed=speak("forget.phrase")),
    }
    for key, answer in refused.items():
        assert answer.status_code == 422, key
        assert speak(key) in text_of(answer.text), key
        assert english_in(answer.text, language) == set(), key
    assert speak("join.no_name", most=80) in text_of(nothing.text)
    mistyped = await ada.send_form("/my-data/erasure", typed="…")
    assert speak("forget.mistyped", phrase=speak("forget.phrase")) in text_of(mistyped.text)
    await stranger.aclose()


async def test_who_tries_too_often_reads_how_long_to_wait_in_their_language(
    app: Any, stage: Any, new_client: Any
) -> None:
    stage.firm.throttle.purge(2**62)
    async with new_client(httpx.ASGITransport(app)) as client:
        client.headers["accept-language"] = "ar"
        answer = await client.send_form("/forgotten-password", mail="nobody@example.org")
        while answer.status_code == 200:
            answer = await client.send_form("/forgotten-password", mail="nobody@example.org")
    assert answer.status_code == 429
    assert speech_of(Language.ARABIC)("sign_in.wait", count=60) in text_of(answer.text)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (plain_pdf(trailer=b"/OpenAction << /S /Launch >>"), DocumentFault.ACTIVE),
        (b"x", DocumentFault.UNKNOWN_FORM),
        (bytes(DOCUMENT_BYTES_MAX + 1), DocumentFault.TOO_LARGE),
    ],
)
async def test_why_a_document_was_not_taken_is_told_in_its_readers_language(
    app: Any, come_in: Any, play: Any, content: bytes, fault: DocumentFault
) -> None:
    app.state.document_turns = DocumentTurns()
    ben, speak = come_in(f"trader:{play.BEN}"), speech_of(Language.SPANISH)
    answer = await ben.post(
        "/documents",
        data={"csrf_token": ben.token, "kind": "identity"},
        files={"file": ("passport.pdf", content)},
        headers={"origin": "http://127.0.0.1", "accept-language": "es"},
    )
    assert answer.status_code == 422
    assert speak("documents.not_taken", why=speak(f"fault.{fault}")) in text_of(answer.text)
    assert english_in(answer.text, Language.SPANISH) == set()


async def test_who_has_to_wait_for_what_is_on_its_way_is_told_so_in_their_language(
    app: Any, stage: Any, come_in: Any, play: Any
) -> None:
    ben, speak = come_in(f"trader:{play.BEN}"), speech_of(Language.GERMAN)
    ben.headers["accept-language"] = "de"
    app.state.document_turns = DocumentTurns()
    with app.state.document_turns.turn(f"trader:{play.BEN}", stage.wall_us):
        document = await ben.send_file("/documents", kind="identity")
    begun = [await app.state.downloads.begin(-play.BEN, _endless()) for _ in range(DOWNLOADS_PER_ACCOUNT_MAX)]
    file = await ben.get("/my-data.zip")
    for each in begun:
        await each.aclose()
    for answer, key in ((document, "documents.on_its_way"), (file, "own.file_on_its_way")):
        assert answer.status_code == 429
        assert speak(key) in text_of(answer.text)
        assert english_in(answer.text, Language.GERMAN) == set()


async def _endless() -> AsyncGenerator[bytes, None]:
    while True:
        yield b"piece"


async def test_who_is_to_be_forgotten_reads_what_goes_and_when(stage: Any, come_in: Any, play: Any) -> None:
    dana = play._drawn("trader dana")
    sealed = stage.vault.add_person("trader", dana, "dana@example.org", "Dana", "no hash")
    stage.put(RegisterTrader(by="console", trader=dana, sealed=sealed))
    client, speak = come_in(f"trader:{dana}"), speech_of(Language.PORTUGUESE)
    client.headers["accept-language"] = "pt"
    later_us = stage.now_us + 10**12
    classes = tuple(
        type(each)(each.klass, later_us if each.klass == "identity" else 0) for each in destructions(stage.now_us)
    )
    stage.put(EraseTrader(by="console", trader=dana, why="asked", classes=classes))
    stage.settle()
    page = re.sub(r"<[^>]*>", "", (await client.get("/my-data")).text)
    assert speak("forget.asked") in page
    assert speak("forget.now", what=speak("held.documents.name")) in page
    assert speak("forget.later", what=speak("held.identity.name"), moment=speak.moment(later_us)) in page


@pytest.mark.parametrize(
    ("typed", "is_meant"),
    [
        ("forget me", True),
        ("Oubliez moi!", True),
        ("أريد أن أُنسى", True),
        ("quiero que me olviden", True),
        ("me", False),
    ],
)
async def test_to_be_forgotten_the_phrase_of_any_language_is_typed_however_it_is_spelt(
    come_in: Any, play: Any, typed: str, is_meant: bool
) -> None:
    """The language may have been chosen anew in another window."""
    ada, speak = come_in(f"trader:{play.ADA}"), speech_of(Language.GERMAN)
    ada.headers["accept-language"] = "de"
    answer = await ada.send_form("/my-data/erasure", typed=typed)
    assert answer.status_code == 422  # an account of hers runs
    assert (speak("forget.accounts_run") in text_of(answer.text)) is is_meant


# --- a form that waits ---


async def test_a_form_of_the_backoffice_that_waits_has_the_names_of_its_fields_in_english_and_says_so(
    app: Any, new_client: Any, play: Any
) -> None:
    kept = {"kept": "/staff/controls/passes/engagement", "kept.why": "prices", "kept.read_against": "1"}
    async with new_client(httpx.ASGITransport(app)) as client:
        client.headers["accept-language"] = "de"
        answer = await client.send_form("/session", mail="ruth@example.org", password=play.PASSWORD, next="/", **kept)
    assert speech_of(Language.GERMAN)("waited.engagement") in text_of(answer.text)
    assert '<span lang="en" dir="ltr">Read against</span>' in answer.text
    assert "<label>Grund<textarea" in answer.text


async def test_what_a_trader_said_keeps_its_lines_while_it_waits(app: Any, new_client: Any, play: Any) -> None:
    kept = {"kept": "/decisions/9/appeal", "kept.said": "One.\nTwo."}
    async with new_client(httpx.ASGITransport(app)) as client:
        answer = await client.send_form("/session", mail="ada@example.org", password=play.PASSWORD, next="/", **kept)
    assert '<textarea name="said">One.\nTwo.</textarea>' in answer.text
    assert "asking that a person looks at a decision" in answer.text


@pytest.mark.parametrize(
    ("who", "action", "told"),
    [
        ("ada", "/documents/9/taking-back", "taking a document back"),
        ("ada", "/security/totp/removal", "removing something you sign in with"),
        ("omar", "/staff/documents/9/deletion", "deleting something"),
        ("omar", "/staff/traders/9/region", "the region of a trader"),
        ("omar", "/staff/security/9/reset", "taking somebody’s second factors"),
        ("omar", "/staff/roles/clerk/retirement", "retiring a role"),
    ],
)
async def test_what_waits_is_called_what_it_is(
    app: Any, new_client: Any, play: Any, who: str, action: str, told: str
) -> None:
    kept = {"kept": action, "kept.why": "asked"}
    async with new_client(httpx.ASGITransport(app)) as client:
        answer = await client.send_form("/session", mail=f"{who}@example.org", password=play.PASSWORD, next="/", **kept)
    assert told in text_of(answer.text)


def test_what_is_removed_is_always_something_to_sign_in_with(app: Any) -> None:
    """Since that is what such a form is called while it waits."""
    ends = [path for path, method, _ in policies(app) if method == "POST" and path.endswith("/removal")]
    assert ends
    assert [path for path in ends if not path.startswith("/security/")] == []


def test_each_form_that_is_named_while_it_waits_is_one(app: Any) -> None:
    parts = [path.strip("/").split("/") for path, method, _ in policies(app) if method == "POST"]
    ends = {each[-1] for each in parts} | {f"{each[1]}-{each[-1]}" for each in parts if len(each) > 2}
    named = {key.partition(".")[2] for key in ENGLISH.messages if key.startswith("waited.")}
    assert named - ends == {"other"}


# --- words that stand elsewhere too ---


def test_all_that_is_held_is_told_and_in_english_as_in_the_file_of_everything() -> None:
    said = speech_of(Language.ENGLISH)
    told = {(each.name, each.what, each.why, each.basis.value) for each in CLASSES}
    names = {key.split(".")[1] for key in ENGLISH.messages if key.startswith("held.")}
    grounds = {each.name: said(f"ground.{each.name.lower()}") for each in Ground}
    basis = {each.name: grounds[each.basis.name] for each in CLASSES}
    assert {(name, said(f"held.{name}.what"), said(f"held.{name}.why"), basis[name]) for name in names} == told


def test_each_fault_and_kind_of_a_document_has_its_words() -> None:
    kinds = {key.split(".")[1] for key in ENGLISH.messages if key.startswith("document.")}
    faults = {key.split(".")[1] for key in ENGLISH.messages if key.startswith("fault.")}
    assert (kinds, faults) == ({each.value for each in DocumentKind}, {each.value for each in DocumentFault})


@pytest.mark.parametrize(
    ("language", "code", "name", "before"),
    [
        (Language.GERMAN, "EG", "Ägypten", "AL"),
        (Language.SPANISH, "DE", "Alemania", "BE"),
        (Language.PORTUGUESE, "IR", "Irã", "IT"),
        (Language.ARABIC, "SA", "المملكة العربية السعودية", "YE"),
        (Language.FRENCH, "CQ", "Sark", "SG"),
        (Language.ARABIC, "CQ", "سارك", "SY"),
    ],
)
def test_countries_are_the_same_in_every_language_each_in_its_place(
    language: Language, code: str, name: str, before: str
) -> None:
    told = countries(language)
    assert {each for each, _ in told} == {each for each, _ in countries()}
    assert dict(told)[code] == name
    order = [each for each, _ in told]
    assert order.index(code) < order.index(before)


def test_markup_in_a_message_is_kept_and_what_is_none_is_escaped() -> None:
    speak = speech_of(Language.FRENCH)
    said = speak.marked("kept.lead", what="<i>", action=Markup("<code>/a&amp;b</code>"))
    assert said == "Ceci n’a pas encore été envoyé : &lt;i&gt; (<code>/a&amp;b</code>). Regardez-le, puis envoyez-le."
