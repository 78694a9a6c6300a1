"""Condition: how a sealed value is that the ledger refers to, in the words in which it is told."""

from enum import Enum


class Condition(Enum):
    """WHOLE and ERASED (neither value nor key) are as they should be; the others say what is wrong."""

    WHOLE = "is whole"
    ERASED = "was erased"
    MISSING = "is gone from the vault, though its key is there and nobody erased it"
    FOREIGN = "lies in the vault under another person or class"
    ALTERED = "does not open: the value or its key was altered"
    KEYLESS = "lies in the vault without its key"
    SIGN_IN = "is whole, but mail address or password hash beside it are gone or altered"
