"""Rendering: templates, what each of them may call, and whether a whole page or a piece of it was asked for."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from jinja2_fragments import render_block
from litestar.connection import ASGIConnection
from litestar.enums import MediaType
from litestar.response import Response
from markupsafe import Markup

from firm import incident_words
from firm.bounds import APPEAL_WORDS_MAX
from firm.ids import id_text
from firm.money import Money
from firm.permissions import Permission, role_word
from firm.sentences.languages import Language
from web import charts, drift_view, judged_words, owed_view, reasons, standing_view, words
from web.booking_told import booking_told
from web.bounds import WHY_LENGTH_MIN
from web.brand.brand import Brand
from web.firm import Firm
from web.incident_told import befell_told, proposal_told
from web.languages import NAMES
from web.override_told import effect_told, override_told
from web.people import named
from web.rule_texts import rule_title
from web.said_since import SAID
from web.shell.speech import ENGLISH, Speech, spoken
from web.shell.spoken import SPOKEN
from web.shell.toasts import said, toast_in
from web.shell.ways import BY_NAME, SEARCH, ways_of
from web.signed import signed_of
from web.standing_view import said_of
from web.visitor import CSRF_FIELD, Visitor, visitor_of

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"

Context = dict[str, Any]


class _Compiled(BytecodeCache):
    """What templates were compiled to, by their text and ours: a firm that becomes read-only, or goes on, has its pages made anew."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}  # as many as there are templates

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None, "jinja dumps what it has compiled"
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Pages:
    """The templates of the application, compiled once in a process and kept."""

    def __init__(self, firm_name: str, brand: Brand | None = None) -> None:
        """`brand`: ours, where none is given."""
        self._everywhere: dict[str, Any] = {"firm_name": firm_name, "brand": brand or Brand()}
        self._spoken: dict[Language, Environment] = {}  # as many as there are languages

    def _in(self, speech: Speech) -> Environment:
        """The templates in a language. Their code is compiled once for all: what each calls is the language's own."""
        found = self._spoken.get(speech.language)
        if found is None:
            found = self._spoken[speech.language] = self._made_for(speech)
        return found

    def _made_for(self, speech: Speech) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        environment.filters |= _filters_of(speech)
        environment.globals |= self._everywhere | {
            "words": speech.words,
            "sentence": words.sentence,
            "command_tone": words.command_tone,
            "reasons": reasons,
            "judged": judged_words,
            "owed_view": owed_view,
            "drift_view": drift_view,
            "named": named,
            "said_of": said_of,
            "said_since": SAID,
            "next_words": standing_view,
            "charts": charts,
            "Money": Money,
            "override_told": override_told,
            "effect_told": effect_told,
            "befell_told": befell_told,
            "proposal_told": proposal_told,
            "rule_title": rule_title,
            "incident_words": incident_words,
            "id_text": id_text,
            "icon": _icon,
            "made": _made,
            "booking_told": booking_told,
            "bold": _bold,
            "as_written": "" if speech.is_english else _IN_ENGLISH,
            "asset": _asset,
            "csrf_field": CSRF_FIELD,
            "why_length_min": WHY_LENGTH_MIN,
            "appeal_words_max": APPEAL_WORDS_MAX,
            "P": Permission,
            "role_word": role_word,
            "speak": speech,
            "texts": speech.texts,
            "language_names": NAMES,
            "SEARCH": SEARCH,
            "BY_NAME": BY_NAME,
        }
        return environment

    def text(self, template: str, context: Context, speech: Speech = ENGLISH) -> str:
        return self._in(speech).get_template(template).render(context)

    def pieces(self, template: str, speech: Speech = ENGLISH) -> Any:
        """The macros of a template, as functions of what they are called with: the very ones that a page is laid out with."""
        return self._in(speech).get_template(template).module

    def block(self, template: str, block: str, context: Context, speech: Speech = ENGLISH) -> str:
        """One block of a template: the very piece that the page includes."""
        return render_block(self._in(speech), template, block, context)


