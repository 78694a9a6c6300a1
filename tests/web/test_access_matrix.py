"""Who may open what: every route, for every role, as the routes declare it, and a dozen cells as people decided them."""

from pathlib import Path
from typing import Any

import httpx
import pytest

import web.pages
from firm.commands import DefineRole, SetStaffRole
from firm.ids import id_text
from firm.permissions import ALL, BUILT_IN, FIRM_WIDE, MEANS, REGION_WIDE, Permission
from web.app import create_app, end_streams, policies
from web.key_holder import ByKey
from web.visitor import May, Policy

CUSTOM = {Permission.ENTER, Permission.SEE_DECISIONS, Permission.REVIEW_DECISIONS}
OTHER = "another-100k"

# What people decided, and no route: (who, method, path, status). A declaration that says otherwise is wrong.
TELLING = [
    ("support", "GET", "/staff/accounts", 200),
    ("support", "GET", "/staff/trace?desk=risk", 403),
    ("support", "POST", "/staff/decisions/{decision}/review", 403),
    ("risk", "POST", "/staff/decisions/{decision}/review", 422),
    ("auditor", "POST", "/staff/decisions/{decision}/review", 403),
    ("auditor", "GET", "/staff/trace?desk=risk", 200),
    ("auditor", "GET", "/staff/audit", 200),
    ("auditor", "GET", "/staff/audit.csv", 200),
    ("auditor", "POST", "/staff/accounts/{account}/view", 403),
    ("compliance", "GET", "/staff/audit", 200),
    ("risk", "GET", "/staff/audit", 403),
    ("risk", "POST", "/staff/accounts/{account}/view", 403),
    ("support", "GET", "/staff/audit", 403),
    ("support", "POST", "/staff/accounts/{account}/view", 422),
    ("auditor", "POST", "/staff/controls/passes/engagement", 403),
    ("compliance", "POST", "/staff/controls/passes/engagement", 422),
    ("compliance", "POST", "/staff/controls/passes/release", 403),
    ("finance", "GET", "/staff/controls", 403),
    ("read_only", "GET", "/staff/accounts/{account}/trades.csv", 403),
    ("read_only", "GET", "/staff/accounts/{account}", 200),
    ("risk", "POST", "/staff/roles", 403),
    ("admin", "POST", "/staff/roles", 403),
    ("owner", "POST", "/staff/roles", 422),
    ("risk", "POST", "/staff/team/{staff}/role", 403),
    ("admin", "POST", "/staff/team/{staff}/role", 422),
    ("elsewhere", "GET", "/staff/accounts/{account}", 404),
    ("elsewhere", "POST", "/staff/decisions/{decision}/review", 404),
    ("elsewhere", "POST", "/staff/controls/passes/engagement", 403),
    ("abroad", "GET", "/staff/accounts/{account}", 404),
    ("abroad", "POST", "/staff/decisions/{decision}/review", 404),
    ("abroad", "POST", "/staff/programs/{version}/retirement", 403),
    ("abroad", "GET", "/staff/programs/{version}", 200),
    ("admin", "POST", "/staff/traders/{trader}/region", 422),
    ("risk", "GET", "/staff/traders/{trader}/region", 403),
    ("custom", "POST", "/staff/decisions/{decision}/review", 422),
    ("custom", "GET", "/staff/accounts/{account}", 403),
    ("ada", "GET", "/accounts/{account}", 200),
    ("ada", "GET", "/staff/accounts/{account}", 403),
    ("ben", "GET", "/accounts/{account}", 404),
    ("nobody", "GET", "/staff/accounts/{account}", 303),
    ("risk", "GET", "/staff/documents", 200),
    ("support", "POST", "/staff/traders", 422),
    ("elsewhere", "GET", "/staff/traders", 200),
    ("read_only", "POST", "/staff/traders", 403),
    ("custom", "GET", "/staff/traders", 403),
    ("risk", "POST", "/staff/documents/{document}/opening", 403),
    ("auditor", "POST", "/staff/documents/{document}/opening", 403),
    ("compliance", "POST", "/staff/documents/{document}/opening", 404),
    ("risk", "POST", "/staff/documents/{document}/deletion", 403),
    ("auditor", "POST", "/staff/documents/{document}/deletion", 403),
    ("compliance", "POST", "/staff/documents/{document}/deletion", 404),
    ("risk", "POST", "/staff/documents", 403),
    ("support", "GET", "/staff/documents", 403),
    ("elsewhere", "GET", "/staff/documents", 403),
]


