"""Program: the files that make up a release on a machine, gathered from a checkout or an installed wheel, and laid as one tree.

A tree is named by the hash of all that is in it, so an upgrade is a new tree beside the old and one link that turns: what runs
keeps the files it began with. The packages come from the environment that runs this, as the lock pinned them; nothing is fetched.
"""

import ctypes
import hashlib
import importlib.metadata as metadata
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import appliance
from appliance.console import CommandRefused
from appliance.installation.pieces import FOLDER_MODE, PLAIN_MODE, make_folders, sync, within

HOME = Path("/opt/evenhand")
CURRENT = HOME / "current"
ROOMS = ("firm", "storage", "actors", "bridges", "web", "backups", "appliance")
NAME_LENGTH = 16
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
INTERPRETER = Path("/usr/bin") / PYTHON
SITE = f"lib/{PYTHON}/site-packages"
LINK, COMMAND = "bin/python", "bin/evenhand"
COMPILED = "COMPILED"  # of a tree: what was compiled, which its name says nothing of and the interpreter never compares
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?[^;]*(?:;(.*))?$")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


class Program(NamedTuple):
    """A release, by the place of each file in its tree. `sources`: those to copy, and from where; `texts`: those held here."""

    sources: dict[str, Path]
    texts: dict[str, bytes]
    name: str

    @property
    def home(self) -> Path:
        return HOME / self.name

    def is_laid(self, root: Path) -> bool:
        """Every file is there and is the one that is meant, and so is all that was compiled; and the service can read it."""
        tree = within(root, self.home)
        places = {place: tree / place for place in (*self.sources, *self.texts)}
        if not all(path.is_file() for path in places.values()) or _name_of(places) != self.name:
            return False
        noted, link = tree / COMPILED, tree / LINK
        if not noted.is_file() or noted.read_bytes() != _compiled_in(tree):
            return False
        return link.is_symlink() and link.readlink() == INTERPRETER and _is_open_to_all(tree)

    def lay(self, root: Path) -> None:
        """Appears with one rename once all of it is on the disk, compiled, for the service cannot write here."""
        tree = within(root, self.home)
        make_folders(tree.parent)
        fresh, aside = tree.with_name(f".{self.name}.new"), tree.with_name(f".{self.name}.old")
        shutil.rmtree(fresh, ignore_errors=True)
        for place, source in self.sources.items():
            _copy(source.read_bytes(), fresh / place)
        for place, text in self.texts.items():
            _copy(text, fresh / place)
        (fresh / LINK).symlink_to(INTERPRETER)
        (fresh / COMMAND).chmod(FOLDER_MODE)
        self._compile(fresh)
        _copy(_compiled_in(fresh), fresh / COMPILED)
        _sync_file_system(fresh)
        shutil.rmtree(aside, ignore_errors=True)
        if tree.exists():  # to remove it takes long, and meanwhile `current` would lead nowhere
            tree.rename(aside)
        fresh.replace(tree)
        sync(tree.parent)
        shutil.rmtree(aside, ignore_errors=True)

    def _compile(self, fresh: Path) -> None:
        how: list[str | Path] = ["-m", "compileall", "-q", "-x", "/tests?/", "--invalidation-mode", "unchecked-hash"]
        subprocess.run(  # noqa: S603  (our own words)
            [INTERPRETER, *how, "-s", fresh, "-p", self.home, fresh / SITE],
            check=False,  # what does not compile is some package's sample, which nothing imports
            capture_output=True,
            umask=FOLDER_MODE ^ 0o777,  # whatever root's own is: the service is another user
        )


def gather() -> Program:
    """The release that runs this. Raises CommandRefused where the machine lacks its interpreter."""
    if not INTERPRETER.exists():
        raise CommandRefused(
            f"{INTERPRETER} is missing, and the service shall not depend on {sys.base_prefix}: "
            f'run "apt-get install {PYTHON}", or this with an interpreter that Debian has'
        )
    sources = {f"{SITE}/{place}": path for place, path in _packages()}
    # Our own files are read once: in a checkout somebody may be writing them.
    texts = {f"{SITE}/{place}": path.read_bytes() for place, path in _own_rooms()}
    texts |= {f"share/evenhand/{place}": path.read_bytes() for place, path in shared_files()}
    texts |= {
        "pyvenv.cfg": f"home = {INTERPRETER.parent}\ninclude-system-site-packages = false\n".encode(),
        COMMAND: f"#!{CURRENT}/bin/python -Ps\nimport sys\n\nfrom appliance.cli import main\n\nsys.exit(main())\n".encode(),
    }
    version, wanted = _own_metadata()
    lines = [f"Name: evenhand\nVersion: {version}\n", *(f"Requires-Dist: {line}\n" for line in wanted)]
    texts[f"{SITE}/evenhand-{version}.dist-info/METADATA"] = "".join(["Metadata-Version: 2.1\n", *lines]).encode()
    return Program(sources, texts, _digest(sources, texts))


