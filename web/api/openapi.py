"""OpenAPI: the description of the API, by litestar's own generator, open to anybody: it says nothing of the firm and loads no script."""

from typing import Any

import anyio
import anyio.to_thread
import msgspec
from litestar import Litestar, Request, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import Response

from web.visitor import Policy

VERSION = "1"
PATH = "/api/v1"
MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.1"
_ABOUT = """Read-only. Every answer is JSON of one moment. Send `authorization: Bearer evh_…`; what a key may see is what it was issued
for, and no more than its issuer may see now. A path that asks for a permission which the key lacks answers 403; what is outside of its
programs is not there (404). Too many requests are answered 429 with Retry-After in seconds. Problems are RFC 9457."""


def described(routes: tuple[Any, ...]) -> bytes:
    """The document. Takes some tens of milliseconds."""
    config = OpenAPIConfig(
        title="Evenhand",
        version=VERSION,
        description=_ABOUT,
        security=[{"key": []}],
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description="A key of the firm's.")}
        ),
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
    )
    router = Router(PATH, route_handlers=list(routes))
    schema = Litestar([router], openapi_config=config, logging_config=None).openapi_schema.to_schema()
    return msgspec.json.encode(schema)


class Description:
    """The document, made when it is first asked for."""

    def __init__(self, routes: tuple[Any, ...]) -> None:
        self._routes = routes
        self._turn = anyio.Lock()
        self._document = b""

    async def document(self) -> bytes:
        async with self._turn:
            if not self._document:
                self._document = await anyio.to_thread.run_sync(described, self._routes)
            return self._document


@get("/openapi.json", policy=Policy.PUBLIC, include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(await request.app.state.api.document(), media_type=MEDIA_TYPE)
