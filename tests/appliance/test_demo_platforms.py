"""A demo with two platforms: each sells, trades and is judged, pages name them, and a person trades on either by hand."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors.recovery import all_rows
from appliance.cli import main
from appliance.commands.demo import welcome
from appliance.demo import Demo
from appliance.demo_firm import BRIDGE, NETTING_BRIDGE, OWNER_MAIL, PASSWORD, TRADER_MAIL, programs, traders
from appliance.demo_platforms import PASSWORDS_NAME, DemoOptions, Platform, first_password, platforms_of, together
from appliance.ports import free_port
from bridges.outbox import Outbox
from bridges.simulator.__main__ import OUTBOX_NAME
from bridges.simulator.in_step import LEAD_MAX_US
from bridges.simulator.replay import SILENCE_MAX_US, SLICE_US
from bridges.simulator.state import Execution, PositionMode, State, decode_state
from bridges.simulator.tempers import BUNDLED_TROUPE, VARIED_TROUPE
from firm.inputs import DealReported, QuoteFrame
from firm.instant import parse_utc
from firm.kinds import body_of
from storage.reader import LedgerReader

BOTH = (BRIDGE, NETTING_BRIDGE)
STRETCH = ("--from", "2014-05-02T12:10:00", "--to", "2014-05-02T12:32:00", "--accounts", "14")
START_US, END_US = parse_utc("2014-05-02T12:10:00"), parse_utc("2014-05-02T12:32:00")


# --- played to the end ---


@pytest.fixture(scope="module")
def played(demos: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("platforms") / "two"
    demos.start(folder, "--speed", "max", "--platforms", "2", *STRETCH)
    return demos.ended(folder)


@pytest.fixture(scope="module")
def told(played: Any) -> list[Any]:
    with LedgerReader(played.firm) as reader:
        return [body_of(row.kind, row.payload) for row in all_rows(reader, 0)]


def state_of(played: Any, folder: str) -> State:
    outbox = Outbox(played.directory / folder / OUTBOX_NAME)
    try:
        assert outbox.extra is not None
        return decode_state(outbox.extra)
    finally:
        outbox.close()


def test_both_platforms_sell_and_trade_and_every_command_is_carried_out(played: Any, told: list[Any]) -> None:
    deals = Counter(body.bridge for body in told if isinstance(body, DealReported))
    assert all(deals[bridge] >= 4 for bridge in BOTH), deals
    assert played.summary["commands_open"] == 0
    assert played.summary["commands_confirmed"] == played.summary["commands_queued"] >= 14


def test_each_has_accounts_of_its_own_kind(played: Any) -> None:
    first, netting = (state_of(played, folder) for folder in ("platform", "platform-netting"))
    assert (len(first.accounts), len(netting.accounts)) == (7, 7)
    assert {account.position_mode for account in first.accounts.values()} == {PositionMode.HEDGING}
    kinds = {(account.position_mode, account.execution) for account in netting.accounts.values()}
    assert kinds == {(PositionMode.NETTING, Execution.EXCHANGE)}
    assert [account.temper for account in first.accounts.values()] == list(BUNDLED_TROUPE.cast(7))
    assert [account.temper for account in netting.accounts.values()] == list(VARIED_TROUPE.cast(7))
    assert first.market != netting.market


def test_neither_gets_far_ahead_of_the_other(told: list[Any]) -> None:
    at = dict.fromkeys(BOTH, START_US)
    furthest = 0
    for body in told:
        if isinstance(body, QuoteFrame):
            at[body.bridge] = body.last_us
            if max(at.values()) < END_US - LEAD_MAX_US:
                furthest = max(furthest, max(at.values()) - min(at.values()))
    # A slice begins within the lead, and passes a silence or a second at most; the other's prices may be as far apart.
    assert 0 < furthest <= 2 * (LEAD_MAX_US + SILENCE_MAX_US + SLICE_US)


def test_the_book_of_both_verifies_and_decides_the_same_again(played: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for verb, sound in (("verify", "sound"), ("replay", "identical")):
        assert main([verb, "--data-dir", str(played.firm), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[sound] is True


# --- running ---


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    options = DemoOptions(
        directory=tmp_path_factory.mktemp("running") / "demo", accounts=4, speed="20", from_text="2014-05-02T12:10:00",
        port=free_port("127.0.0.1"), platforms=2, ticket=True,
    )  # fmt: skip
    running = Demo(options)
    running.prepare()
    with running.running():
        yield running


class Browser(httpx.Client):
    """A browser without a screen, for the portal and for a ticket: each has a token in its forms."""

    def form(self, path: str, **fields: str) -> httpx.Response:
        found = re.search(r'name="(csrf_token|form_token)" value="([^"]+)"', self.get("/", follow_redirects=True).text)
        token = {found[1]: found[2]} if found else {}
        return self.post(path, data=token | fields, headers={"origin": str(self.base_url).rstrip("/")})


@contextmanager
def portal(demo: Demo, mail: str) -> Iterator[Browser]:
    with Browser(base_url=demo.url) as browser:
        assert browser.form("/session", mail=mail, password=PASSWORD, next="/").status_code == 303
        yield browser


def test_the_demo_says_where_to_trade_by_hand_and_keeps_each_password(demo: Demo) -> None:
    said = welcome(demo)
    assert all(platform.ticket_url in said for platform in demo.platforms)
    password = first_password(demo.options.directory)
    assert password
    assert password in said
    kept = demo.options.directory / PASSWORDS_NAME
    assert kept.stat().st_mode & 0o077 == 0
    assert len(kept.read_text().splitlines()) == 4
    assert "sim-netting nets" in said


@pytest.mark.parametrize("place", [0, 1], ids=BOTH)
def test_what_is_ordered_by_hand_is_seen_by_the_firm(demo: Demo, place: int, until: Callable[..., Any]) -> None:
    """From the trader's page by its link to the ticket, and back to the page with the position on it."""
    mail, password = (demo.options.directory / PASSWORDS_NAME).read_text().splitlines()[place].split("\t")
    with portal(demo, mail) as browser:
        page = until(lambda: _account_page(browser), f"the account of {mail}", 90)
        link = re.search(r'href="(http://127\.0\.0\.1:\d+)/\?account=(\d+)"', page)
        assert link is not None
        assert link[1] == demo.platforms[place].ticket_url
        with Browser(base_url=link[1]) as ticket:
            until(
                lambda: ticket.form("/session", account=link[2], password=password).status_code == 303,
                "the account",
                60,
            )
            order = {"symbol": "XAUUSD", "type": "market", "side": "buy", "lots": "0.37"}
            until(lambda: ticket.form("/orders", **order).status_code == 303, "a first price", 60)
        until(lambda: "0.37" in _account_page(browser), "the position")
    assert demo.platforms[place].bridge in page


