"""Vector: one worked example of a rule in the neutral vocabulary, and the reading of a file of them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

LINE_BYTES_MAX = 1_000_000

Named = Annotated[str, Meta(min_length=1, max_length=200)]


class VectorsRefused(ValueError):
    """The file holds no vectors, or not only; the text names the line."""


class CannotExpress(ValueError):
    """A vector asks for what our terms do not say: it fails, it is never skipped."""


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rule` under `params` over `timeline` gives `expect`. Numbers are int where they are whole, else Decimal. `source`: who says so."""

    id: Named
    firm: str
    rule: Named
    params: dict[str, Any]
    timeline: list[dict[str, Any]]
    expect: Annotated[dict[str, Any], Meta(min_length=1)]
    source: str


_DECODER = msgspec.json.Decoder(Vector, float_hook=Decimal)


def read_vectors(path: Path) -> tuple[Vector, ...]:
    """All vectors of a file of JSON lines, in their order; empty lines are passed over."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise VectorsRefused(f"{path} cannot be read ({error.strerror}): name a file of vectors") from error
    first_line: dict[str, int] = {}
    vectors = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        vector = _vector(line, f"{path}, line {number}")
        if vector.id in first_line:
            raise VectorsRefused(f'{path}, line {number}: the id "{vector.id}" is that of line {first_line[vector.id]}')
        first_line[vector.id] = number
        vectors.append(vector)
    if not vectors:
        raise VectorsRefused(f"{path} holds no vector: each is one line of JSON")
    return tuple(vectors)


def require_known(params: Mapping[str, Any], known: Iterable[str]) -> None:
    """For adapters: a parameter that is passed over would make a wrong answer look right."""
    if unknown := sorted(set(params) - set(known)):
        raise CannotExpress(f"no term says {', '.join(unknown)}")


def _vector(line: bytes, where: str) -> Vector:
    if len(line) > LINE_BYTES_MAX:
        raise VectorsRefused(f"{where} is longer than {LINE_BYTES_MAX} bytes: it is no vector")
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise VectorsRefused(f"{where}: {wrong}; docs/conformance.md has the fields") from wrong
