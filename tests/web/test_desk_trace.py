"""Desk trace: each desk's rows, whole and in order, in plain words; and an index that agrees with the routes of the engine."""

import re

import msgspec
import pytest
from msgspec.structs import replace

from actors.routes import deciding, folding
from firm import commands as c
from firm import facts as f
from firm import inputs as i
from firm.ids import id_text
from firm.inputs import Input
from firm.instant import SECOND_US, parse_utc
from firm.kinds import BY_NAME, body_of
from firm.phase import Standing
from firm.rules.judged import Unit
from storage import desk_trace
from storage.desk_trace import TraceFilter, trace_page
from storage.readmodels.desk_rows import BESIDE_ACCOUNTS, EVERY_ENFORCEMENT, OF_ACCOUNTS, STREAMS, DeskRows, desks_of
from tests.web.page_text import text_of
from web.pages import staff_trace
from web.trace import trace_line
from web.trace_words import said
from web.words import iso

BRIDGES = ("sim",)
# It names no bridge. What the platform said of the command that opened the account is in its enforcement desk's trace, and leads to it.
NAMELESS = {("AccountLinked", "enforcement/sim")}
TRACED = ("order/", "market/", "bridge/", "enforcement/", "risk")


@pytest.fixture
def rows(stage):
    return [(row, body_of(row.kind, row.payload)) for row in stage.reader.rows(0, stage.reader.size())]


def seqs(html: str) -> list[int]:
    return [int(seq) for seq in re.findall(r' id="row-(\d+)"', html)]


async def whole(client, query: str) -> list[int]:
    """All rows of a trace, page after page."""
    found, more = [], ""
    while True:
        html = (await client.get(f"/staff/trace?{query}{more}", headers={"hx-request": "true"})).text
        found += seqs(html)
        older = re.search(r"before=(\d+)", html)
        if older is None:
            return found
        more = f"&before={older[1]}"


# --- the index ---


def test_what_the_index_says_of_a_row_is_what_the_engine_does_with_it(stage, rows):
    """Every desk that the routes send a row to, or have fold it, is named; but for what comes by the thousand."""
    for row, body in rows:
        held = stage.engine.account(row.account) if row.account else None
        routed = {desk for desk in folding(body, row.account, held, BRIDGES) if desk.startswith(TRACED)}
        if isinstance(body, Input):
            routed |= {desk for desk in deciding(body, row.account, BRIDGES) if desk.startswith(TRACED)}
        named = {f"{desk}sim" if desk == EVERY_ENFORCEMENT else desk for desk in desks_of(body, row.account)}
        left = {desk for desk in routed - named if row.kind not in STREAMS.get(desk.partition("/")[0], ())}
        assert {(row.kind, desk) for desk in left} <= NAMELESS


SEEN = {"bridge": "sim", "seq": 1}
STRETCH = {**SEEN, "symbol": "EURUSD", "from_us": 1, "to_us": 2}
SWITCH = {"switch": c.KillSwitch.ENFORCEMENT, "why": "Because."}


