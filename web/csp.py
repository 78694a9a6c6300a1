"""What every response tells the browser: run nothing foreign, guess no types, keep nothing, frame us nowhere.

Pages and answers are never stored. Static files and the firm's own stylesheet and logo hold nothing of anybody and are named by
their content, so they may be kept.
"""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STATIC = "/static/"
LOCKED = "default-src 'none'; style-src 'none'; sandbox"
"""The `content_policy` of a route that answers with somebody's file: opened by itself it does nothing. An operator's is kept like a static
one; what a route with `private` answers with is kept nowhere."""


def always() -> dict[str, str]:
    """For an answer that no route gave."""
    return {**_ALWAYS, "cache-control": "no-store"}


async def harden(message: Message, scope: Scope) -> None:
    """Set the headers on whatever is about to be sent, errors included. Registered as a `before_send` hook."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in _ALWAYS.items():
        headers[name] = value
    found = message["status"] == 200
    opt = scope["route_handler"].opt if found else {}
    locked = opt.get("content_policy")
    if locked is not None:
        headers["content-security-policy"] = locked
    keep = found and (locked is not None or scope["path"].startswith(STATIC)) and not opt.get("private", False)
    headers["cache-control"] = "public, max-age=31536000, immutable" if keep else "no-store"
