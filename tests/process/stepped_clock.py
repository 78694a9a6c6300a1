"""`evenhand` under a wall clock that is stepped: the file that is named first holds by how many seconds it is off.

The kernel's wall clock is everybody's, so it is replaced where Python asks for it. Monotonic time stays the kernel's.
"""

import sys
import time
from pathlib import Path

from appliance.cli import main

_true_ns = time.time_ns


def stepped_ns() -> int:
    return _true_ns() + int(STEP.read_text()) * 10**9


if __name__ == "__main__":
    STEP = Path(sys.argv.pop(1))
    time.time_ns = stepped_ns
    time.time = lambda: stepped_ns() / 10**9
    sys.exit(main())
