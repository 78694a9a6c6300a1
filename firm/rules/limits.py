"""Limits: the floors of an account under its loss rules, whether one is broken, and what that does.

All limits compare in one place, so that "touch" and "cross" mean the same everywhere.
"""

import msgspec

from firm.account import AccountState, Finding
from firm.arithmetic import PLAIN, Arithmetic
from firm.needs import follows_prices
from firm.rules.consequences import consequence_of, gravity, strikes_of
from firm.rules.floors import Floor, floor_under
from firm.ruleset import Rule
from firm.terms.losses import Checked, LossLimit, Measured, Trail
from firm.terms.words import BP_WHOLE, Action, Anchor, Boundary, Consequence, Scope

_OF_EQUITY = frozenset({Anchor.EQUITY, Anchor.HIGHER, Anchor.LOWER})


class Limit(msgspec.Struct, frozen=True, gc=False):
    """A loss rule of the account with its floor now, in minor units.

    `begins`: what the fall is measured from. `does`: what breaking it does now. `warns`: at which marks above the floor the trader is to be
    warned yet today, each with its share of the limit; the highest first.
    """

    rule: Rule
    terms: LossLimit
    floor: int
    begins: int
    does: Consequence
    warns: tuple[tuple[int, int], ...]

    @property
    def nearest(self) -> int:
        """The highest mark at which something happens."""
        return self.warns[0][0] if self.warns else self.floor

    def room(self, equity: int, balance: int) -> int | None:
        """How far prices may take equity before something happens, in minor units; below 0: it is time. None: they cannot."""
        match self.terms.measured:
            case Measured.EQUITY:
                return equity - self.nearest
            case Measured.BALANCE:
                return None if balance > self.floor else -1
            case Measured.EITHER:
                return min(equity, balance) - self.nearest if balance <= self.nearest else equity - self.nearest
            case Measured.BOTH:
                return None if balance > self.nearest else equity - self.nearest

    @property
    def hard(self) -> bool:
        """Whether breaking it ends the account, or has a person decide whether it does."""
        return self.does in (Action.FAIL, Action.REVIEW)

    @property
    def follows_every_tick(self) -> bool:
        """Whether the floor rises with new equity highs that prices bring."""
        return follows_prices(self.terms)

    @property
    def is_measured_from_day(self) -> bool:
        """Whether the floor rests on the running day's start, which may not be final."""
        return self.terms.scope in (Scope.DAY, Scope.WEEK) or self.terms.trail is Trail.END_OF_DAY

    def moves_with_swap(self, account: AccountState) -> bool:
        """Whether the floor rests on the equity with which the running day began, which has what the night cost in it."""
        begins = (
            account.day is not None and account.track.week is not None and account.track.week.day == account.day.day
        )
        is_of_day = self.terms.scope is Scope.DAY or (self.terms.scope is Scope.WEEK and begins)
        follows = self.terms.trail is Trail.END_OF_DAY and self.terms.high in _OF_EQUITY
        return follows or (is_of_day and self.terms.anchor in _OF_EQUITY)

    @property
    def is_met_by_prices(self) -> bool:
        """Whether a price can break it: one that is checked at the rollover alone, or on the balance, waits for other events."""
        return self.terms.checked is Checked.EVERY_TICK and self.terms.measured is not Measured.BALANCE


def limits_of(account: AccountState) -> tuple[Limit, ...]:
    """Every loss limit with its floor, in the order of the ruleset; those by day or week only once a day has begun."""
    return tuple(
        limit_of(account, rule)
        for rule in account.ruleset.rules
        if isinstance(rule.terms, LossLimit) and (account.day is not None or not _needs_day(rule.terms))
    )


def limit_of(account: AccountState, rule: Rule) -> Limit:
    """One loss limit as it stands."""
    assert isinstance(rule.terms, LossLimit), f"{rule.id} is no loss limit"
    floor = floor_under(PLAIN, account, rule, rule.terms)
    does = consequence_of(account, rule.id, rule.terms)
    return Limit(rule, rule.terms, floor.minor, floor.begins, does, _warnings(account, rule, rule.terms, floor))


