"""The team's pages: who works here, what a change would come to, and what it comes to."""

from collections.abc import Iterator
from typing import Any

import pytest

from firm.ids import id_text
from web.app import create_app

WHY = "as agreed with everybody"


@pytest.fixture
def stage(tmp_path: Any, histories: Any) -> Iterator[Any]:
    played = histories.breached_at_prices_that_never_met(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
def app(stage: Any) -> Any:
    return create_app(stage.firm)


@pytest.fixture
def visit(app: Any, stage: Any, new_client: Any) -> Any:
    import httpx

    from web.visitor import csrf_token_of

    def signed_in(person: int) -> Any:
        client = new_client(httpx.ASGITransport(app))
        session = stage.session_of(f"staff:{person}")
        client.cookies.set("evenhand", session)
        client.token = csrf_token_of(session)
        return client

    return signed_in


def of(number: int) -> str:
    return f"/staff/team/{id_text(number)}"


async def test_the_list_says_who_is_what_and_on_what(visit, stage, play):
    nora = stage.employ("nora", "risk", ("two-step-100k",))
    omar = visit(play.OMAR)
    page = (await omar.get("/staff/team")).text
    for told in (
        "Ruth Vale",
        "ruth@example.org",
        "Omar Haddad",
        "Nora",
        "Two-step-100k",
        "Works here",
        "joined as risk",
    ):
        assert told in page, told
    mine = (await omar.get(of(play.OMAR))).text
    assert "This is you" in mine
    assert "/role" not in mine.partition("<main")[2]
    assert "works on two-step-100k" in (await omar.get(of(nora))).text.lower()
    assert (await omar.get(of(12345))).status_code == 404


async def test_a_role_is_previewed_and_then_given(visit, stage, play):
    omar, ruth = visit(play.OMAR), visit(play.RUTH)
    assert (await ruth.get("/staff/lab")).status_code == 200
    shown = await omar.send_form(f"{of(play.RUTH)}/role", role="support", step="preview")
    assert shown.status_code == 200
    assert "They would be support, for the whole firm." in shown.text
    assert "review decisions" in shown.text.partition("No more:")[2].partition("</p>")[0]
    assert stage.firm.live.staff().members[play.RUTH].role == "risk", "nothing was asked yet"
    short = await omar.send_form(f"{of(play.RUTH)}/role", role="support", step="do", why="ok")
    assert short.status_code == 422
    given = await omar.send_form(f"{of(play.RUTH)}/role", role="support", step="do", why=WHY)
    assert (given.status_code, given.headers["location"]) == (303, of(play.RUTH))
    assert (await ruth.get("/staff/lab")).status_code == 403
    page = (await ruth.get("/staff")).text
    assert "Ruth Vale, support" in page
    assert 'href="/staff/lab"' not in page
    assert WHY in (await omar.get(of(play.RUTH))).text


async def test_what_would_be_refused_is_said_before_and_when_it_is_asked(visit, stage, play):
    admin = visit(stage.employ("ann", "admin"))
    shown = await admin.send_form(f"{of(play.OMAR)}/role", role="support", step="preview")
    assert "This would be refused." in shown.text
    refused = await admin.send_form(f"{of(play.OMAR)}/role", role="support", step="do", why=WHY)
    assert refused.status_code == 422
    assert "holds more than they do" in refused.text
    assert "decide what is sold" in refused.text
    assert stage.firm.live.staff().members[play.OMAR].role == "owner"
    assert (
        await admin.send_form("/staff/roles", role="desk", permission="see_accounts", step="do", why=WHY)
    ).status_code == 403


async def test_a_scope_is_previewed_and_set(visit, stage, play):
    omar = visit(play.OMAR)
    asked = {"extent": "programs", "program": "two-step-100k"}
    shown = (await omar.send_form(f"{of(play.RUTH)}/scope", step="preview", **asked)).text
    assert "for two-step-100k" in shown
    assert "engage a kill switch" in shown.partition("No more:")[2].partition("</p>")[0]
    assert (await omar.send_form(f"{of(play.RUTH)}/scope", step="do", why=WHY, **asked)).status_code == 303
    assert stage.firm.live.staff().members[play.RUTH].scope.programs == ("two-step-100k",)
    empty = await omar.send_form(f"{of(play.RUTH)}/scope", step="do", why=WHY, extent="programs")
    assert empty.status_code == 422
    assert (await omar.send_form(f"{of(play.RUTH)}/scope", step="do", why=WHY, extent="whole")).status_code == 303
    assert stage.firm.live.staff().members[play.RUTH].scope.programs is None


async def test_who_is_let_go_is_out_at_once_and_cannot_come_back_in(visit, stage, play, new_client, app):
    import httpx

    omar, ruth = visit(play.OMAR), visit(play.RUTH)
    assert (await ruth.get("/staff")).status_code == 200
    shown = (await omar.send_form(f"{of(play.RUTH)}/leaving", step="preview")).text
    assert "Every session of theirs ends at once" in shown
    assert (await omar.send_form(f"{of(play.RUTH)}/leaving", step="do", why=WHY)).status_code == 303
    assert (await ruth.get("/staff")).status_code == 303
    assert stage.firm.sessions.get(stage.session_of(f"staff:{play.OLGA}"), stage.wall_us) is not None
    assert stage.firm.sessions.get(f"session-of-staff-{play.RUTH}", stage.wall_us) is None
    again = await new_client(httpx.ASGITransport(app)).sign_in("ruth@example.org", play.PASSWORD)
    assert again.status_code == 422
    page = (await omar.get("/staff/team")).text
    assert "Left" in page
    assert "Ruth Vale" in page, "past acts stay under a name"
    assert "/role" not in (await omar.get(of(play.RUTH))).text.partition("<main")[2]


async def test_the_last_owner_stays(visit, stage, play):
    omar = visit(play.OMAR)
    assert (await omar.send_form(f"{of(play.OLGA)}/leaving", step="do", why=WHY)).status_code == 303
    ann = stage.employ("ann", "admin")
    assert (await omar.send_form(f"{of(ann)}/role", role="owner", step="do", why=WHY)).status_code == 303
    assert (await visit(ann).send_form(f"{of(play.OMAR)}/leaving", step="do", why=WHY)).status_code == 303
    assert (await omar.get("/staff")).status_code == 303


async def test_a_role_of_the_firms_own_is_defined_given_changed_and_retired(visit, stage, play):
    omar = visit(play.OMAR)
    ticked = {"permission": ["see_decisions", "review_decisions"]}
    shown = (await omar.send_form("/staff/roles", role="night-desk", step="preview", **ticked)).text
    assert "The role night-desk would hold 3 permissions; nobody has it yet." in shown
    assert (await omar.send_form("/staff/roles", role="night-desk", step="do", why=WHY, **ticked)).status_code == 303
    assert "Night-desk" in (await omar.get("/staff/roles")).text
    assert (await omar.send_form(f"{of(play.RUTH)}/role", role="night-desk", step="do", why=WHY)).status_code == 303
    ruth = visit(play.RUTH)
    assert (await ruth.get("/staff/decisions")).status_code == 200
    assert (await ruth.get("/staff/accounts")).status_code == 403
    changed = await omar.send_form("/staff/roles", role="night-desk", step="preview", permission="see_decisions")
    assert "one person has it" in changed.text
    held = await omar.send_form("/staff/roles/night-desk/retirement", why=WHY)
    assert held.status_code == 422
    assert (await omar.send_form(f"{of(play.RUTH)}/role", role="risk", step="do", why=WHY)).status_code == 303
    assert (await omar.send_form("/staff/roles/night-desk/retirement", why=WHY)).status_code == 303
    assert (await omar.send_form("/staff/roles/night-desk/retirement", why=WHY)).status_code == 404


@pytest.mark.parametrize("ticked", [{}, {"permission": "fly"}])
async def test_a_role_of_nothing_is_none(ticked, visit, play):
    answer = await visit(play.OMAR).send_form("/staff/roles", role="desk", step="do", why=WHY, **ticked)
    assert answer.status_code == 422