def shared_files() -> Iterator[tuple[str, Path]]:
    """Units, the scripts that they run, and the pages, from the checkout or from where a wheel puts them."""
    checkout = Path(appliance.__file__).parents[1]
    if (checkout / "systemd" / "evenhand.service").exists():
        folder, pages = checkout / "systemd", checkout / "docs" / "operating"
    else:
        folder = Path(sysconfig.get_path("data")) / "share" / "evenhand" / "systemd"
        pages = folder.parent
    if not (folder / "evenhand.service").exists():
        raise CommandRefused(f"{folder} has no units: install from a checkout or from the wheel as it was built")
    for page in sorted(pages.glob("*.md")):
        yield page.name, page
    for script in sorted((folder.parent / "backups").glob("*.sh")):
        yield f"backups/{script.name}", script
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"systemd/{path.relative_to(folder)}", path


def _own_metadata() -> tuple[str, list[str]]:
    """Version and requirements: a checkout's own, since what was noted when it was set up may be of an earlier day."""
    project = Path(appliance.__file__).parents[1] / "pyproject.toml"
    if project.exists():
        told = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return told["version"], sorted(told["dependencies"])
    asked = metadata.distribution("evenhand").requires or ()
    return metadata.version("evenhand"), sorted(line for line in asked if not _EXTRA.search(line))


def _own_rooms() -> Iterator[tuple[str, Path]]:
    top = Path(appliance.__file__).parents[1]
    for room in ROOMS:
        for path in sorted((top / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".sh":  # those are shared
                yield str(path.relative_to(top)), path


def _packages() -> Iterator[tuple[str, Path]]:
    """The files of everything that runs with us, and nothing that only tests need."""
    for distribution in _required():
        for file in distribution.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                yield str(file), Path(str(distribution.locate_file(file)))


def _required() -> list[metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    asked: set[tuple[str, str]] = set()
    waiting = list(_asked_for(_own_metadata()[1], set()))
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in asked:
            continue
        asked.add((name, extras))
        distribution = found.setdefault(name, metadata.distribution(name))
        waiting += _asked_for(distribution.requires or (), set(extras.replace(" ", "").split(",")))
    return list(found.values())


def _asked_for(requirements: Iterable[str], extras: set[str]) -> Iterator[tuple[str, str]]:
    for line in requirements:
        matched = _REQUIREMENT.match(line)
        assert matched is not None, line
        name, wanted, marker = matched[1], matched[2] or "", matched[3] or ""
        if set(_EXTRA.findall(marker)) - extras:
            continue
        name = re.sub(r"[-_.]+", "-", name).lower()
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if not marker:  # one with a marker is for another system or Python
                raise
            continue
        yield name, wanted


def _digest(sources: dict[str, Path], texts: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for place in sorted({*sources, *texts}):
        content = texts[place] if place in texts else sources[place].read_bytes()
        whole.update(f"{place}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()[:NAME_LENGTH]


def _name_of(places: dict[str, Path]) -> str:
    return _digest(places, {})


def _compiled_in(tree: Path) -> bytes:
    """One line that names every compiled file in a tree with its content."""
    found = {str(path.relative_to(tree)): path for path in tree.rglob("__pycache__/*.pyc")}
    return f"{len(found)} {_name_of(found)}\n".encode()


def _is_open_to_all(tree: Path) -> bool:
    """As it was laid: all may read it, and nobody but its owner may write."""
    for path in (tree, *tree.rglob("*")):
        found = path.lstat().st_mode
        runs = stat.S_ISDIR(found) or path == tree / COMMAND
        if not stat.S_ISLNK(found) and found & 0o777 != (FOLDER_MODE if runs else PLAIN_MODE):
            return False
    return True


def _sync_file_system(of: Path) -> None:
    """Else a power cut after the rename could leave files that are cut, under a name that says they are whole. All at once: a
    tree has ten thousand of them.
    """
    descriptor = os.open(of, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            failed = ctypes.get_errno()
            raise OSError(failed, os.strerror(failed), str(of))
    finally:
        os.close(descriptor)


def _copy(content: bytes, place: Path) -> None:
    make_folders(place.parent)
    place.write_bytes(content)
    place.chmod(PLAIN_MODE)
