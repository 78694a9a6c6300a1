"""Hostile files: several hundred, each refused with a word for it, or kept in a form that a reader of these tests can check by hand."""

import io
import re
import zlib
from typing import Any

import pytest
from PIL import Image

from appliance.documents.looking import look_at
from firm.bounds import DOCUMENT_BYTES_MAX
from firm.documents import DocumentFault, DocumentForm
from firm.sentences.languages import Language
from tests.documents.hostile import EICAR, SCRIPT, SECRET, acting_when_open, kinds, quiet, whole
from web.inspecting import Clean
from web.shell.speech import speech_of

TOGETHER_S = 60  # for all of them, in few children, on a busy machine
F = DocumentFault


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return whole()


@pytest.fixture(scope="module")
def verdicts(files: dict[str, bytes]) -> dict[str, Any]:
    """What a child says of each. One that died is followed by another, which goes on with the next."""
    names, said = list(files), []
    while len(said) < len(names):
        rest = [files[name] for name in names[len(said) :]]
        said += look_at(rest, wall_s=TOGETHER_S, cpu_s=TOGETHER_S).verdicts
    return dict(zip(names, said, strict=True))


def test_there_are_several_hundred(files: dict[str, bytes]) -> None:
    assert len(files) >= 300
    assert len(set(files.values())) >= 300


def test_each_is_refused_with_a_word_or_kept_clean(files: dict[str, bytes], verdicts: dict[str, Any]) -> None:
    wrong = {}
    for name, verdict in verdicts.items():
        told = speech_of(Language.ENGLISH)(f"fault.{verdict}") if isinstance(verdict, DocumentFault) else None
        problem = "" if told else dirt_in(verdict, files[name])
        if problem:
            wrong[name] = problem
    assert wrong == {}
    clean = [name for name, verdict in verdicts.items() if isinstance(verdict, Clean)]
    assert 100 < len(clean) < len(files) - 100  # neither all nor none


def dirt_in(kept: Clean, came: bytes) -> str:
    """What is in it that must not be, found by other means than those that cleaned it."""
    if not 0 < len(kept.content) <= DOCUMENT_BYTES_MAX:
        return f"{len(kept.content)} bytes"
    match kept.form:
        case DocumentForm.JPEG:
            return dirt_in_jpeg(kept.content)
        case DocumentForm.PNG:
            return dirt_in_png(kept.content)
        case DocumentForm.PDF:
            return dirt_in_pdf(kept.content) if kept.content == came else "it is another PDF"


