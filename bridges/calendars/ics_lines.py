"""ICS lines: the content lines of an iCalendar file (RFC 5545, 3.1), unfolded and taken apart, each with the line it begins on."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bridges.calendars.content import bounded
from firm.news import BadCalendar

LINE_BYTES_MAX = 16_384

_PARAMETER = r';[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*'
_LINE = re.compile(rf"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:{_PARAMETER})*):(?P<value>.*)\Z", re.DOTALL)
_ONE_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)')
_ESCAPED = re.compile(r"\\([\\;,nN])")


class ContentLine(NamedTuple):
    """`name` and the names of `parameters` in capitals. `where`: "line 7", its first one."""

    where: str
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """Its value as text: breaks of lines are spaces."""
        return _unescaped(self.value).strip()

    @property
    def texts(self) -> list[str]:
        """Its value as a list of texts."""
        return [_unescaped(one).strip() for one in re.split(r"(?<!\\),", self.value)]


def content_lines(content: bytes) -> Iterator[ContentLine]:
    """All lines. One that cannot be read, or is too long, is a BadCalendar."""
    for number, line in _unfolded(bounded(content).removeprefix(b"\xef\xbb\xbf")):
        where = f"line {number}"
        if len(line) > LINE_BYTES_MAX:
            raise BadCalendar(where, f"it has {len(line)} bytes: at most {LINE_BYTES_MAX}")
        try:
            match = _LINE.match(line.decode())
        except UnicodeDecodeError as wrong:
            raise BadCalendar(where, "it is no UTF-8: save it as such") from wrong
        if match is None:
            raise BadCalendar(where, "it is no property of an iCalendar: NAME:value is")
        parameters = {name.upper(): told.strip('"') for name, told in _ONE_PARAMETER.findall(match["parameters"])}
        yield ContentLine(where, match["name"].upper(), parameters, match["value"])


def _unfolded(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Logical lines with the number of their first one. They may be folded within a character, so that bytes are joined."""
    begun, pieces = 0, list[bytes]()
    for number, line in enumerate(content.split(b"\n"), start=1):
        told = line.removesuffix(b"\r")
        if told[:1] in (b" ", b"\t") and pieces:
            pieces.append(told[1:])
            continue
        if pieces:
            yield begun, b"".join(pieces)
        begun, pieces = number, [told] if told else []
    if pieces:
        yield begun, b"".join(pieces)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value)
