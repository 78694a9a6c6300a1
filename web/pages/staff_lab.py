"""The rule lab, for staff: try a draft on past accounts before it is published, and see who would have come out otherwise."""

from functools import partial
from typing import Any

import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import StaffAct
from firm.permissions import Permission
from storage.readmodels.account_lists import phases_sold, programs_and_bridges
from web import lab_view
from web.acts import record
from web.bounds import DRAFT_BYTES_MAX
from web.firm import Firm
from web.forms import Wrong, fields_of, text_in
from web.lab import Trial
from web.lab_asked import AS_SOLD, NOTHING_TYPED, read_tried
from web.lab_offers import lab_choices, offered_rules, written_of
from web.people import staff_names
from web.program_draft import DRAFT
from web.render import page
from web.visitor import firm_of, may, signed_in

CLOSED = "This firm only reads at the moment, and tries nothing."
NO_ROOM = "As many drafts as may are being tried: wait until one is done, or end one."


@get("/staff/lab", policy=may(Permission.USE_LAB))
async def staff_lab(request: Request[Any, Any, Any]) -> Response[str]:
    return await _lab(request, 200, None)


@post("/staff/lab", policy=may(Permission.USE_LAB), request_max_body_size=DRAFT_BYTES_MAX)
async def staff_try(request: Request[Any, Any, Any]) -> Response[Any]:
    firm: Firm = firm_of(request)
    programs, phases = await firm.book.read(_sold)
    fields, offered = await fields_of(request), partial(offered_rules, firm)
    written = {"written": await written_of(firm, text_in(fields, DRAFT))} if DRAFT in fields else {}
    tried = await read_tried(fields, {program for program, _ in programs}, set(phases), offered, **written)
    if isinstance(tried, Wrong):
        return await _lab(request, 422, tried)
    await record(request, StaffAct.TRIAL_BEGUN)
    trial = firm.lab.start(tried, signed_in(request).reference, firm.now_us())
    if trial is None:
        typed = {name: text_in(fields, name) for name in NOTHING_TYPED}
        return await _lab(request, 422, Wrong({"": NO_ROOM if firm.lab.trials() else CLOSED}, typed))
    return Redirect(f"/staff/lab/{trial.number}", status_code=303)


@get("/staff/lab/{trial:int}", policy=may(Permission.USE_LAB))
async def staff_trial(request: Request[Any, Any, Any], trial: FromPath[int]) -> Response[str]:
    firm: Firm = firm_of(request)
    found = _trial(firm, trial)
    after = request.query_params.get("after", "")
    shown = lab_view.page_of(found.report, int(after) if after.isdecimal() else 0) if found.report else None
    names = await staff_names(firm, [found.by])
    return page(request, "staff_trial.html", block="found", trial=found, shown=shown, names=names, view=lab_view)


@get("/staff/lab/{trial:int}/report.json", policy=may(Permission.USE_LAB), records=StaffAct.TRIAL_TAKEN)
async def staff_trial_file(request: Request[Any, Any, Any], trial: FromPath[int]) -> Response[bytes]:
    found = _trial(firm_of(request), trial)
    if found.report is None:
        raise NotFoundException("nothing has been found yet")
    named = f'attachment; filename="lab-{trial}.json"'
    headers = {"content-disposition": named, "cache-control": "no-store"}
    return Response(lab_view.as_file(found.report), media_type="application/json", headers=headers)


@post("/staff/lab/{trial:int}/end", policy=may(Permission.USE_LAB), records=StaffAct.TRIAL_ENDED)
async def staff_end_trial(request: Request[Any, Any, Any], trial: FromPath[int]) -> Redirect:
    firm: Firm = firm_of(request)
    firm.lab.end(_trial(firm, trial).number)
    return Redirect(f"/staff/lab/{trial}", status_code=303)


async def _lab(request: Request[Any, Any, Any], status: int, wrong: Wrong | None) -> Response[str]:
    firm: Firm = firm_of(request)
    trials = firm.lab.trials()
    names = await staff_names(firm, [trial.by for trial in trials])
    return page(
        request,
        "staff_lab.html",
        status=status,
        wrong=wrong,
        lab=await lab_choices(firm, NOTHING_TYPED | (wrong.typed if wrong else {})),
        as_sold=AS_SOLD,
        trials=trials,
        names=names,
        view=lab_view,
    )


def _sold(book: apsw.Connection) -> tuple[list[tuple[str, str]], list[str]]:
    return programs_and_bridges(book)[0], phases_sold(book, "")


def _trial(firm: Firm, number: int) -> Trial:
    found = firm.lab.trial(number)
    if found is None:
        raise NotFoundException("there is no such trial, or no longer: they end with the program that serves")
    return found


ROUTES = (staff_lab, staff_try, staff_trial, staff_trial_file, staff_end_trial)
