"""The repository keeps its own rules: what STYLE.md asks and a machine can see, and what must never be committed."""

import ast
import re
import subprocess
import tokenize
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("firm", "storage", "actors", "bridges", "web", "backups", "appliance")
LINES_MAX = 400
TEST_LINES_MAX = 600  # a table of cases may be long
FUNCTION_LINES_MAX = 50
# The verifier is handed to people who have nothing else of ours; the other one is a list of words, one idea.
LONG_ON_PURPOSE = {"tools/verify_evidence.py", "firm/inputs.py"}
# What a percentage is a percentage of: rulesets call it so.
NAMED_ON_PURPOSE = {"AmountBase"}
BANNED_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "service", "base", "data"}


def tracked() -> list[Path]:
    """What is committed or would be: ignored files apart."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = sorted({name for name in listed.stdout.decode().split("\0") if name})
    return [ROOT / name for name in names if (ROOT / name).is_file()]


FILES = tracked()
TEXTS = [
    path
    for path in FILES
    if path.suffix
    in {".py", ".md", ".html", ".css", ".js", ".sql", ".toml", ".sh", ".lock", ".txt", ".svg", ".service", ""}
    and "vendor" not in path.parts
]
PYTHON = [path for path in FILES if path.suffix == ".py"]
RUNTIME = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in ROOMS]
TESTS = [path for path in PYTHON if path.relative_to(ROOT).parts[0] == "tests"]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Seen(NamedTuple):
    """What these tests ask of a file. Lines are counted from one; `caught` has what an `except` names, and whether it raises that again."""

    functions: list[tuple[str, int]]  # each with how many lines it has
    classes: list[str]
    floats: list[int]  # the lines on which one stands
    imported: list[tuple[int, set[str]]]
    caught: list[tuple[int, str | None, bool]]


@cache  # to parse all files takes seconds, and several tests ask
def seen(path: Path) -> Seen:
    found = Seen([], [], [], [], [])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                assert node.end_lineno is not None
                found.functions.append((node.name, node.end_lineno - node.lineno + 1))
            case ast.ClassDef():
                found.classes.append(node.name)
            case ast.Constant(value=float()):
                found.floats.append(node.lineno)
            case ast.Import():
                found.imported.append((node.lineno, {name.name for name in node.names}))
            case ast.ImportFrom():
                found.imported.append((node.lineno, {node.module or ""}))
            case ast.ExceptHandler():
                named = "" if isinstance(node.type, ast.expr) else None  # several, or one of another module
                named = node.type.id if isinstance(node.type, ast.Name) else named
                last = node.body[-1]
                found.caught.append((node.lineno, named, isinstance(last, ast.Raise) and last.exc is None))
    return found


def first_line(path: Path) -> str:
    """The text that a file begins with; "" where something else comes first. No more of the file is read."""
    with path.open(encoding="utf-8") as file:
        tokens = (
            one for one in tokenize.generate_tokens(file.readline) if one.type not in (tokenize.COMMENT, tokenize.NL)
        )
        first, after = next(tokens), next(tokens, None)
    is_text = first.type == tokenize.STRING and first.string[0] in "\"'r"
    return ast.literal_eval(first.string).strip() if is_text and after and after.type == tokenize.NEWLINE else ""


def test_no_machine_path_registry_or_unfinished_mark_is_committed() -> None:
    # Put together here, so that this file does not find itself.
    forbidden = re.compile(
        "|".join(
            [
                "/" + "work" + "/",
                "/" + "home" + r"/(?!ada\b)\w",
                "py" + r"pi\.org",
                "pythonhosted" + r"\.org",
                "registry" + r"\.npmjs",
                "deb" + r"\.debian\.org",
                "index" + r"-url[= ]",
                r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b",
                "^(<" + "{7}|>" + "{7}) ",  # of a merge that was not finished
            ]
        )
    )
    for path in TEXTS:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not forbidden.search(line), f"{named(path)}:{number}: {line.strip()[:100]}"


def test_a_file_is_one_idea() -> None:
    for path in PYTHON:
        count = len(path.read_text(encoding="utf-8").splitlines())
        allowed = TEST_LINES_MAX if path in TESTS else LINES_MAX
        assert count <= allowed or named(path) in LONG_ON_PURPOSE, f"{named(path)} has {count} lines"


@pytest.mark.parametrize("path", RUNTIME, ids=named)
def test_a_function_is_no_wall(path: Path) -> None:
    for name, length in seen(path).functions:
        assert length <= FUNCTION_LINES_MAX, f"{named(path)}: {name} has {length} lines"


def test_names_come_from_the_trade() -> None:
    for path in RUNTIME:
        assert not BANNED_WORDS & set(path.stem.split("_")), f"{named(path)} is named for nothing in particular"
        for name in seen(path).classes:
            if name not in NAMED_ON_PURPOSE:
                words = {word.lower() for word in re.findall(r"[A-Z][a-z]*", name)}
                assert not BANNED_WORDS & words, f"{named(path)}: class {name}"


def test_every_file_begins_with_what_it_decides_or_owns() -> None:
    for path in PYTHON:
        if path.stat().st_size:
            assert first_line(path), f"{named(path)} has no first line"


def test_rooms_that_decide_know_no_float_clock_or_chance() -> None:
    banned = {"time", "random", "secrets", "uuid"}
    for path in RUNTIME:
        if path.relative_to(ROOT).parts[0] != "firm":
            continue
        assert not seen(path).floats, f"{named(path)} holds a float, on lines {seen(path).floats}"
        for line, modules in seen(path).imported:
            assert not banned & modules, f"{named(path)}:{line}"


def test_catch_alls_are_the_supervisors_alone_and_no_except_is_bare() -> None:
    catch_alls = []
    for path in RUNTIME:
        for line, caught, raises_again in seen(path).caught:
            assert caught is not None, f"{named(path)}:{line} catches everything"
            # One that only cleans up and raises again hides nothing.
            if caught in {"Exception", "BaseException"} and not raises_again:
                catch_alls.append(named(path))
    assert catch_alls == ["actors/engine.py", "actors/refolding.py", "appliance/seam.py"]


def test_tests_do_not_sleep_and_carry_no_package_files() -> None:
    # Polling a condition yields for an instant; waiting for time to pass does not belong in a test.
    slept = re.compile(r"\b(?:time|anyio|asyncio|trio)\." + r"sleep\((?!0\)|0\.0\d+\))")
    for path in TESTS:
        assert path.name != "__init__.py", named(path)
        if path.name.startswith(("test_", "conftest")):
            assert not slept.search(path.read_text(encoding="utf-8")), f"{named(path)} sleeps"


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in TESTS if path.name != "conftest.py"]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def test_the_lock_pins_every_dependency_at_the_version_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9._-]+==[^ ]+)", lock, re.MULTILINE)
    assert set(asked) <= set(pinned)
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)


def test_assertions_are_never_turned_off() -> None:
    for path in FILES:
        if path.name == "Makefile" or path.suffix in {".sh", ".service"}:
            assert not re.search(r"python3? .*-O\b|PYTHONOPTIMIZE", path.read_text(encoding="utf-8")), named(path)


def test_how_long_a_soak_lasts_is_read_in_one_place() -> None:
    """A second reader would take half a minute for no number, or know of no share."""
    asked = f'"EVENHAND_SOAK_{"MINUTES"}"'
    assert [named(path) for path in PYTHON if asked in path.read_text(encoding="utf-8")] == ["tests/soaked.py"]
