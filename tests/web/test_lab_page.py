"""The rule lab's pages: Ruth tries a draft on the accounts of the stage, in a process beside it, and reads who comes out otherwise."""

import dataclasses
import html
import re
from pathlib import Path

import anyio
import pytest

from appliance.lab.trials import GOING_ON_MAX, Trials
from firm.inputs import ClockTicked
from tests.web.page_text import text_of
from web import words

DRAFT = (Path(__file__).parents[2] / "docs" / "examples" / "draft.toml").read_text()
WAIT_S = 60


@pytest.fixture
def trials(stage):
    (stage.path / "segments").mkdir(
        mode=0o700, exist_ok=True
    )  # what a process that opens a firm's directory expects in it
    opened = Trials(stage.path)
    yield opened
    opened.close()


@pytest.fixture
async def reviewer(stage, trials, visiting):
    async with visiting(dataclasses.replace(stage.firm, lab=trials)) as visit:
        yield await visit("ruth")


async def until(client, path, word):
    """The page once it says a word."""
    with anyio.fail_after(WAIT_S):
        while True:
            shown = text_of((await client.get(path)).text)
            if word in shown:
                return shown
            assert "Failed" not in shown, shown
            await anyio.sleep(0.05)


def what_became(outcome, sold_as=""):
    return outcome["ending"], outcome["at_us"], sold_as or outcome["rule"]


async def test_nothing_comes_out_otherwise_under_what_was_sold(reviewer):
    answer = await reviewer.send_form("/staff/lab", ready="as_sold")
    assert answer.status_code == 303
    shown = await until(reviewer, answer.headers["location"], "Done")
    assert "none would have come out otherwise" in shown
    assert "unknown from there" in shown


async def test_a_trial_is_of_this_tree_whatever_else_is_installed(reviewer, tmp_path, monkeypatch):
    (tmp_path / "appliance").mkdir()
    (tmp_path / "appliance" / "__init__.py").write_text("raise SystemExit('another copy')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    await test_nothing_comes_out_otherwise_under_what_was_sold(reviewer)


async def test_a_draft_tells_who_comes_out_otherwise_with_links_to_them(reviewer):
    answer = await reviewer.send_form("/staff/lab", rules=DRAFT, program="")
    assert answer.status_code == 303, text_of(answer.text)
    place = answer.headers["location"]
    shown = await until(reviewer, place, "Done")
    assert re.search(r"\d+ would have come out otherwise", shown)
    linked = set(re.findall(r"/staff/accounts/(\w{5}-\w{5})", (await reviewer.get(place)).text))
    report = (await reviewer.get(f"{place}/report.json")).json()
    otherwise = [
        line
        for line in report["accounts"]
        if what_became(line["before"]) != what_became(line["after"], line["sold_as"])
    ]
    assert linked == {line["account"] for line in otherwise} != set()


async def test_a_shadow_goes_on_with_what_comes_until_it_is_ended(reviewer, trials, stage):
    answer = await reviewer.send_form("/staff/lab", ready="as_sold", follows="yes")
    place = answer.headers["location"]
    assert "Since it was started" in await until(reviewer, place, "Up to date, and goes on")
    stage.put(ClockTicked(at_us=stage.now_us))
    stage.settle()
    await until(reviewer, place, f"up to row {words.count(stage.engine.size)}")
    ended = await reviewer.send_form(f"{place}/end")
    assert ended.status_code == 303
    assert "Ended" in text_of((await reviewer.get(place)).text)
    assert not trials.trials()[0].goes_on


async def test_no_more_are_tried_at_once_than_there_is_room_for(reviewer):
    for _ in range(GOING_ON_MAX):
        assert (await reviewer.send_form("/staff/lab", ready="as_sold", follows="yes")).status_code == 303
    answer = await reviewer.send_form("/staff/lab", ready="as_sold")
    assert (answer.status_code, "As many drafts as may" in text_of(answer.text)) == (422, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose what to try"),
        ({"rules": "semantics = "}, "it is no TOML"),
        ({"rules": DRAFT.replace("bp = 150", "bp = -150")}, "terms[2].amount.bp"),
        ({"rules": DRAFT.replace("Europe/Prague", "Europe/Nowhere")}, "calendar.zone"),
        ({"ready": "as_sold", "program": "sold by nobody"}, "Choose one of the programs"),
        ({"ready": "as_sold", "phase": "Phase 9"}, "Choose one of the phases"),
        ({"ready": "as_sold", "bought_from": "yesterday"}, "yesterday is no day"),
    ],
    ids=["nothing", "no TOML", "a target below zero", "no such zone", "no such program", "no such phase", "no day"],
)
async def test_what_cannot_be_tried_is_refused_with_what_is_wrong(reviewer, typed, said):
    answer = await reviewer.send_form("/staff/lab", **typed)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert typed.get("rules", "").strip() in html.unescape(answer.text), "nobody types it again"


async def test_a_trial_that_is_not_there_is_no_page(reviewer):
    assert (await reviewer.get("/staff/lab/99")).status_code == 404
    assert (await reviewer.send_form("/staff/lab/99/end")).status_code == 404


async def test_a_firm_that_only_reads_tries_nothing(ruth):
    answer = await ruth.send_form("/staff/lab", ready="as_sold")
    assert (answer.status_code, "only reads" in text_of(answer.text)) == (422, True)
