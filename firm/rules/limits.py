"""Limits: the floors of an account under its loss rules, and whether equity broke one.

Both limits compare in one place, so that "touch" and "cross" mean the same everywhere.
"""

import msgspec

from firm.account import AccountState, rollover_mark
from firm.arithmetic import PLAIN, Arithmetic
from firm.rules.daily_loss import daily_floor
from firm.rules.maximum_loss import maximum_loss_floor
from firm.ruleset import Boundary, DailyLoss, MaximumLoss, OnDailyLoss, Trail


class Limit(msgspec.Struct, frozen=True, gc=False):
    """A loss rule of the account with its floor now; `place` is the term's index in the ruleset."""

    place: int
    terms: DailyLoss | MaximumLoss
    floor: int

    @property
    def hard(self) -> bool:
        """Whether breaking it ends the account."""
        return not (isinstance(self.terms, DailyLoss) and self.terms.on_breach is OnDailyLoss.PAUSE_UNTIL_ROLLOVER)

    @property
    def follows_every_tick(self) -> bool:
        """Whether the floor rises with every new equity high."""
        return isinstance(self.terms, MaximumLoss) and self.terms.trail is Trail.EVERY_TICK


def limits_of(account: AccountState) -> tuple[Limit, ...]:
    """Every loss limit with its floor, in the order of the ruleset; daily ones only once a day has begun."""
    found = []
    for place, terms in enumerate(account.ruleset.terms):
        if isinstance(terms, MaximumLoss) or (isinstance(terms, DailyLoss) and account.day is not None):
            found.append(Limit(place, terms, floor_of(PLAIN, account, place, terms)))
    return tuple(found)


def has_same_floors(before: AccountState, account: AccountState) -> bool:
    """Whether `limits_of` both is the same, because nothing that a floor is measured from was replaced: so it is after most deals."""
    return (
        before.day is account.day
        and before.peak is account.peak
        and before.ruleset is account.ruleset
        and before.rollover_high == account.rollover_high
        and before.cash_net == account.cash_net
    )


def limits_at_new_peak(limits: tuple[Limit, ...], account: AccountState) -> tuple[Limit, ...]:
    """The account's limits when nothing has changed but its peak: only floors that follow every tick are worked out again."""
    return tuple(
        Limit(limit.place, limit.terms, floor_of(PLAIN, account, limit.place, limit.terms))
        if limit.follows_every_tick
        else limit
        for limit in limits
    )


def floor_of(calc: Arithmetic, account: AccountState, place: int, terms: DailyLoss | MaximumLoss) -> int:
    """The floor under one rule, with its working if `calc` records."""
    at, initial_source = f"ruleset/terms/{place}", f"{account.opened_seq}/initial/minor"
    match terms:
        case DailyLoss():
            assert account.day is not None, f"account {account.account} has no day to measure {terms.id} from"
            return daily_floor(calc, terms, at, account.day, account.initial.minor, initial_source)
        case MaximumLoss():
            high, source = _high(account, terms)
            start = starting_balance(calc, account)
            return maximum_loss_floor(calc, terms, at, account.initial.minor, initial_source, high, source, start)


def breaks(calc: Arithmetic, boundary: Boundary, equity: int, floor: int) -> bool:
    """Whether equity broke the floor; touching it is a breach only where the ruleset says so."""
    match boundary:
        case Boundary.TOUCHES:
            return calc.is_at_or_below("equity at or below the floor", equity, floor)
        case Boundary.CROSSES:
            return calc.is_below("equity below the floor", equity, floor)


def first_broken(limits: tuple[Limit, ...], equity: int) -> Limit | None:
    """The broken limit that counts: hard ones before soft ones, then the order of the ruleset."""
    broken = [
        limit for limit in limits if equity <= limit.floor and breaks(PLAIN, limit.terms.boundary, equity, limit.floor)
    ]
    return min(broken, key=lambda limit: (not limit.hard, limit.place), default=None)


def _high(account: AccountState, terms: MaximumLoss) -> tuple[int, str]:
    if terms.trail is Trail.EVERY_TICK and account.peak is not None:
        return account.peak.equity, f"{account.peak.seq}/equity/minor"
    if terms.trail is Trail.END_OF_DAY:
        high = account.rollover_high, account.rollover_high_source
        if account.day is None or account.day.final:
            return high
        # While the day's start may still move, its mark counts for a suspicion and is given up if it proves lower.
        mark, name = rollover_mark(terms.trails_on, account.day.balance, account.day.equity)
        return max(high, (mark, f"{account.day.seq}/{name}/minor"), key=lambda one: one[0])
    return account.initial.minor, f"{account.opened_seq}/initial/minor"


def starting_balance(calc: Arithmetic, account: AccountState) -> int:
    """The initial balance, with deposits and withdrawals since: what static floors and targets are measured from."""
    initial = calc.given("initial balance", account.initial.minor, "minor", f"{account.opened_seq}/initial/minor")
    if not account.cash_seq:
        return initial
    net = calc.given("deposits less withdrawals", account.cash_net, "minor", f"{account.cash_seq}/net/minor")
    return calc.plus("initial balance with deposits and withdrawals", initial, net)
