"""A trader's region, for staff who register traders: where they are, and the form that places them, with its reason."""

from typing import Any

import anyio.to_thread
import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import PlaceTrader
from firm.ids import id_text
from firm.permissions import Permission
from storage.readmodels.people import TraderLine, traders_known
from web.forms import Wrong, errors_in, fields_of, read_why, text_in
from web.pages.staff_team import refused
from web.render import page
from web.shell.toasts import told
from web.team_view import regions_offered
from web.visitor import firm_of, may, read_id, signed_in

NOTHING_ASKED = Wrong({}, {})
FROM_NOWHERE = "Choose one of the regions that are offered, or none."


@get("/staff/traders/{trader:str}/region", policy=may(Permission.REGISTER_TRADERS))
async def staff_region(request: Request[Any, Any, Any], trader: FromPath[str]) -> Response[str]:
    return await _page(request, read_id(trader))


@post("/staff/traders/{trader:str}/region", policy=may(Permission.REGISTER_TRADERS), fresh=True)
async def staff_place(request: Request[Any, Any, Any], trader: FromPath[str]) -> Response[Any]:
    """From here on whoever works on some regions alone sees this trader, or does not."""
    firm, number, fields = firm_of(request), read_id(trader), await fields_of(request)
    region, why = text_in(fields, "region"), read_why(fields)
    offered = await firm.book.read(lambda book: regions_offered(firm, book))
    typed = {"region": region, "why": text_in(fields, "why")}
    if isinstance(why, Wrong) or region not in ("", *offered):
        strange = {} if region in ("", *offered) else {"region": FROM_NOWHERE}
        return await _page(request, number, Wrong(errors_in(why) | strange, typed))
    no = await refused(request, PlaceTrader(by=signed_in(request).reference, trader=number, region=region, why=why))
    if no is not None:
        return await _page(request, number, Wrong({"": no}, typed))
    return told(request, Redirect(f"/staff/traders/{id_text(number)}/region", status_code=303), "sent")


async def _page(request: Request[Any, Any, Any], number: int, wrong: Wrong = NOTHING_ASKED) -> Response[str]:
    firm = firm_of(request)

    def question(book: apsw.Connection) -> tuple[list[TraderLine], list[str]]:
        return traders_known(book, [number]), regions_offered(firm, book)

    lines, offered = await firm.book.read(question)
    if not lines:
        raise NotFoundException("no trader has this id")
    person = await anyio.to_thread.run_sync(firm.person, "trader", number)
    options = [("", "No region"), *((region, region) for region in offered)]
    status = 422 if wrong.errors else 200
    return page(request, "staff_region.html", status=status, line=lines[0], person=person, options=options, wrong=wrong)


ROUTES = (staff_region, staff_place)
