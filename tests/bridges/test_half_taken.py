"""An error while something is taken from a bridge: nothing is taken after it, nothing of it is acknowledged, and the gateway ends."""

import asyncio

import pytest

from bridges.events import Platform
from firm.inputs import PlatformReported


def up(n: int) -> Platform:
    return Platform(True, 1_398_988_800_000_000, f"event {n}")


def out_of_memory(*_: object) -> None:
    raise MemoryError


@pytest.mark.parametrize("where", ["translating", "offering"])
async def test_an_error_between_taking_and_offering_ends_the_gateway_and_loses_nothing(
    world, hands, monkeypatch, where
):
    outbox, told = hands.outbox(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(type(context["exception"])))

    async def live_until_it_breaks() -> None:
        async with world.gateway_serving() as gateway, hands.client(world.enrol("sim"), outbox) as client:
            await client.publish([up(1)])
            await client.settled()
            intake = gateway._intake
            with monkeypatch.context() as broken:
                part, name = {"translating": (intake._translator, "translate"), "offering": (intake._door, "_offer")}[
                    where
                ]
                broken.setattr(part, name, out_of_memory)
                await client.publish([up(2)])
                await hands.until(lambda: intake.is_halfway)
            await client.publish([up(3)])
            await client.settled()

    with pytest.raises(BaseExceptionGroup) as ended:
        await live_until_it_breaks()
    assert ended.group_contains((MemoryError, AssertionError))
    assert [body.seq for body in world.engine.of(PlatformReported)] == [1]
    assert (outbox.acked_seq, outbox.last_seq) == (1, 3)
    assert told == [MemoryError]  # all that asyncio does about it
