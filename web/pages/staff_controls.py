"""Controls, for staff: the kill switches, which one person engages and two release, and the breaker."""

from typing import Any

import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import Command, EngageKillSwitch, KillSwitch, ReleaseKillSwitch, ResetBreaker
from firm.permissions import Permission
from firm.staff import Staff
from storage.readmodels.controls import BREAKER, ControlAct, control_history, control_states
from web import owed_view
from web.asking import ask
from web.forms import Wrong, fields_of, read_switch, read_why, refused_in
from web.observing import observing
from web.people import staff_names
from web.render import page
from web.shell.toasts import told
from web.visitor import firm_of, may, signed_in

HISTORY_SHOWN = 50
RELEASED_BY = 2  # different people
# This release pays nobody: the switch is shown only where somebody engaged it.
NOTHING_TO_STOP_YET = frozenset({KillSwitch.PAYOUTS})


@get("/staff/controls", policy=may(Permission.SEE_CONTROLS))
async def staff_controls(request: Request[Any, Any, Any]) -> Response[str]:
    return await _controls(request, 200, "", None)


@post("/staff/controls/{switch:str}/engagement", policy=may(Permission.ENGAGE_SWITCHES))
async def staff_engage(request: Request[Any, Any, Any], switch: FromPath[str]) -> Response[Any]:
    found, by = _switch(switch), signed_in(request).reference
    return await _act(request, switch, lambda why: EngageKillSwitch(by=by, switch=found, why=why))


@post("/staff/controls/{switch:str}/release", policy=may(Permission.RELEASE_SWITCHES), fresh=True)
async def staff_release(request: Request[Any, Any, Any], switch: FromPath[str]) -> Response[Any]:
    found, by = _switch(switch), signed_in(request).reference
    return await _act(request, switch, lambda why: ReleaseKillSwitch(by=by, switch=found, why=why))


@post("/staff/breaker/reset", policy=may(Permission.RESET_BREAKER))
async def staff_reset_breaker(request: Request[Any, Any, Any]) -> Response[Any]:
    by = signed_in(request).reference
    return await _act(request, BREAKER, lambda why: ResetBreaker(by=by, why=why))


async def _act(request: Request[Any, Any, Any], control: str, command_for: Any) -> Response[Any]:
    why = read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return await _controls(request, 422, control, why)
    command: Command = command_for(why)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is not None:
        return await _controls(request, 422, control, Wrong({"": refusal}, {"why": why}))
    return told(request, Redirect("/staff/controls", status_code=303), "sent")


async def _controls(request: Request[Any, Any, Any], status: int, control: str, wrong: Wrong | None) -> Response[str]:
    """The page; `control` is the one whose form was wrong."""
    firm = firm_of(request)

    def question(book: apsw.Connection) -> tuple[dict[str, ControlAct | None], list[ControlAct]]:
        return control_states(book), control_history(book, HISTORY_SHOWN)

    states, history = await firm.book.read(question)
    acts = [act for act in states.values() if act is not None]
    names = await staff_names(firm, (act.who for act in (*acts, *history)))
    shown = [switch for switch in KillSwitch if switch not in NOTHING_TO_STOP_YET or _engaged(states[switch.value])]
    staff = firm.live.staff()
    alone = len(staff.who_may(Permission.RELEASE_SWITCHES)) < RELEASED_BY
    # Of whoever was let go since, the ask counts no more: the next one asks anew.
    asked = {act.control for act in acts if act.act == "release_asked" and _may_release(staff, act.who)}
    context: dict[str, Any] = {"names": names, "states": states, "history": history, "switches": shown, "alone": alone}
    context["asked"] = asked
    return page(
        request,
        "staff_controls.html",
        status=status,
        control=control,
        wrong=wrong,
        me=signed_in(request).reference,
        breaker=BREAKER,
        owed=owed_view.waits(await firm.owed()),
        observing=await observing(firm),
        **context,
    )


def _may_release(staff: Staff, who: str) -> bool:
    return Permission.RELEASE_SWITCHES in staff.held_by(who)


def _engaged(act: ControlAct | None) -> bool:
    return act is not None and act.act != "released"


def _switch(text: str) -> KillSwitch:
    found = read_switch(text)
    if found is None:
        raise NotFoundException("there is no such switch")
    return found


ROUTES = (staff_controls, staff_engage, staff_release, staff_reset_breaker)
