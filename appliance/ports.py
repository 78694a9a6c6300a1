"""Ports: sockets that the appliance listens on, and what to say where one cannot be had."""

import logging
import socket

from appliance.notify import inherited

BACKLOG = 2_048  # connections that the kernel keeps until they are taken

_LOG = logging.getLogger("evenhand.appliance")


class CannotListen(OSError):
    """A port is taken or not ours to take: what, which, what next."""


def portal_door(host: str, port: int) -> socket.socket:
    """The portal's listening socket: the one that systemd holds over a restart, or else one of our own."""
    door = inherited("portal")
    if door is None:
        return listen(host, port)
    found_host, found_port = door.getsockname()[:2]
    if (found_host, found_port) != (host, port):
        _LOG.warning(
            "the portal listens on %s port %d, as evenhand.socket says, not on %s port %d as evenhand.toml says: "
            'change one of the two, the socket with "systemctl edit evenhand.socket"',
            *(found_host, found_port, host, port),
        )
    return door


def listen(host: str, port: int, setting: str = "web.port in evenhand.toml") -> socket.socket:
    """A TCP socket that listens: whoever knocks before anybody takes connections waits. Port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"the portal cannot listen on {host} port {port} ({error.strerror}): stop what uses it, "
            f"or choose another with {setting}"
        ) from error
    return listener


def free_port(host: str) -> int:
    """A port that nobody listens on right now."""
    with listen(host, 0) as probe:
        port: int = probe.getsockname()[1]
        return port
