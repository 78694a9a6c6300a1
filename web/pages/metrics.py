"""The machine's figures, for a monitoring system: Prometheus text. Nobody's data is in it."""

from typing import Any

from litestar import Request, get
from litestar.response import Response

from web.visitor import Policy, firm_of

MEDIA_TYPE = "text/plain; version=0.0.4"


@get("/metrics", policy=Policy.MEASURING)
async def metrics(request: Request[Any, Any, Any]) -> Response[str]:
    state = request.app.state
    text = firm_of(request).machine.metrics(state.streams.open, state.allowance.seen())
    return Response(text, media_type=MEDIA_TYPE)


ROUTES = (metrics,)
