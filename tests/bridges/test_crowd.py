"""Many bridges at once: cut off together and back together, again and again, with strangers among them; no gap, no double, no stranger."""

from contextlib import AsyncExitStack, suppress

import anyio
import pytest
import zmq

from bridges.enrolment import new_keypair
from bridges.events import Platform
from bridges.wire import message
from firm.inputs import BridgeConnected, PlatformReported

PATIENCE_S = 300
CASES = [
    pytest.param(20, 5, id="20 bridges, 5 times"),
    pytest.param(200, 50, id="200 bridges, 50 times", marks=pytest.mark.soak),
]


def up(n: int) -> Platform:
    return Platform(True, 1_398_988_800_000_000, f"event {n}")


@pytest.mark.parametrize(("bridges", "times"), CASES)
async def test_a_crowd_that_reconnects_leaves_no_gap_and_no_double_and_lets_nobody_in(world, hands, bridges, times):
    names = [f"b{number:03}" for number in range(bridges)]
    world.now_s = anyio.current_time  # they are paced as in a real firm
    async with world.gateway_serving(heartbeat_s=1, silence_s=60) as gateway, AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(
                hands.client(world.enrol(name), hands.outbox(), heartbeat_s=1, silence_s=60)
            )
            for name in names
        }
        strangers = [
            hands.bare(world.key_file(names[0], new_keypair())) for _ in range(bridges // 10)
        ]  # keys that nobody enrolled, under the name of one who is
        with anyio.fail_after(PATIENCE_S):
            for client in clients.values():
                await client.welcomed()
            for turn in range(times):
                for name, client in clients.items():
                    await client.publish([up(turn)])
                    client._link.end(f"the network of {name} went down")
                for stranger in strangers:
                    with suppress(zmq.Again):  # nobody took its last words yet
                        stranger.socket.send_multipart(message(stranger.hello(), ""), zmq.NOBLOCK)
                for client in clients.values():
                    await client.publish([up(turn)])
            for client in clients.values():
                await client.settled()
        assert {one.bridge for one in gateway.health()} == set(names)
    for name in names:
        told = [body.seq for body in world.engine.of(PlatformReported) if body.bridge == name]
        assert told == list(range(1, 2 * times + 1)), name
    assert {body.bridge for body in world.engine.of(BridgeConnected)} == set(names)
    assert all(not stranger.socket.poll(0) for stranger in strangers)
