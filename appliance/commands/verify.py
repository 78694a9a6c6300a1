"""`evenhand verify`: check the whole book: sequence, chains, tree, signatures, prices, snapshots, read models, vault."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from appliance.commands.options import Verbs, add_directory, add_json, progress, tell, verb
from appliance.settings_file import read_settings
from appliance.wording import counted
from storage.files import FirmDirectory, open_firm_directory
from storage.findings import Finding
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets
from storage.verify import Progress, Report, verify

FINDINGS_SHOWN = 12  # for each remedy: what one fault does to every later checkpoint need not fill a screen


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "verify",
        run,
        "check the whole book: sequence, chains, tree, signatures, prices, snapshots, read models, vault (exit 1 on a finding)",
        "evenhand verify --data-dir /var/lib/evenhand",
    )
    add_directory(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    report = verified(options.data_dir, lambda done, of: progress(f"checked {done:,} of {of:,} rows"))
    findings = [finding._asdict() for finding in report.findings]
    told = {"sound": report.is_sound, **dataclasses.asdict(report), "findings": findings}
    tell(options, told, report_text(report))
    return 0 if report.is_sound else 1


def verified(directory: Path, progress: Progress = lambda _done, _of: None) -> Report:
    """The firm's whole book, checked with its own secrets and settings. Raises DirectoryRefused where the directory is no firm's."""
    open_firm_directory(directory)
    secrets = read_secrets(directory)
    return verify(
        directory,
        secret=secrets.ledger_secret,
        vault_master=secrets.vault_master,
        read_models=READ_MODELS,
        segments_keep_days=read_settings(FirmDirectory(directory).settings).ledger.segments_keep_days,
        progress=progress,
    )


def report_text(report: Report) -> str:
    """For a terminal: the verdict, each thing that does not hold in the order of the rows, what to do, and what was checked."""
    lines = ["The book is whole and agrees with itself." if report.is_sound else _verdict(report.findings)]
    for what_next, findings in _by_remedy(report.findings).items():
        lines += [f"- {finding.what}" for finding in findings[:FINDINGS_SHOWN]]
        if (more := len(findings) - FINDINGS_SHOWN) > 0:
            lines.append(f"- and {counted(more, 'finding')} more: --json has them")
        lines.append(f"  What next: {what_next}.")
    if report.untold:
        lines.append(f"There are {counted(report.untold, 'finding')} more, which were only counted.")
    lines += [f"Note: {note}" for note in report.notes]
    return "\n".join([*lines, _checked(report)])


def _verdict(findings: Sequence[Finding]) -> str:
    rows = [finding.seq for finding in findings if finding.seq]
    return f"The book is damaged; the first sign of it is at row {min(rows)}." if rows else "The book is damaged."


def _by_remedy(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Findings by what to do about them, earliest row first; what concerns no row comes last."""
    grouped: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: (not finding.seq, finding.seq)):
        grouped.setdefault(finding.next, []).append(finding)
    return grouped


def _checked(report: Report) -> str:
    parts = (
        counted(report.rows, "row"),
        counted(report.checkpoints, "signed checkpoint"),
        counted(report.frames, "quote frame"),
        counted(report.segments, "segment"),
        counted(report.snapshots, "snapshot"),
        counted(report.sealed_values, "sealed value"),
    )
    return f"Checked: {', '.join(parts)}."
