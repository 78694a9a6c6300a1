"""Rules: which addresses the firm may call at all, and how patient it is: an operator's, the same for every destination."""

from collections.abc import Sequence
from ipaddress import ip_address

import msgspec

from bridges.outbound.address import Origin, is_loopback
from bridges.outbound.errors import CallRefused
from bridges.outbound.inside import IPAddress, inside_of

HTTPS = "https"
RESOLVED_MAX = 64  # addresses of one name; more are an attack or a mistake


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """`ports`: of what is public. `listed`: origins that may be inside, in plain http where they say so.

    A circuit opens after `circuit_failures_max` in a row, for `circuit_open_s`. `retry_after_max_s`: a destination that asks for
    longer is not tried again in the same call.
    """

    ports: frozenset[int] = frozenset({443, 8443})
    listed: frozenset[Origin] = frozenset()
    circuit_failures_max: int = 5
    circuit_open_s: float = 60
    retry_after_max_s: float = 30

    def why_not(self, origin: Origin, *, may_be_listed: bool = True) -> str:
        """Why it may not be called, going on from a subject ("must …"), "" where it may as far as its words can tell."""
        if may_be_listed and origin in self.listed:
            return self._why_never(origin)
        if origin.scheme != HTTPS:
            return f"must begin with https://, {_OR_LISTED}"
        if origin.port not in self.ports:
            allowed = ", ".join(map(str, sorted(self.ports)))
            return f"must have a port of outbound.ports ({allowed})"
        if is_loopback(origin.host):
            return f"must not lead to this machine, {_OR_LISTED}"
        found = _literal(origin.host)
        if found is not None and (inside := inside_of(found)) is not None:
            return f"must not lead inside ({inside.what})" + (f", {_OR_LISTED}" if inside.listable else "")
        return ""

    def _why_never(self, origin: Origin) -> str:
        found = _literal(origin.host)
        inside = None if found is None else inside_of(found)
        return "" if inside is None or inside.listable else f"must not lead inside ({inside.what})"

    def checked(self, origin: Origin, resolved: Sequence[str], *, may_be_listed: bool) -> tuple[IPAddress, ...]:
        """The addresses that may be connected to, of those that the name led to. CallRefused where a single one may not be."""
        is_listed = may_be_listed and origin in self.listed
        if len(resolved) > RESOLVED_MAX:
            raise CallRefused(f"{origin.host} has more than {RESOLVED_MAX} addresses: see who answers for that name")
        found: dict[IPAddress, None] = {}
        for text in resolved:
            try:
                address = ip_address(text)
            except ValueError:
                raise CallRefused(f"{origin.host} leads to what is no address: see who answers for that name") from None
            if getattr(address, "scope_id", None) is not None:
                raise CallRefused(_led_inside(origin, "of one cable alone", listable=False))
            inside = inside_of(address)
            if inside is not None and not (is_listed and inside.listable):
                raise CallRefused(_led_inside(origin, inside.what, listable=inside.listable))
            found[address] = None
        return tuple(found)


_OR_LISTED = "or be listed in outbound.inside with its reason"


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _led_inside(origin: Origin, what: str, *, listable: bool) -> str:
    following = (
        f"if that is meant, list {origin} in outbound.inside with its reason" if listable else "it is never called"
    )
    return f"{origin.host} leads inside ({what}): {following}"
