"""Errors of calls to the outside, each in words for a log or a page: which host, what happened, what next.

Never a path, a query, a header or a body: they hold tokens and names.
"""


class CallFailed(Exception):
    """The call brought no answer that can be used."""


class CallRefused(CallFailed):
    """Nothing was sent there: the address, or what was to be sent, is not allowed. What led there by a redirect was asked all the same.

    Trying again changes nothing.
    """


class CircuitOpen(CallFailed):
    """This try sent nothing: the destination failed again and again, and is left alone for a while."""


class NoAnswer(CallFailed):
    """Nobody there, nobody whom TLS vouches for, or not in time. Whether the request arrived is not known."""


class BadAnswer(CallFailed):
    """An answer that is too large, in circles, packed oddly, or not HTTP. The request arrived."""
