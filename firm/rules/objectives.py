"""Objectives to win a phase, and the two clocks that end one: target, trading days, duration, inactivity."""

from firm.account import AccountState, calendar_days_between
from firm.arithmetic import PLAIN, Arithmetic
from firm.instant import DAY_US
from firm.rules.amounts import Sums, rounded_up
from firm.ruleset import Rule
from firm.terms.objectives import Inactivity, MaximumDuration, ProfitTarget, TradingDays


def target_balance(calc: Arithmetic, account: AccountState, rule: Rule, terms: ProfitTarget) -> int:
    """The balance that wins the phase, in minor units."""
    sums = Sums(calc, account)
    start = sums.start
    profit = rounded_up(sums, rule, terms.amount, "amount", ("profit target", "profit to make"))
    return calc.plus("target balance", start, profit)


def profit_target_of(account: AccountState) -> tuple[Rule, ProfitTarget] | None:
    """The phase's target, if it has one."""
    return next(((rule, rule.terms) for rule in account.ruleset.rules if isinstance(rule.terms, ProfitTarget)), None)


def won(calc: Arithmetic, account: AccountState) -> bool:
    """Whether every objective of the phase is met now; recorded comparisons end with the balance against the target."""
    found = profit_target_of(account)
    if found is None:
        return False
    rule, terms = found
    if terms.flat_required and account.positions:
        return False
    if not _enough_days(calc, account):
        return False
    target = target_balance(calc, account, rule, terms)
    balance = calc.given("balance", account.balance, "minor", account.balance_source)
    return calc.is_at_or_above("balance at or above the target", balance, target)


def target_of(account: AccountState) -> int | None:
    """The winning balance in minor units, or None for a phase without a target."""
    found = profit_target_of(account)
    return None if found is None else target_balance(PLAIN, account, *found)


def overstayed(terms: MaximumDuration, account: AccountState, label: str) -> bool:
    """Whether the day `label` begins after the phase's last one. The first trade's day is day 1."""
    return bool(account.first_trade_day) and calendar_days_between(account.first_trade_day, label) >= terms.days_max


def inactive(terms: Inactivity, account: AccountState, at_us: int) -> bool:
    """Whether nothing was traded for too long. An open position is activity."""
    last_us = account.last_trade_us or account.opened_us
    return not account.positions and at_us - last_us >= terms.days_max * DAY_US


def _enough_days(calc: Arithmetic, account: AccountState) -> bool:
    for rule in account.ruleset.rules:
        if isinstance(rule.terms, TradingDays):
            need = calc.given("trading days needed", rule.terms.days_min, "days", rule.cited("days_min"))
            source = f"{account.days_traded_seq}/count" if account.days_traded_seq else ""
            if not source:
                return False
            have = calc.given("trading days", account.days_traded, "days", source)
            if not calc.is_at_or_above("enough trading days", have, need):
                return False
    return True
