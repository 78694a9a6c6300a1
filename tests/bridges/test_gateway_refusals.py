"""What the gateway refuses, drops, holds or asks for again: each counted, each with a sentence, nothing else disturbed."""

import hashlib

import msgspec
import pytest

from bridges import wire
from bridges.events import (
    Account,
    Backfilled,
    Cash,
    Deal,
    Equity,
    Order,
    Platform,
    Position,
    Session,
    SymbolSpec,
    encode_event,
)
from bridges.translate import PROTECTION_LEFT_OUT
from firm.inputs import (
    BridgeConnected,
    BridgeDisconnected,
    DealEntry,
    DealReported,
    EquityReported,
    EventRefused,
    LoginReported,
    OrderReported,
    PlatformReported,
    PositionReported,
    QuoteFrame,
    Side,
    UnknownAccountReported,
    Watermark,
)
from firm.kinds import payload_of
from firm.quote_frame import Tick, decode_quotes, encode_quotes

NOW_US = 1_398_988_800_000_000
DAY_US = 86_400_000_000


def up(n: int) -> bytes:
    return encode_event(Platform(True, NOW_US, f"event {n}"))


def ticks(first: int, n: int) -> list[Tick]:
    return [Tick("EURUSD", NOW_US + i, 138_597 + i, 138_609 + i) for i in range(first, first + n)]


def frame(bridge, first: int, n: int, after_seq: int = 0) -> list[bytes]:
    return wire.quotes(bridge.session, first, n, encode_quotes(after_seq, ticks(first, n)))


def deal(**changes) -> Deal:
    fields = {
        "acc": "700001",
        "deal_id": "d1",
        "order_id": "o1",
        "pos_id": "p1",
        "sym": "EURUSD",
        "action": Side.BUY,
        "entry": DealEntry.IN,
        "vol": 10**8,
        "px": 138_597,
        "ccy": "USD",
        "exponent": 2,
        "profit": 0,
        "commission": -350,
        "swap": 0,
        "fee": 0,
        "reason": "client",
        "t_us": NOW_US,
    }
    return Deal(**{**fields, **changes})


@pytest.fixture
async def linked(world, hands):
    """A bare bridge in a session, its gateway serving."""
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        await bridge.greet()
        yield bridge


# --- numbers ---


async def test_a_duplicate_is_dropped_counted_and_acknowledged_again(world, linked):
    linked.send_events(1, [up(1), up(2)])
    assert (await linked.hear(wire.Ack)).seq == 2
    linked.send_events(1, [up(1), up(2)])
    assert (await linked.hear(wire.Ack)).seq == 2
    linked.send_events(2, [up(2), up(3)])
    assert (await linked.hear(wire.Ack)).seq == 3
    assert [report.why for report in world.engine.of(PlatformReported)] == ["event 1", "event 2", "event 3"]
    assert world.counters["duplicate"] == 1


async def test_a_duplicate_of_what_is_not_durable_yet_is_not_acknowledged(world, hands, linked):
    world.engine.by_hand = True
    linked.send_events(1, [up(1)])
    linked.send_events(1, [up(1)])
    await hands.until(lambda: world.counters.get("duplicate") == 1)
    assert (await linked.hear(wire.Ack)).seq == 0
    world.engine.commit()
    assert (await linked.hear(wire.Ack)).seq == 1


async def test_a_hole_is_asked_for_and_nothing_is_offered_out_of_order(world, linked):
    linked.send_events(1, [up(1)])
    linked.send_events(3, [up(3)])
    linked.send_events(4, [up(4)])
    assert await linked.hear(wire.Nack) == wire.Nack(2, 1)
    linked.send_events(2, [up(2), up(3), up(4)])
    while (await linked.hear(wire.Ack)).seq < 4:
        pass
    assert world.engine.journal_seqs() == [1, 2, 3, 4]
    assert world.counters["sequence hole"] == 2


async def test_reordered_quote_frames_are_put_right(world, linked):
    linked.send(frame(linked, 3, 2))
    assert await linked.hear(wire.Nack) == wire.Nack(1, 1)
    linked.send(frame(linked, 1, 2))
    linked.send(frame(linked, 3, 2))
    while (await linked.hear(wire.Ack)).qseq < 4:
        pass
    assert [(body.qseq, body.n) for body in world.engine.of(QuoteFrame)] == [(1, 2), (3, 2)]


