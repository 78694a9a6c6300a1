"""`evenhand passwords build`: a list of passwords that nobody may choose, from one of the operator's own."""

import argparse
import os
from pathlib import Path

from appliance.commands.options import Verbs, verb
from appliance.console import CommandRefused
from web.breached_list import ListRefused, build_list


def add_to(verbs: Verbs) -> None:
    example = "evenhand passwords build pwned-passwords-sha1-ordered-by-hash.txt breached.bin --seen-min 10"
    parser = verb(verbs, "passwords", run_build, "build a list of passwords that nobody may choose", example)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    note = (
        "SOURCE has a password in each line, or a SHA-1 in hex with a colon and how often it was seen, sorted by hash, as Have I Been "
        "Pwned gives them away. TARGET takes five bytes for each; name it in the settings (web.breached_passwords) and restart the firm."
    )
    build = verb(actions, "build", run_build, "build it from a file", example, note)
    build.add_argument("source", type=Path, help="the file to read")
    build.add_argument("target", type=Path, help="the file to write")
    build.add_argument(
        "--seen-min", type=int, default=1, metavar="N", help="pass over hashes seen less often (default 1)"
    )


def run_build(options: argparse.Namespace) -> int:
    unfinished = options.target.with_name(f"{options.target.name}.part")
    try:
        with options.source.open("rb") as source, unfinished.open("w+b") as target:
            count = build_list(source, target, seen_min=options.seen_min)
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(options.target)
    except ListRefused as refused:
        raise CommandRefused(f"{options.source}: {refused}") from refused
    except OSError as failed:
        raise CommandRefused(f"{failed.filename or options.target}: {failed.strerror}: nothing was built") from failed
    finally:
        unfinished.unlink(missing_ok=True)
    print(f"{count:,} passwords in {options.target}.")
    return 0
