"""`evenhand backup`: a snapshot, the keys, or all that is committed from now on, to where copies lie."""

import argparse
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from appliance.alarms.backup_age import note_backup
from appliance.alarms.copies_check import CopiesCheck, note_check
from appliance.clock import wall_us
from appliance.commands.ending import tidy_on_sigterm
from appliance.commands.options import Verbs, add_directory, add_json, progress, tell, verb
from appliance.copying import BackupSettings
from appliance.log import set_up_logging
from appliance.pages import PAGES
from appliance.settings import Settings
from appliance.settings_file import read_settings
from appliance.ssh_config import trusted_config
from appliance.starting import require_own_name
from appliance.wording import counted
from backups.envelope import Recipient
from backups.errors import DestinationFailed
from backups.freshness import Fresh, freshness
from backups.keys import copy_keys_out, prune_keys
from backups.names import next_stamp
from backups.newer import require_newest_of
from backups.places import destination_of, require_listable
from backups.pruning import Pruned, prune
from backups.retention import Keep
from backups.shipping import NoSnapshotYet, Shipper
from backups.snapshot import take_snapshot
from backups.source import Source, workshop
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets

MB = 1_000_000
RETRY_AFTER_S_MAX = 60  # how long a destination that does not answer is left alone at most

_LOG = logging.getLogger("evenhand.backups")


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "backup",
        run,
        "copy the firm to where its copies lie, encrypted to a key that is not on this machine",
        "evenhand backup --data-dir /var/lib/evenhand",
        "Where and to whom: [backups] in the settings. Without an option: a snapshot of the whole firm, checked before it leaves,\n"
        "then what retention says may go. Run it each night beside a serving firm, and --ship all the time.\n"
        f"{PAGES}/backups.md tells how to begin, and how to come back.",
    )
    add_directory(parser)
    add_json(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--ship", action="store_true", help="send what is committed every few seconds, until SIGTERM")
    what.add_argument("--ship-once", action="store_true", help="send what is committed up to now, and end")
    what.add_argument("--keys", action="store_true", help="copy keys.db alone, and remove its copies that are too old")
    what.add_argument("--check", action="store_true", help="say how old the newest copies are (exit 1 where too old)")


def run(options: argparse.Namespace) -> int:
    files = open_firm_directory(options.data_dir)
    settings = read_settings(files.settings)
    require_own_name(files, settings)
    source = source_of(options, settings)
    if options.check:
        return _check(options, source)
    set_up_logging(settings.log.level.value, source.secrets.all())
    if options.keys:
        return _copy_keys(options, source, settings.backups)
    if options.ship or options.ship_once:
        return _ship(options, source, settings.backups)
    return _snapshot(options, source, settings.backups)


def source_of(options: argparse.Namespace, settings: Settings) -> Source:
    place = settings.backups.destination
    require_listable(place, tail_keep_days=settings.backups.tail_keep_days, ship_every_s=settings.backups.ship_every_s)
    return Source(
        directory=options.data_dir,
        destination=destination_of(
            place, options.data_dir, ssh_config=trusted_config(place, settings.backups.ssh_config)
        ),
        recipient=Recipient(settings.backups.recipient),
        secrets=read_secrets(options.data_dir),
        read_models=READ_MODELS,
        space_min_bytes=settings.ledger.space_min_mb * MB,
        segments_keep_days=settings.ledger.segments_keep_days,
    )


def _snapshot(options: argparse.Namespace, source: Source, settings: BackupSettings) -> int:
    with tidy_on_sigterm():
        taken = take_snapshot(source, progress)
        note_backup(options.data_dir, wall_us())
        pruned = _pruned(source, settings)
    tell(
        options,
        {"snapshot": taken._asdict(), "removed": pruned._asdict()},
        f"A snapshot of {counted(taken.size, 'row')} is in {source.destination.where}, checked: "
        f"{sized(taken.sealed_bytes)} sent, {counted(taken.segments, 'segment')} there in all.\n"
        f"No longer kept, by [backups] in the settings: {counted(pruned.snapshots, 'snapshot')}, "
        f"{counted(pruned.tail_files, 'tail file')}, {counted(pruned.keys, 'copy of the keys', 'copies of the keys')}.",
    )
    return 0


def _pruned(source: Source, settings: BackupSettings) -> Pruned:
    keep = Keep(settings.keep_hourly, settings.keep_daily, settings.keep_weekly, settings.keep_monthly)
    return prune(
        source,
        keep,
        now_us=wall_us(),
        tail_keep_days=settings.tail_keep_days,
        keys_keep_days=settings.keys_keep_days,
    )


def _copy_keys(options: argparse.Namespace, source: Source, settings: BackupSettings) -> int:
    with workshop(source.directory, "keys") as scratch, next_stamp(source.directory) as stamp:
        require_newest_of(source, scratch)
        newest = copy_keys_out(source, stamp, scratch, whole=True)
    removed = len(prune_keys(source.destination, wall_us(), settings.keys_keep_days))
    told = {"keys": newest, "removed": removed}
    tell(options, told, f"The keys are copied ({newest}); {counted(removed, 'older copy', 'older copies')} removed.")
    return 0


def _check(options: argparse.Namespace, source: Source) -> int:
    with (
        workshop(source.directory, "check") as scratch,
        LedgerReader(source.directory, secret=source.secrets.ledger_secret) as reader,
    ):
        try:
            fresh = freshness(source, reader, wall_us(), scratch)
        except DestinationFailed as failed:
            note_check(source.directory, CopiesCheck(at_us=wall_us(), problems=(str(failed),)))
            raise
    note_check(source.directory, CopiesCheck(at_us=wall_us(), problems=fresh.problems))
    lines = [f"- {problem}" for problem in fresh.problems] or ["The copies are fresh."]
    lines.append(_ages(fresh))
    tell(options, fresh._asdict(), "\n".join(lines))
    return 1 if fresh.problems else 0


def _ages(fresh: Fresh) -> str:
    whole, keys, tail = "no whole snapshot", "no copy of the keys", "nothing shipped"
    if fresh.snapshot_age_s is not None:
        whole = f"{counted(fresh.snapshots, 'whole snapshot')}, the newest {fresh.snapshot_age_s:,} s old"
        tail = "nothing shipped after it yet"
    if fresh.keys_age_s is not None:
        keys = f"keys {fresh.keys_age_s:,} s old"
    if fresh.tail_age_s is not None:
        tail = f"tail {fresh.tail_age_s:,} s old"
    return f"{whole}; {keys}; {tail}, up to row {fresh.shipped_through:,}, {counted(fresh.behind_rows, 'row')} behind."


def sized(size_bytes: int) -> str:
    """ "812 KB", "1,234.5 MB": what is little is not nothing."""
    return f"{size_bytes / MB:,.1f} MB" if size_bytes >= MB else f"{-(-size_bytes // 1_000)} KB"


# --- shipping ---


class _Waits:
    """How long a destination that fails is left alone: twice as long each time, until something went well again."""

    def __init__(self, first_s: int) -> None:
        self._first_s = self._next_s = first_s

    def take(self) -> int:
        now_s, self._next_s = self._next_s, min(self._next_s * 2, RETRY_AFTER_S_MAX)
        return now_s

    def went_well(self) -> None:
        self._next_s = self._first_s


class _Shipping(NamedTuple):
    """One run of the verb."""

    source: Source
    scratch: Path
    every_s: int
    once: bool
    stop: threading.Event
    waits: _Waits
    told: Callable[[dict[str, Any]], None]


def _ship(options: argparse.Namespace, source: Source, settings: BackupSettings) -> int:
    stop = threading.Event()
    if options.ship:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stop.set())
    told = _say_json if options.json else _say
    waits = _Waits(settings.ship_every_s)
    with workshop(source.directory, "ship") as scratch:
        run = _Shipping(source, scratch, settings.ship_every_s, options.ship_once, stop, waits, told)
        while not stop.is_set():
            try:
                _ship_from_a_snapshot(run)
                break
            except DestinationFailed as failed:
                if run.once:
                    raise
                wait_s = waits.take()
                _LOG.warning("%s; trying again in %d s", failed, wait_s)
                stop.wait(wait_s)
    return 0


