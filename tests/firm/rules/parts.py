"""Parts that rules are judged on: positions that Ada holds, trades that she closed, marks of her account of 100 000.00 USD."""

from firm.arithmetic import Figure
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.figures import Marks
from firm.ruleset import Rule
from firm.track import DayResult, HeldPosition, Trade

LOT = 10**8
INITIAL = 100_000_00
TODAY_US = 1_000 * SECOND_US


def rule(terms):
    return Rule(3, terms, {})


def held(position="p1", symbol="EURUSD", side=Side.BUY, *, lots=LOT, opened_s=1_000, seq=40, **other):
    values = {
        "price_open": 1_0000,
        "floating": 0,
        "stop_loss": 0,
        "take_profit": 0,
        "stop_risk": None,
        "target_gain": None,
        "notional": 0,
        "margin": 0,
    } | other
    return HeldPosition(
        position_id=position,
        symbol=symbol,
        side=side,
        lots_e8=lots,
        opened_us=opened_s * SECOND_US,
        seq=seq,
        **values,
    )


def trade(position="t1", symbol="EURUSD", side=Side.BUY, *, lots=LOT, opened_s=1_000, lasted_s=60, net=0, **other):
    values = {"had_stop": False, "part": False, "lasted_us": 0, "seq": 50} | other
    opened_us = opened_s * SECOND_US
    closed_us = opened_us + lasted_s * SECOND_US + values.pop("lasted_us")
    return Trade(
        position_id=position,
        symbol=symbol,
        side=side,
        lots_e8=lots,
        price_open=1_0000,
        price_close=1_0000,
        opened_us=opened_us,
        closed_us=closed_us,
        opened_day="2014-05-01",
        closed_day="2014-05-01",
        net=net,
        **values,
    )


def today(**counted):
    return DayResult("2014-05-01", TODAY_US, **counted)


def marks(*, initial=INITIAL, equity=INITIAL, start_profit=0):
    return Marks(
        Figure(initial, "10/initial/minor"), Figure(equity, "60/equity/minor"), Figure(start_profit, "20/profit/minor")
    )


def verdicts(answers):
    """What was answered about whom."""
    return {answer.subject: answer.verdict.value for answer in answers}
