"""The repository keeps its own rules: what STYLE.md asks and a machine can see, and what must never be committed."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

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


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


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
    for function in functions(path):
        assert function.end_lineno is not None
        length = function.end_lineno - function.lineno + 1
        assert length <= FUNCTION_LINES_MAX, f"{named(path)}: {function.name} has {length} lines"


def test_names_come_from_the_trade() -> None:
    for path in RUNTIME:
        assert not BANNED_WORDS & set(path.stem.split("_")), f"{named(path)} is named for nothing in particular"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in NAMED_ON_PURPOSE:
                words = {word.lower() for word in re.findall(r"[A-Z][a-z]*", node.name)}
                assert not BANNED_WORDS & words, f"{named(path)}: class {node.name}"


def test_every_file_begins_with_what_it_decides_or_owns() -> None:
    for path in PYTHON:
        if path.stat().st_size:
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{named(path)} has no first line"


def test_rooms_that_decide_know_no_float_clock_or_chance() -> None:
    banned = {"time", "random", "secrets", "uuid"}
    for path in RUNTIME:
        if path.relative_to(ROOT).parts[0] != "firm":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                assert not isinstance(node.value, float), f"{named(path)}:{node.lineno} holds a float"
            if isinstance(node, ast.Import):
                assert not banned & {name.name for name in node.names}, f"{named(path)}:{node.lineno}"
            if isinstance(node, ast.ImportFrom):
                assert node.module not in banned, f"{named(path)}:{node.lineno}"


def test_catch_alls_are_the_supervisors_alone_and_no_except_is_bare() -> None:
    catch_alls = []
    for path in RUNTIME:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{named(path)}:{node.lineno} catches everything"
                # One that only cleans up and raises again hides nothing.
                raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                if (
                    isinstance(node.type, ast.Name)
                    and node.type.id in {"Exception", "BaseException"}
                    and not raises_again
                ):
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
