"""The firm's own stylesheet and logo: named by their content, and closed even to whoever opens them by themselves."""

from typing import Any

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from web.brand.brand import Brand
from web.csp import LOCKED
from web.visitor import Policy, firm_of


@get("/brand.css", policy=Policy.PUBLIC, content_policy=LOCKED)
async def stylesheet(request: Request[Any, Any, Any]) -> Response[Any]:
    """The one of now; a page that was made before a restart is led to it, and what it asked for is not kept."""
    brand: Brand = firm_of(request).brand
    if not brand.stylesheet:
        raise NotFoundException
    if request.query_params.get("v") != brand.stylesheet_hash:
        return Redirect(brand.stylesheet_address, status_code=303)
    return Response(brand.stylesheet, media_type="text/css")


@get("/brand/{name:str}", policy=Policy.PUBLIC, content_policy=LOCKED)
async def picture(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    brand: Brand = firm_of(request).brand
    found = brand.picture(name)
    if found is None:
        raise NotFoundException
    return Response(found.content, media_type=found.media_type)


ROUTES = (stylesheet, picture)
