"""Regions: a firm's own coarse names for countries. The name stands in the ledger beside a trader's number; the country stays sealed."""

import re
from collections.abc import Iterable, Mapping

import msgspec

NO_REGION = ""
"""Of a trader who is in none, or of whom nobody said."""
REGION_WORDS = "2 to 40 small letters, digits and dashes, the first a letter"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")


class Regions(msgspec.Struct, frozen=True):
    """The firm's regions: which of them a country is in, by ISO 3166-1 code. A country is in one at most."""

    of_country: Mapping[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.of_country.values())))

    def of(self, country: str) -> str:
        """NO_REGION where the firm put the country into none."""
        return self.of_country.get(country, NO_REGION)


NO_REGIONS = Regions()


def is_region_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def is_region(text: str) -> bool:
    """Whether a trader can be there: a region's name, or NO_REGION."""
    return text == NO_REGION or is_region_name(text)


def region_words(region: str) -> str:
    return region or "no region"


def listed(regions: Iterable[str]) -> str:
    """Several of them, or one, with what they are: "the regions dach, north"."""
    names = sorted(regions)
    return f"the {'region' if len(names) == 1 else 'regions'} {', '.join(names)}"
