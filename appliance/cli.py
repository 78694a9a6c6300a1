"""The command line: `evenhand VERB`. Finds the verb's file and lets it run; turns what went wrong into one clear line.

Exit status: 0 done, 1 checked and found wanting, 2 could not be done, 130 interrupted, 141 nobody reads any more.
"""

import argparse
import os
import select
import sys
from collections.abc import Sequence

from appliance.interrupted import INTERRUPTED, ended_at_once, interrupted
from appliance.release import RELEASE
from appliance.verbs import asked_for, verb_named, why_unknown

UNREAD = 128 + 13  # as a shell says of what SIGPIPE ended
OUT_OF_MEMORY = (
    "evenhand: memory ran out, and the process ends; everything that was answered is in the ledger: "
    "start it again, with more memory if it happens again"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of `evenhand`."""
    if not __debug__:
        print("evenhand: runs with assertions only, they guard money: start it without -O", file=sys.stderr)
        return 2
    given = sys.argv[1:] if arguments is None else arguments
    with ended_at_once():
        root = parser(given)
    if why := why_unknown(given):
        root.error(why)
    try:
        options = root.parse_args(given)
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError as broken:
        return _broken(broken)
    except MemoryError:
        print(OUT_OF_MEMORY, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(interrupted(), file=sys.stderr)
        return INTERRUPTED
    except SystemExit:  # help, the release, or words that mean nothing: no refusal is looked up for them
        raise
    except known_refusals() as known:
        print(f"evenhand: {known}", file=sys.stderr)
        return 2
    return status


def known_refusals() -> tuple[type[Exception], ...]:
    """Asked for when something was raised: they come from every room."""
    from appliance.failing import KNOWN

    return KNOWN


def _broken(broken: BrokenPipeError) -> int:
    """Whoever read our output has had enough, such as `head`: no fault. What Python would still write goes nowhere."""
    try:
        is_unread = _nobody_reads(sys.stdout.fileno())
        sys.stdout.flush()
    except BrokenPipeError:
        is_unread = True
    if is_unread:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    print(f"evenhand: {broken}", file=sys.stderr)  # another pipe
    return 2


def _nobody_reads(descriptor: int) -> bool:
    """Whether a pipe's other end is shut. What could not be written at once is dropped, and a flush then finds nothing amiss."""
    watched = select.poll()
    watched.register(descriptor, 0)
    return any(seen & select.POLLERR for _, seen in watched.poll(0))


def parser(given: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The verb that is asked for, with its arguments; every verb where none is."""
    root = argparse.ArgumentParser(
        prog="evenhand",
        description="A prop firm in one process: every decision can be shown, replayed and checked.",
        epilog=(
            'A first look: "evenhand demo". A firm of your own: "evenhand init", then "evenhand serve".\n'
            "Exit status: 0 done, 1 checked and found wanting, 2 could not be done."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"evenhand {RELEASE}", help="print the release and end")
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    if list(given) != ["--version"]:
        for name in asked_for(given):
            verb_named(name).add_to(verbs)
    return root
