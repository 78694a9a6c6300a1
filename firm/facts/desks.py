"""Facts of the engine: desks that stopped and went on, and what could not be decided."""

from firm.facts.fact import Fact


class DeskStopped(Fact, frozen=True, kw_only=True):
    """A desk raised while deciding input `input`; the input was decided again without it. Replay follows this fact."""

    desk: str
    input: int
    exception: str


class InputRejected(Fact, frozen=True, kw_only=True):
    """No state could take this input in: it is kept and changes nothing; a person must look."""

    exception: str


class MessageParked(Fact, frozen=True, kw_only=True):
    """A message for a stopped desk, kept to be decided once when a person resumes it."""

    desk: str
    message_kind: str
    message: str
    happened_us: int


class DeskResumed(Fact, frozen=True, kw_only=True):
    """A person let the desk decide again; `parked` messages follow."""

    desk: str
    parked: int
