"""Checkpoints: one spelling, one signature, and no bit that can be turned unseen."""

import pytest

from storage.checkpoint import Signer, check_note, key_id, origin_of, parse_note, sign_note
from storage.errors import NoteRefused

SIGNER = Signer(bytes(range(32)))
ORIGIN = origin_of("ruths-funding", bytes(range(16)))
NOTE = sign_note(ORIGIN, 70, bytes(range(32)), SIGNER)


def test_a_note_reads_back_as_it_was_signed():
    note = check_note(NOTE, ORIGIN, SIGNER.public_key)
    assert (note.origin, note.size, note.root) == (ORIGIN, 70, bytes(range(32)))
    assert note.signatures[0].key_id == key_id(ORIGIN, SIGNER.public_key)


def test_every_single_bit_flip_of_a_note_is_refused():
    raw = NOTE.encode()
    for at in range(len(raw)):
        for bit in range(8):
            flipped = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
            try:
                text = flipped.decode()
            except UnicodeDecodeError:
                continue
            with pytest.raises(NoteRefused):
                check_note(text, ORIGIN, SIGNER.public_key)


def test_a_witness_may_cosign_beside_us():
    witness = Signer(bytes(32))
    cosigned = NOTE + sign_note("example.org/witness", 70, bytes(range(32)), witness).split("\n\n")[1]
    assert len(check_note(cosigned, ORIGIN, SIGNER.public_key).signatures) == 2
    assert parse_note(cosigned).signatures[1].name == "example.org/witness"


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(NOTE.replace("\n70\n", "\n070\n"), id="a leading zero"),
        pytest.param(NOTE.replace("\n70\n", "\n+70\n"), id="a sign"),
        pytest.param(NOTE.replace("\n\n", "\nextension\n\n"), id="a line more"),
        pytest.param(NOTE[:-1], id="no last newline"),
        pytest.param(NOTE + "\n", id="an empty line at the end"),
        pytest.param(NOTE.replace("\u2014", "-"), id="a hyphen for the dash"),
        pytest.param(NOTE.split("\n\n")[0] + "\n\n", id="no signature"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_note_has_one_spelling(spoiled):
    with pytest.raises(NoteRefused):
        check_note(spoiled, ORIGIN, SIGNER.public_key)


def test_another_ledger_or_another_key_is_told_apart():
    with pytest.raises(NoteRefused, match="another ledger"):
        check_note(NOTE, origin_of("omars-firm", bytes(16)), SIGNER.public_key)
    with pytest.raises(NoteRefused, match="not signed by key"):
        check_note(NOTE, ORIGIN, Signer(bytes(32)).public_key)
