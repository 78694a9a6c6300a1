"""Whatever staff do leaves a row that names them: each form of the backoffice, each file, each sign-in, and from where it was done."""

import re
from importlib import import_module
from typing import get_args

import msgspec
import pytest

from firm.commands import Commanded, DefineRole, IssueApiKey, NoteAct, StaffAct
from firm.commands.command import Command
from firm.ids import id_text
from firm.instant import DAY_US, MINUTE_US
from firm.kinds import body_of
from firm.permissions import EVERYTHING
from firm.templates import template
from storage.devices import device_name
from storage.readmodels.act_lists import ActFilter, acts_page
from storage.readmodels.acts import Acts
from storage.sessions import name_of
from web.acts import Remembered
from web.app import end_streams, policies
from web.bounds import NAMES_NOTED_EVERY_US
from web.notes import Whence
from web.visitor import May, Policy

WHY = "As agreed this morning"
TEXT = (
    template("two_step_static").text.replace('bridge = "your-bridge"', 'bridge = "sim"').replace("your-group", "demo")
)
# Forms that ask for nothing: what was typed comes back, checked and in words.
PREVIEWS = {
    "/staff/drafts": "a draft is checked, and what it says is shown",
    "/staff/drafts/text": "back from the preview to what was written",
    "/staff/drafts/form": "a field more or less, as the builder shows it",
}
# Forms about something that this stage has not: what each asks for, which the record has as it has every command.
OF_WHAT_IS_NOT_HERE = {
    "/staff/decisions/{decision:int}/appeal/answer": "AnswerAppeal",
    "/staff/documents/{document:str}/opening": "OpenDocument",
    "/staff/documents/{document:str}/deletion": "DeleteDocument",
    "/staff/accounts/{account:str}/overrides/{seq:int}/agreement": "GrantOverride",
    "/staff/accounts/{account:str}/next-phase": "AdvanceChallenge",
    "/staff/accounts/{account:str}/orders": "EnforceAgain",
    "/staff/owed/orders": "EnforceAgain",
    "/staff/incidents/{incident:int}/extensions": "GrantOverride",
    "/staff/incidents/{incident:int}/accounts/{account:str}/grant": "GrantOverride",
    "/staff/incidents/{incident:int}/note": "NoteIncident",
    "/staff/incidents/{incident:int}/conclusion": "CloseIncident",
    "/staff/incidents/{incident:int}/publication": "PublishIncident",
    "/staff/incidents/{incident:int}/withdrawal": "PublishIncident",
}
FIELDS = {
    "/staff/decisions/{decision:int}/review": {"outcome": "confirm"},
    "/staff/accounts/{account:str}/overrides": {
        "override": "waive_rule", "rule": "daily-loss", "until": "2014-05-03T12:00", "evidence": "ticket 7", "step": "grant",
    },
    "/staff/accounts/{account:str}/scores": {"board": "cup", "score": "1"},
    "/staff/roles": {"role": "night", "permission": "see_feed"},
    "/staff/traders": {"name": "ada"},
    "/staff/team/{staff:str}/role": {"role": "support"},
    "/staff/commands/{bridge:str}/{command:str}/settlement": {"happened": "yes"},
    "/staff/programs": {"text": TEXT},
    "/staff/lab": {"ready": "as_sold"},
    "/staff/api-keys": {"name": "feed", "days": "30", "permission": "see_programs"},
    "/staff/api-keys/{api_key:str}/rotation": {"days": "30", "hours": "0"},
}  # fmt: skip


@pytest.fixture(scope="module")
def owner(stage, come_in, app):
    end_streams(app)
    client = come_in(f"staff:{stage.employ('an-owner', 'owner')}")
    stage.put(DefineRole(by="console", role="night", permissions=("enter",), why=WHY))
    stage.put(
        IssueApiKey(
            by="console", key=70, name="books", permissions=("see_programs",), scope=EVERYTHING, expires_us=stage.now_us + DAY_US,
            sealed="", why=WHY,
        )
    )  # fmt: skip
    stage.settle()
    with stage.reader.connection() as book:
        row = book.execute("SELECT command FROM rm_command WHERE account = ?", (stage.accounts["ada"],)).fetchone()
    client.words = {
        "command": row[0],
        "bridge": "sim",
        "switch": "passes",
        "kind": "order",
        "key": "none",
        "role": "night",
    }
    return client


