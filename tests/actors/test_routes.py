"""Routes: what comes by the thousand goes where the table would send it: to its bridge's market, then to its account."""

import pytest

from actors.routes import deciding, folding
from firm.facts import BridgeModeChanged, DealIgnored, MarkTaken, QuoteUsed
from firm.inputs import (
    CashKind,
    CashReported,
    DealDeleteReported,
    DealEntry,
    DealReported,
    EquityReported,
    EventRefused,
    LoginReported,
    OrderReported,
    PositionReported,
    QuoteFrame,
    Side,
    Watermark,
)
from tests.actors.conftest import usd

ACCOUNT, DESK = 7001, "account/00000-006TS"
SEEN = {"bridge": "sim", "seq": 1, "t_us": 5}
NONE = usd("0.00")
DEAL = {"deal_id": "D1", "position_id": "P1", "symbol": "EURUSD", "side": Side.BUY, "lots_e8": 10**8}
REPORTS = (
    DealReported(
        **SEEN, **DEAL, entry=DealEntry.IN, price=138_700, profit=NONE, commission=NONE, swap=NONE, fee=NONE,
        order_id="O1", reason="client",
    ),
    DealDeleteReported(**SEEN, deal_id="D1"),
    EquityReported(**SEEN, equity=NONE, balance=NONE, margin=NONE),
    CashReported(**SEEN, cash_id="C1", cash_kind=CashKind.DEPOSIT, amount=NONE, balance_after=NONE),
    LoginReported(**SEEN, logged_in=True, sealed=""),
    OrderReported(
        **SEEN, order_id="O1", symbol="EURUSD", side=Side.BUY, order_type="limit", lots_e8=10**8, price=138_700, state="placed"
    ),
    PositionReported(
        **SEEN, position_id="P1", op="opened", symbol="EURUSD", side=Side.BUY, lots_e8=10**8, price_open=138_700, stop_loss=0,
        take_profit=0, swap=NONE, opened_us=5,
    ),
)  # fmt: skip


def named(body):
    return type(body).__name__


@pytest.mark.parametrize("report", REPORTS, ids=named)
def test_time_passes_on_the_market_before_an_account_looks_at_what_was_reported_of_it(stage, report):
    account = stage.sell(accounts=(ACCOUNT, ACCOUNT + 1))
    assert deciding(report, account, ("sim",)) == ("market/sim", DESK)
    assert folding(report, account, stage.account(account), ("sim",)) == ("bridge/sim", DESK)


@pytest.mark.parametrize("report", REPORTS, ids=named)
def test_what_is_reported_of_no_open_account_concerns_its_bridge_alone(report):
    assert deciding(report, 0, ("sim",)) == ("market/sim",)
    assert folding(report, 0, None, ("sim",)) == folding(report, ACCOUNT, None, ("sim",)) == ("bridge/sim",)


@pytest.mark.parametrize(
    "body",
    [
        QuoteFrame(bridge="sim", qseq=1, after_seq=0, n=1, first_us=5, last_us=5, conflated=False, sha256=""),
        Watermark(bridge="sim", t_us=5, seq=1, qseq=1),
        EventRefused(bridge="sim", seq=1, reason="unknown event", raw_hex=""),
    ],
    ids=named,
)
def test_prices_and_what_nobody_can_read_move_how_far_their_bridge_is_booked(body):
    assert folding(body, 0, None, ("sim",)) == ("bridge/sim",)


@pytest.mark.parametrize(
    "fact",
    [
        MarkTaken(balance=NONE, equity=NONE, headroom=None),
        DealIgnored(deal_id="D1", why="already_booked"),
        QuoteUsed(
            symbol="EURUSD",
            t_us=5,
            bid=1,
            ask=2,
            frame=3,
            index=0,
            digits=5,
            contract_e8=1,
            currency_base="EUR",
            currency_profit="USD",
        ),
    ],
    ids=named,
)
def test_what_is_booked_of_an_account_changes_that_account_and_no_bridge(stage, fact):
    account = stage.sell(accounts=(ACCOUNT, ACCOUNT + 1))
    assert folding(fact, account, stage.account(account), ("sim",)) == (DESK,)


def test_a_fact_about_a_bridge_did_not_come_from_it():
    fact = BridgeModeChanged(bridge="sim", mode="observe")
    assert folding(fact, 0, None, ("sim",)) == ("bridge/sim", "enforcement/sim")
