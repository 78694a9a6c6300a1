"""Incidents: prices that are missing while their market is open, who needs them, and what is said of each account afterwards."""

import pytest
from msgspec.structs import replace

from actors.arrival import Arrival
from actors.effects import RequestBackfill
from actors.states import state_bytes
from firm.commands import CloseIncident, NoteIncident, PublishIncident, RevokeBridge
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    Doubt,
    IncidentClosed,
    IncidentEnded,
    IncidentExtended,
    IncidentOpened,
    IncidentPublished,
    OutageAssessed,
    PassesFrozen,
    PassHeld,
    PhasePassed,
    PricesReturned,
    Refusal,
    Refused,
)
from firm.incidents import Answer, Befell, IncidentCause, Needed, Proposal
from firm.inputs import (
    BackfillReported,
    BridgeDisconnected,
    ClockTicked,
    DealEntry,
    GapReported,
    OrderReported,
    PlatformReported,
    PositionReported,
    Side,
    SymbolReported,
)
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_utc
from firm.price import SymbolSpec
from firm.quote_frame import Tick
from tests.greeting import greeting

BOUND_US = 5 * MINUTE_US


@pytest.fixture
def stage(hands):
    stage = hands.Stage()
    stage.open_shop()
    return stage


def price(stage, bid=138_690, symbol="EURUSD"):
    stage.tick(symbol, bid, bid + 10)


def clock_at(stage, at_us):
    stage.now_us = at_us
    stage.clock()


def long(stage, lots="10", **sold):
    """Ten lots of EURUSD from 1.38700: a point is 10 dollars."""
    account = stage.sell(**sold)
    price(stage)
    stage.deal(account, "P1", Side.BUY, lots, 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    return account


def goes_out(stage):
    """Nothing is heard for a microsecond longer than is borne."""
    clock_at(stage, stage.now_us + BOUND_US + 1)


def comes_back(stage, bid=138_690):
    """A price, and then prices for so long that it is over."""
    price(stage, bid)
    stage.clock()
    for _ in range(6):
        stage.wait(60)
        price(stage, bid)
        stage.clock()


def gap(stage, from_us, to_us, symbol="EURUSD"):
    stage.put(GapReported(bridge="sim", seq=stage.next_seq(), symbol=symbol, from_us=from_us, to_us=to_us))


def filled(stage, from_us, to_us, ticks, symbol="EURUSD"):
    stage.put(
        BackfillReported(bridge="sim", seq=stage.next_seq(), symbol=symbol, from_us=from_us, to_us=to_us, ticks=ticks)
    )


def asked_for(stage):
    effects = [effect for batch in stage.batches for effect in batch.effects if isinstance(effect, RequestBackfill)]
    return [(one.symbol, one.from_us, one.to_us) for one in effects]


def folds_alike(stage):
    live, again = stage.engine.capture().states, stage.refolded().capture().states
    return [name for name in live if state_bytes(live[name]) != state_bytes(again.get(name))] == []


# --- when one begins ---


def test_a_silence_as_long_as_is_borne_is_no_incident_and_a_microsecond_more_is_one(stage):
    price(stage)
    since_us = stage.now_us
    clock_at(stage, since_us + BOUND_US)
    assert stage.facts(IncidentOpened) == []
    clock_at(stage, since_us + BOUND_US + 1)
    [opened] = stage.facts(IncidentOpened)
    assert (opened.bridge, opened.cause, opened.symbols, opened.from_us) == (
        "sim", IncidentCause.SILENT, ("EURUSD",), since_us,
    )  # fmt: skip
    assert opened.incident == stage.batches[-1].rows[-1][0].seq
    assert folds_alike(stage)


def test_a_watermark_says_that_there_was_no_price_and_only_its_silence_is_one(stage):
    price(stage)
    clock_at(stage, stage.now_us + BOUND_US)
    stage.watermark()
    clock_at(stage, stage.now_us + BOUND_US)
    assert stage.facts(IncidentOpened) == []
    clock_at(stage, stage.now_us + 1)
    assert len(stage.facts(IncidentOpened)) == 1


def test_a_bridge_that_has_lost_its_platform_tells_nothing_with_its_watermarks(stage):
    price(stage)
    down_us = stage.now_us
    stage.put(PlatformReported(bridge="sim", seq=stage.next_seq(), up=False, since_us=down_us, why="timeout"))
    stage.now_us += BOUND_US
    stage.watermark()
    stage.clock()
    assert stage.facts(IncidentOpened) == []
    stage.now_us += 1
    stage.watermark()
    stage.clock()
    [opened] = stage.facts(IncidentOpened)
    assert (opened.cause, opened.from_us) == (IncidentCause.PLATFORM_DOWN, down_us)
    assert folds_alike(stage)


def test_a_closed_market_is_no_silence_and_the_weekend_is_none(stage):
    """Thursday 22:00 to 23:00 is a break; from its end on silence counts."""
    sessions = ((0, 3 * 1_440 + 22 * 60), (3 * 1_440 + 23 * 60, 7 * 1_440))
    spec = replace(stage.engine.market("sim").board.specs["EURUSD"], sessions=sessions)
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    opens_us = parse_utc("2014-05-01T23:00:00")
    stage.now_us = opens_us - HOUR_US - SECOND_US
    price(stage)
    clock_at(stage, opens_us - 1)
    clock_at(stage, opens_us + BOUND_US)
    assert stage.facts(IncidentOpened) == []
    clock_at(stage, opens_us + BOUND_US + 1)
    [opened] = stage.facts(IncidentOpened)
    assert opened.from_us == opens_us


def test_many_symbols_are_one_incident_and_beyond_the_bound_those_that_are_needed_are_named_first(stage):
    spec = stage.engine.market("sim").board.specs["EURUSD"]
    names = [f"S{number:03}" for number in range(250)]
    for name in names:
        stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=replace(spec, symbol=name)))
    account = stage.sell()
    stage.frame([Tick(name, stage.now_us, 138_690, 138_700) for name in names])
    stage.deal(account, "P1", Side.BUY, "1", 138_700, symbol="S249")
    goes_out(stage)
    [opened] = stage.facts(IncidentOpened)
    assert (len(opened.symbols), opened.whole) == (200, True)
    assert "S249" in opened.symbols
    [frozen] = stage.facts(PassesFrozen, account)
    assert frozen.symbols == ("S249",)