def filled(path, client, stage, play, decisions):
    told = {
        "account": id_text(stage.accounts["ada"]), "decision": decisions["BreachDeclared"], "staff": id_text(play.RUTH),
        "member": play.RUTH, "version": 21, "api_key": id_text(70), "trial": 1, "draft": "none",
        "trader": id_text(play.ADA),
    } | client.words  # fmt: skip
    return re.sub(r"\{(\w+):\w+\}", lambda match: str(told[match[1]]), path)


def rows_since(stage, size):
    found = (stage.reader.row(seq) for seq in range(size + 1, stage.engine.size + 1))
    return [body_of(row.kind, row.payload) for row in found]


def acts(stage, **wanted):
    with stage.reader.connection() as book:
        return acts_page(book, ActFilter(**wanted), None, 200).acts


def forms(app):
    return [path for path, method, policy in policies(app) if isinstance(policy, May) and method != "GET"]


async def test_each_form_of_the_backoffice_leaves_a_row_that_names_who_sent_it(app, stage, owner, play, decisions):
    await owner.send_form("/staff/breaker/reset", why=WHY)  # from where they act is noted once
    silent, of_ada = [], {"/staff/documents": {"trader": id_text(play.ADA), "kind": "identity"}}
    for path in forms(app):
        if path in PREVIEWS or path in OF_WHAT_IS_NOT_HERE:
            continue
        if path.endswith("/view"):
            continue  # after which no form is sent any more: `test_looking_as.py`
        size = stage.engine.size
        where = filled(path, owner, stage, play, decisions)
        answer = await owner.send_form(where, **{"why": WHY} | FIELDS.get(path, {}) | of_ada.get(path, {}))
        who = {body.by for body in rows_since(stage, size) if isinstance(body, Command)}
        if len(who) != 1 or not who.pop().startswith("staff:"):
            silent.append(f"{path}: {answer.status_code}")
    assert silent == []


def test_forms_that_are_left_out_above_are_named_one_by_one(app):
    left_out = {path for path in forms(app) if path in PREVIEWS or path in OF_WHAT_IS_NOT_HERE}
    assert left_out == set(PREVIEWS) | set(OF_WHAT_IS_NOT_HERE)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if route.path in OF_WHAT_IS_NOT_HERE and "POST" in handler.http_methods:
                source = import_module(handler.fn.__module__).__loader__.get_source(handler.fn.__module__)
                assert "await ask(request, " in source, route.path
    assert set(OF_WHAT_IS_NOT_HERE.values()) <= Acts.kinds


def test_the_record_has_every_kind_of_command():
    assert {kind.__name__ for kind in get_args(Commanded)} <= Acts.kinds


# Forms that staff share with traders: what in the page's code puts each on record, or why it is no act.
SHARED = {
    "/session": "failed_as(request, asked.mail)",
    "/session/factor": 'failed_as(request, "", waits.waiting)',
    "/session/end": "StaffAct.SIGNED_OUT",
    "/view/end": "ends_view=ViewEnd.ENDED",
    "/new-password": "SecurityAct.PASSWORD_RESET",
    "/forgotten-password": "BackgroundTask(forget_password",
    "/security/address": "ask_change(request, visitor.reference",
    "/security/address/removal": "drop_change(request, visitor.reference",
    "/new-address": "take_up(firm, person",
    "/security/totp/confirmation": "SecurityAct.TOTP_ADDED",
    "/security/totp/removal": "SecurityAct.TOTP_REMOVED",
    "/security/recovery-codes": "SecurityAct.CODES_RENEWED",
    "/security/proof": "StaffAct.PROOF_FAILED",
    "/security/passkeys": "SecurityAct.PASSKEY_ADDED",
    "/security/passkeys/{handle:str}/removal": "SecurityAct.PASSKEY_REMOVED",
    "/security/password": "SecurityAct.PASSWORD_CHANGED",
    "/security/sessions/{name:str}/end": "SecurityAct.SESSIONS_ENDED",
    "/security/sessions/end-others": "SecurityAct.SESSIONS_ENDED",
    "/security/devices/{name:str}/removal": "SecurityAct.DEVICE_FORGOTTEN",
}
NO_ACT = {
    "/session/passkey": "a passkey that was not taken is nobody's yet",
    "/passkey-challenge": "a question to a browser",
    "/security/passkeys/options": "a question to a browser",
    "/security/totp": "a secret is offered, and counts once its first code was typed",
    "/language": "the browser keeps it",
    "/join": "who joins is nobody of the staff",
    "/confirm-address": "of traders alone",
    "/security/elsewhere/dismissal": "a notice was read in one's own session",
}