@pytest.mark.parametrize(
    "body",
    [
        i.BridgeDisconnected(bridge="sim", session="s", reason="silence"),
        i.PlatformReported(**SEEN, up=False, since_us=1, why="down"),
        i.GapReported(**STRETCH),
        i.BackfillReported(**STRETCH, ticks=3),
        c.RevokeBridge(by="console", bridge="sim", why="Lost."),
        c.SetBridgeMode(by="console", bridge="sim", mode=c.BridgeMode.OBSERVE, why="New."),
        c.SettleCommand(by="staff:1", bridge="sim", command="x", happened=True, why="Seen."),
        c.EnforceAgain(by="staff:1", bridge="sim", account=7),
        c.EngageKillSwitch(by="staff:1", **SWITCH),
        c.ReleaseKillSwitch(by="staff:1", **SWITCH),
        c.ResetBreaker(by="staff:1", why="Looked."),
        f.BridgeRevoked(bridge="sim"),
        f.BridgeModeChanged(bridge="sim", mode=c.BridgeMode.OBSERVE),
        f.KillSwitchEngaged(by="staff:1", **SWITCH),
        f.KillSwitchReleaseAsked(by="staff:1", **SWITCH),
        f.KillSwitchReleased(switch=c.KillSwitch.ENFORCEMENT, by=("staff:1", "staff:2"), why="Right."),
        f.BreakerTripped(failures=3, accounts=9, window_us=1),
        f.BreakerReset(why="Looked."),
        f.CommandProbed(bridge="sim", command="x", attempt=1),
        f.ChallengeEnded(challenge=5, standing=Standing.BREACHED),
    ],
    ids=lambda body: type(body).__name__,
)
def test_what_no_history_holds_is_routed_so_too(body):
    routed = {desk for desk in folding(body, 0, None, BRIDGES) if desk.startswith(TRACED)}
    if isinstance(body, Input):
        routed |= {desk for desk in deciding(body, 0, BRIDGES) if desk.startswith(TRACED)}
    named = {f"{desk}sim" if desk == EVERY_ENFORCEMENT else desk for desk in desks_of(body, 0)}
    assert routed <= named
    assert named
    assert said(body).endswith((".", "”"))


def test_what_followed_an_input_is_what_names_it_as_its_cause(stage, rows):
    with stage.reader.connection() as book:
        for row, _ in rows[-300:]:
            if not row.cause:
                caused = [(each.seq, each.kind, each.account) for each, _ in rows if each.cause == row.seq]
                assert desk_trace.outcome_of(book, row.seq, 1_000) == caused


def test_every_kind_of_the_index_is_said_to_concern_some_desk(rows):
    seen = {row.kind for row, _ in rows}
    silent = {row.kind for row, body in rows if row.kind in DeskRows.kinds and not desks_of(body, row.account)}
    assert silent - {"BreachSuspected", "PassHeld"} == set()
    assert len(seen & DeskRows.kinds) > 20
    assert set(BY_NAME) >= OF_ACCOUNTS


# --- pages ---


@pytest.mark.parametrize("desk", ["market/sim", "bridge/sim", "enforcement/sim", "risk"])
async def test_a_desks_trace_is_all_of_its_rows_newest_first(ruth, rows, desk):
    keys = {desk, EVERY_ENFORCEMENT} if desk.startswith("enforcement") else {desk}
    expected = [row.seq for row, body in rows if desks_of(body, row.account) & keys]
    assert len(expected) > 2
    assert await whole(ruth, f"desk={desk}") == expected[::-1]


async def test_an_order_is_traced_from_the_order_to_the_next_phase(ruth, stage, rows):
    [order] = {
        body.order for row, body in rows if row.kind == "OrderPlaced" and stage.accounts["ada won"] in body.accounts
    }
    found = await whole(ruth, f"desk=order/{id_text(order)}")
    kinds = [stage.reader.row(seq).kind for seq in found]
    assert kinds[-4:] == ["OrderPaid", "MarkOrderPaid", "OrderPlaced", "PlaceOrder"]
    assert "ChallengeAdvanced" in kinds
    assert kinds.count("AccountOpened") == 2


@pytest.mark.parametrize("kind", ["BreachDeclared", "MarkTaken", "DealBooked"])
async def test_a_kind_is_found_whether_it_is_kept_by_desk_or_walked_to(ruth, stage, rows, kind):
    account = stage.accounts["ada lost"]
    expected = [row.seq for row, _ in rows if row.account == account and row.kind == kind]
    assert expected
    assert await whole(ruth, f"desk=account/{id_text(account)}&kind={kind}") == expected[::-1]


