"""Who may speak: the key decides, not the routing id, and each bridge has one session at a time."""

import msgspec
import pytest

from actors.effects import DropBridge
from bridges import wire
from bridges.enrolment import new_keypair
from bridges.events import Platform, encode_event
from firm.inputs import BridgeConnected, BridgeDisconnected, PlatformReported
from firm.platform_listing import PlatformGroup

NOW_US = 1_398_988_800_000_000


def up(n: int) -> bytes:
    return encode_event(Platform(True, NOW_US, f"event {n}"))


async def test_a_stranger_gets_no_session(world, hands):
    async with world.gateway_serving():
        stranger = hands.bare(world.key_file("sim", new_keypair()))
        stranger.say(stranger.hello())
        await hands.until(lambda: world.counters.get("unknown key", 0) > 0)
        known = hands.bare(world.enrol("sim"))
        await known.greet()
        assert len(world.engine.of(BridgeConnected)) == 1
        assert not stranger.socket.poll(0)


async def test_a_revoked_key_opens_no_session_and_loses_the_one_it_has(world, hands):
    async with world.gateway_serving() as gateway:
        key = world.enrol("sim")
        bridge = hands.bare(key)
        await bridge.greet()
        world.directory.revoked.add("sim")
        assert gateway.carry(DropBridge(bridge="sim", reason="key revoked by Omar"))
        assert (await bridge.hear(wire.Bye)).reason == "key revoked by Omar"
        await hands.until(lambda: bool(world.engine.of(BridgeDisconnected)))
        assert world.engine.of(BridgeDisconnected)[0].reason == "key revoked by Omar"
        bridge.say(bridge.hello())
        assert "not enrolled any more" in (await bridge.hear(wire.Bye)).reason
        again = hands.bare(key)
        again.say(again.hello())
        await hands.until(lambda: world.counters.get("revoked key", 0) > 1)
        await hands.bare(world.enrol("bystander")).greet()
        assert len(world.engine.of(BridgeConnected)) == 2
        assert not again.socket.poll(0), "a revoked key must not get as far as a BYE"


async def test_the_groups_that_a_bridge_tells_of_its_platform_are_on_the_books(world, hands):
    async with world.gateway_serving():
        old, new = hands.bare(world.enrol("old")), hands.bare(world.enrol("new"))
        await old.greet()
        told = msgspec.structs.asdict(new.hello(outbox_epoch="e2"))
        new.say(wire.HelloWithGroups(**told, groups=(wire.Group("demo", (30, 100)), wire.Group("slow"))))
        await new.hear(wire.Welcome)
        assert [(one.bridge, one.groups) for one in world.engine.of(BridgeConnected)] == [
            ("old", ()),
            ("new", (PlatformGroup(group="demo", leverages=(30, 100)), PlatformGroup(group="slow"))),
        ]
        payload = msgspec.json.encode(world.engine.of(BridgeConnected)[0])
        assert b"groups" not in payload, "a row of a bridge that tells none is what it always was"


async def test_a_second_session_of_a_key_supersedes_the_first(world, hands):
    async with world.gateway_serving():
        key = world.enrol("sim")
        first, second = hands.bare(key), hands.bare(key)
        await first.greet()
        first.send_events(1, [up(1)])
        await first.hear(wire.Ack)
        welcome = await second.greet(last_seq=1)
        assert welcome.resume_after == 1
        assert "superseded" in (await first.hear(wire.Bye)).reason
        first.send_events(2, [up(2)])
        assert "no such session" in (await first.hear(wire.Bye)).reason
        second.send_events(2, [up(2)])
        await second.hear(wire.Ack)
        kinds = [type(arrival.body) for arrival in world.engine.arrivals]
        assert kinds == [BridgeConnected, PlatformReported, BridgeDisconnected, BridgeConnected, PlatformReported]
        assert world.counters == {"stale session": 1}


async def test_the_routing_id_of_another_bridge_opens_nothing(world, hands):
    async with world.gateway_serving():
        honest = hands.bare(world.enrol("honest"), identity=b"its-name")
        await honest.greet()
        thief = hands.bare(world.enrol("thief"), identity=b"its-name")
        thief.session = honest.session
        thief.send_events(1, [up(1)])
        await hands.until(lambda: "thief" in world.directory.admitted)
        for n in range(1, 30):
            honest.send_events(n, [up(2)])
            await honest.hear(wire.Ack)
        assert {(said.bridge, said.why) for said in world.engine.of(PlatformReported)} == {("honest", "event 2")}


async def test_anothers_session_name_opens_nothing(world, hands):
    async with world.gateway_serving():
        honest, thief = hands.bare(world.enrol("honest")), hands.bare(world.enrol("thief"))
        await honest.greet()
        await thief.greet()
        thief.session = honest.session
        thief.send_events(1, [up(1)])
        assert "no such session" in (await thief.hear(wire.Bye)).reason
        assert not world.engine.of(PlatformReported)


