"""`evenhand lab`: what other rules would have decided on accounts that have been, from the ledger alone."""

import argparse
import os
import sys
import time
from datetime import date
from pathlib import Path

import msgspec

from actors.lab_found import Progress, Report
from appliance.commands.options import Verbs, account_id, add_directory, add_json, progress, tell, verb
from appliance.commands.rules import RULES_FILE, readable_rules
from appliance.console import CommandRefused
from appliance.lab.choice import Choice, ChoiceRefused, require_known
from appliance.lab.lab import Lab
from appliance.lab.play import play
from appliance.lab.report import report_of
from appliance.lab.words import text_of
from firm.instant import parse_utc
from firm.ruleset import Program, Ruleset
from firm.ruleset_checks import problems_of
from storage.files import open_firm_directory
from storage.reader import LedgerReader

NOTE = """Goes through the firm's history with the engine itself, and compares what became of each account with what would have. It reads
the ledger and writes nothing, beside a serving firm too. Where nothing is chosen, it takes all accounts. docs/lab.md tells how to
read it. Exit status: 0 done, 2 could not be done."""
LOOK_EVERY_S = 2.0


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "lab",
        run,
        "tell what another ruleset would have decided on accounts that have been",
        "evenhand lab draft.toml --program two-step-50k --phase Evaluation --data-dir var/demo/firm",
        NOTE,
    )
    rules = parser.add_mutually_exclusive_group(required=True)
    rules.add_argument(
        "file", nargs="?", type=Path, metavar="RULES", help=f"{RULES_FILE}; of a program --rules-phase says which phase"
    )
    rules.add_argument(
        "--as-sold", action="store_true", help="the rules that each account was sold: nothing may come out otherwise"
    )
    parser.add_argument(
        "--rules-phase", default="", metavar="NAME", help="where RULES is a program: its phase of this name"
    )
    add_directory(parser)
    parser.add_argument("--program", default="", metavar="NAME", help="accounts of this program only")
    parser.add_argument("--phase", default="", metavar="NAME", help="accounts in the phase of this name only")
    parser.add_argument(
        "--bought-from", type=day, metavar="DAY", help="bought on this day or later, in UTC: 2026-01-31"
    )
    parser.add_argument("--bought-before", type=day, metavar="DAY", help="bought before this day")
    parser.add_argument(
        "--account", type=account_id, action="append", default=[], metavar="ID", help="this account; may be repeated"
    )
    add_json(parser)
    parser.add_argument("--lines", action="store_true", help="print progress and the report as JSON, one object a line")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="as --lines, and go on as the ledger grows, with a report each time that something came",
    )


def run(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    rules = None if options.as_sold else _rules(options.file, options.rules_phase)
    choice = Choice(
        program=options.program,
        phase=options.phase,
        from_us=options.bought_from,
        until_us=options.bought_before,
        accounts=frozenset(options.account),
    )
    with LedgerReader(options.data_dir) as reader:
        try:
            require_known(reader, choice)
        except ChoiceRefused as refused:
            raise CommandRefused(str(refused)) from refused
        lab = Lab(choice, rules)
        play(reader, lab, _say if options.lines or options.follow else _show)
        report = report_of(lab)
        if options.lines or options.follow:
            _say(report)
        else:
            tell(options, report, text_of(report))
        if options.follow:
            _follow(reader, lab)
    return 0


def day(text: str) -> int:
    """The first instant of a day in UTC, for argparse."""
    try:
        return parse_utc(f"{date.fromisoformat(text)}T00:00:00")
    except ValueError as unreadable:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-01-31") from unreadable


def _rules(path: Path, phase: str) -> Ruleset:
    """The draft, as sound as what is published must be."""
    rules = readable_rules(path)
    if isinstance(rules, Program):
        rules = _phase_of(rules, phase)
    problems = problems_of(rules)
    if problems:
        raise CommandRefused("\n".join([f"{path} contradicts itself, and is not tried:", *map(str, problems)]))
    return rules


def _phase_of(program: Program, name: str) -> Ruleset:
    for phase in program.phases:
        if phase.name == name and isinstance(phase.ruleset, Ruleset):
            return phase.ruleset
    names = ", ".join(phase.name for phase in program.phases)
    raise CommandRefused(
        f"program {program.program} has the phases {names}: say with --rules-phase whose rules are to be tried"
        + (f"; none is called {name!r}" if name else "")
    )


def _follow(reader: LedgerReader, lab: Lab) -> None:
    """Until it is told to end, or whoever started it has ended."""
    started_by = os.getppid()
    while os.getppid() == started_by:
        if play(reader, lab, _say):
            _say(report_of(lab))
        time.sleep(LOOK_EVERY_S)


def _say(told: Progress | Report) -> None:
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


def _show(told: Progress) -> None:
    progress(f"row {told.row:,} of {told.rows:,}: {told.accounts:,} accounts, {told.decided:,} decided")
