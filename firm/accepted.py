"""Accepted: what somebody agrees to who signs up: which legal page, and in which version."""

import msgspec


class AcceptedText(msgspec.Struct, frozen=True):
    """A legal page. `address`: where it was shown; `sha256`: of its text there, in hex, or "" where it is not ours."""

    name: str
    address: str
    sha256: str