def test_a_bridge_that_comes_and_goes_makes_one_incident(stage):
    account = long(stage)
    goes_out(stage)
    for number in range(200):
        session = f"s{number + 2}"
        stage.put(BridgeDisconnected(bridge="sim", session=session, reason="lost"))
        stage.wait(1)
        stage.put(greeting(session=session, last_seq=stage.seq))
        stage.clock()
    for _ in range(5):  # prices come for a moment, and are gone again before it is over
        price(stage)
        stage.clock()
        goes_out(stage)
    price(stage)
    for symbol, from_us, to_us in asked_for(stage):
        filled(stage, from_us, to_us, 0, symbol)
    comes_back(stage)
    assert len(stage.facts(IncidentOpened)) == len(stage.facts(IncidentEnded)) == 1
    assert len(stage.facts(IncidentExtended)) == 5
    assert len(stage.facts(PassesFrozen, account)) == len(stage.facts(OutageAssessed, account)) == 1
    assert folds_alike(stage)


def test_what_is_told_missing_afterwards_is_an_incident_beyond_the_bound_and_asked_for_once(stage):
    account = long(stage)
    from_us = stage.now_us
    stage.now_us = to_us = from_us + BOUND_US
    price(stage)
    gap(stage, from_us, to_us)
    assert stage.facts(IncidentOpened) == []
    stage.now_us = to_us = from_us + BOUND_US + 1
    price(stage)
    gap(stage, from_us, to_us)
    [opened] = stage.facts(IncidentOpened)
    assert (opened.cause, opened.symbols, opened.from_us) == (IncidentCause.GAP, ("EURUSD",), from_us)
    assert len(stage.facts(PricesReturned)) == 1  # they are back already
    filled(stage, from_us, to_us - 1, 0)
    filled(stage, from_us, to_us, 0)
    comes_back(stage)
    [ended] = stage.facts(IncidentEnded)
    assert ended.filled
    [assessed] = stage.facts(OutageAssessed, account)
    assert assessed.answer is Answer.NO
    assert folds_alike(stage)


