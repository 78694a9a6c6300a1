"""Drift: what we compute beside what the platform said, since when, from which rows; over when both agree again."""

import re

import apsw
import pytest

from firm.facts import DealIgnored, DriftCleared, PositionsDrifted
from firm.ids import id_text
from storage.readmodels.drifts import Drifts, count_drifting, drifts_of, latest_drifts, open_drifts, what_drifts
from storage.rows import Row
from tests.web.page_text import text_of


@pytest.fixture(scope="module")
def parted(histories, tmp_path_factory):
    played = histories.drifting(tmp_path_factory.mktemp("parted") / "firm")
    yield played
    played.close()


@pytest.fixture
async def ruth(parted, visiting):
    async with visiting(parted.firm) as visit:
        yield await visit("ruth")


@pytest.fixture
def book(parted):
    with parted.reader.connection() as connection:
        yield connection


def row_of(html, account):
    rows = [row for row in html.partition("<tbody>")[2].split("<tr") if id_text(account) in row]
    return [text_of(f"<tr{row}") for row in rows]


def test_each_drift_is_one_row_with_both_figures_and_the_rows_that_say_so(parted, book):
    [found] = drifts_of(book, parted.accounts["ada"], None, 10)
    assert (found.what, found.difference.minor, found.tolerance) == ("equity", -25_00, 10_00)
    assert parted.reader.row(found.seq).kind == "DriftFound"
    assert parted.reader.row(found.report).kind == "EquityReported"
    assert found.cleared_seq is None


def test_a_drift_ends_with_the_report_that_agrees(parted, book):
    [found] = drifts_of(book, parted.accounts["ben"], None, 10)
    assert (found.what, found.difference.minor, found.tolerance) == ("balance", 1, 0)
    assert parted.reader.row(found.cleared_seq).kind == "DriftCleared"
    assert found.cleared_us - found.since_us == 600_000_000
    assert found not in open_drifts(book, None, 10)
    assert what_drifts(book, parted.accounts["ben"]) == []


def test_accounts_that_drift_are_counted_once_each(parted, book):
    count, since_us = count_drifting(book)
    assert (count, since_us) == (2, min(each.since_us for each in open_drifts(book, None, 10)))
    everything = latest_drifts(book, None, 10)
    assert len(everything) == 3
    assert latest_drifts(book, everything[1].seq, 10) == everything[2:]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_deal_our_book_cannot_hold_drifts_until_a_snapshot_agrees_and_is_not_found_twice(size):
    facts = [
        DealIgnored(deal_id="D1", why="already_booked"),
        DealIgnored(deal_id="D2", why="does_not_fit"),
        PositionsDrifted(missing=1, unknown=2),
        DriftCleared(what="positions"),
        PositionsDrifted(missing=3, unknown=0),
    ]
    rows = [(Row(seq, "", 1_000 * seq, 0, seq - 1, 7, b""), fact) for seq, fact in enumerate(facts, start=11)]
    connection = apsw.Connection("")
    connection.execute(Drifts.schema)
    for start in range(0, len(rows), size):
        Drifts().project(connection, rows[start : start + size])
    again, first = drifts_of(connection, 7, None, 10)
    assert (first.seq, first.deal, first.why, first.cleared_seq, first.cleared_report) == (
        12,
        "D2",
        "does_not_fit",
        14,
        13,
    )
    assert (again.seq, again.missing, again.deal, again.cleared_seq) == (15, 3, "", None)


async def test_the_page_says_what_we_compute_what_was_reported_and_by_how_much(ruth, parted):
    html = (await ruth.get("/staff/drift")).text
    assert "2 accounts drift" in text_of(html)
    [ada] = row_of(html, parted.accounts["ada"])
    for said in (
        "Equity",
        "99,993.00 USD now 99,997.00 USD",
        "99,968.00 USD",
        "−25.00 USD",
        "10.00 USD",
        "for 10 min",
    ):
        assert said in ada, said
    assert row_of(html, parted.accounts["ben"]) == []
    assert any("1 that the platform lacks" in row for row in row_of(html, parted.accounts["cleo"]))
    assert '<meta http-equiv="refresh"' in html


async def test_the_rows_that_a_drift_names_can_be_read_in_the_trace(ruth, parted, book):
    [found] = drifts_of(book, parted.accounts["ada"], None, 10)
    html = (await ruth.get("/staff/drift")).text
    for seq, kind in ((found.seq, "DriftFound"), (found.report, "EquityReported")):
        path = f"/staff/trace?desk=account/{id_text(found.account)}&kind=all&before={seq}"
        assert f'href="{path}"' in html.replace("&amp;", "&")
        first = (await ruth.get(path)).text.partition("<tbody>")[2].partition("</tr>")[0]
        assert f"{seq} " in text_of(first)
        assert kind in first


async def test_what_is_over_is_kept_and_each_account_has_its_own_list(ruth, parted):
    [ben] = row_of((await ruth.get("/staff/drift?show=all")).text, parted.accounts["ben"])
    assert "Agrees again" in ben
    assert "+0.01 USD tolerance none" in ben
    own = (await ruth.get(f"/staff/drift?account={id_text(parted.accounts['ben'])}")).text
    assert len(row_of(own, parted.accounts["ben"])) == 1
    assert row_of(own, parted.accounts["ada"]) == []


async def test_home_and_the_account_itself_tell_while_it_lasts(ruth, parted):
    assert "2 accounts differ from the platform" in text_of((await ruth.get("/staff")).text)
    ada = text_of((await ruth.get(f"/staff/accounts/{id_text(parted.accounts['ada'])}")).text)
    assert "Equity differs from what the platform reported." in ada
    cleo = text_of((await ruth.get(f"/staff/accounts/{id_text(parted.accounts['cleo'])}")).text)
    assert "differ from what the platform reported." in cleo
    ben = text_of((await ruth.get(f"/staff/accounts/{id_text(parted.accounts['ben'])}")).text)
    assert "what the platform reported" not in ben


async def test_pages_of_drift_never_overlap(ruth, parted, monkeypatch):
    from web.pages import staff_drift

    monkeypatch.setattr(staff_drift, "DRIFTS_PER_PAGE", 1)
    seen, path = 0, "/staff/drift?show=all"
    while path:
        html = (await ruth.get(path)).text
        seen += html.partition("<tbody>")[2].count("<tr>")
        more = re.search(r'href="(/staff/drift\?[^"]*before=\d+)"', html)
        path = more.group(1).replace("&amp;", "&") if more else ""
    assert seen == 3
    assert "There is no older drift." in (await ruth.get("/staff/drift?before=1")).text


async def test_no_drift_and_no_drift_ever_are_said_differently(histories, visiting, tmp_path):
    agreed = histories.funded_and_not(tmp_path / "firm")
    async with visiting(agreed.firm) as visit:
        client = await visit("ruth")
        assert "Every account agrees with its platform" in (await client.get("/staff/drift")).text
        assert "No account ever differed" in (await client.get("/staff/drift?show=all")).text
        own = f"/staff/drift?account={id_text(agreed.accounts['ada'])}"
        assert "This account never differed" in (await client.get(own)).text
    agreed.close()


async def test_a_trader_is_not_shown_drift(parted, visiting):
    async with visiting(parted.firm) as visit:
        client = await visit("ada")
        for path in ("/staff/drift", "/staff/drift/live", "/staff/drift?show=all"):
            answer = await client.get(path)
            assert answer.status_code == 403
            assert "99,9" not in answer.text
