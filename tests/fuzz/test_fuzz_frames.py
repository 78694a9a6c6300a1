"""Frames that a bridge may send: whatever is done to valid ones, they are read or refused by name, and the gateway goes on."""

import contextlib
import random
from collections.abc import Callable
from typing import Any

import anyio
import msgspec
import pytest
from fuzz_mutating import FACTOR, ODD_BYTES, fuzz, golden_frames, mutated, tried
from hypothesis import given

from bridges import wire
from bridges.events import Platform, UnreadableEvent, decode_event, encode_event
from bridges.translate import Translator, sealed_as
from firm.inputs import PlatformReported
from firm.kinds import payload_of
from firm.quote_frame import (
    UnreadableQuotes,
    decode_quotes,
    decode_windows,
    encode_quotes,
    split_frame,
    ticks_as_judged,
)

FRAMES = golden_frames()
HEADERS, BODIES = [header for header, _ in FRAMES], [body for _, body in FRAMES]
QUOTES = [body for header, body in FRAMES if b"QUOTES" in header or b"CONFLATED" in header]
EVENTS = [bytes(raw) for header, body in FRAMES if b"JOURNAL" in header for raw in wire.read_events(body)]
REASONS = {str(why) for why in wire.Unreadable}
T = 1_399_033_800_250_000


class _OneAccount:
    def account_of(self, bridge: str, login: str) -> int | None:
        return 11 if login == "700001" else None

    def currency_of(self, account: int) -> tuple[str, int]:
        return "USD", 2


TRANSLATOR = Translator(_OneAccount(), now_us=lambda: T)


@fuzz(400)
@given(header=mutated(HEADERS), body=mutated(BODIES))
def test_a_spoilt_frame_is_read_or_refused_with_a_reason(header: bytes, body: bytes) -> None:
    readings: list[Callable[[], object]] = [
        lambda: wire.read_header([header, body]),
        lambda: wire.read_events(body),
        *(lambda kind=kind: wire.read_body(kind, body) for kind in wire.KIND_OF),
    ]
    for read in readings:
        _, why = tried(read, wire.UnreadableFrame)
        assert not why or why.partition(": ")[0] in REASONS, why


@fuzz(400)
@given(body=mutated(QUOTES))
def test_spoilt_prices_are_read_or_refused_and_what_is_read_can_be_judged_and_written(body: bytes) -> None:
    read, why = tried(lambda: split_frame(body), UnreadableQuotes)
    assert ("not a quote frame" in why) == (read is None)
    if read is not None:
        after_seq, ticks = read
        assert decode_quotes(encode_quotes(after_seq, ticks)) == ticks
    with contextlib.suppress(UnreadableQuotes):
        assert len(ticks_as_judged(body, conflated=True)) == 4 * len(decode_windows(body))


@fuzz(600)
@given(raw=mutated(EVENTS))
def test_a_spoilt_event_becomes_an_input_that_can_be_stored(raw: bytes) -> None:
    """Refused or not: the lane flows on, so each event is a row."""
    said, _ = tried(lambda: TRANSLATOR.translate("sim", 1, raw))
    body = sealed_as(said.body, "00" * 32, "") if said.personal else said.body
    assert payload_of(body)
    assert -(2**63) <= said.happened_us < 2**63
    with contextlib.suppress(UnreadableEvent):
        decode_event(raw)


# --- through a real socket ---


@pytest.fixture
def bridges(load: Any) -> Any:
    """The world of the bridges' own tests."""
    return load("fuzz_bridges", "bridges", "conftest.py")


def spoilt(frames: list[list[bytes]], dice: random.Random) -> list[bytes]:
    """Valid parts with a turned bit, a cut, a part more or less, or noise."""
    parts = list(dice.choice(frames))
    place = dice.randrange(len(parts))
    raw = bytearray(parts[place])
    match dice.randrange(6):
        case 0 if raw:
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        case 1:
            del raw[dice.randrange(len(raw) + 1) :]
        case 2:
            raw[0:0] = dice.choice(ODD_BYTES)
        case 3:
            return [*parts, dice.randbytes(8)]
        case 4:
            return parts[:1]
        case _:
            raw += dice.randbytes(dice.randrange(40))
    parts[place] = bytes(raw)
    return parts


async def test_a_gateway_that_is_sent_spoilt_frames_still_hears_a_sound_bridge(bridges: Any, tmp_path: Any) -> None:
    world = bridges.World()
    hands = bridges.Hands(world, tmp_path)
    dice = random.Random(2014)
    try:
        async with world.gateway_serving():
            mad, sound = hands.bare(world.enrol("mad")), hands.bare(world.enrol("sound"))
            await sound.greet()
            for number in range(40 * FACTOR):
                await mad.greet()
                frames = [[_in_session(header, mad.session), body] for header, body in FRAMES]
                for _ in range(20):
                    mad.send(spoilt(frames, dice))
                sound.send_events(number + 1, [encode_event(Platform(True, bridges.NOW_US, f"word {number}"))])
                with anyio.fail_after(5):
                    while (await sound.hear(wire.Ack)).seq < number + 1:
                        pass
        said = [body.why for body in world.engine.of(PlatformReported) if body.bridge == "sound"]
        assert said == [f"word {number}" for number in range(40 * FACTOR)]
        assert sum(world.counters.values()) > 100, "next to nothing was refused: the frames were not spoilt"
    finally:
        hands.close()


def _in_session(header: bytes, session: str) -> bytes:
    said = msgspec.msgpack.decode(header)
    said[2] = session
    return msgspec.msgpack.encode(said)
