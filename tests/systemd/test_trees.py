"""Trees of the program: each can be read by the service whoever lays it, and the one that still runs is never removed."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.installation import machine
from appliance.installation.machine import Layout, apply
from appliance.installation.pieces import Link
from appliance.installation.program import CURRENT, HOME, INTERPRETER, SITE, Program, _digest

pytestmark = pytest.mark.skipif(not INTERPRETER.exists(), reason=f"no {INTERPRETER} here, which the service runs on")


def release(text: str) -> Program:
    texts = {"share/page.md": text.encode(), f"{SITE}/room/one.py": b"ONE = 1\n", "bin/evenhand": b"#!/bin/sh\n"}
    return Program({}, texts, _digest({}, texts))


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_tree_that_was_laid_by_a_secretive_root_can_be_read_by_the_service(tmp_path: Path) -> None:
    program = release("A")
    with umask(0o077):
        program.lay(tmp_path)
        assert os.umask(0o077) == 0o077
    assert program.is_laid(tmp_path)
    tree = tmp_path / program.home.relative_to("/")
    assert list(tree.rglob("__pycache__/one.*.pyc"))
    modes = {path: path.lstat().st_mode for path in (tree, *tree.rglob("*"))}
    closed = [path for path, mode in modes.items() if not stat.S_ISLNK(mode) and mode & 0o044 != 0o044]
    assert closed == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda tree: (tree / "bin/python").unlink(), id="no interpreter"),
        pytest.param(
            lambda tree: [(tree / "bin/python").unlink(), (tree / "bin/python").symlink_to("/bin/sh")], id="another"
        ),
        pytest.param(lambda tree: (tree / "share/page.md").chmod(0o600), id="a page that is root's alone"),
        pytest.param(lambda tree: next(tree.rglob("*.pyc")).chmod(0o600), id="compiled for root alone"),
        pytest.param(lambda tree: (tree / SITE / "room").chmod(0o700), id="a closed folder"),
        pytest.param(lambda tree: (tree / "share/page.md").chmod(0o666), id="a page that all may write"),
        pytest.param(lambda tree: (tree / "bin/evenhand").chmod(0o644), id="a command that does not run"),
    ],
)
def test_what_the_service_could_not_use_is_not_laid(tmp_path: Path, spoil: object) -> None:
    program = release("A")
    program.lay(tmp_path)
    assert program.is_laid(tmp_path)
    spoil(tmp_path / program.home.relative_to("/"))  # type: ignore[operator]
    assert not program.is_laid(tmp_path)
    program.lay(tmp_path)
    assert program.is_laid(tmp_path)


def test_after_a_way_back_the_release_that_runs_outlives_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_commands_due", lambda *_, **__: iter(()))
    a, b, c, d = map(release, "ABCD")

    def applied(program: Program) -> set[str]:
        plan = Layout(program, (), (Link(CURRENT, program.name),))
        monkeypatch.setattr(machine, "layout", lambda: plan)
        apply(tmp_path, dry=False)
        return {one.name for one in (tmp_path / HOME.relative_to("/")).iterdir() if not one.is_symlink()}

    assert applied(a) == {a.name}
    assert applied(b) == applied(b) == {a.name, b.name}
    assert applied(a) == {a.name, b.name}
    assert applied(c) == applied(c) == {a.name, c.name}, "it may still run from there"
    assert applied(d) == {c.name, d.name}
