"""Facts of the risk desk: the breaker and the kill switches."""

from firm.commands import KillSwitch
from firm.facts.fact import Fact


class BreakerTripped(Fact, frozen=True, kw_only=True):
    """Too many failures in the window: automatic failures stop until a person looked."""

    failures: int
    accounts: int
    window_us: int


class BreakerReset(Fact, frozen=True, kw_only=True):
    """Automatic failures go on."""

    why: str


class KillSwitchEngaged(Fact, frozen=True, kw_only=True):
    """Stopped, by one person."""

    switch: KillSwitch
    by: str
    why: str


class KillSwitchReleaseAsked(Fact, frozen=True, kw_only=True):
    """The first of the two releases."""

    switch: KillSwitch
    by: str
    why: str


class KillSwitchReleased(Fact, frozen=True, kw_only=True):
    """Released by two people."""

    switch: KillSwitch
    by: tuple[str, str]
    why: str
