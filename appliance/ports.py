"""Ports: sockets that the appliance listens on, and what to say where one cannot be had."""

import socket


class CannotListen(OSError):
    """A port is taken or not ours to take: what, which, what next."""


def listen(host: str, port: int, setting: str = "web.port in evenhand.toml") -> socket.socket:
    """A bound TCP socket; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
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