def _account_page(browser: Browser) -> str:
    """The one account's page, once it is open and its login is known; else ""."""
    link = re.search(r'href="(/accounts/[^"/]+)"', browser.get("/accounts").text)
    page = browser.get(link[1]).text if link else ""
    return page if "Trade by hand" in page else ""


@pytest.mark.parametrize(
    "path", ["/staff/accounts", "/staff/commands", "/staff/feed", "/staff/exposure?phases=all", "/staff/health"]
)
def test_the_staff_s_pages_name_both_bridges(demo: Demo, path: str, until: Callable[..., Any]) -> None:
    with portal(demo, OWNER_MAIL) as browser:
        until(
            lambda: all(re.search(rf"\b{bridge}(?!-)\b", browser.get(path).text) for bridge in BOTH),
            f"both bridges on {path}",
            60,
        )


def test_the_ticket_of_one_platform_does_not_open_the_other(demo: Demo, until: Callable[..., Any]) -> None:
    password = first_password(demo.options.directory)
    until(lambda: demo.market, "the market", 60)
    with Browser(base_url=demo.platforms[1].ticket_url) as ticket:
        assert ticket.form("/session", account="700001", password=password).status_code == 422


# --- how it is dealt ---


def test_one_platform_is_dealt_as_it_always_was() -> None:
    cast = traders(60, 1)
    assert [trader.temper for trader in cast] == list(BUNDLED_TROUPE.cast(60))
    assert {program.bridge for program in programs()} == {BRIDGE}
    assert cast[0].mail == TRADER_MAIL


def test_two_platforms_are_dealt_in_turn_and_each_program_runs_where_it_is_sold() -> None:
    bridges = {program.program: program.bridge for program in programs(2)}
    cast = traders(40, 1, [BUNDLED_TROUPE, VARIED_TROUPE])
    assert [bridges[trader.program] for trader in cast] == [*BOTH] * 20
    assert {trader.program for trader in cast} == set(bridges)


def test_the_first_platform_plays_what_was_asked_and_the_second_makes_the_same_stretch_up(tmp_path: Path) -> None:
    options = DemoOptions(
        directory=tmp_path, accounts=7, platforms=2, market="range;days=3", ticket=True, ticket_port=9_000
    )
    first, second = platforms_of(options, START_US, END_US)
    assert first.plays == ["--market", "range;days=3"]
    assert "trend+jumps+gaps+bursts;start=2014-05-02;days=1;seed=1" in second.plays
    assert (first.accounts, second.accounts) == (4, 3)
    assert (first.ticket_url, second.ticket_url) == ("http://127.0.0.1:9000", "http://127.0.0.1:9001")


def test_several_progress_lines_are_one_with_the_time_of_the_slowest() -> None:
    def line(market_us: int, done: bool) -> dict[str, Any]:
        counted = dict.fromkeys(("ticks", "accounts", "deals", "commands", "skipped_lines"), 2)
        return {"market_us": market_us, "market_time": str(market_us), "done": done} | counted

    assert together([line(9, True), line(5, False)]) == line(5, False) | {
        "ticks": 4, "accounts": 4, "deals": 4, "commands": 4, "skipped_lines": 4,
    }  # fmt: skip
    assert together([line(9, True), {}]) == {}


def test_a_line_that_is_no_progress_is_passed_over(tmp_path: Path) -> None:
    [platform] = platforms_of(DemoOptions(directory=tmp_path), START_US, END_US)
    platform.hear('{"ticks": 3}')
    platform.hear("Traceback (most recent call last):")
    assert isinstance(platform, Platform)
    assert platform.said == {"ticks": 3}