async def test_a_partly_duplicate_quote_frame_is_trimmed_and_encoded_canonically(world, linked):
    linked.send(frame(linked, 1, 4))
    linked.send(frame(linked, 3, 5))
    while (await linked.hear(wire.Ack)).qseq < 7:
        pass
    trimmed = world.engine.arrivals[-1]
    assert (trimmed.body.qseq, trimmed.body.n) == (5, 3)
    assert trimmed.attachment == encode_quotes(0, ticks(5, 3))


async def test_prices_are_held_until_the_journal_event_that_they_follow(world, hands, linked):
    linked.send(frame(linked, 1, 2, after_seq=1))
    linked.say(wire.Watermark(NOW_US, 1, 2))
    assert await linked.hear(wire.Nack) == wire.Nack(1, 3)
    assert not world.engine.of(QuoteFrame)
    linked.send_events(1, [up(1)])
    ack = await linked.hear(wire.Ack)
    assert (ack.seq, ack.qseq, ack.t_us) == (1, 2, NOW_US)
    kinds = [type(arrival.body) for arrival in world.engine.arrivals]
    assert kinds == [BridgeConnected, PlatformReported, QuoteFrame, Watermark]


@pytest.mark.parametrize(
    ("far", "counter"),
    [
        pytest.param(2**62, "time more than a day ahead", id="far ahead"),
        pytest.param(NOW_US + DAY_US + 1, "time more than a day ahead", id="the day after tomorrow"),
        pytest.param(1, "time before 2000", id="1970"),
    ],
)
async def test_a_watermark_that_cannot_be_believed_does_not_silence_those_that_follow(world, linked, far, counter):
    linked.say(wire.Watermark(far, 0, 0))
    linked.say(wire.Watermark(NOW_US, 0, 0))
    assert (await linked.hear(wire.Ack)).t_us == NOW_US
    assert [mark.t_us for mark in world.engine.of(Watermark)] == [NOW_US]
    assert world.counters == {counter: 1}


@pytest.mark.parametrize("far", [NOW_US * 1_000, 2**62, 1, -1])
async def test_an_end_of_prices_that_cannot_be_believed_is_passed_over_and_the_heartbeat_taken(
    world, linked, hands, far
):
    """Nanoseconds, say: no page could show them as an instant."""
    told = (NOW_US, 0, True, NOW_US, 3)
    linked.say(wire.HeartbeatAfterPrices(*told, NOW_US))
    await hands.until(lambda: world.gateway.health()[0].prices_ended_us == NOW_US)
    linked.say(wire.HeartbeatAfterPrices(*told[:-1], 4, far))
    await hands.until(lambda: world.gateway.health()[0].outbox_depth == 4)
    [health] = world.gateway.health()
    assert (health.prices_ended_us, health.platform_connected) == (0, True)
    assert list(world.counters.values()) == [1]


async def test_held_prices_are_bounded(world, hands, linked):
    for n in range(300):
        linked.send(frame(linked, n + 1, 1, after_seq=1))
    await hands.until(
        lambda: world.counters.get("too many held frames", 0) + world.counters.get("sequence hole", 0) == 44
    )
    linked.send_events(1, [up(1)])
    while (await linked.hear(wire.Ack)).qseq < 256:
        pass
    assert len(world.engine.of(QuoteFrame)) == 256


async def test_a_quote_frames_row_is_over_exactly_the_bytes_that_came(world, linked):
    parts = frame(linked, 1, 3)
    linked.send(parts)
    await linked.hear(wire.Ack)
    arrival = world.engine.arrivals[-1]
    assert arrival.attachment == parts[1]
    assert arrival.body.sha256 == hashlib.sha256(parts[1]).hexdigest()
    assert arrival.happened_us == ticks(1, 3)[-1].t_us
    assert decode_quotes(arrival.attachment) == ticks(1, 3)


# --- frames ---


