"""Portal: the pages of a firm behind a listening socket, from the first connection to the last word."""

import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import uvicorn

from appliance.page_server import PageServer
from appliance.portal_door import PortalDoor
from web.firm import Firm

STOP_SECONDS_MAX = 10  # how long open pages may take to end
PROXIES = "127.0.0.1,::1"  # said here: else FORWARDED_ALLOW_IPS of the environment would say who may write an address


@asynccontextmanager
async def serving_pages(firm: Firm, door: PortalDoor, listener: socket.socket) -> AsyncIterator[None]:
    """Pages are served within; afterwards nobody is let in, and who is inside gets `STOP_SECONDS_MAX` to end.

    The web room is imported here, after recovery: it takes longer than everything else together.
    """
    from web.app import create_app, end_streams

    app = create_app(firm)
    pages = PageServer(page_config(app, https=firm.https), door)
    async with anyio.create_task_group() as tasks:
        served = anyio.Event()
        tasks.start_soon(_serve, pages, listener, served)
        yield
        await pages.let_nobody_in()
        end_streams(app)
        pages.should_exit = True
        await served.wait()


def page_config(app: Any, *, https: bool) -> uvicorn.Config:
    """How pages are served. `https`: a proxy of this machine says from where somebody comes, and nobody else is believed."""
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        loop="asyncio",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        server_header=False,
        proxy_headers=https,
        forwarded_allow_ips=PROXIES,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )


async def _serve(pages: PageServer, listener: socket.socket, served: anyio.Event) -> None:
    await pages.serve_on(listener)
    if not pages.should_exit:
        raise RuntimeError("the web server ended by itself: see the log above")
    served.set()


Ready = Callable[[str], None]
"""Called with the portal's address once everything listens."""


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
