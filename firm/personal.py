"""Personal: the classes of personal values that the vault holds, why each is held, and for how long once its person asks to be forgotten.

Every class of a person's values that anything seals is here: what has no reason and no end is not kept. Not here is `api_key`
(`storage/people.py`): the hash of a machine's secret under the key of that machine, which tells of nobody.
"""

from enum import StrEnum

import msgspec

from firm.instant import DAY_US


class Destruction(msgspec.Struct, frozen=True):
    """A class of somebody's values, and the instant from which on they are destroyed; 0: at once."""

    klass: str
    from_us: int


class Ground(StrEnum):
    """Why a class may be held at all: the ground in Article 6 of the GDPR."""

    CONTRACT = "contract (6.1.b)"
    CONTRACT_OR_LAW = "contract (6.1.b); of proof that a law has the firm keep, legal obligation (6.1.c)"
    INTEREST = "legitimate interest (6.1.f)"


class PersonalClass(msgspec.Struct, frozen=True):
    """A class of sealed values. `what` and `why` are read by the person they are about, in their file in English; on their page in the
    words of `held.NAME` in the portal's catalog.

    `kept_days`: for so long after the erasure was asked for, where a law wants it; else it goes at once.
    """

    name: str
    what: str
    why: str
    basis: Ground
    kept_days: int = 0


CLASSES = (
    PersonalClass(
        "identity",
        "Name and mail address",
        "To know whose accounts these are, and to write to you.",
        Ground.CONTRACT,
    ),
    PersonalClass("credentials", "The password, as a hash", "To let you in, and nobody else.", Ground.CONTRACT),
    PersonalClass(
        "factors",
        "What you prove with beside the password that it is you: passkeys, the secret of an app, recovery codes as hashes",
        "To let you in, and nobody who knows your password alone.",
        Ground.CONTRACT,
    ),
    PersonalClass(
        "address_wanted",
        "A mail address that you asked to be written to from now on, until you have confirmed it",
        "To see that you read what is sent to it before it counts.",
        Ground.CONTRACT,
    ),
    PersonalClass(
        "residence",
        "The country where you live, and the language that you read",
        "To know whether the firm may have you as a customer, who of it looks after you, and in which language to write to you.",
        Ground.CONTRACT,
    ),
    PersonalClass(
        "whence",
        "The network address and kind of device from which you changed how you sign in; of staff, from which they act",
        "To show you, and the firm, who changed it or did it.",
        Ground.INTEREST,
    ),
    PersonalClass(
        "appeal",
        "What you said of a decision when you asked that a person looks at it",
        "To let a person judge what you say, and to answer you.",
        Ground.CONTRACT,
    ),
    PersonalClass(
        "documents",
        "Documents that you handed in: proof of identity and of address, other evidence",
        "To know who you are where a law or a payment asks for it, and to judge what you say happened.",
        Ground.CONTRACT_OR_LAW,
    ),
    PersonalClass(
        "session",
        "Network addresses, devices and comments that the trading platform reports with a login",
        "To notice accounts that several people trade, and one person under several names.",
        Ground.INTEREST,
    ),
)

BY_NAME = {each.name: each for each in CLASSES}


def destructions(now_us: int) -> tuple[Destruction, ...]:
    """When each class goes, where somebody is to be forgotten now: all of them, whatever the vault holds of them at the moment.

    What comes while it is ordered, or lies under a key of several people, goes too.
    """
    kept_us = {name: BY_NAME[name].kept_days * DAY_US for name in sorted(BY_NAME)}
    return tuple(Destruction(name, now_us + wait_us if wait_us else 0) for name, wait_us in kept_us.items())
