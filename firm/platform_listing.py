"""Platform listing: which groups of accounts a trading platform says it has: what a program may name of it."""

import msgspec


class PlatformGroup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group of accounts. `leverages`: those that it has, 100 for 1:100; () where any will do."""

    group: str
    leverages: tuple[int, ...] = ()

    def has(self, leverage: int) -> bool:
        return not self.leverages or leverage in self.leverages


class PlatformListing(msgspec.Struct, frozen=True, kw_only=True):
    """One platform, as its bridge last told. `groups` () where it never told any. `observes`: no command is sent to it."""

    connected: bool
    groups: tuple[PlatformGroup, ...] = ()
    observes: bool = False

    def group(self, name: str) -> PlatformGroup | None:
        return next((one for one in self.groups if one.group == name), None)
