"""Kept drafts: what Omar and Ruth have not finished writing is there again, as form or text, and nobody writes over anybody's."""

import dataclasses
import html
import re

import anyio
import pytest

import storage.drafts
from appliance.lab.trials import Trials
from firm.commands import PublishProgram
from firm.ruleset_text import read_toml
from firm.templates import template
from storage.errors import FrontRefused
from tests.web.page_text import text_of

pytestmark = pytest.mark.anyio

TEXT = (
    template("two_step_static")
    .text.replace('bridge = "your-bridge"', 'bridge = "sim"')
    .replace("your-group", "demo")
    .replace('program = "two_step_static"', 'program = "kept-100k"')
    .replace("Two steps, static limits", "Kept steps")
)
UNFINISHED = TEXT.replace("accounts_max = 3\n", "")


def hidden(page, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def carried(page):
    """What a form of this page would send besides what is typed."""
    return {name: hidden(page, name) for name in ("begun_from", "draft", "draft_edition")}


def area(page):
    return html.unescape(re.search(r"<textarea[^>]*name=\"text\"[^>]*>\n(.*?)</textarea>", page, re.DOTALL)[1])


async def keep(client, **fields):
    """The address at which it is taken up again."""
    answer = await client.send_form("/staff/drafts/kept", **fields)
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["location"]


async def clear(client):
    for line in re.findall(r'action="(/staff/drafts/kept/\w+/deletion)"', (await client.get("/staff/programs")).text):
        assert (await client.send_form(line)).status_code == 303


@pytest.fixture(autouse=True)
async def cleared(omar):
    yield
    await clear(omar)


async def test_a_text_is_kept_as_it_stands_and_listed_with_its_name_and_by_whom(omar):
    place = await keep(omar, text=UNFINISHED, draft_name="Autumn, cheaper")
    page = (await omar.get(place)).text
    assert area(page) == UNFINISHED
    assert "Your draft “Autumn, cheaper”, kept at 2 May 2014" in text_of(page)
    listed = text_of((await omar.get("/staff/programs")).text)
    assert "Autumn, cheaper as text" in listed
    assert "Omar Haddad, owner you Unfinished or faulty" in listed
    assert "they may be lost" in listed


async def test_without_a_name_it_is_called_as_the_program_and_says_its_phases(omar):
    await keep(omar, text=TEXT)
    listed = text_of((await omar.get("/staff/programs")).text)
    phases = ", ".join(phase.name for phase in read_toml(TEXT).phases)
    assert f"Kept steps as text: {phases}" in listed
    assert "Can be read" in listed


async def test_of_a_draft_that_contradicts_itself_it_is_not_said_that_it_can_be_read(omar):
    faulty = TEXT.replace("bp = 500", "bp = 0", 1)
    place = await keep(omar, text=faulty)
    listed = (await omar.get("/staff/programs")).text
    row = next(part for part in listed.split("<tr>") if place in part)
    assert "Unfinished or faulty" in text_of(row)
    assert "Can be read" not in text_of(row)
    assert re.findall(r">(Form|Text|Read|Check)</a>", row) == ["Text", "Check"], "the others lead to no page of theirs"
    assert (await omar.get(f"{place}?as=read")).status_code == 422


@pytest.mark.parametrize(
    "nothing", [{"text": " \n"}, {"title": "", "phases|many": "1", "phases[0].ruleset.terms|many": "0", "do": "keep"}]
)
async def test_what_nobody_wrote_anything_in_is_not_kept_and_says_so(omar, nothing, stage):
    answer = await omar.send_form("/staff/drafts/kept", **nothing)
    assert (answer.status_code, "nothing is written in it yet" in text_of(answer.text)) == (422, True)
    assert stage.firm.drafts.lines() == []


async def test_whatever_is_being_written_has_a_button_that_keeps_it_without_a_script(omar):
    for page in (
        await omar.get("/staff/drafts"),
        await omar.get("/staff/drafts/form"),
        await omar.send_form("/staff/drafts", text=TEXT),
    ):
        form = next(one for one in page.text.split("<form")[1:] if 'value="keep"' in one.partition("</form>")[0])
        assert 'formaction="/staff/drafts/kept"' in form
        assert 'name="csrf_token"' in form
        assert form.count('name="draft_name"') == 1


@pytest.mark.parametrize("begun_from", ["f" * 500_000, "<b>" + "f" * 61])
async def test_what_no_page_of_ours_sends_along_is_refused_in_words(omar, begun_from):
    answer = await omar.send_form("/staff/drafts/kept", text=TEXT, begun_from=begun_from)
    assert answer.status_code == 422
    assert "It was not kept: its form carries what this page never sent along." in text_of(answer.text)
    assert area(answer.text) == TEXT


@pytest.mark.parametrize(("count", "length", "listed"), [(8, 60, 8), (20, 1_000, 0)])
async def test_as_many_phases_with_as_long_names_as_a_program_may_have_are_listed(omar, stage, count, length, listed):
    head, phase, *_ = TEXT.split("[[phases]]")
    long = chr(0x1F600) * length
    phases = ["[[phases]]" + phase.replace("Step one", f"{number} {long}", 1) for number in range(count)]
    await keep(omar, text=head + "".join(phases))
    [line] = stage.firm.drafts.lines()
    assert line.phase_names == tuple(f"{number} {long}" for number in range(listed))


async def test_kept_again_it_stays_one_draft(omar):
    first = await keep(omar, text=UNFINISHED)
    again = await keep(omar, text=TEXT, **carried((await omar.get(first)).text))
    assert again == first
    assert area((await omar.get(first)).text) == TEXT


async def test_a_form_is_kept_with_its_gaps_and_taken_up_as_form_or_once_it_is_whole_as_text(omar):
    half = {"title": "Half", "phases|many": "1", "phases[0].name": "Phase 1"}
    place = await keep(omar, **half, do="keep")
    page = (await omar.get(place)).text
    assert 'value="Half"' in page
    assert "Program as a form" in text_of(page)
    as_text = await omar.get(f"{place}?as=text")
    assert as_text.status_code == 422, "a form with gaps has no text yet, and says what is missing"
    assert 'value="Half"' in as_text.text


async def test_a_text_is_taken_up_as_a_form_and_read_in_words(omar):
    place = await keep(omar, text=TEXT)
    form = (await omar.get(f"{place}?as=form")).text
    assert 'name="title" value="Kept steps"' in form
    assert hidden(form, "draft") == place.rpartition("/")[2]
    read = text_of((await omar.get(f"{place}?as=read")).text)
    assert "Before publishing: Kept steps" in read
    unread = await omar.get(f"{await keep(omar, text=UNFINISHED)}?as=read")
    assert (unread.status_code, area(unread.text)) == (422, UNFINISHED)


async def test_what_is_kept_from_the_preview_comes_back_to_it(omar):
    preview = (await omar.send_form("/staff/drafts", text=TEXT)).text
    place = await keep(omar, text=TEXT, **carried(preview), **{"as": "read"})
    assert "Before publishing: Kept steps" in text_of((await omar.get(place)).text)


async def test_every_step_carries_the_draft_on(omar):
    place = await keep(omar, text=TEXT, draft_name="Mine")
    sent = carried((await omar.get(place)).text)
    checked = (await omar.send_form("/staff/drafts", text=TEXT, draft_name="Mine", **sent)).text
    form = (await omar.send_form("/staff/drafts/form", text=TEXT, draft_name="Mine", **sent)).text
    stepped = (await omar.send_form("/staff/drafts/form", title="Kept", do="update", draft_name="Mine", **sent)).text
    for page in (checked, form, stepped):
        assert carried(page) == sent
        assert hidden(page, "draft_name") == "Mine"


async def test_another_members_draft_is_read_but_kept_as_ones_own(omar, ruth):
    place = await keep(omar, text=TEXT)
    page = (await ruth.get(place)).text
    assert "Draft of Omar Haddad, owner “Kept steps”" in text_of(page)
    hers = await keep(ruth, text=UNFINISHED, **carried(page))
    assert hers.partition("?")[0] != place
    assert "Kept as a draft of its own" in text_of((await ruth.get(hers)).text)
    assert area((await omar.get(place)).text) == TEXT
    assert (await ruth.send_form(f"{place}/deletion")).status_code == 403
    assert "Ruth Vale, risk" in text_of((await omar.get("/staff/programs")).text)


async def test_what_was_kept_in_another_window_meanwhile_is_not_written_over(omar):
    place = await keep(omar, text=TEXT)
    old = carried((await omar.get(place)).text)
    await keep(omar, text=UNFINISHED, **old)
    late = await omar.send_form("/staff/drafts", text=TEXT, **old)
    assert "kept again in another window" in text_of(late.text)
    beside = await keep(omar, text=TEXT, **old)
    assert beside.partition("?")[0] != place
    assert area((await omar.get(place)).text) == UNFINISHED


async def test_a_draft_says_that_what_it_was_begun_from_was_replaced(omar, stage):
    program = read_toml(TEXT)
    stage.put(PublishProgram(by="console", program=program))
    stage.settle()
    place = await keep(omar, text=TEXT, begun_from=program.fingerprint())
    assert "replaced since" not in text_of((await omar.get("/staff/programs")).text)
    stage.put(PublishProgram(by="console", program=read_toml(TEXT.replace("accounts_max = 3", "accounts_max = 5"))))
    stage.settle()
    assert "Begun from a version that was replaced since" in text_of((await omar.get("/staff/programs")).text)
    for way in ("text", "form", "read"):
        page = text_of((await omar.get(f"{place}?as={way}")).text)
        assert page.count("Another version was published since this draft was begun") == 1, way


async def test_a_deleted_draft_is_gone(omar):
    place = await keep(omar, text=TEXT)
    assert (await omar.send_form(f"{place}/deletion")).headers["location"].startswith("/staff/programs")
    assert (await omar.get(place)).status_code == 404
    assert (await omar.send_form(f"{place}/deletion")).status_code == 404


async def test_where_there_is_no_room_what_was_written_is_still_on_the_page(omar, monkeypatch):
    monkeypatch.setattr(storage.drafts, "DRAFTS_PER_PERSON_MAX", 1)
    await keep(omar, text=TEXT)
    full = await omar.send_form("/staff/drafts/kept", text=UNFINISHED)
    assert (full.status_code, area(full.text)) == (422, UNFINISHED)
    assert "Delete one under Programs" in text_of(full.text)
    form = await omar.send_form("/staff/drafts/kept", title="Half", do="keep")
    assert (form.status_code, 'value="Half"' in form.text) == (422, True)


async def test_where_the_disk_takes_nothing_what_was_written_is_still_on_the_page(omar, stage, monkeypatch):
    def refused(*_args, **_kwargs):
        raise FrontRefused("front.db cannot be read or written")

    monkeypatch.setattr(stage.firm.drafts, "keep", refused)
    answer = await omar.send_form("/staff/drafts/kept", text=UNFINISHED)
    assert (answer.status_code, area(answer.text)) == (422, UNFINISHED)
    assert "takes nothing at the moment" in text_of(answer.text)


async def test_traders_keep_and_see_none(ada, omar):
    place = await keep(omar, text=TEXT)
    assert (await ada.get(place)).status_code == 403
    assert (await ada.send_form("/staff/drafts/kept", text=TEXT)).status_code == 403
    assert (await ada.send_form(f"{place}/deletion")).status_code == 403


# --- in the lab ---


@pytest.fixture
async def lab(stage, visiting):
    (stage.path / "segments").mkdir(mode=0o700, exist_ok=True)
    trials = Trials(stage.path)
    async with visiting(dataclasses.replace(stage.firm, lab=trials)) as visit:
        yield await visit("omar"), trials
    await anyio.to_thread.run_sync(trials.close)


async def test_a_preview_begins_a_trial_of_its_draft_on_chosen_accounts(lab):
    client, trials = lab
    preview = (await client.send_form("/staff/drafts", text=TEXT)).text
    assert 'action="/staff/lab"' in preview
    phases = re.findall(r'<option value="([^"]*)">', preview[preview.index('name="rules_phase"') :])[:1]
    answer = await client.send_form(
        "/staff/lab", rules=TEXT, rules_phase=phases[0], program="", bought_from="2014-05-01"
    )
    assert answer.status_code == 303, text_of(answer.text)
    [trial] = trials.trials()
    assert trial.tried.rules is not None
    assert trial.tried.bought_from == "2014-05-01"
    assert trial.tried.origin == f"what was pasted: Kept steps, {phases[0]}"


async def test_a_trial_names_what_was_tried_its_phase_and_what_it_was_begun_from(lab, stage):
    client, trials = lab
    program = read_toml(TEXT)
    stage.put(PublishProgram(by="console", program=program))
    stage.settle()
    row = stage.engine.size
    phase = program.phases[0].name
    place = await keep(client, text=TEXT, draft_name="Autumn", begun_from=program.fingerprint())
    draft = place.rpartition("/")[2]
    sent = {"rules": TEXT, "rules_phase": phase}
    tried = [
        {"ready": f"draft/{draft}/0"},
        {"ready": "ready/two_step_static/0"},
        {**sent, "draft": draft},
        {**sent, "draft": ""},
    ]
    said = []
    for fields in tried:
        answer = await client.send_form("/staff/lab", **fields)
        assert answer.status_code == 303, text_of(answer.text)
        said.append(text_of((await client.get(answer.headers["location"])).text).partition("Tried: ")[2])
        trials.end(trials.trials()[0].number)
    begun = f"the draft “Autumn” as kept at .* UTC, begun from “Kept steps” as published at .* UTC, row {row}"
    assert re.match(f"{begun}: {phase}\\.", said[0]), said[0]
    assert said[1].startswith(f"the template “Two steps, static limits”: {phase}.")
    assert re.match(f"what is written now of {begun}: Kept steps, {phase}\\.", said[2]), said[2]
    assert said[3].startswith(f"a draft that is not kept: Kept steps, {phase}.")
    await clear(client)


async def test_the_lab_offers_kept_drafts_every_version_and_templates(lab, stage):
    client, trials = lab
    stage.put(PublishProgram(by="console", program=read_toml(TEXT)))
    stage.settle()
    place = await keep(client, text=TEXT, draft_name="Autumn")
    await keep(client, text=UNFINISHED, draft_name="Not yet")
    page = (await client.get("/staff/lab")).text
    groups = re.findall(r'<optgroup label="([^"]*)"', page)
    assert groups == ["Kept drafts", "The firm’s own programs", "Templates"]
    assert "Autumn: " in page
    assert "Not yet: " not in page
    draft = place.rpartition("/")[2]
    sold = re.search(r'value="(sold/\d+/0)"', page)[1]
    for offered in (f"draft/{draft}/0", sold):
        answer = await client.send_form("/staff/lab", ready=offered)
        assert answer.status_code == 303, text_of(answer.text)
    newest = trials.trials()[0].tried.rules
    assert "row" in trials.trials()[0].tried.origin
    version = next(
        one for one in stage.engine.desk("catalogue").state.programs.values() if one.phases[0].ruleset == newest
    )
    assert version is not None
    for unknown in ("draft/none/0", "sold/1/0", f"{sold[:-1]}9", "ready/none/0", "nonsense"):
        assert (await client.send_form("/staff/lab", ready=unknown)).status_code == 422
    await clear(client)
