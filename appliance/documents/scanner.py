"""Scanner: what a virus scanner on this machine says of a document: clamd, over a Unix socket or loopback (man clamd, INSTREAM)."""

import socket
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from appliance.section import Section
from web.inspecting import ScannerSilent

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CHUNK_BYTES = 128 * 1024
_ANSWER_BYTES_MAX = 1_024


class DocumentSettings(Section, frozen=True, kw_only=True):
    """Documents that traders hand in."""

    scanner: Annotated[
        str,
        Meta(
            max_length=200,
            description="A clamd that sees each one first: unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310. Empty: none.",
        ),
    ] = ""
    scanner_deadline_s: Annotated[
        int, Meta(ge=1, le=60, description="How long it may take for one document before that counts as no answer.")
    ] = 10
    kept_max_mb: Annotated[
        int,
        Meta(
            ge=10,
            le=100_000,
            description="All documents together take no more than this; they lie in vault.db, which does not shrink when they go.",
        ),
    ] = 4_096
    retained_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="Proof of identity and of address is deleted by nobody for so long after it was handed in, where a law wants that.",
        ),
    ] = 0

    def __post_init__(self) -> None:
        """Refuse a scanner that is on another machine, and one that nobody could find."""
        if self.scanner and address_of(self.scanner) is None:
            raise ValueError(
                f"documents.scanner {self.scanner!r} must be unix:/path or tcp://127.0.0.1:port: documents leave this machine to nobody"
            )


def address_of(scanner: str) -> tuple[socket.AddressFamily, str | tuple[str, int]] | None:
    """Where to find it; None where that is no place on this machine."""
    if scanner.startswith("unix:/"):
        return socket.AF_UNIX, scanner.removeprefix("unix:")
    try:
        parts = urlsplit(scanner)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme != "tcp" or host not in LOOPBACK or not port or parts.path or parts.query:
        return None
    return (socket.AF_INET6, ("::1", port)) if host == "::1" else (socket.AF_INET, ("127.0.0.1", port))


def is_infected(scanner: str, content: bytes, deadline_s: float) -> bool:
    """Raises ScannerSilent where the answer is none, or is not understood. Waits for it: never in the loop."""
    place = address_of(scanner)
    assert place is not None, "settings refuse it"
    family, address = place
    try:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(deadline_s)
            line.connect(address)
            answer = _asked(line, content)
    except OSError as silent:
        raise ScannerSilent(f"the virus scanner at {scanner} gives no answer ({type(silent).__name__})") from silent
    if answer == b"stream: OK":
        return False
    if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
        return True
    raise ScannerSilent(f"the virus scanner at {scanner} says something else than yes or no")


def _asked(line: socket.socket, content: bytes) -> bytes:
    """Each call has the deadline: a scanner that trickles its answer has it a few times."""
    line.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES]
        line.sendall(len(chunk).to_bytes(4) + chunk)
    line.sendall(bytes(4))
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _ANSWER_BYTES_MAX:
        piece = line.recv(_ANSWER_BYTES_MAX)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")
