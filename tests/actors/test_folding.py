"""Folding: who takes the rows as they are, as a newer release does at its start, holds what was lived through, and goes on alike."""

import random

import pytest
from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.arrival import Arrival
from actors.names import account_desk
from actors.states import state_bytes
from firm.account import AccountState
from firm.commands import ResumeDesk
from firm.facts import BreachSuspected, DayAnchored, DayOpened, DeskStopped, MessageParked, PeakReached
from firm.inputs import DealEntry, Side, Watermark
from firm.instant import SECOND_US, parse_utc
from firm.phase import JUDGED
from firm.policy import Policy
from firm.quote_frame import Tick
from firm.rules.limits import limits_of
from firm.ruleset import LateBreach
from firm.terms.losses import Trail

MIDNIGHT_US = parse_utc("2014-05-01T22:00:00")  # in Prague
DAY_US = 24 * 3600 * SECOND_US


def differing(stage):
    """The desks that hold something else after a fold of all rows."""
    live, again = stage.engine.capture().states, stage.refolded().capture().states
    return [name for name in live if comparable(live[name]) != comparable(again.get(name))]


def comparable(state):
    """But for the high of an account that ended: no floor follows it any more, and its last frame may have gone on rising."""
    ended = isinstance(state, AccountState) and state.standing not in JUDGED
    return state_bytes(replace(state, peak=None) if ended else state)


def goes_on_alike(stage, body, account=0):
    """The same input, decided by the engine that lived and by one that folded: the same rows."""
    stage.wait(1)
    folded = stage.refolded()
    again = folded.decide([Arrival(body, stage.now_us, stage.now_us, account, None)])
    stage.put(body, account)
    return [row for row, _ in again.rows] == [row for row, _ in stage.batches[-1].rows]


def watermark(stage):
    return Watermark(bridge="sim", t_us=stage.now_us + SECOND_US, seq=stage.seq, qseq=stage.qseq - 1)


def long(stage, offered=None, **changes):
    """An account with ten lots of EURUSD from 1.38700: a point is 10 dollars."""
    stage.open_shop(*([offered] if offered else []), **changes)
    account = stage.sell(**({"name": offered.program} if offered else {}))
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.watermark()
    return account


@pytest.fixture
def stage(hands):
    return hands.Stage()


@pytest.fixture
def trailing(stage):
    """6 % of 100 000 that trail every tick."""
    return long(stage, stage.trailing_program(LateBreach.REVIEW))


# --- days ---


@pytest.mark.parametrize("first_heard", ["price", "report"])
def test_after_a_silence_across_midnights_each_of_them_is_known(stage, first_heard):
    """The bridge was away from Thursday to Sunday. Prices that are sent after it, and the watermark, still belong to those days."""
    account = long(stage)
    stage.wait(60 * 3600)
    if first_heard == "price":
        stage.tick("EURUSD", 138_690, 138_700)
    else:
        stage.equity(account, "99_900.00", "100_000.00")
    assert len(stage.facts(DayOpened, account)) == 4
    assert differing(stage) == []
    assert goes_on_alike(stage, watermark(stage))
    assert differing(stage) == []


def test_one_frame_across_midnights_leaves_each_its_own_last_prices(stage):
    account = long(stage)
    stage.now_us = MIDNIGHT_US + DAY_US + SECOND_US
    times = (MIDNIGHT_US + 2 * SECOND_US, MIDNIGHT_US + DAY_US - 1, MIDNIGHT_US + DAY_US)
    stage.frame([Tick("EURUSD", at_us, 138_600 + n, 138_610 + n) for n, at_us in enumerate(times)])
    assert len(stage.facts(DayOpened, account)) == 3
    closing = stage.refolded().capture().states["market/sim"].closing
    assert {at_us: quotes["EURUSD"].bid for at_us, quotes in closing.items()} == {
        MIDNIGHT_US: 138_690,
        MIDNIGHT_US + DAY_US: 138_601,
    }
    assert differing(stage) == []
    assert goes_on_alike(stage, watermark(stage))


