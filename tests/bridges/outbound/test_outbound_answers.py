"""Whatever answers: in bounded time, memory and words; and what a redirect is told of the caller."""

import gzip
import logging
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from bridges.outbound.body import Body
from bridges.outbound.client import Outbound
from bridges.outbound.destination import HEAD_BYTES_MAX, Answer, Call, Destination
from bridges.outbound.errors import BadAnswer, CallFailed, CallRefused, NoAnswer

BYTES_MAX = 50_000
OK = b"HTTP/1.1 200 X\r\n"
Asking = Callable[..., Awaitable[Answer]]


@pytest.fixture
def ask(firm: Any, provider: Any, outside: Any) -> Asking:
    """Ask a server that says `answers`, raw; what came back."""

    async def once(*answers: Any, call: dict[str, Any] | None = None, **how: Any) -> Answer:
        site = outside.site(*answers)
        async with outside.serving(site):
            out: Outbound = firm(f"http://127.0.0.1:{site.port}")
            destination: Destination = provider(**({"answer_bytes_max": BYTES_MAX} | how))
            asked = Call(url=f"http://127.0.0.1:{site.port}/a?key=T0KEN", **(call or {}))
            came: Answer | CallFailed
            try:
                came = await out.call(destination, asked)
            except CallFailed as failed:  # raised below, outside of the server's task group
                came = failed
        if isinstance(came, CallFailed):
            raise came
        return came

    return once


def packed(body: bytes, encoding: str) -> bytes:
    return OK + f"content-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def test_an_answer_comes_whole_with_its_headers(ask: Asking, outside: Any) -> None:
    answer = await ask(
        OK + b"ETag: 7\r\nx-a: 1\r\nX-A: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert (answer.status, answer.body) == (200, b"abcde")
    assert (answer.headers["etag"], answer.headers["x-a"]) == ("7", "1, 2")
    assert (await ask(outside.reply(404, b"x" * BYTES_MAX))).body == b"x" * BYTES_MAX
    assert (await ask(OK + b"\r\nto the end")).body == b"to the end"
    assert (await ask(b"HTTP/1.1 204 X\r\ncontent-encoding: gzip\r\n\r\n")).body == b""


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "identity"])
async def test_who_packs_unasked_is_unpacked(encoding: str, ask: Asking) -> None:
    body = b"paid " * 1_000
    pack = {"deflate": zlib.compress, "identity": bytes}.get(encoding, gzip.compress)
    assert (await ask(packed(pack(body), encoding))).body == body


def chunks_without_end(piece: bytes) -> Any:
    async def say(stream: Any, _: bytes) -> None:
        await stream.send(OK + b"transfer-encoding: chunked\r\n\r\n")
        while True:
            await stream.send(piece)

    return say


def heads_without_end(piece: bytes) -> Any:
    async def say(stream: Any, _: bytes) -> None:
        await stream.send(b"" if piece.startswith(b"HTTP") else OK)
        while True:
            await stream.send(piece)

    return say


