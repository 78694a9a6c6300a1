"""`evenhand verify`: check the whole book: sequence, chains, tree, signatures, prices, snapshots, read models."""

import argparse
import dataclasses

from appliance.commands.options import Verbs, add_directory, add_json, progress, tell, verb
from storage.files import open_firm_directory
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets
from storage.verify import Report, verify


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "verify",
        run,
        "check the whole book: sequence, chains, tree, signatures, prices, snapshots, read models (exit 1 on a finding)",
        "evenhand verify --data-dir /var/lib/evenhand",
    )
    add_directory(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    report = verify(
        options.data_dir,
        secret=read_secrets(options.data_dir).ledger_secret,
        read_models=READ_MODELS,
        progress=lambda done, of: progress(f"checked {done:,} of {of:,} rows"),
    )
    tell(options, {"sound": report.is_sound, **dataclasses.asdict(report)}, _text(report))
    return 0 if report.is_sound else 1


def _text(report: Report) -> str:
    counted = (
        f"{report.rows} rows, {report.checkpoints} signed checkpoints, {report.frames} quote frames, "
        f"{report.segments} segments, {report.snapshots} snapshots checked."
    )
    lines = [counted]
    lines += [f"finding: {finding}" for finding in report.findings]
    if report.untold:
        lines.append(f"and {report.untold} findings more")
    lines += [f"note: {note}" for note in report.notes]
    lines.append("The book is whole and agrees with itself." if report.is_sound else "The book is damaged.")
    return "\n".join(lines)
