"""The bridge client against the gateway: in order, once, through every kind of interruption."""

from itertools import pairwise

import anyio
import pytest

from actors.effects import QueryCommand, RequestBackfill, RequestSnapshot, SendCommand, Subscribe
from bridges import wire
from bridges.deadman import sign_deadman
from bridges.doorkeeper import CannotBind
from bridges.events import CmdResult, Equity, Platform
from firm.inputs import (
    BridgeConnected,
    CommandAcknowledged,
    CommandReported,
    CommandState,
    EquityReported,
    GapReported,
    PlatformReported,
    QuoteFrame,
    Watermark,
)
from firm.quote_frame import Tick, decode_quotes, decode_windows


def up(n: int) -> Platform:
    return Platform(True, 1_398_988_800_000_000, f"event {n}")


def tick(n: int) -> Tick:
    return Tick("EURUSD", 1_398_988_800_000_000 + n, 138_597 + n, 138_609 + n)


def whys(world) -> list[str]:
    return [report.why for report in world.engine.of(PlatformReported)]


def command(world, name: str) -> SendCommand:
    return SendCommand(
        bridge="sim", command=name, idem_key=f"k-{name}", login="700001", action="close_all", args={}, deadline_us=0
    )


def ticks_of(world) -> list[Tick]:
    frames = [arrival for arrival in world.engine.arrivals if isinstance(arrival.body, QuoteFrame)]
    return [tick for frame in frames for tick in decode_quotes(frame.attachment)]


async def test_journal_and_prices_arrive_in_the_order_in_which_they_happened(world, hands):
    async with world.gateway_serving():
        key = world.enrol("sim")
        async with hands.client(key, hands.outbox()) as client:
            for n in range(50):
                await client.send_quotes([tick(2 * n), tick(2 * n + 1)])
                await client.publish([up(n)])
            await client.watermark(1_398_988_900_000_000)
            await client.settled()
    order = [
        (arrival.body.after_seq, "quotes") if isinstance(arrival.body, QuoteFrame) else (arrival.body.seq, "event")
        for arrival in world.engine.arrivals
        if isinstance(arrival.body, QuoteFrame | PlatformReported)
    ]
    expected = [pair for n in range(50) for pair in ((n, "quotes"), (n + 1, "event"))]
    assert order == expected
    assert ticks_of(world) == [tick(n) for n in range(100)]
    assert world.engine.of(Watermark)[-1] == Watermark(bridge="sim", t_us=1_398_988_900_000_000, seq=50, qseq=100)
    assert isinstance(world.engine.arrivals[0].body, BridgeConnected)


async def test_nothing_is_acknowledged_before_it_is_durable(world, hands):
    world.engine.by_hand = True
    async with world.gateway_serving():
        outbox = hands.outbox()
        async with hands.client(world.enrol("sim"), outbox) as client:
            await client.publish([up(1), up(2)])
            await client.send_quotes([tick(1)])
            await hands.until(lambda: bool(ticks_of(world)))
            bare_heartbeats = world.gateway.health()[0].heartbeat_us
            await hands.until(lambda: world.gateway.health()[0].outbox_depth == 2 and bare_heartbeats >= 0)
            assert outbox.acked_seq == 0
            world.engine.commit()
            await client.settled()
            assert outbox.acked_seq == 2


async def test_what_was_not_durable_when_the_appliance_died_is_sent_again(world, hands):
    outbox = hands.outbox()
    async with world.gateway_serving():
        key = world.enrol("sim")
    async with hands.client(key, outbox) as client:
        async with world.gateway_serving() as gateway:
            await client.publish([up(n) for n in range(1, 6)])
            await client.send_quotes([tick(n) for n in range(1, 4)])
            await client.settled()
            world.engine.by_hand = True
            await client.publish([up(6)])
            await client.send_quotes([tick(4)])
            await hands.until(lambda: len(ticks_of(world)) == 4)
            gateway._channel.close()  # the process is gone: no word of farewell
        world.engine.forget()
        world.directory.seqs["sim"] = (5, 3, outbox.epoch)
        async with world.gateway_serving():
            await client.settled()
            assert whys(world) == ["event 6"]
            assert ticks_of(world) == [tick(4)]


