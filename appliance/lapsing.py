"""Lapsing: orders that nobody has paid for as long as the policy says come to nothing, so that they stand in nobody's way."""

import logging

from anyio import to_thread

from actors.arrival import Overloaded
from actors.names import COURIER, order_desk
from appliance.assembly import Machine
from appliance.seam import why_it_failed
from firm.commands import LapseOrder
from storage.readmodels.people import unpaid_since

AT_ONCE = 100

_LOG = logging.getLogger("evenhand.appliance")


async def lapse_unpaid(machine: Machine) -> None:
    """Those that are due by now, some at a time; what is left stays due. The order's desk has the last word."""

    async def lapse() -> None:
        for order in await to_thread.run_sync(_due, machine):
            await machine.ask(LapseOrder(by=COURIER, order=order))

    if why := await why_it_failed(lapse, Overloaded):
        _LOG.error("orders that nobody paid did not all lapse, which is tried again: %s", why)


def _due(machine: Machine) -> list[int]:
    """A stopped desk would only park what it is told, round after round: it is passed over, and holds up nobody behind it."""
    due_us = machine.clock.now_us() - machine.engine.policy.order_lapse_us
    stopped = machine.engine.own.state.stopped
    with machine.reader.connection() as book:
        orders = unpaid_since(book, due_us, AT_ONCE + len(stopped))
    return [order for order in orders if order_desk(order) not in stopped][:AT_ONCE]
