"""Problem: how the API says no: JSON of RFC 9457, with a reference that also stands in the log, and nothing of our insides."""

from http import HTTPStatus

import msgspec
from litestar.openapi import ResponseSpec

API = "/api/"
PROBLEM_JSON = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What was refused or failed. `detail`: what is wrong and what to do next. `reference`: under which it stands in the log, or ""."""

    title: str
    status: int
    detail: str
    reference: str


def problem_json(status: int, detail: str, reference: str) -> bytes:
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, reference=reference)
    return msgspec.json.encode(told)


_NOS = {
    400: "A parameter is not as described.",
    401: "No key, or one that is not good.",
    403: "The key may not see this.",
    404: "There is no such thing for this key.",
    429: "Too much was asked; Retry-After says for how many seconds to wait.",
    503: "The firm's disk gives or takes nothing just now.",
}
REFUSALS = {
    status: ResponseSpec(Problem, description=told, media_type=PROBLEM_JSON, generate_examples=False)
    for status, told in _NOS.items()
}
"""What every route may answer beside its own, as the description says it."""
