"""A platform's faults as the firm lives through them: in the end both books agree to the minor unit, and nobody was failed by a fault."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridges.events import Backfilled, CmdResult, Deal, Event, Gap, Platform, Position, Snapshot
from bridges.simulator.answers import Retcode
from bridges.simulator.script import Frozen, LateEvents, LatePrices, Outage, Script, Spike
from bridges.wire import BackfillReq
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    DayAnchored,
    DayOpened,
    IncidentEnded,
    OutageAssessed,
    SanityBandLeft,
)
from firm.incidents import Answer
from firm.inputs import Side
from firm.instant import MINUTE_US, SECOND_US, parse_utc
from firm.money import Money
from firm.phase import Standing
from firm.quote_frame import Tick
from tests.bridges.simulator.beside import Beside, market_of, rules

BUY, SELL = Side.BUY, Side.SELL
FROM = parse_utc("2014-05-01T20:50:00")  # ten minutes before the rollover
DOLLARS = Money(10_000_000, "USD", 2)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(FROM // SECOND_US + second, UTC)


def market(tmp_path: Path, script: Script, seconds: int = 1_200) -> Beside:
    """EURUSD and GBPUSD once a second, in a saw of 40 points."""
    instants = [(n, FROM + n * SECOND_US) for n in range(1, seconds)]
    ticks = [Tick("EURUSD", t_us, 138_600 + n % 40, 138_610 + n % 40) for n, t_us in instants]
    ticks += [Tick("GBPUSD", t_us, 168_900 - n % 40, 168_912 - n % 40) for n, t_us in instants]
    return Beside(market_of(tmp_path, ticks, script, from_us=FROM, to_us=FROM + seconds * SECOND_US))


def of(kind: type[Event], told: Sequence[Event | Tick]) -> list[Event]:
    return [event for event in told if isinstance(event, kind)]


OUTAGE = Script(outage=(Outage(since=at(300), until=at(900), why="a disk is full"),))


def test_while_the_platform_is_down_there_are_no_prices_no_fills_and_no_answers(tmp_path: Path) -> None:
    beside = market(tmp_path, OUTAGE)
    beside.play(until=FROM + 60 * SECOND_US)
    _, held = beside.sell(rules(), DOLLARS)
    assert beside.open(held, "EURUSD", BUY) is Retcode.DONE
    assert beside.place(held, "GBPUSD", BUY, 168_875) is Retcode.DONE  # the saw comes there once in forty seconds
    held.orders["2"].price = 168_860  # and never here
    beside.play(until=FROM + 300 * SECOND_US)
    began = len(beside.told)
    beside.play(until=FROM + 880 * SECOND_US)
    assert beside.open(held, "EURUSD", BUY) is Retcode.NO_CONNECTION
    assert beside.close(held) is Retcode.NO_CONNECTION
    beside.ask("close_all", held)
    silent = beside.told[began:]
    assert [event.retcode for event in of(CmdResult, silent)] == ["NO_CONNECTION"]
    assert {type(event) for event in silent} <= {CmdResult, Platform}
    assert beside.replay.watermark_us == FROM + 300 * SECOND_US
    [down] = [event for event in of(Platform, beside.told) if not event.up]
    assert (down.since_us, down.why) == (FROM + 300 * SECOND_US, "a disk is full")
    assert not beside.engine.market("sim").capture().platform_up


def test_back_again_it_tells_what_it_missed_with_its_own_stamps_and_every_account_in_full(tmp_path: Path) -> None:
    """The rollover at 21:00 UTC fell into the outage: the swap of the night is stamped with it, the firm's day becomes final after it."""
    beside = market(tmp_path, OUTAGE)
    beside.play(until=FROM + 60 * SECOND_US)
    account, held = beside.sell(rules(rollover="23:00"), DOLLARS)
    beside.open(held, "EURUSD", BUY)
    beside.play(until=FROM + 895 * SECOND_US)
    began = len(beside.told)
    beside.play(until=FROM + 904 * SECOND_US)
    back = [event for event in beside.told[began:] if not isinstance(event, Tick)]
    up, *gaps, swap = back[:4]
    assert isinstance(up, Platform)
    assert up.up
    assert gaps == [Gap(name, FROM + 300 * SECOND_US, FROM + 900 * SECOND_US) for name in ("EURUSD", "GBPUSD")]
    assert isinstance(swap, Position)
    assert (swap.t_us, swap.swap) == (parse_utc("2014-05-01T21:00:00"), -600)
    assert [snapshot.acc for snapshot in of(Snapshot, back)] == [held.login]
    beside.play(after_slice=beside.agrees)
    assert len(beside.of(DayAnchored)) == 1
    assert [fact.provisional for fact in beside.of(DayOpened)] == [False, True]
    assert beside.drifts() == []
    assert beside.state(account).standing is Standing.ACTIVE


