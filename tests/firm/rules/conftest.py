"""Ada's account: 100 000.00 USD, opened by row 10, her day begun by row 20."""

import pytest
from msgspec.structs import replace

from firm.account import AccountState, DayStart, Peak
from firm.money import Money
from firm.ruleset import SEMANTICS, LateBreach, Ruleset
from firm.trading_day import TradingCalendar, TradingDay

INITIAL = 100_000_00


@pytest.fixture
def ada():
    def make(*terms, balance=INITIAL, day=(INITIAL, INITIAL), peak=None, **changes) -> AccountState:
        rules = Ruleset(
            semantics=SEMANTICS,
            name="test",
            calendar=TradingCalendar("UTC", "00:00"),
            late_breach=LateBreach.REVIEW,
            await_swap=False,
            terms=terms,
        )
        state = AccountState(
            account=1,
            trader=2,
            challenge=3,
            phase=0,
            phase_name="Phase 1",
            funded=False,
            bridge="sim",
            initial=Money(INITIAL, "USD", 2),
            ruleset_id=rules.ruleset_id(),
            ruleset=rules,
            opened_seq=10,
            opened_us=0,
            balance=balance,
            balance_source="30/balance/minor",
            rollover_high=INITIAL,
            rollover_high_source="10/initial/minor",
            day=DayStart(TradingDay("2014-05-01", 0, 86_400_000_000), *day, 20, final=True),
            peak=Peak(peak, peak, 0, (), 25) if peak else None,
        )
        return replace(state, **changes)

    return make
