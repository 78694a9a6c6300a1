"""The machine as pages see it: which alarms are raised, and its figures in the format of Prometheus."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Alarmed(Protocol):
    """An alarm that is raised. `subject`: which bridge or kind of desk, or "". `since_us`: wall time."""

    @property
    def alarm(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def since_us(self) -> int: ...
    @property
    def text(self) -> str: ...


class AskedTooMuch(msgspec.Struct, frozen=True):
    """By whose allowance it was (address, stream, account, key): requests refused since start, and how many are counted now."""

    refused: dict[str, int]
    counted: dict[str, int]


NONE_REFUSED = AskedTooMuch({}, {})


class CopiesSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Copies that leave this machine. Wall time in µs, 0 for never. `wanted`: the settings say where they go.

    `snapshot_us`: the newest good snapshot; `checked_us`, `problems`: when anybody last looked at all of them, and what was found.
    """

    wanted: bool
    snapshot_us: int
    checked_us: int
    problems: tuple[str, ...]


class MachineView(Protocol):
    """Called in the event loop; must not wait."""

    @property
    def metrics_token(self) -> str:
        """What opens /metrics from elsewhere; "" where nobody was given one."""
        ...

    def alarms(self) -> Sequence[Alarmed]: ...

    def first_step(self, alarm: str) -> str:
        """What to do first about an alarm, in one sentence."""
        ...

    def copies(self) -> CopiesSeen | None:
        """None where nobody looks at them."""
        ...

    def metrics(self, live_pages: int, asked: AskedTooMuch = NONE_REFUSED) -> str: ...


class Unwatched:
    """A firm that nobody watches: pages without a machine behind them."""

    metrics_token = ""  # nosec B105  (there is none)

    def alarms(self) -> Sequence[Alarmed]:
        return ()

    def first_step(self, alarm: str) -> str:  # noqa: ARG002  (none is raised)
        return ""

    def copies(self) -> CopiesSeen | None:
        return None

    def metrics(self, live_pages: int, asked: AskedTooMuch = NONE_REFUSED) -> str:  # noqa: ARG002  (nothing is measured)
        return ""
