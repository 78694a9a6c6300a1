"""`evenhand doctor`: what is wrong with this installation, and how to mend it."""

import argparse
import sys

from appliance.commands.options import Verbs, add_directory, add_json, verb
from appliance.doctor import run_doctor
from appliance.finding import Level, findings_json, findings_text, worst


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "doctor",
        run,
        "look for what is wrong with this installation and say how to mend it (exit 1 on a problem)",
        "evenhand doctor --data-dir /var/lib/evenhand",
    )
    add_directory(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    findings = run_doctor(options.data_dir)
    if options.json:
        sys.stdout.write(findings_json(findings).decode())
    else:
        sys.stdout.write(findings_text(findings))
    return 1 if worst(findings) is Level.PROBLEM else 0
