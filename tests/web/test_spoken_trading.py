"""A trader's own pages of trading in six languages: nothing of them is left in English, and live pieces come in the reader's."""

import re
from html import unescape
from typing import Any

import anyio
import pytest
from babel.numbers import format_decimal

from firm.arithmetic import Unit
from firm.doubt_words import DOUBTS
from firm.facts import ConditionMet, Doubt, PhasePassed
from firm.ids import id_text
from firm.incident_words import ANSWERS_TOLD, BEFELL, NEEDED
from firm.incident_words import proposal_told as proposal_in_english
from firm.incidents import Proposal
from firm.instant import parse_utc
from firm.money import Money
from firm.override_words import effect_in_words, override_in_words
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule
from firm.pass_words import condition_in_words
from firm.sentences.breaches import does_alone, does_sentence
from firm.sentences.languages import Language
from firm.terms.words import Action
from tests.web.page_text import text_of
from web import words
from web.incident_told import proposal_told
from web.judged_words import conditions, measure
from web.override_told import effect_told, override_told
from web.rule_words import LEFT_TO_RIGHT
from web.shell.speech import ENGLISH, speech_of
from web.shell.words import shell_catalog

OTHERS = [each for each in Language if each is not Language.ENGLISH]
WRONG_TRADES = "trades?symbol=none&side=up&state=ajar&result=draw&sort=luck&from=first&to=last&after=here"
HERS = (("ada", ("ada", "ada won", "ada lost")), ("ben", ("ben", "ben suspected")))
TEXT_ATTRIBUTE = re.compile(r'\s(?:aria-label|title|data-th|placeholder|data-equity|data-balance)="([^"]*)"')
SET_APART = re.compile(
    r'<(bdi|code)[^>]*>.*?</\1>|<(\w+)[^>]* lang="en"[^>]*>.*?</\2>|\u2066[^\u2069]*\u2069+', re.DOTALL
)
# What Arabic pages write in Latin letters: the names of things that have no other.
LATIN = {"UTC", "USD", "CSV", "JSON", "Python", "Ed25519", "verify_evidence.py", "EURUSD", "XAUUSD"}
USD = Money.parse("100_000.00", "USD")


def main_of(html: str) -> str:
    return html.partition("<main")[2].partition(">")[2].partition("</main>")[0]


def said_in(html: str) -> set[str]:
    """Each text of a page, and of its attributes that are read."""
    main = main_of(html)
    texts = [*re.split(r"<[^>]+>", main), *TEXT_ATTRIBUTE.findall(main)]
    return {re.sub(r"\s+", " ", unescape(each)).strip() for each in texts} - {""}


def english_of(language: Language) -> set[str]:
    """Every message without a slot that this language says otherwise."""
    spoken = shell_catalog(language).messages
    told = shell_catalog(Language.ENGLISH).messages.items()
    return {text for key, text in told if "{" not in text and len(text) > 1 and text != spoken[key]} - set(
        spoken.values()
    )


async def pages_of(client: Any, paths: list[str]) -> dict[str, str]:
    """These pages, and the decisions that they lead to."""
    found: dict[str, str] = {}
    while paths:
        path = paths.pop(0)
        answer = await client.get(path)
        assert answer.status_code == (422 if "=" in path else 200), path
        found[path] = answer.text
        paths += [link for link in re.findall(r'href="(/decisions/\d+)"', answer.text) if link not in (*found, *paths)]
    return found


def homes(stage: Any, names: tuple[str, ...]) -> list[str]:
    accounts = [f"/accounts/{id_text(stage.accounts[name])}" for name in names]
    return [
        "/accounts",
        *(f"{home}{page}" for home in accounts for page in ("", "/trades", f"/{WRONG_TRADES}", "?range=era")),
    ]


def speaking(client: Any, language: Language) -> Any:
    client.headers["accept-language"] = language.value
    return client


async def in_that_firm(firm: Any, visiting: Any, language: Language, paths: list[str]) -> dict[str, str]:
    """Ada's pages in another firm."""
    async with visiting(firm.firm) as visit:
        client = await visit("ada")
        return await pages_of(speaking(client, language), paths)


def nothing_is_english(pages: dict[str, str], language: Language) -> None:
    english = english_of(language)
    for path, html in pages.items():
        assert "data-only-english" not in html, path
        assert said_in(html) & english == set(), path
        whole = text_of(main_of(html))
        assert [text for text in english if len(text) > 24 and text in whole] == [], path
        if language is Language.ARABIC:
            assert latin_in(html) <= LATIN, path


