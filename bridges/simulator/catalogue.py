"""Catalogue: what the platform lists now. It changes as a whole, so that what was worked out from it can be remembered by it."""

from functools import lru_cache

import msgspec

from bridges.simulator.symbols import Listing
from firm.price import Crosses, Hop


class Catalogue(msgspec.Struct, frozen=True, cache_hash=True):
    """Listings in the order in which they are told. Each symbol is in it once."""

    listings: tuple[Listing, ...]

    def listing(self, symbol: str) -> Listing | None:
        return _by_symbol(self).get(symbol)

    def path(self, source: str, target: str) -> tuple[Hop, ...] | None:
        """How to convert between two currencies here, or None."""
        return _crosses(self).path(source, target)

    def serves(self, currency: str) -> bool:
        """Whether an account in this currency can hold anything here."""
        return any(self.path(listing.spec.currency_profit, currency) is not None for listing in self.listings)

    def with_listing(self, listing: Listing, instead_of: str) -> "Catalogue":
        """The catalogue with another listing in the place of a symbol's."""
        return Catalogue(tuple(listing if known.spec.symbol == instead_of else known for known in self.listings))


@lru_cache(maxsize=64)
def _by_symbol(catalogue: Catalogue) -> dict[str, Listing]:
    return {listing.spec.symbol: listing for listing in catalogue.listings}


@lru_cache(maxsize=64)
def _crosses(catalogue: Catalogue) -> Crosses:
    return Crosses(listing.spec for listing in catalogue.listings)
