"""Outside: which addresses beyond this machine may be called, how, and what of them may be said in a log."""

import logging
import ssl
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from anyio import to_thread

CALL_SECONDS_MAX = 10.0


class CallFailed(OSError):
    """Nobody answered, or not in HTTP. The text names no address: addresses hold tokens."""


def require_url(name: str, url: str) -> None:
    """http or https, and http to this machine alone. Raises ValueError."""
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError(f"{name} must begin with https:// and a host")
    if parts.username or parts.password:
        raise ValueError(f"{name} must hold no user name and no password")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{name} must begin with https://, for it leaves this machine")


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
    trust = await to_thread.run_sync(_prepared)
    import httpx

    try:
        async with (
            httpx.AsyncClient(
                verify=trust, trust_env=False, follow_redirects=False, timeout=CALL_SECONDS_MAX
            ) as client,
            client.stream(method, url, content=body, headers=headers) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failed:
        raise CallFailed(f"no answer ({type(failed).__name__})") from failed


@cache
def _prepared() -> ssl.SSLContext:
    """The system's authorities. In a thread, once, and late: importing takes long, and a start shall not wait for it."""
    import httpx  # noqa: F401

    for chatty in ("httpx", "httpcore"):  # they would write whole addresses into the log
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return ssl.create_default_context()
