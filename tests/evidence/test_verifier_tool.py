"""The verifier as a trader runs it: one file, an old Python, no packages; and its Ed25519 against libsodium's."""

import ast
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import nacl.bindings
import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """With -I -S: no site packages, no environment, nothing of ours."""
    command = [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})


def test_it_runs_with_nothing_installed(story: Any, tmp_path: Path) -> None:
    file, kept = tmp_path / "evidence.json", tmp_path / "checkpoint.txt"
    decision = story.ada_breaks_her_daily_loss()
    note = story.checkpoint()
    kept.write_text(note, encoding="utf-8")
    file.write_bytes(story.bundle(decision, since=note))
    told = run(file, "--checkpoint", kept)
    assert (told.returncode, told.stderr) == (0, "")
    assert "it holds" in told.stdout


def test_a_reader_that_wants_only_its_beginning_is_no_file_that_cannot_be_read(story: Any, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(story.bundle(story.ada_breaks_her_daily_loss()))
    reading, writing = os.pipe()
    os.close(reading)  # as `| head -0` does
    command = [sys.executable, "-I", "-S", str(TOOL), str(file)]
    told = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (told.returncode, told.stderr) == (0, "")


def test_a_checkpoint_that_the_file_says_nothing_about_is_no_reason_to_doubt_the_file(
    story: Any, tmp_path: Path
) -> None:
    file, kept = tmp_path / "evidence.json", tmp_path / "checkpoint.txt"
    file.write_bytes(story.bundle(story.ada_breaks_her_daily_loss()))
    kept.write_text(story.checkpoint(), encoding="utf-8")
    told = run(file, "--checkpoint", kept)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"NOT COMPARED {file}: Everything in the file holds")


def test_it_says_what_does_not_hold_and_what_to_do(story: Any, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    raw = bytearray(story.bundle(story.ada_breaks_her_daily_loss()))
    raw[500] ^= 1
    file.write_bytes(raw)
    told = run(file)
    assert told.returncode == 1
    assert told.stderr.startswith(f"REFUSED {file}: ")
    assert "Traceback" not in told.stderr


def test_what_cannot_be_read_is_not_refused_but_not_checked(story: Any, tmp_path: Path) -> None:
    """1 is the word of the check itself; a script must be able to tell a slip of the finger from a forgery."""
    file, binary = tmp_path / "evidence.json", tmp_path / "checkpoint.bin"
    file.write_bytes(story.bundle(story.ada_breaks_her_daily_loss()))
    binary.write_bytes(b"\xff\xfe")
    for arguments in (
        [tmp_path / "missing.json"],
        [tmp_path],
        [file, "--checkpoint", tmp_path / "missing.txt"],
        [file, "--checkpoint", binary],
    ):
        told = run(*arguments)
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr.startswith("cannot read")
        assert "Traceback" not in told.stderr
    told = run("--help")
    assert "Exit status: 0 it holds; 1 refused, or not compared; 2 could not be checked" in " ".join(
        told.stdout.split()
    )


@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param("dead", "a key is 64 hex digits, you gave 4", id="too short"),
        pytest.param("ab" * 33, "a key is 64 hex digits, you gave 66", id="too long"),
        pytest.param("", "a key is 64 hex digits, you gave 0", id="none"),
        pytest.param("x" + "a" * 63, "a key is 64 hex digits, 'x' is none", id="no hex digit"),
        pytest.param("ä" * 64, "a key is 64 hex digits, 'ä' is none", id="no digit at all"),
    ],
)
def test_a_key_that_is_none_is_told_as_that(key: str, said: str, story: Any, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(story.bundle(story.ada_breaks_her_daily_loss()))
    told = run(file, "--key", key)
    assert (told.returncode, told.stdout) == (2, "")
    assert said in " ".join(told.stderr.split())


def test_a_key_may_be_typed_as_people_type(story: Any, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    raw = story.bundle(story.ada_breaks_her_daily_loss())
    file.write_bytes(raw)
    key = json.loads(raw)["key"]
    assert run(file, "--key", f" {key.upper()} ").returncode == 0
    told = run(file, "--key", key[::-1])
    assert (told.returncode, "this is not your firm's ledger" in told.stderr) == (1, True)


@pytest.mark.parametrize("part", [0, 1, 0.5, -2, -1], ids=["nothing", "a byte", "half", "all but two", "all but one"])
def test_a_download_that_was_cut_short_is_to_be_made_again_and_not_the_evidence(
    part: float, story: Any, tmp_path: Path
) -> None:
    file = tmp_path / "evidence.json"
    raw = story.bundle(story.ada_breaks_her_daily_loss())
    file.write_bytes(raw[: int(len(raw) * part) if isinstance(part, float) else part])
    told = run(file)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"REFUSED {file}: the file is incomplete: download it again\n"


def test_it_is_written_for_python_3_8_and_its_standard_library() -> None:
    tree = ast.parse(TOOL.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert imported <= sys.stdlib_module_names
    newer = {"pairwise", "removeprefix", "removesuffix", "bit_count"}
    assert not newer & {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_its_ed25519_agrees_with_libsodium(verifier: ModuleType) -> None:
    drawn = random.Random(8032)
    for length in range(0, 400, 13):
        public, secret = nacl.bindings.crypto_sign_seed_keypair(drawn.randbytes(32))
        message = drawn.randbytes(length)
        signature = nacl.bindings.crypto_sign(message, secret)[:64]
        assert verifier.ed25519_verify(public, message, signature)
        assert not verifier.ed25519_verify(public, message + b"x", signature)
        turned = bytearray(signature)
        turned[drawn.randrange(64)] ^= 1 << drawn.randrange(8)
        assert not verifier.ed25519_verify(public, message, bytes(turned))


def test_its_ed25519_knows_one_signature_only(verifier: ModuleType) -> None:
    """RFC 8032, 7.1, test 3; then the same with S + L, which a lax verifier takes."""
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verifier.ed25519_verify(public, bytes.fromhex("af82"), signature)
    again = int.from_bytes(signature[32:], "little") + verifier.ORDER
    assert not verifier.ed25519_verify(public, bytes.fromhex("af82"), signature[:32] + again.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "key",
    [
        pytest.param((1).to_bytes(32, "little"), id="the neutral point, under which anything is signed"),
        pytest.param(bytes(32), id="a point of order four"),
        pytest.param((2**255 - 19 + 1).to_bytes(32, "little"), id="the neutral point in another spelling"),
        pytest.param(((1 << 255) | 1).to_bytes(32, "little"), id="minus nought"),
        pytest.param((2).to_bytes(32, "little"), id="not on the curve"),
    ],
)
def test_its_ed25519_refuses_keys_that_prove_nothing(verifier: ModuleType, key: bytes) -> None:
    neutral = (1).to_bytes(32, "little")
    assert not verifier.ed25519_verify(key, b"anything", neutral + bytes(32))


def test_its_contents_name_each_chapter_in_its_place() -> None:
    text = TOOL.read_text(encoding="utf-8")
    contents = re.findall(r"^#  ?([ \d]\d\. .+)$", text, re.MULTILINE)
    chapters = re.findall(r"^# === (\d+\. .+) ===$", text, re.MULTILINE)
    assert [one.strip() for one in contents] == chapters
    assert [int(one.partition(".")[0]) for one in chapters] == list(range(1, len(chapters) + 1))
    assert chapters[-1].endswith("The command line")
