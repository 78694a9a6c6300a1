"""News as people read of it: a notice names the release by its title, and the desk's trace says in words what a rule's row is about."""

import re

import pytest
from msgspec.structs import replace

from firm.commands import AdoptCalendar
from firm.facts import RuleBroken
from firm.ids import id_text
from firm.inputs import Side
from firm.kinds import body_of
from firm.news import NewsItem, news_calendar
from firm.ruleset_text import read_toml
from firm.templates import template
from firm.terms.conduct import Impact, NewsAction, NewsSymbols, NewsWindow
from firm.terms.words import Action, Scope
from storage.release_titles import KEPT_MAX, ReleaseTitles
from tests.web.page_text import text_of

pytestmark = pytest.mark.anyio

WINDOW = NewsWindow(
    id="news", before_s=120, after_s=120, inclusive=True, impacts=(Impact.HIGH,), symbols=NewsSymbols.CURRENCY,
    actions=(NewsAction.OPEN, NewsAction.CLOSE), all_day_counts=False, exempt_opened_before_s=None, on_breach=(Action.WARN,),
    strikes_within=Scope.PHASE,
)  # fmt: skip


def week(at_us, title="US payrolls"):
    item = NewsItem(
        id="usd-nfp-2", title=title, currency="USD", impact=Impact.HIGH, at_us=at_us, until_us=at_us, all_day=False
    )
    return news_calendar("news", [item])


@pytest.fixture(scope="module")
def touched(tmp_path_factory, play):
    """Ada opens a position a minute before a release; a week later the firm goes by another calendar."""
    stage = play.Stage(tmp_path_factory.mktemp("news") / "firm")
    program = read_toml(template("one_step_strict_conduct").text.replace('bridge = "your-bridge"', 'bridge = "sim"'))
    phases = tuple(
        replace(phase, ruleset=replace(phase.ruleset, terms=(*phase.ruleset.terms[:1], *_won(phase), WINDOW)))
        for phase in program.phases
    )
    stage.open_shop(replace(program, program="two-step-100k", phases=phases))
    stage.put(AdoptCalendar(by="console", calendar=week(stage.now_us + 120 * 10**6)))
    stage.prices_now(138_690, 1_284_200)
    ada = stage.sell("ada", play.ADA, 101)
    stage.wait(60)
    stage.prices_now(138_690, 1_284_200)
    stage.deal(ada, "P1", Side.BUY, "0.10", "EURUSD")
    stage.settle()
    yield stage
    stage.close()


def _won(phase):
    return tuple(term for term in phase.ruleset.terms if type(term).__name__ in ("ProfitTarget", "ProfitSplit"))


@pytest.fixture
async def visit(touched, visiting):
    async with visiting(touched.firm) as visit:
        yield {name: await visit(name) for name in ("ada", "ruth")}


def broken(stage):
    rows = (row for row in stage.reader.rows(0, stage.reader.size()) if row.kind == "RuleBroken")
    [(seq, fact)] = [(row.seq, body_of(row.kind, row.payload)) for row in rows]
    assert isinstance(fact, RuleBroken)
    assert fact.subject == "P1 usd-nfp-2"
    return seq, fact


async def test_a_notice_about_news_names_the_release_by_its_title(touched, visit):
    broken(touched)
    home = f"/accounts/{id_text(touched.accounts['ada'])}"
    for client, path in (("ada", f"{home}/notices"), ("ada", home), ("ruth", f"/staff{home}/notices")):
        page = (await visit[client].get(path)).text
        said = text_of(page[page.index('class="notices"') :].partition("</ul>")[0])
        assert "US payrolls" in said, path
        assert "usd-nfp-2" not in said, path


async def test_the_trace_says_what_it_is_about_in_words_and_keeps_the_name_beside(touched, visit):
    seq, fact = broken(touched)
    page = (
        await visit["ruth"].get(f"/staff/trace?desk=account/{id_text(touched.accounts['ada'])}&kind=RuleBroken")
    ).text
    row = page[page.index(f'id="row-{seq}"') :].partition("</tr>")[0]
    said = text_of(re.search(r"<p title=.*?</p>", row)[0])
    assert "(Position P1, release usd-nfp-2) was broken" in said
    assert f"({fact.subject})" not in said
    assert f'title="{fact.subject}"' in row
    assert f"<b>Subject</b> {fact.subject}" in row


async def test_the_title_is_that_of_the_calendar_that_was_judged_by(touched):
    seq, fact = broken(touched)
    titles = ReleaseTitles()
    touched.put(AdoptCalendar(by="console", calendar=week(touched.now_us + 10**12, "Another week's")))
    touched.settle()
    assert titles.of(touched.reader, fact, seq) == {"usd-nfp-2": "US payrolls"}
    assert titles.of(touched.reader, replace(fact, calendar=""), seq) == {}
    for number in range(KEPT_MAX + 1):
        assert titles.of(touched.reader, replace(fact, calendar=f"{number:064}"), seq) == {}
    assert titles.of(touched.reader, fact, seq) == {"usd-nfp-2": "US payrolls"}
