"""Each alarm, from the very condition that it is about, in a real machine; and that it is silent before.

What only root may do to a disk is in `test_alarms_of_disks.py`; here its alarms are brought about by limits and by a slow writer.
A clock that steps and a desk that stops need a process of their own: they are in `tests/process`.
"""

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import apsw
import msgspec
import pytest

from actors.arrival import Arrival
from appliance.alarms.backup_age import note_backup
from appliance.alarms.copies_check import CopiesCheck, note_check
from appliance.alarms.limits import HeartbeatSettings
from appliance.alarms.notice import Alarm, Notice, Saying
from appliance.clock import SystemClock, wall_us
from appliance.founding import found
from appliance.heartbeat import Heartbeat
from appliance.space import MB, Space
from bridges import events
from bridges.enrolment import KeyFile, new_keypair
from bridges.outbox import Outbox
from bridges.sessions import SessionHealth
from firm.commands import (
    AddStaff,
    EngageKillSwitch,
    EnrolBridge,
    KillSwitch,
    MarkOrderPaid,
    PlaceOrder,
    RegisterTrader,
    ReleaseKillSwitch,
)
from firm.facts import CommandQueued
from firm.inputs import ClockTicked, CommandReported, CommandState, LoginReported, SymbolReported
from firm.instant import HOUR_US, SECOND_US
from firm.quote_frame import Tick
from storage.files import FirmDirectory

Looked = Callable[..., Any]
PATIENCE_S = 30


def said(notices: list[Notice]) -> str:
    [notice] = notices
    assert notice.saying is Saying.RAISED
    return notice.text


@pytest.mark.fires(Alarm.FEED_SILENT)
async def test_a_feed_that_falls_silent_while_the_market_is_open(shop: Any, look: Looked) -> None:
    shop.tick(138_700, 138_705)
    shop.wait(119)
    shop.put(ClockTicked(at_us=shop.now_us))
    assert await look(shop.machine, Alarm.FEED_SILENT) == []
    shop.wait(1)
    shop.put(ClockTicked(at_us=shop.now_us))
    assert said(await look(shop.machine, Alarm.FEED_SILENT)) == (
        "bridge sim has sent no price for 120 s while sessions are open"
    )


async def test_a_replay_that_has_ended_is_not_silent(shop: Any, look: Looked) -> None:
    shop.tick(138_700, 138_705)
    shop.wait(200)
    shop.put(ClockTicked(at_us=shop.now_us))
    book, nothing = shop.machine.health, dict.fromkeys(SessionHealth.__struct_fields__, 0)
    over = SessionHealth(**nothing | {"bridge": "sim", "connected": True, "prices_ended_us": shop.now_us})
    shop.machine.health = dataclasses.replace(book, sessions=lambda: [over])
    assert await look(shop.machine, Alarm.FEED_SILENT) == []
    shop.machine.health = book
    assert said(await look(shop.machine, Alarm.FEED_SILENT)).startswith("bridge sim has sent no price for 200 s")


async def test_a_feed_is_not_silent_where_the_session_opened_only_now(shop: Any, look: Looked, appliance: Any) -> None:
    """Thursday, 20:00 UTC: the symbol opens at 20:10 and has had no price since before it closed."""
    opens = 3 * 1440 + 20 * 60 + 10
    spec = msgspec.structs.replace(appliance.EURUSD, sessions=((opens, opens + 60),), zone="UTC")
    shop.put(SymbolReported(bridge="sim", seq=shop.next_seq(), spec=spec))
    shop.tick(138_700, 138_705)
    heard = {}
    for minute in range(15):
        heard[minute] = await look(shop.machine, Alarm.FEED_SILENT)
        shop.wait(60)
        shop.put(ClockTicked(at_us=shop.now_us))
    assert [minute for minute, notices in heard.items() if notices] == [12]


