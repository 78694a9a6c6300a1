"""The backoffice: finding an account, reading the engine's trace, stopping things, and how the machine is."""

import re

import anyio
import msgspec
import pytest

from firm.ids import id_text
from firm.inputs import DealEntry, Side
from tests.web.page_text import text_of

ROW = re.compile(r'href="/staff/accounts/([0-9A-Z]{5}-[0-9A-Z]{5})"')


async def listed(client, query: str) -> list[str]:
    answer = await client.get(f"/staff/accounts{query}", headers={"hx-request": "true"})
    assert answer.status_code == 200
    return ROW.findall(answer.text)


async def test_accounts_are_found_by_id_login_standing_and_program(ruth, stage, play):
    lost = id_text(stage.accounts["ada lost"])
    assert await listed(ruth, f"?q={lost.lower().replace('-', '')}") == [lost]
    assert len(await listed(ruth, f"?q={id_text(play.ADA)}")) == 4
    assert await listed(ruth, "?standing=breached") == [lost]
    assert await listed(ruth, "?q=50421") == [lost]
    assert await listed(ruth, "?standing=breached&program=two-step-100k&bridge=sim") == [lost]
    assert await listed(ruth, "?program=none") == []


async def test_no_match_and_nothing_yet_are_said_differently(ruth):
    page = (await ruth.get("/staff/accounts?q=nobody")).text
    assert "No account matches." in page
    assert "Clear search and filters" in page


async def test_a_standing_that_nobody_has_says_what_to_do_next(ruth):
    page = (await ruth.get("/staff/accounts?standing=closed")).text
    assert "No account has the standing “Closed” at the moment." in page
    assert 'href="/staff/accounts"' in page.partition("No account has the standing")[2]
    assert "Show all accounts" in page
    narrowed = (await ruth.get("/staff/accounts?standing=closed&bridge=sim")).text
    assert "No account matches." in narrowed


async def test_the_command_that_opened_an_account_shows_the_login_that_came_of_it(ruth, stage):
    account, login = stage.accounts["ada lost"], stage.engine.account(stage.accounts["ada lost"]).login
    for path in (f"/staff/accounts/{id_text(account)}", "/staff/commands"):
        html, rows = (await ruth.get(path)).text, []
        rows = [row for row in html.split("<tr") if "Open the account" in row]
        assert rows, path
        assert all('class="tab">–' not in row for row in rows), path
    assert f'class="tab">{login}' in (await ruth.get(f"/staff/accounts/{id_text(account)}")).text


async def test_a_switch_is_not_moved_for_a_reason_that_says_nothing(ruth, stage):
    asked = len(stage.asked)
    for control in ("/staff/controls/enforcement/engagement", "/staff/controls/enforcement/release"):
        answer = await ruth.send_form(control, why="ok")
        assert answer.status_code == 422
        assert "Say why in a sentence, of at least 10 characters" in answer.text
        assert ">ok</textarea>" in answer.text or "/release" in control
    assert len(stage.asked) == asked
    assert 'minlength="10"' in (await ruth.get("/staff/controls")).text


async def test_health_says_its_figures_in_plain_words_with_units(ruth):
    page = re.sub(r"<[^>]+>", " ", (await ruth.get("/staff/health")).text)
    for jargon in ("To be acked", "p99", "Feed lag", ">Code<", "Journal"):
        assert jargon not in page, jargon
    for said in (
        "Usual time to save",
        "99 of 100 within",
        "Prices arrive after",
        "Waiting for our receipt",
        "Reports received",
        "Program fingerprint",
        "How long saving took",
    ):
        assert said in page, said


async def test_pages_of_the_list_never_overlap_and_miss_nobody(ruth, stage):
    for sort in ("headroom", "activity", "opened", "equity", "balance"):
        seen: list[str] = []
        query = f"?sort={sort}"
        while query:
            html = (await ruth.get(f"/staff/accounts{query}")).text
            seen += ROW.findall(html)
            found = re.search(r'href="/staff/accounts(\?[^"]*after=[^"]*)"', html)
            query = found.group(1).replace("&amp;", "&") if found else ""
        assert len(seen) == len(set(seen)) == len(stage.accounts) + 1, sort  # and the phase that Ada won


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sort=luck", "Sort by one of these: closest to a limit, least headroom, closest to the target, last trade,"),
        ("standing=sleeping", "There is no such standing."),
        ("after=x~y", "The place in the list cannot be read."),
    ],
)
async def test_what_cannot_be_meant_is_said_and_nothing_is_listed_for_it(ruth, query, said):
    answer = await ruth.get(f"/staff/accounts?{query}")
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert ROW.findall(answer.text) == []


