"""Asking the firm: a command goes to the engine, and its answer comes back once it is durable."""

from typing import Any

import anyio
from litestar import Request
from litestar.exceptions import ServiceUnavailableException

from actors.arrival import Decided, Held, Overloaded
from firm.commands import Command
from web.bounds import ASK_SECONDS
from web.firm import Firm


async def ask(request: Request[Any, Any, Any], command: Command) -> Decided:
    """The durable answer. When it is late nobody knows yet what was decided: the page says so, and that looking again is safe."""
    firm: Firm = request.app.state.firm
    try:
        with anyio.fail_after(ASK_SECONDS):
            return await firm.ask(command)
    except TimeoutError as late:
        raise ServiceUnavailableException(
            "the answer is taking longer than usual: it may still come. Reload the page in a moment to see, before you send it again"
        ) from late
    except Held as held:
        raise ServiceUnavailableException(f"{held}: nothing was sent. Try again later") from held
    except Overloaded as full:
        raise ServiceUnavailableException(
            "the engine has too much to do at the moment: nothing was sent. Try again shortly"
        ) from full
