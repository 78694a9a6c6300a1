"""The API for machines: each route × each key × its scope; keys count here and cookies do not; what it says is what pages say."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from litestar import get

from firm.commands import LetStaffGo, RevokeApiKey, SetStaffRole
from firm.ids import id_text
from firm.instant import DAY_US
from firm.permissions import MEANS, Permission
from storage.readmodels.api_keys import all_api_keys
from web.allowance import Limits, Rate
from web.api import routes as api
from web.app import create_app, policies
from web.key_holder import ByKey, by_key
from web.visitor import Policy

P = Permission
EVERYTHING = ("see_accounts", "see_decisions", "see_programs")
OF_A_TRADER = ("{account", "{decision")

# What people decided, and no route: (key, path, status).
TELLING = [
    ("whole", "/accounts", 200),
    ("whole", "/accounts/{account}", 200),
    ("whole", "/accounts/{account}/decisions", 200),
    ("whole", "/decisions/{decision}", 200),
    ("whole", "/programs", 200),
    ("accounts", "/accounts/{account}", 200),
    ("accounts", "/accounts/{account}/decisions", 403),
    ("accounts", "/decisions/{decision}", 403),
    ("accounts", "/programs", 403),
    ("programs", "/accounts", 403),
    ("elsewhere", "/accounts/{account}", 404),
    ("elsewhere", "/decisions/{decision}", 404),
    ("abroad", "/accounts/{account}", 404),
    ("abroad", "/programs", 200),
    ("here", "/decisions/{decision}", 200),
    ("nobody", "/accounts", 401),
    ("nobody", "/health", 401),
    ("programs", "/health", 200),
]


@pytest.fixture(scope="module")
def stage(histories: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    played = histories.played(tmp_path_factory.mktemp("stage") / "firm", crowd=5)
    yield played
    played.close()


@pytest.fixture(scope="module")
def keys(stage: Any) -> dict[str, str]:
    return {
        "whole": stage.key_for(EVERYTHING),
        "accounts": stage.key_for(("see_accounts",)),
        "programs": stage.key_for(("see_programs",)),
        "here": stage.key_for(EVERYTHING, ("two-step-100k",)),
        "elsewhere": stage.key_for(EVERYTHING, ("another-100k",)),
        "abroad": stage.key_for(EVERYTHING, regions=("north",)),
        "nobody": "",
    }


@pytest.fixture(scope="module")
def held(stage: Any, keys: dict[str, str]) -> dict[str, frozenset[Permission]]:
    told = {"accounts": {P.SEE_ACCOUNTS}, "programs": {P.SEE_PROGRAMS}}
    return {name: frozenset(told.get(name, {P.SEE_ACCOUNTS, P.SEE_DECISIONS, P.SEE_PROGRAMS})) for name in keys}


@pytest.fixture(scope="module")
def words(stage: Any, decisions: dict[str, int]) -> dict[str, str]:
    return {"account": id_text(stage.accounts["ada"]), "decision": str(decisions["BreachDeclared"])}


@pytest.fixture(scope="module")
def machine(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url="http://127.0.0.1", transport=httpx.ASGITransport(app))


def filled(path: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        path = path.replace(f"{{{name}:str}}", value).replace(f"{{{name}:int}}", value).replace(f"{{{name}}}", value)
    return path


async def asked(machine: httpx.AsyncClient, word: str, path: str, **query: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {word}"} if word else {}
    path = path if path.startswith("/api") else f"/api/v1{path}"
    return await machine.get(path, headers=headers, params=query or None)


def of_api(app: Any) -> list[tuple[str, str, ByKey]]:
    return [route for route in policies(app) if isinstance(route[2], ByKey)]


async def test_every_route_lets_in_the_keys_that_it_declares_and_no_others(app, machine, keys, held, words):
    found = []
    for path, method, policy in of_api(app):
        assert method == "GET"
        for name, word in keys.items():
            answer = await asked(machine, word, filled(path, words))
            wanted = 401 if name == "nobody" else 200
            if wanted == 200 and policy.permission is not None and policy.permission not in held[name]:
                wanted = 403
                assert MEANS[policy.permission] in answer.json()["detail"]
            if wanted == 200 and name in ("elsewhere", "abroad") and any(one in path for one in OF_A_TRADER):
                wanted = 404
            if answer.status_code != wanted:
                found.append(f"{name} {path}: {answer.status_code}, not {wanted}")
            assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json"
    assert found == []


@pytest.mark.parametrize(("name", "path", "status"), TELLING)
async def test_a_telling_cell_is_as_people_decided(name, path, status, machine, keys, words):
    assert (await asked(machine, keys[name], filled(path, words))).status_code == status


@pytest.mark.parametrize(("name", "status"), [("whole", 200), ("here", 200), ("elsewhere", 404)])
async def test_a_route_that_looks_nothing_up_tells_a_key_nothing_of_another_program(
    name, status, stage, keys, words, monkeypatch
):
    """Routes read a book that is narrowed to the key's programs; the guard refuses before one that forgets to."""

    @get(["/careless/{account:str}", "/careless/by/{decision:int}"], policy=by_key(P.SEE_ACCOUNTS))
    async def careless() -> str:
        return "told"

    monkeypatch.setattr(api, "ROUTES", (*api.ROUTES, careless))
    transport = httpx.ASGITransport(create_app(stage.firm))
    async with httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport) as machine:
        for path in ("/careless/{account}", "/careless/by/{decision}"):
            answer = await asked(machine, keys[name], filled(path, words))
            assert (answer.status_code, "told" in answer.text) == (status, status == 200)


