"""Legal pages: the firm's terms, privacy, imprint and risk notice, where it has them shown here."""

from typing import Any

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response

from web.render import page
from web.visitor import Policy, firm_of


@get("/legal/{name:str}", policy=Policy.PUBLIC)
async def legal(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[str]:
    found = firm_of(request).brand.page(name)
    if found is None:
        raise NotFoundException
    return page(request, "legal.html", legal=found)


ROUTES = (legal,)
