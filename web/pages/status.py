"""Status, for anyone: whether the firm's parts work, and the incidents that a person has published. No account is on it, and nobody."""

from typing import Any

from litestar import Request, get
from litestar.response import Response

from firm.instant import DAY_US
from storage.readmodels.incidents import public_incidents
from web.bounds import STATUS_DAYS, STATUS_INCIDENTS_SHOWN
from web.render import page
from web.visitor import Policy


@get("/status", policy=Policy.PUBLIC)
async def status(request: Request[Any, Any, Any]) -> Response[str]:
    firm = request.app.state.firm
    since_us = firm.now_us() - STATUS_DAYS * DAY_US
    found = await firm.book.read(lambda book: public_incidents(book, since_us, STATUS_INCIDENTS_SHOWN))
    feeds = [each for each in firm.pulse.lately().bridges if each.mode != "revoked"]
    goes_on = [each for each in found if each.to_us is None]
    over = [each for each in found if each.to_us is not None]
    return page(request, "status.html", feeds=feeds, goes_on=goes_on, over=over, days=STATUS_DAYS)


ROUTES = (status,)
