"""Outside: whether what the settings name beyond this machine can be called and written to at all."""

from bridges.outbound.address import BadAddress, host_of, read_address
from bridges.outbound.rules import Rules


def require_url(name: str, url: str) -> None:
    """A URL that means one thing only. Raises ValueError, which repeats nothing of it."""
    if not url:
        return
    try:
        read_address(url)
    except BadAddress as bad:
        raise ValueError(f"{name} {bad}") from None


def require_callable(name: str, url: str, rules: Rules) -> None:
    """One that may be called, as far as its words can tell: where a name leads is seen at each call. Raises ValueError."""
    if url and (why := rules.why_not(read_address(url).origin)):
        raise ValueError(f"{name} {why}")


def require_host(name: str, host: str) -> None:
    """A name or an address that a connection can be made to. Raises ValueError, which repeats nothing of it."""
    if not is_host(host):
        raise ValueError(f'{name} must name a host such as "alarms.example.com" or "192.0.2.7"')


def is_host(host: str) -> bool:
    return host_of(f"[{host}]" if ":" in host else host) is not None
