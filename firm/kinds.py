"""Kinds: the ledger's `kind` column, from name to type and back, and the canonical bytes of a payload."""

from typing import Any, get_args

import msgspec

from firm.commands import Commanded
from firm.facts import FACTS, Fact
from firm.inputs import Arriving, Input

Body = Input | Fact

INPUTS: tuple[type[Input], ...] = (*get_args(Arriving), *get_args(Commanded))

_ALL: tuple[type[Body], ...] = (*INPUTS, *FACTS)

BY_NAME: dict[str, type[Body]] = {kind.__name__: kind for kind in _ALL}

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(kind) for name, kind in BY_NAME.items()}
_ENCODER = msgspec.json.Encoder()


class UnknownKind(ValueError):
    """A row's kind is not one this release knows."""


def payload_of(body: Body) -> bytes:
    """JSON, fields in declared order, no white space, UTF-8: the bytes that are stored and hashed."""
    return _ENCODER.encode(body)


def body_of(kind: str, payload: bytes) -> Body:
    """The typed value of a stored row."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise UnknownKind(f"kind {kind!r} is unknown to this release: use the release that wrote it, or a newer one")
    body: Body = decoder.decode(payload)
    return body
