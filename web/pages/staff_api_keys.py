"""API keys, for staff: which machines may ask the firm, for what and until when; and the forms that give and take keys.

A new key is on the very page that answers its form, and nowhere else: it is kept by nobody but the machine.
"""

import secrets
from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response
from msgspec.structs import replace

from firm.api_keys import (
    DAYS_MAX,
    DAYS_USUAL,
    OPEN_TO_KEYS,
    OVERLAP_HOURS_MAX,
    OVERLAP_HOURS_USUAL,
)
from firm.api_keys_asked import why_not_issue, why_not_rotate
from firm.commands import IssueApiKey, RevokeApiKey, RotateApiKey
from firm.ids import ID_BITS
from firm.instant import DAY_US, HOUR_US
from firm.permissions import EVERYTHING, MEANS, Permission, scope_words
from storage.people import API_KEY, key_reference
from storage.readmodels.api_keys import ApiKeyLine, all_api_keys, api_key_line
from web.api_secret import digest_of, new_word
from web.bounds import API_KEYS_SHOWN
from web.forms import Wrong, errors_in, fields_of, read_why, text_in
from web.pages.staff_team import refused
from web.people import staff_names
from web.render import page
from web.scope_form import ScopeTyped, read_scope, scope_of, typed_of
from web.team_view import limits_offered, read_permissions, refusal_told
from web.visitor import firm_of, may, read_id, signed_in

NOTHING_ASKED = Wrong({}, {})
WHOLE_FIRM = typed_of(EVERYTHING)


@get("/staff/api-keys", policy=may(Permission.SEE_STAFF))
async def staff_api_keys(request: Request[Any, Any, Any]) -> Response[str]:
    return await _keys(request)


@post("/staff/api-keys", policy=may(Permission.MANAGE_API_KEYS), fresh=True)
async def staff_issue_key(request: Request[Any, Any, Any]) -> Response[Any]:
    fields, firm = await fields_of(request), firm_of(request)
    ticked, scope_typed, name = read_permissions(fields), read_scope(fields), text_in(fields, "name")
    typed = {
        "name": name, "days": text_in(fields, "days"), "why": text_in(fields, "why"),
        "may": ",".join(sorted(ticked)),
    }  # fmt: skip
    offered = await firm.book.read(lambda book: limits_offered(firm, book))
    scope, why, days = scope_of(scope_typed, offered), read_why(fields), _number(typed["days"], 1, DAYS_MAX)
    if isinstance(scope, Wrong) or isinstance(why, Wrong) or days is None:
        told = {} if days is not None else {"days": f"A key is good for 1 to {DAYS_MAX} days."}
        return await _keys(
            request, "new", Wrong(errors_in(scope) | told | errors_in(why), typed), scope_typed=scope_typed
        )
    command = IssueApiKey(
        by=signed_in(request).reference, key=secrets.randbits(ID_BITS), name=name, permissions=tuple(sorted(ticked)), scope=scope,
        expires_us=firm.now_us() + days * DAY_US, sealed="", why=why,
    )  # fmt: skip
    no = why_not_issue(firm.live.staff(), command, firm.now_us())
    said, word = (refusal_told(no), "") if no else await _given(request, command, command.key)
    if said:
        return await _keys(request, "new", Wrong({"": said}, typed), scope_typed=scope_typed)
    return await _keys(request, word=word, called=name)


