"""Catalogue: what the platform lists now. It changes as a whole, so that what was worked out from it can be kept with it."""

from functools import cached_property

import msgspec

from bridges.simulator.symbols import Listing
from firm.price import Crosses, Hop


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    """Listings in the order in which they are told. Each symbol is in it once."""

    listings: tuple[Listing, ...]

    def listing(self, symbol: str) -> Listing | None:
        return self._by_symbol.get(symbol)

    def path(self, source: str, target: str) -> tuple[Hop, ...] | None:
        """How to convert between two currencies here, or None."""
        return self._crosses.path(source, target)

    def serves(self, currency: str) -> bool:
        """Whether an account in this currency can hold anything here."""
        return any(self.path(listing.spec.currency_profit, currency) is not None for listing in self.listings)

    def with_listing(self, listing: Listing, instead_of: str) -> "Catalogue":
        """The catalogue with another listing in the place of a symbol's."""
        return Catalogue(tuple(listing if known.spec.symbol == instead_of else known for known in self.listings))

    @cached_property
    def _by_symbol(self) -> dict[str, Listing]:
        return {listing.spec.symbol: listing for listing in self.listings}

    @cached_property
    def _crosses(self) -> Crosses:
        return Crosses(listing.spec for listing in self.listings)
