"""Somebody who works on one program: whatever is of another does not exist for them, on no page, in no list, count, file or live page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import PublishProgram, SetStaffScope
from firm.ids import id_text
from firm.inputs import Side
from firm.permissions import Scope
from tests.web.staff_addresses import OF_AN_ACCOUNT
from web.app import create_app
from web.sse import ENDED
from web.visitor import Visitor

OTHER = "autumn-100k"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, histories: Any, play: Any) -> Iterator[Any]:
    """Ada's, Ben's and two of Cleo's accounts of the first program, and one of Ben's of another; each of the last three holds something."""
    played = histories.played(tmp_path_factory.mktemp("scopes") / "firm", crowd=2)
    program = played.engine.desk("catalogue").state.programs["two-step-100k"]
    played.put(PublishProgram(by="console", program=replace(program, program=OTHER, title="Autumn 100K")))
    account = played.sell("autumn", play.BEN, 990, OTHER)
    played.deal(account, "P9901", Side.BUY, "7.00", "XAUUSD")
    played.settle()
    yield played
    played.close()


@pytest.fixture(scope="module")
def nora(stage: Any, come_in: Any) -> Any:
    """Of risk, for the autumn alone."""
    return come_in(f"staff:{stage.employ('nora', 'risk', (OTHER,))}")


def accounts_on(page: str) -> set[str]:
    return set(re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", page))


def theirs(stage: Any) -> set[str]:
    """The accounts of the first program."""
    return {id_text(account) for name, account in stage.accounts.items() if name != "autumn"}


PAGES = (
    "/staff", "/staff/accounts", "/staff/decisions", "/staff/decisions?show=waiting", "/staff/exposure?phases=all",
    "/staff/exposure/holders?bridge=sim&symbol=EURUSD&phases=all", "/staff/exposure/holders?bridge=sim&symbol=XAUUSD&phases=all",
    "/staff/drift?show=all", "/staff/commands", "/staff/owed", "/staff/programs", "/staff/incidents",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_names_an_account_of_another_program(path, nora, ralph, stage):
    page = await nora.get(path)
    assert page.status_code == 200
    assert accounts_on(page.text) & theirs(stage) == set()
    assert "Two Step 100K" not in page.text
    if path in ("/staff/accounts", "/staff/commands", "/staff/decisions", PAGES[5]):
        assert accounts_on((await ralph.get(path)).text) & theirs(stage), "where they are on the page of the whole firm"


async def test_lists_and_counts_are_of_what_is_theirs(nora, ralph, stage):
    page = (await nora.get("/staff/accounts")).text
    assert id_text(stage.accounts["autumn"]) in page
    assert "1 account<" in page.replace("\xa0", " ")
    home = (await nora.get("/staff")).text
    assert "1 trader" in home
    assert re.search(r"Decisions waiting</span><b class=\"num\">0<", home)
    assert re.search(r"Decisions waiting</span><b class=\"num\">[1-9]", (await ralph.get("/staff")).text)
    holders = (await nora.get(PAGES[6])).text
    assert id_text(stage.accounts["autumn"]) in holders
    exposed = (await nora.get("/staff/exposure?phases=all")).text
    assert "1 account" in exposed
    assert "EURUSD" not in exposed.partition("<main")[2]


@pytest.mark.parametrize("path", OF_AN_ACCOUNT)
async def test_their_own_account_is_there_and_another_is_not(path, nora, stage):
    if not path.endswith("/live"):
        assert (await nora.get(path.format(id_text(stage.accounts["autumn"])))).status_code == 200
    there, nowhere = path.format(id_text(stage.accounts["ada"])), path.format(id_text(12345))
    answers = [await nora.get(there), await nora.get(nowhere)]
    assert [answer.status_code for answer in answers] == [404, 404]
    told = [
        re.sub(r"<code[^>]*>[^<]*</code>", "", answer.text.partition("<main")[2].partition("</main>")[0])
        for answer in answers
    ]
    assert told[0] == told[1], "what is another's looks like what is nobody's"


async def test_rows_of_others_and_desks_of_the_whole_firm_are_not_there(nora, ralph, stage):
    with stage.reader.connection() as book:
        of_ada = book.execute("SELECT max(seq) FROM ledger WHERE account = ?", (stage.accounts["ada"],)).fetchone()[0]
        of_autumn = book.execute(
            "SELECT max(seq) FROM ledger WHERE account = ?", (stage.accounts["autumn"],)
        ).fetchone()[0]
    assert (await ralph.get(f"/staff/rows/{of_ada}")).status_code == 200
    assert (await nora.get(f"/staff/rows/{of_ada}")).status_code == 404
    assert (await nora.get("/staff/rows/1")).status_code == 404
    assert (await nora.get(f"/staff/rows/{of_autumn}")).status_code == 200
    for desk in ("risk", "catalogue", "market/sim"):
        assert (await nora.get(f"/staff/trace?desk={desk}")).status_code == 404
        assert (await ralph.get(f"/staff/trace?desk={desk}")).status_code == 200


async def test_a_name_searched_for_finds_nobody_elsewhere(nora, play):
    assert id_text(play.ADA) not in (await nora.send_form("/staff/traders", name="ada@example.org")).text
    assert id_text(play.BEN) in (await nora.send_form("/staff/traders", name="ben@example.org")).text


async def test_a_form_about_another_program_does_nothing(nora, stage):
    before = len(stage.asked)
    account = id_text(stage.accounts["ada"])
    for path in (
        f"/staff/accounts/{account}/overrides",
        f"/staff/accounts/{account}/orders",
        "/staff/programs/21/retirement",
    ):
        assert (await nora.send_form(path, why="a reason that is long enough")).status_code == 404
    assert len(stage.asked) == before


async def test_where_the_guard_forgets_a_scope_the_book_still_has_no_such_decision(stage, nora, decisions, monkeypatch):
    async def there(*_: Any) -> bool:
        return True

    monkeypatch.setattr("web.visitor.is_there", there)
    answer = await nora.send_form(
        f"/staff/decisions/{decisions['BreachSuspected']}/review", outcome="confirm", why="long enough a reason"
    )
    assert answer.status_code == 404


async def test_whoever_sees_no_names_reads_numbers_and_finds_nobody_by_a_mail_address(stage, come_in, ralph, play):
    lone = come_in(f"staff:{stage.employ('rolf', 'read_only')}")
    account = f"/staff/accounts/{id_text(stage.accounts['ada'])}"
    for path in (account, "/staff/accounts", "/staff/controls"):
        page = (await lone.get(path)).text
        for name in ("Ada Marlow", "Ben Okafor", "Cleo Brandt", "Ruth Vale", "Omar Haddad"):
            assert name not in page, path
        assert "ada@example.org" not in page, path
    assert id_text(play.ADA) in (await lone.get(account)).text
    assert "erased" not in (await lone.get(account)).text
    assert (await lone.send_form("/staff/traders", name="ada@example.org")).status_code == 403
    assert "Ada Marlow" in (await ralph.get(account)).text


async def test_a_live_page_ends_when_what_they_may_see_changes(stage):
    number = stage.employ("lena", "risk")
    streams = create_app(stage.firm).state.streams
    member = stage.firm.live.staff().members[number]
    held = stage.firm.live.staff().of_member(member)
    lena = Visitor(
        kind="staff",
        id=number,
        role="risk",
        name="Lena",
        session_id=stage.session_of(f"staff:{number}"),
        permissions=held,
    )

    async def one_piece() -> dict[str, str]:
        return {"live": "<p>0</p>"}

    events = streams.watch(lena, "drift", one_piece)
    assert b"retry" in await anext(events)
    assert b"<p>0</p>" in await anext(events)
    stage.put(SetStaffScope(by="console", staff=number, scope=Scope(programs=(OTHER,)), why="her desk"))
    stage.settle()
    assert await anext(events) == ENDED
    assert [event async for event in events] == []


async def test_pages_that_are_shared_are_shared_by_those_who_see_the_same(stage):
    whole, autumn = stage.firm, stage.firm.seen_by(Scope(programs=(OTHER,)), names_seen=True)
    assert len({whole.seen_as, autumn.seen_as, whole.seen_by(Scope(), names_seen=False).seen_as}) == 3
    assert whole.seen_by(Scope(), names_seen=True).seen_as == whole.seen_as == ""
