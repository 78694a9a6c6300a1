"""The log: one line for each event, and nobody's secret in any of them."""

import base64
import io
import json
import logging
from collections.abc import Iterator

import pytest
from zmq.utils import z85

from appliance.log import set_up_logging

SECRET = bytes(range(7, 39))
LOG = logging.getLogger("tests.log")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


def logged(message: str, *args: object, stream: io.StringIO | None = None, **fields: object) -> str:
    stream = stream or io.StringIO()
    set_up_logging("info", [SECRET], stream)
    LOG.info(message, *args, extra=fields)
    return stream.getvalue()


def test_elsewhere_than_on_a_terminal_a_line_is_json_with_its_fields() -> None:
    line = json.loads(logged("bridge %s connected", "sim", account=7, share=0.5, names=["a"]))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "tests.log",
        "message": "bridge sim connected",
        "account": 7,
        "share": 0.5,
        "names": ["a"],
    }


def test_on_a_terminal_a_line_is_for_eyes() -> None:
    line = logged("bridge %s connected", "sim", stream=Terminal(), account=7)
    assert line.endswith("Z INFO    tests.log: bridge sim connected account=7\n")


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_somebody_typed_cannot_begin_a_line_of_its_own(stream: type[io.StringIO]) -> None:
    typed = "x\n2026-01-01T00:00:00Z INFO forged\r\x1b[2J\u2028"
    line = logged("refused %s", typed, stream=stream(), login=typed)
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\r" not in line


SPELLINGS = {
    "hex": SECRET.hex(),
    "upper hex": SECRET.hex().upper(),
    "base64": base64.b64encode(SECRET).decode(),
    "base64 of the web": base64.urlsafe_b64encode(SECRET).decode().rstrip("="),
    "Z85": z85.encode(SECRET).decode(),
    "Python": repr(SECRET),
}


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_secret_of_the_firm_is_struck_out_in_every_spelling(spelling: str, stream: type[io.StringIO]) -> None:
    for line in (
        logged("key %s!", spelling, stream=stream()),
        logged("key", stream=stream(), key=[spelling], raw=SECRET),
    ):
        assert "[secret]" in line
        assert spelling.strip("b'") not in line


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
@pytest.mark.parametrize(
    ("text", "canary"),
    [
        ("mail to ada.lovelace+x@portal.example.com failed", "lovelace"),
        ("hash $argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA refused", "c2FsdA"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh"),
        ("POST /sign-in?password=hunter2&x=1", "hunter2"),
        ('{"token": "hunter2"}', "hunter2"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out(text: str, canary: str, stream: type[io.StringIO]) -> None:
    assert canary not in logged("%s", text, stream=stream())
    assert canary not in logged("field", stream=stream(), detail={"inner": [text]})


def test_a_field_whose_name_tells_of_a_secret_is_struck_out_whole() -> None:
    assert json.loads(logged("x", password="hunter 2"))["password"] == "[struck out]"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_traceback_keeps_secrets_too(stream: type[io.StringIO]) -> None:
    target = stream()
    set_up_logging("info", [SECRET], target)
    try:
        raise ValueError(f"bad key {SECRET.hex()} of ada@example.com")
    except ValueError:
        LOG.exception("failed")
    assert "ValueError: bad key [secret] of [mail]" in target.getvalue()


def test_figures_that_only_look_long_stay() -> None:
    commitment = "ab" * 32
    assert commitment in logged("sealed %s", commitment)


def test_below_its_level_nothing_is_written() -> None:
    stream = io.StringIO()
    set_up_logging("warning", (), stream)
    LOG.info("x")
    assert stream.getvalue() == ""