def dirt_in_jpeg(content: bytes) -> str:
    """ITU T.81, B.1: only tables, a frame, a scan, the JFIF head, and nothing after the end."""
    at, seen = 2, [content[:2]]
    while True:
        marker = content[at : at + 2]
        seen.append(marker)
        size = int.from_bytes(content[at + 2 : at + 4])
        if marker == b"\xff\xe0" and content[at + 4 : at + 9] != b"JFIF\0":
            return "another head"
        at += 2 + size
        if marker == b"\xff\xda":
            break
    allowed = {b"\xff\xd8", b"\xff\xe0", b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda"}
    if set(seen) - allowed:
        return f"segments {set(seen) - allowed}"
    end = re.search(rb"\xff[^\x00\xd0-\xd7]", content[at:])
    return (
        ""
        if end is not None and at + end.start() == len(content) - 2 and content.endswith(b"\xff\xd9")
        else "bytes after its end"
    )


def dirt_in_png(content: bytes) -> str:
    """PNG, 5.3: three kinds of chunk, each with the right sum, and nothing after the last."""
    at, kinds_seen = 8, []
    while at < len(content):
        size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if zlib.crc32(content[at + 4 : at + 8 + size]) != int.from_bytes(content[at + 8 + size : at + 12 + size]):
            return f"the wrong sum of {kind!r}"
        kinds_seen.append(kind)
        at += 12 + size
    ordered = [kinds_seen[0], *sorted(set(kinds_seen[1:-1])), kinds_seen[-1]]
    return "" if ordered == [b"IHDR", b"IDAT", b"IEND"] and at == len(content) else f"chunks {ordered}"


def dirt_in_pdf(content: bytes) -> str:
    if not content.startswith(b"%PDF-") or not content.rstrip().endswith(b"%%EOF"):
        return "something before or after it"
    texts = [content]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        unpacking = zlib.decompressobj()
        try:
            texts.append(unpacking.decompress(found[1], 2**20))
        except zlib.error:
            continue
    for text in texts:
        named = re.sub(rb"#([0-9a-fA-F]{2})", lambda code: bytes([int(code[1], 16)]), text)
        for word in (
            b"/JavaScript",
            b"/JS",
            b"/Launch",
            b"/EmbeddedFile",
            b"/RichMedia",
            b"/XFA",
            b"/Encrypt",
            b"<script",
            b"PK\5\6",
        ):
            if word in named:
                return f"{word!r} in it"
    return ""


def test_pictures_hold_nothing_of_what_came_with_them(verdicts: dict[str, Any]) -> None:
    for name, verdict in verdicts.items():
        if isinstance(verdict, Clean) and verdict.form is not DocumentForm.PDF:
            for trace in (
                SECRET.encode(),
                SCRIPT,
                EICAR,
                b"Exif",
                b"http://",
                b"xmpmeta",
                b"PK\x03\x04",
                b"%PDF",
                b"ICC_PROFILE",
            ):
                assert trace not in verdict.content, f"{trace!r} in what became of {name}"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_where_a_picture_was_made_is_gone_and_it_stands_upright(form: str, verdicts: dict[str, Any]) -> None:
    kept = verdicts[f"{form} that tells where it was made"]
    with Image.open(io.BytesIO(kept.content)) as shown:
        assert not shown.getexif()
        assert "icc_profile" not in shown.info
        assert shown.size == (72, 96)  # it came lying, and said so


def test_greys_of_sixteen_bits_keep_the_upper_eight(verdicts: dict[str, Any]) -> None:
    with Image.open(io.BytesIO(verdicts["png in mode I;16"].content)) as kept:
        assert kept.getpixel((0, 0)) == (40_000 >> 8,) * 3


def test_points_on_the_way_stay_what_they_were(verdicts: dict[str, Any]) -> None:
    with (
        Image.open(io.BytesIO(kinds()["png"])) as came,
        Image.open(io.BytesIO(verdicts["png then zip"].content)) as kept,
    ):
        assert came.convert("RGB").tobytes() == kept.tobytes()


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("an empty file", {F.EMPTY}),
        ("the test virus", {F.UNKNOWN_FORM}),
        ("heic then jpeg", {F.HEIC}),
        ("svg with a script, 0", {F.UNKNOWN_FORM}),
        ("zip then pdf", {F.UNKNOWN_FORM}),
        ("a page that begins as jpeg", {F.DAMAGED}),
        ("PNG of 40 pictures", {F.MOVING}),
        ("WEBP of 40 pictures", {F.MOVING}),
        ("GIF of 40 pictures", {F.UNKNOWN_FORM}),
        ("png of 65535 by 65535", {F.TOO_MANY_PIXELS}),
        ("jpeg of 65500 by 65500", {F.TOO_MANY_PIXELS}),
        ("png with the wrong sum of chunk 0", {F.DAMAGED}),
        ("pdf that runs a script", {F.ACTIVE}),
        ("pdf that runs a script by another name", {F.ACTIVE}),
        ("pdf with a script that is packed away", {F.ACTIVE}),
        ("pdf with a script that no table names", {F.ACTIVE}),
        ("pdf whose script an update took away", {F.ACTIVE}),
        ("pdf that starts a program", {F.ACTIVE}),
        ("pdf with a file in it", {F.ACTIVE}),
        ("pdf that is locked", {F.ENCRYPTED}),
        ("pdf with a bomb", {F.EXPANDS}),
        ("pdf with a bomb within a bomb", {F.EXPANDS}),
        ("pdf with a bomb in twelve parts", {F.EXPANDS}),
        ("pdf of 60 pages", {F.TOO_MANY_PAGES}),
        ("pdf of thirty thousand objects", {F.TAKES_TOO_LONG}),
        ("pdf then zip", {F.DAMAGED}),
        ("pdf with an archive before its end", {F.ALSO_ELSE}),
        ("pdf with a page in a comment", {F.ALSO_ELSE}),
        ("pdf without pages", {F.DAMAGED}),
        ("pdf whose page is its own parent", {F.DAMAGED, F.TAKES_TOO_LONG}),
    ],
)
def test_a_fault_has_its_own_word(name: str, faults: set[DocumentFault], verdicts: dict[str, Any]) -> None:
    assert verdicts[name] in faults


def test_what_acts_when_it_is_open_or_reaches_elsewhere_is_refused_however_it_is_written(
    verdicts: dict[str, Any],
) -> None:
    names = [name for name, _ in acting_when_open()]
    assert len(names) > 50
    assert {name: verdicts[name] for name in names} == dict.fromkeys(names, F.ACTIVE)


def test_what_only_opens_at_a_page_or_leads_to_the_web_is_kept(verdicts: dict[str, Any]) -> None:
    refused = {name: verdicts[name] for name, _ in quiet() if not isinstance(verdicts[name], Clean)}
    assert refused == {}


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "pdf"])
def test_what_is_whole_is_kept(name: str) -> None:
    [kept] = look_at([kinds()[name]]).verdicts
    assert isinstance(kept, Clean)
