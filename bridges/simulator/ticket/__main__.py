"""Tells a trader's ticket password: `python -m bridges.simulator.ticket DATA_DIR TRADER`, for whoever may read the platform's secret."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bridges.simulator.ticket.keys import TicketKeyUnusable, ticket_keys


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bridges.simulator.ticket", description=__doc__)
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR", help="the --data-dir of the platform")
    parser.add_argument(
        "trader", metavar="TRADER", help="the trader's reference, as the firm's create_account names it"
    )
    options = parser.parse_args(arguments)
    if not options.data_dir.is_dir():
        print(f"ticket: there is no platform in {options.data_dir}: name its --data-dir", file=sys.stderr)
        return 2
    try:
        print(ticket_keys(options.data_dir).password_of(options.trader))
    except TicketKeyUnusable as unusable:
        print(f"ticket: {unusable}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
