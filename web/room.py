"""Room: how many passwords of strangers are looked at, so that those who guess by the hundred leave prices as fast as they were."""

from web.allowance import Allowance, Counted
from web.bounds import NO_ROOM_SECONDS
from web.password_desk import PasswordDesk
from web.too_much import SECOND_US

SESSION = "/session"  # where passwords are sent
DEVICE_ENDING = "-device"  # of the name of a device's cookie


def why_wait_us(allowance: Allowance, desk: PasswordDesk, *, look: bool = False) -> int:
    """How long one waits who comes from a device that nobody knows: all of them together may ask for only so many hashes."""
    if not desk.has_room(known=False):
        allowance.refused[Counted.SIGN_IN] += 1
        return NO_ROOM_SECONDS * SECOND_US
    return allowance.wait_us(Counted.SIGN_IN, "strangers", look=look)