def test_an_order_whose_price_came_in_the_outage_waits_for_the_next_one(tmp_path: Path) -> None:
    beside = market(tmp_path, OUTAGE)
    beside.play(until=FROM + 290 * SECOND_US)
    _, held = beside.sell(rules(), DOLLARS)
    assert beside.place(held, "EURUSD", BUY, 138_611) is Retcode.DONE  # the bottom of the saw, at each fortieth second
    beside.play()
    [deal] = of(Deal, beside.told)
    assert deal.t_us == FROM + 920 * SECOND_US
    beside.agrees()


@pytest.mark.parametrize("repeat", [False, True])
def test_frozen_quotes_freeze_both_books_alike(tmp_path: Path, repeat: bool) -> None:
    script = Script(frozen=(Frozen(since=at(100), until=at(500), symbol="EURUSD", repeat=repeat),))
    beside = market(tmp_path, script, seconds=600)
    beside.play(until=FROM + 60 * SECOND_US)
    account, held = beside.sell(rules(), DOLLARS)
    beside.open(held, "EURUSD", BUY)
    beside.open(held, "GBPUSD", SELL)
    beside.play(until=FROM + 480 * SECOND_US, after_slice=beside.agrees)
    stale = beside.engine.market("sim").stale_symbols(beside.replay.now_us, 5 * MINUTE_US)
    assert stale == (() if repeat else ("EURUSD",))
    beside.play(after_slice=beside.agrees)
    assert beside.drifts() == []
    assert beside.state(account).standing is Standing.ACTIVE


def test_a_spike_fails_nobody_by_itself_and_the_platforms_own_stops_take_it(tmp_path: Path) -> None:
    """Ten per cent off the market for a fifth of a second: beyond the sanity band, so a breach at it is only suspected."""
    script = Script(spike=(Spike(at=at(200), symbol="EURUSD", points=-14_000),))
    beside = market(tmp_path, script, seconds=400)
    beside.play(until=FROM + 60 * SECOND_US)
    account, held = beside.sell(rules(loss_max_bp=500), DOLLARS, 0)
    _, stopped = beside.sell(rules(loss_max_bp=500), DOLLARS, 1)
    beside.open(held, "EURUSD", BUY)
    beside.open(stopped, "EURUSD", BUY, stop=138_000)
    beside.play()
    assert len(beside.of(SanityBandLeft)) == 1
    suspected = [
        fact for of_account, fact in beside.facts if isinstance(fact, BreachSuspected) and of_account == account
    ]
    assert {(fact.rule, fact.at_us) for fact in suspected} == {
        (rule, FROM + 200 * SECOND_US) for rule in ("daily", "maximum")
    }
    assert account not in [of_account for of_account, fact in beside.facts if isinstance(fact, BreachDeclared)]
    [stop] = [deal for deal in of(Deal, beside.told) if deal.reason == "sl"]
    assert (stop.acc, stop.px, stop.t_us) == (stopped.login, 124_639, FROM + 200 * SECOND_US)
    beside.agrees()


def test_prices_that_come_late_leave_both_books_equal_once_they_came(tmp_path: Path) -> None:
    script = Script(late_prices=(LatePrices(since=at(100), until=at(160), symbol="EURUSD", by_s=20),))
    beside = market(tmp_path, script, seconds=400)
    beside.play(until=FROM + 60 * SECOND_US)
    account, held = beside.sell(rules(), DOLLARS)
    beside.open(held, "EURUSD", BUY)
    beside.play(until=FROM + 115 * SECOND_US)
    assert beside.replay.watermark_us == FROM + 100 * SECOND_US  # the oldest that is held back
    beside.play(until=FROM + 190 * SECOND_US)
    assert beside.replay.watermark_us == beside.replay.now_us
    stamps = [event.t_us for event in beside.told if isinstance(event, Tick)]
    assert stamps != sorted(stamps)
    assert len(stamps) == len(set(zip(stamps, [t.symbol for t in beside.told if isinstance(t, Tick)], strict=True)))
    beside.play(after_slice=beside.agrees)
    assert beside.state(account).drifting == ()
    assert beside.state(account).standing is Standing.ACTIVE


