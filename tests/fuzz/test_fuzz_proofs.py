"""Proofs that somebody hands to us or to the tool: bundles and checkpoints, spoilt, and signed again after they were altered."""

import base64
import json
from types import ModuleType
from typing import Any

import pytest
from fuzz_mutating import altered, fuzz, golden_evidence, mutated, tried
from hypothesis import given

from storage.checkpoint import Signer, check_note, parse_note, sign_note
from storage.errors import NoteRefused

SEED = bytes(range(32))
SIGNER = Signer(SEED)
ORIGIN = "evenhand/fairhaven/" + "0a" * 16
NOTE = sign_note(ORIGIN, 42, bytes(range(32)), SIGNER)
NOTES = [NOTE.encode(), sign_note(ORIGIN, 1, bytes(32), SIGNER).encode(), (NOTE + NOTE.split("\n\n")[1]).encode()]
BUNDLE = golden_evidence()
DOCUMENT = json.loads(BUNDLE)


@pytest.fixture(scope="module")
def tool(load: Any) -> ModuleType:
    found: ModuleType = load("fuzz_tool", "..", "tools", "verify_evidence.py")
    return found


def signed_again(document: dict[str, Any]) -> bytes:
    """Closed by another key that the file names as its own: what the checks behind the signature meet."""
    unsigned = json.dumps({**document, "signature": ""}, ensure_ascii=True, separators=(",", ":"))[: -len('"}')]
    return f'{unsigned}{base64.b64encode(SIGNER.sign(unsigned.encode())).decode()}"}}\n'.encode()


@fuzz(60)
@given(raw=mutated([BUNDLE]))
def test_a_spoilt_bundle_is_refused_with_a_reason(tool: ModuleType, raw: bytes) -> None:
    if raw == BUNDLE:
        return
    told, why = tried(lambda: tool.verify(raw), tool.Refused)
    assert told is None, "it was accepted"
    assert ": " in why


@fuzz(150)
@given(document=altered({**DOCUMENT, "key": SIGNER.public_key.hex()}))
def test_an_altered_bundle_that_is_signed_again_raises_nothing_but_a_refusal(tool: ModuleType, document: Any) -> None:
    raw = signed_again(document)
    told, why = tried(lambda: tool.verify(raw), tool.Refused)
    assert told is None, "it was accepted"
    assert ": " in why


@fuzz(150)
@given(held=mutated([*NOTES, DOCUMENT["checkpoint"].encode()]))
def test_a_spoilt_checkpoint_beside_a_sound_bundle_is_told(tool: ModuleType, held: bytes) -> None:
    note = held.decode(errors="replace")
    told, why = tried(lambda: tool.tied(DOCUMENT, note, [(1, bytes(32))]), tool.Refused, tool.Untied)
    assert isinstance(told, str) or ": " in why, why


@fuzz(600)
@given(raw=mutated(NOTES))
def test_a_spoilt_checkpoint_is_refused_with_a_reason(raw: bytes) -> None:
    note = raw.decode(errors="replace")
    read, why = tried(lambda: parse_note(note), NoteRefused)
    assert read is not None or ": " in why, why
    checked, why = tried(lambda: check_note(note, ORIGIN, SIGNER.public_key), NoteRefused)
    if checked is None:
        assert ": " in why
        return
    # Others may sign beside the ledger; what it signed itself is one of the two that it did sign.
    assert (checked.size, checked.root) in [(42, bytes(range(32))), (1, bytes(32))]
    assert read == checked
