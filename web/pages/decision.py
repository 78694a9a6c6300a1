"""A decision's page for its trader: the rule, the price, the arithmetic, and the evidence to check it without us."""

from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Response

from web.decision_view import decision_view
from web.render import page
from web.visitor import Policy


@get("/decisions/{decision:int}", policy=Policy.TRADER_OWN)
async def decision(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[str]:
    view = await decision_view(request.app.state.firm, decision)
    return page(request, "decision.html", view=view, home="/accounts", review=None)


@get("/decisions/{decision:int}/evidence", policy=Policy.TRADER_OWN)
async def evidence(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    return await evidence_file(request, decision)


async def evidence_file(request: Request[Any, Any, Any], decision: int) -> Response[Any]:
    """The bundle as a file, proven in a signed checkpoint."""
    firm = request.app.state.firm
    bundle = await firm.book.look(lambda _: firm.evidence(decision))
    named = f'attachment; filename="evidence-{decision}.json"'
    return Response(bundle, media_type="application/json", headers={"content-disposition": named})


ROUTES = (decision, evidence)
