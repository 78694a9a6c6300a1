"""Somebody who works on one region: whoever trades elsewhere does not exist for them, on no page, in no list, file or live page."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from firm.commands import DefineRole, JoinFirm, PlaceTrader, SetStaffScope
from firm.facts import TraderPlaced
from firm.ids import id_text
from firm.permissions import FIRM_WIDE, REGION_WIDE, Permission, Scope
from firm.regions import Regions
from firm.templates import template
from storage.people import Residence
from storage.readmodels.people import region_of
from tests.web.staff_addresses import OF_AN_ACCOUNT
from web.app import create_app
from web.auth import as_staff
from web.in_scope import is_there
from web.joining import Joining, join
from web.sse import ENDED
from web.visitor import Visitor

DACH, NORTH = "dach", "north"
EVERYTHING = ("see_accounts", "see_decisions", "see_programs")
WHY = "she moved, ticket 118"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any, play: Any) -> Iterator[Any]:
    """Ben is in dach and Ada in the north; Cleo, who has two accounts, is in no region. All three hold something."""
    played = histories.played(tmp_path_factory.mktemp("regions") / "firm", crowd=2)
    played.place(play.BEN, DACH)
    played.place(play.ADA, NORTH)
    yield played
    played.close()


@pytest.fixture(scope="module")
def nora(stage: Any, come_in: Any) -> Any:
    """Of risk, for dach alone."""
    return come_in(f"staff:{stage.employ('nora', 'risk', regions=(DACH,))}")


@pytest.fixture(scope="module")
def owner(stage: Any, come_in: Any) -> Any:
    return come_in(f"staff:{stage.employ('olaf', 'owner')}")


@pytest.fixture(scope="module")
def machine(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url="http://127.0.0.1", transport=httpx.ASGITransport(app))


def ids_on(page: str) -> set[str]:
    return set(re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", page))


def accounts_of(stage: Any, trader: int) -> set[str]:
    with stage.reader.connection() as book:
        return {id_text(n) for (n,) in book.execute("SELECT account FROM rm_account WHERE trader = ?", (trader,))}


def elsewhere(stage: Any, play: Any) -> set[str]:
    """Everybody who is not in dach, and all of their accounts."""
    people = (play.ADA, play.CLEO)
    return {id_text(person) for person in people}.union(*(accounts_of(stage, person) for person in people))


PAGES = (
    "/staff", "/staff/accounts", "/staff/accounts?sort=equity", "/staff/decisions", "/staff/decisions?show=waiting",
    "/staff/exposure?phases=all", "/staff/exposure/holders?bridge=sim&symbol=EURUSD&phases=all",
    "/staff/exposure/holders?bridge=sim&symbol=XAUUSD&phases=all", "/staff/drift?show=all", "/staff/commands", "/staff/owed",
    "/staff/programs", "/staff/incidents",
)  # fmt: skip
NAMING = ("/staff/accounts", "/staff/commands", "/staff/decisions", PAGES[7])


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_names_somebody_of_another_region(path, nora, ralph, stage, play):
    page = await nora.get(path)
    assert page.status_code == 200
    assert ids_on(page.text) & elsewhere(stage, play) == set()
    assert "Ada Marlow" not in page.text
    if path in NAMING:
        assert ids_on((await ralph.get(path)).text) & elsewhere(stage, play), "who are on the page of the whole firm"


async def test_lists_and_counts_are_of_whoever_is_theirs(nora, ralph, stage, play):
    page, mine = (await nora.get("/staff/accounts")).text, accounts_of(stage, play.BEN)
    assert ids_on(page) >= mine
    assert f"{len(mine)} accounts<" in page.replace("\xa0", " ")
    assert "1 trader" in (await nora.get("/staff")).text
    assert "3 traders" in (await ralph.get("/staff")).text


@pytest.mark.parametrize("path", OF_AN_ACCOUNT)
async def test_an_account_of_their_region_is_there_and_another_is_not(path, nora, stage):
    if not path.endswith("/live"):
        assert (await nora.get(path.format(id_text(stage.accounts["ben"])))).status_code == 200
    for account in (stage.accounts["ada"], stage.accounts["crowd 0"], 12345):
        assert (await nora.get(path.format(id_text(account)))).status_code == 404, "in another, in none, or nobody's"


async def test_rows_of_others_are_not_there(nora, stage):
    with stage.reader.connection() as book:
        newest = {
            name: book.execute("SELECT max(seq) FROM ledger WHERE account = ?", (stage.accounts[name],)).fetchone()[0]
            for name in ("ada", "ben")
        }
    assert (await nora.get(f"/staff/rows/{newest['ada']}")).status_code == 404
    assert (await nora.get(f"/staff/rows/{newest['ben']}")).status_code == 200
    assert (await nora.get("/staff/trace?desk=risk")).status_code == 404


@pytest.mark.parametrize("typed", ["ada@example.org", "marlow", "number"])
async def test_who_is_searched_for_elsewhere_is_not_found(typed, nora, ralph, play):
    typed = id_text(play.ADA) if typed == "number" else typed
    assert "Ada Marlow" in (await ralph.send_form("/staff/traders", name=typed)).text
    assert "Ada Marlow" not in (await nora.send_form("/staff/traders", name=typed)).text
    assert "Ben Okafor" in (await nora.send_form("/staff/traders", name="ben@example.org")).text


async def test_programs_are_there_for_whoever_works_on_a_region_and_are_not_theirs_to_change(nora, stage):
    assert "Two Step 100K" in (await nora.get("/staff/programs")).text
    member = as_staff(stage.firm, watcher(stage, "nell", (DACH,)))
    assert member is not None
    assert member.permissions.isdisjoint(FIRM_WIDE | REGION_WIDE)
    assert member.may(Permission.DRAFT_PROGRAMS), "which decides nothing"
    assert (await nora.send_form("/staff/programs/21/retirement", why="long enough")).status_code == 403


ELSEWHERE_PUBLISHED = "somebody of risk, or an owner, who works on all regions"


async def test_whoever_may_draft_and_not_publish_reads_who_does_before_they_write(nora, ralph, owner, stage, come_in):
    [seq] = set(re.findall(r"/staff/programs/(\d+)", (await ralph.get("/staff/programs")).text))
    paths = ("/staff/programs", f"/staff/programs/{seq}", "/staff/drafts/form", f"/staff/drafts?version={seq}")
    stage.put(DefineRole(by="console", role="writer", permissions=("see_programs", "draft_programs"), why="writes"))
    writer = come_in(f"staff:{stage.employ('wim', 'writer')}")
    reader = come_in(f"staff:{stage.employ('rita', 'read_only', regions=(DACH,))}")
    for path in paths:  # a reader's answer to the last two is no
        assert f"You may draft; {ELSEWHERE_PUBLISHED}, publishes it." in (await nora.get(path)).text, path
        assert "You may draft; somebody of risk, or an owner, publishes it." in (await writer.get(path)).text, path
        for other in (ralph, owner, reader):
            assert "You may draft" not in (await other.get(path)).text, path
    text = template("two_step_static").text.replace("your-bridge", "sim").replace("your-group", "demo")
    before_publishing = await nora.send_form("/staff/drafts", text=text)
    assert f"You may not publish programs: ask {ELSEWHERE_PUBLISHED}." in before_publishing.text


async def test_a_form_about_somebody_elsewhere_does_nothing(nora, stage, decisions):
    before, account = len(stage.asked), id_text(stage.accounts["ada"])
    for path in (
        f"/staff/accounts/{account}/overrides",
        f"/staff/accounts/{account}/orders",
        f"/staff/decisions/{decisions['BreachDeclared']}/review",
    ):
        assert (await nora.send_form(path, why="a reason that is long enough")).status_code == 404
    assert len(stage.asked) == before


async def test_the_record_of_acts_is_of_whoever_is_theirs_on_the_page_and_as_a_file(stage, come_in, play):
    auditor = come_in(f"staff:{stage.employ('aude', 'auditor', regions=(DACH,))}")
    for path in ("/staff/audit?kind=PlaceTrader", "/staff/audit.csv?kind=PlaceTrader"):
        told = (await auditor.get(path)).text
        assert id_text(play.BEN) in told
        assert id_text(play.ADA) not in told


async def test_pages_that_are_shared_are_shared_by_those_who_see_the_same(stage):
    scopes = (
        Scope(),
        Scope(regions=(DACH,)),
        Scope(regions=(NORTH,)),
        Scope(programs=(DACH,)),
        Scope((DACH,), (DACH,)),
        Scope(programs=(f"{DACH} in {DACH}",)),
        Scope(programs=(f"{DACH}|{NORTH}",)),
        Scope(programs=(DACH, NORTH)),
        Scope(programs=(f"{DACH} without names",)),
    )
    seen = {stage.firm.seen_by(scope, names_seen=names).seen_as for scope in scopes for names in (True, False)}
    assert len(seen) == 2 * len(scopes)


# --- the list of accounts by region ---


@pytest.fixture
def named(stage: Any) -> Iterator[None]:
    """The settings name two regions that somebody is in and one that nobody is in."""
    before = stage.firm.regions
    object.__setattr__(stage.firm, "regions", Regions({"DE": DACH, "SE": NORTH, "ES": "south"}))
    yield
    object.__setattr__(stage.firm, "regions", before)


def regions_in(page: str) -> tuple[list[str], list[str]]:
    """Which regions the filter offers, and which of them is chosen."""
    select = page.partition('<select name="region">')[2].partition("</select>")[0]
    return re.findall(r'value="([\w-]*)"', select), re.findall(r'value="([\w-]*)" selected', select)


@pytest.mark.parametrize(("region", "person"), [(DACH, "BEN"), (NORTH, "ADA")])
async def test_whoever_works_on_all_of_it_narrows_the_list_to_a_region(region, person, ralph, stage, play, named):
    page = (await ralph.get(f"/staff/accounts?region={region}")).text
    theirs = accounts_of(stage, getattr(play, person))
    assert ids_on(page) == {id_text(getattr(play, person)), *theirs}
    assert f"{len(theirs)} accounts<" in page.replace("\xa0", " ")
    assert regions_in(page) == (["", DACH, NORTH, "south"], [region])
    for kept in (f'hx-get="/staff/accounts?region={region}"', f"?region={region}&amp;sort=equity"):
        assert kept in page, "as the list is asked for again, and in another order"


async def test_a_region_narrows_beside_other_filters_and_one_that_nobody_is_in_has_no_account(
    ralph, stage, play, named
):
    both = (await ralph.get(f"/staff/accounts?region={DACH}&standing=under_review&sort=equity")).text
    assert ids_on(both) == {id_text(play.BEN), id_text(stage.accounts["ben suspected"])}
    for query in ("region=south", "region=south&standing=active", f"region={DACH}&q={id_text(play.ADA)}"):
        assert "No account matches" in (await ralph.get(f"/staff/accounts?{query}")).text, query


async def test_who_works_on_a_region_is_offered_that_one_and_reads_of_no_other(nora, stage, play, named):
    page = (await nora.get("/staff/accounts")).text
    assert regions_in(page) == (["", DACH], [])
    assert accounts_of(stage, play.BEN) <= ids_on((await nora.get(f"/staff/accounts?region={DACH}")).text)
    for other in (NORTH, "south", "atlantis"):
        refused = await nora.get(f"/staff/accounts?region={other}")
        assert (refused.status_code, "There is no such region. Choose one of the list" in refused.text) == (422, True)
        assert ids_on(refused.text) == set()
        assert regions_in(refused.text) == (["", DACH], [])


async def test_a_firm_without_regions_is_offered_none(ralph, named, stage):
    object.__setattr__(stage.firm, "regions", Regions())
    assert 'name="region"' not in (await ralph.get("/staff/accounts")).text
    assert (await ralph.get(f"/staff/accounts?region={DACH}")).status_code == 422


# --- machines ---


async def of_api(machine: httpx.AsyncClient, word: str, path: str) -> httpx.Response:
    return await machine.get(f"/api/v1{path}", headers={"authorization": f"Bearer {word}"})


async def test_a_key_for_a_region_sees_whoever_is_there_and_says_what_it_is_limited_to(machine, stage, play, decisions):
    word = stage.key_for(EVERYTHING, regions=(DACH,))
    me = (await of_api(machine, word, "/health")).json()["key"]
    assert (me["programs"], me["regions"]) == (None, [DACH])
    told = (await of_api(machine, word, "/accounts")).json()["accounts"]
    assert {account["account"] for account in told} == accounts_of(stage, play.BEN)
    for path in (f"/accounts/{id_text(stage.accounts['ada'])}", f"/decisions/{decisions['BreachDeclared']}"):
        assert (await of_api(machine, word, path)).status_code == 404
    assert (await of_api(machine, word, f"/decisions/{decisions['BreachSuspected']}")).status_code == 200


async def test_a_key_sees_no_further_than_whoever_issued_it_at_that_moment(machine, stage, play):
    ines = stage.employ("ines", "owner")
    word = stage.key_for(EVERYTHING, by=f"staff:{ines}")
    assert len((await of_api(machine, word, "/accounts")).json()["accounts"]) > len(accounts_of(stage, play.ADA))
    stage.put(SetStaffScope(by="console", staff=ines, scope=Scope(regions=(NORTH,)), why="her desk"))
    stage.settle()
    told = (await of_api(machine, word, "/accounts")).json()["accounts"]
    assert {account["account"] for account in told} == accounts_of(stage, play.ADA)


# --- who moves ---


def watcher(stage: Any, name: str, regions: tuple[str, ...] | None) -> Visitor:
    number = stage.employ(name, "risk", regions=regions)
    session = stage.session_of(f"staff:{number}")
    visitor = as_staff(stage.firm, Visitor(kind="staff", id=number, role="", name=name, session_id=session))
    assert visitor is not None
    return visitor


async def test_who_moves_away_is_lost_at_once_on_an_open_live_page_and_nobody_else_is(stage, play):
    streams = create_app(stage.firm).state.streams

    async def one_piece() -> dict[str, str]:
        return {"live": "<p>0</p>"}

    watching = {
        name: streams.watch(watcher(stage, name, regions), name, one_piece)
        for name, regions in (("lena", (DACH,)), ("lars", (NORTH,)), ("lotte", None))
    }
    for events in watching.values():
        assert b"retry" in await anext(events)
        assert b"<p>0</p>" in await anext(events)
    stage.place(play.BEN, NORTH)
    try:
        assert await anext(watching["lena"]) == ENDED
        assert [event async for event in watching["lena"]] == []
        for name in ("lars", "lotte"):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(watching[name]), 0.05)
    finally:
        stage.place(play.BEN, DACH)


def test_live_pages_are_woken_by_who_leaves_a_region_and_not_by_who_comes_from_none(stage, play):
    woken: list[int] = []
    stage.board.tell_staff(lambda: woken.append(stage.board.departures((DACH, NORTH))))
    before = stage.board.departures((DACH, NORTH))
    for region in (NORTH, "", DACH):  # from dach, from the north, and from none
        stage.place(play.BEN, region)
    assert woken == [before + 1, before + 2]


async def test_whoever_was_moved_is_gone_from_the_next_page_on_and_there_for_the_others(stage, play, nora, come_in):
    lars = come_in(f"staff:{stage.employ('lasse', 'risk', regions=(NORTH,))}")
    account = f"/staff/accounts/{id_text(stage.accounts['ben'])}"
    assert [(await each.get(account)).status_code for each in (nora, lars)] == [200, 404]
    stage.place(play.BEN, NORTH)
    try:
        assert [(await each.get(account)).status_code for each in (nora, lars)] == [404, 200]
        assert (await nora.get(f"{account}/live")).status_code == 404
    finally:
        stage.place(play.BEN, DACH)


async def test_who_looks_as_a_trader_does_no_more_when_the_trader_is_moved_away(stage, play, come_in):
    sue = come_in(f"staff:{stage.employ('sue', 'support', regions=(DACH,))}")
    account = id_text(stage.accounts["ben"])
    began = await sue.send_form(f"/staff/accounts/{account}/view", why="Ben asks what his page says")
    assert (await sue.get(began.headers["location"])).status_code == 200
    stage.place(play.BEN, NORTH)
    try:
        over = await sue.get(f"/accounts/{account}")
        assert over.status_code == 403
        assert "you view the portal as the trader no more" in over.text.lower()
        assert (await sue.get(f"/staff/accounts/{account}")).status_code == 404
    finally:
        stage.place(play.BEN, DACH)


# --- where somebody is, and who says so ---


async def test_an_accounts_page_and_the_list_of_traders_say_the_region_and_lead_on_whoever_may_change_it(
    owner, nora, stage, play
):
    page = f"/staff/traders/{id_text(play.BEN)}/region"
    account = f"/staff/accounts/{id_text(stage.accounts['ben'])}"
    told, mine = (await owner.get(account)).text, (await nora.get(account)).text
    assert f'<a href="{page}">dach</a>' in told
    assert "Region dach" in mine
    assert page not in mine
    assert f'<a href="{page}">dach</a>' in (await owner.send_form("/staff/traders", name="ben@example.org")).text


async def test_a_trader_is_placed_with_a_reason_from_the_page(owner, stage, play):
    page = f"/staff/traders/{id_text(play.CLEO)}/region"
    assert "No region" in (await owner.get(page)).text
    wordless = await owner.send_form(page, region=NORTH, why="")
    strange = await owner.send_form(page, region="atlantis", why=WHY)
    assert (wordless.status_code, strange.status_code) == (422, 422)
    assert "Choose one of the regions that are offered" in strange.text
    assert WHY in strange.text, "what was typed is not lost"
    placed = await owner.send_form(page, region=NORTH, why=WHY)
    assert (placed.status_code, placed.headers["location"]) == (303, page)
    assert [(type(each), each.region, each.why) for each in stage.asked[-1:]] == [(PlaceTrader, NORTH, WHY)]
    again = await owner.send_form(page, region=NORTH, why=WHY)
    assert (again.status_code, "This trader is there already" in again.text) == (422, True)
    assert (await owner.send_form(page, region="", why="back to none")).status_code == 303
    assert (await owner.get(f"/staff/traders/{id_text(12345)}/region")).status_code == 404


async def test_whoever_signs_up_is_placed_by_their_country_which_stays_sealed(stage):
    object.__setattr__(stage.firm, "regions", Regions({"DE": DACH, "CH": DACH}))
    for mail, country, region in (("hans@example.org", "CH", DACH), ("ines@example.com", "PT", "")):
        await join(stage.firm, Joining(mail, mail, "no hash", Residence(country, "de"), ()))
        asked = stage.asked[-1]
        assert isinstance(asked, JoinFirm)
        assert asked.region == region
        with stage.reader.connection() as book:
            assert region_of(book, asked.trader) == region
            payloads = b"".join(payload for (payload,) in book.execute("SELECT payload FROM ledger WHERE seq > 2400"))
        assert f'"{country}"'.encode() not in payloads


# --- forms of the team ---


async def test_a_member_is_limited_to_regions_from_their_page_and_a_key_from_its_form(owner, stage):
    object.__setattr__(stage.firm, "regions", Regions({"DE": DACH}))
    number = stage.employ("tom", "support")
    page = f"/staff/team/{id_text(number)}"
    assert 'name="region" value="dach"' in (await owner.get(page)).text
    asked = {"extent": "whole", "where": "regions", "region": DACH, "why": WHY}
    preview = (await owner.send_form(f"{page}/scope", step="preview", **asked)).text
    assert "They would be support, for the region dach." in preview
    assert (await owner.send_form(f"{page}/scope", step="do", **asked)).status_code == 303
    assert stage.firm.live.staff().members[number].scope == Scope(regions=(DACH,))
    shown = (await owner.get(page)).text
    assert "Works on <b>the region dach</b>" in shown
    assert "Works on the region dach at" in shown, "and what was changed about them"
    empty = await owner.send_form(f"{page}/scope", step="do", extent="whole", where="regions", why=WHY)
    assert (empty.status_code, "Tick at least one region." in empty.text) == (422, True)
    made = await owner.send_form(
        "/staff/api-keys",
        name="wall",
        permission="see_accounts",
        days="30",
        extent="whole",
        where="regions",
        region=DACH,
        why=WHY,
    )
    assert made.status_code == 201
    assert "The region dach" in made.text


async def test_roles_say_what_nobody_holds_who_is_limited_to_regions(owner):
    page = (await owner.get("/staff/roles")).text
    assert page.count('title="Nobody who is limited to regions holds it"') == len(REGION_WIDE)


def test_a_placing_is_one_fact_that_knows_what_was_before(stage, play):
    decided = stage.put(PlaceTrader(by="console", trader=play.CLEO, region=NORTH, why=WHY))
    stage.put(PlaceTrader(by="console", trader=play.CLEO, region="", why=WHY))
    stage.settle()
    assert [fact for _, fact in decided.facts] == [
        TraderPlaced(trader=play.CLEO, region=NORTH, by="console", before="", why=WHY)
    ]


async def test_a_path_that_names_a_trader_of_elsewhere_names_nobody(stage, play):
    """No route does so yet for whoever is limited: the guard would know."""
    seen = stage.firm.seen_by(Scope(regions=(DACH,)), names_seen=True)
    found = [await is_there(seen, {"trader": id_text(person)}) for person in (play.BEN, play.ADA, play.CLEO)]
    assert found == [True, False, False]