def _ship_from_a_snapshot(run: _Shipping) -> None:
    """The first snapshot is tried again like everything else: a tail without one is of no use."""
    try:
        _ship_until_stopped(run)
    except NoSnapshotYet as none:
        _LOG.info("%s: one is taken first", none)
        take_snapshot(run.source, progress)
        note_backup(run.source.directory, wall_us())
        _ship_until_stopped(run)


def _ship_until_stopped(run: _Shipping) -> None:
    with Shipper(run.source, run.scratch) as shipper:
        after = shipper.begin()
        sent_bytes = 0
        run.told({"shipping_to": run.source.destination.where, "after_row": after})
        while not run.stop.is_set():
            while (shipped := shipper.round()) is not None and not run.stop.is_set():
                sent_bytes += shipped.sealed_bytes
                run.told({"first": shipped.first, "last": shipped.last, "bytes": shipped.sealed_bytes})
            run.waits.went_well()
            if run.once:
                run.told({"rows": shipper.after - after, "bytes": sent_bytes, "shipped_through": shipper.after})
                return
            run.stop.wait(run.every_s)


def _say_json(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _say(what: dict[str, Any]) -> None:
    if "after_row" in what:  # in the log, as all that a run of days says: each line has its time
        _LOG.info("shipping to %s from row %d on", what["shipping_to"], what["after_row"] + 1)
    elif "shipped_through" in what:
        _LOG.info("%s", _what_went(**what))
    elif sys.stderr.isatty():
        progress(f"shipped up to row {what['last']:,}")


def _what_went(*, rows: int, bytes: int, shipped_through: int) -> str:  # noqa: A002  (as it stands in the JSON)
    if not rows:
        return f"nothing new to ship: the copies reach row {shipped_through:,}, the last one"
    return f"{counted(rows, 'row')} shipped, {sized(bytes)}: the copies reach row {shipped_through:,}"
