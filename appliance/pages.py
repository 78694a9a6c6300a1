"""Pages: where the operating pages lie that mails, log and doctor send a person to."""

import sys
from pathlib import Path

import appliance

IN_A_CHECKOUT = "docs/operating"


def _place() -> str:
    """A checkout's own, as its readers name it; where the program is installed, a path of this machine."""
    if (Path(appliance.__file__).parents[1] / IN_A_CHECKOUT).is_dir():
        return IN_A_CHECKOUT
    installed = Path(sys.prefix) / "share" / "evenhand"
    return str(installed) if (installed / "runbooks.md").is_file() else IN_A_CHECKOUT


PAGES = _place()
