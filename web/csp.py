"""What every response tells the browser: run nothing foreign, guess no types, keep nothing, frame us nowhere.

Pages and answers are never stored. Static files hold nothing of anybody and are named by their content, so they may be kept.
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


async def harden(message: Message, scope: Scope) -> None:
    """Set the headers on whatever is about to be sent, errors included. Registered as a `before_send` hook."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in _ALWAYS.items():
        headers[name] = value
    keep = scope["path"].startswith(STATIC) and message["status"] == 200
    headers["cache-control"] = "public, max-age=31536000, immutable" if keep else "no-store"
