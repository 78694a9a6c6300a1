"""Trials: drafts that staff try from a page, each in a child process that may only read, and that yields to the firm that serves."""

import contextlib
import subprocess
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
from msgspec.structs import replace

from actors.lab_found import Progress, Report
from storage.own_program import own_program
from web.lab import Trial, TrialState, Tried

GOING_ON_MAX = 2  # at once: each takes a core, as far as the firm leaves one
KEPT_MAX = 8
YIELDS = 10  # in niceness, to the firm that serves; a unit that refuses that call runs it all the same
END_S = 10
_CHILD = "from appliance.cli import main; sys.exit(main(sys.argv[2:]))"

_LINES = msgspec.json.Decoder(Progress | Report)


class Trials:
    """As the pages' LabView. A trial is lost with the process: it can be started again, and nothing rests on it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._trials: dict[int, Trial] = {}
        self._children: dict[int, _Child] = {}
        self._last = 0

    def trials(self) -> tuple[Trial, ...]:
        with self._lock:
            return tuple(reversed(self._trials.values()))

    def trial(self, number: int) -> Trial | None:
        with self._lock:
            return self._trials.get(number)

    def start(self, tried: Tried, by: str, started_us: int) -> Trial | None:
        with self._lock:
            if sum(trial.goes_on for trial in self._trials.values()) >= GOING_ON_MAX:
                return None
            self._last += 1
            trial = Trial(number=self._last, tried=tried, by=by, started_us=started_us, state=TrialState.RUNNING)
            self._trials[trial.number] = trial
            self._forget_oldest()
            child = self._children[trial.number] = _Child(
                self._directory, tried, partial(self._hear, trial.number), partial(self._hear_end, trial.number)
            )
        child.start()
        return trial

    def end(self, number: int) -> None:
        with self._lock:
            child, trial = self._children.get(number), self._trials.get(number)
            if child is None or trial is None or not trial.goes_on:
                return
            self._trials[number] = replace(trial, state=TrialState.CANCELLED)
        child.end()

    def close(self) -> None:
        """End them all, and wait until they have."""
        for trial in self.trials():
            self.end(trial.number)
        for child in tuple(self._children.values()):
            child.join(END_S)

    def _forget_oldest(self) -> None:
        for number in [number for number, trial in self._trials.items() if not trial.goes_on][:-KEPT_MAX]:
            del self._trials[number]
            self._children.pop(number, None)

    def _hear(self, number: int, told: Progress | Report) -> None:
        with self._lock:
            trial = self._trials.get(number)
            if trial is None or not trial.goes_on:
                return
            if isinstance(told, Progress):
                self._trials[number] = replace(trial, progress=told)
            else:
                state = TrialState.FOLLOWING if trial.tried.follows else trial.state
                self._trials[number] = replace(trial, report=told, state=state)

    def _hear_end(self, number: int, status: int, said: str) -> None:
        with self._lock:
            trial = self._trials.get(number)
            if trial is None or not trial.goes_on:
                return
            if status == 0 and trial.report is not None:
                self._trials[number] = replace(trial, state=TrialState.DONE)
            else:
                self._trials[number] = replace(trial, state=TrialState.FAILED, problem=said)


class _Child(threading.Thread):
    """One trial's process."""

    def __init__(
        self,
        directory: Path,
        tried: Tried,
        heard: Callable[[Progress | Report], None],
        ended: Callable[[int, str], None],
    ) -> None:
        """`heard` is given what it tells, `ended` its exit status and its last words."""
        super().__init__(name="lab", daemon=True)
        self._directory, self._tried, self._heard, self._ended = directory, tried, heard, ended
        self._ending = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def end(self) -> None:
        self._ending.set()
        if self._process is not None:
            self._process.terminate()

    def run(self) -> None:
        with tempfile.TemporaryDirectory(prefix="evenhand-lab-") as folder:
            log = Path(folder) / "log"
            with log.open("w") as errors:
                status = self._play(Path(folder), errors.fileno())
            lines = log.read_text("utf-8", "replace").splitlines()
        said = next((line.removeprefix("evenhand: ") for line in reversed(lines) if line.strip()), "it left no word")
        self._ended(status, said)

    def _play(self, folder: Path, errors: int) -> int:
        command = self._command(folder)
        self._process = process = subprocess.Popen(  # noqa: S603  (our own program)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0
        )
        if self._ending.is_set():  # before there was anything to tell it to
            process.terminate()
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                with contextlib.suppress(msgspec.DecodeError):  # cut off as it was told to end
                    self._heard(_LINES.decode(line))
        return process.wait()

    def _command(self, folder: Path) -> list[str]:
        tried = self._tried
        yielding = ["nice", "-n", str(YIELDS)]
        asked = ["--follow" if tried.follows else "--lines"]
        if tried.rules is None:
            asked.append("--as-sold")
        else:
            draft = folder / "draft.json"
            draft.write_bytes(tried.rules.canonical())
            asked.append(str(draft))
        chosen = {
            "--program": tried.program,
            "--phase": tried.phase,
            "--bought-from": tried.bought_from,
            "--bought-before": tried.bought_before,
        }
        asked += [f"{option}={value}" for option, value in chosen.items() if value]
        return [*yielding, *own_program(_CHILD, "lab", "--data-dir", str(self._directory), *asked)]