def over_three_midnights(stage):
    """Another price at each, and nothing in the last day but its price."""
    stage.now_us = MIDNIGHT_US - SECOND_US
    for bid in (138_600, 138_500, 138_400):
        stage.tick("EURUSD", bid, bid + 10)
        stage.wait(2)
        stage.tick("EURUSD", bid + 50, bid + 60)
        stage.watermark()
        stage.wait(24 * 3600 - 2)
    stage.tick("EURUSD", 138_690, 138_700)


def days_of(stage, account):
    return [(day.day.label, day.balance.minor, day.equity.minor, day.priced) for day in stage.facts(DayOpened, account)]


def test_each_midnight_that_a_stopped_desk_missed_is_decided_in_order_when_it_goes_on(hands, monkeypatch):
    lived, stopped = hands.Stage(), hands.Stage()
    account, other = long(lived), long(stopped)
    stops(stopped, other, monkeypatch)
    for stage in (lived, stopped):
        over_three_midnights(stage)
    assert [parked.message_kind for parked in stopped.facts(MessageParked)].count("DayEnded") == 3
    assert len(stopped.facts(DayOpened, other)) == 1
    assert differing(stopped) == []
    resume = ResumeDesk(by="console", desk=account_desk(other), why="mended")
    assert goes_on_alike(stopped, resume)
    assert days_of(stopped, other) == days_of(lived, account)
    assert len(days_of(lived, account)) == 4
    assert differing(stopped) == []


def test_the_midnight_that_comes_next_is_awaited_after_a_restart_too(stage, monkeypatch):
    account = long(stage)
    stops(stage, account, monkeypatch)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.engine = stage.refolded()
    stage.wait(24 * 3600)
    stage.tick("EURUSD", 138_690, 138_700)
    assert [parked.message_kind for parked in stage.facts(MessageParked)].count("DayEnded") == 2


def test_a_desk_that_goes_on_before_the_watermark_has_its_day_made_final_at_the_prices_of_midnight(stage, monkeypatch):
    """Nobody's day had begun while it was stopped, and prices have moved since."""
    account = long(stage)
    stops(stage, account, monkeypatch)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_000, 138_010)
    stage.wait(60)
    stage.tick("EURUSD", 138_100, 138_110)
    stage.put(ResumeDesk(by="console", desk=account_desk(account), why="mended"))
    stage.watermark()
    [anchored] = stage.facts(DayAnchored, account)
    assert anchored.priced
    assert (anchored.equity.minor, anchored.changed) == (99_900_00, False)
    assert differing(stage) == []


@pytest.mark.parametrize("silent_for_s", [3 * 3600, 60 * 3600])
def test_rows_fold_whose_prices_have_left_the_machine(stage, silent_for_s):
    """The day began at a price that nobody has any more; the watermark made it final all the same."""
    account = long(stage)
    stage.wait(silent_for_s)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    folded = stage.refolded(with_prices=False)
    assert folded.account(account) == stage.account(account)


# --- highs ---


def test_a_high_of_the_new_day_is_not_lost_to_the_one_that_midnight_wrote(stage, trailing):
    stage.wait(1)
    stage.tick("EURUSD", 138_800, 138_810)  # 101 000
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 139_500, 139_510)  # 108 000
    stage.wait(1)
    stage.tick("EURUSD", 139_000, 139_010)
    assert [peak.equity.minor for peak in stage.facts(PeakReached)] == [101_000_00]
    live, again = stage.account(trailing), stage.refolded().account(trailing)
    assert again.peak == live.peak
    assert [limit.floor for limit in limits_of(again)] == [limit.floor for limit in limits_of(live)] == [102_000_00]


