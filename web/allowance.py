"""Allowance: how much anybody may ask at once and in the long run, in buckets that fill up again as time passes.

A bucket is one instant: the one at which it would be full again (GCRA, the leaky bucket as a meter). So it is exact in integers, costs
one look, and one that is full is one that is not there. There are never more of them than `SUBJECTS_MAX` of a kind; the ones that were
longest not asked for go first, which only gives their owners a full bucket. They live in memory: a restart fills all of them.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec

from web.machine import AskedTooMuch

SUBJECTS_MAX = 20_000  # of one kind: some 3 MB
MINUTE_US = 60_000_000
NETWORK = "::/64"  # how the name of a network of IPv6 ends
SITE_SHARE = 8  # a /48 of IPv6, with its 65,536 networks, may as much as so many addresses
# Of what all strangers may who sign in: most is left to others, however long one address or site takes all of its own.
NEWCOMERS_PART, NEWCOMERS_SITE_PART, NEWCOMERS_BURST_PART = 10, 5, 2


class Counted(StrEnum):
    """Whose bucket it is."""

    ADDRESS = "address"
    SITE = "site"  # of IPv6, around the address
    STREAM = "stream"
    ACCOUNT = "account"
    KEY = "key"
    SIGN_IN = "sign_in"  # all strangers together
    NEWCOMERS = "newcomers"  # of these, those of one address
    NEWCOMERS_SITE = "newcomers_site"  # and of one site of IPv6
    KNOWN = "known"  # a person who signs in at a device of theirs, or is asked for their password again


class Rate(msgspec.Struct, frozen=True):
    """`burst` at once, and `per_minute` in the long run. 0 a minute: without a limit."""

    per_minute: int = 0
    burst: int = 1


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings allow. Without any of them nothing is limited: for a firm in a test."""

    address: Rate = Rate()
    stream: Rate = Rate()
    account: Rate = Rate()
    key: Rate = Rate()
    sign_in: Rate = Rate()

    @property
    def site(self) -> Rate:
        """Follows from the address's."""
        return Rate(self.address.per_minute * SITE_SHARE, self.address.burst * SITE_SHARE)

    @property
    def newcomers(self) -> Rate:
        """Follow from the rate of all strangers."""
        return self._of_strangers(NEWCOMERS_PART)

    @property
    def newcomers_site(self) -> Rate:
        """Twice an address's in the long run; no more at once, or it would empty the bucket of all."""
        return self._of_strangers(NEWCOMERS_SITE_PART)

    @property
    def known(self) -> Rate:
        """Nobody types that fast; it is there for what a program sends."""
        return Rate(per_minute=12, burst=10) if self.sign_in.per_minute else Rate()

    def _of_strangers(self, part: int) -> Rate:
        if not self.sign_in.per_minute:
            return Rate()
        return Rate(max(1, self.sign_in.per_minute // part), max(1, self.sign_in.burst // NEWCOMERS_BURST_PART))


Bucket = tuple[Counted, str]  # its kind, and of whom it is


class Allowance:
    """All buckets of one firm's pages. `refused`: how often each kind was empty, since start."""

    def __init__(self, limits: Limits, now_us: Callable[[], int] = lambda: time.monotonic_ns() // 1_000) -> None:
        self._rates = {kind: getattr(limits, kind.value) for kind in Counted}
        self._full_at: dict[Counted, OrderedDict[str, int]] = {kind: OrderedDict() for kind in Counted}
        self._now_us = now_us
        self._foreseen: Counter[Bucket] = Counter()
        self.refused: Counter[Counted] = Counter()

    @contextmanager
    def foreseen(self, buckets: Sequence[Bucket]) -> Iterator[None]:
        """While one who was let by at a look may still be counted: the room that they will take is nobody else's."""
        self._foreseen.update(buckets)
        try:
            yield
        finally:
            self._foreseen.subtract(buckets)
            for bucket in buckets:
                if not self._foreseen[bucket]:
                    del self._foreseen[bucket]

    def wait_us(self, kind: Counted, subject: str, *, look: bool = False) -> int:
        """0: it may ask, and it was counted. Else how long to wait; who asks too early does not wait the longer for it.

        `look`: it is not counted yet, and will be where it is let in, after those that are foreseen.
        """
        empty = self.first_empty(((kind, subject),), look=look)
        return empty[1] if empty else 0

    def first_empty(self, buckets: Sequence[Bucket], *, look: bool = False) -> tuple[Counted, int] | None:
        """The same for several that are asked together: the kind of the first that has too little, with how long to wait; nobody is counted
        then. None: it may ask, and all counted it.
        """
        now_us, counted = self._now_us(), []
        for kind, subject in buckets:
            rate: Rate = self._rates[kind]
            if not rate.per_minute:
                continue
            each_us = MINUTE_US // rate.per_minute
            ahead = self._foreseen[kind, subject] if look else 0
            full_at = max(now_us, self._full_at[kind].get(subject, 0)) + each_us * (1 + ahead)
            wait_us = full_at - now_us - each_us * rate.burst
            if wait_us > 0:
                self.refused[kind] += 1
                return kind, wait_us
            counted.append((kind, subject, full_at))
        for kind, subject, full_at in () if look else counted:
            self._keep(kind, subject, full_at)
        return None

    def _keep(self, kind: Counted, subject: str, full_at: int) -> None:
        buckets = self._full_at[kind]
        buckets[subject] = full_at
        buckets.move_to_end(subject)
        if len(buckets) > SUBJECTS_MAX:
            buckets.popitem(last=False)

    def wait_at_door_us(self, kind: Counted, host: str) -> int:
        """The same for an address, and for the site around it: its networks would turn over all buckets, and each find a full one."""
        network = network_of(host)
        site = site_around(network)
        empty = self.first_empty((*(((Counted.SITE, site),) if site else ()), (kind, network)))
        return empty[1] if empty else 0

    def seen(self) -> AskedTooMuch:
        """For the metrics."""
        return AskedTooMuch(
            refused={kind.value: self.refused[kind] for kind in Counted},
            counted={kind.value: len(self._full_at[kind]) for kind in Counted},
        )


def network_of(host: str) -> str:
    """What counts as one address: of IPv6 the first half, because whoever has one address there has 2^64."""
    address = _address(host)
    if isinstance(address, IPv6Address):
        return f"{int(address) >> 64:x}{NETWORK}"
    return "unknown" if address is None else str(address)


def site_around(network: str) -> str:
    """Of what `network_of` found the site: of IPv6 what is given to one house or firm, at most. Empty: the address is of another kind."""
    return f"{int(network.removesuffix(NETWORK), 16) >> 16:x}::/48" if network.endswith(NETWORK) else ""


@lru_cache(maxsize=256)  # each is asked for twice or three times in a row
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
