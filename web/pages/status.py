"""Status, for anyone: whether the firm's parts work, and the incidents that a person has published. No account is on it, and nobody."""

from typing import Any

from litestar import Request, get
from litestar.response import Response

from web.bounds import STATUS_DAYS
from web.render import page
from web.status_told import StatusTold
from web.visitor import Policy


@get("/status", policy=Policy.PUBLIC)
async def status(request: Request[Any, Any, Any]) -> Response[str]:
    told: StatusTold = request.app.state.status
    found = await told.lately()
    return page(request, "status.html", feeds=found.feeds, lasting=found.goes_on, over=found.over, days=STATUS_DAYS)


ROUTES = (status,)