def latin_in(html: str) -> set[str]:
    """Words in Latin letters that nothing sets apart from the Arabic around them."""
    bare = SET_APART.sub(" ", unescape(main_of(html)))
    texts = " ".join((*re.split(r"<[^>]+>", bare), *TEXT_ATTRIBUTE.findall(bare)))
    return set(re.findall(r"[A-Za-z][\w.]*[A-Za-z0-9]", re.sub(r"\u2068[^\u2068\u2069]*\u2069", " ", texts)))


# --- whole pages ---


@pytest.mark.parametrize("language", OTHERS)
async def test_no_page_of_trading_holds_english(stage: Any, come_in: Any, play: Any, language: Language) -> None:
    seen: dict[str, str] = {}
    for name, accounts in HERS:
        client = speaking(come_in(f"trader:{getattr(play, name.upper())}"), language)
        seen |= await pages_of(client, homes(stage, accounts))
    assert sum("/decisions/" in path for path in seen) == 3
    nothing_is_english(seen, language)


@pytest.mark.parametrize("language", OTHERS)
async def test_a_question_and_an_exception_are_told_without_english(
    firm: Any, decision: int, visiting: Any, language: Language
) -> None:
    hers = f"/accounts/{id_text(firm.accounts['ada'])}"
    asked = await in_that_firm(firm, visiting, language, [f"/decisions/{decision}"])
    assert speech_of(language)("late.title") in asked[f"/decisions/{decision}"]
    async with visiting(firm.firm) as visit:
        ruth = await visit("ruth")
        fields = {
            "override": "reinstate",
            "decision": str(decision),
            "why": "1234567890",
            "evidence": "7",
            "step": "grant",
        }
        assert (await ruth.send_form(f"/staff{hers}/overrides", **fields)).status_code == 303
    told = await in_that_firm(firm, visiting, language, [hers, f"/decisions/{decision}"])
    assert speech_of(language)("override.title") in told[hers]
    nothing_is_english(asked, language)
    nothing_is_english(told, language)


@pytest.mark.parametrize("language", OTHERS)
async def test_a_breach_at_the_reset_is_told_without_english(carried: Any, visiting: Any, language: Language) -> None:
    with carried.reader.connection() as book:
        paths = [f"/decisions/{decision}" for (decision,) in book.execute("SELECT decision FROM rm_decision")]
    nothing_is_english(await in_that_firm(carried, visiting, language, paths), language)


@pytest.mark.parametrize("language", [Language.GERMAN, Language.ARABIC])
async def test_missing_prices_are_told_without_english(
    histories: Any, tmp_path: Any, visiting: Any, language: Language
) -> None:
    outage = histories.prices_missing(tmp_path / "firm")
    histories.comes_to_its_end(outage)
    hers = f"/accounts/{id_text(outage.accounts['ada'])}"
    pages = await in_that_firm(outage, visiting, language, [hers])
    outage.close()
    assert speech_of(language)("incident.title") in pages[hers]
    nothing_is_english(pages, language)


async def test_dates_and_amounts_are_written_as_the_language_does(come_in: Any, play: Any, decisions: Any) -> None:
    ada, breach = come_in(f"trader:{play.ADA}"), f"/decisions/{decisions['BreachDeclared']}"
    for language, day, amount in (
        (Language.GERMAN, "2. Mai 2014", "91.283,50 USD"),
        (Language.FRENCH, "2 mai 2014", "91 283,50 USD"),
        (Language.SPANISH, "2 may 2014", "91.283,50 USD"),
        (Language.ARABIC, "2 مايو 2014", f"{LEFT_TO_RIGHT}91,283.50 USD"),
    ):
        said = text_of((await speaking(ada, language).get(breach)).text)
        assert day in said, language
        assert amount in said, language
    arabic = (await speaking(ada, Language.ARABIC).get(breach)).text
    assert '<html lang="ar" dir="rtl"' in arabic
    assert '<main id="main">' in arabic
    assert "<bdi>XAUUSD</bdi>" in arabic
    assert re.search(r'<code dir="ltr">python3 verify_evidence\.py', arabic)


