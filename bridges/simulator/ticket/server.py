"""Server: the ticket's pages on a loopback port of the simulator's own process."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import uvicorn
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from bridges.simulator.ticket.connection import Connection
from bridges.simulator.ticket.door import harden, require_own_address
from bridges.simulator.ticket.hands import Hands
from bridges.simulator.ticket.keys import TicketKeys
from bridges.simulator.ticket.loopback import HOST
from bridges.simulator.ticket.lost import LostForms
from bridges.simulator.ticket.pages import ROUTES, busy, fault, problem
from bridges.simulator.ticket.sessions import Sessions

LOOK = Path(__file__).parents[3] / "web" / "static"
OWN_LOOK = Path(__file__).parent / "static"
FORM_BYTES_MAX = 16 * 1024
CONNECTIONS_MAX = 64


class _Server(uvicorn.Server):
    """Without signal handlers of its own: the simulator has them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def create_ticket(hands: Hands, keys: TicketKeys, sessions: Sessions, port: int, portal: str = "") -> Litestar:
    """The application for one platform; `port` is part of the address under which alone it answers.

    `portal`: the firm's, "" where it is not known.
    """
    hosts = frozenset({f"{HOST}:{port}", f"localhost:{port}"})
    return Litestar(
        [
            Router(
                "/",
                route_handlers=[*ROUTES, create_static_files_router("/static", [LOOK, OWN_LOOK])],
                guards=[require_own_address],
            )
        ],
        before_send=[harden],
        exception_handlers={HTTPException: problem, TimeoutError: busy, Exception: fault},
        request_max_body_size=FORM_BYTES_MAX,
        state=State(
            {
                "hands": hands,
                "ticket_keys": keys,
                "sessions": sessions,
                "lost": LostForms(),
                "hosts": hosts,
                "portal": portal,
                "cookie": f"evenhand_ticket_{port}",
            }
        ),
        openapi_config=None,
        logging_config=None,
    )


async def serve_ticket(
    hands: Hands, keys: TicketKeys, listener: socket.socket, portal: str = "", sessions: Sessions | None = None
) -> None:
    """Until cancelled."""
    config = uvicorn.Config(
        create_ticket(hands, keys, sessions or Sessions(), listener.getsockname()[1], portal),
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    with listener:
        try:
            await server.serve(sockets=[listener])
        except anyio.get_cancelled_exc_class():
            if server.started:
                with anyio.CancelScope(shield=True):
                    await server.shutdown(sockets=[listener])
            raise
