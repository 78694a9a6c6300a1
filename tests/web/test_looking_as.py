"""Viewing as a trader: begun with a reason and a fresh proof, put on record, read only, over in time, and told to the trader."""

import asyncio
import re

import httpx
import pytest

from firm.commands import (
    BeginView,
    DefineRole,
    EndView,
    EraseTrader,
    LetStaffGo,
    SeePage,
    SetStaffRole,
    SetStaffScope,
    ViewEnd,
)
from firm.facts import Refusal, Refused, ViewBegan
from firm.ids import id_text
from firm.instant import MINUTE_US
from firm.permissions import Scope
from firm.personal import destructions
from storage.readmodels.views import views_of
from tests.web.page_text import text_of
from web.app import create_app, end_streams, policies
from web.bounds import FRESH_US
from web.key_holder import ByKey
from web.visitor import May, Policy, csrf_token_of

WHY = "Ada asks what her page says, ticket 118"
BANNER = "You are viewing the portal as Ada Marlow."
# Forms that a view does not refuse: they end it.
WAYS_OUT = {"/view/end", "/session/end"}
# Pages of a trader that a view shows; whatever is not here, and is no public page, is refused.
SHOWN = {
    "/accounts", "/accounts/{account:str}", "/accounts/{account:str}/live", "/accounts/{account:str}/chart",
    "/accounts/{account:str}/notices", "/accounts/{account:str}/rules", "/accounts/{account:str}/trades", "/decisions/{decision:int}",
    "/my-data",
}  # fmt: skip
OF_THE_SHELL = {"/find", "/keys"}  # what leads to other pages, for whoever sits there


def account_of(stage, name="ada"):
    return id_text(stage.accounts[name])


@pytest.fixture
def support(stage, come_in, request):
    """Somebody new of support, so that no test meets the view of another."""
    number = stage.employ(f"support-of-{request.node.name}"[:60], "support")
    client = come_in(f"staff:{number}")
    client.number = number
    return client


async def begin(client, stage, name="ada", why=WHY):
    return await client.send_form(f"/staff/accounts/{account_of(stage, name)}/view", why=why)


def views(stage, trader):
    with stage.reader.connection() as book:
        return views_of(book, trader, 50)


def last_view(stage, play):
    return views(stage, play.ADA)[0]


async def test_a_view_shows_what_the_trader_sees_and_ends_where_it_began(support, stage, play):
    cookie = support.cookies["evenhand"]
    began = await begin(support, stage)
    assert (began.status_code, began.headers["location"]) == (303, f"/accounts/{account_of(stage)}")
    page = await support.get(began.headers["location"])
    assert page.status_code == 200
    assert BANNER in page.text
    assert "Ada Marlow" in (await support.get("/accounts")).text
    assert (await support.get(f"/accounts/{account_of(stage, 'ben')}")).status_code == 404
    assert (await support.get("/staff/accounts")).status_code == 403
    ended = await support.send_form("/view/end")
    assert ended.headers["location"] == f"/staff/accounts/{account_of(stage)}"
    home = await support.get(ended.headers["location"])
    assert home.status_code == 200
    assert BANNER not in home.text
    assert support.cookies["evenhand"] == cookie
    line = last_view(stage, play)
    assert (line.who, line.role, line.why) == (f"staff:{support.number}", "support", WHY)
    assert (line.how, line.pages) == ("ended", 2)
    asked = [each for each in (*stage.asked, *stage.noted) if each.by == line.who]
    assert [type(each) for each in asked if isinstance(each, BeginView | SeePage | EndView)] == [
        BeginView,
        EndView,
        SeePage,
        SeePage,
    ]


async def test_a_view_needs_a_reason_and_a_proof_of_now(support, stage, play):
    before = len(views(stage, play.ADA))
    assert (await begin(support, stage, why="")).status_code == 422
    assert (await begin(support, stage, why="short")).status_code == 422
    stage.wall_us += FRESH_US + MINUTE_US
    assert "Is it still you?" in (await begin(support, stage)).text
    assert len(views(stage, play.ADA)) == before