async def test_a_breach_is_worked_out_with_one_decimal_mark(come_in: Any, play: Any, decisions: Any) -> None:
    """−9.160 reads as nine thousand where 91.283,50 is an amount."""
    ada, breach = come_in(f"trader:{play.ADA}"), f"/decisions/{decisions['BreachDeclared']}"
    for language in (Language.GERMAN, Language.SPANISH, Language.FRENCH, Language.PORTUGUESE):
        said = text_of((await speaking(ada, language).get(breach)).text)
        assert "1274,400 − 1283,560" in said, language
        assert "−9,160 × 9,00" in said, language
        assert re.findall(r"1274\.4|1283\.5|9\.160", said) == [], language
    german = text_of((await speaking(ada, Language.GERMAN).get(breach)).text)
    assert "1274,400 − 1283,560 −9,160 Gewinn, Position P7012 (XAUUSD) −9,160 × 9,00 Lot × 100 Einheiten" in german


async def test_a_form_that_was_not_taken_says_why_in_the_readers_language(
    come_in: Any, play: Any, decisions: Any
) -> None:
    ada, breach = come_in(f"trader:{play.ADA}"), f"/decisions/{decisions['BreachDeclared']}"
    for language in (Language.ARABIC, Language.GERMAN):
        speak = speech_of(language)
        asked = await speaking(ada, language).send_form(f"{breach}/appeal", said=" ")
        assert asked.status_code == 422
        assert speak("appeal.nothing_said") in asked.text
        proven = await ada.send_form(f"{breach}/evidence", note="half a checkpoint")
        assert proven.status_code == 422
        assert speak("note_fault.unreadable") in proven.text
        nothing_is_english({breach: asked.text}, language)


async def test_staff_read_the_same_pages_in_english_and_are_told_so(
    come_in: Any, play: Any, stage: Any, decisions: Any
) -> None:
    omar = speaking(come_in(f"staff:{play.OMAR}"), Language.GERMAN)
    home = f"/staff/accounts/{id_text(stage.accounts['ada lost'])}"
    for path in (home, f"{home}/trades", f"/staff/decisions/{decisions['BreachDeclared']}"):
        page = (await omar.get(path)).text
        assert '<html lang="de"' in page
        assert '<main id="main" lang="en" dir="ltr">' in page
        assert said_in(page) & {"Untergrenze", "Kontostand", "Richtung"} == set()
    assert "This ended the account." in page


# --- live pages ---


async def newest_pieces(client: Any, path: str) -> str:
    """The first pieces that a live page is sent."""
    async with client.stream("GET", path) as answer:
        assert answer.status_code == 200
        with anyio.fail_after(5):
            text = ""
            async for line in answer.aiter_lines():
                text += line
                if "data-book" in text and not line:
                    return text
    raise AssertionError("the stream ended without a piece")


async def test_two_readers_of_one_account_are_each_sent_their_own_language(ada: Any, stage: Any) -> None:
    live = f"/accounts/{id_text(stage.accounts['ada'])}/live"
    german, english = [], []
    async with anyio.create_task_group() as both:

        async def watch(heard: list[str], address: str) -> None:
            heard.append(await newest_pieces(ada, address))

        both.start_soon(watch, german, f"{live}?language=de")
        both.start_soon(watch, english, f"{live}?language=en")
    de = speech_of(Language.GERMAN)
    for key in ("figures.headroom", "gauge.reset_in", "positions.title"):
        assert de(key) in german[0], key
        assert ENGLISH(key) in english[0], key
        assert ENGLISH(key) not in german[0], key
        assert de(key) not in english[0], key


async def test_a_page_asks_for_pieces_in_the_language_that_it_is_in(come_in: Any, play: Any, stage: Any) -> None:
    ada, home = come_in(f"trader:{play.ADA}"), f"/accounts/{id_text(stage.accounts['ada'])}"
    by_choice = (await speaking(ada, Language.GERMAN).get(home)).text
    assert f'data-stream="{home}/live?language=de"' in by_choice
    by_address = (await ada.get(f"{home}?language=en")).text
    assert f'data-stream="{home}/live?language=en"' in by_address
    [chart] = re.findall(r'data-chart="([^"]+)"', by_choice)
    drawn = (await ada.get(unescape(chart).replace("language=de", "language=pt"))).json()
    assert next(line["label"] for line in drawn["lines"]) == speech_of(Language.PORTUGUESE)("chart.start")


# --- words and figures ---


@pytest.mark.parametrize("language", OTHERS)
def test_figures_are_what_babel_writes(language: Language) -> None:
    written = speech_of(language).words
    for minor in (0, 5, -91_283_50, 1_234_567_89):
        expected = format_decimal(abs(minor) / 100, format="#,##0.00", locale=language.value)
        said = written.figure(Money(minor, "USD", 2)).strip("\u2066\u2069")
        assert said.replace("\u2212", "").replace("\u00a0", "\u202f") == expected.replace("\u00a0", "\u202f")
    assert "+" in written.change(USD)


