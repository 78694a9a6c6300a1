"""What is wrong is said once, with what it is and what to do; what is bad in a frame is told and counted, and nothing else changes."""

import json
import re
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from appliance.cli import main
from appliance.control import ControlRequest, call_control
from bridges import events
from firm.facts import BreachDeclared, BreachSuspected, QuotesRefused
from firm.inputs import (
    CommandState,
    DealEntry,
    DealReported,
    EventRefused,
    LoginReported,
    QuoteFrame,
    Side,
    UnknownAccountReported,
)
from firm.instant import DAY_US, SECOND_US
from firm.quote_frame import Tick
from storage.files import FirmDirectory

Refusing = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refusing:
    """Run a verb that must not be done; the one line it said."""

    def ask(*arguments: object) -> str:
        assert main([*map(str, arguments)]) == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        [line] = [line for line in said.splitlines() if line.startswith("evenhand: ")]
        return line

    return ask


@pytest.fixture
def closed(shop: Any) -> Any:
    """A firm that stands still."""
    shop.machine.runner.run_dry()
    shop.machine.close()
    return shop


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# --- starting ---


def change_settings(directory: Path, pattern: str, text: str) -> None:
    path = directory / "evenhand.toml"
    changed, count = re.subn(pattern, text, path.read_text("utf-8"), count=1, flags=re.MULTILINE | re.DOTALL)
    assert count == 1
    path.write_text(changed, "utf-8")


def test_a_setting_that_does_not_exist_stops_the_start(closed: Any, refused: Refusing) -> None:
    change_settings(closed.directory, r"^\[web\]\n", "[web]\nprot = 8081\n")
    line = refused("serve", "--data-dir", closed.directory)
    assert "evenhand.toml" in line
    assert '"web.prot"' in line
    assert "web.port" in line
    assert "docs/settings.md" in line


def test_a_taken_web_port_is_named_with_the_setting_that_moves_it(closed: Any, refused: Refusing, taken: int) -> None:
    change_settings(closed.directory, rf"port = {closed.settings.web.port}$", f"port = {taken}")
    line = refused("serve", "--data-dir", closed.directory)
    assert f"127.0.0.1 port {taken}" in line
    assert "stop what uses it, or choose another with web.port in evenhand.toml" in line


def test_a_taken_gateway_port_is_named_with_the_setting_that_moves_it(
    closed: Any, refused: Refusing, taken: int
) -> None:
    change_settings(closed.directory, rf"port = {closed.settings.gateway.port}$", f"port = {taken}")
    line = refused("serve", "--data-dir", closed.directory)
    assert f"bridges cannot be served on 127.0.0.1:{taken}" in line
    assert "stop the program that has the port, or choose another with gateway.port in evenhand.toml" in line


def test_a_directory_that_is_in_use_is_left_alone(shop: Any, refused: Refusing) -> None:
    rows = len(shop.kinds())
    line = refused("serve", "--data-dir", shop.directory)
    assert f"{shop.directory} is in use by process" in line
    assert "stop that one first" in line
    assert len(shop.kinds()) == rows


def test_a_directory_without_a_firm_is_not_made_into_one(tmp_path: Path, refused: Refusing) -> None:
    for verb in ("serve", "verify", "replay"):
        line = refused(verb, "--data-dir", tmp_path / "nowhere")
        assert "nowhere" in line
        assert 'run "evenhand init", or name the right directory with --data-dir' in line
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_that_others_may_read_is_refused(closed: Any, refused: Refusing) -> None:
    closed.directory.chmod(0o755)
    assert f'run "chmod 0700 {closed.directory}"' in refused("serve", "--data-dir", closed.directory)


def write_past_the_guards(firm: Path, sql: str, *values: object) -> None:
    connection = apsw.Connection(str(FirmDirectory(firm).ledger_db))
    triggers = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for name in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql, values)
    assert connection.changes() == 1
    for trigger in triggers.values():
        connection.execute(trigger)
    connection.close()


def names(finding: str, seq: int) -> bool:
    """Whether a finding is about rows of which this is one."""
    return any(int(first) <= seq <= int(last) for first, last in re.findall(r"rows (\d+) to (\d+)", finding))


