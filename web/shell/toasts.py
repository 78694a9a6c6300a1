"""Toasts: what a form has just done, told on the next page. A cookie carries the name of a sentence there, and nothing else.

It works without scripts: the page that shows it takes the cookie away. Names are those of the catalog, so nobody can have a page say
something else by planting one.
"""

from typing import Any, TypeVar

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.response import Response

from firm.sentences.languages import Language
from web.cookies import cookie_in, own_cookie
from web.firm import Firm
from web.shell.speech import speech_of

TOAST_SECONDS = 60
_ENDING = "-told"
_Answer = TypeVar("_Answer", bound=Response[Any])


def told(connection: ASGIConnection[Any, Any, Any, Any], answer: _Answer, name: str) -> _Answer:
    """The same answer, after which the next page says `toast.NAME`."""
    assert speech_of(Language.ENGLISH).knows(f"toast.{name}"), f"the catalog has no toast.{name}"
    answer.set_cookie(own_cookie(_firm(connection), name, TOAST_SECONDS, _ENDING))
    return answer


def toast_in(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The key of the sentence that waits to be said, or ""."""
    key = f"toast.{cookie_in(_firm(connection), connection, _ENDING)}"
    return key if speech_of(Language.ENGLISH).knows(key) else ""


def said(connection: ASGIConnection[Any, Any, Any, Any]) -> Cookie:
    """What takes it away again."""
    return own_cookie(_firm(connection), "", 0, _ENDING)


def _firm(connection: ASGIConnection[Any, Any, Any, Any]) -> Firm:
    firm: Firm = connection.app.state.firm
    return firm
