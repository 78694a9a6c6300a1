"""Pages: whatever path, query or form somebody sends, in whoever's name, the answer is a page: never a fault, never a hang."""

import random
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest
from fuzz_mutating import FACTOR, HANG_S, ODD_VALUES

from firm.ids import id_text
from web.app import create_app, policies

TRIES = 350
WAITS_S = 30  # for something that never comes: no page waits for anything
PEOPLE = ("", "ada@example.org", "ruth@example.org", "omar@example.org")
FIELDS = (
    "mail", "password", "next", "kept", "kept.why", "why", "outcome", "happened", "note", "switch", "mode", "reference",
    "decision", "account", "csrf_token", "code", "q", "standing", "program", "bridge", "sort", "after", "seen", "before", "since",
)  # fmt: skip
WORDS = (
    "", "0", "-1", "1", "9" * 30, "1e9", "nan", "%00", "\x00", "\ud7ff", "../../etc/passwd", "//evil.example", "/\\evil.example",
    "<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", "a" * 5_000, "confirm", "dismiss", "yes", "no", "payouts", "headroom",
    "1~2", "~", "9~99999999999999999999999", "\u202e", "ａｄａ＠example.org", "☃" * 300, "ada@example.org", "=1+1", "on",
)  # fmt: skip
BODIES = (b"", b"\x00", b"a=1&a=2&&&=", b"%", b"%ff%fe=%c3%28", b"why=" + b"x" * 200_000, b"{}", b"\xff" * 100)
TYPES = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "application/json", "text/plain",
    "multipart/form-data", "multipart/form-data; boundary=b", "multipart/form-data; boundary=", "x/y; boundary=\u00e4", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def stage(load: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    load("web_stage", "web", "stage.py")
    played = load("web_play", "web", "play.py").played(tmp_path_factory.mktemp("pages") / "firm", crowd=1)
    yield played
    played.close()


@pytest.fixture
async def visitors(stage: Any, load: Any) -> AsyncIterator[tuple[Any, list[httpx.AsyncClient], list[str]]]:
    """The application; a visitor of each kind, and what proves that a form is from one of their own pages."""
    app = create_app(stage.firm)
    clients, tokens = [], []
    for mail in PEOPLE:
        # An exception that no page catches reaches the test as itself.
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        client = httpx.AsyncClient(
            base_url="http://127.0.0.1", transport=transport, headers={"origin": "http://127.0.0.1"}
        )
        if mail:
            form = {"mail": mail, "password": load("web_stage", "web", "stage.py").PASSWORD, "next": "/"}
            assert (await client.post("/session", data=form)).status_code == 303
        home = await client.get("/", follow_redirects=True)
        tokens.append(home.text.partition('name="csrf_token" value="')[2].partition('"')[0])
        clients.append(client)
    yield app, clients, tokens
    for client in clients:
        await client.aclose()


class Dice:
    """Draws requests: half of them nearly right, so that they come further than the door."""

    def __init__(self, app: Any, stage: Any, seed: int) -> None:
        self._dice = random.Random(seed)
        self._routes = [
            (path, method)
            for path, method, _ in policies(app)
            # A stream has no end of its own, and signing out would end the visitor.
            if not path.startswith("/static") and "stream" not in path and "live" not in path and "sign-out" not in path
        ]
        with stage.reader.connection() as book:
            self._decisions = [str(row[0]) for row in book.execute("SELECT decision FROM rm_decision")]
        self._accounts = [id_text(account) for account in stage.accounts.values()]

    def request(self, token: str) -> tuple[str, str, dict[str, Any]]:
        """Method, path with query, and what else httpx is told."""
        path, method = self._dice.choice(self._routes)
        while "{" in path:
            before, _, rest = path.partition("{")
            name, _, after = rest.partition("}")
            path = f"{before}{self._param(name)}{after}"
        if self._dice.random() < 0.1:
            path += self._dice.choice(("/", "/x", "%2e%2e/", "?", "//", ";a=b", "%00", "\u00e4"))
        if self._dice.random() < 0.1:
            method = self._dice.choice(("PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "GET"))
        query = {self._dice.choice(FIELDS): self._word() for _ in range(self._dice.randrange(4))}
        return method, path, {"params": query or None, **self._content(method, token)}

    def _param(self, name: str) -> str:
        fitting = (
            self._accounts
            if name.startswith("account")
            else self._decisions
            if name.startswith("decision")
            else ["sim"]
        )
        word = self._dice.choice(fitting) if self._dice.random() < 0.6 else self._word()
        return (
            "".join(f"%{byte:02X}" for byte in word.encode("utf-8", "replace")) if self._dice.random() < 0.5 else word
        )

    def _content(self, method: str, token: str) -> dict[str, Any]:
        if method in ("GET", "HEAD"):
            return {}
        if self._dice.random() < 0.3:
            kind = self._dice.choice(TYPES).encode("utf-8")
            return {"content": self._dice.choice(BODIES), "headers": {"content-type": kind, "x-csrf-token": token}}
        fields = {self._dice.choice(FIELDS): self._word() for _ in range(self._dice.randrange(8))}
        if self._dice.random() < 0.2:
            return {"data": {"csrf_token": token, **fields}, "files": {"file": ("note", self._dice.randbytes(300))}}
        return {"data": {"csrf_token": token, **fields}}

    def _word(self) -> str:
        return self._dice.choice(WORDS) if self._dice.random() < 0.9 else str(self._dice.choice(ODD_VALUES))[:2_000]


# An uploaded part that nobody asked for is a temporary file that ends when the garbage collector comes to it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_no_request_is_a_fault_or_a_hang(visitors: Any, stage: Any) -> None:
    app, clients, tokens = visitors
    dice = Dice(app, stage, seed=2014 if FACTOR == 1 else time.time_ns())
    seen: dict[int, int] = {}
    for number in range(TRIES * FACTOR):
        client, token = clients[number % len(clients)], tokens[number % len(clients)]
        method, path, more = dice.request(token)
        try:
            request = client.build_request(method, path, **more)
        except (httpx.InvalidURL, UnicodeEncodeError, ValueError):
            continue  # no client could send it
        answer, took_s = await _asked(client, request)
        told = f"{method} {path[:200]!r} {str(more)[:400]}: {answer.status_code} in {took_s:.2f} s"
        assert answer.status_code < 500, told
        assert took_s < HANG_S, told
        assert "Traceback" not in answer.text, told
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    assert {200, 404} <= set(seen), seen
    assert sum(seen.values()) > TRIES * FACTOR // 2


async def _asked(client: httpx.AsyncClient, request: httpx.Request) -> tuple[httpx.Response, float]:
    """The answer, and the seconds of this process alone: a machine that is busy with others is no hang. Who waits is ended."""
    started_s = time.process_time()
    with anyio.fail_after(WAITS_S):
        answer = await client.send(request)
    return answer, time.process_time() - started_s
