"""Mutating: how valid bytes are spoiled, and how often each border is tried.

`EVENHAND_FUZZ_FACTOR` multiplies the number of tries; above 1 they are drawn anew in each run, else they are always the same.
"""

import json
import lzma
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FACTOR = int(os.environ.get("EVENHAND_FUZZ_FACTOR", "1"))
HANG_S = 1  # nothing that a stranger sends may take longer
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ODD_BYTES = (
    b"\x00",
    b"\xff",
    b"\xc1",
    b"\n",
    b"\r\n",
    b'"',
    b"\\",
    b"[" * 3_000,
    b"\x91" * 3_000,
    b"9" * 5_000,
    b"-",
    b"e9",
)
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**53, 2**63, -(2**63) - 1, 10**400, "", "\x00", "9" * 400, "\ud7ff", [], {}, [[]], {"a": {}},
)  # fmt: skip


def fuzz(examples: int) -> Callable[[Any], Any]:
    """So many tries."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,  # `tried` measures
        derandomize=FACTOR == 1,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


def tried(read: Callable[[], Any], *refusals: type[Exception]) -> tuple[Any, str]:
    """What was read and ""; or None and why it was refused. Any other exception is the defect that is looked for; so is a hang."""
    started_s = time.process_time()  # of this process alone: a machine that is busy with others is no hang
    try:
        outcome = read(), ""
    except refusals as refused:
        outcome = None, str(refused) or f"{type(refused).__name__}, which says nothing"
    took_s = time.process_time() - started_s
    assert took_s < HANG_S, f"it took {took_s:.1f} s"
    return outcome


@st.composite
def mutated(draw: st.DrawFn, corpus: Sequence[bytes]) -> bytes:
    """One of the corpus with one to four things done to it."""
    raw = draw(st.sampled_from(corpus))
    for _ in range(draw(st.integers(1, 4))):
        raw = _spoiled(draw, raw, corpus)
    return raw


def _spoiled(draw: st.DrawFn, raw: bytes, corpus: Sequence[bytes]) -> bytes:
    at = draw(st.integers(0, len(raw)))
    size = draw(st.integers(0, 64))
    match draw(st.sampled_from(("turn", "cut", "drop", "double", "insert", "odd", "graft"))):
        case "turn" if at < len(raw):
            return raw[:at] + bytes([raw[at] ^ 1 << draw(st.integers(0, 7))]) + raw[at + 1 :]
        case "cut":
            return raw[:at]
        case "drop":
            return raw[:at] + raw[at + size :]
        case "double":
            return raw[: at + size] + raw[at:]
        case "insert":
            return raw[:at] + draw(st.binary(max_size=16)) + raw[at:]
        case "graft":
            other = draw(st.sampled_from(corpus))
            return raw[:at] + other[min(at, len(other)) :]
        case _:
            return raw[:at] + draw(st.sampled_from(ODD_BYTES)) + raw[at:]


@st.composite
def altered(draw: st.DrawFn, document: Any) -> Any:
    """A copy of a document with one to three values, anywhere in it, replaced, lost, doubled or given another's place."""
    copy = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        holder = copy
        while True:
            keys: Sequence[Any] = list(holder) if isinstance(holder, dict) else range(len(holder))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = holder[key]
            if isinstance(inner, (dict, list)) and inner and draw(st.integers(0, 3)):
                holder = inner
                continue
            _alter(draw, holder, key)
            break
    return copy


def _alter(draw: st.DrawFn, holder: Any, key: Any) -> None:
    value = holder[key]
    match draw(st.sampled_from(("odd", "near", "lose", "double", "random"))):
        case "near" if type(value) is int:
            holder[key] = value + draw(st.sampled_from((-1, 1, 256, -(2**40))))
        case "near" if isinstance(value, str) and value:
            at = draw(st.integers(0, len(value) - 1))
            holder[key] = value[:at] + draw(st.sampled_from("0aA=/{ ")) + value[at + 1 :]
        case "lose":
            del holder[key]
        case "double" if isinstance(holder, list):
            holder.insert(key, value)
        case "random":
            holder[key] = draw(st.one_of(st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=3)))
        case _:
            holder[key] = draw(st.sampled_from(ODD_VALUES))


def golden_evidence() -> bytes:
    """A bundle that some release made and that verifies."""
    return lzma.decompress(max((GOLDEN / "ledgers").glob("*.evidence.xz")).read_bytes())


def golden_frames() -> list[tuple[bytes, bytes]]:
    """Header and body of a message of each kind."""
    kept = [json.loads(path.read_text()) for path in sorted((GOLDEN / "frames").glob("*.json"))]
    return [(bytes.fromhex(frame["header"]), bytes.fromhex(frame["body"])) for frame in kept]
