"""Ledgers of past releases open, fold and verify for ever, and what their engine decided is never decided anew.

Each lies in `ledgers/` as its release left it, with what is expected of it and one evidence bundle. None is ever made again.
"""

import importlib.util
import json
import lzma
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from actors.recovery import all_rows
from appliance import assembly
from appliance.assembly import Machine
from appliance.commands import replay as replay_command
from appliance.commands.replay import replay
from appliance.console import CommandRefused
from appliance.release import RELEASE
from appliance.settings_file import read_settings
from firm.inputs import EpochClosed, EpochOpened
from firm.kinds import body_of, payload_of
from storage.files import FirmDirectory
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets
from storage.verify import Report, verify

HERE = Path(__file__).resolve().parent
LEDGERS = sorted((HERE / "ledgers").glob("*.tar.xz"))
BYTES_MAX = 300_000
NEWER = "f" * 64


class Golden:
    """One release's firm, laid out anew, and what was expected of it when it was made."""

    def __init__(self, archive: Path, directory: Path, making: ModuleType) -> None:
        name = archive.name.removesuffix(".tar.xz")
        self.expected: dict[str, Any] = json.loads(archive.with_name(f"{name}.json").read_text())
        self.evidence = lzma.decompress(archive.with_name(f"{name}.evidence.xz").read_bytes())
        self.directory = making.unpack(archive, directory)
        self.making = making

    def verified(self) -> Report:
        secrets = read_secrets(self.directory)
        return verify(
            self.directory,
            secret=secrets.ledger_secret,
            public_key=bytes.fromhex(self.expected["public_key"]),
            vault_master=secrets.vault_master,
            read_models=READ_MODELS,
        )

    def rows(self) -> list[Any]:
        """The rows that the release wrote: never more than those, whatever was appended since."""
        with LedgerReader(self.directory) as reader:
            return list(all_rows(reader, 0, self.expected["rows"]))

    def open(self) -> Machine:
        settings = read_settings(FirmDirectory(self.directory).settings)
        return Machine(self.directory, settings, read_secrets(self.directory))


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def making() -> ModuleType:
    return _load("golden_making", HERE / "making.py")


@pytest.fixture(params=LEDGERS, ids=lambda path: path.name.removesuffix(".tar.xz"))
def golden(request: pytest.FixtureRequest, tmp_path: Path, making: ModuleType) -> Golden:
    return Golden(request.param, tmp_path / "firm", making)


@pytest.fixture
def newer_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """This program is a later engine than any that made a golden ledger, even on the day when one is made."""
    monkeypatch.setattr(assembly, "engine_digest", lambda: NEWER)
    monkeypatch.setattr(replay_command, "engine_digest", lambda: NEWER)


def test_this_release_has_its_golden_ledger_and_it_is_small() -> None:
    assert HERE / "ledgers" / f"{RELEASE}.tar.xz" in LEDGERS, "run tests/golden/making.py before the release"
    for path in (HERE / "ledgers").iterdir():
        assert path.stat().st_size < BYTES_MAX, path.name


def test_it_verifies_as_it_lies_there(golden: Golden) -> None:
    report = golden.verified()
    assert report.findings == ()
    assert (report.rows, report.segments) == (golden.expected["rows"], golden.expected["segments"])
    assert report.sealed_values > 0


def test_every_row_can_be_read_and_says_what_it_said(golden: Golden) -> None:
    rows = golden.rows()
    found: dict[str, int] = {}
    for row in rows:
        found[row.kind] = found.get(row.kind, 0) + 1
        body_of(row.kind, row.payload)
    assert found == golden.expected["kinds"]
    assert len(found) > 60
    with LedgerReader(golden.directory, secret=read_secrets(golden.directory).ledger_secret) as reader:
        assert reader.root(golden.expected["rows"]).hex() == golden.expected["root"]
        assert reader.lineages().newest.hex() == golden.expected["lineage"]
        assert reader.landmarks("EpochOpened") == golden.expected["epochs"]
        for row in rows:
            if row.kind == "QuoteFrame":
                assert reader.frame(row.seq)