def test_deals_that_come_late_and_behind_their_positions_are_booked_with_their_own_stamps(tmp_path: Path) -> None:
    script = Script(late_events=(LateEvents(since=at(100), until=at(130), tags=("deal", "order"), by_s=15),))
    beside = market(tmp_path, script, seconds=400)
    beside.play(until=FROM + 60 * SECOND_US)
    account, held = beside.sell(rules(), DOLLARS)
    beside.open(held, "EURUSD", BUY)
    beside.play(until=FROM + 105 * SECOND_US)
    done_us = beside.replay.now_us
    assert beside.open(held, "GBPUSD", SELL) is Retcode.DONE
    assert beside.close(held) is Retcode.DONE
    assert len(of(Deal, beside.told)) == 1
    assert [event.op for event in of(Position, beside.told)] == ["opened", "opened", "closed"]
    beside.play(until=FROM + 115 * SECOND_US)
    assert beside.replay.watermark_us == done_us
    assert [one.position_id for one in beside.state(account).positions] == ["1"]
    beside.play(until=FROM + 140 * SECOND_US)
    assert [deal.t_us for deal in of(Deal, beside.told)[1:]] == [done_us, done_us]
    assert beside.replay.watermark_us == beside.replay.now_us
    assert [one.symbol for one in beside.state(account).positions] == ["GBPUSD"]
    beside.play(after_slice=beside.agrees)
    assert beside.state(account).drifting == ()


# --- prices that the firm asks for ---

LATE = Script(late_prices=(LatePrices(since=at(300), until=at(700), symbol="EURUSD", by_s=600),))


def answers(beside: Beside, symbol: str, from_s: int, to_s: int) -> list[Event]:
    began = len(beside.told)
    beside.replay.backfill(BackfillReq(symbol, FROM + from_s * SECOND_US, FROM + to_s * SECOND_US))
    beside.told += [event for parcel in beside.replay.hand_over() for event in parcel.events]
    return of(Backfilled, beside.told[began:]) + of(Gap, beside.told[began:])


def test_asked_for_prices_that_it_told_it_says_how_many_there_were(tmp_path: Path) -> None:
    beside = market(tmp_path, OUTAGE)
    beside.play(until=FROM + 250 * SECOND_US)
    assert answers(beside, "EURUSD", 100, 160) == [
        Backfilled("EURUSD", FROM + 100 * SECOND_US, FROM + 160 * SECOND_US, 60)
    ]
    for name, from_s in (("EURUSD", -10), ("DE40", 100)):  # it had not begun, or has no such prices
        assert answers(beside, name, from_s, 160) == [Gap(name, FROM + from_s * SECOND_US, FROM + 160 * SECOND_US)]
    beside.play(until=FROM + 950 * SECOND_US)
    for from_s, to_s in ((299, 301), (899, 920), (200, 940)):  # it was down, and had none itself
        assert answers(beside, "EURUSD", from_s, to_s) == [
            Gap("EURUSD", FROM + from_s * SECOND_US, FROM + to_s * SECOND_US)
        ]
    assert isinstance(answers(beside, "EURUSD", 900, 920)[0], Backfilled)


def test_prices_that_are_held_back_are_told_before_it_says_that_they_are(tmp_path: Path) -> None:
    beside = market(tmp_path, LATE, seconds=1_500)
    beside.play(until=FROM + 890 * SECOND_US)
    assert answers(beside, "EURUSD", 299, 401) == []
    assert answers(beside, "EURUSD", 299, 401) == []  # a new session asks once more
    began = len(beside.told)
    beside.play(until=FROM + 1_100 * SECOND_US)
    [told] = of(Backfilled, beside.told[began:])
    assert told == Backfilled("EURUSD", FROM + 299 * SECOND_US, FROM + 401 * SECOND_US, 102)
    before = [
        one.t_us for one in beside.told[: beside.told.index(told)] if isinstance(one, Tick) and one.symbol == "EURUSD"
    ]
    assert {FROM + second * SECOND_US for second in range(299, 401)} <= set(before)


def test_what_would_have_been_is_known_where_the_missing_prices_come_late(tmp_path: Path) -> None:
    after_the_night = LatePrices(since=at(700), until=at(1_100), symbol="EURUSD", by_s=600)
    beside = market(tmp_path, Script(late_prices=(after_the_night,)), seconds=2_700)
    beside.play(until=FROM + 60 * SECOND_US)
    account, held = beside.sell(rules(), DOLLARS)
    beside.open(held, "EURUSD", BUY)
    beside.play()
    [ended], [assessed] = beside.of(IncidentEnded), beside.of(OutageAssessed)
    assert ended.filled
    assert assessed.answer is Answer.NO
    assert beside.state(account).standing is Standing.ACTIVE