async def test_an_appliance_restored_from_an_old_backup_gets_everything_since_again(world, hands):
    outbox = hands.outbox()
    async with world.gateway_serving():
        key = world.enrol("sim")
        async with hands.client(key, outbox) as client:
            await client.publish([up(n) for n in range(1, 11)])
            await client.settled()
    world.engine.forget()
    world.directory.seqs["sim"] = (4, 0, outbox.epoch)
    async with world.gateway_serving(), hands.client(key, outbox) as client:
        assert (await client.welcomed()).seq == 4
        await client.settled()
        assert whys(world) == [f"event {n}" for n in range(5, 11)]


async def test_a_bridge_that_can_repeat_its_ticks_refills_what_a_restored_appliance_lacks(world, hands):
    outbox = hands.outbox()
    world.directory.seqs["sim"] = (0, 3, outbox.epoch)
    async with world.gateway_serving():
        key = world.enrol("sim")

        def refill(first: int, before: int) -> list[tuple[int, list[Tick]]]:
            return [(0, [tick(n) for n in range(first, before)])]

        async with hands.client(key, outbox, next_qseq=8, refill=refill) as client:
            await client.send_quotes([tick(8), tick(9)])
            await client.settled()
    assert ticks_of(world) == [tick(n) for n in range(4, 10)]


async def test_a_bridge_that_cannot_repeat_its_ticks_goes_on_from_where_the_appliance_stands(world, hands):
    outbox = hands.outbox()
    world.directory.seqs["sim"] = (0, 41, outbox.epoch)
    async with world.gateway_serving():
        program = hands.program()
        async with hands.client(world.enrol("sim"), outbox, program) as client:
            await client.send_quotes([tick(1)])
            await client.settled()
    frame = world.engine.of(QuoteFrame)[0]
    assert (frame.qseq, frame.n) == (42, 1)
    assert program.welcomes[0].renumbered


async def test_a_restarted_bridge_may_cut_its_frames_elsewhere(world, hands):
    outbox = hands.outbox()
    world.directory.seqs["sim"] = (0, 5, outbox.epoch)
    async with world.gateway_serving(), hands.client(world.enrol("sim"), outbox, next_qseq=1) as client:
        await client.send_quotes([tick(n) for n in range(1, 9)])
        await client.settled()
    frame = next(arrival for arrival in world.engine.arrivals if isinstance(arrival.body, QuoteFrame))
    assert (frame.body.qseq, frame.body.n) == (6, 3)
    assert decode_quotes(frame.attachment) == [tick(6), tick(7), tick(8)]


async def test_settled_waits_for_what_the_appliance_asked_because_of_what_was_sent(world, hands):
    async with world.gateway_serving() as gateway:

        def on_commit(arrival) -> None:
            if isinstance(arrival.body, QuoteFrame):
                gateway.carry(command(world, f"c{arrival.body.qseq}"))

        world.engine.on_commit = on_commit
        program = hands.program()
        async with hands.client(world.enrol("sim"), hands.outbox(), program) as client:
            for n in range(1, 30):
                await client.send_quotes([tick(n)])
                await client.settled()
                assert program.commands[-1] == (f"c{n}", False)
                assert world.engine.of(CommandReported)[-1].command == f"c{n}"


async def test_settled_waits_for_a_command_that_is_still_being_carried_out(world, hands):
    async with world.gateway_serving() as gateway:
        program, outbox = hands.program(), hands.outbox()
        program.may_finish = anyio.Event()
        async with hands.client(world.enrol("sim"), outbox, program) as client:
            await client.welcomed()
            gateway.carry(command(world, "c1"))
            await hands.until(lambda: program.commands == [("c1", False)] and outbox.depth == 0)
            with anyio.move_on_after(0.2) as waited:
                await client.settled()
            assert waited.cancelled_caught
            program.may_finish.set()
            await client.settled()
            assert world.engine.of(CommandReported)[-1].command == "c1"


