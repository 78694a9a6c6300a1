"""Address: a URL that can mean one thing only, or a refusal. What it leads to is decided when its name is resolved.

Programs read odd URLs differently, and what one checks another one calls. So there is no repairing here: user names, backslashes,
control characters, escapes in a host, and numbers that are an address only to some are all refused.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import quote

URL_LENGTH_MAX = 2_000
HOST_LENGTH_MAX = 253
PORTS = {"https": 443, "http": 80}

# Names of machines inside a house have underscores, too.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
# A last label that somebody reads as a number makes it an address and no name: 127.1, 0x7f.1, 2130706433.
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<place>[^/?#]*)(?P<target>[^#]*)(?:#.*)?")
_PLACE = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_SAFE_IN_TARGET = "".join(map(chr, range(0x21, 0x7F)))


class BadAddress(ValueError):
    """No address that can be called. The text goes on from a subject ("must name a host …") and repeats nothing of the URL."""


class Origin(NamedTuple):
    """Whom a connection is made to. `host`: a name in small ASCII letters without a dot at its end, or an IP address."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """As a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


class Address(NamedTuple):
    """An origin, and what is asked of it. `target`: path and query, in ASCII."""

    origin: Origin
    target: str

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


def read_address(url: str) -> Address:
    """Raises BadAddress."""
    if len(url) > URL_LENGTH_MAX or not url.isprintable() or " " in url or "\\" in url:
        raise BadAddress(f"must hold at most {URL_LENGTH_MAX} signs, and no space, backslash or control character")
    parts = _PARTS.fullmatch(url)
    if parts is None or (scheme := parts["scheme"].lower()) not in PORTS or not parts["place"]:
        raise BadAddress("must begin with https:// and a host")
    if "@" in parts["place"]:
        raise BadAddress("must hold no user name and no password")
    host, port = _read_place(parts["place"], PORTS[scheme])
    target = parts["target"] if parts["target"].startswith("/") else f"/{parts['target']}"
    return Address(Origin(scheme, host, port), quote(target, safe=_SAFE_IN_TARGET))


def _read_place(place: str, usual_port: int) -> tuple[str, int]:
    found = _PLACE.fullmatch(place)
    if found is None:
        # What follows a host's colon is the likelier mistake.
        head, colon, _ = place.rpartition(":")
        if colon and host_of(head) is not None:
            raise BadAddress("must have a port from 1 to 65535, or none")
        raise BadAddress(_NO_HOST)
    host = host_of(found["host"])
    if host is None:
        raise BadAddress(_NO_HOST)
    port = int(found["port"] or usual_port)
    if not 1 <= port <= 65_535:
        raise BadAddress("must have a port from 1 to 65535, or none")
    return host, port


_NO_HOST = 'must name a host such as "alarms.example.com" or "192.0.2.7"'


def host_of(text: str) -> str | None:
    """A host as it is resolved, from one as it stands in a URL; None where it is none. An IPv6 address stands in brackets."""
    if text.startswith("["):
        return _ipv6(text)
    host = text.lower() if text.isascii() and "xn--" not in text.lower() else _international(text)
    if host is None:
        return None
    host = host.removesuffix(".")
    if _ENDS_IN_NUMBER.fullmatch(host):
        return _ipv4(host)
    return host if len(host) <= HOST_LENGTH_MAX and _NAME.fullmatch(host) else None


def _ipv4(host: str) -> str | None:
    """Four numbers, each without a nought before it: a nought makes it octal, to some."""
    try:
        return str(IPv4Address(host)) if host.isascii() else None
    except AddressValueError:
        return None


def _ipv6(text: str) -> str | None:
    """Without a zone, which is known to one machine's cables alone."""
    if not text.isascii() or not text.endswith("]") or "%" in text:
        return None
    try:
        return str(IPv6Address(text[1:-1]))
    except AddressValueError:
        return None


def _international(text: str) -> str | None:
    """In the letters that are resolved. Imported late, for few hosts are so."""
    import idna

    try:
        return idna.encode(text.lower()).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def is_loopback(host: str) -> bool:
    """By its words alone: this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
