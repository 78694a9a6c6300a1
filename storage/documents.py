"""Documents: what of one lies sealed in the vault: its own name and its content, as one value of class `documents`.

    length of the label, u32 big-endian | label, JSON | content

The label is `{"name": …}`: the name that the file had on the machine it came from, which may name its person.
"""

import msgspec

from storage.vault import VALUE_BYTES_MAX, Vault

LABEL_BYTES_MAX = 2_048
NAME_LENGTH_MAX = 200


class Label(msgspec.Struct, frozen=True):
    """What is written on a document. `name`: as a browser said it, without what no name has."""

    name: str


class Document(msgspec.Struct, frozen=True):
    """One that was opened."""

    name: str
    content: bytes


def packed(name: str, content: bytes) -> bytes:
    """The value that is sealed."""
    label = msgspec.json.encode(Label(name[:NAME_LENGTH_MAX]))
    assert len(label) <= LABEL_BYTES_MAX
    assert len(label) + len(content) < VALUE_BYTES_MAX
    return len(label).to_bytes(4) + label + content


def unpacked(value: bytes) -> Document:
    """What `packed` made; ValueError of anything else."""
    length = int.from_bytes(value[:4])
    if len(value) < 4 + length or length > LABEL_BYTES_MAX:
        raise ValueError("a sealed document begins with its label")
    return Document(msgspec.json.decode(value[4 : 4 + length], type=Label).name, value[4 + length :])


def open_document(vault: Vault, commitment: str) -> Document | None:
    """None: it was erased. Reads a file: never in the loop."""
    value = vault.open_value(commitment)
    return None if value is None else unpacked(value)
