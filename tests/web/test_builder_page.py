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


def summaries(page):
    """(open, what it is headed by) of each phase and rule."""
    return [
        (bool(opened), plain(head).strip())
        for opened, head in re.findall(r'<details class="part"( open)?><summary>(.*?)</summary>', page)
    ]


async def test_phases_and_rules_are_folded_and_headed_by_their_names_and_what_they_say(omar):
    told = summaries((await omar.get("/staff/drafts/form?template=two_step_static")).text)
    assert not any(opened for opened, _ in told)
    assert told[0][1] == "Step one 5 rules"
    assert told[1][1].startswith(
        "Daily loss daily_loss In one trading day the account may lose at most 5 % of the initial"
    )


async def test_what_has_a_problem_is_open_and_the_list_of_problems_leads_to_it(omar):
    filled, path = await begun(omar), f"{TERMS}[0].amount.bp"
    page = await sent(omar, filled, "check", 422, **{path: "five", "bridge": "sim", "group": "demo"})
    assert [head for opened, head in summaries(page) if opened] == [
        "Step one 1 to put right 5 rules",
        "Daily loss daily_loss 1 to put right",
    ]
    [(anchor, where)] = re.findall(r'<li><a href="#(in-[^"]+)">([^<]+)</a>: ', page)
    assert f'id="{unquote(html.unescape(anchor))}"' in page
    assert where == "Step one, Daily loss, Amount, Share"


async def test_the_contents_lead_to_every_phase_and_rule(omar):
    page = (await omar.get("/staff/drafts/form?template=two_step_static")).text
    contents = page[page.index('id="contents-title"') :].partition("</nav>")[0]
    anchors = [unquote(html.unescape(one)) for one in re.findall(r'href="#([^"]+)"', contents)]
    assert len(anchors) == 1 + 3 + 5 + 5 + 12
    assert all(f'id="{one}"' in page for one in anchors)


async def test_where_a_step_was_taken_is_open(omar):
    page = await sent(omar, await begun(omar), f"add {TERMS}", **{f"{TERMS}|add": "hedging"})
    assert [head for opened, head in summaries(page) if opened] == ["Step one 6 rules", "Hedging"]
    page = await sent(omar, await begun(omar), f"down {TERMS}[0]")
    assert [head for opened, head in summaries(page) if opened] == ["Step one 5 rules"]


async def test_money_is_one_field_with_its_currency_and_a_fault_of_it_is_told_there(omar):
    filled = await begun(omar)
    assert (filled.typed["size"], filled.typed["price"]) == ("100000.00 USD", "540.00 USD")
    page = await sent(omar, filled, "check", 422, size="100,000 USD", bridge="sim", group="demo")
    assert (
        "Initial balance : 100,000 USD is no amount of USD: write digits with at most 2 decimals and no commas"
        in plain(page)
    )
    assert '<input name="size" value="100,000 USD"' in page
    page = await sent(omar, filled, "check", 422, size="100000.00 usd", price="540.00 usd", bridge="sim", group="demo")
    assert "Initial balance : three capital letters, such as EUR" in plain(page)


async def test_the_bridge_is_chosen_among_those_that_are_enrolled(omar):
    page = (await omar.get("/staff/drafts/form?template=two_step_static")).text
    choices = re.search(r'<select name="bridge".*?</select>', page)[0]
    assert '<option value="sim">sim</option>' in choices
    assert '<option value="your-bridge" selected>your-bridge (not enrolled)</option>' in choices


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