def test_a_revoked_bridge_is_missed_no_more(stage):
    price(stage)
    goes_out(stage)
    stage.put(RevokeBridge(by="console", bridge="sim", why="gone"))
    stage.wait(1)
    stage.clock()
    [ended] = stage.facts(IncidentEnded)
    assert not ended.filled
    goes_out(stage)
    assert len(stage.facts(IncidentOpened)) == 1


# --- when it ends ---


def test_who_needs_a_symbol_that_the_incident_does_not_name_is_told_that_nobody_knows(stage):
    spec = stage.engine.market("sim").board.specs["EURUSD"]
    names = [f"S{number:03}" for number in range(201)]
    for name in names:
        stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=replace(spec, symbol=name)))
    account = stage.sell()
    stage.frame([Tick(name, stage.now_us, 138_690, 138_700) for name in names])
    goes_out(stage)
    [opened] = stage.facts(IncidentOpened)
    [unnamed] = set(names) - set(opened.symbols)
    stage.deal(account, "P1", Side.BUY, "1", 138_700, symbol=unnamed)
    for _ in range(7):
        stage.frame([Tick(name, stage.now_us, 138_690, 138_700) for name in names])
        for symbol, from_us, to_us in asked_for(stage):
            filled(stage, from_us, to_us, 0, symbol)
        stage.clock()
        stage.wait(60)
    [assessed] = stage.facts(OutageAssessed, account)
    assert assessed.answer is Answer.UNKNOWN
    assert folds_alike(stage)


