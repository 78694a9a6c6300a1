"""Lapsing: orders that nobody has paid for as long as the policy says come to nothing, so that they stand in nobody's way."""

from actors.arrival import Overloaded
from actors.names import COURIER
from appliance.assembly import Machine
from firm.commands import LapseOrder
from storage.readmodels.people import unpaid_since

AT_ONCE = 100


async def lapse_unpaid(machine: Machine) -> None:
    """Those that are due by now, some at a time; what is left stays due. The order's desk has the last word."""
    due_us = machine.clock.now_us() - machine.engine.policy.order_lapse_us
    with machine.reader.connection() as book:
        orders = unpaid_since(book, due_us, AT_ONCE)
    for order in orders:
        try:
            await machine.ask(LapseOrder(by=COURIER, order=order))
        except Overloaded:
            return