@pytest.mark.parametrize("apart_us", [1, 0])
def test_a_high_that_came_after_a_decision_of_the_same_frame_is_kept(stage, trailing, apart_us):
    """A high of 101 000; a person is asked about the fall from it, by a price that jumped; and then the price is back, and higher."""
    stage.wait(1)
    bids = (138_800, 130_000, 139_500)
    stage.frame([Tick("EURUSD", stage.now_us + n * apart_us, bid, bid + 10) for n, bid in enumerate(bids)])
    assert stage.facts(BreachSuspected, trailing)
    assert stage.account(trailing).peak.equity == 108_000_00
    assert stage.refolded().account(trailing).peak == stage.account(trailing).peak


def test_a_high_may_be_newer_and_yet_stamped_before_the_one_that_was_written(stage, trailing):
    """Gold comes a little later than it is stamped, and is the newest of its kind."""
    stage.tick("XAUUSD", 1_290_000, 1_290_010)
    stage.deal(trailing, "P2", Side.BUY, "1", 1_290_010, symbol="XAUUSD")
    stage.wait(2)
    at_us = stage.now_us
    euro = [Tick("EURUSD", at_us, bid, bid + 10) for bid in (138_800, 130_000, 138_800)]
    stage.frame([*euro, Tick("XAUUSD", at_us - SECOND_US, 1_295_000, 1_295_010)])
    [written] = stage.facts(PeakReached)
    assert stage.account(trailing).peak.at_us < written.at_us
    assert stage.refolded().account(trailing).peak == stage.account(trailing).peak


def test_a_price_of_before_midnight_brings_no_high_to_the_day_that_began_in_its_frame(stage, trailing):
    stage.tick("XAUUSD", 1_290_000, 1_290_010)
    stage.deal(trailing, "P2", Side.BUY, "1", 1_290_010, symbol="XAUUSD")
    stage.now_us = MIDNIGHT_US + SECOND_US
    frame = [
        Tick("EURUSD", MIDNIGHT_US + SECOND_US, 138_690, 138_700),
        Tick("XAUUSD", MIDNIGHT_US - SECOND_US, 1_340_000, 1_340_010),
    ]
    stage.frame(frame)
    assert stage.account(trailing).peak.equity == 100_000_00
    assert stage.refolded().account(trailing).peak == stage.account(trailing).peak


@pytest.mark.parametrize("amount", ["-1_000.00", "1_000.00"])
def test_cash_moves_a_high_that_no_row_holds(stage, trailing, amount):
    stage.wait(1)
    stage.tick("EURUSD", 138_800, 138_810)
    stage.cash(trailing, amount)
    assert stage.account(trailing).peak.equity == 101_000_00 + stage.account(trailing).cash_net
    assert stage.refolded().account(trailing).peak == stage.account(trailing).peak


def test_a_desk_that_is_stopped_sees_no_high(stage, trailing, monkeypatch):
    stops(stage, trailing, monkeypatch)
    stage.wait(1)
    stage.tick("EURUSD", 139_500, 139_510)
    assert stage.account(trailing).peak.equity == 100_000_00
    assert stage.refolded().account(trailing).peak == stage.account(trailing).peak


def stops(stage, account, monkeypatch):
    """The account's desk raises on a report."""
    with monkeypatch.context() as broken:
        broken.setattr(AccountDesk, "_decide_report", None)
        stage.equity(account, "99_900.00", "100_000.00")
    assert [stopped.desk for stopped in stage.facts(DeskStopped)] == [account_desk(account)]


# --- by chance ---


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_a_fold_of_the_rows_holds_what_was_lived_through(hands, seed):
    stage = hands.Stage()
    wander(stage, hands, random.Random(seed))
    assert differing(stage) == []
    assert goes_on_alike(stage, watermark(stage))