def test_it_is_over_once_prices_have_come_for_as_long_as_silence_is_borne(stage):
    price(stage)
    goes_out(stage)
    price(stage)
    stage.clock()
    back_us = stage.now_us
    assert [fact.back_us for fact in stage.facts(PricesReturned)] == [back_us]
    [stretch] = asked_for(stage)
    for after_us in (BOUND_US // 2, BOUND_US):
        stage.now_us = back_us + after_us
        price(stage)
        stage.clock()
        assert stage.facts(IncidentEnded) == []
        if after_us < BOUND_US:
            filled(stage, *stretch[1:], 0)
    stage.now_us = back_us + BOUND_US + 1
    price(stage)
    stage.clock()
    [ended] = stage.facts(IncidentEnded)
    assert (ended.to_us, ended.filled) == (back_us, True)
    assert folds_alike(stage)


def test_what_was_passed_over_is_waited_for(stage):
    price(stage)
    goes_out(stage)
    comes_back(stage)
    assert stage.facts(IncidentEnded) == []
    [stretch] = asked_for(stage)
    filled(stage, *stretch[1:], 0)
    stage.clock()
    assert len(stage.facts(IncidentEnded)) == 1


def test_prices_that_nobody_sends_are_waited_for_an_hour(stage):
    price(stage)
    goes_out(stage)
    comes_back(stage)
    [returned] = stage.facts(PricesReturned)
    stage.now_us = returned.back_us + HOUR_US
    price(stage)
    stage.clock()
    assert stage.facts(IncidentEnded) == []
    stage.now_us += 1
    price(stage)
    stage.clock()
    [ended] = stage.facts(IncidentEnded)
    assert not ended.filled


def test_what_the_bridge_kept_and_tells_in_its_order_needs_no_asking(stage):
    account = long(stage)
    since_us = stage.now_us
    stage.put(BridgeDisconnected(bridge="sim", session="s1", reason="lost"))
    stage.now_us += HOUR_US
    stage.clock()
    for minute in range(1, 61):
        stage.tick("EURUSD", 138_690, 138_700, since_us + minute * MINUTE_US)
    comes_back(stage)
    assert asked_for(stage) == []
    [ended] = stage.facts(IncidentEnded)
    assert ended.filled
    [assessed] = stage.facts(OutageAssessed, account)
    assert (assessed.answer, assessed.proposal, assessed.befell) == (Answer.NO, Proposal.NOTHING, ())
    assert folds_alike(stage)


# --- whom it concerns ---


def test_who_holds_waits_or_converts_is_marked_once_and_nobody_else(stage):
    spec = SymbolSpec(
        symbol="DAX", digits=1, contract_e8=10**8, currency_base="DAX", currency_profit="EUR"
    )  # fmt: skip
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    holder = long(stage)
    converter = stage.sell(1002, 502, (7003, 7004))
    waiter = stage.sell(1003, 503, (7005, 7006))
    stage.sell(1004, 504, (7007, 7008))
    stage.tick("DAX", 95_000, 95_010)
    stage.deal(converter, "P2", Side.BUY, "1", 95_010, symbol="DAX")
    stage.put(order(stage), waiter)
    stage.wait(299)
    stage.tick("DAX", 95_000, 95_010)
    stage.wait(2)
    stage.clock()
    [opened] = stage.facts(IncidentOpened)
    assert opened.symbols == ("EURUSD",)
    marked = {
        account: fact.needed
        for batch in stage.batches
        for _, d in batch.decided
        for account, fact in d.facts
        if isinstance(fact, PassesFrozen)
    }
    assert marked == {holder: Needed.HELD, converter: Needed.CONVERTED, waiter: Needed.ORDERED}
    assert len(stage.facts(PassesFrozen)) == 3
    assert folds_alike(stage)


def order(stage):
    return OrderReported(
        bridge="sim", seq=stage.next_seq(), order_id="O1", symbol="EURUSD", side=Side.BUY, order_type="limit", lots_e8=10**8,
        price=138_000, state="placed", t_us=stage.now_us,
    )  # fmt: skip


def test_who_is_told_to_hold_only_while_it_goes_on_is_marked_then(stage):
    account = stage.sell()
    price(stage)
    goes_out(stage)
    assert stage.facts(PassesFrozen) == []
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    assert [fact.needed for fact in stage.facts(PassesFrozen, account)] == [Needed.HELD]
    assert folds_alike(stage)


# --- what it means ---


def test_a_pass_waits_until_it_is_over_and_a_breach_does_not(stage):
    account = long(stage)
    goes_out(stage)
    price(stage, 139_100)
    stage.clock()
    stage.deal(account, "P1", Side.SELL, "10", 139_100, entry=DealEntry.OUT, profit="4_000.00")
    stage.equity(account, "104_000.00", "104_000.00")
    [held] = stage.facts(PassHeld, account)
    assert held.doubts == (Doubt.FEED_OUTAGE,)
    assert folds_alike(stage)
    [stretch] = asked_for(stage)
    filled(stage, *stretch[1:], 0)
    comes_back(stage, 139_100)
    [assessed] = stage.facts(OutageAssessed, account)
    assert set(assessed.befell) == {Befell.CLOSED, Befell.PASS_HELD}
    assert stage.facts(PhasePassed, account) == []
    stage.equity(account, "104_000.00", "104_000.00")
    assert len(stage.facts(PhasePassed, account)) == 1
    assert folds_alike(stage)


def test_a_breach_at_the_first_price_after_it_is_declared_and_with_prices_lost_nobody_knows(stage):
    account = long(stage)
    goes_out(stage)
    stage.equity(account, "99_900.00", "100_000.00")
    price(stage, 138_100)
    price(stage, 138_099)
    broke = stage.facts(BreachDeclared, account) or stage.facts(BreachSuspected, account)
    assert broke
    for symbol, from_us, to_us in asked_for(stage):
        gap(stage, from_us, to_us, symbol)
    comes_back(stage, 138_100)
    [ended] = stage.facts(IncidentEnded)
    assert not ended.filled
    [assessed] = stage.facts(OutageAssessed, account)
    assert (assessed.answer, assessed.proposal) == (Answer.UNKNOWN, Proposal.LOOK)
    assert assessed.decision
    assert folds_alike(stage)


def position(stage, account, op, stop_loss):
    return PositionReported(
        bridge="sim", seq=stage.next_seq(), position_id="P1", op=op, symbol="EURUSD", side=Side.BUY, lots_e8=10 * 10**8,
        price_open=138_700, stop_loss=stop_loss, take_profit=0, swap=stage.account(account).money(0), opened_us=stage.now_us,
        t_us=stage.now_us,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stop", "low", "answer", "proposal"),
    [
        (138_300, 138_301, Answer.YES, Proposal.NOTHING),
        (138_300, 138_300, Answer.NO, Proposal.REINSTATE),
        (138_201, 138_201, Answer.NO, Proposal.REINSTATE),
        (138_200, 138_200, Answer.YES, Proposal.NOTHING),
    ],
    ids=["a point above its stop", "at its stop", "a point above the floor", "a stop that touches the floor"],
)
def test_a_stop_that_prices_of_the_outage_passed_would_have_ended_it_above_the_floor(
    stage, stop, low, answer, proposal
):
    """A stop at 1.38300 costs 4 000 of the 5 000; the first price after the silence is 6 000 down."""
    account = long(stage)
    stage.put(position(stage, account, op="changed", stop_loss=stop), account)
    since_us = stage.now_us
    goes_out(stage)
    stage.equity(account, "99_900.00", "100_000.00")
    price(stage, 138_100)
    assert len(stage.facts(BreachDeclared, account)) == 1
    stage.deal(account, "P1", Side.SELL, "10", 138_100, entry=DealEntry.OUT, profit="-6_000.00")
    stage.put(position(stage, account, op="closed", stop_loss=0), account)
    [stretch] = asked_for(stage)
    stage.tick("EURUSD", low, low + 10, since_us + MINUTE_US)
    filled(stage, *stretch[1:], 1)
    comes_back(stage, 138_100)
    [assessed] = stage.facts(OutageAssessed, account)
    assert (assessed.answer, assessed.proposal) == (answer, proposal)
    assert assessed.befell == (Befell.BREACHED, Befell.CLOSED)
    assert folds_alike(stage)


@pytest.mark.parametrize(
    ("low", "answer", "proposal"),
    [(138_201, Answer.NO, Proposal.NOTHING), (138_200, Answer.YES, Proposal.LOOK)],
    ids=["a cent above the floor", "touching it"],
)
def test_of_who_kept_every_limit_the_worst_price_that_came_afterwards_says_whether_it_would_have(
    stage, low, answer, proposal
):
    account = long(stage)
    since_us = stage.now_us
    goes_out(stage)
    price(stage)
    [stretch] = asked_for(stage)
    stage.tick("EURUSD", low, low + 10, since_us + MINUTE_US)
    filled(stage, *stretch[1:], 1)
    comes_back(stage)
    [assessed] = stage.facts(OutageAssessed, account)
    assert (assessed.answer, assessed.proposal) == (answer, proposal)
    assert folds_alike(stage)


# --- what people say ---


def test_people_note_publish_and_close_it_in_its_time(stage):
    price(stage)
    goes_out(stage)
    [opened] = stage.facts(IncidentOpened)
    number = opened.incident

    def no(command):
        stage.put(command)
        return [fact.refusal for fact in stage.facts(Refused)][-1]

    assert no(NoteIncident(by="console", incident=number + 1, note="?")) is Refusal.UNKNOWN_INCIDENT
    assert no(PublishIncident(by="console", incident=number, sentence=" ", shown=True)) is Refusal.WORDS_MISSING
    assert no(NoteIncident(by="console", incident=number, note="x" * 501)) is Refusal.WORDS_MISSING
    close = CloseIncident(by="console", incident=number, conclusion="The provider's line was cut.")
    assert no(close) is Refusal.INCIDENT_GOES_ON
    stage.put(PublishIncident(by="console", incident=number, sentence="Prices are late.", shown=True))
    assert [fact.sentence for fact in stage.facts(IncidentPublished)] == ["Prices are late."]
    comes_back(stage)
    for symbol, from_us, to_us in asked_for(stage):
        filled(stage, from_us, to_us, 0, symbol)
    stage.clock()
    stage.put(close)
    assert len(stage.facts(IncidentClosed)) == 1
    assert no(close) is Refusal.INCIDENT_CLOSED
    assert folds_alike(stage)


def test_in_whichever_batches_it_comes_the_rows_are_the_same(stage, hands):
    account = long(stage)
    goes_out(stage)
    comes_back(stage)
    assert stage.facts(PassesFrozen, account)
    again = hands.Stage()
    arrivals = [replace_arrival(one) for one in stage.arrivals]
    rows = [row for row, _ in again.engine.decide(arrivals).rows]
    assert rows == [row for batch in stage.batches for row, _ in batch.rows]


def replace_arrival(one):
    return Arrival(one.body, one.happened_us, one.received_us, one.account, one.attachment)


def test_the_clock_of_before_days_tells_the_same(stage):
    """A tick of the clock that comes again changes nothing."""
    price(stage)
    goes_out(stage)
    before = len(stage.facts())
    stage.put(ClockTicked(at_us=stage.now_us))
    stage.put(ClockTicked(at_us=stage.now_us - DAY_US))
    assert len(stage.facts()) == before
