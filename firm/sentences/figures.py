"""Figures: how a reader's locale writes numbers. Whoever speaks to a reader brings his own."""

from typing import Protocol


class Figures(Protocol):
    """Numbers in digits. Their nouns are the catalog's: days and seconds are counts with a noun, which bends with its sentence."""

    def money(self, minor: int) -> str:
        """Minor units of the account's currency, with the currency: 95,000.00 USD."""
        ...

    def percent(self, bp: int) -> str:
        """Basis points: 4.5 %."""
        ...

    def multiple(self, bp: int) -> str:
        """Basis points as a factor: 25000 is 2.5."""
        ...

    def lots(self, lots_e8: int) -> str:
        """Lots times 10^8, without a unit: 2.00."""
        ...

    def count(self, number: int) -> str:
        """A whole number: 1,200."""
        ...
