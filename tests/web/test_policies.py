"""Who may open what: every route, every kind of visitor, other people's things, and the headers of whatever comes back."""

import re

import pytest

from firm.ids import id_text
from tests.web.stage import ADA
from web.app import create_app, policies
from web.csp import POLICY
from web.key_holder import ByKey
from web.visitor import May, Policy


def filled(path: str, account: int, decision: int) -> str:
    """A route's path with an account, a decision and the rest put in."""
    values = {
        "{account:str}": id_text(account),
        "{trader:str}": id_text(ADA),
        "{decision:int}": str(decision),
        "{seq:int}": "1",
        "{trial:int}": "1",
        "{draft:str}": "none",
        "{document:str}": "none",
        "{api_key:str}": "none",
        "{incident:int}": "1",
        "{version:int}": "21",  # the row that published what the stage sells
        "trace.jsonl": "trace.jsonl?desk=risk",
        "{switch:str}": "payouts",
        "{bridge:str}": "sim",
        "{command:str}": "none",
        "{kind:str}": "order",
        "{key:str}": "none",
        "{role:str}": "none",
        "{staff:str}": id_text(account),
        "{name:str}": "none",
        "{handle:str}": "none",
        "{member:int}": "1",
    }
    for name, value in values.items():
        path = path.replace(name, value)
    assert "{" not in path, f"{path}: say here what belongs into it"
    return path


def ours(app):
    return [route for route in policies(app) if not route[0].startswith("/static")]


def test_every_route_declares_who_may_call_it(app):
    found = list(policies(app))
    assert len(found) > 25
    assert all(isinstance(policy, Policy | May | ByKey) for _, _, policy in found)


def test_a_route_without_a_policy_stops_the_application_from_being_built(stage, monkeypatch):
    from litestar import get

    import web.app as built

    @get("/open-to-all")
    async def forgotten() -> None: ...

    class Forgotten:
        ROUTES = (forgotten,)

    monkeypatch.setattr(built, "PAGES", (*built.PAGES, Forgotten))
    with pytest.raises(AssertionError, match="declares no policy"):
        create_app(stage.firm)


async def test_without_signing_in_only_the_door_is_open(app, nobody, stage, decisions):
    for path, method, policy in ours(app):
        if policy in (Policy.PUBLIC, Policy.MEASURING):  # the latter has a table of its own in tests/health
            continue
        path = filled(path, stage.accounts["ada"], decisions["BreachDeclared"])
        answer = await (nobody.get(path) if method == "GET" else nobody.send_form(path))
        sent_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        assert sent_away or answer.status_code == 401, f"{method} {path}: {answer.status_code}"


async def test_ben_never_sees_what_is_adas(app, ben, stage, decisions):
    for path, method, policy in ours(app):
        if policy is not Policy.TRADER_OWN:
            continue
        path = filled(path, stage.accounts["ada"], decisions["BreachDeclared"])
        answer = await (ben.get(path) if method == "GET" else ben.send_form(path))
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
        assert "Ada" not in answer.text
        assert "100,0" not in answer.text


async def test_what_is_not_there_and_what_is_not_his_look_the_same_to_ben(ben, stage):
    hers = await ben.get(f"/accounts/{id_text(stage.accounts['ada'])}")
    nobodys = await ben.get(f"/accounts/{id_text(12345)}")
    strip = lambda text: text.partition("Reference")[0]  # noqa: E731
    assert (hers.status_code, strip(hers.text)) == (nobodys.status_code, strip(nobodys.text))


async def test_traders_do_not_enter_the_backoffice(app, ada, stage, decisions):
    for path, method, policy in ours(app):
        if not isinstance(policy, May):
            continue
        path = filled(path, stage.accounts["ada"], decisions["BreachDeclared"])
        answer = await (ada.get(path) if method == "GET" else ada.send_form(path, why="let me"))
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
        assert "no permission" in answer.text
    assert not [asked for asked in stage.asked if asked.by.startswith("trader")]


