"""`evenhand evidence DECISION --out FILE`: the signed bundle by which anyone can check a decision offline."""

import argparse
import os
import stat
from pathlib import Path

from appliance.commands.options import Verbs, add_decision, add_directory, verb
from appliance.console import CommandRefused
from storage.evidence import build_bundle
from storage.files import FILE_MODE, open_firm_directory
from storage.reader import LedgerReader
from storage.secret_files import read_secrets


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "evidence",
        run,
        "write a decision's evidence bundle, to be checked offline with tools/verify_evidence.py",
        "evenhand evidence 48213 --out decision-48213.json --data-dir var/demo/firm",
    )
    add_directory(parser)
    add_decision(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the bundle")
    parser.add_argument(
        "--since", type=Path, metavar="NOTE", help="a checkpoint the trader already holds, to prove consistency from"
    )


def run(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    secrets = read_secrets(options.data_dir)
    since = _note(options.since) if options.since else None
    with LedgerReader(options.data_dir, secret=secrets.ledger_secret) as reader:
        bundle = build_bundle(
            reader,
            options.decision,
            secret=secrets.ledger_secret,
            signing_seed=secrets.signing_seed,
            since=since,
        )
    try:
        _write_private(options.out, bundle)
    except OSError as error:
        raise CommandRefused(
            f"{options.out} cannot be written ({error.strerror}): name another file with --out"
        ) from error
    print(f"{options.out}: {len(bundle)} bytes. Check it anywhere: python3 tools/verify_evidence.py {options.out}")
    return 0


def _write_private(path: Path, bundle: bytes) -> None:
    """For its owner alone: it is a trader's history. Also where a file that others could read is written over."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with open(descriptor, "wb") as file:  # noqa: PTH123  (opened by descriptor, for its mode)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, FILE_MODE)
        file.write(bundle)


def _note(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CommandRefused(
            f"{path} cannot be read as a checkpoint ({unreadable}): name the file in which it was kept with --since"
        ) from unreadable
