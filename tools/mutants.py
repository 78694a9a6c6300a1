"""Mutants: one comparison of the rules is turned at a time, and some test must fail for it.

    python tools/mutants.py [--only NAME ...] [--workers N] [--seconds N]

The tests are collected once. Each mutant is a fork of that process in which the code of one file's functions was exchanged in memory,
so that no file is touched, and only the tests that reach the changed lines run, the quickest first. Exits 1 below the goal.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from mutations import Mutant, become, mutants_of

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "firm" / "rules"
TESTS = (
    "tests/firm", "tests/actors/test_conduct.py", "tests/actors/test_guards.py",
    *(f"tests/appliance/test_{name}.py" for name in (
        "conformance_kit", "conformance_objectives", "conduct_vectors", "payout_vectors", "payout_floor_vectors")),
)  # fmt: skip
GOAL = 0.95
SURVIVED, UNREACHED = "survived", "reached by no test"
FAILED = 1  # what a fork ends with in which a test failed


class Mutating:
    """A plugin of pytest: in place of running the tests once, runs those that reach a mutant, for each."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._reached: dict[tuple[str, int], set[int]] = {}
        self._took: list[float] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        # The same examples for every mutant, and none that an earlier mutant left behind.
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", derandomize=True, database=None, deadline=None, phases=phases)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        chosen = self._options.only
        paths = [path for path in sorted(RULES.glob("*.py")) if not chosen or path.stem in chosen]
        mutants = [mutant for path in paths for mutant in mutants_of(path)]
        _say(f"{len(session.items)} tests, {len(mutants)} mutants of {len(paths)} files")
        self._reached, self._took = _learn(session.items)
        session.testsfailed = 0 if tell(mutants, self._run(session.items, mutants)) else 1
        return True

    def _run(self, items: list[pytest.Item], mutants: list[Mutant]) -> dict[int, str]:
        """What became of each: killed, out of time, survived, or reached by no test."""
        ended: dict[int, str] = {}
        running: dict[int, int] = {}
        waiting = list(reversed(range(len(mutants))))
        while waiting or running:
            while waiting and len(running) < self._options.workers:
                number = waiting.pop()
                tests = self._tests_of(mutants[number])
                if tests:
                    running[self._fork([items[test] for test in tests], mutants[number])] = number
                else:
                    ended[number] = UNREACHED
            if running:
                pid, status = os.wait()
                number = running.pop(pid)
                ended[number] = _outcome(status)
        return ended

    def _tests_of(self, mutant: Mutant) -> list[int]:
        reach = {test for line in mutant.lines for test in self._reached.get((str(mutant.path), line), ())}
        return sorted(reach, key=self._took.__getitem__)

    def _fork(self, items: list[pytest.Item], mutant: Mutant) -> int:
        pid = os.fork()
        if pid:
            return pid
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(self._options.seconds)
        become(mutant)
        os._exit(0 if all(map(_passes, items)) else FAILED)


def _learn(items: list[pytest.Item]) -> tuple[dict[tuple[str, int], set[int]], list[float]]:
    """Which tests reach which lines of the rules, and how long each takes in seconds: one run as it is, in a process of its own."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        reached: defaultdict[str, set[int]] = defaultdict(set)
        took = []
        for number, item in enumerate(items):
            began = time.perf_counter()
            if not _traced(item, number, reached):
                _say(f"fails without any mutant, and is left out: {item.nodeid}")
                for tests in reached.values():
                    tests.discard(number)
            took.append(time.perf_counter() - began)
        with os.fdopen(writer, "w") as out:
            json.dump([{line: sorted(tests) for line, tests in reached.items()}, took], out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    assert os.wait()[1] == 0, "the tests came to no end"
    lines, took = json.loads(text)
    places = {(path, int(line)): set(tests) for key, tests in lines.items() for path, line in [key.rsplit(":", 1)]}
    return places, took


def _traced(item: pytest.Item, number: int, reached: defaultdict[str, set[int]]) -> bool:
    def line(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            reached[f"{frame.f_code.co_filename}:{frame.f_lineno}"].add(number)
        return line

    def call(frame: FrameType, _event: str, _arg: object) -> Any:
        return line if frame.f_code.co_filename.startswith(str(RULES)) else None

    sys.settrace(call)
    try:
        return _passes(item)
    finally:
        sys.settrace(None)


def _passes(item: pytest.Item) -> bool:
    return not any(report.failed for report in runtestprotocol(item, nextitem=None, log=False))


def _outcome(status: int) -> str:
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGALRM, f"a mutant's process was ended by signal {os.WTERMSIG(status)}"
        return "out of time"
    return SURVIVED if os.WEXITSTATUS(status) == 0 else "killed"


def tell(mutants: list[Mutant], ended: dict[int, str]) -> bool:
    """Write what became of them, by file; whether that is the goal."""
    made, lived = Counter(mutant.path.name for mutant in mutants), Counter[str]()
    for number, outcome in sorted(ended.items()):
        if outcome in (SURVIVED, UNREACHED):
            lived[mutants[number].path.name] += 1
            _say(f"{outcome}: {mutants[number]}")
    for name in made:
        _say(f"| `{name}` | {made[name]} | {lived[name]} |")
    score = 1 - lived.total() / made.total()
    late = sum(outcome == "out of time" for outcome in ended.values())
    _say(f"{made.total() - lived.total()} of {made.total()} were noticed ({late} by never ending): {100 * score:.1f} %")
    return score >= GOAL


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", help="files of firm/rules by their names, without .py")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=120, help="how long the tests of one mutant may take")
    options = parser.parse_args()
    os.nice(19)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    return int(pytest.main([*TESTS, "-p", "no:cacheprovider", "-s"], [Mutating(options)]))


if __name__ == "__main__":
    raise SystemExit(main())