@pytest.fixture(scope="module")
def people(stage: Any, play: Any) -> dict[str, str]:
    """One person for each built-in role, one with a role of the firm's own, and two of risk: on another program, in another region."""
    told = {name: f"staff:{stage.employ(f'one-of-{name}', name)}" for name in BUILT_IN}
    held = tuple(one.value for one in CUSTOM)
    stage.put(DefineRole(by="console", role="deciders", permissions=held, why="they decide and look at nothing else"))
    told["custom"] = f"staff:{stage.employ('decider', 'deciders')}"
    told["elsewhere"] = f"staff:{stage.employ('elsewhere', 'risk', (OTHER,))}"
    told["abroad"] = f"staff:{stage.employ('abroad', 'risk', regions=('north',))}"
    stage.settle()
    return told | {"ada": f"trader:{play.ADA}", "ben": f"trader:{play.BEN}"}


@pytest.fixture(scope="module")
def words(stage: Any, decisions: dict[str, int], play: Any) -> dict[str, str]:
    return {
        "account": id_text(stage.accounts["ada"]),
        "decision": str(decisions["BreachDeclared"]),
        "staff": id_text(play.RUTH),
        "seq": "1",
        "trial": "1",
        "incident": "1",
        "version": "21",  # the row that published what the stage sells
        "switch": "passes",
        "bridge": "sim",
        "command": command_of(stage),
        "kind": "order",
        "key": "none",
        "api_key": "none",
        "role": "deciders",
        "member": "1",
        "name": "none",
        "handle": "none",
        "draft": "none",
        "document": id_text(1),
        "trader": id_text(play.ADA),
    }


def command_of(stage: Any) -> str:
    with stage.reader.connection() as book:
        sql = "SELECT command FROM rm_command WHERE account = ? ORDER BY seq LIMIT 1"
        return str(book.execute(sql, (stage.accounts["ada"],)).fetchone()[0])