async def test_what_waited_for_a_connection_leaves_in_its_order(world, hands):
    async with world.gateway_serving():
        key = world.enrol("sim")
    async with hands.client(key, hands.outbox(), next_qseq=1) as client:
        for n in range(20):
            await client.send_quotes([tick(n)])
            await client.publish([up(n), up(n)])
        async with world.gateway_serving():
            await client.settled()
    order = [type(arrival.body) for arrival in world.engine.arrivals[1:]]
    assert order == [QuoteFrame, PlatformReported, PlatformReported] * 20
    assert world.counters == {}


async def test_a_command_that_arrives_twice_is_carried_out_once(world, hands):
    async with world.gateway_serving() as gateway:
        program = hands.program()
        async with hands.client(world.enrol("sim"), hands.outbox(), program) as client:
            await client.welcomed()
            for _ in range(3):
                assert gateway.carry(command(world, "c1"))
            await hands.until(lambda: bool(world.engine.of(CommandReported)))
            gateway.carry(command(world, "c1"))
            gateway.carry(command(world, "c2"))
            await hands.until(lambda: len(world.engine.of(CommandReported)) == 2)
    assert program.commands == [("c1", False), ("c2", False)]
    assert [said.command for said in world.engine.of(CommandAcknowledged)] == ["c1", "c2"]


async def test_a_command_without_a_result_is_handed_over_again_after_a_restart(world, hands):
    async with world.gateway_serving() as gateway:
        key = world.enrol("sim")
        idle = hands.program()
        idle.is_idle = True
        outbox = hands.outbox("same.db")
        async with hands.client(key, outbox, idle) as client:
            await client.welcomed()
            gateway.carry(command(world, "c1"))
            await hands.until(lambda: idle.commands == [("c1", False)])
        outbox.close()
        program = hands.program()
        async with hands.client(key, hands.outbox("same.db"), program) as client:
            await client.settled()
        assert program.commands == [("c1", True)]
        assert world.engine.of(CommandReported)[-1].state is CommandState.APPLIED


async def test_a_query_is_answered_from_the_bridges_journal(world, hands):
    async with world.gateway_serving() as gateway, hands.client(world.enrol("sim"), hands.outbox()) as client:
        await client.welcomed()
        gateway.carry(command(world, "c1"))
        await hands.until(lambda: bool(world.engine.of(CommandReported)))
        gateway.carry(QueryCommand(bridge="sim", command="c1"))
        gateway.carry(QueryCommand(bridge="sim", command="never"))
        await hands.until(lambda: len(world.engine.of(CommandReported)) == 3)
    told = [(said.command, said.state, said.retcode) for said in world.engine.of(CommandReported)]
    assert told[1:] == [("c1", CommandState.APPLIED, "0"), ("never", CommandState.UNKNOWN, "never_received")]


async def test_a_new_accounts_events_wait_until_the_firm_knows_the_account(world, hands):
    world.engine.by_hand = True
    async with world.gateway_serving(), hands.client(world.enrol("sim"), hands.outbox()) as client:
        created = CmdResult("c1", "", CommandState.APPLIED, "0", "700002", "", hands.now_us)
        equity = Equity("700002", "USD", 2, 10_000_000, 10_000_000, 0, "books", hands.now_us)
        await client.publish([created, equity])
        await hands.until(lambda: bool(world.engine.of(CommandReported)))
        world.directory.of_logins["700002"] = 12
        world.engine.by_hand = False
        world.engine.commit()
        await client.settled()
    assert [report.equity.minor for report in world.engine.of(EquityReported)] == [10_000_000]


async def test_requests_reach_the_program_in_order(world, hands):
    async with world.gateway_serving() as gateway:
        program = hands.program()
        async with hands.client(world.enrol("sim"), hands.outbox(), program) as client:
            await client.welcomed()
            gateway.carry(Subscribe(bridge="sim", symbols=("EURUSD",)))
            gateway.carry(RequestSnapshot(bridge="sim", login=""))
            gateway.carry(RequestBackfill(bridge="sim", symbol="EURUSD", from_us=1, to_us=2))
            await hands.until(lambda: len(program.asked) == 3)
    assert program.asked == [("EURUSD",), ("snapshot", ""), wire.BackfillReq("EURUSD", 1, 2)]
    assert not gateway.carry(RequestSnapshot(bridge="absent", login=""))


