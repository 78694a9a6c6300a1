"""TOML of a firm's own: read within a bound, or refused in words for whoever wrote it."""

import tomllib
from typing import Any

from web.brand.faults import BrandFault


def read_toml(content: bytes, bytes_max: int, what: str) -> dict[str, Any]:
    """`what`: of which no more than that many bytes are read. Raises BrandFault."""
    if len(content) > bytes_max:
        raise BrandFault(f"has {len(content)} bytes, and {what} may have {bytes_max}: it is not the right file")
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as broken:
        raise BrandFault(f"is not TOML ({broken}): mend that line") from broken
