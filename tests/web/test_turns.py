"""Turns: live pages together take no more than their share of the loop, one at a time, and none of them is left out.

The loop's time is simulated: making a part takes as long as it is said to, whatever the machine does.
"""

import asyncio
import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.simulation.world.loop import VirtualLoop
from tests.web.simulated import passed, simulated
from tests.web.viewers import HEAVY_S, SECONDS, Part, gaps_of, read, viewer, watched_for
from web.app import create_app
from web.bounds import STREAM_INTERVAL_SECONDS, STREAM_PING_SECONDS, STREAM_SAVED_SECONDS, STREAM_SHARE
from web.sse import ENDED, OVER, PING, Streams
from web.visitor import Visitor

LATEST_S = 0.000_01


@pytest.fixture
def streams(stage: Any) -> Streams:
    return create_app(replace(stage.firm, streams_max=2_000)).state.streams


def test_however_many_watch_they_take_their_share_of_the_loop_and_no_more(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, HEAVY_S) for _ in range(500)]
        await watched_for(loop, streams, parts)
        taken = sum(len(part.made_at) for part in parts) * HEAVY_S
        assert taken <= (SECONDS + STREAM_SAVED_SECONDS) * STREAM_SHARE + HEAVY_S
        assert taken >= SECONDS * STREAM_SHARE * 0.95  # nor is any of it wasted

    simulated(work)


def test_each_is_served_in_its_turn_and_none_waits_longer_than_the_others(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, HEAVY_S) for _ in range(300)]
        await watched_for(loop, streams, parts)
        counts = {len(part.made_at) for part in parts}
        assert max(counts) - min(counts) <= 1
        a_round = len(parts) * HEAVY_S / STREAM_SHARE
        assert max(gap for part in parts for gap in gaps_of(part)) < a_round * 1.1

    simulated(work)


def test_a_decision_waits_for_one_part_at_the_most(streams):
    async def work(loop: VirtualLoop) -> None:
        late: list[float] = []

        async def decide() -> None:
            while True:
                due_at = loop.seconds + 0.000_5
                await passed(loop, 0.000_5)
                late.append(loop.seconds - due_at)

        deciding = asyncio.ensure_future(decide())
        await watched_for(loop, streams, [Part(loop, HEAVY_S) for _ in range(300)], 5.0)
        deciding.cancel()
        assert HEAVY_S / 2 < max(late) <= HEAVY_S + LATEST_S

    simulated(work)


def test_one_who_costs_much_does_not_make_the_others_wait_longer_than_the_share_says(streams):
    async def work(loop: VirtualLoop) -> None:
        heavy, *light = [Part(loop, 0.05), *(Part(loop, 0.000_1) for _ in range(50))]
        await watched_for(loop, streams, [heavy, *light])
        a_round = (0.05 + 50 * 0.000_1) / STREAM_SHARE
        assert {len(part.made_at) for part in light} == {round(SECONDS / max(a_round, STREAM_INTERVAL_SECONDS))}

    simulated(work)


def test_a_few_are_served_twice_a_second(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, 0.000_2) for _ in range(20)]
        heard = await watched_for(loop, streams, parts)
        for part, events in zip(parts, heard, strict=True):
            assert len(part.made_at) == SECONDS / STREAM_INTERVAL_SECONDS
            assert events[1:] == [b"event: live\ndata: <p>%d</p>\n\n" % (n + 1) for n in range(28)] + [ENDED]

    simulated(work)


def test_where_nothing_changed_nothing_is_made_and_only_pings_are_heard(streams):
    async def work(loop: VirtualLoop) -> None:
        part = Part(loop, HEAVY_S)
        part.rests_on = 1
        loop.call_later(7.1, lambda: setattr(part, "rests_on", 2))
        [events] = await watched_for(loop, streams, [part])
        assert events[1:] == [
            b"event: live\ndata: <p>1</p>\n\n",
            PING,  # after five seconds
            b"event: live\ndata: <p>2</p>\n\n",
            PING,
            ENDED,
        ]
        started_at, changed_at = part.made_at
        assert started_at == pytest.approx(0.0, abs=0.01)
        assert 7.1 <= changed_at <= 7.1 + STREAM_INTERVAL_SECONDS + 0.01

    simulated(work)


