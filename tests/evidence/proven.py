"""A stage of the real engine whose rows are written into a real ledger, as they are or as a dishonest firm would have them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from firm.arithmetic import Step
from firm.kinds import Body, payload_of
from storage.evidence import build_bundle
from storage.files import create_firm_directory
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.rows import Row

SECRET, SEED = bytes(32), bytes(range(32))
DERIVED = "built once more from the rows and the rules alone: the same"
Rows = list[tuple[Row, Body]]
Forging = Callable[[Row, Body], tuple[Row, Body]]


def honest(row: Row, body: Body) -> tuple[Row, Body]:
    return row, body


def rows_of(stage: Any) -> Rows:
    return [pair for batch in stage.batches for pair in batch.rows]


def write(stage: Any, directory: Path, forged: Forging = honest, rows: Rows | None = None) -> None:
    """The stage's rows as a ledger with all read models; `forged`: what becomes of each row before it is hashed and signed."""
    create_firm_directory(directory)
    Ledger.create(directory, firm_slug="demo", lineage=bytes(16), secret=SECRET, signing_seed=SEED)
    ledger = Ledger.open(directory, secret=SECRET, signing_seed=SEED, read_models=READ_MODELS)
    told = [forged(row, body) for row, body in (rows_of(stage) if rows is None else rows)]
    ledger.append(
        [(row._replace(payload=payload_of(body)), body) for row, body in told],
        frames=[frame for batch in stage.batches for frame in batch.frames],
    )
    ledger.close()


def proof(directory: Path, decision: int) -> bytes:
    with LedgerReader(directory, secret=SECRET) as reader:
        return build_bundle(reader, decision, secret=SECRET, signing_seed=SEED)


def proven(verifier: Any, stage: Any, directory: Path, decision: int, forged: Forging = honest) -> str:
    """What the offline verifier says of the decision; verifier.Refused where it does not hold."""
    if not any(directory.glob("ledger*")):
        write(stage, directory, forged)
    return "\n".join(verifier.verify(proof(directory, decision)))


def refused(verifier: Any, stage: Any, directory: Path, decision: int, forged: Forging, why: str) -> None:
    with pytest.raises(verifier.Refused, match=why):
        proven(verifier, stage, directory, decision, forged)


def decisions(stage: Any, kind: type[Body], rule: str | None = None) -> list[int]:
    """Rows of a kind, of a rule, oldest first."""
    found = [(row.seq, body) for row, body in rows_of(stage) if isinstance(body, kind)]
    return [seq for seq, body in found if rule is None or getattr(body, "rule", None) == rule]


def changed(seq: int, **fields: Any) -> Forging:
    """The row of this seq says something else."""
    return lambda row, body: (row, replace(body, **fields) if row.seq == seq else body)


def with_step(seq: int, name: str, **fields: Any) -> Forging:
    """One step of its working is another."""

    def forge(row: Row, body: Body) -> tuple[Row, Body]:
        if row.seq != seq:
            return row, body
        steps: tuple[Step, ...] = getattr(body, "working")  # noqa: B009  (a body of whatever kind)
        after = tuple(replace(step, **fields) if step.name == name else step for step in steps)
        assert after != steps, f"no step {name!r} in {[step.name for step in steps]}"
        return row, replace(body, working=after)

    return forge
