"""Sieve: whoever asks more than an address may gets 429 before anything else is done for them: no route, no session, no template.

The page is laid out once a second at most, however many are sent it.
"""

import time
from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, HTTPResponseStartEvent, Receive, Scope, Send

from web.allowance import Allowance, Counted, network_of
from web.api.problem import API, PROBLEM_JSON, problem_json
from web.csp import always
from web.password_desk import PasswordDesk
from web.render import page
from web.room import DEVICE_ENDING, SESSION, why_not_now
from web.too_much import LIVE, TooManyFromOnePlace, TooManySignIns, in_words, seconds_of

KEPT_SECONDS = 1.0
TITLE = "Too much at once"
ADVICE = "So many pages were asked for from your network address that it has to wait. Give it a moment, then reload. Nothing was done."

SIGN_INS = (
    "More people are signing in at the moment than we can check, so this try was not looked at. Wait a few seconds, then send it again. "
    "From a device on which you have signed in before, you go first; with a passkey you need not wait at all."
)
FROM_ONE_PLACE = (
    "More people are signing in from your network address, on devices that we do not know yet, than we can check, so this try was not "
    "looked at. Wait up to a minute, then send it again. From a device on which you have signed in before, or with a passkey, you "
    "need not wait."
)


class Sieve:
    """Before the application: counts each request by the address that it came from. Who that is, the server has found out."""

    def __init__(self, allowance: Allowance, desk: PasswordDesk) -> None:
        self._allowance, self._desk = allowance, desk
        self._pages: dict[str, tuple[float, bytes]] = {}

    async def __call__(self, app: ASGIApp, litestar: Any, scope: Scope, receive: Receive, send: Send) -> None:
        host = (scope.get("client") or ("",))[0]
        kind = Counted.STREAM if scope["path"].endswith(LIVE) else Counted.ADDRESS
        wait_us, advice = self._allowance.wait_at_door_us(kind, host), ADVICE
        if not wait_us and _signs_in_as_a_stranger(scope):
            many = why_not_now(self._allowance, self._desk, network_of(host), look=True)
            wait_us, advice = (many.wait_us, advice_for(many)) if many else (0, "")
        if not wait_us:
            await app(scope, receive, send)
            return
        is_api = scope["path"].startswith(API)
        body = _told(wait_us) if is_api else self.laid_out(litestar, advice)
        told = {
            "content-type": PROBLEM_JSON if is_api else "text/html; charset=utf-8",
            "content-length": str(len(body)),
            "retry-after": str(seconds_of(wait_us)),
        }
        headers = [*_ALWAYS, *_encoded(told)]
        start: HTTPResponseStartEvent = {"type": "http.response.start", "status": 429, "headers": headers}
        await send(start)  # nosemgrep: answer-past-the-headers  (they are in it)
        await send(
            {"type": "http.response.body", "body": body, "more_body": False}
        )  # nosemgrep: answer-past-the-headers  (as above)

    def laid_out(self, litestar: Any, advice: str) -> bytes:
        """The page for nobody in particular: it says nothing of who asks, and so may be anybody's. `advice`: one of ours."""
        made_at, laid_out = self._pages.get(advice, (float("-inf"), b""))
        if time.monotonic() - made_at >= KEPT_SECONDS:
            bare: Any = {
                "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [], "scheme": "http",
                "client": None, "server": None, "root_path": "", "state": {}, "litestar_app": litestar, "app": litestar,
                "http_version": "1.1", "path_params": {},
            }  # fmt: skip
            made = page(
                Request(bare), "problem.html", title=TITLE, advice=advice, detail="", backoffice="", missing=None,
                way_on=("/", "front"), reference="", code=429,
            )  # fmt: skip
            laid_out = made.content.encode()
            self._pages[advice] = time.monotonic(), laid_out
        return laid_out


def advice_for(many: TooManySignIns) -> str:
    return FROM_ONE_PLACE if isinstance(many, TooManyFromOnePlace) else SIGN_INS


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


_ALWAYS = _encoded(always())  # who floods us gets as little of our time as there is


def _signs_in_as_a_stranger(scope: Scope) -> bool:
    """With a password, and without the cookie of any device. One that has some cookie is looked at by whoever knows devices."""
    if scope["path"] != SESSION or scope.get("method") != "POST":
        return False
    return not any(name == b"cookie" and DEVICE_ENDING.encode() in value for name, value in scope["headers"])


def _told(wait_us: int) -> bytes:
    return problem_json(429, in_words(wait_us), "")
