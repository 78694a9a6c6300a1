"""Lanes: a watermark speaks of what came before it, so it passes neither a journal event nor a price that it covers."""

import pytest

from bridges.bounds import IN_FLIGHT_MAX
from bridges.lanes import Lanes, PendingEvent, PendingQuotes, Took
from bridges.wire import Watermark
from firm.quote_frame import Tick, encode_quotes

T = 1_398_988_800_000_000  # 2014-05-02T00:00:00Z


@pytest.fixture
def lanes():
    return Lanes("sim", seq=0, qseq=0, epoch="e1")


def prices(qseq, *, after_seq=0):
    entries = [Tick("EURUSD", T + qseq, 138_597, 138_609)]
    return PendingQuotes(qseq, after_seq, entries, encode_quotes(after_seq, entries), conflated=False)


def offered(lanes):
    ready = []
    while (pending := lanes.next_ready()) is not None:
        ready.append(pending.seq if isinstance(pending, PendingEvent) else type(pending).__name__)
    return ready


def test_a_watermark_waits_for_the_journal_events_it_covers(lanes):
    assert lanes.take_watermark(Watermark(T, 2, 0)) is Took.TAKEN
    assert offered(lanes) == []
    lanes.take_events(1, [b"one"])
    assert offered(lanes) == [1]
    assert lanes.offered.mark_us == 0
    lanes.take_events(2, [b"two"])
    assert offered(lanes) == [2, "Watermark"]
    assert lanes.offered.mark_us == T


def test_a_watermark_waits_for_the_prices_it_covers(lanes):
    assert lanes.take_watermark(Watermark(T, 0, 1)) is Took.HOLE
    lanes.take_quotes(prices(1, after_seq=1))
    assert lanes.take_watermark(Watermark(T, 0, 1)) is Took.TAKEN
    assert offered(lanes) == []
    lanes.take_events(1, [b"one"])
    assert offered(lanes) == [1, "PendingQuotes", "Watermark"]


def test_a_watermark_that_was_taken_is_not_taken_again(lanes):
    lanes.take_watermark(Watermark(T, 0, 0))
    assert lanes.take_watermark(Watermark(T, 0, 0)) is Took.DUPLICATE
    assert lanes.take_watermark(Watermark(T + 1, 0, 0)) is Took.TAKEN


def test_what_follows_an_event_beyond_all_reach_is_not_held_so_that_the_lane_stays_open(lanes):
    assert lanes.take_quotes(prices(1, after_seq=2**62)) is Took.HOLE
    assert lanes.take_watermark(Watermark(T, IN_FLIGHT_MAX + 1, 0)) is Took.HOLE
    assert lanes.take_watermark(Watermark(T, IN_FLIGHT_MAX, 0)) is Took.TAKEN
    assert lanes.take_quotes(prices(1)) is Took.TAKEN
