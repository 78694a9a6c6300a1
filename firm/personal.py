"""Personal: the classes of personal values that the vault holds, why each is held, and for how long once its person asks to be forgotten.

Every class that anything seals is here: what has no reason and no end is not kept.
"""

from enum import StrEnum

import msgspec

from firm.instant import DAY_US

DAYS_KEPT_MAX = 36_500


class Ends(StrEnum):
    """When a class of values goes."""

    AT_ONCE = "at_once"  # with the erasure
    LATER = "later"  # so long after the erasure as the law on money laundering asks for
    WITH_AGE = "with_age"  # a while after it came, whoever it is about


class DataClass(msgspec.Struct, frozen=True):
    """A class of sealed values. `what` and `why` are read by the person they are about; `basis`: the ground in Article 6 of the GDPR."""

    name: str
    what: str
    why: str
    basis: str
    ends: Ends


CLASSES = (
    DataClass("identity", "Name and mail address", "To know whose accounts these are, and to write to you.", "contract (6.1.b)", Ends.AT_ONCE),
    DataClass("credentials", "The password, as a hash", "To let you in, and nobody else.", "contract (6.1.b)", Ends.AT_ONCE),
    DataClass(
        "session",
        "Network addresses, devices and comments that the trading platform reports",
        "To notice accounts that several people trade, or one person under several names.",
        "legitimate interest (6.1.f)",
        Ends.AT_ONCE,
    ),
)  # fmt: skip

BY_NAME = {each.name: each for each in CLASSES}


class Destruction(msgspec.Struct, frozen=True):
    """A class of somebody's values, and the instant from which on they are destroyed."""

    klass: str
    from_us: int


def destructions(classes: tuple[str, ...], now_us: int, keep_days: int) -> tuple[Destruction, ...]:
    """When each of these classes goes, where somebody is to be forgotten now. `keep_days`: of what the law wants kept."""
    assert 0 <= keep_days <= DAYS_KEPT_MAX
    later_us = now_us + keep_days * DAY_US
    return tuple(
        Destruction(name, later_us if BY_NAME[name].ends is Ends.LATER else now_us) for name in sorted(classes)
    )
