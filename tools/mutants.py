"""Mutants: one comparison of the rules is turned at a time, and some test must fail for it.

    .venv/bin/python tools/mutants.py [--only NAME ...] [--workers N] [--seconds N]

Tools from the registry mutate what Python has: they would leave most boundaries alone, which rules write as `calc.is_below(...)`, and
spend their time on the words of workings. Here the tests are collected once. Each mutant is a fork of that process in which the code of
one file's functions was exchanged in memory, no file is touched, and only the tests that reach the changed lines run, the quickest first.
"""

import argparse
import ast
import copy
import gc
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

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

TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
CALLED = {
    "is_below": ("is_at_or_below", "is_at_or_above"), "is_at_or_below": ("is_below", "is_above"),
    "is_above": ("is_at_or_above", "is_at_or_below"), "is_at_or_above": ("is_above", "is_below"),
    "plus": ("minus",), "minus": ("plus",), "lowest": ("highest",), "highest": ("lowest",),
    "min": ("max",), "max": ("min",), "any": ("all",), "all": ("any",),
    "divided_rounded_down": ("divided_rounded_up",), "divided_rounded_up": ("divided_rounded_down",),
    "divided_rounded_half_away": ("divided_rounded_down", "divided_rounded_up"),
}  # fmt: skip
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add}


class Mutant(NamedTuple):
    """`place`: which node of the file's tree is replaced by `now`."""

    path: Path
    lines: range
    place: int
    was: str
    now: ast.expr

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.lines.start}  {self.was}  ->  {ast.unparse(self.now)}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All of one file, in a fixed order."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    asked = {id(test) for node in nodes for test in _conditions(node)}
    for place, node in enumerate(nodes):
        if isinstance(node, ast.expr):
            for now in (*_turned(node), *_denied(node, is_asked=id(node) in asked)):
                assert node.end_lineno is not None, "nodes that were parsed have lines"
                yield Mutant(path, range(node.lineno, node.end_lineno + 1), place, ast.unparse(node), now)


def _conditions(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If() | ast.IfExp() | ast.While():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case ast.match_case(guard=ast.expr() as guard):
            return [guard]
        case _:
            return []


def _turned(node: ast.expr) -> Iterator[ast.expr]:
    """The node with one operator, or the operation that it calls, exchanged."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in TURNED[type(operator)]:
                    yield _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
        case ast.BoolOp(op=operator) | ast.BinOp(op=operator) if type(operator) in SWAPPED:
            yield _with(node, op=SWAPPED[type(operator)]())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Call(func=ast.Attribute(attr=name)) if name in CALLED:
            for other in CALLED[name]:
                yield _with(node, func=_with(node.func, attr=other))
        case ast.Call(func=ast.Name(id=name)) if name in CALLED:
            for other in CALLED[name]:
                yield _with(node, func=_with(node.func, id=other))


def _denied(node: ast.expr, *, is_asked: bool) -> Iterator[ast.expr]:
    """The opposite of a condition that holds no operator to turn."""
    if is_asked and next(_turned(node), None) is None:
        yield ast.copy_location(ast.UnaryOp(ast.Not(), node), node)


def _with(node: Any, **fields: object) -> Any:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


class _Replacing(ast.NodeTransformer):
    def __init__(self, node: ast.AST, now: ast.expr) -> None:
        self._node, self._now = node, now

    def visit(self, node: ast.AST) -> ast.AST:
        return self._now if node is self._node else super().visit(node)


def become(mutant: Mutant) -> None:
    """Exchange the code of all live functions of the file, in this process."""
    tree = ast.parse(mutant.path.read_text())
    tree = ast.fix_missing_locations(_Replacing(list(ast.walk(tree))[mutant.place], mutant.now).visit(tree))
    codes = {_key(code): code for code in _codes(compile(tree, str(mutant.path), "exec"))}
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == str(mutant.path):
            function.__code__ = codes[_key(function.__code__)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes(const)


def _key(code: CodeType) -> tuple[str, int, tuple[str, ...]]:
    return code.co_qualname, code.co_firstlineno, code.co_varnames


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
                _say(f"fails without any mutant: {item.nodeid}")
                os._exit(FAILED)
            took.append(time.perf_counter() - began)
        with os.fdopen(writer, "w") as out:
            json.dump([{line: sorted(tests) for line, tests in reached.items()}, took], out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    if os.wait()[1]:
        raise pytest.exit.Exception("nothing can be said of mutants", returncode=FAILED)
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
