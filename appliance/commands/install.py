"""`evenhand install`: lay the program, its user and its systemd units on this machine; show what would be laid; take it away."""

import argparse
from pathlib import Path

from appliance.commands.options import Verbs, verb
from appliance.installation.machine import FIRM, LIVE, apply, has_firm, remove, require_power_over


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "install",
        run,
        "lay the service, its timers and its user on a Debian machine, or take them away",
        "evenhand install --apply",
        "A second --apply changes nothing. --remove leaves the firm's directory, its copies and its user.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dry-run", action="store_true", help="print what --apply would do, and change nothing")
    what.add_argument("--apply", action="store_true", help="lay what is missing or differs")
    what.add_argument("--remove", action="store_true", help="take away what --apply laid")
    parser.add_argument(
        "--root", type=Path, default=LIVE, metavar="DIR", help="lay it under DIR, an image of a machine (default /)"
    )


def run(options: argparse.Namespace) -> int:
    root = options.root.absolute()
    if options.dry_run:
        done = apply(root, dry=True)
        print("\n".join(f"would {line}" for line in done) or "would change nothing: everything is in place")
        return 0
    require_power_over(root)
    if options.remove:
        done = remove(root, dry=False)
        print("\n".join(done) or "nothing to remove: nothing is laid here")
        print(f"left as they are: {FIRM}, /var/backups/evenhand and the user evenhand")
        return 0
    done = apply(root, dry=False)
    print("\n".join(done) or "nothing changed: everything is in place")
    if done:
        print(_next(root))
    return 0


def _next(root: Path) -> str:
    """What only a person decides: to found a firm, and when a running one takes the new release."""
    start = "systemctl start sockets.target timers.target evenhand.service evenhand-ship.service"
    if has_firm(root):
        return f"Next: {start}; where they run already: systemctl restart evenhand.service evenhand-ship.service"
    return (
        "Next: runuser -u evenhand -- evenhand init --name NAME --owner MAIL (it asks for a password), "
        f"[backups] in {FIRM}/evenhand.toml, then {start}; /opt/evenhand/current/share/evenhand/install.md has the rest"
    )