def filled(path: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        path = path.replace(f"{{{name}:str}}", value).replace(f"{{{name}:int}}", value).replace(f"{{{name}}}", value)
    assert "{" not in path, f"{path}: say here what belongs into it"
    return path.replace("trace.jsonl", "trace.jsonl?desk=risk")


async def asked(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await (client.get(path) if method == "GET" else client.send_form(path))  # type: ignore[attr-defined]


def held_by(who: str) -> frozenset[Permission]:
    if who == "custom":
        return frozenset(CUSTOM)
    of_risk = BUILT_IN["risk"].permissions - FIRM_WIDE
    return {"elsewhere": of_risk, "abroad": of_risk - REGION_WIDE}.get(who) or BUILT_IN[who].permissions


# Paths of one thing: it is there or not. What is not on this stage at all (no trial, incident or keeping again) is there for nobody.
OF_A_TRADER = ("{account:", "{decision:", "{command:", "/staff/rows/", "trace.jsonl")
OUTSIDE = {"elsewhere": (*OF_A_TRADER, "{version:"), "abroad": OF_A_TRADER}


NOWHERE = ("{trial:", "{incident:", "kept-again", "next-phase", "agreement", "{draft:", "{api_key:", "{document:")


def expected(who: str, policy: May, path: str) -> str:
    if policy.permission not in held_by(who):
        return "refused"
    return "absent" if any(name in path for name in OUTSIDE.get(who, ())) else "let in"


def seen(answer: httpx.Response, policy: May) -> str:
    if answer.status_code == 403:
        told = policy.permission.value in answer.text and MEANS[policy.permission] in answer.text
        return "refused" if told else "refused without a word"
    return "absent" if answer.status_code == 404 else "let in" if answer.status_code < 500 else "broken"


async def wrong_cells(
    app: Any, clients: dict[str, httpx.AsyncClient], words: dict[str, str], routes_max: int | None = None
) -> list[str]:
    """Every cell in which the application does otherwise than its routes declare."""
    found = []
    of_staff = [route for route in policies(app) if isinstance(route[2], May)]
    for path, method, policy in of_staff[:routes_max]:
        for who, client in clients.items():
            answer = await asked(client, method, filled(path, words))
            wanted, got = expected(who, policy, path), seen(answer, policy)
            nowhere = wanted == "let in" and got == "absent"
            if got != wanted and not (nowhere and any(name in path for name in NOWHERE)):
                found.append(f"{who} {method} {path}: {got}, not {wanted} ({answer.status_code})")
    return found


def clients_of(app: Any, stage: Any, new_client: Any, people: dict[str, str]) -> dict[str, Any]:
    from web.visitor import csrf_token_of

    clients = {}
    for name, person in people.items():
        client = new_client(httpx.ASGITransport(app))
        session = stage.session_of(person)
        client.cookies.set("evenhand", session)
        client.token = csrf_token_of(session)
        clients[name] = client
    return clients | {"nobody": new_client(httpx.ASGITransport(app))}


@pytest.fixture(scope="module")
def clients(app: Any, stage: Any, new_client: Any, people: dict[str, str]) -> dict[str, Any]:
    end_streams(app)  # a live page that is let in ends at once
    return clients_of(app, stage, new_client, people)


@pytest.fixture
async def looking(app: Any, stage: Any, new_client: Any, words: dict[str, str]) -> Any:
    """An owner, whose every permission is left at the door, as Ada."""
    owner = {"looking": f"staff:{stage.employ('looking-on', 'owner')}"}
    client = clients_of(app, stage, new_client, owner)["looking"]
    began = await client.send_form(filled("/staff/accounts/{account:str}/view", words), why="asked to, ticket 7")
    assert began.headers["location"] == f"/accounts/{words['account']}"
    return client


def of_staff(clients: dict[str, Any], *names: str) -> dict[str, Any]:
    return {
        name: client
        for name, client in clients.items()
        if name in (names or (*BUILT_IN, "custom", "elsewhere", "abroad"))
    }


async def test_every_route_lets_in_whom_it_declares_and_nobody_else(app, clients, words, stage):
    assert await wrong_cells(app, of_staff(clients), words) == []
    assert not any(each.by == "" for each in stage.asked)


@pytest.mark.parametrize(("who", "method", "path", "status"), TELLING)
async def test_a_telling_cell_is_as_people_decided(who, method, path, status, clients, words):
    answer = await asked(clients[who], method, filled(path, words))
    assert answer.status_code == status


async def test_a_strange_visitor_a_trader_and_who_looks_as_one_open_nothing_of_the_backoffice(
    app, clients, words, looking
):
    """What else of all routes is open to who views as a trader, `test_looking_as.py` says."""
    clients = clients | {"looking": looking}
    for path, method, policy in policies(app):
        if isinstance(policy, May):
            for who, status in (("nobody", (303, 401)), ("ada", (403,)), ("ben", (403,)), ("looking", (403,))):
                answer = await asked(clients[who], method, filled(path, words))
                assert answer.status_code in status, f"{who} {method} {path}: {answer.status_code}"


def test_every_route_of_the_backoffice_declares_a_permission_and_no_other_route_does(app):
    for path, method, policy in policies(app):
        assert isinstance(policy, May) is path.startswith("/staff"), f"{method} {path}"
        assert isinstance(policy, May | Policy | ByKey)


def test_every_permission_is_asked_for_by_a_route_or_for_a_command(app):
    from actors.permitted import NEEDED

    asked_for = {policy.permission for _, _, policy in policies(app) if isinstance(policy, May)}
    asked_for |= {one for needed in NEEDED.values() for one in needed}
    beside = {Permission.SEE_NAMES, Permission.SEE_AUDIT, Permission.SET_PRICES}  # asked for within pages and by desks
    assert asked_for | beside == ALL


def test_every_page_reads_the_firm_as_its_visitor_may_see_it():
    """Through `firm_of`, whose book is narrowed: the firm itself has everything."""
    pages = Path(web.pages.__file__).parent.glob("*.py")
    assert [page.name for page in pages if "state.firm" in page.read_text("utf-8")] == []


# --- planted: each must be noticed ---


@pytest.mark.parametrize(
    "policy", [Policy.SIGNED_IN, May(Permission.SEE_DECISIONS)], ids=["no permission", "another one"]
)
async def test_a_route_with_a_weaker_guard_is_noticed(policy, stage, new_client, people, words, monkeypatch):
    from web.pages import staff_decision

    monkeypatch.setitem(staff_decision.staff_review.opt, "policy", policy)
    app = create_app(stage.firm)
    there = clients_of(app, stage, new_client, {"support": people["support"]})
    cells = [cell for cell in TELLING if cell[0] == "support" and cell[2].endswith("/review")]
    for _, method, path, status in cells:
        assert (await asked(there["support"], method, filled(path, words))).status_code != status
    assert cells


async def test_a_guard_that_asks_for_no_permission_is_noticed(stage, new_client, people, words, monkeypatch):
    async def lets_in(*_: Any) -> None:
        return

    monkeypatch.setattr("web.visitor._require_permission", lets_in)
    app = create_app(stage.firm)
    end_streams(app)
    there = of_staff(clients_of(app, stage, new_client, {"finance": people["finance"]}))
    assert len(await wrong_cells(app, there, words, 30)) > 10


# --- at the next request ---


async def test_a_change_of_role_holds_from_the_next_request_on(clients, stage, people):
    number = int(people["finance"].partition(":")[2])
    assert (await clients["finance"].get("/staff/controls")).status_code == 403
    stage.put(SetStaffRole(by="console", staff=number, role="compliance", why="for a day"))
    stage.settle()
    assert (await clients["finance"].get("/staff/controls")).status_code == 200
    stage.put(SetStaffRole(by="console", staff=number, role="finance", why="the day is over"))
    stage.settle()
    assert (await clients["finance"].get("/staff/controls")).status_code == 403


async def test_the_page_of_a_no_says_which_permission_and_who_has_it(clients):
    page = (await clients["support"].get("/staff/controls")).text
    for told in (
        "You may not see the controls.",
        "see_controls",
        "<b>owner</b>",
        "<b>read-only</b>",
        "Yours is: <b>support</b>",
    ):
        assert told in page
    assert (await clients["elsewhere"].get("/staff/health")).text.count("limited to a part of the firm") == 1