def test_routes_of_the_api_and_no_others_are_for_keys(app):
    for path, method, policy in policies(app):
        is_open = policy is Policy.PUBLIC and path == "/api/v1/openapi.json"
        assert (isinstance(policy, ByKey) or is_open) is path.startswith("/api/"), f"{method} {path}"


async def test_a_key_opens_no_page_and_a_session_no_route_of_the_api(app, machine, keys, stage, play, words):
    for path in ("/staff/accounts", "/accounts", "/staff/team"):
        answer = await machine.get(path, headers={"authorization": f"Bearer {keys['whole']}"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    session = stage.session_of(f"staff:{play.OMAR}")
    for path, _, _ in of_api(app):
        answer = await machine.get(filled(path, words), headers={"cookie": f"evenhand={session}"})
        assert answer.status_code == 401


async def test_an_account_is_told_as_its_page_tells_it(machine, keys, words, stage):
    told = (await asked(machine, keys["whole"], filled("/accounts/{account}", words))).json()
    assert (told["account"], told["program"], told["currency"], told["exponent"]) == (
        words["account"], "two-step-100k", "USD", 2,
    )  # fmt: skip
    assert told["initial_minor"] == 10_000_000
    assert "Ada" not in json.dumps(told)
    decided = (await asked(machine, keys["whole"], filled("/decisions/{decision}", words))).json()
    assert decided["decision"]["kind"] == "BreachDeclared"
    assert str(decided["decision"]["decision"]) == words["decision"]
    assert any("floor" in paragraph for paragraph in decided["explanation"])


async def test_pages_of_accounts_and_decisions_miss_none_and_tell_none_twice(machine, keys, words, stage):
    seen, after = [], ""
    while after is not None:
        answer = (await asked(machine, keys["whole"], "/accounts", limit=2, after=after)).json()
        seen += [one["account"] for one in answer["accounts"]]
        after = answer["next"]
    assert len(seen) == len(set(seen)) > 5
    assert words["account"] in seen
    path = filled("/accounts/{account}/decisions", words)
    every = (await asked(machine, keys["whole"], path)).json()["decisions"]
    first = (await asked(machine, keys["whole"], path, limit=1)).json()
    rest = (
        (await asked(machine, keys["whole"], path, before=first["next"])).json() if first["next"] else {"decisions": []}
    )
    assert first["decisions"] + rest["decisions"] == every


async def test_a_list_holds_what_is_in_scope_and_nothing_else(machine, keys):
    assert (await asked(machine, keys["elsewhere"], "/accounts")).json() == {"accounts": [], "next": None}
    assert (await asked(machine, keys["elsewhere"], "/programs")).json() == {"programs": []}
    assert {one["program"] for one in (await asked(machine, keys["here"], "/programs")).json()["programs"]} == {
        "two-step-100k"
    }
    assert (await asked(machine, keys["here"], "/accounts", limit=200)).json()["accounts"]


@pytest.mark.parametrize(
    "path",
    ["/accounts?limit=0", "/accounts?limit=1000", "/accounts?after=x", "/accounts?standing=odd", "/accounts?program=" + "x" * 101],
)  # fmt: skip
async def test_what_cannot_be_read_is_said_in_the_form_of_a_problem(machine, keys, path):
    answer = await asked(machine, keys["whole"], path)
    assert answer.status_code == 400
    assert answer.json()["reference"]


@pytest.mark.parametrize(("method", "path", "status"), [
    ("POST", "/accounts", 405), ("DELETE", "/programs", 405), ("OPTIONS", "/accounts", 405), ("GET", "/nothing", 404),
    ("GET", "/accounts/7K2MQ-9XW3F", 404), ("GET", "/accounts/%00", 404), ("GET", "/decisions/0", 404),
    ("GET", "/decisions/" + "9" * 30, 404),
])  # fmt: skip
async def test_what_is_not_there_is_a_problem_and_no_page(machine, keys, method, path, status):
    headers = {"authorization": f"Bearer {keys['whole']}"}
    answer = await machine.request(method, f"/api/v1{path}", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_description_is_open_and_names_every_route(app, machine):
    answer = await machine.get("/api/v1/openapi.json")
    told = answer.json()
    assert answer.status_code == 200
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) == {path.replace(":str", "").replace(":int", "") for path, _, _ in of_api(app)}
    assert told["security"] == [{"key": []}]
    for path in told["paths"].values():
        assert {"200", "400", "401", "403", "404", "429", "503"} == set(path["get"]["responses"])


# --- a key that is not good ---


async def test_a_wrong_key_is_refused_alike_whatever_is_wrong_with_it(machine, keys, stage):
    word = keys["whole"]
    other = stage.key_for(("see_programs",), name="swapped")
    told = set()
    for bad in (
        word[:-1] + ("0" if word[-1] != "0" else "1"),
        "evh_",
        "x" * 5_000,
        other[:14] + word[14:],
        "evh_" + "0" * 69,
    ):
        answer = await asked(machine, bad, "/health")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        told.add(answer.json()["detail"])
    assert len(told) == 1


async def test_a_secret_of_another_key_opens_nothing(machine, stage):
    """Both are good, and each is its own."""
    from web import api_secret

    one, two = stage.key_for(("see_programs",), name="one"), stage.key_for(("see_programs",), name="two")
    body = one[:14] + two[14:-7]
    forged = body + api_secret._check(body)
    assert api_secret.spelled(forged).key == api_secret.spelled(one).key
    assert (await asked(machine, forged, "/health")).status_code == 401


async def test_a_revoked_key_is_refused_at_the_next_request(machine, stage):
    from web.api_secret import spelled

    word = stage.key_for(("see_programs",), name="leaked")
    assert (await asked(machine, word, "/programs")).status_code == 200
    stage.put(RevokeApiKey(by="console", key=spelled(word).key, why="it leaked"))
    stage.settle()
    assert (await asked(machine, word, "/programs")).status_code == 401


async def test_a_key_shrinks_with_its_issuers_role_and_ends_with_them(machine, stage):
    number = stage.employ("keeper", "admin")
    word = stage.key_for(EVERYTHING, by=f"staff:{number}", name="keepers")
    assert (await asked(machine, word, "/accounts")).status_code == 200
    stage.put(SetStaffRole(by="console", staff=number, role="auditor", why="moves"))
    stage.settle()
    assert (await asked(machine, word, "/health")).json()["key"]["permissions"] == sorted(EVERYTHING)
    stage.put(LetStaffGo(by="console", staff=number, why="their last day"))
    stage.settle()
    assert (await asked(machine, word, "/accounts")).status_code == 401


async def test_a_key_ends_at_its_instant(machine, stage, monkeypatch):
    word = stage.key_for(("see_programs",), name="short")
    until_us = stage.now_us + 90 * DAY_US
    began_us = stage.now_us
    try:
        stage.now_us = until_us - 1
        assert (await asked(machine, word, "/programs")).status_code == 200
        stage.now_us = until_us
        assert (await asked(machine, word, "/programs")).status_code == 401
    finally:
        stage.now_us = began_us


async def test_the_last_use_of_a_key_is_noted(machine, stage):
    from web.api_secret import spelled

    word = stage.key_for(("see_programs",), name="used")
    assert spelled(word).key not in stage.firm.keys_used.all()
    await asked(machine, word, "/accounts")  # refused, and a use all the same
    assert stage.firm.keys_used.all()[spelled(word).key] == stage.wall_us


# --- the page of keys ---

WHY = "for the wall in the office"
SECRET = re.compile(r"evh_[0-9A-HJKMNP-TV-Z]{69}")


def keys_called(stage: Any, name: str) -> list[Any]:
    with stage.reader.connection() as book:
        return [line for line in all_api_keys(book, 300, stage.firm.now_us()) if line.name == name]


async def test_an_owner_issues_rotates_and_revokes_a_key_on_its_page(come_in, machine, stage, play):
    omar = come_in(f"staff:{play.OMAR}")
    form = {
        "name": "wall",
        "permission": "see_programs",
        "extent": "programs",
        "program": "two-step-100k",
        "days": "30",
        "why": WHY,
    }
    answer = await omar.send_form("/staff/api-keys", **form)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    [word] = SECRET.findall(answer.text)
    assert (await asked(machine, word, "/programs")).json()["programs"]
    [line] = keys_called(stage, "wall")
    assert (line.owner, line.permissions, line.scope.programs, line.why) == (
        f"staff:{play.OMAR}", ("see_programs",), ("two-step-100k",), WHY,
    )  # fmt: skip
    assert not SECRET.search((await omar.get("/staff/api-keys")).text)
    again = await omar.send_form("/staff/api-keys", **form)
    assert (again.status_code, SECRET.search(again.text)) == (422, None)

    home = f"/staff/api-keys/{id_text(line.key)}"
    rotated = await omar.send_form(f"{home}/rotation", hours="2", days="60")
    [fresh] = SECRET.findall(rotated.text)
    for each in (word, fresh):
        assert (await asked(machine, each, "/programs")).status_code == 200
    assert (await omar.send_form(f"{home}/revocation", why="")).status_code == 422
    assert (await omar.send_form(f"{home}/revocation", why=WHY)).status_code == 303
    assert [(await asked(machine, each, "/programs")).status_code for each in (word, fresh)] == [401, 200]
    page = (await omar.get("/staff/api-keys")).text
    assert "Last used" in page
    assert WHY in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"days": "0"}, "1 to 366 days"), ({"days": "x"}, "1 to 366 days"), ({"why": ""}, "Say why"),
        ({"name": "The Wall"}, "small letters"),
        ({"permission": "manage_staff"}, "name what it may see"), ({"extent": "programs", "program": ""}, "Tick at least one program"),
    ],
)  # fmt: skip
async def test_a_form_that_cannot_be_comes_back_as_it_was_typed(changes, told, come_in, play):
    omar = come_in(f"staff:{play.OMAR}")
    form = {"name": "screen", "permission": "see_programs", "extent": "whole", "days": "30", "why": WHY, **changes}
    answer = await omar.send_form("/staff/api-keys", **form)
    assert answer.status_code == 422
    assert told in answer.text
    assert f'value="{form["name"]}"' in answer.text
    assert not SECRET.search(answer.text)


