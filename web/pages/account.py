"""An account's page for its trader: what it is worth, how much is left, and why; live while it is watched."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from litestar import Request, get
from litestar.exceptions import ClientException, TooManyRequestsException
from litestar.params import FromPath
from litestar.response import Response, Stream

from web.account_view import account_view
from web.equity_picture import RANGES, chart_json, picture_of, wrong_range
from web.render import page
from web.shell.speech import ENGLISH, Speech, spoken
from web.sse import Render, Streams, TooManyStreams
from web.visitor import Policy, firm_of, read_id, signed_in
from web.watched_account import WatchedAccount, names_of_exceptions

EVENT_STREAM = "text/event-stream"


@get("/accounts/{account:str}", policy=Policy.TRADER_OWN)
async def account(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    firm, speak = firm_of(request), spoken(request)
    view = await account_view(firm, read_id(account), speak)
    picture = await picture_of(firm, view, request.query_params.get("range", ""))
    ticket = "" if view.ended or signed_in(request).behind else firm.tickets.get(view.line.bridge, "")
    wrong = wrong_range(request.query_params, speak)
    context: dict[str, Any] = {"picture": picture, "ranges": RANGES, "wrong": wrong, "room": "", "names": None}
    status = 422 if wrong else 200
    return page(request, "account.html", status=status, view=view, ticket=ticket, **context)


@get("/accounts/{account:str}/live", policy=Policy.TRADER_OWN)
async def account_live(request: Request[Any, Any, Any], account: FromPath[str]) -> Stream:
    return await stream_of_account(request, read_id(account), "", spoken(request))


@get("/accounts/{account:str}/chart", policy=Policy.TRADER_OWN)
async def account_chart(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[bytes]:
    return await chart_of_account(request, read_id(account), spoken(request))


# --- shared with the staff's page of the same account ---


async def stream_of_account(
    request: Request[Any, Any, Any], account: int, room: str, speech: Speech = ENGLISH
) -> Stream:
    """The parts of an account's page that change, rendered from the templates that the page itself includes.

    It is kept under its language too: whoever reads another is sent pieces of their own, so an account has at most as many as there
    are languages.
    """
    state, firm = request.app.state, firm_of(request)
    view = await account_view(firm, account, speech)
    names = await names_of_exceptions(firm, view, room)
    watched = WatchedAccount(firm, state.pages, view, room, names)
    key = f"account/{account}{room} in {speech.language.value}{firm.seen_as}"
    return _streamed(lambda: state.streams.follow(signed_in(request), key, watched))


def event_stream(streams: Streams, request: Request[Any, Any, Any], key: str, render: Render) -> Stream:
    """Something that is rendered anew whenever it is due. Those who see the same of the firm share it."""
    return _streamed(lambda: streams.watch(signed_in(request), f"{key}{firm_of(request).seen_as}", render))


def _streamed(begin: Callable[[], AsyncGenerator[bytes, None]]) -> Stream:
    """A stream of events that nothing on the way may keep or gather."""
    try:
        events = begin()
    except TooManyStreams as full:
        raise TooManyRequestsException("too many live pages are open: close some and reload this one") from full
    return Stream(events, media_type=EVENT_STREAM, headers={"x-accel-buffering": "no"})


async def chart_of_account(request: Request[Any, Any, Any], account: int, speech: Speech = ENGLISH) -> Response[bytes]:
    firm = firm_of(request)
    if wrong := wrong_range(request.query_params, speech):
        raise ClientException(wrong.errors["range"], status_code=422)
    view = await account_view(firm, account, speech)
    picture = await picture_of(firm, view, request.query_params.get("range", ""))
    return Response(msgspec.json.encode(chart_json(view, picture)), media_type="application/json")


ROUTES = (account, account_live, account_chart)