async def test_equity_says_its_currency_and_a_target_that_is_reached_what_is_still_to_come(ruth, stage, play):
    account = stage.sell("ada early", play.ADA, 999)
    stage.round_trip(account, "P9901", Side.BUY, "6.00", "EURUSD", 811_000, 60)
    stage.deal(account, "P9902", Side.BUY, "0.10", "EURUSD")
    stage.settle()
    path = f"/staff/accounts?q={id_text(account)}"
    page = text_of((await ruth.get(path)).text)
    assert "reached; still to come: 1 trading day, no open position" in page
    assert re.search(r"108,0\d\d\.\d\d \+8,0\d\d\.\d\d USD", page)
    stage.deal(account, "P9902", Side.SELL, "0.10", "EURUSD", DealEntry.OUT)
    stage.settle()
    page = text_of((await ruth.get(path)).text)
    assert "reached; still to come: 1 trading day" in page
    assert "no open position" not in page


async def test_the_trace_shows_every_row_of_the_account_newest_first(ruth, stage):
    account = stage.accounts["ada lost"]
    rows = stage.reader.account_rows(account, limit=10_000)
    seen: list[int] = []
    query = ""
    while True:
        path = f"/staff/trace?desk=account/{id_text(account)}&kind=all{query}"
        html = (await ruth.get(path, headers={"hx-request": "true"})).text
        seen += [int(seq) for seq in re.findall(r'<tr class="(?:input|fact|command)" id="row-(\d+)"', html)]
        older = re.search(r"&before=\d+", html.replace("&amp;", "&"))
        if older is None:
            break
        query = older.group(0)
    assert seen == [row.seq for row in rows]


async def test_the_trace_reads_as_words_not_as_json(ruth, stage):
    path = f"/staff/trace?desk=account/{id_text(stage.accounts['ada lost'])}&kind=all"
    html = (await ruth.get(path)).text.replace("\u00a0", " ")
    assert "BreachDeclared" in html
    assert "<b>Floor</b> 94,559.00 USD" in html
    assert "<b>Working</b> " in html
    assert "<b>Bid</b> 1274.400" in html
    assert "<b>Lots</b> 9.00" in html
    trace = html.partition('class="trace stacked"')[2]
    assert trace
    assert "minor" not in trace


async def test_one_person_stops_and_two_let_it_go_on(ruth, omar, stage):
    path = "/staff/controls/payouts"
    assert (await ruth.send_form(f"{path}/engagement", why="Statement does not add up.")).status_code == 303
    assert "Statement does not add up." in (await omar.get("/staff/controls")).text
    assert (await ruth.send_form(f"{path}/release", why="It does now.")).status_code == 303
    assert "Waiting for a second person." in (await ruth.get("/staff/controls")).text
    assert "Ruth Vale, risk asked for its release" in (await omar.get("/staff/controls")).text
    alone = await ruth.send_form(f"{path}/release", why="It really does.")
    assert alone.status_code == 422
    assert "a second person must do this" in alone.text.lower()
    assert "It really does." in alone.text
    assert (await omar.send_form(f"{path}/release", why="Checked it too.")).status_code == 303
    page = (await omar.get("/staff/controls")).text
    assert "Ruth Vale, risk and Omar Haddad, owner" in page
    nothing = await omar.send_form(f"{path}/release", why="Once more.")
    assert nothing.status_code == 422


async def test_payouts_can_be_stopped_once_there_are_payouts(ruth):
    page = (await ruth.get("/staff/controls")).text
    assert "Automatic failures" in page
    assert "/staff/controls/payouts/" not in page


async def test_whoever_is_alone_is_told_how_to_be_two(ruth, stage, play, monkeypatch):
    for path in ("/staff", "/staff/controls"):
        assert "evenhand staff add" not in (await ruth.get(path)).text
    staff = stage.board.staff()
    alone = msgspec.structs.replace(staff, members={play.RUTH: staff.members[play.RUTH]})
    monkeypatch.setattr(stage.board, "staff", lambda: alone)
    for path in ("/staff", "/staff/controls"):
        assert "evenhand staff add MAIL" in (await ruth.get(path)).text


async def test_a_firm_without_a_platform_is_told_what_comes_next(ruth, stage, monkeypatch):
    bare = msgspec.structs.replace(stage.health(), bridges=())
    monkeypatch.setattr(stage.board, "health", lambda: bare)
    assert "evenhand bridge add NAME" in (await ruth.get("/staff")).text


