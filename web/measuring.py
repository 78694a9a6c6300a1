"""Measuring: who may read the machine's figures: whoever has the token, and without one a program on this very machine.

Behind a proxy that ends TLS everybody could seem to be on this machine, by one line missing in its configuration: there only
the token counts. Where none was laid down and no proxy is set up, what comes from loopback, names loopback as the host and was
passed on by nobody, is let in.
"""

import re
import secrets
from ipaddress import ip_address
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException

from web.firm import Firm

SCHEME = "bearer "
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
# A name or an address with a port, and nothing else: "evil.example:80@127.0.0.1" must not be read as loopback.
_HOST = re.compile(r"(?P<host>[a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")


def require_measuring(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    firm: Firm = connection.app.state.firm
    given, token = connection.headers.get("authorization", ""), firm.machine.metrics_token
    if given[: len(SCHEME)].lower() == SCHEME:
        if token and secrets.compare_digest(given[len(SCHEME) :].strip().encode(), token.encode()):
            return
        raise PermissionDeniedException("this is not the token of secrets/metrics_token")
    if firm.https or not _is_of_this_machine(connection):
        raise PermissionDeniedException("send the token of secrets/metrics_token: authorization: Bearer …")


def _is_of_this_machine(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    if any(name in connection.headers for name in PASSED_ON):
        return False
    # A page of elsewhere can make a browser on this machine ask us, but only under a name of its own.
    named = _HOST.fullmatch(connection.headers.get("host", ""))
    host = named["host"].strip("[]") if named else ""
    return connection.client is not None and _is_loopback(connection.client.host) and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
