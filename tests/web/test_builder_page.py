"""The builder: a program as a form that needs no script: kinds, items more and less, their order, and faults beside their fields."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from firm.ruleset import Program
from firm.ruleset_form import KIND, MANY, data_of
from firm.ruleset_text import read_data
from firm.templates import template

pytestmark = pytest.mark.anyio

TERMS = "phases[0].ruleset.terms"


class Filled(HTMLParser):
    """What a browser would send of the builder's form, and its buttons."""

    def __init__(self, page):
        super().__init__()
        self.typed, self.buttons, self._select, self._inside = {}, [], None, False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag == "form":
            self._inside = "builder" in told.get("class", "")
        if not self._inside:
            return
        if tag == "input":
            self.typed[told["name"]] = told.get("value", "")
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option" and (self._select not in self.typed or "selected" in told):
            self.typed[self._select] = told["value"]
        elif tag == "button":
            self.buttons.append(told.get("value", ""))

    def program(self):
        typed = {
            name: value for name, value in self.typed.items() if name != "csrf_token" and not name.endswith("|add")
        }
        data, problems = data_of(Program, typed)
        assert problems == ()
        return read_data(data)


def plain(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).replace("\u00a0", " ")


async def begun(client, name="two_step_static"):
    return Filled((await client.get(f"/staff/drafts/form?template={name}")).text)


async def sent(client, filled, do, status=200, **changes):
    answer = await client.send_form(
        "/staff/drafts/form", **{**filled.typed, **changes, "do": do, "csrf_token": client.token}
    )
    assert answer.status_code == status, plain(answer.text)[:600]
    return answer.text


async def test_a_template_as_a_form_is_the_template(omar):
    assert (await begun(omar)).program() == template("two_step_static").program


async def test_an_empty_form_asks_for_everything_and_names_each_field_that_is_missing(omar):
    filled = Filled((await omar.get("/staff/drafts/form")).text)
    page = await sent(omar, filled, "check", 422)
    said = plain(page)
    for where in ("Title", "Initial balance", "Phase 1, Name of the phase", "Phase 1, A breach in late data"):
        assert f"{where} : it is missing, and nothing stands for it." in said
    assert 'aria-invalid="true" aria-describedby="fault-title"' in page


async def test_a_term_of_every_kind_can_be_added_and_shows_its_fields_with_help(omar):
    filled = await begun(omar)
    count = int(filled.typed[TERMS + MANY])
    page = await sent(omar, filled, f"add {TERMS}", **{f"{TERMS}|add": "hedging"})
    assert f'name="{TERMS}[{count}].lots_e8_max{KIND}"' in page
    assert "So many lots against each other are allowed; “None”: none." in plain(page)
    with_lots = Filled(page)
    assert with_lots.typed[f"{TERMS}[{count}]{KIND}"] == "hedging"
    page = await sent(omar, with_lots, "update", **{f"{TERMS}[{count}].lots_e8_max{KIND}": "number"})
    assert f'name="{TERMS}[{count}].lots_e8_max"' in page
    assert re.search(r"Lots at most\s+lots", plain(page))


async def test_terms_are_removed_and_put_in_another_order(omar):
    filled = await begun(omar)
    before = [term.id for term in filled.program().phases[0].ruleset.terms]
    later = Filled(await sent(omar, filled, f"down {TERMS}[0]"))
    assert [term.id for term in later.program().phases[0].ruleset.terms] == [before[1], before[0], *before[2:]]
    again = Filled(await sent(omar, later, f"up {TERMS}[1]"))
    assert [term.id for term in again.program().phases[0].ruleset.terms] == before
    less = Filled(await sent(omar, again, f"remove {TERMS}[2]"))
    assert [term.id for term in less.program().phases[0].ruleset.terms] == [*before[:2], *before[3:]]


