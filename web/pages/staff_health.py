"""System health, for staff: feed lag, queue depth, commit times, bridges, refusals, alarms; live while it is watched."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response, Stream

from firm.commands import ResumeDesk
from firm.permissions import Permission
from web.asking import ask
from web.firm import Firm
from web.forms import Wrong, fields_of, read_why, refused_in
from web.pages.account import event_stream
from web.render import page
from web.shell.toasts import told
from web.sse import Parts
from web.visitor import firm_of, may, signed_in


@get("/staff/health", policy=may(Permission.SEE_HEALTH))
async def staff_health(request: Request[Any, Any, Any]) -> Response[str]:
    return _health(request, 200, None)


@get("/staff/health/live", policy=may(Permission.SEE_HEALTH))
async def staff_health_live(request: Request[Any, Any, Any]) -> Stream:
    firm, pages = firm_of(request), request.app.state.pages
    streams = request.app.state.streams

    async def render() -> Parts:
        shown = {"health": firm.live.health(), "streams": streams.open, **_of_machine(firm)}
        return {"live": pages.text("_health_live.html", shown)}

    return event_stream(streams, request, "health", render)


@post("/staff/desks/{kind:str}/{key:str}/resumption", policy=may(Permission.RESUME_DESKS))
async def staff_resume_desk(request: Request[Any, Any, Any], kind: FromPath[str], key: FromPath[str]) -> Response[Any]:
    why = read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return _health(request, 422, why)
    decided = await ask(request, ResumeDesk(by=signed_in(request).reference, desk=f"{kind}/{key}", why=why))
    refusal = refused_in(decided.facts)
    if refusal is not None:
        return _health(request, 422, Wrong({"": refusal}, {"why": why}))
    return told(request, Redirect("/staff/health", status_code=303), "sent")


def _health(request: Request[Any, Any, Any], status: int, wrong: Wrong | None) -> Response[str]:
    firm, streams = firm_of(request), request.app.state.streams.open
    shown = {"health": firm.live.health(), "streams": streams, "wrong": wrong, **_of_machine(firm)}
    return page(request, "staff_health.html", status=status, **shown)


def _of_machine(firm: Firm) -> dict[str, Any]:
    machine = firm.machine
    return {
        "alarms": machine.alarms(),
        "first_step": machine.first_step,
        "copies": machine.copies(),
        "wall_us": firm.wall_us(),
    }


ROUTES = (staff_health, staff_health_live, staff_resume_desk)
