"""Builder, for staff: a program as a form that is made from the language itself; every button works without JavaScript."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Response

from firm.bounds import EXPONENT_MAX
from firm.checks.problem import Problem
from firm.form_figures import DECIMALS
from firm.ruleset import Program
from firm.ruleset_form import KIND, MANY, data_of, form_of, many_of, typed_of
from firm.ruleset_form_lists import with_item, with_item_moved, without_item
from firm.ruleset_text import RulesetRefused, read_data, toml_of
from firm.templates import templates
from storage.readmodels.programs import program_version
from web.aside import aside
from web.bounds import DRAFT_BYTES_MAX
from web.form_gists import by_path, gists_of
from web.form_problems import BuilderForm, faults_of, placed_problems
from web.forms import fields_of, text_in
from web.lists_asked import whole_in
from web.pages.staff_drafts import BEGUN_FROM, editor, enrolled, preview
from web.program_draft import Draft, checked, text_of
from web.render import page
from web.visitor import CSRF_FIELD, Policy

_DO, _ADD = "do", "|add"
_EMPTY = {"phases" + MANY: "1"}
_MOVES = {"up": -1, "down": 1}


@get("/staff/drafts/form", policy=Policy.STAFF)
async def staff_builder(request: Request[Any, Any, Any]) -> Response[str]:
    """A new one: empty, or begun from a template or from what is sold."""
    name, version = request.query_params.get("template", ""), request.query_params.get("version", "")
    if name:
        begun = next((one.program for one in templates() if one.name == name), None)
    elif version:
        sold = await request.app.state.firm.book.read(lambda book: program_version(book, whole_in(version) or 0))
        begun = sold.sold if sold is not None else None
    else:
        return await _form(request, dict(_EMPTY), "")
    if begun is None:
        raise NotFoundException("nothing of this name can be copied")
    return await _form_of(request, begun, begun.fingerprint() if version else "")


@post("/staff/drafts/form", policy=Policy.STAFF, status_code=200, request_max_body_size=DRAFT_BYTES_MAX)
async def staff_build(request: Request[Any, Any, Any]) -> Response[str]:
    """One step further: an item more or less, another kind, or the whole of it checked and read in words."""
    fields = await fields_of(request)
    if "text" in fields:
        text, bridges, begun = await text_of(fields), await enrolled(request), text_in(fields, BEGUN_FROM)
        return await _form_of_text(request, await aside(lambda: checked(text, bridges, begun)))
    typed = {name: str(value) for name, value in fields.items() if name not in (CSRF_FIELD, _DO, BEGUN_FROM)}
    begun_from = text_in(fields, BEGUN_FROM)
    step, _, path = str(fields.get(_DO, "")).partition(" ")
    chosen = {name: typed.pop(name) for name in tuple(typed) if name.endswith(_ADD)}
    if step in ("check", "text"):
        return await _checked(request, typed, begun_from, as_text=step == "text")
    typed, touched = _stepped(typed, step, path, chosen.get(path + _ADD, ""))
    return await _form(request, typed, begun_from, touched=touched)


def _stepped(typed: dict[str, str], step: str, path: str, kind: str) -> tuple[dict[str, str], str]:
    """What is typed after a step in a list, and where somebody is at work now: that is shown open."""
    match step:
        case "add":
            longer = with_item(typed, path, kind)
            return longer, f"{path}[{max(many_of(path, longer) - 1, 0)}]"
        case "remove":
            return without_item(typed, path), path.rpartition("[")[0]
        case "up" | "down":
            return with_item_moved(typed, path, _MOVES[step]), path.rpartition("[")[0]
    return typed, path


async def _checked(
    request: Request[Any, Any, Any], typed: Mapping[str, str], begun_from: str, *, as_text: bool
) -> Response[str]:
    data, problems = await aside(lambda: data_of(Program, typed))
    if problems:
        return await _form(request, typed, begun_from, (*problems, *await aside(lambda: _beside(data, problems))))
    try:
        bridges = await enrolled(request)
        draft = await aside(lambda: checked(toml_of(read_data(data)), bridges, begun_from))
    except RulesetRefused as refused:
        return await _form(request, typed, begun_from, refused.problems)
    if as_text:
        return editor(request, Draft(draft.text, None, (), begun_from))
    return await _form(request, typed, begun_from, draft.problems) if draft.problems else await preview(request, draft)


def _beside(data: Any, missing: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """What else is wrong with data of which some are missing, so that all of it is told at once."""
    told = {problem.path for problem in missing}
    try:
        read_data(data)
    except RulesetRefused as refused:
        return tuple(one for one in refused.problems if one.path not in told)
    return ()


async def _form_of_text(request: Request[Any, Any, Any], draft: Draft) -> Response[str]:
    """The same program as a form; what cannot be read stays text."""
    return editor(request, draft) if draft.program is None else await _form_of(request, draft.program, draft.begun_from)


async def _form_of(request: Request[Any, Any, Any], program: Program, begun_from: str) -> Response[str]:
    try:
        await aside(lambda: toml_of(program))
    except RulesetRefused as refused:  # sold in the first words, which nobody writes any more
        return await _form(request, dict(_EMPTY), begun_from, refused.problems)
    return await _form(request, typed_of(Program, program), begun_from)


async def _form(
    request: Request[Any, Any, Any],
    typed: Mapping[str, str],
    begun_from: str,
    problems: tuple[Problem, ...] = (),
    touched: str = "",
) -> Response[str]:
    fields = await aside(lambda: form_of(Program, typed))
    gists = await aside(lambda: gists_of(typed, problems, touched))
    known = by_path(gists)
    placed = placed_problems(fields, problems, known)
    context: dict[str, Any] = {
        "form": BuilderForm(faults_of(placed), known, sorted(await enrolled(request))),
        "fields": fields,
        "gists": gists,
        "problems": placed,
        "draft": Draft("", None, problems, begun_from),
        "templates": templates(),
        "kind": KIND,
        "many": MANY,
        "add": _ADD,
        "decimals": DECIMALS,
        "decimals_max": EXPONENT_MAX,
    }
    return page(request, "staff_builder.html", status=422 if problems else 200, **context)


ROUTES = (staff_builder, staff_build)