async def test_a_silent_bridge_is_disconnected(world, hands):
    async with world.gateway_serving(heartbeat_s=0.02, silence_s=0.2) as gateway:
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        beat = wire.Heartbeat(NOW_US, 7, False, NOW_US - 5, 3)
        bridge.say(beat)
        await hands.until(lambda: bool(gateway.health()[0].heartbeat_us))
        health = gateway.health()[0]
        assert (health.connected, health.platform_connected, health.outbox_depth, health.last_tick_us) == (
            True,
            False,
            3,
            NOW_US - 5,
        )
        assert "nothing heard" in (await bridge.hear(wire.Bye)).reason
        assert not gateway.health()[0].connected
        await hands.until(lambda: bool(world.engine.of(BridgeDisconnected)))
        assert "nothing heard" in world.engine.of(BridgeDisconnected)[0].reason
        assert any(kind == "HB" for kind, _ in bridge.heard)


async def test_a_bridge_whose_connection_is_gone_is_found_out(world, hands):
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        bridge.socket.close(linger=0)
        await hands.until(lambda: bool(world.engine.of(BridgeDisconnected)))
        assert world.engine.of(BridgeDisconnected)[0].reason == "its connection is gone"


@pytest.mark.parametrize(
    ("hello", "sentence", "counter"),
    [
        pytest.param(
            {"first_seq": 7, "last_seq": 9}, "outbox starts at 7, expected 6", "outbox starts too late", id="a gap"
        ),
        pytest.param(
            {"first_seq": 1, "last_seq": 3},
            "outbox ends at 3, but 5 is already",
            "outbox ends too early",
            id="an old copy",
        ),
        pytest.param(
            {"outbox_epoch": "e2", "last_seq": 5}, "comes with outbox e2", "another outbox", id="another outbox"
        ),
        pytest.param(
            {"first_seq": 9, "last_seq": 5}, "says it holds 9 to 5", "outbox out of order", id="an impossible outbox"
        ),
    ],
)
async def test_an_outbox_that_does_not_fit_the_books_is_refused_and_recorded_once(
    world, hands, hello, sentence, counter
):
    world.directory.seqs["sim"] = (5, 0, "e1")
    async with world.gateway_serving():
        key = world.enrol("sim")
        for _ in range(2):
            bridge = hands.bare(key)
            bridge.say(bridge.hello(**hello))
            assert sentence in (await bridge.hear(wire.Bye)).reason
        assert world.counters == {counter: 2}
        await hands.until(lambda: bool(world.engine.of(BridgeDisconnected)))
        assert [(said.session, sentence in said.reason) for said in world.engine.of(BridgeDisconnected)] == [("", True)]
        welcome = await bridge.greet(first_seq=3, last_seq=8)
        assert welcome.resume_after == 5


async def test_a_stopping_appliance_says_goodbye(world, hands):
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
    assert "the appliance is stopping" in (await bridge.hear(wire.Bye)).reason


class Seconds:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_key_that_starts_sessions_without_end_leaves_a_few_rows_and_is_told_so(world, hands):
    world.now_s = clock = Seconds()
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("mad"))
        for number in range(500):
            bridge.say(
                bridge.hello(ver_min=1 + number % 2, ver_max=1 + number % 2)
            )  # lawful, then of a version to come
        await hands.until(lambda: world.counters.get("session starts too often", 0) == 495)
        assert len(world.engine.arrivals) <= 2 * 5
        rows = len(world.engine.arrivals)
        clock.now_s += 1.0
        for _ in range(10):
            bridge.say(bridge.hello())
        await hands.until(lambda: world.counters["session starts too often"] == 504)
        assert len(world.engine.arrivals) <= rows + 2


async def test_a_bridge_that_was_told_to_wait_gets_its_session_a_second_later_and_others_wait_for_nothing(world, hands):
    world.now_s = clock = Seconds()
    async with world.gateway_serving():
        key = world.enrol("flapping")
        for _ in range(5):
            await hands.bare(key).greet()
        late = hands.bare(key)
        late.say(late.hello())
        assert "starts sessions too often" in (await late.hear(wire.Bye)).reason
        await hands.bare(world.enrol("calm")).greet()
        clock.now_s += 1.0
        assert (await late.greet()).session
        assert world.counters == {"session starts too often": 1}


async def test_the_session_that_lives_is_not_ended_by_a_start_that_comes_too_soon(world, hands):
    world.now_s = Seconds()
    async with world.gateway_serving():
        key = world.enrol("sim")
        bridges = [hands.bare(key) for _ in range(6)]
        for bridge in bridges[:5]:
            await bridge.greet()
        bridges[5].say(bridges[5].hello())
        await bridges[5].hear(wire.Bye)
        bridges[4].send_events(1, [up(1)])
        assert (await bridges[4].hear(wire.Ack)).seq == 1
