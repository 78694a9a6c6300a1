"""Held back: journal events that a script makes late: kept with the books, told with their own stamps once their time has come."""

from bridges.events import Event, decode_event, encode_event
from bridges.simulator.script import Script, late_by_us
from bridges.simulator.state import HeldBack, State


class Holding:
    """What waits is part of the state, so that a crash loses none of it."""

    def __init__(self, state: State, script: Script) -> None:
        self._state = state
        self._script = script

    @property
    def next_due_us(self) -> int | None:
        """When the next one is told; None where nothing waits."""
        return min((held.due_us for held in self._state.held_back), default=None)

    @property
    def oldest_us(self) -> int | None:
        """The oldest stamp that waits: nothing from it on can be called complete."""
        return min((held.t_us for held in self._state.held_back), default=None)

    def sift(self, events: list[Event]) -> list[Event]:
        """Those that are told now."""
        return [event for event in events if not self._hold(event)]

    def released(self) -> list[Event]:
        """Those whose time has come, by when they were due."""
        now_us = self._state.clocks.now_us
        due = sorted((held for held in self._state.held_back if held.due_us <= now_us), key=lambda held: held.due_us)
        if due:
            self._state.held_back = [held for held in self._state.held_back if held.due_us > now_us]
        return [decode_event(held.event) for held in due]

    def _hold(self, event: Event) -> bool:
        t_us = getattr(event, "t_us", 0)
        by_us = late_by_us(self._script, str(event.__struct_config__.tag), t_us)
        if by_us:
            self._state.held_back.append(HeldBack(t_us + by_us, t_us, encode_event(event)))
        return bool(by_us)
