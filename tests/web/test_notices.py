"""Notices: a limit that was neared and a rule that was broken, told to Ada on her page and in a list, in her language, and to staff."""

import re

import apsw
import pytest

from appliance.summary import summarise, summary_text, tally
from firm.facts import LimitNeared, RuleBroken
from firm.ids import id_text
from firm.kinds import body_of
from firm.money import Money
from firm.sentences.languages import Language
from storage.readmodels.notices import NEARED_KEPT, Notices, notices_of
from storage.rows import Row
from tests.web.page_text import text_of
from web.account_view import account_view
from web.render import Pages
from web.watched_account import WatchedAccount

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def strict(tmp_path_factory, histories):
    """She broke rules, and then prices took more than 80 % of what she may lose in a day."""
    played = histories.strict(tmp_path_factory.mktemp("noticed") / "firm")
    near(played)
    yield played
    played.close()


def near(stage):
    stage.wait(5)
    stage.prices_now(138_690 - 45, 1_284_200)
    stage.settle(checkpoint=True)


@pytest.fixture(scope="module")
async def visit(strict, visiting):
    async with visiting(strict.firm) as visit:
        yield {name: await visit(name) for name in ("ada", "ben", "ruth")}


def home(stage, room=""):
    return f"{room}/accounts/{id_text(stage.accounts['ada'])}"


def told(stage, kind):
    rows = (row for row in stage.reader.rows(0, stage.reader.size()) if row.kind == kind.__name__)
    return [(row.seq, body_of(row.kind, row.payload)) for row in rows]


async def test_the_list_tells_the_newest_first_with_share_headroom_and_the_time_in_the_account_s_zone(strict, visit):
    [(neared, fact)] = told(strict, LimitNeared)
    page = (await visit["ada"].get(f"{home(strict)}/notices")).text
    assert re.findall(r'id="notice-(\d+)"', page) == [
        str(seq) for seq in sorted([neared, *(seq for seq, _ in told(strict, RuleBroken))], reverse=True)
    ]
    said = text_of(page.partition(f'id="notice-{neared}"')[2].partition("</li>")[0])
    floor, left = fact.floor.minor, fact.observed.minor - fact.floor.minor
    assert "80 % of the limit is used up: equity is at 4" in said
    assert (
        f"the floor at {floor // 100:,}.{floor % 100:02d} USD; {left // 100:,}.{left % 100:02d} USD are left." in said
    )
    zone = strict.engine.account(strict.accounts["ada"]).ruleset.calendar.zone
    assert zone in page
    assert re.search(r"> Daily loss \d+ May 2014, \d\d:\d\d:\d\d [A-Z]{3,4} 80 %", said)
    assert "UTC" not in said


async def test_a_broken_rule_says_by_what_and_what_follows_and_leads_to_its_decision(strict, visit):
    [hedged] = [seq for seq, fact in told(strict, RuleBroken) if fact.rule == "hedging"]
    page = (await visit["ada"].get(f"{home(strict)}/notices")).text
    piece = page.partition(f'id="notice-{hedged}"')[2].partition("</li>")[0]
    assert (
        "EURUSD: The rule is broken. Measured: 1.50 lots; the limit is 0.00 lots. What follows: you are warned."
        in text_of(piece)
    )
    assert f'href="/decisions/{hedged}"' in piece
    staff = (await visit["ruth"].get(f"{home(strict, '/staff')}/notices")).text
    assert f'href="/staff/decisions/{hedged}"' in staff


@pytest.mark.parametrize("language", Language)
async def test_notices_are_read_in_every_language(strict, visit, language):
    page = (await visit["ada"].get(f"{home(strict)}/notices?language={language}")).text
    assert f'<html lang="{language}" dir="{"rtl" if language is Language.ARABIC else "ltr"}"' in page
    card = page.partition('<section class="card"')[2]
    english = ("What follows", "is used up", "The rule is broken", "Daily loss", "The newest first", "its evidence")
    assert [words for words in english if words in card] == (list(english) if language is Language.ENGLISH else [])


async def test_ben_never_sees_adas_and_his_own_list_is_empty(strict, visit):
    assert (await visit["ben"].get(f"{home(strict)}/notices")).status_code == 404
    his = (await visit["ben"].get(f"/accounts/{id_text(strict.accounts['ben'])}/notices")).text
    assert "No limit was neared, and no rule broken." in his


async def test_the_account_s_page_has_the_newest_and_so_has_the_staff_s(strict, visit):
    for name, room in (("ada", ""), ("ruth", "/staff")):
        page = (await visit[name].get(home(strict, room))).text
        piece = page.partition('data-book="notices"')[2].partition("</section>")[0]
        assert "80 % of the limit is used up" in text_of(piece)
        assert piece.count("<li") == 5
        assert f'href="{home(strict, room)}/notices"' in piece


async def test_who_looks_on_is_told_at_once(tmp_path, histories):
    stage = histories.strict(tmp_path / "firm")
    account, hurried = stage.accounts["ada"], []
    watched = WatchedAccount(stage.firm, Pages("Fairhaven"), await account_view(stage.firm, account), "")
    watched.heed(lambda: hurried.append(True))
    assert "is used up" not in watched.parts()["book"]
    near(stage)
    assert hurried
    assert watched.changed()
    await watched.gather()
    assert "80&nbsp;% of the limit" in watched.parts()["book"].replace("\u00a0", "&nbsp;")
    stage.close()


async def test_a_long_list_goes_on_below_its_last_notice(strict):
    with strict.reader.connection() as book:
        every = notices_of(book, strict.accounts["ada"], None, 100)
        first = notices_of(book, strict.accounts["ada"], None, 2)
        last = first[-1]
        rest = notices_of(book, strict.accounts["ada"], last.decision, 100)
    assert [*first, *rest] == every
    assert len(rest) > 2


def test_the_read_model_keeps_the_newest_of_each_account():
    book, model = apsw.Connection(":memory:"), Notices()
    book.execute(model.schema)
    usd = lambda minor: Money(minor, "USD", 2)  # noqa: E731
    fact = LimitNeared(rule="daily", share_bp=8_000, floor=usd(1), observed=usd(2), at_us=3)
    rows = [
        (
            Row(seq, "LimitNeared", 3, 3, 1, 7, b""),
            fact,
        )
        for seq in range(1, NEARED_KEPT + 4)
    ]
    model.project(book, rows)
    assert book.execute("SELECT min(seq), count(*) FROM rm_neared").fetchall() == [(4, NEARED_KEPT)]


def test_the_end_s_summary_lists_broken_rules(strict):
    summary = summarise(strict.path)
    broken = [one for one in summary.verdicts if one.kind == "RuleBroken"]
    assert len(broken) == len(told(strict, RuleBroken)) > 3
    [hedged] = [one for one in broken if one.rule == "hedging"]
    assert (hedged.severity, hedged.observed, hedged.floor) == ("soft", "1.50 lots", "0.00 lots")
    assert (hedged.subject, hedged.does) == ("EURUSD", "warn")
    assert f"{len(broken)} breaches ({len(broken)} of them soft)" in tally(summary)
    assert re.search(
        r"RuleBroken +soft hedging +1.50 lots against +0.00 lots   decision \d+   EURUSD   warn", summary_text(summary)
    )