async def test_every_item_but_the_ends_can_go_both_ways(omar):
    filled = await begun(omar)
    count = int(filled.typed[TERMS + MANY])
    moves = {f"{step} {TERMS}[{place}]" for step in ("up", "down") for place in range(count)}
    assert moves & set(filled.buttons) == moves - {f"up {TERMS}[0]", f"down {TERMS}[{count - 1}]"}


async def test_a_fault_stands_beside_its_field_and_nothing_that_was_typed_is_lost(omar, stage):
    asked = len(stage.asked)
    filled = await begun(omar)
    path = f"{TERMS}[0].amount.bp"
    page = await sent(omar, filled, "check", 422, **{path: "five", "bridge": "sim"})
    assert f'<input name="{path}" value="five" inputmode="decimal" aria-invalid="true"' in page
    assert "five is no percentage: write digits with at most 2 decimals, such as 5 or 5.25." in plain(page)
    page = await sent(omar, filled, "check", 422, **{path: "200", "bridge": "moon"})
    said = plain(page)
    assert "no bridge is enrolled as moon" in said
    assert Filled(page).typed[path] == "200"
    assert len(stage.asked) == asked


async def test_a_form_without_faults_is_read_in_words_and_published(omar, stage):
    filled = await begun(omar)
    preview = await sent(omar, filled, "check", bridge="sim", group="demo", title="Built by hand")
    assert "Before publishing: Built by hand" in plain(preview)
    text = html.unescape(re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', preview, re.DOTALL)[1])
    back = Filled((await omar.send_form("/staff/drafts/form", text=text)).text)
    assert back.program().title == "Built by hand"
    read_against = re.search(r'name="read_against" value="([^"]*)"', preview)[1]
    why = "A program of our own."
    answer = await omar.send_form("/staff/programs", text=text, why=why, read_against=read_against)
    assert answer.status_code == 303
    page = (await omar.get(answer.headers["location"])).text
    assert "Built by hand" in page
    assert stage.asked[-1].program == back.program()
    begin = re.search(r'href="(/staff/drafts/form\?version=\d+)"', page)[1]
    assert Filled((await omar.get(begin)).text).program() == back.program()


async def test_what_was_filled_in_can_go_on_as_text(omar):
    page = await sent(omar, await begun(omar), "text", title="Half by hand")
    assert "Program as text" in page
    assert 'title = "Half by hand"' in html.unescape(page)


async def test_text_that_cannot_be_read_stays_text(omar):
    answer = await omar.send_form("/staff/drafts/form", text="= nonsense")
    assert answer.status_code == 422
    assert "it is no TOML" in plain(answer.text)
    assert "= nonsense" in answer.text


async def test_rules_in_the_first_words_cannot_be_filled_in_and_the_page_says_so(omar):
    """The stage sells a program of before: its fields are not those of today."""
    answer = await omar.get("/staff/drafts/form?version=21")
    assert answer.status_code == 422
    assert "1 is read nowhere but where it was sold" in plain(answer.text)


@pytest.mark.parametrize("query", ["?template=none", "?version=1", "?version=x"])
async def test_what_is_not_there_begins_no_form(omar, query):
    assert (await omar.get(f"/staff/drafts/form{query}")).status_code == 404


async def test_ben_builds_nothing(ben):
    assert (await ben.get("/staff/drafts/form")).status_code == 403
    assert (await ben.send_form("/staff/drafts/form", do="update")).status_code == 403


async def test_a_step_in_a_list_leads_back_to_that_list(omar):
    page = (await omar.get("/staff/drafts/form?template=two_step_static")).text
    steps = re.findall(
        r'<button[^>]* name="do" value="(add|remove|up|down) ([^"]+)" formaction="/staff/drafts/form#([^"]+)"', page
    )
    assert {step for step, _, _ in steps} == {"add", "remove", "up", "down"}
    ids = set(re.findall(r' id="(at-[^"]+)"', page))
    for step, path, anchor in steps:
        place = unquote(html.unescape(anchor))
        assert place in ids
        assert place == f"at-{path if step == 'add' else path.rpartition('[')[0]}"