def test_a_page_that_is_opened_beside_hundreds_shows_something_at_once(streams):
    async def work(loop: VirtualLoop) -> None:
        late = Part(loop, HEAVY_S)
        heard: list[bytes] = []

        async def come_late() -> None:
            await passed(loop, 8.0)
            await read(streams, 1_000, late, heard)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(come_late())
            await watched_for(loop, streams, [Part(loop, HEAVY_S) for _ in range(500)])
        assert late.made_at[0] == pytest.approx(8.0, abs=2 * HEAVY_S / STREAM_SHARE)

    simulated(work)


def test_however_many_pages_are_opened_again_and_again_none_is_left_out(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, HEAVY_S) for _ in range(20)]
        opened = 0

        async def come_and_go(person: int) -> None:
            nonlocal opened
            while loop.seconds < SECONDS - 4:
                stream = streams.follow(viewer(person), f"account/{person}", Part(loop, HEAVY_S))
                async for event in stream:
                    if event.startswith(b"event: live"):
                        break
                await stream.aclose()
                opened += 1

        async with asyncio.TaskGroup() as tasks:
            for person in range(1_000, 1_040):
                tasks.create_task(come_and_go(person))
            await watched_for(loop, streams, parts, SECONDS - 2)
        assert opened > 300
        assert min(len(part.made_at) for part in parts) > 10
        assert max(len(part.made_at) for part in parts) <= 2 * min(len(part.made_at) for part in parts)

    simulated(work)


def test_in_a_long_line_browsers_still_hear_that_they_are_connected(streams):
    async def work(loop: VirtualLoop) -> None:
        heard_at: list[float] = []

        async def listen() -> None:
            visitor = Visitor(kind="trader", id=2_000, role="", name="Ada", session_id="s")
            async for _ in streams.follow(visitor, "account/2000", Part(loop, HEAVY_S)):
                heard_at.append(loop.seconds)  # noqa: PERF401

        listening = asyncio.ensure_future(listen())
        await watched_for(
            loop, streams, [Part(loop, HEAVY_S) for _ in range(1_000)]
        )  # each has a turn every 13 seconds
        await listening
        silent = [later - sooner for sooner, later in pairwise(heard_at)]
        assert max(silent) <= STREAM_PING_SECONDS + 2 * HEAVY_S

    simulated(work)


def test_what_must_not_be_late_is_shown_before_others(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, HEAVY_S) for _ in range(300)]
        loop.call_later(8.0, lambda: [part.hurry() for part in parts[:100]])
        await watched_for(loop, streams, parts)
        waited = [next(at for at in part.made_at if at > 8.0) - 8.0 for part in parts[:100]]
        assert max(waited) <= 2 * len(waited) * HEAVY_S / STREAM_SHARE * 1.05

    simulated(work)


def test_however_much_must_not_be_late_every_second_turn_is_the_lines(streams):
    async def work(loop: VirtualLoop) -> None:
        urgent, others = ([Part(loop, HEAVY_S) for _ in range(many)] for many in (100, 200))

        async def never_calm() -> None:
            while True:
                await passed(loop, 0.1)
                for part in urgent:
                    part.hurry()

        never = asyncio.ensure_future(never_calm())
        await watched_for(loop, streams, [*urgent, *others])
        never.cancel()
        assert max(gap for part in others for gap in gaps_of(part)) <= 2 * 300 * HEAVY_S / STREAM_SHARE

    simulated(work)