@pytest.mark.parametrize("desk", ["market/sim", "enforcement/sim"])
async def test_what_comes_by_the_thousand_can_be_asked_for(ruth, rows, desk):
    kind = "QuoteFrame" if desk == "market/sim" else "ClockTicked"
    expected = [row.seq for row, _ in rows if row.kind == kind]
    assert await whole(ruth, f"desk={desk}&kind={kind}") == expected[::-1]
    assert seqs((await ruth.get(f"/staff/trace?desk={desk}")).text) != []


# 12:29:58 is the very instant at which some rows of hers were taken in; before 12:00 ends she has rows still to come.
WINDOWS = [
    ("2014-05-01T21:00", "2014-05-02T12:30:01"),
    ("2014-05-01T20:10", "2014-05-02T12:00"),
    ("2014-05-02T12:10", "2014-05-02T12:29:58"),
    ("2014-05-02T12:29:58", "2014-05-02T12:30"),
]


@pytest.mark.parametrize(("since", "until"), WINDOWS)
@pytest.mark.parametrize("kind", ["", "MarkTaken", "StandingChanged"])
async def test_a_window_holds_what_was_taken_in_in_it(ruth, stage, rows, kind, since, until):
    account = stage.accounts["ada lost"]
    low, high = parse_utc(since), parse_utc(until)
    expected = [
        row.seq
        for row, _ in rows
        if row.account == account and low <= row.received_us < high and kind in ("", row.kind)
    ]
    query = f"desk=account/{id_text(account)}&kind={kind or 'all'}&from={since}&to={until}"
    assert await whole(ruth, query) == expected[::-1]
    assert kind or 0 < len(expected) < len([row for row, _ in rows if row.account == account])


async def test_a_page_that_walked_far_says_from_where_to_go_on_and_nothing_is_lost(ruth, stage, rows, monkeypatch):
    monkeypatch.setattr(desk_trace, "WALKED_MAX", 7)
    account = stage.accounts["ada lost"]
    expected = [row.seq for row, _ in rows if row.account == account and row.kind == "DealBooked"]
    query = f"desk=account/{id_text(account)}&kind=DealBooked"
    first = (await ruth.get(f"/staff/trace?{query}")).text
    assert "Look further back, from row" in first or seqs(first)
    assert await whole(ruth, query) == expected[::-1]


def test_a_page_of_any_size_leaves_nothing_out_and_shows_nothing_twice(stage, rows):
    desk = f"account/{id_text(stage.accounts['ada'])}"
    expected = [row.seq for row, _ in rows if row.account == stage.accounts["ada"]]
    with stage.reader.connection() as book:
        for limit in (1, 2, 7):
            found, older = [], None
            while True:
                page = trace_page(book, desk, TraceFilter(), older, limit)
                found += [row.seq for row in page.rows]
                older = page.older
                if older is None:
                    break
            assert found == expected[::-1]


async def test_each_row_says_what_it_did_and_leads_on(ruth, stage, decisions):
    breach = decisions["BreachDeclared"]
    html = (await ruth.get(f"/staff/trace?desk=account/{id_text(stage.accounts['ada lost'])}&kind=BreachDeclared")).text
    page = text_of(html)
    assert "Equity of 91,283.50 USD reached the daily loss floor of 94,559.00 USD." in page
    assert "Asked the risk desk, which allowed the failure: it is final." in page
    assert f'href="/staff/decisions/{breach}"' in html
    cause = stage.reader.row(breach).cause
    assert f'href="/staff/rows/{cause}"' in html
    frame = (await ruth.get("/staff/trace?desk=market/sim&kind=QuoteFrame")).text
    assert re.search(r"Recorded</span> <a [^>]*>[A-Z]\w+ \d+", frame)