@pytest.mark.fires(Alarm.BRIDGE_AWAY)
async def test_a_bridge_that_went_away_and_came_back(
    tmp_path: Any,
    bridge_hands: Any,
    on_the_clock: Any,
    look: Looked,
    adjust: Any,
    sinks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    founded, served, connected, hand = bridge_hands
    machine, key = founded(tmp_path / "firm", on_the_clock())
    machine.gateway._silence_s, machine.gateway._heartbeat_s = 0.5, 0.05
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    adjust(machine, bridge_away_s=0)
    outbox, platform = Outbox(tmp_path / "outbox.db"), hand()
    platform.machine = machine
    async with served(machine):
        assert await look(machine, Alarm.BRIDGE_AWAY) == [], "a bridge that never came is not away"
        for _ in range(2):
            async with connected(key, outbox, platform):
                await sinks.soon(lambda: machine.health.now().bridges[0].platform_up)
                last = await look(machine, Alarm.BRIDGE_AWAY)
            await sinks.soon(lambda: not machine.health.now().bridges[0].connected)
            assert "bridge sim is not connected" in said(await look(machine, Alarm.BRIDGE_AWAY))
        assert [notice.saying for notice in last] == [Saying.OVER]
    outbox.close()
    machine.close()


@pytest.mark.fires(Alarm.BRIDGE_REFUSED)
async def test_strangers_at_the_gateway(
    tmp_path: Any, bridge_hands: Any, on_the_clock: Any, look: Looked, adjust: Any, sinks: Any
) -> None:
    founded, served, connected, hand = bridge_hands
    machine, key = founded(tmp_path / "firm", on_the_clock())
    adjust(machine, refused_max=0)
    stranger = new_keypair()
    forged = msgspec.structs.replace(key, bridge_public=stranger.public, bridge_secret=stranger.secret)
    assert isinstance(forged, KeyFile)
    outbox, platform = Outbox(tmp_path / "outbox.db"), hand()
    platform.machine = machine
    async with served(machine), anyio.create_task_group() as tasks:
        assert await look(machine, Alarm.BRIDGE_REFUSED) == []

        async def knock() -> None:
            async with connected(forged, outbox, platform):
                raise AssertionError("a stranger was let in")

        tasks.start_soon(knock)
        await sinks.soon(lambda: machine.counters["unknown key"])
        tasks.cancel_scope.cancel()
    assert "the gateway refused" in said(await look(machine, Alarm.BRIDGE_REFUSED))
    outbox.close()
    machine.close()


@pytest.mark.fires(Alarm.VAULT_NOT_WRITABLE)
async def test_a_vault_that_is_damaged_while_the_firm_serves(live: Any, look: Looked, sinks: Any) -> None:
    """A login comes in, and where it is to be kept lie other bytes. What was put back takes it, and nothing is lost."""
    machine = live.machine
    vault_db = FirmDirectory(machine.directory).vault_db
    shell = apsw.Connection(str(vault_db))
    [(page,)] = shell.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sealed_values'")
    [(size,)] = shell.execute("PRAGMA page_size")
    # A change by another hand, taken over into the file: whoever has it open reads its pages anew.
    shell.execute(
        "PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM erasing WHERE person = 'nobody'; PRAGMA user_version = 1"
    )
    shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert await look(machine, Alarm.VAULT_NOT_WRITABLE) == []
    with vault_db.open("r+b", buffering=0) as file:
        file.seek((page - 1) * size)
        whole = file.read(size)
        file.seek((page - 1) * size)
        file.write(bytes([7]) * size)
        login = events.Session("700001", True, "192.0.2.7", "desktop", "a laptop", live.platform.now_us)
        await live.platform.publish(login)
        await sinks.soon(lambda: machine.counters["waits for the vault"])
        notices = await look(machine, Alarm.VAULT_NOT_WRITABLE)
        assert said(notices).startswith("1 time within five minutes the vault gave or took nothing")
        file.seek((page - 1) * size)
        file.write(whole)
    shell.execute("PRAGMA user_version = 1")
    await live.settled()
    shell.close()
    [told] = [body for body in live.bodies() if isinstance(body, LoginReported)]
    assert b"192.0.2.7" in machine.vault.open_value(told.sealed)


@pytest.mark.fires(Alarm.COMMAND_WAITS)
async def test_a_command_that_nobody_answers(shop: Any, look: Looked) -> None:
    shop.put(RegisterTrader(by="console", trader=1002, sealed="c0ffee"))
    shop.put(PlaceOrder(by="console", order=502, trader=1002, program="trailing-100k", accounts=(7011, 7012)))
    paid = shop.put(MarkOrderPaid(by="console", order=502, reference="wire 2"))
    assert [fact for _, fact in paid.facts if isinstance(fact, CommandQueued)]
    heard = []
    for _ in range(80):
        shop.wait(10)
        shop.put(ClockTicked(at_us=shop.now_us))
        heard += [(shop.now_us, notice.text) for notice in await look(shop.machine, Alarm.COMMAND_WAITS)]
    assert [text for _, text in heard] == ["a command to bridge sim has had no end for 600 s"]


@pytest.mark.fires(Alarm.QUEUE_DEEP)
async def test_a_deep_queue(shop: Any, look: Looked, adjust: Any) -> None:
    adjust(shop.machine, queue_deep_inputs=50)
    tick = Arrival(ClockTicked(at_us=shop.now_us), shop.now_us, shop.now_us)
    shop.machine.runner.push([tick] * 49)
    assert await look(shop.machine, Alarm.QUEUE_DEEP) == []
    shop.machine.runner.push([tick])
    assert said(await look(shop.machine, Alarm.QUEUE_DEEP)) == "50 inputs wait for the engine"


@pytest.mark.fires(Alarm.COMMITS_SLOW)
async def test_commits_that_take_long(shop: Any, look: Looked, adjust: Any, bridge_hands: Any, sinks: Any) -> None:
    """Half of them must: one slow commit is no alarm."""
    adjust(shop.machine, commit_slow_ms=40)
    _, served, _, _ = bridge_hands
    machine, heard = shop.machine, {}
    async with served(machine):
        await look(machine, Alarm.COMMITS_SLOW)
        for slow in (1, 5):
            for number in range(6):
                if number < slow:
                    # Nothing is waited for here: this is the slow commit that the alarm is about.
                    machine.runner.between_batches(lambda _: time.sleep(0.08))
                before = machine.meter.batches
                machine.put(ClockTicked(at_us=shop.now_us))
                await sinks.soon(lambda before=before: machine.meter.batches > before)
            heard[slow] = await look(machine, Alarm.COMMITS_SLOW)
    assert heard[1] == []
    assert "half of the latest commits took" in said(heard[5])


@pytest.mark.fires(Alarm.ENGINE_STANDS)
async def test_a_commit_that_does_not_come_back(shop: Any, look: Looked, adjust: Any, bridge_hands: Any) -> None:
    adjust(shop.machine, engine_stands_s=1)
    _, served, _, _ = bridge_hands
    machine, disk_answers = shop.machine, threading.Event()
    async with served(machine):
        assert await look(machine, Alarm.ENGINE_STANDS) == []
        machine.runner.between_batches(lambda _: disk_answers.wait(PATIENCE_S))
        heard: list[Notice] = []
        with anyio.fail_after(PATIENCE_S):
            while not heard:
                machine.put(ClockTicked(at_us=shop.now_us))
                await anyio.sleep(0.05)
                heard = await look(machine, Alarm.ENGINE_STANDS)
        disk_answers.set()
    assert "wait, and nothing was committed for 1 s" in said(heard)


async def test_an_engine_that_is_held_for_want_of_space(shop: Any, look: Looked) -> None:
    machine = shop.machine
    assert await look(machine, Alarm.ENGINE_STANDS) == []
    ledger = msgspec.structs.replace(machine.settings.ledger, space_min_mb=10**9)
    machine.settings = msgspec.structs.replace(machine.settings, ledger=ledger)
    space = Space(machine)
    space.look()
    told = said(await look(machine, Alarm.ENGINE_STANDS))
    assert "the engine has stopped: the firm's disk has only" in told
    assert "takes nothing more below" in told


async def test_the_free_space_of_a_held_engine_is_that_of_the_last_look(
    shop: Any, look: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes room sees that it helps, and by the same figure as the doctor and `disk_low`."""
    machine, space = shop.machine, Space(shop.machine)
    monkeypatch.setattr("appliance.space.free_bytes", lambda _: 12 * MB)
    space.look()
    held_since_us = machine.held_since_us
    assert held_since_us == machine.clock.now_us()
    monkeypatch.setattr("appliance.space.free_bytes", lambda _: 19 * MB)
    space.look()
    assert "has only 19 MB free" in machine.runner.held
    assert machine.held_since_us == held_since_us
    assert "has only 19 MB free" in said(await look(machine, Alarm.ENGINE_STANDS))


@pytest.mark.fires(Alarm.BREAKER_TRIPPED)
async def test_the_breaker(tmp_path: Any, look: Looked, appliance: Any) -> None:
    settings = appliance.small_settings()
    breaker = msgspec.structs.replace(settings.risk.breaker, accounts_max=0)
    risk = msgspec.structs.replace(settings.risk, breaker=breaker)
    shop = appliance.Shop(tmp_path / "firm", msgspec.structs.replace(settings, risk=risk))
    shop.open()
    shop.wait(1)
    shop.tick(138_700, 138_705)
    shop.buy(10, 138_705)
    assert await look(shop.machine, Alarm.BREAKER_TRIPPED) == []
    shop.wait(1)
    shop.tick(137_000, 137_005)
    assert "automatic failures are stopped" in said(await look(shop.machine, Alarm.BREAKER_TRIPPED))
    shop.machine.close()


@pytest.mark.fires(Alarm.DESTINATION_AWAY)
async def test_a_destination_that_fails_again_and_again(
    shop: Any, look: Looked, outbound: Any, sinks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    with sinks.running(sinks.HttpSink([500, 500, 200])) as sink:
        shop.machine.outbound = outbound(sink.url, circuit_failures_max=2, circuit_open_s=0)
        heart = Heartbeat(HeartbeatSettings(url=f"{sink.url}/T0KEN"), lambda: 1, shop.machine.outbound)
        heard = []
        for _ in range(3):
            await heart.beat()
            heard.append([(notice.saying, notice.text) for notice in await look(shop.machine, Alarm.DESTINATION_AWAY)])
    text = "destination heartbeat failed 2 times in a row, and is left alone between single tries"
    assert heard == [[], [(Saying.RAISED, text)], [(Saying.OVER, text)]]


@pytest.mark.fires(Alarm.DISK_LOW)
async def test_a_disk_that_fills(shop: Any, look: Looked, adjust: Any) -> None:
    adjust(shop.machine, disk_free_low_mb=1)
    assert await look(shop.machine, Alarm.DISK_LOW) == []
    adjust(shop.machine, disk_free_low_mb=10**9)
    assert "MB are free" in said(await look(shop.machine, Alarm.DISK_LOW))


async def test_a_disk_that_does_not_say_what_is_free(shop: Any, look: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mount is gone: what a look would ask of it fails, too, and the alarm is told all the same."""
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    space, elsewhere = Space(shop.machine), shop.directory.with_name("elsewhere")
    assert await look(shop.machine, Alarm.DISK_LOW) == []
    shop.directory.rename(elsewhere)
    space.look()
    [notice] = await look(shop.machine, Alarm.DISK_LOW)
    assert (notice.saying, notice.subject) == (Saying.RAISED, "unseen")
    assert "cannot be seen (No such file or directory)" in notice.text
    elsewhere.rename(shop.directory)
    space.look()
    assert [notice.saying for notice in await look(shop.machine, Alarm.DISK_LOW)] == [Saying.OVER]


@pytest.mark.fires(Alarm.WAL_LARGE)
async def test_a_log_that_a_reader_keeps_from_being_taken_over(shop: Any, look: Looked, adjust: Any) -> None:
    adjust(shop.machine, wal_large_mb=2)
    shop.tick(138_700, 138_705)
    assert await look(shop.machine, Alarm.WAL_LARGE) == []
    shell = apsw.Connection(str(shop.files.ledger_db), flags=apsw.SQLITE_OPEN_READONLY)
    shell.execute("BEGIN; SELECT count(*) FROM ledger")
    for _ in range(16):
        shop.wait(1)
        shop.ticks(*[Tick("EURUSD", shop.now_us, 138_700 + number % 9, 138_710) for number in range(16_000)])
    [notice] = await look(shop.machine, Alarm.WAL_LARGE)
    assert notice.subject == "ledger"
    shell.close()


@pytest.mark.fires(Alarm.CHECKPOINT_OLD)
async def test_rows_that_no_checkpoint_covers(tmp_path: Any, look: Looked, appliance: Any) -> None:
    shop = appliance.Shop(tmp_path / "firm", appliance.small_settings(checkpoint_every_s=3_600))
    shop.open()
    heard = []
    for _ in range(140):
        shop.wait(30)
        shop.tick(138_700, 138_705)
        heard += await look(shop.machine, Alarm.CHECKPOINT_OLD)
    assert shop.machine.health.now().last_checkpoint_us
    assert "the last signed checkpoint is 6" in said(heard)
    shop.machine.close()


async def test_rows_before_the_first_checkpoint(tmp_path: Any, look: Looked, on_the_clock: Any, adjust: Any) -> None:
    """No tick of the clock comes: nothing falls due to be signed, and the first row is what waits for longest."""
    machine = found(tmp_path / "firm", on_the_clock())
    machine.decide_now([EnrolBridge(by="console", bridge="sim", public_key="k" * 40, simulator=True)])
    assert await look(machine, Alarm.CHECKPOINT_OLD) == []
    adjust(machine, checkpoint_old_s=1)
    heard: list[Notice] = []
    with anyio.fail_after(PATIENCE_S):
        while not heard:
            await anyio.sleep(0.05)
            heard = await look(machine, Alarm.CHECKPOINT_OLD)
    health = machine.health.now()
    assert not health.last_checkpoint_us
    assert said(heard) == f"no checkpoint was ever signed, and the first of {health.ledger_size} rows is 1 s old"
    machine.close()


@pytest.fixture
def copying(shop: Any) -> Callable[[str], None]:
    """Say in the settings where copies go."""

    def to(destination: str) -> None:
        machine = shop.machine
        backups = msgspec.structs.replace(machine.settings.backups, destination=destination)
        machine.settings = msgspec.structs.replace(machine.settings, backups=backups)

    return to


async def test_a_backup_that_was_never_made(shop: Any, look: Looked, copying: Any) -> None:
    assert await look(shop.machine, Alarm.BACKUP_OLD) == [], "no backup is kept: nothing can be late"
    copying("/mnt/copies")
    assert "no backup was ever made" in said(await look(shop.machine, Alarm.BACKUP_OLD))


@pytest.mark.fires(Alarm.BACKUP_OLD)
async def test_a_backup_that_is_late(shop: Any, look: Looked, copying: Any) -> None:
    copying("/mnt/copies")
    note_backup(shop.directory, wall_us() - 25 * HOUR_US)
    assert await look(shop.machine, Alarm.BACKUP_OLD) == []
    note_backup(shop.directory, wall_us() - 27 * HOUR_US)
    assert said(await look(shop.machine, Alarm.BACKUP_OLD)) == "the last good backup is 27 hours old"


async def test_a_firm_that_keeps_no_copies_any_more_is_not_told_how_old_the_last_one_is(
    shop: Any, look: Looked, copying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    copying("/mnt/copies")
    note_backup(shop.directory, wall_us() - 27 * HOUR_US)
    assert said(await look(shop.machine, Alarm.BACKUP_OLD))
    copying("")
    assert [notice.saying for notice in await look(shop.machine, Alarm.BACKUP_OLD)] == [Saying.OVER]
    assert await look(shop.machine, Alarm.BACKUP_OLD) == []


@pytest.mark.fires(Alarm.COPIES_BEHIND)
async def test_copies_that_do_not_leave(shop: Any, look: Looked, copying: Any) -> None:
    problem = "12 rows are not shipped"
    note_check(shop.directory, CopiesCheck(at_us=wall_us(), problems=(problem,)))
    assert await look(shop.machine, Alarm.COPIES_BEHIND) == [], "no copy is kept: nothing can be behind"
    machine = shop.machine
    copying("/mnt/copies")
    assert problem in said(await look(machine, Alarm.COPIES_BEHIND))


@pytest.mark.parametrize("hours", [None, 4])
async def test_copies_that_nobody_looks_at(shop: Any, look: Looked, copying: Any, hours: int | None) -> None:
    machine = shop.machine
    copying("/mnt/copies")
    note_check(shop.directory, CopiesCheck(at_us=wall_us()))
    assert await look(machine, Alarm.COPIES_BEHIND) == []
    if hours is None:
        (shop.directory / "last_copies_check").write_text("not a note")
    else:
        note_check(shop.directory, CopiesCheck(at_us=wall_us() - hours * HOUR_US))
    text = said(await look(machine, Alarm.COPIES_BEHIND))
    assert text == f"nobody {'ever looked' if hours is None else 'looked for 4 hours'} whether the copies are fresh"


async def test_a_start_that_could_not_look_for_newer_copies(shop: Any, look: Looked, copying: Any) -> None:
    machine = shop.machine
    copying("/mnt/copies")
    note_check(shop.directory, CopiesCheck(at_us=wall_us()))
    machine.copies_unseen = "/mnt/copies is not there"
    assert "could not be seen at the start: /mnt/copies is not there" in said(await look(machine, Alarm.COPIES_BEHIND))


async def test_a_clock_that_is_behind_the_ledger_s_last_row(
    tmp_path: Any, look: Looked, on_the_clock: Any, appliance: Any
) -> None:
    machine = found(tmp_path / "firm", on_the_clock())
    machine.clock = SystemClock(wall_us() + 3_600 * SECOND_US)
    machine.decide_now([EnrolBridge(by="console", bridge="sim", public_key="k" * 40, simulator=True)])
    settings, secrets = machine.settings, machine.secrets
    machine.close()
    again = appliance.Machine(tmp_path / "firm", settings, secrets)
    assert "ms behind firm time" in said(await look(again, Alarm.CLOCK_STEPPED))
    again.close()


@pytest.mark.fires(Alarm.READ_MODEL_BEHIND)
@pytest.mark.parametrize("meddling", ["DELETE FROM read_models WHERE name = 'trades'", "DROP TABLE rm_seals"])
async def test_a_read_model_that_somebody_meddled_with(shop: Any, look: Looked, meddling: str) -> None:
    assert await look(shop.machine, Alarm.READ_MODEL_BEHIND) == []
    shell = apsw.Connection(str(FirmDirectory(shop.directory).ledger_db))
    shell.execute(meddling)
    shell.close()
    model = "trades" if "trades" in meddling else "seals"
    assert said(await look(shop.machine, Alarm.READ_MODEL_BEHIND)).endswith(f"do not follow the ledger: {model}")


@pytest.mark.fires(Alarm.ENFORCEMENT_OWED)
async def test_enforcement_that_goes_on_without_what_it_withheld(shop: Any, look: Looked) -> None:
    shop.wait(1)
    shop.tick(138_700, 138_705)
    shop.buy(10, 138_705)
    for number in (1, 2):
        shop.put(AddStaff(by="console", staff=number, role="risk", sealed=f"sealed {number}"))
    shop.put(EngageKillSwitch(by="staff:1", switch=KillSwitch.ENFORCEMENT, why="looks odd"))
    shop.wait(1)
    shop.tick(137_000, 137_005)
    assert shop.machine.live.owed()
    assert await look(shop.machine, Alarm.ENFORCEMENT_OWED) == [], "while it is stopped nothing can be ordered"
    for by in ("staff:1", "staff:2"):
        shop.put(ReleaseKillSwitch(by=by, switch=KillSwitch.ENFORCEMENT, why="fine again"))
    [notice] = await look(shop.machine, Alarm.ENFORCEMENT_OWED)
    assert (notice.saying, notice.subject) == (Saying.RAISED, "sim")
    assert notice.text == (
        "enforcement at bridge sim goes on, but what was withheld from 1 account is not ordered anew"
    )


@pytest.mark.fires(Alarm.ENFORCEMENT_FAILS)
async def test_a_platform_that_refuses_what_was_ordered_again_and_again(shop: Any, look: Looked) -> None:
    shop.put(RegisterTrader(by="console", trader=1002, sealed="c0ffee"))
    shop.put(PlaceOrder(by="console", order=502, trader=1002, program="trailing-100k", accounts=(7011, 7012)))
    facts = shop.put(MarkOrderPaid(by="console", order=502, reference="wire 2")).facts
    for failures in range(1, 6):
        assert await look(shop.machine, Alarm.ENFORCEMENT_FAILS) == []
        [queued] = [fact for _, fact in facts if isinstance(fact, CommandQueued)]
        refused = CommandReported(
            bridge="sim", seq=90 + failures, command=queued.command, state=CommandState.FAILED, retcode="no_rights",
            vendor_ref="", t_us=shop.now_us,
        )  # fmt: skip
        shop.put(refused, 7011)
        shop.wait(60 << failures)
        facts = shop.put(ClockTicked(at_us=shop.now_us)).facts
    text = said(await look(shop.machine, Alarm.ENFORCEMENT_FAILS))
    assert text == "what was ordered for 1 account at bridge sim failed again and again"
