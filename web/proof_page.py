"""Proof page: asks who sits there to prove once more who they are, and carries the form that was typed."""

from typing import Any

from litestar import Request
from litestar.response import Response

from web.forms import Kept
from web.passkeys import site_of
from web.render import page
from web.signed import signed_of

PROOF = "/security/proof"
SECURITY = "/security"


def proof_page(
    request: Request[Any, Any, Any], kept: Kept | None, wanted: str, wrong: str = "", status: int = 200
) -> Response[str]:
    """With what this session has: a code or a passkey where there is a second factor, else the password."""
    return page(
        request,
        "proof.html",
        status=status,
        kept=kept,
        wanted=wanted,
        wrong=wrong,
        factor=signed_of(request).factor,
        passkeys=site_of(request.app.state.firm) is not None,
    )
