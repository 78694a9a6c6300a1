"""Turns: what a script makes the platform itself do at an instant: go down, come back, list something otherwise."""

from typing import assert_never

from bridges.events import Gap
from bridges.events import Platform as PlatformEvent
from bridges.simulator.changes import change_contract, rename
from bridges.simulator.orders import NEVER_US
from bridges.simulator.script import Contract, Outage, Rename, Script, turns_of
from bridges.simulator.state import State
from bridges.simulator.tellings import Tellings
from firm.instant import MINUTE_US, utc_text


class Turns:
    """A script's turns from where the state says that it stands."""

    def __init__(self, state: State, tellings: Tellings, script: Script) -> None:
        self._state = state
        self._tell = tellings
        self._turns = turns_of(script)

    @property
    def next_us(self) -> int:
        """When the next one is due."""
        taken = self._state.clocks.turns_taken
        return self._turns[taken].at_us if taken < len(self._turns) else NEVER_US

    def take(self) -> None:
        """Take the next one, at its instant."""
        turn = self._turns[self._state.clocks.turns_taken]
        self._state.clocks.turns_taken += 1
        match turn.line:
            case Outage() if turn.ends:
                self._come_back(turn.at_us)
            case Outage():
                self._go_down(turn.line, turn.at_us)
            case Contract():
                change_contract(self._state, self._tell, turn.line, turn.at_us)
            case Rename():
                rename(self._state, self._tell, turn.line, turn.at_us)
            case unknown:
                assert_never(unknown)

    def _go_down(self, outage: Outage, at_us: int) -> None:
        self._state.clocks.down_since_us = at_us
        self._tell.event(PlatformEvent(up=False, since_us=at_us, why=outage.why))

    def _come_back(self, at_us: int) -> None:
        """What was due meanwhile follows with its own stamps; of prices there were none, and each account is told in full."""
        clocks = self._state.clocks
        since_us, clocks.down_since_us = clocks.down_since_us, 0
        clocks.equity_us = at_us // MINUTE_US * MINUTE_US + MINUTE_US
        clocks.snapshot_owed = True
        self._tell.platform_up(at_us, f"it was down since {utc_text(since_us)}")
        for symbol in sorted(self._state.quotes):
            self._tell.event(Gap(symbol, since_us, at_us))
