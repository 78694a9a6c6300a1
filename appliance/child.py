"""Child: a program that another one runs beside it, and starts again when it dies before it is told to stop."""

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

RESTARTS_MAX = 1_000
SHORT_LIFE_S = 2.0  # a life that ends so soon after its first word, or before it, came to nothing
SHORT_LIVES_MAX = 5
RESTART_AFTER_S, RESTART_AFTER_MAX_S = 0.1, 2.0  # doubled after each short life
STOP_S = 15


@dataclass
class Child:
    """A process that is started again when it dies before it is told to stop. `problem`: why it was given up, "" while it was not."""

    name: str
    command: list[str]
    log: Path
    on_line: Callable[[str], None]
    process: subprocess.Popen[str] | None = None
    restarts: int = 0
    short_life_s: float = SHORT_LIFE_S
    problem: str = ""
    finished: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        threading.Thread(target=self._keep_running, name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Ask it to end, then make it."""
        with self._starting:  # so that none is started after this
            self._stopping.set()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
            self.process.kill()
        self.finished.wait(STOP_S)

    def last_words(self) -> str:
        """The last line of its log that says something: the frame of an error group does not."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        said = (line.strip("|+- ").removeprefix("evenhand: ") for line in reversed(lines))
        return next((line for line in said if line), "it left no word")

    def _keep_running(self) -> None:
        short_lives = 0
        try:
            while self.restarts <= RESTARTS_MAX:
                status, was_short = self._live()
                if status is None or status == 0 or self._stopping.is_set():
                    return
                if status == 2:
                    self.problem = f"the {self.name} could not go on: {self.last_words()}"
                    return
                short_lives = short_lives + 1 if was_short else 0
                if short_lives == SHORT_LIVES_MAX:
                    break
                self.restarts += 1
                self._stopping.wait(min(RESTART_AFTER_S * 2**short_lives, RESTART_AFTER_MAX_S))
            self.problem = (
                f"the {self.name} died {short_lives} times in a row, each time soon after its start (status {status}): "
                f"{self.last_words()} (the whole log is {self.log})"
            )
        finally:
            self.finished.set()

    def _live(self) -> tuple[int | None, bool]:
        """One life, from start to end: its exit status (None where it was not to start), and whether it came to nothing."""
        with self.log.open("a") as log:
            with self._starting:
                if self._stopping.is_set():
                    return None, False
                self.process = subprocess.Popen(  # noqa: S603  (our own programs)
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    process_group=0,
                )
            assert self.process.stdout is not None
            first_word_s = None
            with self.process.stdout as out:
                for line in out:
                    first_word_s = first_word_s or time.monotonic()
                    self.on_line(line.rstrip("\n"))
            status = self.process.wait()
        return status, first_word_s is None or time.monotonic() - first_word_s < self.short_life_s