async def test_who_may_not_manage_keys_sees_them_and_no_form(come_in, stage):
    auditor = come_in(f"staff:{stage.employ('looker', 'auditor')}")
    page = (await auditor.get("/staff/api-keys")).text
    assert "A new key" not in page
    assert "Revoke it" not in page
    assert (await auditor.send_form("/staff/api-keys", name="x")).status_code == 403


# --- whoever asks too much, here and on pages ---


@contextmanager
def limited(stage: Any, new_client: Any, **rates: Rate) -> Any:
    before = stage.firm.limits
    object.__setattr__(stage.firm, "limits", Limits(**rates))
    try:
        yield create_app(stage.firm)
    finally:
        object.__setattr__(stage.firm, "limits", before)


def client_of(app: Any, host: str = "192.0.2.7", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(host, 4_711))
    return httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport, headers=headers)


async def test_an_address_that_asks_too_much_gets_a_plain_page_and_others_get_theirs(stage, new_client):
    with limited(stage, new_client, address=Rate(60, 2)) as app:
        one, other = client_of(app), client_of(app, "198.51.100.4")
        assert [(await one.get(path)).status_code for path in ("/status", "/nothing", "/status")] == [200, 404, 429]
        answer = await one.get("/sign-in")
        assert answer.headers["retry-after"] in ("1", "2")
        assert "Too much at once" in answer.text
        assert "Give it a moment" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert (await other.get("/status")).status_code == 200
        told = await one.get("/api/v1/health")
        assert (told.status_code, told.headers["content-type"]) == (429, "application/problem+json")
        assert app.state.allowance.seen().refused["address"] == 3


