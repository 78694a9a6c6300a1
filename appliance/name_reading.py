"""Name reading: the vault's names are read into memory a few at a time, so that staff find a trader by a part of one.

Each is unsealed, which takes a core: between two turns it rests for longer than they took, and prices go first.
"""

import logging
from time import monotonic

import anyio
from anyio import to_thread

from appliance.assembly import Machine
from appliance.seam import why_it_failed
from storage.errors import DiskRefused
from storage.readmodels.people import traders_registered

AT_ONCE = 20  # some milliseconds
REST_TIMES = 3  # as long as a turn took
REST_S_MAX = 1.0
LOOK_EVERY_S = (
    1.0  # a search looks by itself; this is for the forgotten, of whom nothing is to stay until somebody searches
)

_LOG = logging.getLogger("evenhand.appliance")


async def read_names(machine: Machine) -> None:
    """Until cancelled."""
    names, told = machine.names, ""
    await to_thread.run_sync(_begin, machine)
    while True:
        began = monotonic()
        why = await why_it_failed(lambda: to_thread.run_sync(names.read_some, AT_ONCE), DiskRefused)
        if why and why != told:
            _LOG.error("the names of traders cannot be read for now, which is tried again: %s", why)
        told = why
        rests = names.waiting and not why
        await anyio.sleep(min((monotonic() - began) * REST_TIMES, REST_S_MAX) if rests else LOOK_EVERY_S)


def _begin(machine: Machine) -> None:
    with machine.reader.connection() as book:
        machine.names.begin(traders_registered(book))
