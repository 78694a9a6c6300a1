"""Retention: sealed prices and opening snapshots leave this machine when the firm keeps them no longer; each is named in the log."""

import logging
from functools import partial

from anyio import to_thread

from appliance.assembly import Machine
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.retention import let_segments_go, quotes_kept_from

_LOG = logging.getLogger("evenhand.appliance")


async def let_go(machine: Machine) -> None:
    """What is older than `ledger.segments_keep_days`; where that is 0, snapshots that no start and no epoch needs."""
    keep_days = machine.settings.ledger.segments_keep_days
    for name in await to_thread.run_sync(let_segments_go, machine.directory, keep_days):
        _LOG.info("segment %s was removed: its prices are older than %d days", name, keep_days)
    epochs_from = await to_thread.run_sync(_quotes_kept_from, machine.reader, keep_days)
    machine.runner.between_batches(partial(Ledger.prune_snapshots, epochs_from=epochs_from))


def _quotes_kept_from(reader: LedgerReader, keep_days: int) -> int:
    with reader.connection() as connection:
        return quotes_kept_from(connection, keep_days)