def test_every_row_of_a_history_has_a_sentence(rows):
    for row, body in rows:
        text = said(body)
        assert text.endswith((".", "”")), (row.kind, text)
        assert "None" not in text, (row.kind, text)
        assert "_us" not in text, (row.kind, text)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("desk=nobody", "No desk is called so."),
        ("desk=account/00000-00000", "No desk is called so."),
        ("desk=market/nowhere", "No desk is called so."),
        ("desk=nobody/00000-0000A", "No desk is called so."),
        ("desk=risk&kind=Nothing", "There is no such kind of row."),
        ("desk=risk&from=noon", "The time after “from” has to be written like"),
        ("desk=risk&to=9999-99-99T00:00", "The time after “to” has to be written like"),
        ("desk=risk&to=0001-01-01T00:00", "The time after “to” has to be written like"),
        ("desk=risk&from=2014-05-02T12:00&to=2014-05-02T12:00", "The window ends before it begins."),
        ("desk=risk&before=x", "The row to go on from cannot be read."),
    ],
)
async def test_what_cannot_be_meant_is_said(ruth, query, told):
    for path in ("/staff/trace", "/staff/trace.jsonl"):
        answer = await ruth.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert told in text_of(answer.text)


@pytest.mark.parametrize("typed", ["ACCOUNT/{}", "account {}", "Account  {}", "{}"])
async def test_a_desk_is_found_however_people_write_it(ruth, stage, typed):
    number = id_text(stage.accounts["ada"])
    for written in (number, number.lower()):
        answer = await ruth.get("/staff/trace", params={"desk": typed.format(written)})
        assert f"Desk trace of account/{number}" in text_of(answer.text)
    for desk, name in (("Market SIM", "market/sim"), ("RISK", "risk"), ("bridge sim", "bridge/sim")):
        assert f"Desk trace of {name}" in text_of((await ruth.get("/staff/trace", params={"desk": desk})).text)


async def test_a_kind_of_desk_alone_shows_the_choice(ruth):
    answer = await ruth.get("/staff/trace?desk=Market")
    assert answer.status_code == 200
    assert 'href="/staff/trace?desk=market/sim">sim</a>' in answer.text
    assert 'href="/staff/trace?desk=bridge/sim">sim</a>' not in answer.text
    assert 'value="Market"' in answer.text


async def test_an_accounts_trace_leaves_out_prices_and_reports_unless_all_are_asked_for(ruth, stage, rows):
    account = stage.accounts["ada lost"]
    mine = [row for row, _ in rows if row.account == account][::-1]
    beside = {"EquityReported", "DealReported", "MarkTaken", "QuoteUsed", "SnapshotReported"}
    assert beside <= {row.kind for row in mine}
    path = f"desk=account/{id_text(account)}"
    shown = await whole(ruth, path)
    assert shown == [row.seq for row in mine if row.kind not in BESIDE_ACCOUNTS]
    assert {row.kind for row in mine if row.seq in shown} >= {"DealBooked", "BreachDeclared", "StandingChanged"}
    assert await whole(ruth, f"{path}&kind=all") == [row.seq for row in mine]
    on_page = seqs((await ruth.get(f"/staff/accounts/{id_text(account)}")).text)
    assert on_page == shown[: len(on_page)] != []


