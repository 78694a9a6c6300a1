"""Loopback: the ticket's socket, which nobody reaches from another machine."""

import socket

HOST = "127.0.0.1"
BACKLOG = 64


class TicketPortTaken(OSError):
    """The ticket's port cannot be had: what, which, what next."""


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback alone; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise TicketPortTaken(
            f"the ticket cannot listen on {HOST} port {port} ({error.strerror}): stop what uses it, or choose another with --ticket"
        ) from error
    return listener