async def test_an_owner_opens_every_page_of_the_backoffice(app, omar, stage, decisions):
    for path, method, policy in ours(app):
        if not isinstance(policy, May) or method != "GET" or path.endswith("/live"):
            continue
        if any(each in path for each in ("{staff:str}", "{trial:int}", "{incident:int}", "{draft:str}", "kept-again")):
            # Nothing was tried on this stage, nothing missing or drafted, and no rule kept again: test_lab_page.py,
            # test_incident_pages.py, test_kept_drafts.py and test_rule_decisions.py open these.
            continue
        path = filled(path, stage.accounts["ada"], decisions["BreachDeclared"])
        answer = await omar.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"


async def test_a_number_that_no_row_can_have_names_what_is_not_there(app, omar, ada, stage, decisions):
    seen = 0
    for path, method, policy in ours(app):
        if ":int}" not in path or isinstance(policy, ByKey):  # the API's are in test_api.py
            continue
        client = omar if isinstance(policy, May) else ada
        for number in ("9" * 30, str(2**63), "-1"):
            named = filled(re.sub(r"\{\w+:int\}", number, path), stage.accounts["ada"], decisions["BreachDeclared"])
            answer = await (client.get(named) if method == "GET" else client.send_form(named, why="to see"))
            assert answer.status_code == 404, f"{method} {named}: {answer.status_code}"
            seen += 1
    assert seen > 60


async def test_staff_on_a_traders_page_are_offered_the_same_in_the_backoffice(ruth, stage, decisions):
    account, decision = id_text(stage.accounts["ada"]), decisions["BreachDeclared"]
    for path, room in (
        ("/accounts", "/staff/accounts"),
        (f"/accounts/{account}", f"/staff/accounts/{account}"),
        (f"/accounts/{account}/trades", f"/staff/accounts/{account}"),
        (f"/decisions/{decision}", f"/staff/decisions/{decision}"),
    ):
        page = (await ruth.get(path)).text
        assert f'href="{room}"' in page.partition("<main")[2], path
        assert "Open it in the backoffice" in page
        assert "ask an owner" not in page


async def test_whoever_is_refused_keeps_the_way_around_and_words_of_their_own(ada, ruth, nobody):
    for client, path, status in (
        (ada, "/nowhere/at/all", 404),
        (ada, "/accounts/zzz", 404),
        (ada, "/staff", 403),
        (ruth, "/accounts", 403),
        (ruth, "/staff/controls/none", 404),
    ):
        answer = await client.get(path)
        assert answer.status_code == status, path
        assert 'aria-label="Main"' in answer.text, path
        for ours in ("for you", "No id", "zzz", "Not Found"):
            assert ours not in answer.text.partition("</main>")[0], path
    assert "ask an owner" not in (await ada.get("/staff")).text
    assert (await nobody.get("/nowhere")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/nowhere", "/accounts", "/static/evenhand.css", "/static/../app.py", "/session", "/decisions/x"],
)
async def test_every_response_is_hardened_errors_too(ada, path):
    answer = await ada.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    kept = path == "/static/evenhand.css"
    assert answer.headers["cache-control"] == ("public, max-age=31536000, immutable" if kept else "no-store")


async def test_nothing_outside_the_static_folder_is_served(nobody):
    for path in ("/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert (await nobody.get(path)).status_code == 404


async def test_a_fault_of_ours_names_a_reference_and_hides_the_rest(ada, stage, decisions, monkeypatch, caplog):
    def broken(decision: int, since: str | None) -> bytes:
        raise LookupError("the secret of the house")

    monkeypatch.setitem(stage.firm.__dict__, "evidence", broken)
    answer = await ada.get(f"/decisions/{decisions['BreachDeclared']}/evidence")
    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    reference = answer.text.partition("Reference <code>")[2][:11]
    assert reference in caplog.text
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**20, 10**30])
async def test_a_number_that_no_row_can_have_is_no_page_and_no_fault(ada, ruth, number):
    assert (await ada.get(f"/decisions/{number}")).status_code == 404
    assert (await ada.get(f"/decisions/{number}/evidence")).status_code == 404
    assert (await ruth.get(f"/staff/decisions/{number}")).status_code == 404
    of_a_list = 200 if number < 2**63 else 422  # beyond, it is said to be no place in it
    assert (await ruth.get(f"/staff/accounts?after={number}~1")).status_code == of_a_list
    assert (await ruth.get(f"/staff/accounts?after=1~-{number}")).status_code == of_a_list
    assert (await ruth.get(f"/staff/decisions?before={number}")).status_code == 200