@pytest.mark.parametrize("language", OTHERS)
def test_a_length_of_time_has_its_two_largest_units(language: Language) -> None:
    speak = speech_of(language)
    hour, minute, second = (speak(f"unit.{name}") for name in ("hour", "minute", "second"))
    assert speak.words.span(11_520_000_000) == f"3\u00a0{hour} 12\u00a0{minute}"
    assert speak.words.span(0) == f"0\u00a0{second}"
    assert speak.words.pause(250_000) == f"250\u00a0{speak('unit.millisecond')}"


def test_the_first_of_a_month_is_an_ordinal_in_french() -> None:
    first, eleventh = parse_utc("2014-05-01T00:00:00"), parse_utc("2014-05-11T00:00:00")
    french, german = speech_of(Language.FRENCH), speech_of(Language.GERMAN)
    assert french.words.day(first) == "1er mai 2014"
    assert french.words.hour(first) == "jeu. 1er mai, 00:00"
    assert french.moment(first) == "1er mai 2014, 00:00:00 UTC"
    assert french.words.day(eleventh) == "11 mai 2014"
    assert german.words.day(first) == "1. Mai 2014"


@pytest.mark.parametrize("language", OTHERS)
def test_what_follows_from_a_breach_does_not_say_again_that_it_follows(language: Language) -> None:
    say = speech_of(language).of_rules
    lead = does_sentence(Action.FAIL, say).partition(":")[0].rstrip()
    for action in Action:
        told = does_alone(action, say)
        assert lead not in told
        assert told == f"{words.upper_first(told)[:-1]}."


def test_what_pages_say_in_english_is_what_explain_says() -> None:
    for why in Doubt:
        assert ENGLISH(f"doubt.{why.value}") == DOUBTS[why]
    for told in (NEEDED, BEFELL, ANSWERS_TOLD):
        assert [ENGLISH(f"incident.{name.value}") for name in told] == list(told.values())
    for proposal in Proposal:
        assert proposal_told(proposal, 3, ENGLISH) == proposal_in_english(proposal, 3)


EXCEPTIONS: tuple[Override, ...] = (
    Reinstate(decision=7),
    WaiveRule(rule="daily_loss", until_us=1_399_000_000_000_000),
    ExtendPhase(days=1),
    ExtendPhase(days=4),
    *(AdjustMark(mark=mark, rule="daily_loss" if mark is Mark.HIGH else "", minor=100_500_00) for mark in Mark),
)


@pytest.mark.parametrize("override", EXCEPTIONS)
def test_an_exception_reads_in_english_as_explain_tells_it(override: Override, histories: Any) -> None:
    rules = histories.two_step().phases[0].ruleset
    said = override_told(override, USD, rules, ENGLISH).replace("\u00a0", " ")
    assert said == override_in_words(override, USD)
    assert effect_told(override, (), rules, ENGLISH) == effect_in_words(override)


@pytest.mark.parametrize(
    ("kind", "unit", "observed", "asked"),
    [
        ("trading_days", Unit.DAYS, 1, 1),
        ("trading_days", Unit.DAYS, 10, 4),
        ("minimum_trades", Unit.COUNT, 1, 3),
        ("score_target", Unit.COUNT, 1_200, 1_000),
        ("consistency", Unit.BP, 2_550, 3_000),
        ("profit_target", Unit.MINOR, 108_000_00, 108_000_00),
    ],
)
def test_a_condition_of_a_pass_reads_in_english_as_explain_tells_it(
    kind: str, unit: Unit, observed: int, asked: int, histories: Any
) -> None:
    met = ConditionMet(rule=kind, rule_kind=kind, observed=observed, asked=asked, unit=unit)
    won = PhasePassed(rule="x", target=USD, observed=USD, trading_days=4, working=(), conditions=(met,))
    [(_, said)] = conditions(won, USD, histories.two_step().phases[0].ruleset)
    assert said.replace("\u00a0", " ") == condition_in_words(met, USD)


def test_what_was_measured_is_told_with_its_unit() -> None:
    german = speech_of(Language.GERMAN)
    assert measure(1, Unit.DAYS, USD, german) == "1 Tag"
    assert measure(1_200, Unit.DAYS, USD, german) == "1.200 Tage"
    assert measure(150_000_000, Unit.LOTS_E8, USD, german) == "1,50\u00a0Lot"
    assert measure(450, Unit.BP, USD, german) == "4,5\u00a0%"
