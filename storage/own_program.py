"""Own program: how a process of ours is started from this very tree, and from no other copy that is installed on the machine.

It stands in the lowest room that starts any, so that all of them start alike.
"""

import sys
from pathlib import Path

import storage

ROOT = str(Path(storage.__file__).parent.parent)
_FROM_HERE = "import sys; sys.path.insert(0, sys.argv[1])\n"


def own_program(source: str, *arguments: str) -> list[str]:
    """The command. `source` finds `sys`, our modules, and `arguments` from `sys.argv[2]` on; the environment names no other place."""
    return [sys.executable, "-I", "-B", "-c", _FROM_HERE + source, ROOT, *arguments]