async def test_commands_and_questions_are_handed_over_in_the_order_in_which_they_came(world, hands):
    async with world.gateway_serving() as gateway:
        program = hands.program()
        program.asked = program.commands = []
        async with hands.client(world.enrol("sim"), hands.outbox(), program) as client:
            await client.welcomed()
            for name in ("c1", "c2", "c3"):
                gateway.carry(command(world, name))
                gateway.carry(RequestSnapshot(bridge="sim", login=name))
            await hands.until(lambda: len(program.asked) == 6)
    assert program.asked == [told for name in ("c1", "c2", "c3") for told in ((name, False), ("snapshot", name))]


async def test_what_is_asked_all_at_once_arrives_in_full_and_in_order(world, hands):
    """A firm that begins asks for all its accounts before the bridge has read the first request."""
    async with world.gateway_serving(heartbeat_s=5) as gateway:
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        names = [f"c{n}" for n in range(20_000)]
        assert all(gateway.carry(command(world, name)) for name in names)
        assert [(await bridge.hear(wire.Cmd)).cmd_id for _ in names] == names


async def test_a_dead_man_policy_is_kept_only_if_the_ledger_key_signed_it(world, hands):
    policy = wire.DeadmanPolicy("sim", 2, hands.now_us, "close_only", 30_000)
    forged = sign_deadman(wire.DeadmanPolicy("sim", 3, hands.now_us, "floors", 1), type(world.ledger_key).generate())
    older = sign_deadman(wire.DeadmanPolicy("sim", 1, hands.now_us, "floors", 1), world.ledger_key)
    elsewhere = sign_deadman(wire.DeadmanPolicy("other", 9, hands.now_us, "floors", 1), world.ledger_key)
    async with world.gateway_serving() as gateway:
        gateway.set_deadman("sim", sign_deadman(policy, world.ledger_key))
        outbox, program = hands.outbox(), hands.program()
        async with hands.client(world.enrol("sim"), outbox, program) as client:
            await hands.until(lambda: client.deadman is not None)
            for bad in (forged, older, elsewhere):
                gateway.set_deadman("sim", bad)
            gateway.carry(Subscribe(bridge="sim", symbols=()))
            await hands.until(lambda: bool(program.asked))
            assert client.deadman == policy
    assert outbox.deadman() == sign_deadman(policy, world.ledger_key)


async def test_under_overload_prices_are_conflated_and_marked(world, hands, monkeypatch):
    monkeypatch.setattr("bridges.ring.RING_TICKS_MAX", 4)
    world.engine.by_hand = True
    async with world.gateway_serving(), hands.client(world.enrol("sim"), hands.outbox()) as client:
        await client.welcomed()
        client.push_quotes([tick(n) for n in range(4)])
        client.push_quotes([tick(20), tick(10), tick(15)])
        await hands.until(lambda: bool(world.engine.of(QuoteFrame)))
        world.engine.by_hand = False
        world.engine.commit()
        await client.settled()
        client.push_quotes([tick(30)])
        await client.settled()
    frames = [arrival for arrival in world.engine.arrivals if isinstance(arrival.body, QuoteFrame)]
    assert [(frame.body.qseq, frame.body.n, frame.body.conflated) for frame in frames] == [
        (1, 4, False),
        (5, 1, True),
        (6, 1, False),
    ]
    window = decode_windows(frames[1].attachment)[0]
    assert (window.merged, window.bid_lo, window.bid_hi) == (3, tick(10).bid, tick(20).bid)
    assert (window.bid, window.ask) == (tick(15).bid, tick(15).ask)


async def test_a_symbol_without_room_for_a_window_is_told_as_a_gap(world, hands, monkeypatch):
    monkeypatch.setattr("bridges.ring.RING_TICKS_MAX", 1)
    monkeypatch.setattr("bridges.ring.CONFLATED_SYMBOLS_MAX", 1)
    world.engine.by_hand = True
    async with world.gateway_serving(), hands.client(world.enrol("sim"), hands.outbox()) as client:
        await client.welcomed()
        client.push_quotes([tick(0)])
        gold = [Tick("XAUUSD", tick(n).t_us, 1_284_310, 1_284_710) for n in (3, 9, 5)]
        client.push_quotes([tick(2), *gold, tick(10)])
        await hands.until(lambda: bool(world.engine.of(QuoteFrame)))
        world.engine.by_hand = False
        world.engine.commit()
        await client.settled()
    assert [entry.symbol for entry in ticks_of(world)] == ["EURUSD", "EURUSD"]
    [gap] = world.engine.of(GapReported)
    assert (gap.symbol, gap.from_us, gap.to_us) == ("XAUUSD", tick(3).t_us, tick(9).t_us + 1)


