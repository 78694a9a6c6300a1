"""The prices of a decision are compared with the very bytes that the platform's bridge sent, and none newer was passed over."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.facts import Doubt, QuotesRefused
from firm.inputs import Side
from firm.price import Quote
from firm.quote_frame import Tick, Window, encode_quotes, ticks_as_judged
from storage import grounds
from tests.evidence.checking import told

INT64 = st.integers(-(2**63), 2**63 - 1)


def holding(story: Any) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)


def test_every_cited_price_is_shown_in_the_bytes_of_its_frame(story: Any, verifier: ModuleType) -> None:
    decision = story.ada_breaks_her_daily_loss()
    said = told(story, verifier, decision)
    assert "2 cited price(s), each in the very bytes that the platform's bridge sent" in said
    assert "ticks from the oldest price used to the decision: none newer was passed over" in said
    assert said.count("NOT") == 1
    assert verifier.AFTERWARDS in said


def test_a_price_that_the_platform_did_not_send_is_refused(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_300, 136_305)
    story.board.quotes["EURUSD"] = replace(story.board.quotes["EURUSD"], bid=136_000)
    decision = story.judge(story.ada, "daily")
    with pytest.raises(verifier.Refused, match="does not copy tick 0 of row"):
        verifier.verify(story.bundle(decision))


def test_a_newer_price_that_was_passed_over_is_found(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_100, 136_105)
    newer = story.show(Tick("EURUSD", story.at_us, 138_000, 138_005))
    story.report(story.equity_report(), story.ada)
    decision = story.judge(story.ada, "daily")
    with pytest.raises(verifier.Refused, match=f"tick 0 of row {newer} is a newer price of EURUSD"):
        verifier.verify(story.bundle(decision))


def test_a_newer_price_in_the_same_frame_is_found(story: Any, verifier: ModuleType) -> None:
    holding(story)
    t_us = story.at_us
    seq = story.show(Tick("EURUSD", t_us, 136_100, 136_105), Tick("EURUSD", t_us + 1, 138_000, 138_005))
    story.board.quotes["EURUSD"] = Quote("EURUSD", t_us, 136_100, 136_105, seq, 0)
    story.report(story.equity_report(), story.ada)
    decision = story.judge(story.ada, "daily")
    with pytest.raises(verifier.Refused, match=f"tick 1 of row {seq} is a newer price of EURUSD"):
        verifier.verify(story.bundle(decision))


def test_the_price_that_decided_is_the_last_one_looked_at(story: Any, verifier: ModuleType) -> None:
    """What the same frame brought after it came too late to save anyone."""
    holding(story)
    t_us = story.at_us
    seq = story.show(Tick("EURUSD", t_us, 136_100, 136_105), Tick("EURUSD", t_us, 138_000, 138_005))
    story.board.quotes["EURUSD"] = Quote("EURUSD", t_us, 136_100, 136_105, seq, 0)
    story.alter = lambda fact: fact.update(at_us=t_us)
    assert "none newer" in told(story, verifier, story.judge(story.ada, "daily"))


def test_an_older_stamp_that_came_later_never_became_the_price(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_100, 136_105)
    story.show(Tick("EURUSD", story.at_us - 60_000_000, 138_000, 138_005))
    story.report(story.equity_report(), story.ada)
    assert "none newer" in told(story, verifier, story.judge(story.ada, "daily"))


@pytest.mark.parametrize(
    ("tick", "why"),
    [
        pytest.param((138_000, 138_005), "crossed", id="an honest price called crossed"),
        pytest.param((138_000, 138_005), "not_positive", id="a positive price called negative"),
        pytest.param((138_000, 138_005), "unknown_symbol", id="a known symbol called unknown"),
        pytest.param((138_000, 138_005), "out_of_range", id="a usual price called out of range"),
    ],
)
def test_a_price_cannot_be_refused_for_a_reason_it_does_not_bear(
    story: Any, verifier: ModuleType, tick: tuple[int, int], why: str
) -> None:
    holding(story)
    story.price("EURUSD", 136_100, 136_105)
    story.show(Tick("EURUSD", story.at_us, *tick))
    story.add(QuotesRefused(bridge="sim", refused=((0, why),)))
    story.report(story.equity_report(), story.ada)
    decision = story.judge(story.ada, "daily")
    with pytest.raises(verifier.Refused, match="newer price"):
        verifier.verify(story.bundle(decision))


def test_ticks_of_the_deciding_frame_that_were_refused_may_be_told_after_the_decision(
    story: Any, verifier: ModuleType
) -> None:
    holding(story)
    t_us = story.at_us
    seq = story.show(Tick("EURUSD", t_us, 138_000, 137_000), Tick("EURUSD", t_us, 136_100, 136_105))
    story.board.quotes["EURUSD"] = Quote("EURUSD", t_us, 136_100, 136_105, seq, 1)
    decision = story.judge(story.ada, "daily")
    story.add(QuotesRefused(bridge="sim", refused=((0, "crossed"),)))
    bundle = json.loads(story.bundle(decision))
    assert bundle["rows"][-1]["kind"] == "QuotesRefused"
    assert "none newer" in told(story, verifier, decision)


@pytest.mark.parametrize(("index", "bid"), [(0, 136_100), (1, 138_000), (2, 136_100), (3, 137_000)])
def test_a_merged_window_is_looked_at_as_low_high_low_and_last(
    story: Any, verifier: ModuleType, index: int, bid: int
) -> None:
    holding(story)
    t_us = story.at_us
    window = Window("EURUSD", t_us, 137_000, 137_005, 136_100, 138_000, 136_105, 138_005, 9)
    seq = story.show(windows=[window], conflated=True)
    story.board.quotes["EURUSD"] = Quote("EURUSD", t_us, bid, bid + 5, seq, index)
    story.alter = lambda fact: fact.update(at_us=t_us, working=(*fact["working"][:-1], replace(fact["working"][-1])))
    decision = story.judge(story.ada, "daily", (Doubt.CONFLATED_PRICES,))
    if bid == 136_100:
        assert "each in the very bytes" in told(story, verifier, decision)
    else:
        with pytest.raises(verifier.Refused, match="answer is no"):
            verifier.verify(story.bundle(decision))


# --- what a bundle leaves out is said ---


def test_frames_that_left_the_machine_are_told_as_not_compared(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = story.ada_breaks_her_daily_loss()
    monkeypatch.setattr(grounds.Grounds, "frames", lambda _: iter(()))
    said = told(story, verifier, decision)
    assert "NOT compared: 2 cited price(s)" in said
    assert "NOT shown: that no newer price was passed over" in said


def test_a_frame_left_out_in_between_is_noticed_by_its_numbers(
    story: Any, verifier: ModuleType, resigned: Callable[[dict[str, Any]], bytes]
) -> None:
    holding(story)
    story.price("USDJPY", 102_300, 102_303)
    story.trade(story.ada, "p2", "USDJPY", Side.SELL, 50_000_000, 102_300)
    hidden = story.show(Tick("USDJPY", story.at_us, 99_000, 99_003))
    story.price("EURUSD", 136_100, 136_105)
    bundle = json.loads(story.bundle(story.judge(story.ada, "daily")))
    with pytest.raises(verifier.Refused, match=f"row {hidden} is a newer price of USDJPY"):
        verifier.verify(resigned(bundle))
    bundle["frames"] = [entry for entry in bundle["frames"] if entry["seq"] != hidden]
    assert "NOT shown: that no newer price" in "\n".join(verifier.verify(resigned(bundle)))


def test_a_long_quiet_stretch_is_not_searched_without_end(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounds, "TRAIL_ROWS_MAX", 10)
    holding(story)
    story.trade(story.ada, "p2", "USDJPY", Side.SELL, 50_000_000, 102_300)
    story.price("EURUSD", 136_100, 136_105)
    story.price("USDJPY", 102_700, 102_704)
    story.noise(story.ben, 12)
    story.price("USDJPY", 102_800, 102_804)
    decision = story.judge(story.ada, "daily")
    said = told(story, verifier, decision)
    assert "2 cited price(s), each in the very bytes" in said
    assert "NOT shown: that no newer price" in said


def test_a_price_of_long_ago_is_shown_with_what_was_refused_of_its_frame(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounds, "TRAIL_ROWS_MAX", 10)
    holding(story)
    frame = story.price("EURUSD", 136_100, 136_105)
    story.noise(story.ben, 12)
    cause = story.report(story.equity_report(), story.ada)
    said = told(story, verifier, story.judge(story.ada, "daily"))
    assert f"NOT shown: that no frame of prices came between row {frame} and row {cause}" in said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda frame: frame[:-1], "not those it names", id="a byte less"),
        pytest.param(lambda frame: frame[:-1] + bytes([frame[-1] ^ 1]), "not those it names", id="a bit turned"),
        pytest.param(lambda frame: b"", "not those it names", id="nothing"),
    ],
)
def test_a_frame_that_is_not_the_one_of_its_row_is_refused(
    story: Any,
    verifier: ModuleType,
    resigned: Callable[[dict[str, Any]], bytes],
    change: Callable[[bytes], bytes],
    why: str,
) -> None:
    bundle = json.loads(story.bundle(story.ada_breaks_her_daily_loss()))
    first = bundle["frames"][0]
    first["frame"] = base64.b64encode(change(base64.b64decode(first["frame"]))).decode()
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(resigned(bundle))


def test_a_frame_of_another_row_or_twice_is_refused(
    story: Any, verifier: ModuleType, resigned: Callable[[dict[str, Any]], bytes]
) -> None:
    bundle = json.loads(story.bundle(story.ada_breaks_her_daily_loss()))
    for frames in (bundle["frames"][::-1], [bundle["frames"][0]] * 2, [{**bundle["frames"][0], "seq": 1}]):
        with pytest.raises(verifier.Refused, match="belongs to no row of prices in the file, or is out of order"):
            verifier.verify(resigned({**bundle, "frames": frames}))


# --- the tool reads frames as we do ---


@given(
    entries=st.lists(st.tuples(st.text(min_size=1, max_size=40), INT64, INT64, INT64), min_size=1, max_size=40),
    after_seq=st.integers(0, 2**63 - 1),
)
def test_the_tool_reads_every_frame_that_can_be_written(
    verifier: ModuleType, entries: list[tuple[str, int, int, int]], after_seq: int
) -> None:
    body = encode_quotes(after_seq, [Tick(*entry) for entry in entries])
    assert verifier.unpack_frame(body) == [list(entry) for entry in entries]


@given(window=st.tuples(st.text(min_size=1, max_size=9), *[INT64] * 8))
def test_the_tool_looks_at_a_window_as_we_do(verifier: ModuleType, window: tuple[Any, ...]) -> None:
    body = encode_quotes(0, [Window(*window)])
    ours = [list(msgspec.structs.astuple(tick)) for tick in ticks_as_judged(body, conflated=True)]
    assert verifier._looks(verifier.unpack_frame(body)[0]) == ours


@given(raw=st.binary(max_size=60))
def test_what_is_no_frame_is_refused_and_never_crashes(verifier: ModuleType, raw: bytes) -> None:
    with suppress(verifier.Refused, IndexError, ValueError):
        assert isinstance(verifier.unpack_frame(raw), list)


def test_the_frames_of_the_golden_wire_are_read(verifier: ModuleType) -> None:
    kept = json.loads((Path(__file__).parents[1] / "golden" / "frames" / "quotes.json").read_text("utf-8"))
    entries = verifier.unpack_frame(bytes.fromhex(kept["body"]))
    assert [entry[:1] + entry[2:] for entry in entries] == [["EURUSD", 138597, 138609], ["XAUUSD", 1284310, 1284710]]
