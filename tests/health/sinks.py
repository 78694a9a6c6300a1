"""Sinks: a mail server and an HTTP server of the test's own, on real sockets, that keep what they are given."""

import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import anyio

DAYS = "2"


class Certificate(NamedTuple):
    """Of 127.0.0.1, signed by itself."""

    certificate: Path
    key: Path


def certificate_in(folder: Path) -> Certificate:
    """Made anew by the openssl that Python's own TLS needs anyway."""
    made = Certificate(folder / "own.crt", folder / "own.key")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", DAYS,
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made.key), "-out", str(made.certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


class MailSink(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a courier does. `refusals`: how many mails it turns away first, with a 451. `unknown`: whom it does
    not know, `later`: whom it takes nothing for now; `asked_for`: all whom it was asked for.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None, *, implicit: bool = False, refusals: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.tls, self.implicit, self.refusals = tls, implicit, refusals
        self.mails: list[str] = []
        self.talks: list[list[str]] = []  # what was said in the clear, one list a connection
        self.signed_in: list[str] = []
        self.unknown: list[str] = []
        self.later: list[str] = []
        self.asked_for: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}  # what is done before a verb is answered, or a mail ("taken")

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


def _nothing() -> None:
    pass


class _Smtp(socketserver.BaseRequestHandler):
    server: MailSink

    def handle(self) -> None:
        self.said: list[str] = []
        self.server.talks.append(self.said)
        self.channel: Any = self.request
        self.secured = False
        try:
            if self.server.implicit:
                self._secure()
            self._say("220 sink")
            while (line := self._line()) and self._answer(line):
                pass
        except (ssl.SSLError, ConnectionError):
            return  # whoever does not trust us hangs up
        finally:
            self.channel.close()

    def _answer(self, line: str) -> bool:
        if not self.secured:
            self.said.append(line)
        self.server.before.get(line.split()[0].upper(), _nothing)()
        match line.split()[0].upper():
            case "EHLO":
                self._say(
                    "250-sink\r\n" + ("250 STARTTLS" if self.server.tls and not self.secured else "250 AUTH PLAIN")
                )
            case "STARTTLS":
                self._say("220 go on")
                self._secure()
            case "AUTH":
                self.server.signed_in.append(line)
                self._say("235 welcome")
            case "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                self.server.asked_for.append(address.partition("@")[0])
                if address in self.server.later:
                    self._say(f"450 <{address}> try later")
                else:
                    self._say(f"550 <{address}> is not here" if address in self.server.unknown else "250 ok")
            case "MAIL" if self.server.refusals:
                self.server.refusals -= 1
                self._say("451 <ops@northlight.example> try later")
            case "DATA":
                self._say("354 go on")
                self.server.mails.append("".join(iter(lambda: self._line() + "\n", ".\n")))
                self.server.before.get("taken", _nothing)()
                self._say("250 taken")
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("250 ok")
        return True

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.channel, self.secured = self.server.tls.wrap_socket(self.channel, server_side=True), True

    def _say(self, text: str) -> None:
        self.channel.sendall(f"{text}\r\n".encode())

    def _line(self) -> str:
        """Byte by byte, so that nothing of what follows in TLS is read before it."""
        line = b""
        while not line.endswith(b"\r\n"):
            if not (byte := self.channel.recv(1)):
                return ""
            line += byte
        return line.decode()[:-2]


class Heard(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpSink(ThreadingHTTPServer):
    """Answers with the statuses in `answers`, then with 204 for ever; with `tags` as headers and with `body`."""

    daemon_threads = True

    def __init__(self, answers: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        self.answers, self.heard = answers, []  # type: ignore[var-annotated]
        self.tags, self.body = {}, b""  # type: ignore[var-annotated]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Http(BaseHTTPRequestHandler):
    server: HttpSink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        told = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append(Heard(self.command, self.path, told, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("location", "/elsewhere")
        for name, value in self.server.tags.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        with suppress(ConnectionError):  # who has heard enough hangs up
            self.wfile.write(self.server.body)

    do_GET = do_POST  # noqa: N815  (the standard library names them so)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def running(sink: Any) -> Iterator[Any]:
    thread = threading.Thread(target=sink.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        thread.join()
        sink.server_close()


async def soon(true: Callable[[], Any], patience_s: float = 30) -> None:
    """Until a condition that nobody signals holds."""
    with anyio.fail_after(patience_s):
        while not true():  # noqa: ASYNC110
            await anyio.sleep(0.005)
