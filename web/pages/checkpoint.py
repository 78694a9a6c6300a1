"""The newest signed checkpoint, for anyone who wants to hold the firm to its past: keep it, and check a later one against it."""

from typing import Any

from litestar import Request, get
from litestar.response import Response

from web.visitor import Policy, firm_of


@get("/checkpoint", policy=Policy.PUBLIC)
async def checkpoint(request: Request[Any, Any, Any]) -> Response[str]:
    newest = await firm_of(request).book.look(lambda reader: reader.checkpoint())
    if newest is None:
        return Response(
            "no checkpoint yet: the first is signed within a minute of the first rows\n",
            status_code=404,
            media_type="text/plain",
        )
    named = f'attachment; filename="checkpoint-{newest.size}.txt"'
    return Response(newest.note, media_type="text/plain", headers={"content-disposition": named})


ROUTES = (checkpoint,)