@pytest.mark.parametrize(
    ("spoil", "counter"),
    [
        pytest.param(lambda b: [b"\xc1", b"\x90"], "undecodable header", id="a header of noise"),
        pytest.param(
            lambda b: [msgspec.msgpack.encode([2, "HB", b.session, 0, 0]), b"\x90"], "unknown version", id="version 2"
        ),
        pytest.param(
            lambda b: [msgspec.msgpack.encode([9]), b"\x90"], "unknown version", id="version 9 with another header"
        ),
        pytest.param(
            lambda b: [msgspec.msgpack.encode([1, "GOSSIP", b.session, 0, 0]), b"\x90"], "unknown kind", id="a new kind"
        ),
        pytest.param(
            lambda b: [msgspec.msgpack.encode([1, "ACK", b.session, 0, 0]), b"\x90"],
            "unknown kind",
            id="not a bridge's kind",
        ),
        pytest.param(
            lambda b: [msgspec.msgpack.encode([1, "JOURNAL", b.session, 1, 1]), b"\xc1"],
            "undecodable body",
            id="a body of noise",
        ),
        pytest.param(lambda b: wire.journal(b.session, 0, [up(1)]), "undecodable body", id="numbered from zero"),
        pytest.param(
            lambda b: [wire.journal(b.session, 1, [up(1)])[0], wire.journal("", 1, [up(1), up(2)])[1]],
            "undecodable body",
            id="the header counts wrong",
        ),
        pytest.param(lambda b: wire.journal(b.session, 1, [up(1)] * 257), "undecodable body", id="257 events"),
        pytest.param(lambda b: frame(b, 1, 257), "undecodable body", id="257 ticks"),
        pytest.param(
            lambda b: wire.quotes(b.session, 1, 1, b"\x91\x00"), "undecodable body", id="a quote frame of noise"
        ),
        pytest.param(lambda b: wire.journal(b.session, 1, [b"\xc4", up(1)]), "undecodable body", id="a torn event"),
        pytest.param(
            lambda b: [wire.journal(b.session, 1, [up(1)])[0], b"\x00" * 300_000], "oversized", id="300 000 bytes"
        ),
        pytest.param(lambda b: [b"\x00" * 300, b"\x90"], "oversized", id="a long header"),
        pytest.param(lambda b: [b"one part"], "not two parts", id="one part"),
        pytest.param(lambda b: [b"a", b"b", b"c"], "not two parts", id="three parts"),
    ],
)
async def test_a_frame_that_cannot_be_read_ends_the_session_with_its_reason(world, hands, linked, spoil, counter):
    bystander = hands.bare(world.enrol("other"))
    await bystander.greet()
    linked.send(spoil(linked))
    bye = await linked.hear(wire.Bye)
    assert counter in bye.reason
    assert world.counters == {counter: 1}
    assert counter in world.engine.of(BridgeDisconnected)[0].reason
    bystander.send_events(1, [up(1)])
    assert (await bystander.hear(wire.Ack)).seq == 1
    await linked.greet()
    linked.send_events(1, [up(1)])
    assert (await linked.hear(wire.Ack)).seq == 1


async def test_a_bridge_of_another_protocol_version_is_told_so(world, hands):
    async with world.gateway_serving():
        bridge = hands.bare(world.enrol("sim"))
        bridge.say(bridge.hello(ver_min=2, ver_max=3))
        assert "speaks protocol 2 to 3, this appliance speaks 1" in (await bridge.hear(wire.Bye)).reason
        assert world.counters == {"no common version": 1}
        assert (await bridge.greet(ver_max=3)).ver == 1


async def test_a_bridge_that_tells_more_of_its_groups_than_the_books_take_is_told_so(world, hands):
    """384 groups of 128 bytes each, with the comma after it; the first is made longer."""

    def greeting(bridge, first):
        names = [first, *(f"{number:03}" + "g" * 94 for number in range(1, 384))]
        groups = tuple(wire.Group(name, (100,)) for name in names)
        return wire.HelloWithGroups(**msgspec.structs.asdict(bridge.hello()), groups=groups)

    async with world.gateway_serving():
        bridge, other = hands.bare(world.enrol("sim")), hands.bare(world.enrol("other"))
        bridge.say(greeting(bridge, "g" * 97))
        assert "tells 49153 bytes of groups, at most 49152 are taken" in (await bridge.hear(wire.Bye)).reason
        assert world.counters == {"too much of groups": 1}
        assert not world.engine.of(BridgeConnected)
        other.say(greeting(other, "g" * 96))
        assert await other.hear(wire.Welcome)
        assert len(world.engine.of(BridgeConnected)[0].groups) == 384
        again = hands.bare(world.enrol("third"))
        again.say(greeting(again, "\x00" * 17))
        assert "bytes of groups" in (await again.hear(wire.Bye)).reason, "as the books would write it"


