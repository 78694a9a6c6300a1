"""A file system whose other side never answers, as a share whose server is gone: FUSE that nobody serves."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DETACH = 2  # umount2: MNT_DETACH
FUSE = Path("/dev/fuse")
LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def mounted(place: Path, *, hangs: bool) -> Iterator[None]:
    """Whoever looks there waits until it is over; where not `hangs`, is told at once that the other side is gone."""
    if os.geteuid() != 0 or not FUSE.exists():
        pytest.skip("only root may mount a file system that hangs, and only where there is /dev/fuse")
    device = os.open(FUSE, os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
    if LIBC.mount(b"nobody", bytes(place), b"fuse", 0, options.encode()) != 0:
        os.close(device)
        pytest.skip(f"no file system can be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        if not hangs:
            os.close(device)
        yield
    finally:
        LIBC.umount2(bytes(place), DETACH)
        if hangs:
            os.close(device)
