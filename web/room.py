"""Room: how many passwords of strangers are looked at, so that those who guess by the hundred leave prices as fast as they were.

All strangers share one bucket. One address, or the site of IPv6 around it, empties it for nobody: each has a share of its own that is
looked at first, and what succeeds is counted there as well.
"""

from web.allowance import Allowance, Bucket, Counted, site_around
from web.bounds import NO_ROOM_SECONDS
from web.password_desk import PasswordDesk
from web.too_much import SECOND_US, TooManyFromOnePlace, TooManySignIns

SESSION = "/session"  # where passwords are sent
DEVICE_ENDING = "-device"  # of the name of a device's cookie


def buckets_of(address: str) -> tuple[Bucket, ...]:
    """Where one counts who comes from a device that nobody knows. `address`: as `network_of` has it."""
    site = site_around(address)
    around: tuple[Bucket, ...] = ((Counted.NEWCOMERS_SITE, site),) if site else ()
    return (Counted.NEWCOMERS, address), *around, (Counted.SIGN_IN, "strangers")


def why_not_now(allowance: Allowance, desk: PasswordDesk, address: str, *, look: bool = False) -> TooManySignIns | None:
    """How long one waits who comes from a device that nobody knows, and why; None: not at all."""
    if not desk.has_room(known=False):
        allowance.refused[Counted.SIGN_IN] += 1
        return TooManySignIns(NO_ROOM_SECONDS * SECOND_US)
    empty = allowance.first_empty(buckets_of(address), look=look)
    if empty is None:
        return None
    kind, wait_us = empty
    return TooManySignIns(wait_us) if kind is Counted.SIGN_IN else TooManyFromOnePlace(wait_us)
