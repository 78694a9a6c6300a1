"""Tellings: the platform's books put into the words of the wire, one list of prices and journal events in the platform's order."""

from bridges.events import (
    Account as AccountEvent,
)
from bridges.events import (
    Cash,
    Deal,
    Equity,
    Event,
    Order,
    Snapshot,
    SnapshotPosition,
    SymbolSpec,
)
from bridges.events import Platform as PlatformEvent
from bridges.events import Position as PositionEvent
from bridges.simulator.state import Account, Pending, Position, State, TradeMode
from bridges.simulator.symbols import Listing
from bridges.simulator.valuation import can_value, equity_minor, margin_minor, profit_minor
from firm.inputs import CashKind, DealEntry, Side
from firm.quote_frame import Tick

_RIGHTS_RAW = {TradeMode.FULL: 0, TradeMode.CLOSE_ONLY: 2, TradeMode.BLOCKED: 4}


class Tellings:
    """What has happened and is not yet handed over: prices, then the events that followed them."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.events: list[Event] = []

    def quote(self, tick: Tick) -> None:
        assert not self.events, f"price of {tick.t_us} told before the events ahead of it were handed over"
        self.ticks.append(tick)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def symbol(self, listing: Listing, renamed_to: str = "") -> None:
        """A contract; with `renamed_to` for the last time under this name."""
        spec = listing.spec
        self.event(
            SymbolSpec(
                sym=spec.symbol,
                digits=spec.digits,
                contract_e8=spec.contract_e8,
                ccy_base=spec.currency_base,
                ccy_profit=spec.currency_profit,
                tick_points=1,
                calc_mode=listing.calc_mode,
                zone=spec.zone,
                sessions=spec.sessions,
                sanity_band_bp=spec.sanity_band_bp,
                closed=spec.closed,
                renamed_to=renamed_to,
            )
        )

    def platform_up(self, since_us: int, why: str) -> None:
        self.event(PlatformEvent(up=True, since_us=since_us, why=why))

    def account(self, account: Account, t_us: int) -> None:
        self.event(
            AccountEvent(
                acc=account.login,
                group=account.group,
                ccy=account.currency,
                exponent=account.exponent,
                leverage=account.leverage,
                rights_raw=_RIGHTS_RAW[account.mode],
                trading_allowed=account.mode is TradeMode.FULL,
                trade_mode=account.mode.value,
                balance=account.balance_minor,
                credit=0,
                ver=account.version,
                t_us=t_us,
            )
        )

    def deal(
        self,
        account: Account,
        position: Position,
        deal_id: str,
        order_id: str,
        entry: DealEntry,
        side: Side,
        lots_e8: int,
        price: int,
        profit: int,
        commission: int,
        swap: int,
        reason: str,
        t_us: int,
    ) -> Deal:
        """A fill, as it is told; `side` is the deal's own: a long is closed by selling."""
        deal = Deal(
            acc=account.login,
            deal_id=deal_id,
            order_id=order_id,
            pos_id=position.position_id,
            sym=position.symbol,
            action=side,
            entry=entry,
            vol=lots_e8,
            px=price,
            ccy=account.currency,
            exponent=account.exponent,
            profit=profit,
            commission=commission,
            swap=swap,
            fee=0,
            reason=reason,
            t_us=t_us,
        )
        self.event(deal)
        return deal

    def position(self, account: Account, position: Position, op: str, state: State, t_us: int) -> None:
        """A position after `op`; a closed one has no volume left."""
        self.event(
            PositionEvent(
                acc=account.login,
                pos_id=position.position_id,
                op=op,
                sym=position.symbol,
                side=position.side,
                vol=position.lots_e8,
                px_open=position.price_open,
                sl=position.stop_loss,
                tp=position.take_profit,
                ccy=account.currency,
                exponent=account.exponent,
                swap=position.swap_minor,
                profit=profit_minor(account, position, state),
                t_open_us=position.opened_us,
                t_us=t_us,
            )
        )

    def order(self, account: Account, order: Pending, state: str, t_us: int) -> None:
        self.event(
            Order(
                acc=account.login,
                order_id=order.order_id,
                sym=order.symbol,
                side=order.side,
                order_type=order.order_type.value,
                vol=order.lots_e8,
                px=order.price,
                sl=order.stop_loss,
                tp=order.take_profit,
                state=state,
                t_us=t_us,
            )
        )

    def cash(self, account: Account, cash_id: str, kind: CashKind, amount_minor: int, comment: str, t_us: int) -> None:
        self.event(
            Cash(
                acc=account.login,
                cash_id=cash_id,
                kind=kind,
                ccy=account.currency,
                exponent=account.exponent,
                amount=amount_minor,
                balance_after=account.balance_minor,
                ver=account.version,
                t_us=t_us,
                comment=comment,
            )
        )

    def equity(self, account: Account, state: State, t_us: int, src: str = "platform") -> None:
        """Equity and margin; `src` is `margin_call` where that is why it is told."""
        self.event(
            Equity(
                acc=account.login,
                ccy=account.currency,
                exponent=account.exponent,
                equity=equity_minor(account, state),
                balance=account.balance_minor,
                margin=margin_minor(account, state),
                src=src,
                t_us=t_us,
            )
        )

    def snapshot(self, account: Account, state: State, as_of_seq: int, t_us: int) -> None:
        """The account in full, as of journal event `as_of_seq`."""
        priced = all(can_value(account, held.symbol, state) for held in account.positions.values())
        assert priced, f"account {account.login} holds a position that could not have been opened"
        positions = tuple(
            SnapshotPosition(
                held.position_id, held.symbol, held.side, held.lots_e8, held.price_open, held.swap_minor, held.opened_us
            )
            for held in account.positions.values()
        )
        self.event(
            Snapshot(
                acc=account.login,
                as_of_seq=as_of_seq,
                trading_allowed=account.mode is TradeMode.FULL,
                ccy=account.currency,
                exponent=account.exponent,
                balance=account.balance_minor,
                equity=equity_minor(account, state),
                positions=positions,
                pending_orders=len(account.orders),
                t_us=t_us,
            )
        )
