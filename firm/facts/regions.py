"""Facts of regions: in which of the firm's regions a trader is."""

from firm.facts.fact import Fact


class TraderPlaced(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A trader is in this region of the firm's from now on; "" is none. `before`: the one they were in.

    `why` is "" where it came with their registration. It says nothing of a country: that is sealed. `by_country`: it is where the settings
    put whoever is from there, and nobody chose it for this trader.
    """

    trader: int
    region: str
    by: str
    before: str = ""
    why: str = ""
    by_country: bool = False