@pytest.mark.parametrize("beside", [0, 300])
def test_what_comes_while_one_is_shown_is_shown_next_but_no_more_than_twice_a_second(streams, beside):
    class Hurried(Part):
        def parts(self) -> dict[str, str]:
            made = super().parts()
            self.hurry()
            return made

    async def work(loop: VirtualLoop) -> None:
        hurried = Hurried(loop, HEAVY_S)
        await watched_for(loop, streams, [hurried, *(Part(loop, HEAVY_S) for _ in range(beside))])
        assert min(gaps_of(hurried)) >= STREAM_INTERVAL_SECONDS - LATEST_S
        assert max(gaps_of(hurried)) <= STREAM_INTERVAL_SECONDS + 3 * HEAVY_S / STREAM_SHARE

    simulated(work)


def test_what_nobody_watches_any_more_is_forgotten(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, HEAVY_S) for _ in range(50)]
        known = [weakref.ref(part) for part in parts]
        await watched_for(loop, streams, parts, 1.0)
        del parts
        await passed(loop, STREAM_INTERVAL_SECONDS + 1.0)
        gc.collect()
        assert [part() for part in known] == [None] * 50

    simulated(work)


# --- what is sent ---


class Told:
    """What is watched tells one thing after the other, the next one each time that it is its turn; `lacking` of them have to be fetched."""

    def __init__(self, loop: VirtualLoop, *told: Any, lacking: int = 0) -> None:
        self._loop = loop
        self._told = list(told)
        self._lacking = lacking
        self.gathered = 0

    def heed(self, hurry: Callable[[], None]) -> None:
        pass

    def forget(self) -> None:
        pass

    def changed(self) -> bool:
        return bool(self._told)

    def lacks(self) -> bool:
        return self.gathered < self._lacking

    async def gather(self) -> None:
        await passed(self._loop, 0.2)
        self.gathered += 1

    def parts(self) -> Any:
        self._last = self._told.pop(0) if self._told else self._last
        return self._last


def test_of_pieces_those_that_moved_are_sent_and_all_where_one_came_or_went(streams):
    async def work(loop: VirtualLoop) -> None:
        told = Told(
            loop,
            {"live": {"a": "<p>1</p>", "b": "<p>2</p>"}, "book": "<ul></ul>"},
            {"live": {"a": "<p>1</p>", "b": "<p>3</p>"}, "book": "<ul></ul>"},
            {"live": {"a": "<p>1</p>", "b": "<p>3</p>"}, "book": "<ol></ol>"},
            {"live": {"a": "<p>1</p>"}, "book": "<ol></ol>"},
            {},
        )
        [heard] = await watched_for(loop, streams, [told], 4.0)
        assert heard[1:] == [
            b"event: live\ndata: <p>1</p>\ndata: <p>2</p>\n\n",
            b"event: book\ndata: <ul></ul>\n\n",
            b"event: live-moved\ndata: <p>3</p>\n\n",
            b"event: book\ndata: <ol></ol>\n\n",
            b"event: live\ndata: <p>1</p>\n\n",
            OVER,
        ]

    simulated(work)


def test_who_waits_for_the_book_keeps_nobody_from_their_turn(streams):
    async def work(loop: VirtualLoop) -> None:
        slow = Told(loop, *({"live": f"<p>{n}</p>"} for n in range(100)), lacking=100)
        quick = Part(loop, 0.000_2)
        await watched_for(loop, streams, [slow, quick], 5.0)
        assert len(quick.made_at) == 5.0 / STREAM_INTERVAL_SECONDS
        assert slow.gathered > 20

    simulated(work)


def test_a_browser_that_reads_slowly_holds_up_only_itself_and_then_gets_the_newest(streams):
    async def work(loop: VirtualLoop) -> None:
        part, other = Part(loop, 0.000_2), Part(loop, 0.000_2)
        slow = streams.follow(Visitor(kind="trader", id=1, role="", name="Ada", session_id="s"), "account/1", part)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read(streams, 2, other, []))
            first = [await anext(slow), await anext(slow)]
            await passed(loop, 5.0)  # while the second is on its way
            assert len(part.made_at) == 1
            assert len(other.made_at) >= 10
            assert await anext(slow) == b"event: live\ndata: <p>2</p>\n\n"
            assert len(part.made_at) == 2
            streams.end()
            assert await anext(slow) == ENDED
        await slow.aclose()
        assert first[1] == b"event: live\ndata: <p>1</p>\n\n"

    simulated(work)


