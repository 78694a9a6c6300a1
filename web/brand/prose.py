"""Prose: a legal page from a small part of Markdown: headings, paragraphs, lists, emphasis, links. Everything else is letters.

HTML is refused where it is written, and every letter is escaped all the same: nothing of a file can become a tag of ours.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from web.brand.faults import BrandFault

BYTES_MAX = 256 * 1024
_TAG = re.compile(r"<[A-Za-z/!?]")
_HEADING = re.compile(r"(#{1,4})[ \t]+(.+?)[ \t#]*")
_POINT = re.compile(r"(?:[-*+]|(?P<number>\d{1,3})[.)])[ \t]+(?P<text>.+)")
_INLINE = re.compile(
    r"\[(?P<text>[^\[\]]+)\]\((?P<address>[^()\s]+)\)|\*\*(?P<strong>[^*]+)\*\*|(?<![\w*])\*(?P<soft>[^*\s][^*]*)\*"
)
_ADDRESS = re.compile(r"[\w:/?#\[\]@!$&+,;=.~%-]+", re.ASCII)
_MAIL = re.compile(r"mailto:[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_OURS = re.compile(r"/[\w./-]*", re.ASCII)
HEADING_FIRST, HEADING_LAST = 2, 4  # below the page's own


def read_text(content: bytes) -> str:
    """The words of a text file. Raises BrandFault."""
    if len(content) > BYTES_MAX:
        raise BrandFault(f"has {len(content)} bytes, and a text may have {BYTES_MAX}: shorten it, or link to it")
    try:
        text = content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as broken:
        raise BrandFault(f"is not UTF-8 (byte {broken.start}): save it as UTF-8") from broken
    if odd := next((letter for letter in text if not letter.isprintable() and letter not in "\n\t\u00a0\u00ad"), None):
        raise BrandFault(f"holds {odd!r}, which is no letter: save it as plain text, without invisible marks")
    if not text.strip():
        raise BrandFault("is empty: write it, or empty its setting")
    return text


def plain(text: str) -> Markup:
    """Paragraphs as they stand, parted by empty lines."""
    blocks = re.split(r"\n[ \t]*\n", text.strip())
    return Markup("\n").join(Markup("<p>{}</p>").format(block.strip()) for block in blocks)


def markdown(text: str) -> Markup:
    """The page's body. Raises BrandFault for HTML, and for a link that leads to another kind of place, with its line."""
    for number, line in enumerate(text.split("\n"), 1):
        if _TAG.search(line):
            raise BrandFault(f'has HTML in line {number}: write it in Markdown, and "less than" as "< " or in words')
    return Markup("\n").join(_Body(text).blocks())


def is_safe_link(address: str) -> bool:
    """https, a mail address, or a page of ours; in plain letters, so that nobody reads another address than the browser."""
    if _MAIL.fullmatch(address) or (_OURS.fullmatch(address) and not address.startswith("//")):
        return True
    return is_https(address)


def is_https(address: str) -> bool:
    """A whole https address with a host, nobody's name before it, and nothing that could be read another way."""
    if not address.startswith("https://") or not _ADDRESS.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc


class _Body:
    """One text, block by block."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._highest = min(
            (len(found[1]) for line in self._lines if (found := _HEADING.fullmatch(line))), default=HEADING_FIRST
        )
        self._level = HEADING_FIRST - 1

    def blocks(self) -> Iterator[Markup]:
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            if heading := _HEADING.fullmatch(line):
                yield self._heading(heading, at)
                at += 1
            elif _POINT.fullmatch(line.strip()):
                last = self._while(at, lambda each: bool(each.strip()) and not _HEADING.fullmatch(each))
                yield self._list(at, last)
                at = last
            elif line.strip():
                last = self._while(at, self._goes_on)
                yield Markup("<p>{}</p>").format(_inline(" ".join(map(str.strip, self._lines[at:last])), at + 1))
                at = last
            else:
                at += 1

    def _while(self, at: int, belongs: Callable[[str], bool]) -> int:
        last = at + 1
        while last < len(self._lines) and belongs(self._lines[last]):
            last += 1
        return last

    def _goes_on(self, line: str) -> bool:
        return bool(line.strip()) and not _HEADING.fullmatch(line) and not _POINT.fullmatch(line.strip())

    def _heading(self, found: re.Match[str], at: int) -> Markup:
        """No level is passed over on the way down: whoever goes by headings would look for what is missing."""
        wanted = HEADING_FIRST + len(found[1]) - self._highest
        self._level = min(wanted, self._level + 1, HEADING_LAST)
        return Markup("<h{0}>{1}</h{0}>").format(self._level, _inline(found[2], at + 1))

    def _list(self, first: int, last: int) -> Markup:
        """A line that begins no point goes on with the one before it."""
        points: list[tuple[int, list[str]]] = []
        for at in range(first, last):
            line = self._lines[at].strip()
            if point := _POINT.fullmatch(line):
                points.append((at + 1, [point["text"]]))
            else:
                points[-1][1].append(line)
        begun = _POINT.fullmatch(self._lines[first].strip())
        assert begun is not None
        items = Markup("").join(Markup("<li>{}</li>").format(_inline(" ".join(lines), at)) for at, lines in points)
        if begun["number"] is None:
            return Markup("<ul>{}</ul>").format(items)
        return Markup('<ol start="{}">{}</ol>').format(int(begun["number"]), items)


def _inline(text: str, line: int) -> Markup:
    parts, at = [], 0
    for found in _INLINE.finditer(text):
        parts.append(escape(text[at : found.start()]))
        at = found.end()
        if found["address"] is not None:
            parts.append(_link(found["text"], found["address"], line))
        elif found["strong"] is not None:
            parts.append(Markup("<strong>{}</strong>").format(found["strong"]))
        else:
            parts.append(Markup("<em>{}</em>").format(found["soft"]))
    return Markup("").join([*parts, escape(text[at:])])


def _link(text: str, address: str, line: int) -> Markup:
    if not is_safe_link(address):
        raise BrandFault(
            f'has a link in the block of line {line} that leads to "{address[:60]}": a link begins with https://, mailto: or /'
        )
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, text)
