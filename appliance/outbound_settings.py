"""Outbound settings: what the firm may call outside, and when a destination that fails is left alone for a while."""

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from appliance.section import Section
from bridges.outbound.address import BadAddress, Origin, read_address
from bridges.outbound.rules import Rules

REASON_LENGTH_MAX = 200
_LISTED = re.compile(rf"\s*(?P<url>[^\s(),]+)\s*\((?P<reason>[^()]{{1,{REASON_LENGTH_MAX}}})\)\s*(?:,|$)")


class OutboundSettings(Section, frozen=True, kw_only=True):
    """What the firm may call over HTTP, and when a destination that fails is left alone. docs/operating/outbound.md says how."""

    ports: Annotated[
        str,
        Meta(max_length=200, description="TCP ports that may be called outside, with commas between them."),
    ] = "443, 8443"
    inside: Annotated[
        str,
        Meta(
            max_length=4_000,
            description="What may be called although it is inside, in plain http, or at another port: each with a reason in brackets, "
            "with commas between them: http://127.0.0.1:9000 (alarm receiver on this machine).",
        ),
    ] = ""
    circuit_failures_max: Annotated[
        int,
        Meta(ge=1, le=100, description="A destination that failed so often in a row is left alone."),
    ] = 5
    circuit_open_s: Annotated[int, Meta(ge=1, le=3_600, description="For so long; then one call tries it again.")] = 60
    retry_after_max_s: Annotated[
        int,
        Meta(
            ge=0, le=60, description="A destination that asks to wait for longer is not tried again in the same call."
        ),
    ] = 30

    def __post_init__(self) -> None:
        """Refuse what could be meant otherwise."""
        self.rules()

    def rules(self) -> Rules:
        return Rules(
            ports=frozenset(_ports(self.ports)),
            listed=frozenset(_origins(self.inside)),
            circuit_failures_max=self.circuit_failures_max,
            circuit_open_s=self.circuit_open_s,
            retry_after_max_s=self.retry_after_max_s,
        )


def _ports(text: str) -> Iterator[int]:
    for one in text.split(","):
        number = one.strip()
        if not (number.isascii() and number.isdigit() and len(number) <= 5 and 1 <= int(number) <= 65_535):
            raise ValueError("outbound.ports must be numbers from 1 to 65535, with commas between them")
        yield int(number)


def _origins(text: str) -> Iterator[Origin]:
    """Raises ValueError, which names no more of it than the number of the entry."""
    at, number = 0, 0
    while at < len(text.rstrip()):
        number += 1
        found = _LISTED.match(text, at)
        if found is None or not found["reason"].strip():
            raise ValueError(
                f"outbound.inside, entry {number}, must be an address and a reason in brackets, such as "
                '"http://127.0.0.1:9000 (alarm receiver on this machine)"'
            )
        yield _origin(found["url"], number)
        at = found.end()


def _origin(url: str, number: int) -> Origin:
    try:
        address = read_address(url)
    except BadAddress as bad:
        raise ValueError(f"outbound.inside, entry {number}, {bad}") from None
    if address.target != "/":
        raise ValueError(f"outbound.inside, entry {number}, must be scheme, host and port alone")
    if why := Rules(listed=frozenset({address.origin})).why_not(address.origin):
        raise ValueError(f"outbound.inside, entry {number}, {why}")
    return address.origin
