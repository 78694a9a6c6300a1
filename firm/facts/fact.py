"""Fact: what every row that a desk decided has in common."""

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened. The ledger's `kind` is the class name; the payload is the fields as JSON, in declared order."""
