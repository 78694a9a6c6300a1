"""Region settings: the firm's own names for groups of countries, by which whoever signs up is placed, and staff can be limited.

Their keys are the firm's own, so they are judged here one by one, each mistake with its path.
"""

import json
from collections.abc import Mapping
from typing import Any

from firm.bounds import SCOPE_REGIONS_MAX
from firm.regions import REGION_WORDS, Regions, is_region_name

SECTION = "regions"
NAME = "NAME"  # of a key, on the page that lists them
COUNTRIES_MAX = 300  # of one region: there are fewer
MEANING = (
    "The firm's own names for groups of countries (ISO 3166-1, two capital letters), a country in one at most. Whoever signs up is placed "
    f"by their country; staff and API keys can be limited to regions. A name has {REGION_WORDS}; {SCOPE_REGIONS_MAX} regions at most. "
    "The name stands in the ledger beside a trader's number, the country does not: a region of one country tells it."
)
EXAMPLE = 'dach = ["DE", "AT", "CH"]'


def read_regions(raw: Mapping[str, Any]) -> Regions:
    """Raises ValueError with the path of what is wrong."""
    if len(raw) > SCOPE_REGIONS_MAX:
        raise ValueError(f"[{SECTION}] names {len(raw)} regions: {SCOPE_REGIONS_MAX} at most")
    of_country: dict[str, str] = {}
    for name, listed in raw.items():
        if not is_region_name(name):
            raise ValueError(f"{SECTION}.{name!r}: a region's name has {REGION_WORDS}")
        if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= COUNTRIES_MAX:
            raise ValueError(f"{SECTION}.{name} must be a list of 1 to {COUNTRIES_MAX} countries, such as {EXAMPLE}")
        for place, country in enumerate(listed):
            of_country[_free(f"{SECTION}.{name}[{place}]", country, of_country)] = name
    return Regions(of_country)


def alone(regions: Regions) -> tuple[str, ...]:
    """Regions of a single country, by name: each tells the country of whoever is in it."""
    named = list(regions.of_country.values())
    return tuple(name for name in regions.names if named.count(name) == 1)


def regions_toml(raw: Mapping[str, Any]) -> str:
    """The section's keys; where there are none, what one would look like."""
    lines = [f"{name} = {json.dumps(listed)}" for name, listed in raw.items()]
    return "\n".join(lines or [f"# {EXAMPLE}"]) + "\n"


def table() -> list[str]:
    """The section's keys, as the page of settings has them."""
    allowed = f"a list of 1 to {COUNTRIES_MAX} countries"
    return [
        "| key | default | allowed | meaning |",
        "|---|---|---|---|",
        f"| `{NAME}` | none | {allowed} | The countries of this region: `{EXAMPLE}` |",
    ]


def _free(path: str, country: Any, taken: Mapping[str, str]) -> str:
    # Here, and not above: what knows the countries takes longer to import than a firm without regions should wait.
    from web.locale_figures import countries

    known = isinstance(country, str) and any(country == code for code, _ in countries())
    if not known:
        raise ValueError(
            f"{path} must be a country's two capital letters by ISO 3166-1, not {json.dumps(country, default=str)}"
        )
    if country in taken:
        raise ValueError(f"{path}: {country} is in {SECTION}.{taken[country]} already, and a country is in one region")
    assert isinstance(country, str)
    return country
