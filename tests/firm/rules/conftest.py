"""Ada's account: 100 000.00 USD, opened by row 10, her day begun by row 20."""

import pytest
from msgspec.structs import replace

from firm.account import AccountState, Peak
from firm.money import Money
from firm.needs import needs_of
from firm.ruleset import FirstRuleset, LateBreach, Ruleset
from firm.terms.words import RuleTerm
from firm.track import DayStart, High, Track
from firm.trading_day import DayLabel, LabelledCalendar, TradingCalendar, TradingDay

INITIAL = 100_000_00
DAY = TradingDay("2014-05-01", 0, 86_400_000_000)


def ruleset_of(*terms):
    """Terms of today, or of the first semantics."""
    if all(isinstance(term, RuleTerm) for term in terms):
        calendar = LabelledCalendar(zone="UTC", rollover="00:00", label=DayLabel.START, merged=())
        return Ruleset(name="test", calendar=calendar, late_breach=LateBreach.REVIEW, await_swap=False, failures_reviewed=False,
                       overrides_by_two=False, terms=terms)  # fmt: skip
    calendar = TradingCalendar("UTC", "00:00")
    return FirstRuleset(name="test", calendar=calendar, late_breach=LateBreach.REVIEW, await_swap=False, terms=terms)


def make_account():
    def make(*terms, balance=INITIAL, day=(INITIAL, INITIAL), peak=None, highs=None, initial=INITIAL, **changes):
        """`highs`: minor units by what they are of; the initial balance for all others that the terms ask for."""
        rules, highs = ruleset_of(*terms), highs or {}
        kept = tuple(
            High(key, highs.get(key.of, initial), f"{row}/high/minor", 0)
            for row, key in enumerate(needs_of(rules).highs, start=60)
        )
        assert {key.of for key in needs_of(rules).highs} >= set(highs), "no term asks for that high"
        state = AccountState(
            account=1,
            trader=2,
            challenge=3,
            phase=0,
            phase_name="Phase 1",
            funded=False,
            bridge="sim",
            initial=Money(initial, "USD", 2),
            ruleset_id=rules.ruleset_id(),
            ruleset=rules,
            opened_seq=10,
            opened_us=0,
            balance=balance,
            balance_source="30/balance/minor",
            day=DayStart(DAY, *day, 20, final=True),
            peak=Peak(peak, peak, 0, (), 25) if peak else None,
            track=Track(highs=kept, week=DayStart(DAY, *day, 20, final=True)),
        )
        return replace(state, **changes)

    return make


@pytest.fixture
def ada():
    return make_account()
