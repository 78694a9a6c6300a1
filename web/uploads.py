"""Uploads: a form with a file in it, read as it comes, with a bound on each part before it is in memory, and never on a disk.

The form says first whose page it is from (the token), then what else it says in words, and the file last: so that nothing of a file is
read before it is known who sends it.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from litestar.connection import Request
from litestar.exceptions import ClientException
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from firm.bounds import DOCUMENT_BYTES_MAX
from web.bounds import UPLOAD_NAME_LENGTH_MAX, UPLOAD_WORD_BYTES_MAX, UPLOAD_WORDS_MAX

_SCOPE = "evenhand_upload"
_HEADER_BYTES_MAX = 1_024
_HEADERS_MAX = 4


class FileTooLarge(Exception):
    """The file has more bytes than one may have."""


class Handed(msgspec.Struct, frozen=True):
    """A file. `name`: as the browser says it is called, without what no name has."""

    name: str
    content: bytes


class Upload:
    """One form while it comes. Raises ClientException where it is not such a form."""

    def __init__(self, request: Request[Any, Any, Any]) -> None:
        kind, options = request.content_type
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary:
            raise ClientException("choose a file on the page, and send its form")
        self._parser = PushMultipartParser(
            boundary,
            max_header_size=_HEADER_BYTES_MAX,
            max_header_count=_HEADERS_MAX,
            max_segment_count=UPLOAD_WORDS_MAX + 1,
            max_segment_size=DOCUMENT_BYTES_MAX,
            strict=True,
        )
        self._events = self._coming(request)
        self._words: dict[str, str] = {}
        self._file: MultipartSegment | None = None

    async def word(self, name: str) -> str:
        """A field before the file, without the spaces around it; "" where there is none."""
        while name not in self._words and self._file is None:
            if not await self._next_part():
                break
        return self._words.get(name, "")

    async def file(self, counted: Callable[[int], None]) -> Handed:
        """The file itself. `counted`: told of each piece how many bytes it has. Raises FileTooLarge."""
        while self._file is None:
            if not await self._next_part():
                raise ClientException("no file came with the form: choose one, and send it again")
        content = await self._part(DOCUMENT_BYTES_MAX, counted)
        return Handed(plain_name(self._file.filename or ""), content)

    async def _next_part(self) -> bool:
        """Read a field, or come to the file; False at the end."""
        segment = await anext(self._events, None)
        if segment is None:
            return False
        assert isinstance(segment, MultipartSegment)
        if segment.filename is not None:
            self._file = segment
            return True
        try:
            self._words[segment.name or ""] = (await self._part(UPLOAD_WORD_BYTES_MAX)).decode().strip()
        except (FileTooLarge, UnicodeDecodeError) as wrong:
            raise ClientException("a field of the form is too long, or no text") from wrong
        return True

    async def _part(self, most: int, counted: Callable[[int], None] = lambda _: None) -> bytes:
        content = bytearray()
        async for event in self._events:
            if event is None:
                break
            assert isinstance(event, bytes | bytearray)
            content += event
            counted(len(event))
            if len(content) > most:
                raise FileTooLarge
        return bytes(content)

    async def _coming(self, request: Request[Any, Any, Any]) -> AsyncGenerator[Any, None]:
        try:
            async for piece in request.stream():
                if self._parser.closed:
                    continue  # what lies after the form is read, so that the browser hears the answer
                for event in self._parser.parse(piece):
                    yield event
        except ParserLimitReached as much:
            if self._file is not None:
                raise FileTooLarge from much
            raise ClientException("the form has too many parts, or too large ones") from much
        except MultipartError as broken:
            raise ClientException("the form cannot be read: choose the file again, and send it") from broken


def upload_of(request: Request[Any, Any, Any]) -> Upload:
    """The form of this request, whoever asks for it first."""
    scope: Any = request.scope
    if _SCOPE not in scope:
        scope[_SCOPE] = Upload(request)
    upload: Upload = scope[_SCOPE]
    return upload


def plain_name(told: str) -> str:
    """What a file is called: the last part of its path, without characters that control anything or turn the reading around."""
    last = told.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isprintable() else " " for letter in last)
    return " ".join(kept.split())[:UPLOAD_NAME_LENGTH_MAX]
