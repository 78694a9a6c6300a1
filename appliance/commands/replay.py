"""`evenhand replay`: decide an epoch's inputs again and compare the facts byte for byte."""

import argparse
from pathlib import Path

import msgspec

from actors.engine import Engine
from actors.recovery import all_rows, as_found
from actors.replay import recorded_inputs, redecide
from actors.states import readable_states, restore_states
from appliance.commands.options import Verbs, account_id, add_directory, add_json, progress, tell, verb
from appliance.console import CommandRefused
from appliance.digest import engine_digest
from appliance.wording import counted
from firm.ids import id_text
from firm.inputs import EpochOpened
from firm.kinds import body_of
from storage.files import open_firm_directory
from storage.reader import LedgerReader

SHOW_EVERY_INPUTS = 500


class Outcome(msgspec.Struct, frozen=True):
    """What a replay found. `difference` is "" where every fact came out the same."""

    identical: bool
    epoch_seq: int
    inputs: int
    facts: int
    difference: str


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "replay",
        run,
        "decide again all that this engine decided and compare every fact byte for byte (exit 1 and the first difference otherwise)",
        "evenhand replay --data-dir var/demo/firm",
    )
    add_directory(parser)
    add_json(parser)
    parser.add_argument(
        "--account",
        type=account_id,
        metavar="ID",
        help="count the facts of this account only; all inputs are decided, so it takes as long",
    )


def run(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    if options.account is not None:
        _require_account(options.data_dir, options.account)
    outcome = replay(options.data_dir, options.account)
    text = (
        f"{counted(outcome.inputs, 'input')} decided again from row {outcome.epoch_seq}: "
        f"{counted(outcome.facts, 'fact')}, all the same bytes."
    )
    tell(options, outcome, text if outcome.identical else f"different: {outcome.difference}")
    return 0 if outcome.identical else 1


def replay(directory: Path, account: int | None = None) -> Outcome:
    """Re-decide the newest epoch up to the last row there is now."""
    with LedgerReader(directory) as reader:
        epoch_seq = _epoch(reader)
        engine = _engine_at(reader, epoch_seq)
        upto = reader.size()
        inputs = facts = 0
        for recorded in recorded_inputs(all_rows(reader, engine.size, upto)):
            difference = redecide(engine, recorded, reader.frame)
            if difference is not None:
                return Outcome(False, epoch_seq, inputs, facts, str(difference))
            inputs += 1
            facts += sum(account is None or fact.account == account for fact in recorded.facts)
            if inputs % SHOW_EVERY_INPUTS == 0:
                progress(f"replayed {engine.size:,} of {upto:,} rows")
        return Outcome(True, epoch_seq, inputs, facts, "")


def _require_account(directory: Path, account: int) -> None:
    """A slip of the finger must not be told as an account without a difference."""
    with LedgerReader(directory) as reader:
        if not reader.account_rows(account, limit=1):
            raise CommandRefused(
                f"no such account: {id_text(account)}; its id is on its page and in the staff's list of accounts"
            )


def _epoch(reader: LedgerReader) -> int:
    """The newest epoch, if this engine decided it. What another engine decided is never decided again."""
    epochs = reader.landmarks("EpochOpened")
    if not epochs:
        raise CommandRefused("this ledger has no epoch yet: serve the firm first")
    row = reader.row(epochs[-1])
    assert row is not None
    opened = body_of(row.kind, row.payload)
    assert isinstance(opened, EpochOpened)
    if opened.engine != engine_digest():
        raise CommandRefused(
            f"the epoch at row {row.seq} was decided by release {opened.release} (engine {opened.engine[:12]}), "
            f"this is engine {engine_digest()[:12]}: replay it with that release"
        )
    return row.seq


def _engine_at(reader: LedgerReader, epoch_seq: int) -> Engine:
    """The engine as the epoch found it: fresh at the ledger's start, else from the snapshot it opened with, or would have."""
    engine = Engine(reader.lineages().newest.hex())
    if epoch_seq == 1:
        return engine
    for seq in reader.landmarks("SnapshotWritten"):
        if seq > epoch_seq:
            row = reader.row(seq)
            assert row is not None
            of_seq = msgspec.json.decode(row.payload)["of_seq"]
            snapshot = reader.newest_snapshot(of_seq)
            if snapshot is not None and snapshot.of_seq == of_seq < epoch_seq:
                restore_states(engine, snapshot.of_seq, readable_states(snapshot.states))
                last = reader.checkpoint(engine.size)
                if last is not None:
                    engine.checkpoint_size, engine.checkpoint_us = last.size, last.at_us
                return engine
            break
    return as_found(reader, epoch_seq)
