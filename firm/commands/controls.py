"""Commands that stop the firm or parts of it, and let them go on."""

from enum import StrEnum

from firm.commands.command import Command


class KillSwitch(StrEnum):
    """What can be stopped at once, by one person; two people release it."""

    FAILURES = "failures"
    PASSES = "passes"
    PAYOUTS = "payouts"
    ENFORCEMENT = "enforcement"


class EngageKillSwitch(Command, frozen=True, kw_only=True):
    """Stop it now."""

    switch: KillSwitch
    why: str


class ReleaseKillSwitch(Command, frozen=True, kw_only=True):
    """One of the two releases that lift a kill switch."""

    switch: KillSwitch
    why: str


class ResetBreaker(Command, frozen=True, kw_only=True):
    """Automatic failures may go on after a mass breach was looked at."""

    why: str


class ResumeDesk(Command, frozen=True, kw_only=True):
    """Let a stopped desk decide again; what was parked for it is decided once, in order."""

    desk: str
    why: str


class SettleCommand(Command, frozen=True, kw_only=True):
    """A person looked at the platform: the command had its effect (`happened`) or had not."""

    bridge: str
    command: str
    happened: bool
    why: str


class EnforceAgain(Command, frozen=True, kw_only=True):
    """Order anew what enforcement withheld from an account and still owes it: a new command, on the decision of then."""

    bridge: str
    account: int