def page(
    connection: ASGIConnection[Any, Any, Any, Any],
    template: str,
    *,
    block: str | None = None,
    status: int = 200,
    speech: Speech | None = None,
    **context: Any,
) -> Response[str]:
    """A page for whoever asks. `block`: what alone is sent when htmx asks for a piece. `speech`: in whose words, where a template is
    the trader's in their language and the staff's in English."""
    pages: Pages = connection.app.state.pages
    firm: Firm = connection.app.state.firm
    visitor = visitor_of(connection)
    path, query = connection.scope["path"], connection.scope["query_string"].decode(errors="replace")
    here = f"{path}?{query}" if query else path
    was_asked_for = connection.scope.get("method") == "GET"  # what answers a form has no address of its own
    around, toast = spoken(connection), toast_in(connection)
    speak = speech or (around if template in SPOKEN else ENGLISH)
    everywhere: dict[str, Any] = {
        "visitor": visitor,
        "may": _may(visitor),
        "path": path,
        "here": here,
        "back": here if was_asked_for else "/",
        "now_us": firm.now_us(),
        "around": around,
        "speak": speak,
        "spoken": speak is around,
        "ways": ways_of(visitor),
        "toast": toast,
        "in_english": _IN_ENGLISH if around.language is not Language.ENGLISH else "",
    }
    everywhere |= _amiss(firm, visitor)
    everywhere |= {"mails": firm.mails, "sign_up": firm.sign_up}
    everywhere["elsewhere"] = () if visitor and visitor.behind else signed_of(connection).elsewhere
    everywhere["say"] = partial(firm.brand.say, firm_name=firm.name, language=around.language)
    assert not (own := _OWN & context.keys()), (
        f"{template} is given {sorted(own)}, by which the shell says something else"
    )
    asked_for_piece = block is not None and connection.headers.get("hx-request") == "true"
    if asked_for_piece and block is not None:
        content = pages.block(template, block, everywhere | context, speak)
    else:
        content = pages.text(template, everywhere | context, speak)
    vary = {"vary": "HX-Request, Cookie, Accept-Language"}
    answer = Response(content, media_type=MediaType.HTML, status_code=status, headers=vary)
    if toast and not asked_for_piece:
        answer.set_cookie(said(connection))
    return answer


def _filters_of(speech: Speech) -> dict[str, Callable[..., str]]:
    """As filters they cost a third of what a call of a global does, and pieces that are made again and again are full of them."""
    written = speech.words
    return {
        "figure": written.figure,
        "money": written.money,
        "change_figure": written.change_figure,
        "tone_of": written.tone_of,
        "percent": written.percent,
        "bdi": str if speech.is_english else _bdi,
    }


def _may(visitor: Visitor | None) -> Callable[[Permission], bool]:
    """What templates ask before they show a button, a form or a way to a page."""
    return visitor.may if visitor is not None else lambda _: False


def _amiss(firm: Firm, visitor: Visitor | None) -> Context:
    """Why nothing is taken, and since when; and for staff how many alarms are raised."""
    held = firm.held()
    since_us = firm.held_since_us() if held else 0
    alarms = len(firm.machine.alarms()) if _may(visitor)(Permission.SEE_HEALTH) else 0
    return {"held": held, "held_since_us": since_us, "goes_on": firm.goes_on, "alarms_raised": alarms}


def _icon(name: str) -> Markup:
    """A picture beside words that say the same; screen readers pass it by."""
    if name not in _ICONS:
        turns = " turns" if name in _TURNING else ""
        _ICONS[name] = Markup('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
            turns, _asset("vendor/lucide/sprite.svg"), name
        )
    return _ICONS[name]


def _bdi(text: object) -> Markup:
    """What is nobody's language, kept in its own order among words from right to left."""
    return Markup("<bdi>{}</bdi>").format(text)


def _bold(figure: object) -> Markup:
    """A figure of a sentence."""
    return Markup('<b class="num">{}</b>').format(figure)


def _made(_name: str, _rests_on: Any, macro: Callable[..., str], *given: Any) -> str:
    """A part of a piece where none is kept: for a page that is made once; see `web/account_pieces.py`."""
    return macro(*given)


_OWN = frozenset({"visitor", "may", "path", "here", "back", "around", "speak", "spoken", "ways", "toast", "in_english", "held",
    "held_since_us", "goes_on", "alarms_raised", "mails", "sign_up", "elsewhere", "say"})  # fmt: skip
_IN_ENGLISH = Markup(' lang="en" dir="ltr"')  # of what is not translated yet, on a page in another language
_TURNING = {"arrow-left", "arrow-right", "arrow-up-right", "log-in", "log-out"}  # with the way that the page runs
_ICONS: dict[str, Markup] = {}  # of the names that our templates and words have
_ASSETS: dict[str, str] = {}


def _asset(name: str) -> str:
    """The address of a static file, with its content's hash, so that it may be kept for ever."""
    if name not in _ASSETS:
        digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
        _ASSETS[name] = f"/static/{name}?v={digest}"
    return _ASSETS[name]
