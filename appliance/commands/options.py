"""Options that several verbs share, so that they are called and explained the same everywhere."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from firm.ids import parse_id
from firm.mail_address import is_mail_address, normalised_mail

Verbs = Any  # argparse's sub-parser action; its class is private

ROW_DIGITS_MAX = 18  # more have no row: its number fits SQLite's integers
DEFAULT_DIRECTORY = Path("/var/lib/evenhand")
FROM_TERMINAL_OR_PIPE = "The password is asked for on a terminal, twice, or read as one line from a pipe."


def verb(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], summary: str, example: str, note: str = ""
) -> argparse.ArgumentParser:
    """Declare a verb with its help, an example, and what else one must know before running it."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description="\n\n".join(filter(None, [summary[0].upper() + summary[1:] + ".", note])),
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=DEFAULT_DIRECTORY,
        metavar="DIR",
        help=f"the firm's directory (default {DEFAULT_DIRECTORY})",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")


def add_decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "decision",
        type=decision_number,
        metavar="DECISION",
        help="a decision's number: the ledger row of a breach, suspicion or pass, as pages and the demo's summary show it",
    )


def tell(options: argparse.Namespace, value: Any, text: str) -> None:
    """The answer: as JSON where it was asked for, else as text."""
    if options.json:
        print(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))
    else:
        print(text)


def agreed(question: str) -> bool:
    """Whether somebody types yes, on a terminal or as a line from a pipe. Nothing typed is no."""
    print(f'{question} Type "yes": ', end="", file=sys.stderr, flush=True)
    typed = sys.stdin.readline() if sys.stdin else ""  # which a shell may have closed
    if not typed.endswith("\n"):
        print(file=sys.stderr)  # what is said next has a line of its own
    return typed.strip().casefold() == "yes"


def decision_number(text: str) -> int:
    """A decision, for argparse."""
    if not text.isdecimal() or len(text) > ROW_DIGITS_MAX or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no decision: give the number of the ledger row that records a breach, suspicion or pass; "
            "pages show it beside each verdict, and a demo lists all when it ends"
        )
    return int(text)


def account_id(text: str) -> int:
    """An account's id as people type it, for argparse."""
    try:
        return parse_id(text)
    except ValueError as unreadable:
        raise argparse.ArgumentTypeError(str(unreadable)) from unreadable


def plain_text(text: str) -> str:
    """A text for people, for argparse: a shell passes bytes on as they are, and what is no UTF-8 can be kept nowhere."""
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        raise argparse.ArgumentTypeError(f"{text!r} is not text in UTF-8: type it again") from broken
    return text


def mail_address(text: str) -> str:
    """A mail address that somebody is to have, for argparse."""
    if not is_mail_address(plain_text(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no mail address that a server takes, such as ada@example.org")
    return text


def known_address(text: str) -> str:
    """A mail address that somebody has already, for argparse: as they signed up with it, whatever is asked of new ones."""
    plain_text(text)
    try:
        normalised_mail(text)
    except ValueError as unreadable:
        raise argparse.ArgumentTypeError(str(unreadable)) from unreadable
    return text


def progress(text: str) -> None:
    """A line that replaces itself on a terminal, and is silent elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)