BOMB = gzip.compress(b"\0" * 50_000_000)
BOMBS = [
    pytest.param(packed(BOMB[: BYTES_MAX - 1], "gzip"), "more than 50000 bytes", id="a bomb in gzip"),
    pytest.param(packed(zlib.compress(b"\0" * 10_000_000), "deflate"), "more than 50000 bytes", id="a bomb in deflate"),
    pytest.param(packed(gzip.compress(b"x" * (BYTES_MAX + 1)), "gzip"), "more than 50000 bytes", id="one byte too many, packed"),
    pytest.param(packed(b"x" * (BYTES_MAX + 1), "identity"), "more than 50000 bytes", id="one byte too many"),
    pytest.param(OK + b"content-length: 999999999999\r\n\r\n" + b"x" * 99_999, "more than 50000 bytes", id="a length that is announced"),
    pytest.param(chunks_without_end(b"1000\r\n" + b"x" * 4_096 + b"\r\n"), "more than 50000 bytes", id="chunks without end"),
    pytest.param(chunks_without_end(b"1;" + b"e" * 9_000 + b"\r\nx\r\n"), "sent more than any answer may", id="chunks of remarks"),
    pytest.param(heads_without_end(b"HTTP/1.1 100 X\r\nx: y\r\n\r\n" * 100), "sent more than any answer may", id="heads before heads"),
    pytest.param(heads_without_end(b"x: " + b"y" * 8_000 + b"\r\n"), "did not answer as HTTP does", id="a head without end"),
    pytest.param(heads_without_end(b"y" * 8_000), "did not answer as HTTP does", id="a line without end"),
    pytest.param(OK + b"x: " + b"y" * HEAD_BYTES_MAX + b"\r\n\r\n", "headers of more than", id="a long header"),
    pytest.param(OK + b"x: y\r\n" * 101 + b"\r\n", "headers of more than", id="many headers"),
    pytest.param(packed(b"abc", "gzip"), "broken packing", id="no gzip"),
    pytest.param(packed(gzip.compress(b"abc")[:-9], "gzip"), "broken packing", id="half a gzip"),
    pytest.param(packed(gzip.compress(b"abc") * 2, "gzip"), "broken packing", id="gzip behind gzip"),
    pytest.param(packed(b"abc", "br"), "packing that was not asked for", id="another packing"),
    pytest.param(packed(gzip.compress(BOMB), "gzip, gzip"), "packing that was not asked for", id="packed twice"),
    pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "did not answer as HTTP does", id="no HTTP"),
    pytest.param(b"", "did not answer as HTTP does", id="nothing"),
    pytest.param(OK + b"content-length: 9\r\n\r\nabc", "did not answer as HTTP does", id="less than was announced"),
    pytest.param(OK + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd", "did not answer as HTTP does", id="two lengths"),
    pytest.param(OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n", "did not answer as HTTP does", id="no chunk"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "told"), BOMBS)
async def test_what_is_too_much_or_no_answer_is_dropped_in_time(
    answer: Any, told: str, ask: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before_s = time.process_time()
    with pytest.raises(BadAnswer, match=told) as failed:
        await ask(answer)
    assert time.process_time() - before_s < 1
    assert "T0KEN" not in f"{failed.value}{caplog.text}"
    assert failed.value.__cause__ is None


def test_a_bomb_is_never_unpacked_further_than_it_may_be() -> None:
    body = Body("pay.example", "gzip", BYTES_MAX)
    tracemalloc.start()
    try:
        with pytest.raises(BadAnswer, match="more than 50000 bytes"):
            body.take(BOMB[: BYTES_MAX - 1])
        assert tracemalloc.get_traced_memory()[1] < 20 * BYTES_MAX
    finally:
        tracemalloc.stop()


def test_what_unpacks_to_nothing_for_ever_is_too_much_too() -> None:
    body, nothing = Body("pay.example", "gzip", BYTES_MAX), b"\0\0\0\xff\xff"
    body.take(gzip.compress(b"")[:10] + nothing * (BYTES_MAX // 5 - 2))
    with pytest.raises(BadAnswer, match="more than 50000 bytes"):
        body.take(nothing)


def slowly(piece: bytes, first: bytes = b"") -> Any:
    async def say(stream: Any, _: bytes) -> None:
        await stream.send(first)
        while True:
            await stream.send(piece)
            await anyio.sleep(0.02)

    return say


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(slowly(b""), id="nothing is said"),
        pytest.param(slowly(b"", OK), id="nothing after the first line"),
        pytest.param(slowly(b"", OK + b"content-length: 9\r\n\r\nab"), id="nothing after half a body"),
    ],
)
async def test_who_goes_silent_is_waited_for_no_longer_than_said(way: Any, ask: Asking) -> None:
    before_s = time.monotonic()
    with pytest.raises(NoAnswer, match=r"went silent for 0\.1 s"):
        await ask(way, read_s=0.1, whole_s=60, connect_s=60)
    assert time.monotonic() - before_s < 30


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(slowly(b"x", OK), id="a head, sign by sign"),
        pytest.param(slowly(b"x", OK + b"content-length: 999\r\n\r\n"), id="a body, sign by sign"),
    ],
)
async def test_who_is_slow_is_waited_for_no_longer_than_said(way: Any, ask: Asking) -> None:
    """A sign comes every 20 ms, and would for ten seconds and more."""
    before_s = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no whole answer within 0\.3 s"):
        await ask(way, read_s=0.3, whole_s=0.3, connect_s=0.3)
    assert time.monotonic() - before_s < 10


async def test_the_whole_ends_all_tries_and_hops(ask: Asking, outside: Any) -> None:
    """Each hop is quick enough by itself."""

    async def onward(stream: Any, heard: bytes) -> None:
        await anyio.sleep(0.09)
        await stream.send(outside.reply(302, location=f"{heard.split()[1].decode()}x"))

    with pytest.raises(NoAnswer, match=r"no whole answer within 0\.3 s"):
        await ask(onward, redirects_max=5, read_s=0.3, whole_s=0.3, connect_s=0.3)


async def test_a_body_that_nobody_takes_is_not_pressed_upon_them(firm: Any, provider: Any, outside: Any) -> None:
    """Who listens and does not read fills the kernel's buffers, and no more."""
    with outside.listening() as deaf:
        url = f"http://127.0.0.1:{deaf.port}/"
        destination = provider(read_s=0.2, whole_s=60, connect_s=60, sent_bytes_max=50_000_000)
        with pytest.raises(NoAnswer, match="went silent"):
            await firm(url).call(destination, Call(url=url, method="POST", body=b"x" * 50_000_000))


async def test_a_name_that_is_never_resolved_is_waited_for_no_longer_than_said(firm: Any, provider: Any) -> None:
    out = firm()

    async def never(*_: Any) -> list[str]:
        await anyio.sleep_forever()
        return []

    out._around = out._around._replace(resolve=never)
    with pytest.raises(NoAnswer, match=r"the name pay\.example was not resolved within 0\.1 s"):
        await out.call(provider(connect_s=0.1), Call(url="https://pay.example/"))


async def test_names_that_lead_nowhere(firm: Any, provider: Any, names: Any) -> None:
    names.answers["empty.example"] = [[]]
    for host, told in (("empty.example", "leads nowhere"), ("unknown.example", "cannot be resolved")):
        with pytest.raises(NoAnswer, match=told):
            await firm().call(provider(), Call(url=f"https://{host}/T0KEN"))


@pytest.mark.parametrize(
    "call",
    [
        {"headers": {"x-key": "T0KEN\r\nhost: away.example"}},
        {"headers": {"x-key": "T0KEN\x00"}},
        {"headers": {"x-key": "T0KEN\u2028"}},
        {"headers": {"x key": "T0KEN"}},
        {"headers": {"x-key:": "T0KEN"}},
        {"headers": {"x-key": "T0KEN" * HEAD_BYTES_MAX}},
        {"idempotency_key": "T0KEN\n"},
        {"method": "POST", "body": b"T0KEN" * 100_000},
        {"method": "GET /b HTTP/1.1\r\nx:"},
    ],
)
async def test_what_may_not_be_sent_is_not_sent(call: dict[str, Any], firm: Any, provider: Any, outside: Any) -> None:
    site = outside.site(outside.reply(204))
    async with outside.serving(site):
        url = f"http://127.0.0.1:{site.port}/"
        with pytest.raises(CallRefused, match="nothing was sent") as refused:
            await firm(url).call(provider(), Call(url=url, **call))
    assert site.heard == []
    assert "T0KEN" not in str(refused.value)


async def test_what_is_sent_is_what_was_asked_and_little_else(firm: Any, provider: Any, outside: Any) -> None:
    site = outside.site(outside.reply(204))
    async with outside.serving(site):
        url = f"http://127.0.0.1:{site.port}/a?b=c#d"
        call = Call(url=url, method="POST", headers={"X-Key": "k"}, body=b"{}", idempotency_key="i-7")
        await firm(url).call(provider(), call)
        await firm(url).call(provider(), Call(url=url, method="POST"))
    head, _, body = site.heard[0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert (first, body) == ("POST /a?b=c HTTP/1.1", b"{}")
    assert sorted(line.lower() for line in headers) == [
        "accept-encoding: identity", "connection: close", "content-length: 2", f"host: 127.0.0.1:{site.port}",
        "idempotency-key: i-7", "user-agent: evenhand/test", "x-key: k",
    ]  # fmt: skip
    assert b"content-length: 0" in site.heard[1].lower()


# --- redirects ---


async def test_no_redirect_is_followed_unless_the_destination_allows_it(ask: Asking, outside: Any) -> None:
    answer = await ask(outside.reply(302, location="/b"), outside.reply(200))
    assert (answer.status, answer.headers["location"]) == (302, "/b")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_only_what_reads_follows(method: str, ask: Asking, outside: Any) -> None:
    answer = await ask(outside.reply(307, location="/b"), outside.reply(200), call={"method": method}, redirects_max=3)
    assert answer.status == 307


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_with_everything_within_an_origin(
    status: int, firm: Any, provider: Any, outside: Any
) -> None:
    site = outside.site(outside.reply(status, location="b?c"), outside.reply(200, b"there"))
    async with outside.serving(site):
        url = f"http://127.0.0.1:{site.port}/a/"
        call = Call(url=url, headers={"authorization": "Bearer T0KEN"})
        answer = await firm(url).call(provider(redirects_max=1), call)
    assert (answer.body, site.paths) == (b"there", ["/a/", "/a/b?c"])
    assert all(b"T0KEN" in heard for heard in site.heard)


async def test_another_origin_is_told_no_credential_and_no_body(
    firm: Any, provider: Any, outside: Any, names: Any, internet: Any
) -> None:
    """Nor what else the caller said: a credential may stand under any name. And not when it leads back, either."""
    here, there = outside.site(b""), outside.site(b"")
    names.answers |= {"here.example": [[outside.public]], "there.example": [[outside.elsewhere]]}
    internet["sites"] |= {outside.public: here, outside.elsewhere: there}
    async with outside.serving(here, there):
        onward, back = (outside.reply(302, location=f"http://{host}.example/x") for host in ("there", "here"))
        here.answers, there.answers = [onward, outside.reply(200, b"whole")], [back]
        rules = firm("http://here.example", "http://there.example").rules
        out = firm()
        # As if plain http were allowed everywhere: what is tested is what is told, not to whom.
        out.rules = type("Open", (type(rules),), {"why_not": lambda *_, **__: ""})(ports=rules.ports)
        told = {
            "Authorization": "T0KEN",
            "cookie": "T0KEN",
            "x-api-key": "T0KEN",
            "if-none-match": "T0KEN",
            "accept": "text/csv",
        }
        call = Call(url="http://here.example/", headers=told, body=b"T0KEN", idempotency_key="T0KEN")
        answer = await out.call(provider(redirects_max=2), call)
    assert answer.body == b"whole"
    assert b"T0KEN" in here.heard[0]
    for heard in (there.heard[0], here.heard[1]):
        assert b"T0KEN" not in heard
        assert b"accept: text/csv" in heard
        assert b"referer" not in heard.lower()


@pytest.mark.parametrize("locations", [["/a?key=T0KEN"], ["/b", "/a?key=T0KEN"], ["/b", "/c", "/d", "/e"]])
async def test_circles_and_long_ways_end(locations: list[str], ask: Asking, outside: Any) -> None:
    """There is an end to each of them, one hop too late."""
    with pytest.raises(BadAnswer, match="provider leads on and on"):
        await ask(*(outside.reply(302, location=one) for one in locations), outside.reply(200), redirects_max=3)


async def test_as_many_hops_as_are_allowed_are_made(ask: Asking, outside: Any) -> None:
    hops = [outside.reply(302, location=one) for one in ("/b", "/c", "/d")]
    assert (await ask(*hops, outside.reply(200, b"there"), redirects_max=3)).body == b"there"


@pytest.mark.parametrize(
    "location", ["https://", "ftp://a.example/", "//user:T0KEN@a.example/", "/a b", "\\\\a.example", "https://a\xe9.example/", "https://[/"]
)  # fmt: skip
async def test_a_redirect_to_no_address_is_refused(location: str, ask: Asking) -> None:
    answer = b"HTTP/1.1 302 X\r\ncontent-length: 0\r\nlocation: " + location.encode("latin-1") + b"\r\n\r\n"
    with pytest.raises(CallRefused, match="leads on to what is no address") as refused:
        await ask(answer, redirects_max=3)
    assert "T0KEN" not in str(refused.value)


async def test_who_is_not_there_is_said_in_plain_words(firm: Any, provider: Any, outside: Any) -> None:
    with outside.listening() as gone:
        url = f"http://127.0.0.1:{gone.port}/T0KEN"
    with pytest.raises(CallFailed, match=r"^127\.0\.0\.1 took no connection: see whether it is up$"):
        await firm(url).call(provider(), Call(url=url))