def test_two_who_watch_the_same_have_it_made_once(streams):
    async def work(loop: VirtualLoop) -> None:
        part = Part(loop, 0.000_2)
        heard: list[list[bytes]] = [[], []]

        async def hear(person: int) -> None:
            visitor = Visitor(kind="trader", id=person, role="", name="Ada", session_id="s")
            heard[person].extend([event async for event in streams.follow(visitor, "account/1/staff", part)])

        async with asyncio.TaskGroup() as tasks:
            for person in (0, 1):
                tasks.create_task(hear(person))
            await passed(loop, 2.1)
            streams.end()
        assert heard[0] == heard[1]
        assert len(part.made_at) == 5

    simulated(work)


async def first_figure(stream: Any) -> bytes:
    async for event in stream:
        if event.startswith(b"event: live"):
            return event
    raise AssertionError("the stream ended before it")


def test_who_opens_a_watched_page_is_sent_nothing_that_is_older_than_the_page(streams):
    """The other browser was put to sleep and reads nothing: what it was sent last is from before."""

    async def work(loop: VirtualLoop) -> None:
        part = Part(loop, 0.000_2)
        asleep = streams.follow(viewer(1), "account/1", part)
        assert await first_figure(asleep) == b"event: live\ndata: <p>1</p>\n\n"
        await passed(loop, 5.0)
        opened_at, awake = loop.seconds, streams.follow(viewer(2), "account/1", part)
        assert await first_figure(awake) == b"event: live\ndata: <p>2</p>\n\n"
        assert opened_at <= part.made_at[1] <= opened_at + 0.01
        await awake.aclose()
        await asleep.aclose()

    simulated(work)


def test_who_opens_a_watched_page_beside_hundreds_waits_for_no_line(streams):
    async def work(loop: VirtualLoop) -> None:
        parts = [Part(loop, HEAVY_S) for _ in range(500)]
        shown_at: list[float] = []

        async def open_late() -> None:
            await passed(loop, 8.0)
            stream = streams.follow(viewer(1_000), "account/1", parts[0])
            await first_figure(stream)
            shown_at.extend([parts[0].made_at[-1], loop.seconds])
            await stream.aclose()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(open_late())
            await watched_for(loop, streams, parts)
        made_at, seen_at = shown_at
        assert 8.0 <= made_at <= seen_at <= 8.0 + STREAM_INTERVAL_SECONDS + 4 * HEAVY_S / STREAM_SHARE

    simulated(work)


def test_what_was_passed_over_is_sent_after_all_where_it_holds_again_and_where_it_never_ceased_to(streams):
    async def work(loop: VirtualLoop) -> None:
        part = Returning(loop, 0.000_2)
        part.rests_on = 1
        first, second, third = (streams.follow(viewer(person), "account/1", part) for person in (1, 2, 3))
        told = await first_figure(first)
        assert await first_figure(second) == told
        assert len(part.made_at) == 1  # nothing had changed: nothing was made
        part.rests_on = 2
        coming = asyncio.ensure_future(first_figure(third))
        await passed(loop, 0.001)
        part.rests_on = 1
        assert await asyncio.wait_for(coming, 1.0) == told
        for stream in (first, second, third):
            await stream.aclose()

    simulated(work)


class Returning(Part):
    """The very same parts again, where they rest on the same."""

    def parts(self) -> dict[str, str]:
        made = super().parts()
        self._same: dict[str, str] = made if getattr(self, "_same", {}) != made else self._same
        return self._same
