"""Section: a [section] of the settings file, whichever room of the machine it is for."""

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A [section] of the file."""
