"""Margin: what the platform does about an account whose margin level, equity over margin, has come down: call, then stop out."""

from bridges.simulator.answers import Reason
from bridges.simulator.fills import Fills
from bridges.simulator.state import Account, Position, State
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import (
    MARGIN_CALL_LEVEL_PERCENT,
    STOP_OUT_LEVEL_PERCENT,
    close_price,
    equity_minor,
    has_come_down_to,
    margin_minor,
    profit_of_deal,
)
from firm.sessions import is_open


class MarginWatch:
    """Looks at one account after each price that may concern it."""

    def __init__(self, state: State, tellings: Tellings, fills: Fills) -> None:
        self._state = state
        self._tell = tellings
        self._fills = fills

    def look(self, account: Account, t_us: int) -> None:
        """Tell a margin call once, until the level has recovered; close the worst position while the level is at the stop-out."""
        called = self._is_down_to(account, MARGIN_CALL_LEVEL_PERCENT)
        if called and not account.in_margin_call:
            self._tell.equity(account, self._state, t_us, src="margin_call")
        account.in_margin_call = called
        while self._is_down_to(account, STOP_OUT_LEVEL_PERCENT):
            worst = self._worst(account, t_us)
            if worst is None:
                return
            price = close_price(worst, self._state)
            self._fills.leave(account, worst, worst.lots_e8, price, t_us, Reason.STOP_OUT)

    def _is_down_to(self, account: Account, level_percent: int) -> bool:
        state = self._state
        if not account.positions:
            return False
        return has_come_down_to(level_percent, equity_minor(account, state), margin_minor(account, state))

    def _worst(self, account: Account, t_us: int) -> Position | None:
        """The position with the largest loss whose market is open; of equals the oldest."""
        state = self._state

        def outcome(held: Position) -> tuple[int, int]:
            profit = profit_of_deal(account, held, held.lots_e8, close_price(held, state), state)
            return profit + held.swap_minor, int(held.position_id)

        tradable = [held for held in account.positions.values() if is_open(state.listing(held.symbol).spec, t_us)]
        return min(tradable, key=outcome, default=None)
