"""The way of folding has a number: who changes what folding gives raises it, or a start would begin from states of another way."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors import fold
from actors.recovery import recover
from actors.states import state_bytes
from storage.reader import LedgerReader
from storage.secret_files import read_secrets
from storage.snapshots import state_hash
from tests.golden.folding import folding_digest
from tests.golden.making import unpack

HERE = Path(__file__).resolve().parent
KEPT = HERE / "folding.json"
ADVICE = (
    "folding changed: where the same rows give another state, or one that knows more, raise FOLD in actors/fold.py; "
    "then put into tests/golden/folding.json: "
)


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return told


def test_the_code_of_folding_is_that_of_its_number(kept: dict[str, Any]) -> None:
    found = {"fold": fold.FOLD, "code": folding_digest()}
    assert found == {name: kept[name] for name in found}, ADVICE + json.dumps(found)


@pytest.mark.parametrize(
    "archive", sorted((HERE / "ledgers").glob("*.tar.xz")), ids=lambda path: path.name.split(".tar")[0]
)
def test_a_golden_ledger_folds_to_the_states_that_the_number_stands_for(
    archive: Path, tmp_path: Path, kept: dict[str, Any]
) -> None:
    """A number that was given away keeps its meaning: another state under it is a mistake, whatever the code looks like."""
    directory = unpack(archive, tmp_path / "firm")
    release = archive.name.removesuffix(".tar.xz")
    with LedgerReader(directory, secret=read_secrets(directory).ledger_secret) as reader:
        engine = recover(reader, reader.lineages().newest.hex(), "f" * 64).engine
        assert engine.size == reader.size()
    states = {name: state_bytes(state) for name, state in engine.capture().states.items() if name != "engine"}
    found = state_hash(sorted(states.items(), key=lambda one: one[0].encode()))
    known = kept["states"].get(f"{release} by {fold.FOLD}")
    assert found == known, ADVICE + json.dumps({f"{release} by {fold.FOLD}": found})
