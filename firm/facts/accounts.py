"""Facts of an account: that it exists, under which login, and where it stands."""

from firm.facts.fact import Fact
from firm.money import Money
from firm.phase import Standing
from firm.ruleset import AnyRuleset


class AccountOpened(Fact, frozen=True, kw_only=True):
    """An account exists with us: its rules are frozen here."""

    trader: int
    challenge: int
    phase: int
    phase_name: str
    funded: bool
    bridge: str
    initial: Money
    ruleset_id: str
    ruleset: AnyRuleset


class AccountLinked(Fact, frozen=True, kw_only=True):
    """The platform opened it under this login."""

    login: str


class StandingChanged(Fact, frozen=True, kw_only=True):
    """Where the account stands now, and why in a word."""

    before: Standing
    after: Standing
    because: str


class AccountPaused(Fact, frozen=True, kw_only=True):
    """A soft limit stopped trading until `until_us`, the next rollover."""

    rule: str
    until_us: int


class AccountRestricted(Fact, frozen=True, kw_only=True):
    """A soft limit lets nothing be opened until `until_us`, the next rollover; what is held may stay."""

    rule: str
    until_us: int
