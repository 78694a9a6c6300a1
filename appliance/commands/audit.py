"""`evenhand audit`: what staff, the console and couriers did, searched from the console, and as a file."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from appliance.commands.options import Verbs, add_directory, plain_text, verb
from appliance.console import CommandRefused, ask_firm
from firm.act_titles import TITLES, about_of, title_of
from firm.commands import NoteAct, StaffAct
from firm.facts import StaffActed
from firm.instant import utc_text
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.act_lists import ActFilter, ActLine, acts_page
from web.act_lines import COLUMNS, by_id, csv_row, json_line
from web.acts_asked import read_acts_asked
from web.bounds import ACTS_FILE_AT_ONCE, ACTS_FILE_MAX, ACTS_FILE_READS_MAX, SEARCH_LENGTH_MAX
from web.csv_lines import csv_lines
from web.forms import Wrong

SHOWN = 50
# What the page calls these in its address.
_ASKED = {"who": "who", "kind": "kind", "account": "account", "trader": "trader", "member": "member", "text": "q", "since": "from",
          "until": "to"}  # fmt: skip
_OPTIONS = {field: option for option, field in _ASKED.items()}
_TIME = "a time is written like 2026-03-01T00:00, in UTC, and --since lies before --until"
_WRONG = {
    "who": "a member of staff by their id, such as 7K2MQ-9XW3F, or console, courier or portal",
    "kind": 'there is no such kind of act; "--kind help" lists them',
    "q": f"at most {SEARCH_LENGTH_MAX} characters of a reason",
    "from": _TIME,
    "to": _TIME,
}


def add_to(verbs: Verbs) -> None:
    example = "evenhand audit --who 7K2MQ-9XW3F --since 2026-03-01T00:00 --csv > march.csv"
    note = (
        "Newest first, by ids and without names. Instants are UTC. What is taken as CSV or as JSON lines is itself put on record, and is "
        f"not written where it cannot be. At most {ACTS_FILE_MAX:,} rows."
    )
    parser = verb(verbs, "audit", run_audit, "search what staff and the console did", example, note)
    parser.add_argument(
        "--who", type=plain_text, default="", metavar="ID", help="by a member of staff, console or courier"
    )
    parser.add_argument(
        "--kind",
        type=plain_text,
        default="",
        help="a command, such as SetStaffRole, or an act, such as evidence_taken; help lists them",
    )
    parser.add_argument("--account", type=plain_text, default="", metavar="ID", help="about this account")
    parser.add_argument("--trader", type=plain_text, default="", metavar="ID", help="about this trader")
    parser.add_argument("--member", type=plain_text, default="", metavar="ID", help="about this member of staff")
    parser.add_argument("--text", type=plain_text, default="", help="whose reason has this in it")
    parser.add_argument(
        "--since", type=plain_text, default="", metavar="TIME", help="from then on, as 2026-03-01T00:00"
    )
    parser.add_argument("--until", type=plain_text, default="", metavar="TIME", help="before then")
    parser.add_argument(
        "--limit", type=_rows, default=None, metavar="N", help=f"at most so many rows (default {SHOWN}; all in a file)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON lines for a program to read")
    form.add_argument("--csv", action="store_true", help="print CSV")
    add_directory(parser)


def run_audit(options: argparse.Namespace) -> int:
    if options.kind == "help":
        print("\n".join(f"{kind:<24} {title}" for kind, title in sorted(TITLES.items())))
        return 0
    open_firm_directory(options.data_dir)
    asked = read_acts_asked({name: getattr(options, option) for option, name in _ASKED.items()})
    if isinstance(asked, Wrong):
        raise CommandRefused("; ".join(f"--{_OPTIONS[name]}: {_worded(name)}" for name in asked.errors))
    is_file = options.json or options.csv
    if is_file:
        _on_record(options.data_dir)
    found = _acts(options.data_dir, asked.filter, options.limit or (ACTS_FILE_MAX if is_file else SHOWN))
    if options.csv:
        sys.stdout.write(csv_lines([COLUMNS]))
        sys.stdout.writelines(csv_lines([csv_row(act)]) for act in found)
    elif options.json:
        sys.stdout.writelines(json_line(act).decode() for act in found)
    else:
        _print(found)
    return 0


def _worded(field: str) -> str:
    """What is wrong with an option, where the page would speak of its form."""
    if field in ("account", "trader", "member"):
        return "an id is written like 7K2MQ-9XW3F"
    return _WRONG[field]


def _on_record(directory: Path) -> None:
    facts = ask_firm(directory, NoteAct(by="console", act=StaffAct.RECORD_TAKEN, about="evenhand audit"))
    if not any(isinstance(fact, StaffActed) for fact in facts):
        raise CommandRefused("this cannot be put on record: a desk is stopped; let it go on first (/staff/health)")


def _acts(directory: Path, wanted: ActFilter, rows_max: int) -> Iterator[ActLine]:
    """Newest first, a few at a time."""
    before, left = None, rows_max
    with LedgerReader(directory) as reader:
        for _ in range(ACTS_FILE_READS_MAX):
            with reader.connection() as book:
                found = acts_page(book, wanted, before, min(ACTS_FILE_AT_ONCE, left))
            yield from found.acts
            before, left = found.older, left - len(found.acts)
            if before is None or left <= 0:
                return


def _print(found: Iterator[ActLine]) -> None:
    shown = 0
    for act in found:
        if not shown:
            print(f"{'ROW':>8}  {'WHEN (UTC)':<19}  {'WHO':<12} WHAT")
        shown += 1
        print(_line(act))
    if not shown:
        print("No act matches.")


def _line(act: ActLine) -> str:
    told = [f"{act.seq:>8}  {utc_text(act.at_us)[:19].replace('T', ' ')}  {by_id(act.who):<12} {title_of(act.kind)}"]
    told += [f"refused: {act.refused}"] if act.refused else []
    told += [by_id(about_of(act.kind, act.about))] if act.about else []
    if act.subject and not act.refused:
        told.append(f"{by_id(act.subject)}: {f'{act.before} to ' if act.before else ''}{act.after}")
    return "; ".join([*told, *([f'"{act.why}"'] if act.why else [])])


def _rows(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= ACTS_FILE_MAX):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number of rows from 1 to {ACTS_FILE_MAX}")
    return int(text)