async def test_a_bridge_that_never_came_has_no_platform_no_lag_and_no_symbols(ruth, stage, monkeypatch):
    health = stage.health()
    (bridge,) = health.bridges
    silent = msgspec.structs.replace(
        bridge, connected=False, platform_up=False, journal_seq=0, watermark_us=0, last_tick_us=0, lag_ms=0
    )
    monkeypatch.setattr(stage.board, "health", lambda: msgspec.structs.replace(health, bridges=(silent,)))
    page = (await ruth.get("/staff/health")).text
    row = page.partition('data-live="bridges"')[2].partition("</table>")[0]
    assert "Never connected" in row
    assert "not known" in row
    for wrong in (">Down<", "0 ms", ">none<"):
        assert wrong not in row


async def test_an_account_that_never_traded_has_no_last_trade(ruth, stage, play):
    account = stage.sell("cleo idle", play.CLEO, 990)
    stage.settle()
    page = (await ruth.get(f"/staff/accounts?q={id_text(account)}")).text
    assert re.search(r'data-th="Last trade \(UTC\)"[^>]*><span class="soft">none', page)


async def test_a_page_of_the_list_says_which_part_of_it_is_shown(ruth, stage):
    html = (await ruth.get("/staff/accounts")).text
    total = len(stage.accounts) + 1
    assert f"1–50 of {total} accounts" in html
    more = re.search(r'href="(/staff/accounts\?[^"]*after=[^"]*)"', html)
    assert more is not None
    assert f"51–{total} of {total} accounts" in (await ruth.get(more[1].replace("&amp;", "&"))).text


async def test_a_list_that_is_read_to_its_end_does_not_say_that_nothing_ever_was(ruth, stage, play):
    assert "There are no older decisions." in (await ruth.get("/staff/decisions?before=1")).text
    assert "There are no older commands." in (await ruth.get("/staff/commands?before=1")).text
    fresh = stage.sell("cleo fresh", play.CLEO, 991)
    stage.settle()
    assert "No trade has been opened yet." in (await ruth.get(f"/staff/accounts/{id_text(fresh)}/trades")).text


async def test_a_switch_needs_a_reason_and_must_exist(ruth, stage):
    before = len(stage.asked)
    assert (await ruth.send_form("/staff/controls/payouts/engagement", why="  ")).status_code == 422
    assert (await ruth.send_form("/staff/controls/everything/engagement", why="Now.")).status_code == 404
    assert len(stage.asked) == before


async def test_a_command_that_is_not_open_cannot_be_settled(ruth):
    answer = await ruth.send_form("/staff/commands/sim/none/settlement", happened="yes", why="Saw it.")
    assert answer.status_code == 422
    assert "no command to a platform has this id" in answer.text.lower()


async def test_commands_are_filtered_by_state(ruth):
    confirmed = (await ruth.get("/staff/commands?state=confirmed")).text
    assert "Block trading" in confirmed
    assert "No command is in this state." in (await ruth.get("/staff/commands?state=failed")).text


async def test_a_revoked_bridge_is_called_revoked_and_missed_by_nobody(ruth, stage, monkeypatch):
    health = stage.health()
    (bridge,) = health.bridges
    sold = msgspec.structs.replace(bridge, bridge="sold", mode="revoked", connected=False, platform_up=False)
    both = msgspec.structs.replace(health, bridges=(bridge, sold))
    monkeypatch.setattr(stage.board, "health", lambda: both)
    row = (await ruth.get("/staff/health")).text.partition("<b>sold</b>")[2].partition("</tr>")[0]
    assert "Revoked" in row
    assert "tone-bad" not in row
    assert "Not connected" not in row
    home = (await ruth.get("/staff")).text
    tile = home.partition("Bridges connected")[2].partition("</a>")[0]
    assert re.sub(r"<[^>]+>", "", tile).startswith("1 of 1")


async def test_health_is_live_while_it_is_watched(ruth, stage):
    page = (await ruth.get("/staff/health")).text
    assert "Prices arrive after" in page
    async with ruth.stream("GET", "/staff/health/live") as answer:
        with anyio.fail_after(5):
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and "Ledger rows" in line:
                    break


async def test_the_list_is_sorted_by_the_very_shares_that_it_prints(ruth):
    html = (await ruth.get("/staff/accounts?standing=active")).text.replace("\u00a0", " ")
    shares = [float(share) for share in re.findall(r'Allowed loss left">([\d.]+) %', html)]
    assert len(shares) > 20
    assert shares == sorted(shares)
    assert max(shares) <= 100
    assert "closest to a limit" in html


async def test_search_says_what_it_can_find(ruth):
    page = (await ruth.get("/staff/accounts?q=Marlow")).text
    assert "Finds a whole account number or trader number, or the beginning of a login." in page
    assert "A name or mail address is looked for" in page
