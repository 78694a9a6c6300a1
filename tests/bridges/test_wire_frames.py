"""Wire v1 is permanent: golden frames stay as they are, and no bytes from outside do more than be refused."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges import wire
from bridges.events import (
    Account,
    Backfilled,
    Cash,
    CmdAck,
    CmdResult,
    Deal,
    DealDelete,
    DealUpdate,
    Equity,
    Event,
    Gap,
    Order,
    Platform,
    Position,
    Session,
    Snapshot,
    SnapshotPosition,
    SymbolSpec,
    UnreadableEvent,
    decode_event,
    encode_event,
)
from firm.inputs import CashKind, CommandState, DealEntry, Side
from firm.quote_frame import (
    Tick,
    UnreadableQuotes,
    Window,
    decode_quotes,
    decode_windows,
    encode_quotes,
    split_frame,
    split_windows,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "frames"
T = 1_399_033_800_250_000  # 2014-05-02T12:30:00.25Z

EVENTS: dict[str, Event] = {
    "account": Account("700001", "demo", "USD", 2, 100, 3, True, "full", 10_000_000, 0, 7, T, "12:30:00.250"),
    "deal": Deal(
        "700001", "d1", "o1", "p1", "EURUSD", Side.BUY, DealEntry.IN, 10**8, 138_597,
        "USD", 2, 0, -350, 0, 0, "client", T, "first", "12:30:00.250",
    ),
    "deal_update": DealUpdate(
        "700001", "d1", "o1", "p1", "EURUSD", Side.BUY, DealEntry.IN, 10**8, 138_590,
        "USD", 2, 0, -300, 0, 0, "client", T, T + 60_000_000, "price corrected", "12:30:00.250",
    ),
    "deal_delete": DealDelete("700001", "d1", T + 60_000_000, "cancelled"),
    "position": Position(
        "700001", "p1", "opened", "EURUSD", Side.BUY, 10**8, 138_597, 138_000, 0, "USD", 2, -12, 500, T, T
    ),
    "order": Order("700001", "o2", "EURUSD", Side.SELL, "limit", 5 * 10**7, 139_000, 0, 0, "placed", T),
    "cash": Cash("700001", "c1", CashKind.DEPOSIT, "USD", 2, 10_000_000, 10_000_000, 1, T, "opening"),
    "equity": Equity("700001", "USD", 2, 9_950_000, 10_000_000, 138_597, "books", T),
    "symbol_spec": SymbolSpec(
        "EURUSD", 5, 100_000 * 10**8, "EUR", "USD", 1, "forex", "America/New_York", ((0, 6_780), (9_180, 10_080)), 500,
        ((T, T + 1),), "EURUSD.r",
    ),
    "session": Session("700001", True, "192.0.2.7", "desktop", "laptop", T),
    "platform": Platform(False, T, "link lost"),
    "gap": Gap("XAUUSD", T, T + 1_000_000),
    "backfilled": Backfilled("XAUUSD", T, T + 1_000_000, 1_100),
    "cmd_ack": CmdAck("c-1", "700001", T),
    "cmd_result": CmdResult("c-1", "700001", CommandState.CONFIRMED, "10009", "", "flat", T),
    "snapshot": Snapshot(
        "700001", 41, False, "USD", 2, 10_000_000, 9_950_000,
        (SnapshotPosition("p1", "EURUSD", Side.BUY, 10**8, 138_597, -12, T),), 1, T,
    ),
}  # fmt: skip
TICKS = [Tick("EURUSD", T, 138_597, 138_609), Tick("XAUUSD", T + 1, 1_284_310, 1_284_710)]
WINDOWS = [Window("EURUSD", T, 138_597, 138_609, 138_197, 138_600, 138_209, 138_612, 1_100)]
MESSAGES: dict[str, wire.Message] = {
    "hello": wire.Hello(1, 1, "simulator", "1.0", "simulated", "1", "demo", ("snapshot",), "00ff", 1, 42, T, 7),
    "hello_with_groups": wire.HelloWithGroups(
        1,
        1,
        "simulator",
        "1.0",
        "simulated",
        "1",
        "demo",
        ("snapshot",),
        "00ff",
        1,
        42,
        T,
        7,
        (wire.Group("demo-usd", (30, 100)), wire.Group("slow")),
    ),
    "welcome": wire.Welcome(1, "s1", 42, 1_000, True, 1_000, T),
    "watermark": wire.Watermark(T, 42, 1_000),
    "heartbeat": wire.Heartbeat(T, 42, True, T - 5, 3),
    "heartbeat_after_prices": wire.HeartbeatAfterPrices(
        1_399_033_800_250_000, 42, True, 1_399_033_800_249_995, 3, 1_399_033_800_250_000
    ),
    "bye": wire.Bye("the appliance is stopping: connect again in a moment"),
    "ack": wire.Ack(42, 1_000, T),
    "nack": wire.Nack(43, 1_001),
    "subscribe": wire.Subscribe(("EURUSD", "XAUUSD")),
    "snapshot_req": wire.SnapshotReq("700001"),
    "backfill_req": wire.BackfillReq("EURUSD", T, T + 1),
    "cmd": wire.Cmd("c-1", "k-1", "700001", "close_all", {"why": "breach"}, "flat", T),
    "cmd_query": wire.CmdQuery("c-1"),
    "deadman": wire.Deadman(
        msgspec.msgpack.encode(
            wire.DeadmanPolicy("sim", 1, T, "floors", 30_000, (wire.Floor("700001", "USD", 2, 9_500_000),))
        ),
        bytes(range(64)),
    ),
}


def golden_frames() -> dict[str, dict[str, object]]:
    """Each frame with its meaning: the parts in hex, and what they say."""
    frames = {
        name: (wire.message(body, "s1" if not name.startswith("hello") else ""), body)
        for name, body in MESSAGES.items()
    }
    for name, event in EVENTS.items():
        frames[f"journal_{name}"] = (wire.journal("s1", 42, [encode_event(event)]), event)
    frames["journal_of_two"] = (
        wire.journal("s1", 42, [encode_event(EVENTS["platform"]), encode_event(EVENTS["gap"])]),
        (EVENTS["platform"], EVENTS["gap"]),
    )
    # As it was before a symbol had a calendar and could be renamed.
    spec = EVENTS["symbol_spec"]
    short = msgspec.msgpack.encode(msgspec.msgpack.decode(encode_event(spec))[:-2])
    frames["journal_symbol_spec_short"] = (
        wire.journal("s1", 42, [short]),
        msgspec.structs.replace(spec, closed=(), renamed_to=""),
    )
    frames["quotes"] = (wire.quotes("s1", 1_000, 2, encode_quotes(42, TICKS)), TICKS)
    frames["conflated"] = (wire.quotes("s1", 1_000, 1, encode_quotes(42, WINDOWS), conflated=True), WINDOWS)
    return {
        name: {"header": parts[0].hex(), "body": parts[1].hex(), "meaning": repr(meaning)}
        for name, (parts, meaning) in frames.items()
    }


def test_the_frames_of_version_1_are_what_they_were():
    kept = {path.stem: json.loads(path.read_text()) for path in GOLDEN.glob("*.json")}
    assert golden_frames() == kept


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_each_golden_frame_is_read_back_as_what_it_means(path):
    kept = json.loads(path.read_text())
    parts = [bytes.fromhex(kept["header"]), bytes.fromhex(kept["body"])]
    header = wire.read_header(parts)
    match header.kind:
        case "JOURNAL":
            events = [decode_event(raw) for raw in wire.read_events(parts[1])]
            assert repr(events[0] if len(events) == 1 else tuple(events)) == kept["meaning"]
        case "QUOTES":
            assert repr(decode_quotes(parts[1])) == kept["meaning"]
        case "CONFLATED":
            assert repr(decode_windows(parts[1])) == kept["meaning"]
        case kind:
            body = next(
                body
                for body, name in wire.KIND_OF.items()
                if name == kind and kept["meaning"].startswith(f"{body.__name__}(")
            )
            assert repr(wire.read_body(body, parts[1])) == kept["meaning"]


def test_a_conflated_frame_reads_as_ordinary_prices_too():
    assert decode_quotes(encode_quotes(3, WINDOWS)) == TICKS[:1]


def test_what_a_later_release_appends_is_ignored_by_this_one():
    grown = msgspec.msgpack.encode([*msgspec.to_builtins(wire.Ack(1, 2, 3)), "new", [1]])
    assert wire.read_body(wire.Ack, grown) == wire.Ack(1, 2, 3)
    event = msgspec.msgpack.decode(encode_event(EVENTS["gap"]))
    assert decode_event(msgspec.msgpack.encode([*event, "new"])) == EVENTS["gap"]


def test_what_an_earlier_release_did_not_send_has_its_default():
    assert wire.read_body(wire.Ack, msgspec.msgpack.encode([1, 2])) == wire.Ack(1, 2, 0)


def test_a_bridge_that_tells_groups_is_understood_by_a_release_that_knows_none_and_the_other_way_round():
    told, older = MESSAGES["hello_with_groups"], MESSAGES["hello"]
    assert wire.read_body(wire.Hello, wire.message(told)[1]) == older
    assert wire.read_body(wire.HelloWithGroups, wire.message(older)[1]).groups == ()
    assert wire.read_body(wire.HelloWithGroups, wire.message(told)[1]) == told


BODIES = [bytes.fromhex(str(frame["body"])) for frame in golden_frames().values()]

noise = st.one_of(
    st.binary(max_size=400),
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=9), st.binary(max_size=9)
        ),
        lambda inner: st.one_of(st.lists(inner, max_size=9), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
        max_leaves=12,
    ).map(msgspec.msgpack.encode),
    st.tuples(st.sampled_from(BODIES), st.integers(0, 200), st.binary(max_size=3)).map(
        lambda spoiled: spoiled[0][: spoiled[1]] + spoiled[2] + spoiled[0][spoiled[1] + 1 :]
    ),
    st.integers(1, 100_000).map(lambda depth: b"\x91" * depth),
)


@given(header=noise, body=noise)
def test_no_bytes_do_more_than_be_refused(header, body):
    reads = [
        lambda: wire.read_header([header, body]),
        lambda: wire.read_events(body),
        lambda: decode_event(body),
        lambda: split_frame(body),
        lambda: split_windows(body),
        *(lambda kind=kind: wire.read_body(kind, body) for kind in wire.KIND_OF),
    ]
    for read in reads:
        with contextlib.suppress(wire.UnreadableFrame, UnreadableEvent, UnreadableQuotes):
            read()


@given(raw=noise)
def test_no_event_bytes_make_the_translator_raise(raw):
    from bridges.translate import Translator
    from firm.kinds import payload_of

    class NobodysAccounts:
        def account_of(self, bridge: str, login: str) -> int | None:
            return 11

        def currency_of(self, account: int) -> tuple[str, int]:
            return "USD", 2

    translator = Translator(NobodysAccounts(), now_us=lambda: T)
    said = translator.translate("sim", 1, raw)
    assert payload_of(said.body)
    assert -(2**63) <= said.happened_us < 2**63
