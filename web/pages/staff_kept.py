"""Kept drafts, for staff: programs that are not finished, laid aside and taken up again, as a form or as text."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import StaffAct
from firm.permissions import Permission
from storage.drafts import KeptDraft, WrittenAs
from web.aside import aside
from web.bounds import DRAFT_BYTES_MAX
from web.firm import Firm
from web.forms import Wrong, fields_of, text_in
from web.kept_drafts import BESIDE, carried_of, keep, kept_draft, typed_in, typed_of
from web.pages.staff_builder import builder, checked_form, form_of_text
from web.pages.staff_drafts import editor, enrolled, preview
from web.program_draft import Draft, carried_in, checked, text_of
from web.shell.toasts import told
from web.visitor import firm_of, may, signed_in

_AS = "as"
_READ = "read"
_WAYS = frozenset({WrittenAs.FORM.value, WrittenAs.TEXT.value, _READ})


@get("/staff/drafts/kept/{draft:str}", policy=may(Permission.DRAFT_PROGRAMS))
async def staff_kept(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[str]:
    """Taken up again: as it was written, or as the other, or read in words."""
    found = await kept_draft(request, draft)
    asked = request.query_params.get(_AS, "")
    way = asked if asked in _WAYS else found.line.written_as
    return await (_of_text if found.line.written_as == WrittenAs.TEXT else _of_form)(request, found, way)


@post(
    "/staff/drafts/kept",
    policy=may(Permission.DRAFT_PROGRAMS),
    records=StaffAct.DRAFT_KEPT,
    request_max_body_size=DRAFT_BYTES_MAX,
)
async def staff_keep(request: Request[Any, Any, Any]) -> Response[Any]:
    """As it is being written, whatever is wrong with it still."""
    fields = await fields_of(request)
    kept = await keep(request, fields)
    if isinstance(kept, Wrong):
        carried = carried_in(fields)
        if "text" in fields:
            return await editor(request, Draft(await text_of(fields), None, (), carried), kept)
        return await builder(request, typed_in(fields), carried, wrong=kept)
    before, read = carried_in(fields).draft, text_in(fields, _AS) == _READ
    asked = ({_AS: _READ} if read else {}) | ({BESIDE: "yes"} if before not in ("", kept.draft) else {})
    return told(
        request, Redirect(f"/staff/drafts/kept/{kept.draft}", status_code=303, query_params=asked or None), "saved"
    )


@post("/staff/drafts/kept/{draft:str}/deletion", policy=may(Permission.DRAFT_PROGRAMS), records=StaffAct.DRAFT_DELETED)
async def staff_delete_draft(request: Request[Any, Any, Any], draft: FromPath[str]) -> Redirect:
    """By whoever keeps it, or by an owner."""
    firm: Firm = firm_of(request)
    found, visitor = await kept_draft(request, draft), signed_in(request)
    if found.line.person != visitor.reference and visitor.role != "owner":
        raise PermissionDeniedException("this draft is somebody else’s: they delete it, or an owner does")
    await anyio.to_thread.run_sync(firm.drafts.delete, draft)
    return told(request, Redirect("/staff/programs#drafts-title", status_code=303), "removed")


async def _of_text(request: Request[Any, Any, Any], found: KeptDraft, way: str) -> Response[str]:
    text, carried = found.said.decode(errors="replace"), carried_of(found.line)
    if way == WrittenAs.FORM:
        return await form_of_text(request, text, carried)
    if way == WrittenAs.TEXT:
        return await editor(request, Draft(text, None, (), carried))
    known = await enrolled(request)
    draft = await aside(lambda: checked(text, known, carried))
    return await editor(request, draft) if draft.problems else await preview(request, draft)


async def _of_form(request: Request[Any, Any, Any], found: KeptDraft, way: str) -> Response[str]:
    typed, carried = typed_of(found), carried_of(found.line)
    if way == WrittenAs.FORM:
        return await builder(request, typed, carried)
    return await checked_form(request, typed, carried, as_text=way == WrittenAs.TEXT)


ROUTES = (staff_kept, staff_keep, staff_delete_draft)