async def test_a_full_engine_holds_the_bridge_back_and_loses_nothing(world, hands):
    world.engine.is_full = True
    async with world.gateway_serving(), hands.client(world.enrol("sim"), hands.outbox()) as client:
        await hands.until(lambda: world.counters.get("held back", 0) > 0)
        for n in range(1, 2_001, 20):
            await client.publish([up(m) for m in range(n, n + 20)])
        world.engine.is_full = False
        await client.settled()
    assert whys(world) == [f"event {n}" for n in range(1, 2_001)]


async def test_a_bridge_that_is_not_read_is_not_called_silent(world, hands):
    """Held back, the gateway hears nobody: that is its own doing, and ends no session."""
    silence_s = 0.3
    async with (
        world.gateway_serving(silence_s=silence_s) as gateway,
        hands.client(world.enrol("sim"), hands.outbox()) as client,
    ):
        await client.welcomed()
        await client.settled()
        [before] = gateway.health()
        world.engine.is_full = True
        await client.publish([up(1)])
        await hands.until(lambda: world.counters.get("held back", 0) > 0)
        held_until = anyio.current_time() + 3 * silence_s
        await hands.until(lambda: anyio.current_time() > held_until)
        assert [one.session_since_us for one in gateway.health() if one.connected] == [before.session_since_us]
        world.engine.is_full = False
        await client.settled()
    assert whys(world) == ["event 1"]
    assert len(world.engine.of(BridgeConnected)) == 1


async def test_heartbeats_say_of_the_platform_what_the_journal_says(world, hands):
    async with world.gateway_serving() as gateway, hands.client(world.enrol("sim"), hands.outbox()) as client:
        await client.welcomed()
        for is_up in (True, False, True):
            await client.publish([Platform(is_up, hands.now_us, "so")])
            await hands.until(lambda is_up=is_up: gateway.health()[0].platform_connected is is_up)


async def test_too_much_in_flight_stops_the_reading_until_something_is_durable(world, hands, monkeypatch):
    monkeypatch.setattr("bridges.intake.IN_FLIGHT_MAX", 500)
    world.engine.by_hand = True
    async with world.gateway_serving(), hands.client(world.enrol("sim"), hands.outbox()) as client:
        for n in range(300):
            await client.send_quotes([tick(10 * n + m) for m in range(10)])
        await hands.until(lambda: world.counters.get("held back", 0) > 0)
        assert world.gateway.health()[0].in_flight < 500 + 64 * 256
        world.engine.by_hand = False
        world.engine.commit()
        await client.settled()
    assert len(ticks_of(world)) == 3_000


async def test_twenty_reconnects_leave_no_gap_and_no_double(world, hands):
    async with world.gateway_serving() as gateway:
        async with hands.client(world.enrol("sim"), hands.outbox(), next_qseq=1) as client:
            for n in range(20):
                await client.welcomed()
                await client.publish([up(2 * n), up(2 * n + 1)])
                await client.send_quotes([tick(3 * n), tick(3 * n + 1), tick(3 * n + 2)])
                client._link.end("pulled the cable")
                await client.publish([up(1_000 + n)])
            await client.settled()
        assert all(later == earlier + 1 for earlier, later in pairwise(world.engine.journal_seqs()))
        assert len(world.engine.journal_seqs()) == 60
        assert ticks_of(world) == [tick(n) for n in range(60)]
        await hands.until(lambda: not gateway.health()[0].connected)


async def test_a_gateway_that_finds_its_port_busy_says_so(world, hands):
    async with world.gateway_serving():
        with pytest.RaisesGroup(pytest.RaisesExc(CannotBind, match="stop the program that has the port")):
            async with world.gateway_serving():
                pass