# --- events ---


@pytest.mark.parametrize(
    ("event", "counter"),
    [
        pytest.param(deal(px=-138_597), "price is not positive", id="a negative price"),
        pytest.param(deal(px=0), "price is not positive", id="a price of nothing"),
        pytest.param(deal(px=10**12 + 1), "price out of range", id="a price beyond every market"),
        pytest.param(deal(vol=-1), "volume out of range", id="a negative volume"),
        pytest.param(deal(vol=10**17), "volume out of range", id="a billion lots"),
        pytest.param(deal(vol=10**14 + 1), "volume out of range", id="a little more than a million lots"),
        pytest.param(deal(profit=10**15 + 1), "amount out of range", id="a profit beyond ten trillion"),
        pytest.param(deal(swap=-(10**15) - 1), "amount out of range", id="a cost beyond ten trillion"),
        pytest.param(deal(t_us=0), "time before 2000", id="1970"),
        pytest.param(deal(t_us=NOW_US + DAY_US + 1), "time more than a day ahead", id="the day after tomorrow"),
        pytest.param(deal(ccy="EUR"), "another currency than the account's", id="another currency"),
        pytest.param(deal(exponent=3), "another currency than the account's", id="another exponent"),
        pytest.param(deal(action="sideways"), "undecodable event", id="an unknown side"),
        pytest.param(deal(px=2**63), "undecodable event", id="a price beyond 63 bits"),
        pytest.param(deal(comment="x" * 2_000), "undecodable event", id="a comment without end"),
        pytest.param(
            SymbolSpec("X", 5, 10**13, "EUR", "USD", 1, "forex", "Mars/Olympus"),
            "unknown time zone",
            id="a zone on Mars",
        ),
        pytest.param(
            SymbolSpec("X", 5, 10**13, "EUR", "USD", 1, "forex", "../../etc/passwd"),
            "unknown time zone",
            id="a path as a zone",
        ),
        pytest.param(
            SymbolSpec("X", 5, 10**13, "EUR", "USD", 1, "forex", "UTC", ((5, 5),)),
            "sessions out of range",
            id="an empty session",
        ),
        pytest.param(
            SymbolSpec("X", 5, 10**13, "EUR", "USD", 1, "forex", "UTC", (), 500, ((NOW_US, NOW_US),)),
            "sessions out of range",
            id="a holiday of no length",
        ),
        pytest.param(
            SymbolSpec("X", 5, 10**13, "EUR", "USD", 1, "forex", "UTC", (), 500, ((NOW_US, 2**62),)),
            "sessions out of range",
            id="a holiday without end",
        ),
        pytest.param(
            SymbolSpec("X", 5, 10**17 + 1, "EUR", "USD", 1, "forex", "UTC"),
            "contract out of range",
            id="more than a billion units a lot",
        ),
        pytest.param(
            SymbolSpec("X", 5, 10**13, "EUR", "USD", 1, "forex", "UTC", (), 2**63 - 1),
            "contract out of range",
            id="a band that holds every price",
        ),
        pytest.param(Backfilled("X", NOW_US, NOW_US, -1), "count out of range", id="fewer prices than none"),
        pytest.param(
            Account("700001", "g", "USD", 2, 2**63 - 1, 0, True, "", 0, 0, 1, NOW_US),
            "count out of range",
            id="a leverage without end",
        ),
        pytest.param(
            Position("700001", "p", "opened", "X", Side.BUY, 1, 10**12 + 1, 0, 0, "USD", 2, 0, 0, NOW_US, NOW_US),
            "price out of range",
            id="a position at a price beyond every market",
        ),
        pytest.param(
            Position("700001", "p", "opened", "X", Side.BUY, 1, -1, 0, 0, "USD", 2, 0, 0, NOW_US, NOW_US),
            "price is not positive",
            id="a position at a negative price",
        ),
    ],
)
async def test_an_event_that_cannot_be_believed_is_kept_and_the_lane_flows_on(world, linked, event, counter):
    raw = encode_event(event)
    linked.send_events(1, [up(1), raw, up(3)])
    assert (await linked.hear(wire.Ack)).seq == 3
    refused = world.engine.of(EventRefused)[0]
    assert (refused.seq, refused.raw_hex) == (2, f"sealed:{1:064x}")
    assert world.sealed == [raw]
    assert refused.reason.startswith(f"{counter}: {event.__struct_config__.tag}: ")
    assert world.counters == {counter: 1}
    assert world.engine.journal_seqs() == [1, 2, 3]