def _warnings(account: AccountState, rule: Rule, terms: LossLimit, floor: Floor) -> tuple[tuple[int, int], ...]:
    """Rounded up: a warning comes when so much is used, never later."""
    if not terms.warn_at_bp or terms.checked is not Checked.EVERY_TICK:
        return ()
    allowed = floor.begins - floor.minor
    told = max((share for warned, share in account.track.warned if warned == rule.id), default=0)
    left = (share for share in terms.warn_at_bp if share > told)
    return tuple((floor.begins - allowed * share_bp // BP_WHOLE, share_bp) for share_bp in sorted(left))


def floor_of(calc: Arithmetic, account: AccountState, limit: Limit) -> int:
    """The floor of a limit once more, with its working if `calc` records."""
    return floor_under(calc, account, limit.rule, limit.terms).minor


def _needs_day(terms: LossLimit) -> bool:
    return terms.scope in (Scope.DAY, Scope.WEEK) and terms.anchor is not Anchor.INITIAL


def has_same_floors(before: AccountState, account: AccountState) -> bool:
    """Whether `limits_of` both is the same, because nothing that a floor is measured from was replaced: so it is after most deals."""
    return (
        before.day is account.day
        and before.peak is account.peak
        and before.ruleset is account.ruleset
        and before.cash_net == account.cash_net
        and before.track.highs is account.track.highs
        and before.track.week is account.track.week
        and before.track.cycle is account.track.cycle
        and before.track.strikes is account.track.strikes
        and before.track.payouts is account.track.payouts
        and before.track.warned is account.track.warned
    )


def limits_at_new_peak(limits: tuple[Limit, ...], account: AccountState) -> tuple[Limit, ...]:
    """The account's limits when nothing has changed but its peak: only floors that follow every tick are worked out again."""
    return tuple(limit_of(account, limit.rule) if limit.follows_every_tick else limit for limit in limits)


def watched_limits(account: AccountState, limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Those that prices are watched for: not one that was broken today and did what it does, nor one that only other events can break.

    One of these that is broken, and nobody was asked about yet as another one was broken with it, is looked at with the next price.
    """
    asked = {finding.rule for finding in account.findings}
    done = {finding.rule for finding in account.findings if not finding.doubts and not is_open_again(account, finding)}
    return tuple(
        limit
        for limit in limits
        if limit.rule.id not in done
        and (limit.is_met_by_prices or (limit.rule.id not in asked and account.balance <= limit.floor))
    )


def is_open_again(account: AccountState, finding: Finding) -> bool:
    """Whether everything was closed because of a breach, and something is open anew: under the same floor that is another breach."""
    return finding.closed is True and bool(account.positions)


def has_closed_all(account: AccountState, limit: Limit) -> bool:
    """Whether a limit that closes what is open was broken before in its scope, and nothing is open that it could close."""
    return (
        limit.does is Action.CLOSE_POSITIONS
        and not account.positions
        and strikes_of(account, limit.rule.id, limit.terms.scope) > 0
    )


def measured_of(calc: Arithmetic, limit: Limit, equity: int, balance: int) -> int:
    """What is held against the floor, of an account with this equity and balance."""
    match limit.terms.measured:
        case Measured.EQUITY:
            return equity
        case Measured.BALANCE:
            return balance
        case Measured.EITHER:
            return calc.lowest("lower of equity and balance", equity, balance)
        case Measured.BOTH:
            return calc.highest("higher of equity and balance", equity, balance)


def breaks(calc: Arithmetic, terms: LossLimit, measured: int, floor: int) -> bool:
    """Whether what is measured broke the floor; touching it is a breach only where the ruleset says so."""
    name = terms.measured.value if terms.measured in _BY_THEMSELVES else "equity and balance"
    match terms.boundary:
        case Boundary.TOUCHES:
            return calc.is_at_or_below(f"{name} at or below the floor", measured, floor)
        case Boundary.CROSSES:
            return calc.is_below(f"{name} below the floor", measured, floor)


_BY_THEMSELVES = frozenset({Measured.EQUITY, Measured.BALANCE})


def first_broken(limits: tuple[Limit, ...], equity: int, balance: int, *, at_rollover: bool = False) -> Limit | None:
    """The broken limit that counts: the one that does the gravest, then the first of the ruleset."""
    broken = [
        limit
        for limit in limits
        if (measured := measured_of(PLAIN, limit, equity, balance)) <= limit.floor
        and (at_rollover or limit.terms.checked is Checked.EVERY_TICK)
        and breaks(PLAIN, limit.terms, measured, limit.floor)
    ]
    return min(broken, key=lambda limit: (-gravity(limit.does), limit.rule.place), default=None)
