"""Machine: everything that an installation lays, in its order, and the few commands that make Debian notice.

`root` is where the machine's file system lies: / on the machine itself, another folder for an image or a test. Under another
root nothing is started or stopped; systemd-sysusers and systemd-tmpfiles are told where it is.
"""

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from appliance.console import CommandRefused
from appliance.installation.pieces import Link, Piece, is_there, take_away, within
from appliance.installation.program import CURRENT, HOME, Program, gather, shared_files

LIVE = Path("/")
VENDOR = Path("/usr/local/lib")  # where systemd looks for what did not come in a Debian package
UNITS = VENDOR / "systemd" / "system"
USERS = VENDOR / "sysusers.d" / "evenhand.conf"
FOLDERS = VENDOR / "tmpfiles.d" / "evenhand.conf"
ENABLED = Path("/etc/systemd/system")
COMMAND = Path("/usr/local/bin/evenhand")
FIRM = Path("/var/lib/evenhand")
FIRM_MODE = 0o700
_OUR_NAME = re.compile(r"^Description=Evenhand: ", re.MULTILINE)
_OURS_BELOW = re.compile(r"evenhand-\.service\.d/hardening\.conf")
_WANTED_BY = re.compile(r"^WantedBy=(\S+)$", re.MULTILINE)


class Layout(NamedTuple):
    """What is laid: the program, then files, then links, each of which makes the ones before it count."""

    program: Program
    files: tuple[Piece, ...]
    links: tuple[Link, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """What is enabled."""
        return tuple(link.path.name for link in self.links if link.path.parent.suffix == ".wants")


def layout() -> Layout:
    files = tuple(Piece(_place_of(name), path.read_bytes()) for name, path in unit_files())
    wanted = tuple(
        Link(ENABLED / f"{target}.wants" / piece.path.name, str(piece.path))
        for piece in files
        for target in _WANTED_BY.findall(piece.content.decode())
    )
    program = gather()
    return Layout(program, files, (Link(CURRENT, program.name), Link(COMMAND, f"{CURRENT}/bin/evenhand"), *wanted))


def unit_files() -> Iterator[tuple[str, Path]]:
    for name, path in shared_files():
        folder, _, rest = name.partition("/")
        if folder == "systemd":
            yield rest, path


def apply(root: Path, *, dry: bool) -> list[str]:
    """Lay what is not as it should be; what was done, or with `dry` would be, a line each."""
    plan, done = layout(), []
    before = _current(root)
    if before not in ("", plan.program.name) and not dry:
        os.utime(within(root, HOME / before))  # the newest of those that are not current any more
    pieces: list[Program | Piece | Link] = [plan.program, *plan.files, *plan.links]
    for piece in pieces:
        if not piece.is_laid(root):
            done.append(f"lay {piece.home if isinstance(piece, Program) else piece.path}")
            if not dry:
                piece.lay(root)
    stale = _stale_programs(root, plan.program, before)
    for tree in stale:
        done.append(f"remove {HOME / tree.name}, {'cut short' if tree.name.startswith('.') else 'an earlier release'}")
        if not dry:
            shutil.rmtree(tree)
    units_changed = any(not line.startswith(f"lay {HOME}") for line in done)
    for command, why in _commands_due(root, units_changed=units_changed):
        done.append(why)
        if not dry:
            _run(command)
    return done


def remove(root: Path, *, dry: bool) -> list[str]:
    """Take away what `apply` laid, by whichever release. The firm's directory, its copies and its user stay."""
    links, files = _wants(root), _laid_files(root)
    units = [path.name for path in files if path.parent == UNITS]
    done = []
    if units and _is_running(root):
        done.append("stop what runs")
        if not dry:
            _run(["systemctl", "stop", *sorted(units, key=_doors_first)])
    for path in (*links, COMMAND, *files):
        if is_there(root, path):
            done.append(f"remove {path}")
            if not dry:
                take_away(root, path)
    for tree in (HOME, Path("/run/evenhand")):
        if within(root, tree).exists():
            done.append(f"remove {tree}")
            if not dry:
                shutil.rmtree(within(root, tree))
    if done and _is_running(root):
        done.append("let systemd read its units again")
        if not dry:
            _run(["systemctl", "daemon-reload"])
    return done


def has_firm(root: Path) -> bool:
    return (within(root, FIRM) / "evenhand.toml").exists()


def _place_of(name: str) -> Path:
    match name:
        case "evenhand.sysusers.conf":
            return USERS
        case "evenhand.tmpfiles.conf":
            return FOLDERS
        case _:
            return UNITS / name


def _current(root: Path) -> str:
    """The tree that `current` leads to; "" where it leads to none."""
    link = within(root, CURRENT)
    return link.readlink().name if link.is_symlink() and link.is_dir() else ""


def _stale_programs(root: Path, program: Program, before: str) -> list[Path]:
    """Trees that nothing needs any more. The one that was current last stays, for what still runs from it; after a way back to an
    earlier release that is not the one that was laid last. What was cut short goes.
    """
    home = within(root, HOME)
    if not home.is_dir():
        return []
    trees = [tree for tree in home.iterdir() if tree.is_dir() and not tree.is_symlink() and tree.name != program.name]
    cut_short = [tree for tree in trees if tree.name.startswith(".")]
    whole = sorted(
        (tree for tree in trees if tree not in cut_short),
        key=lambda tree: (tree.name == before, tree.stat().st_mtime_ns),
    )
    return [*cut_short, *whole[:-1]]


def _commands_due(root: Path, *, units_changed: bool) -> Iterator[tuple[list[str], str]]:
    elsewhere = [] if root == LIVE else [f"--root={root}"]
    if not _has_user(root):
        yield ["systemd-sysusers", *elsewhere, USERS.name], "make the user evenhand"
    if not _has_folders(root):
        yield ["systemd-tmpfiles", "--create", *elsewhere, FOLDERS.name], f"make {FIRM} and the service's empty root"
    if units_changed and _is_running(root):
        yield ["systemctl", "daemon-reload"], "let systemd read its units again"


def _has_user(root: Path) -> bool:
    passwd = within(root, Path("/etc/passwd"))
    return passwd.exists() and any(line.startswith("evenhand:") for line in passwd.read_text().splitlines())


def _has_folders(root: Path) -> bool:
    firm = within(root, FIRM)
    return (
        firm.is_dir()
        and stat.S_IMODE(firm.stat().st_mode) == FIRM_MODE
        and within(root, Path("/run/evenhand/root/lib")).is_symlink()
    )


def _laid_files(root: Path) -> list[Path]:
    """Units of ours with what lies in their folders, and the lists of users and folders, of this release or an earlier one."""
    found = []
    for place in sorted(within(root, UNITS).glob("evenhand*")):
        path = UNITS / place.name
        if place.is_dir():
            found += [
                path / one.name for one in sorted(place.iterdir()) if _OURS_BELOW.match(f"{path.name}/{one.name}")
            ]
        elif _is_ours(root, path):
            found.append(path)
    return [*found, USERS, FOLDERS]


def _is_ours(root: Path, unit: Path) -> bool:
    """Whether it is a unit that a release of ours laid: each says so. Somebody's own `evenhand-exporter.service` does not."""
    place = within(root, unit)
    return place.is_file() and _OUR_NAME.search(place.read_text(encoding="utf-8", errors="replace")) is not None


def _wants(root: Path) -> list[Path]:
    """Links that enable a unit of ours, of this release or an earlier one, or one of which only the link is left."""
    folder = within(root, ENABLED)
    found = sorted(folder.glob("*.wants/evenhand*")) if folder.is_dir() else []
    ours = []
    for place in found:
        unit = place.readlink() if place.is_symlink() else place
        if unit.parent == UNITS and (_is_ours(root, unit) or not is_there(root, unit)):
            ours.append(ENABLED / place.relative_to(folder))
    return ours


def _doors_first(unit: str) -> tuple[bool, str]:
    """A socket that still listens would start the service again."""
    return not unit.endswith(".socket"), unit


def _is_running(root: Path) -> bool:
    """Whether systemd is this machine's first process and `root` is its own."""
    return root == LIVE and Path("/run/systemd/system").is_dir()


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own words)
    except FileNotFoundError as missing:
        raise CommandRefused(f'{command[0]} is missing: run "apt-get install systemd" first') from missing
    if done.returncode:
        raise CommandRefused(
            f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()}; mend it and apply again"
        )


def require_power_over(root: Path) -> None:
    """Raises CommandRefused for anybody but root, where it is the machine itself."""
    if root == LIVE and os.geteuid() != 0:
        raise CommandRefused("only root may lay units on a machine: run it with sudo, or look with --dry-run")
