"""Commands about orders: placed, paid, lapsed."""

from firm.commands.command import Command


class PlaceOrder(Command, frozen=True, kw_only=True):
    """A trader wants a program. `accounts` are the ids that its phases' accounts will have, in order; those left over lapse."""

    order: int
    trader: int
    program: str
    accounts: tuple[int, ...]


class MarkOrderPaid(Command, frozen=True, kw_only=True):
    """Staff saw the money: open the account. `reference` is the bank's or processor's."""

    order: int
    reference: str


class LapseOrder(Command, frozen=True, kw_only=True):
    """An order that nobody paid comes to nothing: after so long as the policy says, or before where its trader or staff say so."""

    order: int
