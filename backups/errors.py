"""Errors of copies and restores: each says what happened, to which file, and what to do next."""


class BackupRefused(Exception):
    """A copy was not made; those that are there are as they were."""


class RestoreRefused(Exception):
    """Nothing was put where the firm is to be."""


class WrongIdentity(RestoreRefused):
    """The offline key that was named opens none of these copies."""


class DestinationFailed(OSError):
    """The place where copies lie does not answer, or is not what it should be."""
