"""Inside: which IP addresses are not the public internet, and which of those an operator may let the firm call by name.

Sources: the IANA special-purpose address registries (RFC 6890 and what updates it), RFC 6598, RFC 6052, RFC 3056, RFC 4380, RFC 9637, and
what cloud providers publish of their metadata services. The tables are ours, because Python's own change with its releases.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple

IPAddress = IPv4Address | IPv6Address


class Inside(NamedTuple):
    """Why an address is not called. `listable`: it is, where an operator has listed its origin."""

    what: str
    listable: bool


_V4 = tuple(
    (IPv4Network(network), Inside(what, listable))
    for network, what, listable in (
        ("100.100.100.200/32", "a cloud's metadata service", False),
        ("168.63.129.16/32", "a cloud's metadata service", False),  # public by its number, and never outside
        ("169.254.0.0/16", "link-local, where clouds have their metadata services", False),
        ("127.0.0.0/8", "this machine", True),
        ("10.0.0.0/8", "private", True),
        ("172.16.0.0/12", "private", True),
        ("192.168.0.0/16", "private", True),
        ("100.64.0.0/10", "behind a provider's shared address", True),
        ("0.0.0.0/8", "unspecified", False),
        ("192.0.0.0/24", "set aside for protocols", False),
        ("192.0.2.0/24", "for documentation", False),
        ("198.51.100.0/24", "for documentation", False),
        ("203.0.113.0/24", "for documentation", False),
        ("192.88.99.0/24", "a relay to IPv6", False),
        ("198.18.0.0/15", "for benchmarks", False),
        ("224.0.0.0/4", "multicast", False),
        ("240.0.0.0/4", "reserved", False),
    )
)
_V6 = tuple(
    (IPv6Network(network), Inside(what, listable))
    for network, what, listable in (
        ("fd00:ec2::254/128", "a cloud's metadata service", False),
        ("fd20:ce::254/128", "a cloud's metadata service", False),
        ("::1/128", "this machine", True),
        ("::/128", "unspecified", False),
        ("fc00::/7", "unique-local", True),
        ("fe80::/10", "link-local", False),
        ("ff00::/8", "multicast", False),
        ("2001:db8::/32", "for documentation", False),
        ("3fff::/20", "for documentation", False),
        ("2001::/32", "a tunnel (Teredo)", False),
        ("2001::/23", "set aside for protocols", False),
        ("2002::/16", "a tunnel (6to4)", False),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_CARRIES_V4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))  # mapped; translated by NAT64
_ISATAP = {
    0x0000_5EFE,
    0x0200_5EFE,
}  # in the upper half of an interface's name: a tunnel to the IPv4 address in the lower


def inside_of(address: IPAddress) -> Inside | None:
    """None where the address is public."""
    if isinstance(address, IPv4Address):
        return next((inside for network, inside in _V4 if address in network), None)
    if any(address in network for network in _CARRIES_V4):
        return inside_of(IPv4Address(int(address) & 0xFFFF_FFFF))
    for network, inside in _V6:
        if address in network:
            return inside
    if address not in _GLOBAL_V6:
        return Inside("not assigned to the internet", listable=False)
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return Inside("a tunnel (ISATAP)", listable=False)
    return None