def test_a_row_is_called_late_only_beside_rows_that_came_sooner(stage, rows):
    line = trace_line(rows[-1][0], {})
    late_us = 9 * SECOND_US
    late = replace(line, happened_us=line.received_us - late_us)
    assert replace(late, usual_us=SECOND_US).late_us == late_us
    assert replace(late, usual_us=late_us // 2).late_us == 0
    assert replace(late, happened_us=line.received_us - SECOND_US // 2).late_us == 0


async def test_an_account_is_found_by_its_number_alone_and_a_strange_one_has_no_rows(ruth, stage):
    number = id_text(stage.accounts["ada"])
    assert f"Desk trace of account/{number}" in text_of((await ruth.get(f"/staff/trace?desk={number.lower()}")).text)
    for path in ("/staff/trace", "/staff/trace.jsonl"):
        other = await ruth.get(f"{path}?desk=account/00000-0000A")
        assert other.status_code == 404
        assert "There is no such account." in text_of(other.text)
        assert 'href="/staff/accounts">' in other.text.partition("Reference")[2]
    row = await ruth.get("/staff/rows/999999999")
    assert 'href="/staff/trace">' in row.text.partition("Reference")[2]
    assert "To the desk trace" in text_of(row.text)
    foreign = (await ruth.get(f"/staff/trace?desk=account/{number}&before=1")).text  # a row, but not one of hers
    assert seqs(foreign) == []


# --- one row ---


async def test_a_row_is_shown_in_full_with_what_followed(ruth, stage, decisions):
    breach = stage.reader.row(decisions["BreachDeclared"])
    html = (await ruth.get(f"/staff/rows/{breach.seq}")).text
    page = text_of(html)
    assert f"Row {breach.seq} : BreachDeclared" in page
    assert f'href="/staff/rows/{breach.cause}"' in html
    assert f'href="/staff/rows/{breach.account_prev_seq}"' in html
    cause = (await ruth.get(f"/staff/rows/{breach.cause}")).text
    assert f'href="/staff/rows/{breach.seq}"' in cause
    for seq in ("0", "999999999", "99999999999999999999"):
        assert (await ruth.get(f"/staff/rows/{seq}")).status_code == 404


# --- the file ---


async def test_the_file_holds_the_rows_as_they_are_stored(ruth, stage, rows, monkeypatch):
    monkeypatch.setattr(staff_trace, "TRACE_FILE_AT_ONCE", 3)
    account = stage.accounts["ada lost"]
    answer = await ruth.get(f"/staff/trace.jsonl?desk=account/{id_text(account)}&kind=all")
    assert answer.headers["content-disposition"].startswith('attachment; filename="trace-account-')
    lines = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    mine = [row for row, _ in rows if row.account == account][::-1]
    assert [line["seq"] for line in lines] == [row.seq for row in mine]
    assert [line["payload"] for line in lines] == [msgspec.json.decode(row.payload) for row in mine]
    assert lines[0]["happened_at"] == iso(mine[0].happened_us)
    assert {line["account"] for line in lines} == {id_text(account)}


async def test_where_the_file_ends_at_its_bound_it_says_from_where_to_go_on(ruth, stage, monkeypatch):
    monkeypatch.setattr(staff_trace, "TRACE_FILE_AT_ONCE", 3)
    monkeypatch.setattr(staff_trace, "TRACE_FILE_ROWS_MAX", 6)
    query = f"desk=account/{id_text(stage.accounts['ada lost'])}"
    lines = [msgspec.json.decode(line) for line in (await ruth.get(f"/staff/trace.jsonl?{query}")).text.splitlines()]
    assert len(lines) == 7
    rest = await ruth.get(f"/staff/trace.jsonl?{query}&before={lines[-1]['goes_on_from']}")
    assert msgspec.json.decode(rest.text.splitlines()[0])["seq"] == lines[-1]["goes_on_from"] < lines[5]["seq"]


async def test_only_staff_read_traces(ada, nobody, stage):
    for path in (
        f"/staff/trace?desk=account/{id_text(stage.accounts['ada'])}",
        "/staff/trace.jsonl?desk=risk",
        "/staff/rows/1",
    ):
        assert (await ada.get(path)).status_code == 403
        assert (await nobody.get(path)).status_code == 303


def test_a_breach_that_was_let_off_has_its_sentence():
    waived = f.BreachWaived(
        rule="lots", rule_kind="exposure_limit", unit=Unit.LOTS_E8, limit=5 * 10**8, observed=6 * 10**8, subject="EURUSD", at_us=1
    )  # fmt: skip
    assert (
        said(waived).replace("\u00a0", " ")
        == "Lots (EURUSD) was broken while a person had waived it: 6.00 lots against 5.00 lots: that stays without effect."
    )
    assert "BreachWaived" in OF_ACCOUNTS