@pytest.mark.parametrize(
    ("sl", "tp", "taken"),
    [
        pytest.param(138_000, 10**12 + 1, (138_000, 0), id="a target beyond every market"),
        pytest.param(10**12 + 1, 139_000, (0, 139_000), id="a stop beyond every market"),
        pytest.param(-1, -5, (0, 0), id="both below nothing"),
        pytest.param(138_000, 10**12, (138_000, 10**12), id="a target as far away as there are prices"),
    ],
)
async def test_a_wish_that_cannot_be_believed_costs_no_swap(world, linked, sl, tp, taken):
    """Else a trader kept the day from becoming final, and a breach from being certain, by a target that is never reached."""
    held = Position("700001", "p", "changed", "X", Side.BUY, 1, 1, sl, tp, "USD", 2, -350, 0, NOW_US, NOW_US)
    waiting = Order("700001", "o", "X", Side.BUY, "limit", 1, 1, sl, tp, "placed", NOW_US)
    linked.send_events(1, [encode_event(held), encode_event(waiting)])
    assert (await linked.hear(wire.Ack)).seq == 2
    [position] = world.engine.of(PositionReported)
    assert (position.swap.minor, position.lots_e8) == (-350, 1)
    assert (position.stop_loss, position.take_profit) == taken
    assert len(world.engine.of(OrderReported)) == 1
    assert world.counters == ({} if taken == (sl, tp) else {PROTECTION_LEFT_OUT: 2})


WORDS = "IBAN DE89 3704 0044 0532 0130 00 'Ada' Lovelace"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(encode_event(deal(px=-5, comment=WORDS)), id="a price below nothing"),
        pytest.param(encode_event(deal(t_us=0, comment=WORDS)), id="a time that cannot be"),
        pytest.param(
            encode_event(Cash("700001", "c1", "deposit", "EUR", 2, 1, 1, 1, NOW_US, comment=WORDS)),
            id="another currency",
        ),
        pytest.param(encode_event(deal(ccy="Ada Lovelace")), id="a name as a currency"),
        pytest.param(encode_event(deal(action=WORDS)), id="a comment where the side belongs"),
        pytest.param(encode_event(deal(action=WORDS.replace("'", ""))), id="the same without quotation marks"),
        pytest.param(encode_event(deal(comment=WORDS * 40)), id="a comment without end"),
        pytest.param(encode_event(SymbolSpec("X", 5, 1, "EUR", "USD", 1, "f", "Ada Lovelace")), id="a name as a zone"),
        pytest.param(msgspec.msgpack.encode(["deal", "700001", "d1", 5, "x", WORDS]), id="a deal of another shape"),
        pytest.param(msgspec.msgpack.encode([WORDS, 1]), id="a comment where the tag belongs"),
        pytest.param(msgspec.msgpack.encode({"deal": WORDS}), id="no array at all"),
        pytest.param(encode_event(deal(acc="999", comment=WORDS)), id="a login that is nobody's"),
    ],
)
async def test_nothing_that_somebody_wrote_reaches_the_ledger_by_an_event_that_is_refused(world, linked, raw):
    """The ledger is for ever; what is sealed can be forgotten."""
    linked.send_events(1, [raw])
    assert (await linked.hear(wire.Ack)).seq == 1
    [row] = [payload_of(arrival.body) for arrival in world.engine.arrivals if hasattr(arrival.body, "seq")]
    for spelling in (b"Ada", b"Lovelace", b"IBAN", b"Ada".hex().encode()):
        assert spelling not in row
    assert any(b"Ada" in value for value in world.sealed)


