"""Limiting somebody, or a key, in a form: what is ticked holds only where its limit is chosen, what was not offered
does not hold at all, and nothing that was typed is lost.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from firm.ids import id_text
from firm.permissions import Scope
from firm.regions import Regions

WHY = "as agreed with everybody"
PROGRAM, NORTH, DACH = "two-step-100k", "north", "dach"
KEY = {"name": "wall", "permission": "see_accounts", "days": "30", "why": WHY}
OF_PROGRAMS, OF_REGIONS = "These programs alone", "Traders of these regions alone"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any) -> Iterator[Any]:
    played = histories.breached_at_prices_that_never_met(tmp_path_factory.mktemp("ticks") / "firm")
    object.__setattr__(played.firm, "regions", Regions({"SE": NORTH, "DE": DACH}))
    yield played
    played.close()


@pytest.fixture(scope="module")
def omar(come_in: Any, play: Any) -> Any:
    return come_in(f"staff:{play.OMAR}")


def checked(page: str) -> set[tuple[str, str]]:
    """Name and value of whatever is ticked or chosen on a page."""
    inputs = re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)" value="([\w-]+)" checked', page)
    return set(inputs)


SLIPS = [
    pytest.param({"region": NORTH}, f"You ticked north: choose “{OF_REGIONS}”, or untick it.", id="a region"),
    pytest.param(
        {"region": [NORTH, DACH], "where": "everywhere"},
        f"You ticked dach, north: choose “{OF_REGIONS}”, or untick them.",
        id="two regions",
    ),
    pytest.param(
        {"program": PROGRAM, "extent": "whole"},
        f"You ticked two-step-100k: choose “{OF_PROGRAMS}”, or untick it.",
        id="a program",
    ),
    pytest.param(
        {"program": PROGRAM, "extent": "whole", "where": "regions", "region": DACH},
        f"You ticked two-step-100k: choose “{OF_PROGRAMS}”, or untick it.",
        id="a program beside a region that is limited to",
    ),
    pytest.param(
        {"where": "regions", "region": [NORTH, "atlantis"]},
        "atlantis is not among the regions that are offered: untick it, and tick those that you mean.",
        id="a region that is not offered",
    ),
    pytest.param(
        {"extent": "programs", "program": "three-step-1k"},
        "three-step-1k is not among the programs that are offered: untick it, and tick those that you mean.",
        id="a program that is not offered",
    ),
    pytest.param(
        {"region": ["atlantis", "lemuria"]},
        "atlantis, lemuria are not among the regions that are offered: untick them, and tick those that you mean.",
        id="regions that are not offered, below a limit that was not chosen",
    ),
    pytest.param({"where": "regions"}, "Tick at least one region.", id="no region"),
    pytest.param({"extent": "programs"}, "Tick at least one program.", id="no program"),
]


def ticked(fields: dict[str, Any]) -> set[tuple[str, str]]:
    """What the form has to show again: what was ticked, and each choice, the one that it begins with included."""
    regions = fields.get("region", [])
    found = {("region", one) for one in ([regions] if isinstance(regions, str) else regions)}
    found |= {("program", fields["program"])} if "program" in fields else set()
    return found | {("extent", fields.get("extent", "whole")), ("where", fields.get("where", "everywhere"))}


@pytest.mark.parametrize(("fields", "told"), SLIPS)
async def test_a_key_is_not_issued_to_more_than_was_ticked(fields, told, omar, stage):
    before = len(stage.asked)
    refused = await omar.send_form("/staff/api-keys", **KEY, **fields)
    assert (refused.status_code, told in refused.text) == (422, True)
    assert len(stage.asked) == before, "nothing was asked of the firm"
    assert checked(refused.text) == {("permission", "see_accounts"), *ticked(fields)}
    assert WHY in refused.text


@pytest.mark.parametrize("step", ["preview", "do"])
@pytest.mark.parametrize(("fields", "told"), SLIPS)
async def test_a_member_is_not_let_work_on_more_than_was_ticked(fields, told, step, omar, stage, play):
    before = len(stage.asked)
    refused = await omar.send_form(f"/staff/team/{id_text(play.RUTH)}/scope", step=step, why=WHY, **fields)
    assert (refused.status_code, told in refused.text) == (422, True)
    assert "They would be" not in refused.text
    assert len(stage.asked) == before, "nothing was asked of the firm"
    assert checked(refused.text) == ticked(fields)
    assert WHY in refused.text


async def test_what_is_wrong_with_ticks_and_reason_is_told_at_once(omar, play):
    refused = await omar.send_form(f"/staff/team/{id_text(play.RUTH)}/scope", step="do", why="ok", region=NORTH)
    assert "You ticked north" in refused.text
    assert "Say why in a sentence" in refused.text
    both = await omar.send_form("/staff/api-keys", **KEY | {"why": "ok"}, region=NORTH)
    assert "You ticked north" in both.text
    assert "Say why in a sentence" in both.text


async def test_a_reason_that_is_too_short_loses_nothing_that_was_ticked(omar, play):
    asked = {"extent": "programs", "program": PROGRAM, "where": "regions", "region": [DACH, NORTH]}
    short = await omar.send_form(f"/staff/team/{id_text(play.RUTH)}/scope", step="do", why="ok", **asked)
    assert short.status_code == 422
    assert checked(short.text) == ticked(asked)


async def test_a_no_of_the_firm_loses_nothing_that_was_ticked(come_in, stage, play):
    ann = come_in(f"staff:{stage.employ('ann', 'admin')}")
    asked = {"extent": "whole", "where": "regions", "region": NORTH}
    refused = await ann.send_form(f"/staff/team/{id_text(play.OMAR)}/scope", step="do", why=WHY, **asked)
    assert (refused.status_code, "holds more than they do" in refused.text) == (422, True)
    assert checked(refused.text) == ticked(asked)


async def test_a_member_s_page_shows_what_they_are_limited_to(omar, stage):
    number = stage.employ("rolf", "support", (PROGRAM,), (NORTH,))
    shown = await omar.get(f"/staff/team/{id_text(number)}")
    assert checked(shown.text) == {
        ("extent", "programs"),
        ("program", PROGRAM),
        ("where", "regions"),
        ("region", NORTH),
    }
    lifted = await omar.send_form(
        f"/staff/team/{id_text(number)}/scope", step="do", why=WHY, extent="whole", where="everywhere"
    )
    assert lifted.status_code == 303
    assert stage.firm.live.staff().members[number].scope == Scope()


async def test_what_somebody_is_limited_to_already_may_be_kept_though_nobody_else_is_offered_it(omar, stage):
    number = stage.employ("runa", "support", ("gone-10k",), ("lemuria",))
    page = f"/staff/team/{id_text(number)}"
    held = {"extent": "programs", "program": "gone-10k", "where": "regions", "region": "lemuria"}
    assert ticked(held) <= checked((await omar.get(page)).text)
    kept = held | {"region": ["lemuria", NORTH]}
    assert (await omar.send_form(f"{page}/scope", step="do", why=WHY, **kept)).status_code == 303
    assert stage.firm.live.staff().members[number].scope == Scope(("gone-10k",), ("lemuria", NORTH))
    assert "lemuria" not in (await omar.get("/staff/api-keys")).text


async def test_where_a_trader_is_moved_without_a_reason_nothing_is_said_of_a_decision(omar, play):
    page = f"/staff/traders/{id_text(play.BEN)}/region"
    for why in ("", "moved"):
        refused = await omar.send_form(page, region=NORTH, why=why)
        assert (refused.status_code, "Say why in a sentence" in refused.text) == (422, True)
        assert "decision" not in refused.text.partition("<main")[2].partition("</form>")[0]
