"""The engine digest: the same for the same engine, another for anything that could decide otherwise."""

import shutil
import zoneinfo
from pathlib import Path

import pytest

import firm
from appliance import digest
from appliance.digest import engine_digest, engine_listing, source_lines


@pytest.fixture
def room(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Path(firm.__path__[0]), tmp_path / "firm"))


def test_the_digest_is_hex_sha256_and_steady() -> None:
    engine_digest.cache_clear()
    first = engine_digest()
    engine_digest.cache_clear()
    assert engine_digest() == first
    assert len(bytes.fromhex(first)) == 32


def test_the_listing_names_rules_desks_python_and_libraries() -> None:
    names = [line.split("  ")[-1] for line in engine_listing().splitlines()]
    assert {"firm/money.py", "firm/rules/__init__.py", "actors/arrival.py"} <= set(names)
    assert [line.split()[0] for line in engine_listing().splitlines()[-6:]] == [
        "python",
        "immutables",
        "msgspec",
        "numpy",
        "tzdata",
        "zones",
    ]


def test_a_copy_elsewhere_has_the_same_lines(room: Path) -> None:
    assert source_lines(room) == source_lines(Path(firm.__path__[0]))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda room: (room / "money.py").write_bytes((room / "money.py").read_bytes() + b"\n"), id="one byte more"
        ),
        pytest.param(lambda room: (room / "money.py").rename(room / "cash.py"), id="another name"),
        pytest.param(lambda room: (room / "rules" / "new.py").write_bytes(b""), id="an empty file more"),
        pytest.param(lambda room: (room / "money.py").unlink(), id="a file less"),
    ],
)
def test_any_change_to_the_sources_shows(room: Path, change) -> None:
    before = source_lines(room)
    change(room)
    assert source_lines(room) != before


def test_compiled_files_and_notes_do_not_count(room: Path) -> None:
    before = source_lines(room)
    (room / "__pycache__").mkdir(exist_ok=True)
    (room / "__pycache__" / "money.cpython-311.pyc").write_bytes(b"x")
    (room / "README.md").write_text("x")
    assert source_lines(room) == before


def test_another_library_or_another_source_of_zones_is_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine_listing()
    monkeypatch.setattr(digest, "version", lambda name: "9.9")
    other_libraries = engine_listing()
    monkeypatch.undo()
    monkeypatch.setattr(zoneinfo, "TZPATH", ("/elsewhere",))
    assert len({before, other_libraries, engine_listing()}) == 3
