"""Ctrl-C on a real terminal: a demo ends with what it promised, and whatever else is interrupted says so in one line."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from appliance.demo import MARKER
from appliance.demo_firm import OWNER_MAIL, PASSWORD, TRADER_MAIL
from appliance.ports import free_port
from storage.errors import LedgerInUse
from storage.lock import WriterLock

HOST = "127.0.0.1"
CTRL_C = b"\x03"
PATIENCE_S = 120
ENDED = "Ctrl-C ends it and lists each verdict."
LINE = "evenhand: interrupted before it was done"
# The child leads a terminal of its own, whose line discipline turns ^C into a SIGINT for everybody in front of it.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
EVENHAND = (sys.executable, "-m", "appliance")
RELEASE = ("--from", "2014-05-02T12:29:50", "--to", "2014-05-02T12:30:10", "--accounts", "12")


class Terminal:
    """A command at the other end of a terminal: what it has shown so far, and a keyboard."""

    def __init__(self, *command: str) -> None:
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def await_text(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} was not shown in {PATIENCE_S} s: {self.shown}"
            assert self._read(), f"it ended without {text!r}: {self.shown}"

    def press(self, key: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(key)
        self.process.stdin.flush()

    def status(self) -> int:
        """Once it has ended and all was read."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end is not None:
                end.close()

    def _read(self) -> bool:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        assert ready, f"nothing was shown for {PATIENCE_S} s: {self.shown}"
        told = os.read(self.process.stdout.fileno(), 65_536)
        self.shown += told.decode().replace("\r\n", "\n")
        return bool(told)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    open_ones: list[Terminal] = []

    def start(*arguments: object) -> Terminal:
        open_ones.append(Terminal(*EVENHAND, *map(str, arguments)))
        return open_ones[-1]

    yield start
    for each in open_ones:
        each.close()


def is_free(lock: Path) -> bool:
    try:
        WriterLock(lock).release()
    except LedgerInUse:
        return False
    return True


@pytest.mark.parametrize("display", [(), ("--headless",)], ids=["live", "headless"])
def test_ctrl_c_after_the_prices_ends_a_demo_and_lists_each_verdict(
    display: tuple[str, ...], terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    port = free_port(HOST)
    demo = terminal("demo", "--data-dir", tmp_path / "demo", "--port", port, "--speed", "max", *RELEASE, *display)
    demo.await_text(ENDED)
    for mail, path in ((OWNER_MAIL, "/staff"), (TRADER_MAIL, "/accounts")):
        assert "The prices ended at 2 May 2014, 12:30:" in first_page(port, mail, path)
    demo.press(CTRL_C)
    assert demo.status() == 0
    assert "Traceback" not in demo.shown
    promised = demo.shown.index(ENDED)
    assert "The prices ended at 2014-05-02 12:30:" in demo.shown[:promised]
    tallied = re.search(r"Verdicts: \d+ phases? passed, (\d+) breach", demo.shown[promised:])
    assert tallied is not None
    listed = re.findall(r"BreachDeclared .* decision \d+", demo.shown[promised:])
    assert len(listed) == int(tallied[1]) > 0
    assert is_free(tmp_path / "demo" / "firm" / "lock")


def first_page(port: int, mail: str, path: str) -> str:
    """What somebody sees who signs in, once the next heartbeat came; of a trader the first account that runs."""
    url = f"http://{HOST}:{port}"
    with httpx.Client(base_url=url, headers={"origin": url}, follow_redirects=True, timeout=60) as browser:
        page = browser.post("/session", data={"mail": mail, "password": PASSWORD, "next": path}).text
        if path == "/accounts":
            path = re.findall(r'href="(/accounts/[^"/]+)"', page)[0]
        deadline = time.monotonic() + PATIENCE_S
        while "The prices ended" not in page and time.monotonic() < deadline:
            page = browser.get(path).text
    return page


def test_ctrl_c_among_the_prices_ends_a_demo_with_the_list_too_and_a_second_one_hurries_nothing(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    demo = terminal("demo", "--data-dir", tmp_path / "demo", "--port", free_port(HOST), "--speed", "1", "--accounts", 1)
    demo.await_text("commit p99")
    demo.press(CTRL_C)
    demo.await_text("Ending")
    demo.press(CTRL_C)
    assert demo.status() == 0
    assert "Traceback" not in demo.shown
    assert "Verdicts: 0 phases passed, 0 breaches" in demo.shown
    assert is_free(tmp_path / "demo" / "firm" / "lock")


def test_a_demo_that_was_to_run_until_done_and_was_not_says_so_by_its_status(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    demo = terminal(
        "demo", "--data-dir", tmp_path / "demo", "--port", free_port(HOST), "--speed", "1", "--accounts", 1, "--until-done"
    )  # fmt: skip
    demo.await_text("commit p99")
    demo.press(CTRL_C)
    assert demo.status() == 130
    assert "Verdicts: " in demo.shown
    assert is_free(tmp_path / "demo" / "firm" / "lock")


def test_a_terminal_that_is_closed_takes_firm_and_platform_with_it(
    terminal: Callable[..., Terminal], tmp_path: Path, until: Callable[..., object]
) -> None:
    demo = terminal("demo", "--data-dir", tmp_path / "demo", "--port", free_port(HOST), "--speed", "1", "--accounts", 1)
    demo.await_text("commit p99")
    demo.close()
    until(lambda: is_free(tmp_path / "demo" / "firm" / "lock"), "the end of the firm")
    until(lambda: is_free(tmp_path / "demo" / MARKER), "the end of the demo")


def test_ctrl_c_while_the_program_is_still_loading_ends_it_in_one_line(tmp_path: Path) -> None:
    """Python names each module once it is imported: this one comes before most of the others."""
    command = [sys.executable, "-X", "importtime", "-m", "appliance", "demo", "--data-dir", str(tmp_path / "demo")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if line.rstrip().endswith(" firm.money"):
                break
        child.send_signal(2)
        rest = child.stderr.read()
    assert [line for line in rest.splitlines() if not line.startswith("import time:")] == [LINE]
    assert child.returncode == 130
    assert not (tmp_path / "demo").exists()


def test_ctrl_c_at_the_question_for_a_password_founds_nothing_and_takes_one_line(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    init = terminal(
        "init", "--data-dir", tmp_path / "firm", "--name", "Northlight", "--owner", "omar@northlight.example"
    )
    init.await_text("Password for omar@northlight.example: ")
    init.press(CTRL_C)
    assert init.status() == 130
    assert init.shown.splitlines()[-1] == LINE
    assert "Traceback" not in init.shown
    assert not (tmp_path / "firm").exists()
