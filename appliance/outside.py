"""Outside: which addresses beyond this machine may be called, how, and what of them may be said in a log."""

import logging
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from anyio import to_thread

CALL_SECONDS_MAX = 10.0
HOST_LENGTH_MAX = 253
# Names of machines inside a house have underscores, too. A last label that is a number makes it no name.
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"({_LABEL}\.)*(?![0-9]+\.?$){_LABEL}\.?", re.IGNORECASE)


class CallFailed(OSError):
    """Nobody answered, or not in HTTP. The text names no address: addresses hold tokens."""


def require_url(name: str, url: str) -> None:
    """http or https, and http to this machine alone; a host and a port that can be called. Raises ValueError."""
    if not url:
        return
    parts = _split(name, url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError(f"{name} must begin with https:// and a host")
    if parts.username or parts.password:
        raise ValueError(f"{name} must hold no user name and no password")
    require_host(name, parts.hostname)
    if not _has_callable_port(parts):
        raise ValueError(f"{name} must have a port from 1 to 65535, or none")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{name} must begin with https://, for it leaves this machine")


def require_host(name: str, host: str) -> None:
    """A name or an address that a call can be made to. Raises ValueError, which repeats nothing of it."""
    if not is_host(host):
        raise ValueError(f'{name} must name a host such as "alarms.example.com" or "192.0.2.7"')


def is_host(host: str) -> bool:
    if not host.isascii() or "xn--" in host.lower():
        return _is_international(host)
    return len(host) <= HOST_LENGTH_MAX and bool(_HOST.fullmatch(host) or _is_address(host))


def _split(name: str, url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a bracket without its other, signs that would become others
        raise ValueError(f"{name} must name a host: what stands between https:// and the next / is none") from None


def _has_callable_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # a zone is known to one machine's cables alone


def _is_international(host: str) -> bool:
    """Asked of those who will have to resolve it; imported late, for few hosts are so."""
    import httpx

    try:
        shown = httpx.URL(scheme="https", host=host)
        return bool(shown.host) and bool(_HOST.fullmatch(shown.raw_host.decode("ascii")))
    except (httpx.InvalidURL, ValueError):
        return False


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """All of an address that may be logged: paths hold tokens."""
    return urlsplit(url).hostname or "nowhere"


async def call(method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
    """One HTTP request; its status. No redirect is followed, no proxy or password of the environment used, no body read.

    Raises CallFailed.
    """
    async with _answer(method, url, body, headers) as answer:
        status: int = answer.status_code
    return status


class Fetched(NamedTuple):
    """An answer. `headers`: by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def fetch(url: str, headers: Mapping[str, str], bytes_max: int) -> Fetched:
    """One GET with its body, as `call` does it. A body of more than `bytes_max` is not read to its end: CallFailed."""
    plain = {**headers, "accept-encoding": "identity"}  # what is packed may be any size once it is not
    async with _answer("GET", url, b"", plain) as answer:
        body = bytearray()
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > bytes_max:
                raise CallFailed(f"it answered with more than {bytes_max} bytes")
        return Fetched(answer.status_code, dict(answer.headers), bytes(body))


@asynccontextmanager
async def _answer(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> AsyncIterator[Any]:
    """What httpx is answered. It is imported late, as above."""
    trust = await to_thread.run_sync(_prepared)
    import httpx

    try:
        async with (
            httpx.AsyncClient(
                verify=trust, trust_env=False, follow_redirects=False, timeout=CALL_SECONDS_MAX
            ) as client,
            client.stream(method, url, content=body, headers=headers) as answer,
        ):
            yield answer
    except CallFailed:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failed:
        raise CallFailed(f"no answer ({type(failed).__name__})") from failed


@cache
def _prepared() -> ssl.SSLContext:
    """The system's authorities. In a thread, once, and late: importing takes long, and a start shall not wait for it."""
    import httpx  # noqa: F401

    for chatty in ("httpx", "httpcore"):  # they would write whole addresses into the log
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return ssl.create_default_context()
