"""Commands about people as such: traders who come and are forgotten, and how anybody signs in."""

from enum import StrEnum

from firm.commands.command import Command
from firm.personal import Destruction


class SecurityAct(StrEnum):
    """What changed in how somebody signs in."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (words, no password)
    PASSWORD_RESET = "password_reset"  # noqa: S105
    LINK_MADE = "link_made"  # to a new password, at the console
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    CODES_RENEWED = "codes_renewed"
    CODE_USED = "code_used"
    FACTORS_RESET = "factors_reset"
    SESSIONS_ENDED = "sessions_ended"
    DEVICE_FORGOTTEN = "device_forgotten"
    DEVICE_NEW = "device_new"


class NoteSecurity(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Something changed in how `person` ("trader:<id>", "staff:<id>") signs in. `why`: where somebody else did it.

    `sealed`: the address and device it came from, in the vault as whose `by` is; "" where it came from the console.
    """

    person: str
    act: SecurityAct
    sealed: str = ""
    why: str = ""


class RegisterTrader(Command, frozen=True, kw_only=True, omit_defaults=True):
    """A trader; name, mail and credentials are in the vault behind `sealed`. `region`: of the firm's, "" for none."""

    trader: int
    sealed: str
    region: str = ""


class PlaceTrader(Command, frozen=True, kw_only=True, omit_defaults=True):
    """A trader is to be in this region of the firm's, or in none (""). It is a coarse name for countries, and never a country.

    `by_country`: it is where the settings put whoever is from there, and nobody chose it for this trader.
    """

    trader: int
    region: str
    why: str
    by_country: bool = False


class EraseTrader(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Forget a trader: each class of what the vault holds of them is destroyed from an instant on. The border knows which there are.

    `gives_up`: they know that what still runs is closed and forfeited, that orders lapse, and that open questions are dropped with it.
    """

    trader: int
    why: str
    classes: tuple[Destruction, ...]
    gives_up: bool = False
