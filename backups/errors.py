"""Errors of copies and restores: each says what happened, to which file, and what to do next."""


class BackupRefused(Exception):
    """A copy was not made; those that are there are as they were."""


class RestoreRefused(Exception):
    """Nothing was put where the firm is to be."""


class WrongIdentity(RestoreRefused):
    """The offline key that was named does not open these copies, or one that nothing else can stand in for."""


class WrongSecrets(RestoreRefused):
    """The secrets that were named are another firm's."""


class NoRoom(RestoreRefused):
    """The disk that is restored to is full, or too small."""


class DestinationFailed(OSError):
    """The place where copies lie does not answer, or is not what it should be."""
