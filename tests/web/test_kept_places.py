"""Kept places: no turn is lost, and nobody loses their place, whatever browsers do while it comes.

The loop's time is simulated, as in `test_turns.py`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from actors.batch import Batch
from actors.live_board import LiveBoard
from actors.urgent import URGENT
from firm.facts import FACTS, BreachDeclared, Fact, MarkTaken
from firm.money import Money
from storage.rows import Row
from tests.simulation.world.loop import VirtualLoop
from tests.web.simulated import passed, simulated
from tests.web.viewers import HEAVY_S, SECONDS, Part, gaps_of, read, viewer, watched_for
from web.app import create_app
from web.bounds import STREAM_INTERVAL_SECONDS, STREAM_LOOK_SECONDS, STREAM_SAVED_SECONDS, STREAM_SHARE
from web.sse import ENDED, PING, Streams
from web.turns import Charged, Turns

A_TURN_S = HEAVY_S / STREAM_SHARE
BESIDE = 500  # whose line takes 6.7 s
EQUITY = Money.parse("94_999.00", "USD")
A_MARK = MarkTaken(balance=EQUITY, equity=EQUITY, headroom=None)
A_BREACH = BreachDeclared(
    rule="daily_loss",
    rule_kind="daily_loss",
    severity="hard",
    floor=Money.parse("95_000.00", "USD"),
    observed=EQUITY,
    at_us=1,
    late=False,
    reviewed=False,
    quotes=(),
    working=(),
)


@pytest.fixture
def streams(stage: Any) -> Streams:
    return create_app(replace(stage.firm, streams_max=2_000)).state.streams


# --- no turn is lost ---


class Deserted(Part):
    """Whoever waits for it leaves in the very instant in which its turn begins."""

    waits: "asyncio.Future[None] | None" = None

    def changed(self) -> bool:
        if self.waits is not None:
            self.waits.cancel()
        return super().changed()


def test_a_tab_that_is_closed_as_its_turn_begins_holds_up_nobody_though_another_of_the_account_reads_slowly(streams):
    async def work(loop: VirtualLoop) -> None:
        shared, other = Deserted(loop, HEAVY_S), Part(loop, HEAVY_S)
        slow = streams.follow(viewer(2), "account/1", shared)
        leaving = asyncio.ensure_future(read(streams, 1, shared, []))
        watching = asyncio.ensure_future(read(streams, 3, other, []))
        await passed(loop, 0.6)
        await anext(slow)
        await anext(slow)  # and reads what it was sent
        shared.waits = leaving
        await passed(loop, 1.0)
        assert leaving.cancelled()
        made = len(other.made_at)
        await passed(loop, 10.0)
        assert len(other.made_at) >= made + 10.0 / STREAM_INTERVAL_SECONDS - 1
        made = len(shared.made_at)
        await anext(slow)
        assert len(shared.made_at) == made + 1, "it has its turn at once when it has read"
        streams.end()
        await watching
        await slow.aclose()

    simulated(work)


@pytest.mark.parametrize("where", ["lacks", "parts", "gather", "changed"])
def test_what_cannot_be_made_holds_up_nobody(streams, where):
    class Broken(Part):
        def lacks(self) -> bool:
            return where == "gather" or self._fails("lacks")

        async def gather(self) -> None:
            self._fails("gather")

        def changed(self) -> bool:
            return self._fails("changed") or super().changed()

        def parts(self) -> dict[str, str]:
            self._fails("parts")
            return super().parts()

        def _fails(self, here: str) -> bool:
            if where == here:
                raise ZeroDivisionError
            return False

    async def work(loop: VirtualLoop) -> None:
        loop.set_exception_handler(lambda _, told: complaints.append(told["exception"]))
        complaints: list[BaseException] = []
        shared, other = Broken(loop, HEAVY_S), Part(loop, HEAVY_S)
        slow = streams.follow(viewer(2), "account/1", shared)
        await anext(slow)  # and reads what it was sent
        failing = asyncio.ensure_future(read(streams, 1, shared, []))
        watching = asyncio.ensure_future(read(streams, 3, other, []))
        await passed(loop, 10.0)
        assert len(other.made_at) >= 10.0 / STREAM_INTERVAL_SECONDS
        streams.end()
        await watching
        if where == "changed":  # nobody watches it who could be told, so the loop is, each time that it is asked
            await failing
            assert {type(told) for told in complaints} == {ZeroDivisionError}
        else:
            with pytest.raises(ZeroDivisionError):
                await failing
            assert complaints == []
        await slow.aclose()

    simulated(work)


def test_a_reader_of_the_book_who_leaves_holds_up_nobody(streams):
    class Slow(Part):
        reads = 0

        def lacks(self) -> bool:
            return True

        async def gather(self) -> None:
            self.reads += 1
            await passed(self._loop, 3.0)

    async def work(loop: VirtualLoop) -> None:
        shared, other = Slow(loop, HEAVY_S), Part(loop, HEAVY_S)
        slow = streams.follow(viewer(2), "account/1", shared)
        await anext(slow)
        leaving = asyncio.ensure_future(read(streams, 1, shared, []))
        watching = asyncio.ensure_future(read(streams, 3, other, []))
        loop.call_later(2.0, leaving.cancel)
        await passed(loop, 10.0)
        assert len(other.made_at) >= 10.0 / STREAM_INTERVAL_SECONDS
        assert await anext(slow) == PING
        waiting = asyncio.ensure_future(anext(slow))
        await passed(loop, 1.0)
        assert shared.reads == 2, "the other one reads it as soon as it awaits it"
        streams.end()
        assert await waiting == ENDED
        await watching
        await slow.aclose()

    simulated(work)


def test_thousands_who_left_are_passed_over_a_few_at_a_time(streams):
    class Gone:
        """Passing over one takes a microsecond."""

        place: int | None = None
        due_at = 0.0
        is_aside = False

        def __init__(self, loop: VirtualLoop) -> None:
            self._loop = loop

        @property
        def gone(self) -> bool:
            self._loop.seconds += 0.000_001
            return True

    async def work(loop: VirtualLoop) -> None:
        turns, late = Turns(), []

        async def decide() -> None:
            while True:
                due_at = loop.seconds + 0.000_5
                await passed(loop, 0.000_5)
                late.append(loop.seconds - due_at)

        deciding = asyncio.ensure_future(decide())
        for _ in range(20_000):
            turns.wait(Gone(loop), 1.0)
        await passed(loop, 2.0)
        deciding.cancel()
        assert STREAM_LOOK_SECONDS / 2 < max(late) < STREAM_LOOK_SECONDS * 1.1

    simulated(work)


# --- nobody loses their place ---


async def reading(
    streams: Streams, part: Part, on_event: Callable[[bytes], Coroutine[Any, Any, None]], person: int = 1_999
) -> None:
    async for event in streams.follow(viewer(person), f"account/{person}", part):
        await on_event(event)


def test_what_must_not_be_late_keeps_its_place_while_its_only_browser_reads(streams):
    async def work(loop: VirtualLoop) -> None:
        part, told_at = Part(loop, HEAVY_S), []
        part.rests_on = 1

        async def on_event(event: bytes) -> None:
            if event == PING and not told_at:
                told_at.append(loop.seconds)
                part.rests_on = 2
                part.hurry()
                await passed(loop, 4 * A_TURN_S)  # while it would have its turn, and more

        urgent = asyncio.ensure_future(reading(streams, part, on_event))
        await watched_for(loop, streams, [Part(loop, HEAVY_S) for _ in range(BESIDE)])
        await urgent
        assert part.made_at[1] - told_at[0] < 8 * A_TURN_S

    simulated(work)


def test_whoever_reads_while_its_turn_comes_has_it_when_it_has_read(streams):
    async def work(loop: VirtualLoop) -> None:
        part, read_at = Part(loop, HEAVY_S), []

        async def on_event(event: bytes) -> None:
            if event == PING and not read_at:  # five seconds after the last part
                await passed(loop, 4.0)
                read_at.append(loop.seconds)

        slow = asyncio.ensure_future(reading(streams, part, on_event))
        await watched_for(loop, streams, [Part(loop, HEAVY_S) for _ in range(BESIDE)])
        await slow
        assert read_at[0] <= next(at for at in part.made_at if at > 5.0) <= read_at[0] + 2 * A_TURN_S

    simulated(work)


class Booked(Part):
    """Rows that are read from a book: how many there are, were read, and are shown."""

    rows = read = shown = 0

    def changed(self) -> bool:
        return self.rows > self.shown

    def lacks(self) -> bool:
        return self.rows > self.shown and self.read == self.shown

    async def gather(self) -> None:
        rows = self.rows
        await passed(self._loop, 0.1)
        self.read = rows

    def parts(self) -> dict[str, str]:
        self.shown = self.read
        return super().parts()

    def book(self) -> None:
        self.rows += 1
        self.hurry()


def test_a_row_that_comes_while_the_one_before_it_is_read_is_shown_as_soon(streams):
    async def work(loop: VirtualLoop) -> None:
        part, shown_at = Booked(loop, HEAVY_S), {}

        async def on_event(_: bytes) -> None:
            shown_at.setdefault(part.shown, loop.seconds)

        watching = asyncio.ensure_future(reading(streams, part, on_event))
        loop.call_later(8.0, part.book)
        loop.call_later(8.0 + 3 * A_TURN_S + 0.05, part.book)  # while the first one is being read
        await watched_for(loop, streams, [Part(loop, HEAVY_S) for _ in range(BESIDE)])
        await watching
        assert shown_at[1] - 8.0 < 0.1 + 8 * A_TURN_S
        assert shown_at[2] - shown_at[1] < STREAM_INTERVAL_SECONDS + 0.1 + 8 * A_TURN_S

    simulated(work)


def test_what_was_shown_before_it_was_told_of_leaves_what_comes_next_its_place(streams):
    async def work(loop: VirtualLoop) -> None:
        part = Part(loop, HEAVY_S)
        part.rests_on = 1

        def come() -> None:
            part.rests_on = 2
            part.hurry()

        loop.call_later(8.0, lambda: part.hurry())
        loop.call_later(9.0, come)
        await watched_for(loop, streams, [part, *(Part(loop, HEAVY_S) for _ in range(BESIDE))])
        assert part.made_at[1] - 9.0 < 4 * A_TURN_S

    simulated(work)


# --- what is urgent ---


def test_of_a_minutes_marks_none_goes_before_others_and_a_breach_among_them_does(stage, streams):
    board = LiveBoard(stage.engine, stage.health)

    class Account(Part):
        """An account whose rows the live board tells of."""

        def __init__(self, loop: VirtualLoop, account: int) -> None:
            super().__init__(loop, HEAVY_S)
            self.account = account

        def heed(self, hurry: Callable[[], None]) -> None:
            self.hurry = hurry
            board.tell_rows(self.account, hurry)

        def forget(self) -> None:
            board.tell_no_more(self.account, self.hurry)

    def publish(fact: Fact, accounts: range) -> None:
        board.publish(Batch(rows=[(Row(1, type(fact).__name__, 0, 0, 0, account, b""), fact) for account in accounts]))

    async def work(loop: VirtualLoop) -> None:
        accounts = [Account(loop, number) for number in range(1, BESIDE + 1)]
        loop.call_later(8.0, publish, A_MARK, range(1, BESIDE + 1))
        loop.call_later(8.1, publish, A_BREACH, range(300, 301))
        await watched_for(loop, streams, accounts)
        [broken] = (account for account in accounts if account.account == 300)
        accounts.remove(broken)
        assert next(at for at in broken.made_at if at > 8.1) - 8.1 < 4 * A_TURN_S
        assert max(gap for account in accounts for gap in gaps_of(account)) < (BESIDE + 4) * A_TURN_S

    simulated(work)


def test_only_facts_are_urgent_and_none_that_comes_by_itself_each_minute():
    assert set(FACTS) > URGENT
    assert MarkTaken not in URGENT


# --- what is charged ---


def test_pages_of_staff_that_are_rendered_as_they_are_gathered_are_charged_too(streams):
    async def work(loop: VirtualLoop) -> None:
        taken: list[float] = []

        async def render() -> dict[str, str]:
            await passed(loop, 0.1)  # the book is read in a thread
            taken.append(HEAVY_S)
            loop.seconds += HEAVY_S
            return {"live": f"<p>{len(taken)}</p>"}

        async def watch(person: int) -> None:
            async for _ in streams.watch(viewer(person), f"feed/{person}", render):
                pass

        async with asyncio.TaskGroup() as tasks:
            for person in range(100):
                tasks.create_task(watch(person))
            await passed(loop, SECONDS)
            streams.end()
        assert (
            SECONDS * STREAM_SHARE * 0.7 < sum(taken) <= (SECONDS + STREAM_SAVED_SECONDS) * STREAM_SHARE + 100 * HEAVY_S
        )

    simulated(work)


def test_what_is_gathered_may_be_left_or_fail_as_if_it_were_not_charged():
    charged: list[float] = []

    async def work(loop: VirtualLoop) -> None:
        async def gather() -> None:
            loop.seconds += 0.001
            try:
                await passed(loop, 10.0)
            finally:
                loop.seconds += 0.002

        async def fail() -> None:
            await passed(loop, 0.1)
            raise LookupError

        async def awaited(work: Coroutine[Any, Any, None]) -> None:
            await Charged(work, charged.append)

        gathering = asyncio.ensure_future(awaited(gather()))
        await passed(loop, 1.0)
        gathering.cancel()
        await asyncio.wait([gathering])
        assert gathering.cancelled()
        assert charged == pytest.approx([0.001, 0.002])
        with pytest.raises(LookupError):
            await awaited(fail())

    simulated(work)