async def test_a_form_from_elsewhere_begins_and_ends_nothing(support, stage, play):
    before = len(views(stage, play.ADA))
    path = f"/staff/accounts/{account_of(stage)}/view"
    assert (await support.post(path, data={"why": WHY}, headers={"origin": "http://127.0.0.1"})).status_code == 403
    foreign = {"origin": "http://evil.example"}
    told = {"why": WHY, "csrf_token": support.token}
    assert (await support.post(path, data=told, headers=foreign)).status_code == 403
    assert len(views(stage, play.ADA)) == before
    await begin(support, stage)
    assert (await support.post("/view/end", data=told, headers=foreign)).status_code == 403
    assert BANNER in (await support.get("/accounts")).text


def filled(path, stage, decisions):
    for name, value in {"account": account_of(stage), "decision": f"{decisions['BreachDeclared']}"}.items():
        path = path.replace(f"{{{name}:str}}", value).replace(f"{{{name}:int}}", value)
    return re.sub(r"\{\w+(:\w+)?\}", "1", path)


async def asked(support, method, where):
    """As its page would: the one for documents sends a file, which may have few fields beside it."""
    return await (support.get(where) if method == "GET" else support.send_form(where, typed="forget me"))


async def test_a_view_reads_the_traders_pages_and_no_other_route_answers_it(app, support, stage, decisions):
    """Every route there is, as a view: pages are shown with the banner, and everything else is refused by a guard."""
    end_streams(app)
    await begin(support, stage)
    rows = stage.engine.size
    wrong, shown = [], set()
    for path, method, policy in policies(app):
        if path in WAYS_OUT or policy is Policy.MEASURING or method == "HEAD":
            continue
        where = filled(path, stage, decisions)
        answer = await asked(support, method, where)
        if method == "GET" and policy is Policy.PUBLIC:
            refused = answer.status_code == 403 or answer.status_code >= 500  # what everybody may see
        elif isinstance(policy, ByKey):
            refused = answer.status_code != 401  # a cookie counts for nothing there
        elif path in SHOWN | OF_THE_SHELL:
            refused = answer.status_code != 200
            shown.add(path)
        else:
            refused = answer.status_code != 403
            assert "evenhand" not in answer.cookies
        if refused or ("attachment" in answer.headers.get("content-disposition", "") and policy is not Policy.PUBLIC):
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []
    assert shown == SHOWN | OF_THE_SHELL
    added = [stage.reader.row(seq).kind for seq in range(rows + 1, stage.engine.size + 1)]
    assert set(added) <= {"SeePage", "PageSeen"}
    assert added.count("PageSeen") == len({path.removesuffix("/live").removesuffix("/chart") for path in SHOWN})


async def test_a_link_of_a_mail_does_not_end_a_view_behind_its_back(support, stage):
    await begin(support, stage)
    for page in ("/new-password", "/confirm-address", "/new-address"):
        assert (await support.get(f"{page}?token=junk")).status_code == 403
    assert BANNER in (await support.get("/accounts")).text


def test_every_page_of_traders_is_shown_to_a_view_or_theirs_alone(app):
    of_traders = {
        path
        for path, method, policy in policies(app)
        if policy in (Policy.TRADER, Policy.TRADER_OWN) and method == "GET"
    }
    alone = {
        "/accounts/{account:str}/trades.csv", "/decisions/{decision:int}/evidence", "/decisions/{decision:int}/kept-again/evidence",
        "/my-data.zip", "/documents",
    }  # fmt: skip
    assert of_traders == SHOWN | alone


async def test_a_guard_that_lets_forms_through_is_noticed(stage, new_client, support, monkeypatch):
    monkeypatch.setattr("web.looking.UNSAFE", frozenset())
    app = create_app(stage.firm)
    client = new_client(httpx.ASGITransport(app))
    client.cookies.set("evenhand", support.cookies["evenhand"])
    client.token = support.token
    await begin(client, stage)
    assert (await client.send_form("/session", mail="ada@example.org")).status_code != 403


