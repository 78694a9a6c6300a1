"""Nowhere: every address that is no page, answered like any other so that whoever is signed in keeps their way around."""

from typing import Any

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from web.visitor import Policy


@get("/{path:path}", policy=Policy.PUBLIC)
async def nowhere(path: FromPath[str]) -> Any:  # noqa: ARG001  (the address is in the log already)
    raise NotFoundException


ROUTES = (nowhere,)
