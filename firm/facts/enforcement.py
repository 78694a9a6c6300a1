"""Facts of enforcement: what a platform was told to do, and what became of it."""

from firm.facts.fact import Fact
from firm.inputs import CommandState


class CommandQueued(Fact, frozen=True, kw_only=True):
    """An intent towards a platform. `idem_key` was minted here, once, and is never computed again.

    `for_decision`: the ledger seq it follows from, or 0. It is step `step` of the plan for `purpose`.
    """

    command: str
    idem_key: str
    bridge: str
    login: str
    action: str
    args: dict[str, str]
    deadline_us: int
    for_decision: int
    purpose: str
    step: int


class CommandAdvanced(Fact, frozen=True, kw_only=True):
    """A command came this far."""

    bridge: str
    command: str
    state: CommandState
    detail: str


class CommandProbed(Fact, frozen=True, kw_only=True):
    """Nobody can say what became of a command: the bridge is asked."""

    bridge: str
    command: str
    attempt: int


class CommandWithheld(Fact, frozen=True, kw_only=True):
    """A command that observe mode or a kill switch kept back. It is never sent later; a person may order anew what it was for."""

    bridge: str
    login: str
    action: str
    args: dict[str, str]
    because: str
    for_decision: int


class FlatConfirmed(Fact, frozen=True, kw_only=True):
    """After enforcement the platform itself shows the account flat and blocked."""

    bridge: str
    login: str
