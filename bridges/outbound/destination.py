"""Destination: one thing outside that the firm calls, and how far it goes there; a call, and what came back."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

KB = 1_024
TRIES_MAX = 5
REDIRECTS_MAX = 5
WHOLE_S_MAX = 120
HEAD_BYTES_MAX = 32 * KB  # of a request's headers, and of an answer's
HEADERS_MAX = 100


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: a word of ours, which stands in logs, alarms and metrics.

    `connect_s` is for the name and the connection, and as long again for TLS; `read_s` for each wait for the other side to send or take
    something; `whole_s` for everything, with all tries and redirects. `tries_max` counts only what may be repeated.
    """

    name: str
    connect_s: float = 5
    read_s: float = 10
    whole_s: float = 30
    sent_bytes_max: int = 256 * KB
    answer_bytes_max: int = 256 * KB
    tries_max: int = 1
    redirects_max: int = 0

    def __post_init__(self) -> None:
        assert 0 < self.connect_s <= self.whole_s <= WHOLE_S_MAX
        assert 0 < self.read_s <= self.whole_s
        assert 1 <= self.tries_max <= TRIES_MAX
        assert 0 <= self.redirects_max <= REDIRECTS_MAX


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`idempotency_key`: by which the other side knows a repeat; sent as the header of that name, and makes any method repeatable."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    idempotency_key: str = ""

    @property
    def is_repeatable(self) -> bool:
        return bool(self.idempotency_key) or self.method in _IDEMPOTENT


_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}


class Answer(msgspec.Struct, frozen=True):
    """Whatever its status. `headers`: by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outcome(StrEnum):
    """What became of one try, as metrics count it."""

    ANSWERED = "answered"
    ERROR_STATUS = "error_status"  # the other side says that it is not well: 5xx
    NO_ANSWER = "no_answer"
    BAD_ANSWER = "bad_answer"
    REFUSED = "refused"
    CIRCUIT_OPEN = "circuit_open"
    GIVEN_UP = "given_up"  # by whoever called
