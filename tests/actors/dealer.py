"""The platform's dealer, by hand: deals of one account, what is changed or deleted of them after the fact, and contracts that change."""

from msgspec.structs import replace

from firm.facts import DealIgnored
from firm.inputs import (
    DealDeleteReported,
    DealEntry,
    DealUpdateReported,
    PositionReported,
    Side,
    SymbolReported,
)
from firm.money import Money


def buy(stage, account, deal="D1", position="P1", lots="1", price=138_700):
    stage.deal(account, position, Side.BUY, lots, price, commission="-7.00", deal=deal)


def sell(stage, account, deal, price, profit, position="P1", lots="1", at_us=None):
    stage.deal(
        account, position, Side.SELL, lots, price, entry=DealEntry.OUT, profit=profit, deal=deal, at_us=at_us
    )  # fmt: skip


def hold_both(stage, account):
    """Long 5 lots of EURUSD, 5 dollars a point, and 10 of XAUUSD, one dollar a point."""
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.deal(account, "P1", Side.BUY, "5", 138_700)
    stage.deal(account, "P2", Side.BUY, "10", 1_290_000, symbol="XAUUSD")
    stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(10)
    return account


def update(
    stage, account, deal, *, entry=DealEntry.IN, price=138_700, lots="1", profit="0.00", commission="-7.00", **told
):
    """The platform's word on a deal of P1 in EURUSD as it reads now."""
    money = lambda text: Money.parse(text, "USD")  # noqa: E731
    return stage.put(
        DealUpdateReported(
            bridge="sim", seq=stage.next_seq(), deal_id=deal, position_id=told.get("position", "P1"),
            symbol=told.get("symbol", "EURUSD"), entry=entry,
            side=Side.BUY if entry is DealEntry.IN else Side.SELL, lots_e8=Money.parse(lots, "LOT", 8).minor, price=price,
            profit=money(profit), commission=money(commission), swap=money(told.get("swap", "0.00")), fee=money("0.00"),
            deal_us=0, t_us=told.get("at_us", stage.now_us),
        ),
        account,
    )  # fmt: skip


def delete(stage, account, deal):
    return stage.put(
        DealDeleteReported(bridge="sim", seq=stage.next_seq(), deal_id=deal, t_us=stage.now_us), account
    )  # fmt: skip


def ignored(stage, account):
    return [fact.why for fact in stage.facts(DealIgnored, account)]


def says(stage, account, **said):
    """The platform's word of the position, as it is held but for what is said."""
    held = stage.account(account).position("P1")
    report = PositionReported(
        bridge="sim", seq=stage.next_seq(), position_id="P1", op="changed", symbol=held.symbol, side=held.side,
        lots_e8=held.lots_e8, price_open=held.price_open, stop_loss=0, take_profit=0,
        swap=stage.account(account).money(held.swap), opened_us=held.opened_us, t_us=stage.now_us,
    )  # fmt: skip
    report = replace(report, **said)
    return stage.put(report, account, happened_us=report.t_us)


def lists(stage, symbol, **said):
    spec = replace(stage.engine.market("sim").board.specs["EURUSD"], symbol=symbol, **said)
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
