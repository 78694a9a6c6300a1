"""Cookies: how those of ours are called and marked. All are for this site alone, and no script reads them."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from web.firm import Firm

SECURE_COOKIE = "__Host-evenhand"
LOOPBACK_COOKIE = "evenhand"  # a browser takes no __Host- cookie without https


def own_cookie(firm: Firm, value: str, max_age: int | None, ending: str = "") -> Cookie:
    """`ending`: of its name; the session's has none. `max_age`: seconds; 0 takes it away, None is until the browser is closed."""
    return Cookie(
        key=_named(firm, ending),
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        secure=firm.https,
        samesite="lax",
    )


def cookie_in(firm: Firm, connection: ASGIConnection[Any, Any, Any, Any], ending: str = "") -> str:
    """What the browser that asks holds, or ""."""
    return connection.cookies.get(_named(firm, ending), "")


def _named(firm: Firm, ending: str) -> str:
    return (SECURE_COOKIE if firm.https else LOOPBACK_COOKIE) + ending
