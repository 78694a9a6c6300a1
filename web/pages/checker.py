"""The evidence checker, for anyone: the very file from the source tree, to be kept and run without us."""

from pathlib import Path

import anyio
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.response import Response

from web.visitor import Policy

CHECKER = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"


@get("/verify_evidence.py", policy=Policy.PUBLIC)
async def checker() -> Response[bytes]:
    try:
        source = await anyio.Path(CHECKER).read_bytes()
    except FileNotFoundError as missing:
        raise NotFoundException("the checker is not installed beside the appliance") from missing
    named = 'attachment; filename="verify_evidence.py"'
    return Response(source, media_type="text/x-python; charset=utf-8", headers={"content-disposition": named})


ROUTES = (checker,)