async def test_whoever_is_passed_on_under_another_name_by_no_proxy_of_ours_stays_who_they_are(stage, new_client):
    """Headers that anybody can write are not read here: the server does that, for the proxy on this machine alone."""
    with limited(stage, new_client, address=Rate(60, 2)) as app:
        found = []
        for number in range(4):
            client = client_of(app, **{"x-forwarded-for": f"203.0.113.{number}"})
            found.append((await client.get("/status")).status_code)
        assert found == [200, 200, 429, 429]


async def test_live_pages_are_counted_apart(stage, new_client):
    with limited(stage, new_client, address=Rate(60, 2), stream=Rate(60, 1)) as app:
        client = client_of(app)
        assert [(await client.get("/accounts/x/live")).status_code for _ in range(2)] == [401, 429]
        assert [(await client.get("/status")).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_person_is_counted_wherever_they_ask_from(stage, new_client, play):
    with limited(stage, new_client, account=Rate(60, 2)) as app:
        found = []
        for number in range(3):
            client = client_of(app, f"192.0.2.{number}")
            client.cookies.set("evenhand", stage.session_of(f"trader:{play.ADA}"))
            found.append(await client.get("/accounts"))
        assert [answer.status_code for answer in found] == [200, 200, 429]
        assert found[-1].headers["retry-after"] == "1"
        assert "Wait 1 second" in found[-1].text
        client.cookies.set("evenhand", stage.session_of(f"trader:{play.BEN}"))
        assert (await client.get("/accounts")).status_code == 200


async def test_a_key_is_counted_by_itself_and_not_by_strangers_who_know_its_id(stage, new_client):
    word = stage.key_for(("see_programs",), name="counted")
    other = stage.key_for(("see_programs",), name="another")
    with limited(stage, new_client, key=Rate(60, 2)) as app:
        client = client_of(app)

        async def ask(key: str) -> httpx.Response:
            return await client.get("/api/v1/programs", headers={"authorization": f"Bearer {key}"})

        for _ in range(5):
            assert (await ask(word[:-1])).status_code == 401
        assert [(await ask(word)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await ask(word)).headers["retry-after"] == "1"
        assert (await ask(other)).status_code == 200