def test_chance_brings_what_folding_must_get_right(hands):
    """Several midnights in one input, and highs that midnights and decisions wrote in frames that went on to a higher one."""
    midnights, overtaken = 0, 0
    for seed in range(12):
        stage = hands.Stage()
        wander(stage, hands, random.Random(seed))
        for batch in stage.batches:
            days = [row.account for row, body in batch.rows if isinstance(body, DayOpened)]
            midnights += len(days) > len(set(days))
            highs = {row.account: body.equity.minor for row, body in batch.rows if isinstance(body, PeakReached)}
            of_prices = bool(batch.frames)
            overtaken += of_prices and any(stage.account(account).peak.equity > high for account, high in highs.items())
        assert not stage.facts(DeskStopped)
    assert midnights
    assert overtaken


def wander(stage, hands, dice):
    """Six accounts: frames of prices that come a little out of order, deals and cash told late, nights and days of silence."""
    pausing = hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER, loss_max_bp=200)
    trailing = hands.maximum_loss(trail=Trail.EVERY_TICK, loss_max_bp=600)
    overseas = hands.ruleset(hands.daily_loss(), trailing, zone="America/New_York")
    offered = (hands.program(), hands.program(hands.ruleset(pausing, trailing), name="trailing"),
               hands.program(overseas, name="overseas", currency="EUR"))  # fmt: skip
    stage.open_shop(*offered, policy=Policy(reconcile_within_us=2 * DAY_US, far_past_us=3 * DAY_US))
    accounts = [
        stage.sell(2_000 + n, 600 + n, (8_000 + 2 * n, 8_001 + 2 * n), offered[n % 3].program) for n in range(6)
    ]
    prices = {"EURUSD": 138_700, "XAUUSD": 1_290_000}
    for step in range(120):
        stage.wait(dice.choice((0, 1, 5, 600)))
        if dice.random() < 0.06:
            stage.wait(dice.choice((7, 30, 60)) * 3600)
        match dice.choice(("prices", "prices", "prices", "deal", "deal", "equity", "cash", "watermark")):
            case "prices":
                stage.frame(ticks(stage, prices, dice))
            case "deal":
                trade(stage, dice.choice(accounts), prices, dice, step)
            case "equity":
                account = dice.choice(accounts)
                balance = text(stage.account(account).balance)
                stage.equity(account, balance, balance)
            case "cash":
                stage.cash(dice.choice(accounts), text(dice.choice((-500_00, 500_00))))
            case "watermark":
                stage.watermark()
                stage.clock()


def ticks(stage, prices, dice):
    """Some are stamped long before they come: the bridge had been away."""
    begun_us = stage.now_us - dice.choice((0, 0, 3, 8 * 3600, 50 * 3600)) * SECOND_US
    times = sorted(dice.randint(begun_us, stage.now_us) for _ in range(dice.randint(1, 6)))
    if dice.random() < 0.3:
        dice.shuffle(times)
    made = []
    for at_us in times:
        symbol = dice.choice(list(prices))
        prices[symbol] += dice.randint(-prices[symbol] // 250, prices[symbol] // 240)
        made.append(Tick(symbol, at_us, prices[symbol], prices[symbol] + 10))
    return made


def trade(stage, account, prices, dice, step):
    held = stage.account(account).positions
    at_us = stage.now_us - dice.choice((0, 0, 1, 4, 40_000)) * SECOND_US
    if held and dice.random() < 0.5:
        one = dice.choice(held)
        other = Side.SELL if one.side is Side.BUY else Side.BUY
        profit = text(dice.randint(-1_000_00, 1_500_00))
        stage.deal(account, one.position_id, other, text(one.lots_e8 // 10**6), prices[one.symbol],
                   entry=DealEntry.OUT, symbol=one.symbol, profit=profit, at_us=at_us)  # fmt: skip
    else:
        symbol = dice.choice(list(prices))
        stage.deal(account, f"P{step}", dice.choice(list(Side)), str(dice.randint(1, 4)), prices[symbol],
                   symbol=symbol, at_us=at_us)  # fmt: skip


def text(cents):
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