def test_forms_that_staff_share_with_traders_say_by_what_act_they_are_on_record(app):
    found = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            shared = handler.opt.get("policy") in (Policy.PUBLIC, Policy.SIGNED_IN)
            if shared and "POST" in handler.http_methods:
                module = import_module(handler.fn.__module__)
                found[route.path] = module.__loader__.get_source(module.__name__)
    assert set(found) == set(SHARED) | set(NO_ACT)
    for path, mark in SHARED.items():
        assert mark in found[path], path


async def test_what_staff_change_of_how_they_sign_in_is_an_act_of_theirs(stage, come_in):
    person = f"staff:{stage.employ('tidy-one', 'support')}"
    client, firm = come_in(person), stage.firm
    firm.devices.keep(person, "a laptop", "Firefox on Linux", stage.wall_us)
    for path in (
        "/security/sessions/end-others",
        f"/security/sessions/{name_of('at home')}/end",
        f"/security/devices/{device_name('a laptop')}/removal",
    ):
        firm.sessions.set("at home", b"", stage.wall_us, person)
        assert (await client.send_form(path)).status_code == 303
    assert [act.kind for act in reversed(acts(stage, who=person))] == [
        "came_from", "sessions_ended", "sessions_ended", "device_forgotten",
    ]  # fmt: skip


async def test_each_file_that_is_handed_to_staff_is_on_record_first(app, stage, owner, play, decisions):
    """Whatever comes as an attachment; what is sold is no secret, and its file is nobody's."""
    files, unrecorded = set(), []
    for path, method, policy in policies(app):
        if method != "GET" or not isinstance(policy, May) or path.endswith("/live"):
            continue
        if re.search(r"\{(incident|seq|kind|key|draft)", path):
            continue
        where = filled(path, owner, stage, play, decisions) + ("?desk=risk" if "trace" in path else "")
        size = stage.engine.size
        answer = await owner.get(where)
        if "attachment" not in answer.headers.get("content-disposition", ""):
            continue
        files.add(path)
        noted = [body for body in rows_since(stage, size) if isinstance(body, NoteAct)]
        if not noted and path != "/staff/programs/{version:int}/file":
            unrecorded.append(path)
    assert unrecorded == []
    assert {
        "/staff/accounts/{account:str}/trades.csv",
        "/staff/trace.jsonl",
        "/staff/audit.csv",
        "/staff/audit.jsonl",
    } <= files


async def test_no_other_site_takes_files_in_the_name_of_staff(app, stage, owner, play, decisions):
    recording = {
        route.path
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get("records") not in (None, StaffAct.NAMES_SEEN) and "GET" in handler.http_methods
    }
    asked = [
        path for path, method, _ in policies(app) if method == "GET" and path in recording and "{trial" not in path
    ]
    assert len(asked) >= 6
    size = stage.engine.size
    for path in asked:
        answer = await owner.get(filled(path, owner, stage, play, decisions), headers={"sec-fetch-site": "cross-site"})
        assert (path, answer.status_code) == (path, 403)
        assert "nother site led here" in answer.text
    assert stage.engine.size == size
    for site in ("none", "same-origin"):
        assert (await owner.get("/staff/audit.csv", headers={"sec-fetch-site": site})).status_code == 200


async def test_evidence_is_on_record_with_the_account_and_the_trader(stage, come_in, play, decisions):
    client = come_in(f"staff:{stage.employ('evidence-taker', 'support')}")
    path = f"/staff/decisions/{decisions['BreachDeclared']}/evidence"
    assert (await client.get(path)).status_code == 200
    [act, *_] = acts(stage, kind=StaffAct.EVIDENCE_TAKEN.value)
    with stage.reader.connection() as book:
        [account, trader] = book.execute(
            "SELECT a.account, a.trader FROM rm_decision d JOIN rm_account a ON a.account = d.account WHERE d.decision = ?",
            (decisions["BreachDeclared"],),
        ).fetchone()
    assert (act.about, act.account, act.trader) == (path, account, trader)


async def test_what_cannot_be_put_on_record_is_not_handed_out(stage, come_in, decisions, monkeypatch):
    client = come_in(f"staff:{stage.employ('taker-in-vain', 'support')}")

    async def parked(command):
        from actors.arrival import Decided

        return Decided(1, ())

    object.__setattr__(stage.firm, "ask", parked)
    try:
        answer = await client.get(f"/staff/decisions/{decisions['BreachDeclared']}/evidence")
    finally:
        object.__setattr__(stage.firm, "ask", stage.ask)
    assert answer.status_code == 503
    assert "cannot be put on record" in answer.text


