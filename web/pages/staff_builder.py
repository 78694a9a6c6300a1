"""Builder, for staff: a program as a form that is made from the language itself; every button works without JavaScript."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Response

from firm.bounds import EXPONENT_MAX
from firm.checks.problem import Problem
from firm.form_figures import DECIMALS
from firm.permissions import Permission
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
from web.forms import Wrong, fields_of
from web.kept_drafts import DO, draft_context, typed_in
from web.lists_asked import whole_in
from web.pages.staff_drafts import editor, enrolled, preview
from web.program_draft import NOTHING_CARRIED, Carried, Draft, carried_in, checked, text_of
from web.render import page
from web.visitor import firm_of, may

_ADD = "|add"
_EMPTY = {"phases" + MANY: "1"}
_MOVES = {"up": -1, "down": 1}


@get("/staff/drafts/form", policy=may(Permission.DRAFT_PROGRAMS))
async def staff_builder(request: Request[Any, Any, Any]) -> Response[str]:
    """A new one: empty, or begun from a template or from what is sold."""
    name, version = request.query_params.get("template", ""), request.query_params.get("version", "")
    if name:
        begun = next((one.program for one in templates() if one.name == name), None)
    elif version:
        sold = await firm_of(request).book.read(lambda book: program_version(book, whole_in(version) or 0))
        begun = sold.sold if sold is not None else None
    else:
        return await builder(request, dict(_EMPTY), NOTHING_CARRIED)
    if begun is None:
        raise NotFoundException("nothing of this name can be copied")
    return await _form_of(request, begun, Carried(begun_from=begun.fingerprint()) if version else NOTHING_CARRIED)


@post(
    "/staff/drafts/form", policy=may(Permission.DRAFT_PROGRAMS), status_code=200, request_max_body_size=DRAFT_BYTES_MAX
)
async def staff_build(request: Request[Any, Any, Any]) -> Response[str]:
    """One step further: an item more or less, another kind, or the whole of it checked and read in words."""
    fields = await fields_of(request)
    carried = carried_in(fields)
    if "text" in fields:
        return await form_of_text(request, await text_of(fields), carried)
    typed = typed_in(fields)
    step, _, path = str(fields.get(DO, "")).partition(" ")
    chosen = {name: typed.pop(name) for name in tuple(typed) if name.endswith(_ADD)}
    if step in ("check", "text"):
        return await checked_form(request, typed, carried, as_text=step == "text")
    typed, touched = _stepped(typed, step, path, chosen.get(path + _ADD, ""))
    return await builder(request, typed, carried, touched=touched)


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


def _beside(data: Any, missing: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """What else is wrong with data of which some are missing, so that all of it is told at once."""
    told = {problem.path for problem in missing}
    try:
        read_data(data)
    except RulesetRefused as refused:
        return tuple(one for one in refused.problems if one.path not in told)
    return ()


async def _form_of(request: Request[Any, Any, Any], program: Program, carried: Carried) -> Response[str]:
    try:
        await aside(lambda: toml_of(program))
    except RulesetRefused as refused:  # sold in the first words, which nobody writes any more
        return await builder(request, dict(_EMPTY), carried, refused.problems)
    return await builder(request, typed_of(Program, program), carried)


# --- shared with kept drafts ---


async def checked_form(
    request: Request[Any, Any, Any], typed: Mapping[str, str], carried: Carried, *, as_text: bool
) -> Response[str]:
    """Its text, or how traders will read it; the form again where anything is wrong with it."""
    data, problems = await aside(lambda: data_of(Program, typed))
    if problems:
        return await builder(request, typed, carried, (*problems, *await aside(lambda: _beside(data, problems))))
    try:
        known = await enrolled(request)
        draft = await aside(lambda: checked(toml_of(read_data(data)), known, carried))
    except RulesetRefused as refused:
        return await builder(request, typed, carried, refused.problems)
    if as_text:
        return await editor(request, Draft(draft.text, None, (), carried))
    if draft.problems:
        return await builder(request, typed, carried, draft.problems)
    return await preview(request, draft)


async def form_of_text(request: Request[Any, Any, Any], text: str, carried: Carried) -> Response[str]:
    """The same program as a form; what cannot be read stays text."""
    known = await enrolled(request)
    draft = await aside(lambda: checked(text, known, carried))
    return await editor(request, draft) if draft.program is None else await _form_of(request, draft.program, carried)


async def builder(
    request: Request[Any, Any, Any],
    typed: Mapping[str, str],
    carried: Carried,
    problems: tuple[Problem, ...] = (),
    *,
    touched: str = "",
    wrong: Wrong | None = None,
) -> Response[str]:
    """The form. `wrong`: why it was not kept."""
    fields = await aside(lambda: form_of(Program, typed))
    gists = await aside(lambda: gists_of(typed, problems, touched))
    known = by_path(gists)
    placed = placed_problems(fields, problems, known)
    context: dict[str, Any] = {
        "form": BuilderForm(faults_of(placed), known, sorted(await enrolled(request))),
        "fields": fields,
        "gists": gists,
        "problems": placed,
        "draft": Draft("", None, problems, carried),
        "templates": templates(),
        "kind": KIND,
        "many": MANY,
        "add": _ADD,
        "decimals": DECIMALS,
        "decimals_max": EXPONENT_MAX,
        "wrong": wrong,
    }
    context |= await draft_context(request, carried)
    return page(request, "staff_builder.html", status=422 if problems or wrong else 200, **context)


ROUTES = (staff_builder, staff_build)
