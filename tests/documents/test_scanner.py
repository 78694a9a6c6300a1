"""The scanner, and how many are looked at at once: a small clamd that says what it is told to, over real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest

from appliance.documents.inspection import AT_ONCE, WAITING_MAX, Inspection
from appliance.documents.scanner import DocumentSettings
from firm.bounds import DOCUMENT_BYTES_MAX
from firm.documents import DocumentFault, DocumentForm
from tests.documents.hostile import EICAR, chunk, picture
from web.inspecting import Clean, InspectionFull, ScannerSilent


class Clamd:
    """As much of clamd as INSTREAM is. `answer`: made of the whole stream; None: it hangs up."""

    def __init__(self, listener: socket.socket, answer: Callable[[bytes], bytes | None]) -> None:
        self.listener, self.answer, self.seen = listener, answer, []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as said:
                assert said.read(10) == b"zINSTREAM\0"
                content = b""
                while size := int.from_bytes(said.read(4)):
                    content += said.read(size)
                self.seen.append(content)
                if (answer := self.answer(content)) is not None:
                    line.sendall(answer)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join(5)


def by_signature(content: bytes) -> bytes:
    return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Callable[..., tuple[Clamd, DocumentSettings]]]:
    opened: list[Clamd] = []

    def open_one(
        answer: Callable[[bytes], bytes | None] = by_signature, *, tcp: bool = False
    ) -> tuple[Clamd, DocumentSettings]:
        if tcp:
            listener = socket.create_server(("127.0.0.1", 0))
            place = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        else:
            listener, path = socket.socket(socket.AF_UNIX), tmp_path / f"clamd{len(opened)}"
            listener.bind(str(path))
            listener.listen()
            place = f"unix:{path}"
        opened.append(Clamd(listener, answer))
        return opened[-1], DocumentSettings(scanner=place, scanner_deadline_s=1)

    yield open_one
    for each in opened:
        each.close()


def infected() -> bytes:
    png = picture("PNG")
    return png[:33] + chunk(b"tEXt", b"a\0" + EICAR) + png[33:]


@pytest.mark.parametrize("tcp", [False, True])
async def test_what_the_scanner_knows_is_refused_and_all_else_is_looked_at(clamd, tcp):
    scanner, settings = clamd(tcp=tcp)
    inspection = Inspection(settings)
    assert await inspection.inspect(infected()) is DocumentFault.INFECTED
    kept = await inspection.inspect(picture("PNG"))
    assert isinstance(kept, Clean)
    assert kept.form is DocumentForm.PNG
    assert scanner.seen == [infected(), picture("PNG")]
    assert +inspection.refused == {"infected": 1}


@pytest.mark.parametrize("answer", [b"stream: Can't allocate memory ERROR\0", b"OK\0", b"", b"x" * 5_000, None])
async def test_where_the_scanner_says_neither_yes_nor_no_nothing_passes(clamd, answer):
    _, settings = clamd(lambda _: answer)
    inspection = Inspection(settings)
    with pytest.raises(ScannerSilent):
        await inspection.inspect(picture("PNG"))
    assert +inspection.refused == {"scanner_silent": 1}


async def test_where_no_scanner_is_nothing_passes(tmp_path):
    settings = DocumentSettings(scanner=f"unix:{tmp_path / 'nobody'}")
    with pytest.raises(ScannerSilent, match="gives no answer"):
        await Inspection(settings).inspect(picture("PNG"))


@pytest.mark.parametrize(
    "place",
    [
        "tcp://192.0.2.1:3310",
        "tcp://clamd.example:3310",
        "tcp://127.0.0.1",
        "http://127.0.0.1:1",
        "unix:clamd",
        "/run/x",
        "tcp://[::1",
    ],
)
def test_a_scanner_on_another_machine_is_no_setting(place):
    with pytest.raises(ValueError, match="must be"):
        DocumentSettings(scanner=place)


async def test_few_are_looked_at_at_once_few_wait_and_the_loop_goes_on(clamd):
    goes_on = threading.Event()

    def when_told(content: bytes) -> bytes:
        goes_on.wait(10)
        return b"stream: X FOUND\0"

    _, settings = clamd(when_told)
    inspection = Inspection(settings)
    said: list[object] = []

    async def inspect() -> None:
        said.append(await inspection.inspect(b"words"))

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE + WAITING_MAX):
            tasks.start_soon(inspect)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(InspectionFull):
            await inspection.inspect(b"words")
        assert said == []
        goes_on.set()
        tasks.cancel_scope.deadline = anyio.current_time() + 20
    assert len(said) == AT_ONCE + WAITING_MAX


@pytest.mark.parametrize(
    ("content", "fault"), [(b"", DocumentFault.EMPTY), (bytes(DOCUMENT_BYTES_MAX + 1), DocumentFault.TOO_LARGE)]
)
async def test_what_is_empty_or_too_large_costs_no_process(content, fault):
    assert await Inspection(DocumentSettings(scanner="unix:/nobody")).inspect(content) is fault