async def test_a_view_is_over_after_its_time_however_it_is_used(support, stage, play):
    await begin(support, stage)
    for _ in range(2):
        stage.wall_us += 7 * MINUTE_US
        assert BANNER in (await support.get("/accounts")).text
    stage.wall_us += MINUTE_US
    late = await support.get("/accounts")
    assert late.status_code == 403
    assert "its quarter of an hour is over" in late.text
    assert last_view(stage, play).how == "expired"
    assert (await support.get("/staff/accounts")).status_code == 200


async def test_a_clock_that_was_set_back_prolongs_no_view(support, stage, play):
    await begin(support, stage)
    stage.wall_us -= MINUTE_US
    assert (await support.get("/accounts")).status_code == 403
    stage.wall_us += MINUTE_US
    assert last_view(stage, play).how == "expired"


async def test_whoever_may_no_more_looks_no_more_at_the_next_request(support, stage, play):
    await begin(support, stage)
    stage.put(SetStaffRole(by="console", staff=support.number, role="read_only", why="another desk"))
    stage.settle()
    answer = await support.get("/accounts")
    assert answer.status_code == 403
    assert "you may not view the portal as a trader any more" in answer.text
    assert last_view(stage, play).how == "revoked"


async def test_whoever_has_left_looks_no_more_and_their_view_is_over(support, stage, play):
    await begin(support, stage)
    stage.put(LetStaffGo(by="console", staff=support.number, why="their last day"))
    stage.settle()
    assert (await support.get("/accounts")).status_code == 303
    assert last_view(stage, play).how == "left"


async def test_signing_out_ends_the_view_too(support, stage, play):
    await begin(support, stage)
    assert (await support.send_form("/session/end")).headers["location"] == "/sign-in"
    assert last_view(stage, play).how == "signed_out"
    assert (await support.get("/accounts")).status_code == 303


async def test_two_tabs_are_in_one_view_and_end_it_once(support, stage, play):
    form = f"/staff/accounts/{account_of(stage)}/view"
    other_tab = await support.get(form)  # opened before: its form is not sent in the view
    await begin(support, stage)
    assert other_tab.status_code == 200
    assert (await begin(support, stage, "ben")).status_code == 403  # nobody looks through somebody else's eyes
    assert len([each for each in views(stage, play.BEN) if each.who == f"staff:{support.number}"]) == 0
    await asyncio.gather(support.send_form("/view/end"), support.send_form("/view/end"))
    ends = [each for each in stage.asked if isinstance(each, EndView) and each.by == f"staff:{support.number}"]
    assert [each.how for each in ends] == [ViewEnd.ENDED]
    assert (await support.send_form("/view/end")).status_code == 303


async def test_a_live_page_ends_with_the_view(stage, new_client, support):
    app = create_app(stage.firm)
    client = new_client(httpx.ASGITransport(app))
    client.cookies.set("evenhand", support.cookies["evenhand"])
    client.token = support.token
    await begin(client, stage)
    watching = asyncio.create_task(client.get(f"/accounts/{account_of(stage)}/live"))
    async with asyncio.timeout(5):
        while not app.state.streams.open:  # noqa: ASYNC110  (no event tells of a stream)
            await asyncio.sleep(0)
        await client.send_form("/view/end")
        told = (await watching).text
    assert told.endswith("event: ended\ndata:\n\n")
    assert not app.state.streams.open


async def test_the_trader_reads_that_it_happened_by_whom_and_why(support, stage, come_in, play):
    await begin(support, stage)
    page = (await come_in(f"trader:{play.ADA}").get("/security")).text
    assert "Viewed by the firm" in page
    assert "Somebody of the firm’s staff, as support" in text_of(page)
    assert WHY in page
    assert "Support-Of" not in page
    assert id_text(support.number) not in page
    assert "Viewed by the firm" not in (await come_in(f"trader:{play.CLEO}").get("/security")).text


async def test_whoever_sees_no_names_looks_as_nobody(stage, come_in):
    held = ("enter", "see_accounts", "view_as")
    stage.put(DefineRole(by="console", role="nameless", permissions=held, why="they see no names"))
    client = come_in(f"staff:{stage.employ('nameless-one', 'nameless')}")
    for answer in (await client.get(f"/staff/accounts/{account_of(stage)}/view"), await begin(client, stage)):
        assert answer.status_code == 403
        assert "see_names" in answer.text