def test_folding_it_gives_the_read_models_it_gave(golden: Golden) -> None:
    """All of them folded again from row 1, so that nothing is taken from what the release itself had folded."""
    secrets = read_secrets(golden.directory)
    keys = {"secret": secrets.ledger_secret, "signing_seed": secrets.signing_seed}
    with Ledger.open(golden.directory, **keys, read_models=READ_MODELS) as ledger:
        ledger.rebuild()
    expected = golden.expected["read_models"]
    with LedgerReader(golden.directory) as reader, reader.connection() as connection:
        for model in READ_MODELS:
            key, digest = golden.making.model_key(model), golden.making.model_digest(connection, model.name)
            assert key in expected, (
                f"{key} is new: look at its tables, then add {key!r}: {digest!r} to what is expected"
            )
            assert digest == expected[key], (
                f"read model {model.name} folds otherwise than in {golden.expected['release']}"
            )


@pytest.mark.usefixtures("newer_engine")
def test_a_later_engine_takes_it_up_and_goes_on(golden: Golden) -> None:
    rows = golden.expected["rows"]
    with closing(golden.open()) as machine:
        assert not machine.recovered.epoch_open
        machine.runner.run_dry()
    with LedgerReader(golden.directory, secret=read_secrets(golden.directory).ledger_secret) as reader:
        added = [body_of(row.kind, row.payload) for row in all_rows(reader, rows)]
        assert reader.root(rows).hex() == golden.expected["root"]
    [closed] = [body for body in added if isinstance(body, EpochClosed)]
    [opened] = [body for body in added if isinstance(body, EpochOpened)]
    assert (closed.engine, opened.engine) == (golden.expected["engine"], NEWER)
    assert golden.verified().findings == ()
    assert replay(golden.directory).identical


@pytest.mark.usefixtures("newer_engine")
def test_the_state_it_was_closed_with_is_the_state_it_is_taken_up_with(golden: Golden) -> None:
    """Standing and balance of each account: by the engine that folded the facts, and by the read model."""
    with closing(golden.open()) as machine:
        with machine.reader.connection() as book:
            told = list(book.execute("SELECT account, standing FROM rm_account ORDER BY account"))
        states = {account: machine.engine.account(account) for account, _ in told}
    assert len(told) > 5
    for account, standing in told:
        state = states[account]
        assert state is not None, account
        assert state.standing.value == standing


@pytest.mark.usefixtures("newer_engine")
def test_replay_refuses_what_an_earlier_engine_decided(golden: Golden) -> None:
    before = [row.payload for row in golden.rows()]
    release, engine = golden.expected["release"], golden.expected["engine"]
    said = rf"decided by release {release} \(engine {engine[:12]}\).*: replay it with that release"
    with pytest.raises(CommandRefused, match=said):
        replay(golden.directory)
    assert [row.payload for row in golden.rows()] == before


def test_payloads_are_never_written_anew(golden: Golden) -> None:
    """A field that was added since, at the end of the row or of its last value, has a default; the row keeps the bytes that were hashed."""
    for row in golden.rows():
        now = json.loads(payload_of(body_of(row.kind, row.payload)))
        assert _has_grown_from(json.loads(row.payload), now), f"row {row.seq}: {row.kind} lost or moved a field"


def _has_grown_from(before: Any, now: Any) -> bool:
    """Whether every field is where it was and holds what it held, with others behind it at most, at any depth."""
    if isinstance(before, dict) and isinstance(now, dict):
        return list(now)[: len(before)] == list(before) and all(
            _has_grown_from(before[name], now[name]) for name in before
        )
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(map(_has_grown_from, before, now))
    return bool(before == now)


def test_its_evidence_convinces_the_tool_of_today(golden: Golden) -> None:
    tool = _load("golden_tool", HERE.parents[1] / "tools" / "verify_evidence.py")
    told = "\n".join(tool.verify(golden.evidence, None, golden.expected["public_key"]))
    assert "breach" in told.lower()
    turned = bytearray(golden.evidence)
    turned[len(turned) // 2] ^= 1
    with pytest.raises(tool.Refused):
        tool.verify(bytes(turned))
