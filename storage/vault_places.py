"""Vault places: what a sealed value is bound to, so that none opens in the place of another, and which words name such a place."""

import re

from storage.sealing import SealBroken, bound_to, unsealed

PERSON_FORM = re.compile(r"[a-z]{1,16}:[0-9A-Za-z_.-]{1,64}")
CLASS_FORM = re.compile(r"[a-z][a-z_]{0,31}")


def opens(key: bytes, value: tuple[str, str, bytes], box: bytes) -> bool:
    """Whether what is sealed for this person, class and commitment is sealed under this key."""
    person, klass, commitment = value
    try:
        unsealed(key, box, place_of(person, klass, commitment))
    except SealBroken:
        return False
    return True


def check_words(person: str, klass: str) -> None:
    if not PERSON_FORM.fullmatch(person):
        raise ValueError(f"{person!r} is no pseudonym: kind and id, such as trader:123")
    if not CLASS_FORM.fullmatch(klass):
        raise ValueError(f"{klass!r} is no class of values: lower-case letters and _, such as address")


def place_of(person: str, klass: str, commitment: bytes) -> bytes:
    return bound_to(b"evenhand value 1", person.encode(), klass.encode(), commitment)


def factors_place(person: str) -> bytes:
    return bound_to(b"evenhand factors 1", person.encode())


def opens_factors(key: bytes, person: str, box: bytes) -> bool:
    """Whether the factors that are sealed for this person are sealed under this key."""
    try:
        unsealed(key, box, factors_place(person))
    except SealBroken:
        return False
    return True