async def test_a_scope_holds_in_a_view_too(stage, come_in, play):
    elsewhere = come_in(f"staff:{stage.employ('one-elsewhere', 'support', ('another-100k',))}")
    assert (await begin(elsewhere, stage)).status_code == 404
    number = stage.employ("one-here", "support", ("two-step-100k",))
    here = come_in(f"staff:{number}")
    assert (await begin(here, stage)).status_code == 303
    assert (await here.get(f"/accounts/{account_of(stage)}")).status_code == 200
    moved = SetStaffScope(by="console", staff=number, scope=Scope(programs=("another-100k",)), why="another desk")
    stage.put(moved)
    stage.settle()
    assert (await here.get(f"/accounts/{account_of(stage)}")).status_code == 404
    assert (await here.get("/accounts")).status_code == 403
    assert last_view(stage, play).how == "revoked"


@pytest.mark.parametrize("who", ["ruth", "nobody at all"])
def test_the_engine_lets_nobody_look_as_staff_or_as_nobody(stage, play, who):
    number = play.RUTH if who == "ruth" else 12345
    asked = BeginView(by=f"staff:{play.OMAR}", trader=number, on=0, role="owner", why=WHY, seconds=900)
    [(_, no)] = stage.put(asked).facts
    assert isinstance(no, Refused)
    assert no.refusal is Refusal.UNKNOWN_TRADER


def test_the_engine_lets_nobody_look_for_longer_or_without_a_reason(stage, play):
    for changed, refusal in (
        ({"seconds": 901}, Refusal.VIEW_TOO_LONG),
        ({"seconds": 0}, Refusal.VIEW_TOO_LONG),
        ({"why": " "}, Refusal.WHY_MISSING),
        ({"by": f"staff:{play.RUTH}"}, Refusal.NOT_PERMITTED),
    ):
        told = {
            "by": f"staff:{play.OMAR}",
            "trader": play.ADA,
            "on": 0,
            "role": "owner",
            "why": WHY,
            "seconds": 900,
        } | changed
        [(_, no)] = stage.put(BeginView(**told)).facts
        assert no.refusal is refusal


async def test_a_trader_who_asked_to_be_forgotten_is_looked_at_no_more(shop, shop_app, new_client, play):
    """In a firm of its own: the view ends at the page that the engine refuses, and again where the vault knows nobody."""
    from msgspec.structs import replace

    from web.signed import Signed, View, written

    began = shop.put(BeginView(by=f"staff:{play.OMAR}", trader=play.ADA, on=0, role="owner", why=WHY, seconds=900))
    assert isinstance(began.facts[0][1], ViewBegan)
    view = View(began.seq, play.ADA, 0, shop.wall_us, shop.wall_us + 15 * MINUTE_US)
    client, signed = new_client(httpx.ASGITransport(shop_app)), Signed(factor=True, proved_us=shop.wall_us, view=view)
    client.cookies.set("evenhand", "one")
    client.token = csrf_token_of("one")
    shop.firm.sessions.set("one", written(signed), shop.wall_us, f"staff:{play.OMAR}")
    assert BANNER in (await client.get("/accounts")).text
    shop.put(EraseTrader(by="console", trader=play.ADA, why="asked for it", classes=destructions(shop.now_us)))
    shop.settle()
    gone = await client.get("/my-data")
    assert gone.status_code == 403
    assert "the trader was forgotten" in gone.text
    assert [each.how for each in shop.asked if isinstance(each, EndView)] == [ViewEnd.GONE]
    unknown = replace(signed, view=replace(view, trader=12345))
    shop.firm.sessions.set("one", written(unknown), shop.wall_us, f"staff:{play.OMAR}")
    assert (await client.get("/accounts")).status_code == 403
    assert shop.asked[-1].how is ViewEnd.GONE


def test_of_the_backoffice_nothing_is_reached_from_a_view(app):
    assert {
        str(policy) for path, _, policy in policies(app) if path.startswith("/staff") and not isinstance(policy, May)
    } == set()