def test_a_damaged_recent_row_stops_the_start_and_is_named_by_verify(
    closed: Any, refused: Refusing, capsys: pytest.CaptureFixture[str]
) -> None:
    seq = len(closed.kinds()) - 2
    turn = "UPDATE ledger SET payload = CAST(replace(CAST(payload AS TEXT), ',', ';') AS BLOB) WHERE seq = ?"
    write_past_the_guards(closed.directory, turn, seq)
    line = refused("serve", "--data-dir", closed.directory)
    assert 'run "evenhand verify"' in line
    assert main(["verify", "--json", "--data-dir", str(closed.directory)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is False
    assert any(f"row {seq} " in str(finding) or names(str(finding), seq) for finding in report["findings"])


def test_evidence_of_a_row_that_is_no_decision_is_refused(closed: Any, refused: Refusing, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    for row in (1, 10_000_000):
        for verb in (("explain", row), ("evidence", row, "--out", out)):
            line = refused(*verb, "--data-dir", closed.directory)
            assert f"row {row}" in line
            assert "account's page" in line or "decision" in line
        assert not out.exists()


# --- the demo ---


def test_a_demo_never_touches_somebody_else_s_directory(tmp_path: Path, refused: Refusing, settings: Any) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    line = refused("demo", "--data-dir", tmp_path, "--port", settings().web.port, "--headless")
    assert f"{tmp_path} holds something that is not a demo: choose another with --data-dir" in line
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize("text", ["yesterday", "2014-13-01T00:00:00", "12:30"])
def test_an_instant_that_is_none_is_refused_before_anything_is_made(
    option: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--data-dir", str(tmp_path / "demo"), option, text])
    assert ended.value.code == 2
    assert f"{text!r} is no instant: write 2014-05-02T12:25:00" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("text", ["fast", "-1", "0x10", "nan", "inf"])
def test_a_speed_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", f"--speed={text}"])
    assert ended.value.code == 2
    assert f"{text!r} is no speed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "stretch",
    [
        ("--from", "2020-01-01T00:00:00"),
        ("--to", "2014-04-01T00:00:00"),
        ("--from", "2014-05-02T12:00:00", "--to", "2014-05-02T11:00:00"),
    ],
    ids=["after the last price", "before the first", "backwards"],
)
def test_a_stretch_without_prices_is_told_with_where_prices_are(
    stretch: tuple[str, ...], tmp_path: Path, refused: Refusing
) -> None:
    line = refused("demo", "--data-dir", tmp_path / "demo", *stretch)
    assert "there are no prices from" in line
    assert "the tick files reach from 2014-05-01T20:00:" in line
    assert not (tmp_path / "demo").exists()


def test_a_tick_file_that_is_none_is_named(tmp_path: Path, refused: Refusing) -> None:
    text, broken = tmp_path / "prices.csv", tmp_path / "eurusd_tick_20140501.zip"
    text.write_text("0,1.38700,1.38705\n")
    broken.write_bytes(b"PK but no zip")
    assert "prices.csv: expected SYMBOL_tick_YYYYMMDD.zip" in refused(
        "demo", "--data-dir", tmp_path / "d", "--ticks", text
    )
    assert "eurusd_tick_20140501.zip: cannot be read as a zip" in refused(
        "demo", "--data-dir", tmp_path / "d", "--ticks", broken
    )
    assert not (tmp_path / "d").exists()


def test_a_bad_line_in_a_tick_file_ends_the_demo_with_file_and_line(
    tmp_path: Path, run_apart: Any, settings: Any
) -> None:
    ticks = tmp_path / "eurusd_tick_20140502.zip"
    with zipfile.ZipFile(ticks, "w") as archive:
        lines = [f"{36_000_000 + number * 100},1.38700,1.38705" for number in range(20)]
        archive.writestr("part.csv", "\n".join([*lines, "36002000,1.38705,1.38700"]))
    port = settings().web.port
    told = run_apart("demo", "--headless", "--until-done", "--json", "--speed", "max", "--accounts", 1, "--data-dir",
               tmp_path / "demo", "--port", port, "--ticks", ticks)  # fmt: skip
    assert told.returncode == 2
    assert "eurusd_tick_20140502.zip line 21: crossed" in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr


# --- through the real gateway ---


async def test_prices_that_cannot_be_are_told_and_move_nothing(live: Any) -> None:
    await live.platform.buys(10, 138_705)
    await live.settled()
    before = live.machine.engine.account(7001)
    now_us = live.platform.now_us
    policy = live.machine.engine.policy
    bad = [
        Tick("EURUSD", now_us, 100_000, 90_000),
        Tick("EURUSD", now_us, -1, 5),
        Tick("EURUSD", now_us, 0, 0),
        Tick("EURUSD", now_us - policy.far_past_us - SECOND_US, 100, 105),
        Tick("EURUSD", now_us + policy.far_future_us + 60 * SECOND_US, 100, 105),
        Tick("NOSUCH", now_us, 100, 105),
    ]
    await live.client.send_quotes([*bad, Tick("EURUSD", now_us, 138_704, 138_709)])
    await live.settled()
    frame, *facts = live.caused_by(QuoteFrame)
    assert isinstance(frame, QuoteFrame)
    assert frame.n == 7
    [refused] = [fact for fact in facts if isinstance(fact, QuotesRefused)]
    whys = ["crossed", "not_positive", "not_positive", "far_past", "far_future", "unknown_symbol"]
    assert refused.refused == tuple(enumerate(whys))
    assert not [body for body in live.bodies() if isinstance(body, BreachDeclared | BreachSuspected)]
    after = live.machine.engine.account(7001)
    assert (after.standing, after.balance, after.positions) == (before.standing, before.balance, before.positions)
    assert live.machine.engine.market("sim").board.quotes["EURUSD"].bid == 138_704
    assert live.machine.directory_of_bridges.quote_seq("sim") == frame.qseq + 6


async def test_a_deal_of_a_login_that_is_nobody_s_is_kept_and_touches_no_account(live: Any) -> None:
    before = live.machine.engine.account(7001)
    told = events.Deal(
        "999999", "77", "77", "77", "EURUSD", Side.BUY, DealEntry.IN, 10**8, 138_705, "USD", 2, 0, 0, 0, 0, "client",
        live.platform.now_us, "for Ben",
    )  # fmt: skip
    await live.platform.publish(told)
    await live.settled()
    [kept, *facts] = live.caused_by(UnknownAccountReported)
    assert (kept.login, facts) == ("999999", [])
    assert "for Ben" not in kept.event
    live.machine.tidy()  # as a start does: what a row refers to is no orphan
    assert live.machine.vault.open_value(kept.sealed) == b'{"comment":"for Ben"}'
    assert live.machine.engine.account(7001) == before
    assert not [body for body in live.bodies() if isinstance(body, DealReported)]


async def test_an_event_that_is_not_believed_is_kept_counted_and_acknowledged(live: Any) -> None:
    now_us = live.platform.now_us
    deal = events.Deal(
        "700001", "78", "78", "78", "EURUSD", Side.BUY, DealEntry.IN, 10**8, -5, "USD", 2, 0, 0, 0, 0, "client", now_us
    )
    future = events.Equity("700001", "USD", 2, 1, 1, 0, "", now_us + 3 * DAY_US)
    foreign = events.Cash("700001", "9", "deposit", "EUR", 2, 10**9, 10**9, 1, now_us)
    before = live.machine.engine.account(7001)
    for event in (deal, future, foreign):
        await live.platform.publish(event)
    await live.settled()
    live.machine.tidy()
    kept = [body.raw_hex.removeprefix("sealed:") for body in live.bodies() if isinstance(body, EventRefused)]
    sent = [events.encode_event(event) for event in (deal, future, foreign)]
    assert [live.machine.vault.open_value(commitment) for commitment in kept] == sent
    assert sum(live.machine.counters.values()) >= 3
    assert live.machine.engine.account(7001) == before
    await live.platform.buys(1, 138_705)  # the lane flows on
    await live.settled()
    assert len(live.machine.engine.account(7001).positions) == 1


async def test_thousands_of_logins_cost_a_few_syncs_of_the_vault_and_none_of_them_on_the_loop(live: Any) -> None:
    threads: list[int] = []
    # The hook answers False, which lets the commit be.
    live.machine.vault._connection.set_commit_hook(lambda: bool(threads.append(threading.get_ident())))
    login = events.Session("700001", True, "192.0.2.7", "desktop", "a laptop", live.platform.now_us)
    await live.platform.publish(*[login] * 2_048)
    await live.settled()
    assert len([body for body in live.bodies() if isinstance(body, LoginReported)]) == 2_048
    assert 1 <= len(threads) <= 1 + 2_048 // 256
    assert threading.get_ident() not in threads


async def test_a_result_for_a_command_that_was_never_given_changes_nothing(live: Any) -> None:
    told = events.CmdResult("never-1", "700001", CommandState.APPLIED, "DONE", "", "", live.platform.now_us)
    before = live.machine.engine.account(7001)
    await live.platform.publish(told)
    await live.settled()
    assert live.machine.engine.account(7001) == before
    assert live.machine.health.now().open_commands == 0


async def test_what_was_refused_is_in_the_running_firm_s_health(live: Any) -> None:
    live.machine.counters["unknown version"] += 1
    assert ("unknown version", 1) in live.machine.health.now().refusals


def test_a_verb_that_the_appliance_does_not_know_is_answered(shop: Any, serving: Any) -> None:
    shop.machine.close()
    child = serving(shop.directory)
    assert "serving Northlight on http://" in child.first_line
    reply = call_control(shop.files.control_socket, ControlRequest(verb="transfer everything"))
    assert not reply.ok
    assert "'transfer everything' is not something a running appliance is asked" in reply.problem
    for arguments in ({}, {"kind": "Nonsense"}, {"kind": "AddStaff", "payload": 3}, {"kind": "ClockTicked", "payload": "{}"},
                      {"kind": "RevokeBridge", "payload": "{"}, {"kind": "ClockTicked", "payload": '{"at_us":1}'}):  # fmt: skip
        reply = call_control(shop.files.control_socket, ControlRequest(verb="ask", arguments=arguments))
        assert not reply.ok
        assert "the command could not be read" in reply.problem
    assert call_control(shop.files.control_socket, ControlRequest(verb="progress")).ok
    assert child.close() == 0
