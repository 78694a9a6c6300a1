"""Installing: what is laid, that doing it again changes nothing, and that removing leaves what is the firm's."""

import argparse
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.commands.install import run
from appliance.installation.machine import layout
from appliance.installation.program import INTERPRETER

pytestmark = [
    pytest.mark.skipif(not INTERPRETER.exists(), reason=f"no {INTERPRETER} here, which the service runs on"),
    pytest.mark.skipif(
        shutil.which("systemd-sysusers") is None or os.geteuid() != 0,
        reason="systemd-sysusers and systemd-tmpfiles, run by root, make the user and its directory",
    ),
]


def install(root: Path, **what: bool) -> int:
    chosen = {"dry_run": False, "apply": False, "remove": False, **what}
    return run(argparse.Namespace(root=root, **chosen))


def everything(root: Path) -> dict[str, tuple[int, int, int]]:
    """Each file and link with its mode, time and inode: what any change would change."""
    found = {}
    for path in sorted(root.rglob("*")):
        state = path.lstat()
        found[str(path.relative_to(root))] = (state.st_mode, state.st_mtime_ns, state.st_ino)
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine with nothing on it, on which it was installed once."""
    root = tmp_path_factory.mktemp("machine")
    assert install(root, apply=True) == 0
    yield root
    shutil.rmtree(root)


def test_a_second_apply_changes_nothing_and_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(root)
    assert install(root, apply=True) == 0
    assert capsys.readouterr().out == "nothing changed: everything is in place\n"
    assert everything(root) == before


def test_a_dry_run_tells_what_is_amiss_and_mends_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit = root / "usr/local/lib/systemd/system/evenhand.service"
    kept = unit.read_bytes()
    unit.write_bytes(kept + b"# changed by hand\n")
    before = everything(root)
    assert install(root, dry_run=True) == 0
    assert capsys.readouterr().out == "would lay /usr/local/lib/systemd/system/evenhand.service\n"
    assert everything(root) == before
    assert install(root, apply=True) == 0
    assert unit.read_bytes() == kept


@pytest.mark.soak  # it lays a whole tree again
def test_a_damaged_program_is_laid_anew(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = (root / "opt/evenhand/current").resolve()
    damaged = tree / "lib" / INTERPRETER.name / "site-packages" / "firm" / "money.py"
    kept = damaged.read_bytes()
    damaged.write_bytes(kept.replace(b"def ", b"def  ", 1))
    assert install(root, apply=True) == 0
    assert f"lay /opt/evenhand/{tree.name}\n" in capsys.readouterr().out
    assert damaged.read_bytes() == kept


def test_the_user_and_the_firms_directory_are_made_for_it_alone(root: Path) -> None:
    [user] = [line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("evenhand:")]
    assert user.endswith(":/var/lib/evenhand:/usr/sbin/nologin")
    firm = (root / "var/lib/evenhand").stat()
    assert (firm.st_mode & 0o777, str(firm.st_uid)) == (0o700, user.split(":")[2])


def test_what_is_laid_runs_without_the_checkout(root: Path) -> None:
    tree = (root / "opt/evenhand/current").resolve()
    told = subprocess.run(
        [tree / "bin/python", "-P", "-s", "-m", "appliance", "--version"],
        capture_output=True, text=True, check=True, cwd="/", env={},
    )  # fmt: skip
    assert told.stdout.startswith("evenhand ")
    called = subprocess.run(
        ["sh", tree / "share/evenhand/backups/nightly.sh"],
        capture_output=True, text=True, check=True, cwd="/", env={"EVENHAND": "echo"},
    )  # fmt: skip
    assert called.stdout == "backup --data-dir /var/lib/evenhand\n"
    # Nothing that only tests need came along.
    assert not list(tree.glob("lib/*/site-packages/pytest*"))


def test_every_unit_that_wants_to_start_is_enabled(root: Path) -> None:
    assert set(layout().units) == {
        "evenhand.service", "evenhand.socket", "evenhand-gateway.socket", "evenhand-backup.timer",
        "evenhand-backup-check.timer", "evenhand-rehearse.timer", "evenhand-keys.timer",
        "evenhand-ship.service",
    }  # fmt: skip
    for link in (root / "etc/systemd/system").glob("*.wants/*"):
        assert (root / str(link.readlink()).lstrip("/")).exists()


def test_removing_leaves_the_firm_and_nothing_else(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "var/lib/evenhand/ledger.db").write_text("the book")
    assert install(root, remove=True) == 0
    told = capsys.readouterr().out
    assert told.endswith("left as they are: /var/lib/evenhand, /var/backups/evenhand and the user evenhand\n")
    left = [path for path in root.rglob("*") if "evenhand" in str(path.relative_to(root))]
    assert sorted(str(path.relative_to(root)) for path in left) == [
        "var/backups/evenhand", "var/lib/evenhand", "var/lib/evenhand/ledger.db",
    ]  # fmt: skip
    assert install(root, remove=True) == 0
    assert capsys.readouterr().out.startswith("nothing to remove")