@post("/staff/api-keys/{api_key:str}/rotation", policy=may(Permission.MANAGE_API_KEYS), fresh=True)
async def staff_rotate_key(request: Request[Any, Any, Any], api_key: FromPath[str]) -> Response[Any]:
    fields, firm, line = await fields_of(request), firm_of(request), await _known(request, api_key)
    days = _number(text_in(fields, "days"), 1, DAYS_MAX)
    hours = _number(text_in(fields, "hours"), 0, OVERLAP_HOURS_MAX)
    if days is None or hours is None:
        said = f"Say for how many days (1 to {DAYS_MAX}) and hours (0 to {OVERLAP_HOURS_MAX})."
        return await _keys(request, api_key, Wrong({"": said}, {}))
    now_us = firm.now_us()
    command = RotateApiKey(
        by=signed_in(request).reference, key=line.key, follower=secrets.randbits(ID_BITS), until_us=now_us + hours * HOUR_US,
        expires_us=now_us + days * DAY_US, sealed="",
    )  # fmt: skip
    no = why_not_rotate(firm.live.staff(), command, now_us)
    told, word = (refusal_told(no), "") if no else await _given(request, command, command.follower)
    if told:
        return await _keys(request, api_key, Wrong({"": told}, {}))
    return await _keys(request, word=word, called=line.name)


@post("/staff/api-keys/{api_key:str}/revocation", policy=may(Permission.MANAGE_API_KEYS), fresh=True)
async def staff_revoke_key(request: Request[Any, Any, Any], api_key: FromPath[str]) -> Response[Any]:
    fields, line = await fields_of(request), await _known(request, api_key)
    why = read_why(fields)
    if isinstance(why, Wrong):
        return await _keys(request, api_key, Wrong(why.errors, {"why": text_in(fields, "why")}))
    no = await refused(request, RevokeApiKey(by=signed_in(request).reference, key=line.key, why=why))
    if no is not None:
        return await _keys(request, api_key, Wrong({"": no}, {}))
    return Redirect("/staff/api-keys", status_code=303)


async def _keys(
    request: Request[Any, Any, Any],
    form: str = "",
    wrong: Wrong = NOTHING_ASKED,
    *,
    scope_typed: ScopeTyped = WHOLE_FIRM,
    word: str = "",
    called: str = "",
) -> Response[str]:
    """The page; `form`: the one that was sent, with what was wrong with it, and `scope_typed` what it ticked of a scope.

    `word`: the new key, this once.
    """
    firm = firm_of(request)
    lines = await firm.book.read(lambda book: all_api_keys(book, API_KEYS_SHOWN, firm.now_us()))
    offered = await firm.book.read(lambda book: limits_offered(firm, book))
    names = await staff_names(firm, (text for line in lines for text in (line.owner, line.ended_by)))
    used = await anyio.to_thread.run_sync(firm.keys_used.all)
    mine = firm.live.staff().held_by(signed_in(request).reference)
    status = 422 if wrong.errors else 201 if word else 200
    return page(
        request, "staff_api_keys.html", status=status, lines=lines, names=names, used=used, offered=offered, form=form, wrong=wrong,
        scope_typed=scope_typed, word=word, called=called, open_to_keys=OPEN_TO_KEYS, means=MEANS, mine=mine, scope_words=scope_words,
        days=DAYS_USUAL, days_max=DAYS_MAX, hours=OVERLAP_HOURS_USUAL, hours_max=OVERLAP_HOURS_MAX,
    )  # fmt: skip


async def _known(request: Request[Any, Any, Any], text: str) -> ApiKeyLine:
    number = read_id(text)
    line = await firm_of(request).book.read(lambda book: api_key_line(book, number))
    if line is None:
        raise NotFoundException("no key of this id was ever issued")
    return line


async def _given(request: Request[Any, Any, Any], command: IssueApiKey | RotateApiKey, key: int) -> tuple[str, str]:
    """Why the firm said no, or ""; and the word that it said yes to. What is kept of it is sealed before it is asked."""
    firm, word = firm_of(request), new_word(key)
    sealed = await anyio.to_thread.run_sync(firm.vault.seal, key_reference(key), API_KEY, digest_of(word))
    no = await refused(request, replace(command, sealed=sealed))
    return (no, "") if no else ("", word)


def _number(text: str, least: int, most: int) -> int | None:
    fits = text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most
    return int(text) if fits else None


ROUTES = (staff_api_keys, staff_issue_key, staff_rotate_key, staff_revoke_key)
