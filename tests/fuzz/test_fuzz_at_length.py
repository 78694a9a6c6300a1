"""The same fuzz for as long as a soak lasts, drawn anew each time. A red one prints how to try it again."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.soaked import SHARE_S

ROOT = Path(__file__).resolve().parents[2]
FACTOR_AT_ONCE = 5
ROUND_S_MAX = 3_600
"""A round takes minutes; one that hangs shall not hold up the other soaks for ever."""


@pytest.mark.soak
def test_the_fuzz_of_every_border_at_length() -> None:
    until_s = time.monotonic() + SHARE_S
    rounds = 0
    while rounds == 0 or time.monotonic() < until_s:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/fuzz", "-m", "not soak", "-p", "no:cacheprovider"],
            cwd=ROOT,
            env={**os.environ, "EVENHAND_FUZZ_FACTOR": str(FACTOR_AT_ONCE)},
            capture_output=True,
            text=True,
            check=False,
            timeout=ROUND_S_MAX,
        )
        assert ran.returncode == 0, ran.stdout[-20_000:]
        rounds += 1
    print(f"fuzz: {rounds} rounds of {FACTOR_AT_ONCE} times what make test tries")
