"""The machine as pages see it: which alarms are raised, and its figures in the format of Prometheus."""

from collections.abc import Sequence
from typing import Protocol


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


class MachineView(Protocol):
    """Called in the event loop; must not wait."""

    @property
    def metrics_token(self) -> str:
        """What opens /metrics from elsewhere; "" where nobody was given one."""
        ...

    def alarms(self) -> Sequence[Alarmed]: ...

    def metrics(self, live_pages: int) -> str: ...


class Unwatched:
    """A firm that nobody watches: pages without a machine behind them."""

    metrics_token = ""

    def alarms(self) -> Sequence[Alarmed]:
        return ()

    def metrics(self, live_pages: int) -> str:  # noqa: ARG002  (nothing is measured)
        return ""
