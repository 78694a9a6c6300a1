"""The gateway's flood and the replay are measured whole: every event is durable, the bare twin carries the same bytes, a day is a day."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zmq

from bench import gateway, replay
from bench.bare import Batch, bare_peer, seconds_of
from bench.firm import listing
from bench.flood import SmallBook, _median_line
from bench.lines import lines_of

ROOT = Path(__file__).resolve().parents[2]
SMALL_FLOOD = {"accounts": 6, "orders": 300, "deals": 40, "prices": 300, "rounds": 1, "bridges": 3, "backlog": 20}
SMALL_REPLAY = {"accounts": 20, "rows": 1_200, "frames": 200, "rounds": 1}


def told_by(bench: str, **options: int) -> dict[str, Any]:
    """What a benchmark says of so little, in a process of its own as always."""
    sized = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, "-m", f"bench.{bench}", "--json", *sized]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def flooded() -> dict[str, Any]:
    return told_by("gateway", **SMALL_FLOOD)


@pytest.fixture(scope="module")
def replayed() -> dict[str, Any]:
    return told_by("replay", **SMALL_REPLAY)


def test_a_flood_is_measured_beside_its_bare_twin(flooded: dict[str, Any]) -> None:
    assert [(line["name"], line["count"]) for line in flooded["lines"]] == [
        ("orders", 300),
        ("deals", 40),
        ("prices", 300),
    ]
    for line in flooded["lines"]:
        assert line["ratio"] == pytest.approx(line["per_s"] / line["bare_per_s"])


def test_bridges_that_come_back_settle(flooded: dict[str, Any]) -> None:
    back = flooded["rejoin"]
    assert (back["bridges"], back["backlog"]) == (3, 20)
    assert 0 < back["half_s"] <= back["all_s"]


def test_every_event_of_the_flood_and_of_those_who_came_back_is_in_the_ledger(flooded: dict[str, Any]) -> None:
    kinds, rounds = flooded["kinds"], 2  # one of them to warm up
    assert kinds["OrderReported"] == rounds * 300
    assert kinds["DealReported"] == rounds * 40 + 6 * 2  # and two that each account opened with
    assert kinds["DealBooked"] == kinds["DealReported"]
    assert kinds["UnknownAccountReported"] == 3 * 20


def test_a_broken_limit_is_no_deal_of_an_open_account(flooded: dict[str, Any]) -> None:
    told = {"lines": flooded["lines"], "rejoin": flooded["rejoin"], "kinds": flooded["kinds"]}
    sized = argparse.Namespace(**SMALL_FLOOD)
    assert gateway._result(told, sized) == flooded
    with pytest.raises(AssertionError, match="not all deals were those of an open account"):
        gateway._result(told | {"kinds": {"BreachDeclared": 1}}, sized)


def test_the_gateways_lines_say_what_was_missed(flooded: dict[str, Any]) -> None:
    orders, deals, prices, back = lines_of("gateway", flooded)
    assert (orders.goal, deals.goal, prices.goal, back.goal) == (">= 200,000/s", ">= 40,000/s", "-", "<= 5 s")
    assert (orders.met, prices.met) == (False, None)
    assert flooded["goals_met"] is False
    slow = json.loads(json.dumps(flooded))
    slow["rejoin"]["all_s"] = 5.01
    assert lines_of("gateway", slow)[-1].met is False


def test_the_ratio_is_that_of_each_round_and_not_of_medians() -> None:
    used = {"cpu_appliance_s": 1.0, "cpu_bridge_s": 0.5}
    rounds = [
        {"name": "deals", "count": 100, "s": s, "bare_s": bare} | used for s, bare in ((1, 0.1), (2, 0.6), (4, 0.8))
    ]
    line = _median_line("deals", [*rounds, {"name": "orders", "count": 1, "s": 9, "bare_s": 9} | used])
    assert line["ratio"] == pytest.approx(0.2)  # of 0.1, 0.3 and 0.2
    assert (line["per_s"], line["us_cpu"], line["cpu_appliance"]) == (50, 10_000, 0.5)


def test_positions_of_the_flood_stay_small_and_orders_are_of_open_accounts() -> None:
    book = SmallBook(listing(conversions=False))
    book.logins = ["700001", "700002"]
    book.positions = {login: [] for login in book.logins}
    deals = [book.deal(t_us) for t_us in range(200)]
    assert {deal.vol for deal in deals} == {1_000_000}
    assert {book.order(1).acc for _ in range(4)} == set(book.logins)


class Counted:
    """A socket, and how many messages were under way at most."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.socket, self.under_way, self.most = socket, 0, 0

    def send_multipart(self, parts: list[bytes]) -> None:
        self.socket.send_multipart(parts)
        self.under_way += 1
        self.most = max(self.most, self.under_way)

    def recv(self) -> bytes:
        self.under_way -= 1
        return self.socket.recv()


def test_a_bare_peer_answers_each_message_once_and_few_are_under_way() -> None:
    with bare_peer() as socket:
        counted = Counted(socket)
        assert seconds_of(counted, [Batch([b"header", b"x" * 1_000], 256)] * 100, window=512) > 0
        assert (counted.most, counted.under_way) == (2, 0)
        assert not socket.poll(100), "more answers than messages"


def test_a_book_is_decided_again_and_verified_beside_living_it(replayed: dict[str, Any]) -> None:
    assert replayed["rows"] >= 1_200
    for figure in ("live_per_s", "replay_per_s", "verify_per_s", "replay_times_live", "verify_times_live"):
        assert replayed[figure] > 0
    assert 200 < replayed["bytes_per_row"] < 5_000


def test_a_day_of_prices_is_reckoned_from_a_tick(replayed: dict[str, Any]) -> None:
    six, one = replayed["prices"]
    assert (six["frame_ticks"], one["frame_ticks"]) == (6, 1)
    assert six["bytes_per_tick"] < one["bytes_per_tick"]  # the row of a frame is shared by its ticks
    assert 6 * six["bytes_per_tick"] > 1.1 * one["bytes_per_tick"]
    assert one["gb_per_day"] == pytest.approx(one["bytes_per_tick"] * 30 * 71_840 / 1e9)


def test_replay_tells_each_figure_in_a_row_without_a_goal(replayed: dict[str, Any]) -> None:
    lines = lines_of("replay", replayed)
    assert [line.met for line in lines] == [None] * 7
    assert lines[-1].measured == f"{replayed['start_s']:.2f} s"


def test_a_replay_that_differs_is_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(replay, "replay", lambda _directory: argparse.Namespace(identical=False, difference="row 7"))
    with pytest.raises(AssertionError, match="row 7"):
        replay._again(tmp_path, argparse.Namespace(**SMALL_REPLAY))