async def test_the_largest_figures_that_are_believed_still_come_through(world, linked):
    money = dict.fromkeys(("profit", "commission", "swap", "fee"), 10**15)
    spec = SymbolSpec("EURUSD", 0, 10**17, "EUR", "USD", 1, "forex", "UTC", (), 10**6)
    linked.send_events(1, [encode_event(spec), encode_event(deal(px=10**12, vol=10**14, **money))])
    assert (await linked.hear(wire.Ack)).seq == 2
    assert world.engine.of(DealReported)[0].price == 10**12
    assert world.counters == {}


async def test_an_event_of_an_unknown_tag_is_sealed_because_nobody_knows_what_it_holds(world, linked):
    raw = msgspec.msgpack.encode(["diary", "Ada", "10.0.0.1"])
    linked.send_events(1, [raw])
    assert (await linked.hear(wire.Ack)).seq == 1
    refused = world.engine.of(EventRefused)[0]
    assert (refused.raw_hex, refused.reason) == (f"sealed:{1:064x}", "unknown event: diary")
    assert world.sealed == [raw]
    assert world.counters == {"unknown event": 1}


async def test_an_event_for_a_login_that_is_no_account_of_ours_is_kept_whole(world, linked):
    linked.send_events(1, [encode_event(deal(acc="999", comment="Ben's birthday"))])
    assert (await linked.hear(wire.Ack)).seq == 1
    reported = world.engine.of(UnknownAccountReported)[0]
    assert reported.login == "999"
    assert '"event":"deal"' in reported.event
    assert "Ben" not in reported.event
    assert reported.sealed == f"{1:064x}"
    assert world.sealed == [b'{"comment":"Ben\'s birthday"}']
    assert world.engine.arrivals[-1].account == 0
    assert world.counters == {"unknown account": 1}


async def test_a_position_on_an_unknown_symbol_and_a_crossed_quote_are_for_the_desks_to_judge(world, linked):
    opened = Position("700001", "p", "opened", "GOLDX", Side.SELL, 1, 5, 0, 0, "USD", 2, 0, 0, NOW_US, NOW_US)
    linked.send_events(1, [encode_event(opened)])
    crossed = [Tick("EURUSD", NOW_US, 138_609, 138_597), Tick("EURUSD", NOW_US, -1, 0), Tick("NONE", 5, 1, 2)]
    linked.send(wire.quotes(linked.session, 1, 3, encode_quotes(1, crossed)))
    while (await linked.hear(wire.Ack)).qseq < 3:
        pass
    assert world.engine.of(PositionReported)[0].symbol == "GOLDX"
    assert decode_quotes(world.engine.arrivals[-1].attachment) == crossed
    assert world.counters == {}


async def test_address_and_device_are_sealed_before_anything_is_written(world, linked):
    linked.send_events(1, [encode_event(Session("700001", True, "192.0.2.7", "desktop", "Ada's laptop", NOW_US))])
    assert (await linked.hear(wire.Ack)).seq == 1
    login = world.engine.of(LoginReported)[0]
    assert login.sealed == f"{1:064x}"
    assert b"192.0.2.7" in world.sealed[0]
    assert "192.0.2.7" not in repr(world.engine.arrivals)


async def test_a_login_that_cannot_be_believed_is_sealed_too(world, linked):
    raw = encode_event(Session("700001", True, "192.0.2.7", "desktop", "", 0))
    linked.send_events(1, [raw])
    assert (await linked.hear(wire.Ack)).seq == 1
    assert world.engine.of(EventRefused)[0].raw_hex == f"sealed:{1:064x}"
    assert world.sealed == [raw]


async def test_a_deal_arrives_in_our_words_with_its_account_and_its_time(world, linked):
    linked.send_events(1, [encode_event(deal()), encode_event(Equity("700001", "USD", 2, 5, 6, 7, "srv", NOW_US))])
    assert (await linked.hear(wire.Ack)).seq == 2
    arrival = world.engine.arrivals[1]
    assert (arrival.account, arrival.happened_us) == (11, NOW_US)
    said = arrival.body
    assert isinstance(said, DealReported)
    assert (said.seq, said.side, said.entry, said.lots_e8, said.price) == (1, Side.BUY, DealEntry.IN, 10**8, 138_597)
    assert str(said.commission) == "−3.50 USD"
    assert str(world.engine.of(EquityReported)[0].balance) == "0.06 USD"
