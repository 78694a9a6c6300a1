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
from appliance.installation.program import INTERPRETER, SITE, Program

PAGES = Path(__file__).resolve().parents[2] / "docs" / "operating"

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


def test_what_was_compiled_and_cut_by_a_power_cut_is_laid_anew(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The interpreter never compares it with its source: such a file ends every start with EOFError."""
    tree = (root / "opt/evenhand/current").resolve()
    [damaged] = (tree / "lib" / INTERPRETER.name / "site-packages" / "firm" / "__pycache__").glob("money.*.pyc")
    with damaged.open("r+b") as file:
        file.truncate(100)
    assert install(root, dry_run=True) == 0
    assert f"would lay /opt/evenhand/{tree.name}\n" in capsys.readouterr().out
    assert install(root, apply=True) == 0
    assert damaged.stat().st_size > 100
    assert [path.name for path in tree.parent.iterdir() if path.name.startswith(".")] == []


def test_a_tree_is_on_the_disk_before_it_gets_its_name_and_the_old_one_stays_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    monkeypatch.setattr("appliance.installation.program.sync", synced.add)
    monkeypatch.setattr(
        "appliance.installation.program._sync_file_system", lambda of: synced.update({of, *of.rglob("*")})
    )
    small = Program({}, {"share/page.md": b"page", f"{SITE}/one.py": b"", "bin/evenhand": b""}, "0123")
    tree, fresh = tmp_path / "opt/evenhand/0123", tmp_path / "opt/evenhand/.0123.new"
    (tree / "bin").mkdir(parents=True)
    (tree / "old").write_text("")
    renamed: list[tuple[str, str]] = []
    move = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if target == tree:
            assert {path, *path.rglob("*")} <= synced, "named before it was on the disk"
        elif path == tree:
            assert fresh.is_dir(), "moved aside before there was another"
        renamed.append((path.name, target.name))
        return move(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(Path, "replace", rename)
    small.lay(tmp_path)
    assert renamed == [("0123", ".0123.old"), (".0123.new", "0123")]
    assert list((tree / SITE / "__pycache__").glob("one.*.pyc"))
    assert not (tree / "old").exists()
    assert [path.name for path in tree.parent.iterdir()] == ["0123"]
    assert tree.parent in synced


def test_the_pages_lie_where_the_installed_program_says_that_they_are(root: Path) -> None:
    tree = (root / "opt/evenhand/current").resolve()
    told = subprocess.run(
        [tree / "bin/python", "-P", "-s", "-c", "from appliance.alarms.notice import RUNBOOKS; print(RUNBOOKS)"],
        capture_output=True, text=True, check=True, cwd="/", env={},
    ).stdout.strip()  # fmt: skip
    assert told == str(tree / "share/evenhand/runbooks.md")
    assert (laid := {page.name: page.read_bytes() for page in PAGES.glob("*.md")})
    assert {page.name: page.read_bytes() for page in (tree / "share/evenhand").glob("*.md")} == laid


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
    of_others = [root / "usr/local/lib/systemd/system/evenhand-exporter.service", root / "etc/systemd/system/x.wants"]
    of_others.append(of_others[1] / "evenhand-exporter.service")
    of_others[0].write_text("[Unit]\nDescription=Figures of Evenhand\n")
    of_others[1].mkdir()
    of_others[2].symlink_to("/usr/local/lib/systemd/system/evenhand-exporter.service")
    earlier = of_others[0].with_name("evenhand-lists.timer")
    earlier.write_text("[Unit]\nDescription=Evenhand: lists, on time\n")
    of_others[1].joinpath("evenhand-lists.timer").symlink_to("/usr/local/lib/systemd/system/evenhand-lists.timer")
    assert install(root, remove=True) == 0
    told = capsys.readouterr().out
    assert told.endswith("left as they are: /var/lib/evenhand, /var/backups/evenhand and the user evenhand\n")
    left = [path for path in root.rglob("*") if "evenhand" in str(path.relative_to(root))]
    assert sorted(str(path.relative_to(root)) for path in left) == [
        "etc/systemd/system/x.wants/evenhand-exporter.service",
        "usr/local/lib/systemd/system/evenhand-exporter.service", "var/backups/evenhand", "var/lib/evenhand", "var/lib/evenhand/ledger.db",
    ]  # fmt: skip
    assert install(root, remove=True) == 0
    assert capsys.readouterr().out.startswith("nothing to remove")
