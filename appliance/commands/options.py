"""Options that several verbs share, so that they are called and explained the same everywhere."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from firm.ids import parse_id
from storage.people import normalised_mail

Verbs = Any  # argparse's sub-parser action; its class is private

DEFAULT_DIRECTORY = Path("/var/lib/evenhand")


def verb(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], summary: str, example: str
) -> argparse.ArgumentParser:
    """Declare a verb with its help and an example."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
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


def tell(options: argparse.Namespace, value: Any, text: str) -> None:
    """The answer: as JSON where it was asked for, else as text."""
    if options.json:
        print(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))
    else:
        print(text)


def account_id(text: str) -> int:
    """An account's id as people type it, for argparse."""
    try:
        return parse_id(text)
    except ValueError as unreadable:
        raise argparse.ArgumentTypeError(str(unreadable)) from unreadable


def mail_address(text: str) -> str:
    """A mail address as somebody signs in with, for argparse."""
    try:
        normalised_mail(text)
    except ValueError as unreadable:
        raise argparse.ArgumentTypeError(str(unreadable)) from unreadable
    return text


def progress(text: str) -> None:
    """A line that replaces itself on a terminal, and is silent elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)
