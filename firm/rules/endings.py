"""Endings: whether one of the clocks that end a phase has run out for an account."""

from firm.account import AccountState
from firm.arithmetic import Arithmetic, Figure
from firm.rules.clocks import Activity, day_number, judge_inactivity, judge_maximum_duration
from firm.ruleset import Rule
from firm.terms.objectives import ClockStart, Inactivity, MaximumDuration


def is_over(calc: Arithmetic, account: AccountState, rule: Rule, at_us: int) -> bool:
    """Whether the rule's clock has run out at a rollover; False for a rule without one."""
    granted = Figure(account.overrides.days, "") if account.overrides.days else None
    match rule.terms:
        case MaximumDuration():
            assert account.day is not None, f"account {account.account} has no day that begins"
            begins = Figure(day_number(account.day.day.label), f"{account.day.seq}/day/label")
            return judge_maximum_duration(calc, rule, first_day(account, rule.terms), begins, granted).is_broken
        case Inactivity():
            return judge_inactivity(calc, rule, activity_of(account), Figure(at_us, ""), granted).is_broken
        case _:
            return False


def first_day(account: AccountState, terms: MaximumDuration) -> Figure | None:
    """The day from which a duration counts; None while it has not begun."""
    if terms.counted_from is ClockStart.ASSIGNMENT:
        label = account.ruleset.calendar.day_at(account.opened_us).label
        return Figure(day_number(label), f"{account.opened_seq}/label")
    return Figure(day_number(account.first_trade_day), "") if account.first_trade_day else None


def activity_of(account: AccountState) -> Activity:
    """When things last happened on it. Deals alone are remembered: the newest one counts for opening and for closing."""
    last = Figure(account.last_trade_us, f"{account.last_trade_seq}") if account.last_trade_us else None
    gone_us = account.track.orders_gone_us
    return Activity(
        assigned=Figure(account.opened_us, f"{account.opened_seq}"),
        first_trade=last,
        last_opened=last,
        last_closed=last,
        order_gone=Figure(gone_us, "") if gone_us else None,
        positions=len(account.positions),
        orders=len(account.track.orders),
    )