async def test_a_list_with_names_is_noted_once_an_hour_and_a_mail_address_with_whose_it_is(stage, come_in, play):
    person = f"staff:{stage.employ('name-seer', 'support')}"
    client = come_in(person)
    for _ in range(3):
        await client.get("/staff/accounts")
        await client.send_form("/staff/traders", name="ada@example.org")
    assert [act.kind for act in acts(stage, who=person)] == ["person_sought", "names_seen"]
    assert [act.trader for act in acts(stage, kind="person_sought", who=person)] == [play.ADA]
    stage.wall_us += NAMES_NOTED_EVERY_US // 2 + MINUTE_US
    await client.get("/staff/accounts")
    assert len(acts(stage, who=person)) == 2
    stage.wall_us -= NAMES_NOTED_EVERY_US // 2 + MINUTE_US
    nameless = f"staff:{stage.employ('looker-on', 'read_only')}"
    await come_in(nameless).send_form("/staff/traders", name="ada@example.org")
    assert acts(stage, who=nameless) == []


async def test_sign_ins_that_worked_and_that_failed_are_on_record_with_where_each_came_from(shop, browse, play):
    ruth, stranger = browse(), browse("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0")
    await ruth.sign_in("ruth@example.org", play.PASSWORD)
    for _ in range(2):
        guessed = await stranger.send_form("/session", mail="ruth@example.org", password="a guess", next="/")
        assert guessed.status_code == 422
    assert (await ruth.send_form("/security/proof", password="wrong", next="/")).status_code == 422
    await ruth.send_form("/session/end")
    found = [act for act in acts(shop, who=f"staff:{play.RUTH}") if act.kind != "device_new"]
    devices = [msgspec.json.decode(shop.vault.open_value(act.whence), type=Whence).device for act in found]
    assert [(act.kind, "Windows" in device) for act, device in zip(found, devices, strict=True)] == [
        ("signed_out", False), ("proof_failed", False), ("sign_in_failed", True), ("sign_in_failed", True), ("signed_in", False),
    ]  # fmt: skip


async def test_a_guess_at_a_trader_or_at_nobody_leaves_no_row(shop, browse):
    size = shop.engine.size
    for mail in ("ada@example.org", "nobody@example.org", "no address"):
        await browse().send_form("/session", mail=mail, password="a guess", next="/")
    assert shop.engine.size == size


async def test_acts_from_another_device_say_so_first_and_nothing_of_it_is_in_the_ledger(stage, come_in, app):
    person = f"staff:{stage.employ('traveller', 'owner')}"
    client, size = come_in(person), stage.engine.size
    for agent in ("Firefox/140.0 X11 Linux", "Firefox/140.0 X11 Linux", "Chrome/130.0 Windows NT"):
        client.headers["user-agent"] = agent
        await client.send_form("/staff/breaker/reset", why=WHY)
    kinds = [act.kind for act in reversed(acts(stage, who=person))]
    assert kinds == ["came_from", "ResetBreaker", "ResetBreaker", "came_from", "ResetBreaker"]
    origins = [act.whence for act in reversed(acts(stage, who=person))]
    assert origins[0] == origins[1] == origins[2] != origins[3] == origins[4]
    app.state.acts.whence.clear()  # as in a program that has begun anew
    await client.send_form("/staff/breaker/reset", why=WHY)
    assert [act.kind for act in acts(stage, who=person)][:2] == ["ResetBreaker", "ResetBreaker"]
    payloads = b"".join(stage.reader.row(seq).payload for seq in range(size + 1, stage.engine.size + 1))
    assert b"127.0.0.1" not in payloads
    assert b"Firefox" not in payloads


def test_routes_that_record_an_act_are_of_the_backoffice(app):
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("records") is not None:
                assert isinstance(handler.opt["policy"], May), route.path
            assert not (
                handler.opt.get("theirs") and handler.opt["policy"] not in (Policy.TRADER, Policy.TRADER_OWN)
            ), route.path


def test_only_so_much_is_remembered_and_what_was_noted_longest_ago_goes_first(monkeypatch):
    monkeypatch.setattr("web.acts.ACTS_REMEMBERED_MAX", 2)
    kept = Remembered()
    for number, key in enumerate(("ruth", "omar", "ruth", "rex")):
        kept.keep(key, number)
    assert dict(kept) == {"ruth": 2, "rex": 3}
