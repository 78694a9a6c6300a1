"""An operator's logo: what is a plain drawing or photograph is taken as it is, and what could be anything else is not."""

import zlib

import pytest

from tests.web.brand_files import END, SHAPES, SIGNATURE, SVG_HEAD, chunk, head, pixels, png, svg
from web.brand.faults import BrandFault
from web.brand.pictures import check_picture
from web.brand.svg import ATTRIBUTES, ELEMENTS

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_a_plain_drawing_is_taken_with_its_size_and_an_address_by_its_content() -> None:
    found = check_picture("logo.svg", svg())
    assert (found.kind, found.media_type, found.width, found.height) == ("svg", "image/svg+xml", 240, 60)
    other = check_picture("logo.svg", svg('<path d="M0 0"/>'))
    assert found.address.startswith("/brand/logo-")
    assert found.address.endswith(".svg")
    assert found.address != other.address


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param('<title>Acme &amp; Co: "us"</title><desc>a &lt;logo></desc>', id="words"),
        pytest.param('<text x="1" y="9" font-family="sans-serif">A<tspan dx="1">c</tspan></text>', id="letters"),
        pytest.param(
            '<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>'
            '<rect width="9" height="9" fill="url(#g)"/>',
            id="a gradient",
        ),
        pytest.param(
            '<clipPath id="c"><circle r="4"/></clipPath><path clip-path="url(#c)" d="M1,2 3-4e-2z"/>', id="a clip"
        ),
        pytest.param('<!-- drawn by hand --><path fill="rgb(1, 2, 3)" d="M0 0"/>', id="a remark and a function"),
    ],
)
def test_what_drawings_are_made_of_is_taken(inside: str) -> None:
    assert check_picture("a.SVG", svg(inside)).kind == "svg"


def test_a_drawing_may_begin_as_xml_and_have_a_size_in_place_of_a_box() -> None:
    drawing = b'<?xml version="1.0" encoding="utf-8"?>\n' + svg(
        head=SVG_HEAD.replace('viewBox="0 0 240 60"', 'width="90.5px" height="30"')
    )
    assert (check_picture("a.svg", drawing).width, check_picture("a.svg", drawing).height) == (91, 30)


HOSTILE_DRAWINGS = [
    pytest.param(svg("<script>alert(1)</script>"), "<script>", id="script"),
    pytest.param(svg('<script href="https://evil.example/x.js"/>'), "<script>", id="script from elsewhere"),
    pytest.param(
        svg('<s:script xmlns:s="http://www.w3.org/2000/svg">1</s:script>'), "<script>", id="script by a prefix"
    ),
    pytest.param(
        svg('<script xmlns="http://www.w3.org/1999/xhtml">1</script>'), "<script>", id="script of another kind"
    ),
    pytest.param(svg("<path onload='alert(1)' d='M0 0'/>"), '"onload"', id="handler"),
    pytest.param(svg(head=SVG_HEAD[:-1] + ' onload="alert(1)">'), '"onload"', id="handler of the whole"),
    pytest.param(svg('<path onload="x"/>'), '"onload"', id="handler of one letter"),
    pytest.param(svg("<path ONCLICK='alert(1)'/>"), '"ONCLICK"', id="handler in capitals"),
    pytest.param(svg('<g><path onfocus="x" tabindex="0"/></g>'), '"onfocus"', id="handler deep inside"),
    pytest.param(svg('<image href="https://evil.example/p.png"/>'), "<image>", id="picture from elsewhere"),
    pytest.param(svg('<image href="data:image/png;base64,AAAA"/>'), "<image>", id="picture as data"),
    pytest.param(svg(f'<use {XLINK} xlink:href="https://evil.example/a.svg#a"/>'), "<use>", id="use from elsewhere"),
    pytest.param(svg('<use href="data:image/svg+xml,%3Csvg/%3E#a"/>'), "<use>", id="use as data"),
    pytest.param(svg('<g id="a"><use href="#a"/></g>'), "<use>", id="use of itself"),
    pytest.param(svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'), "<a>", id="link"),
    pytest.param(svg(f'<path {XLINK} xlink:href="javascript:1"/>'), '"href"', id="xlink on a shape"),
    pytest.param(svg('<linearGradient href="https://evil.example/#g"/>'), '"href"', id="gradient from elsewhere"),
    pytest.param(svg('<path xml:base="https://evil.example/"/>'), '"base"', id="another base"),
    pytest.param(
        svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'),
        "<foreignObject>",
        id="foreignObject",
    ),
    pytest.param(
        svg('<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example"/>'), "<iframe>", id="iframe"
    ),
    pytest.param(svg('<set attributeName="href" to="javascript:alert(1)"/>'), "<set>", id="set"),
    pytest.param(svg('<animate attributeName="x" values="0;9"/>'), "<animate>", id="animate"),
    pytest.param(svg("<style>@import url(https://evil.example/a.css);</style>"), "<style>", id="stylesheet"),
    pytest.param(svg('<path style="background:url(https://evil.example/)"/>'), '"style"', id="inline style"),
    pytest.param(svg('<path fill="url(https://evil.example/#g)"/>'), '"fill"', id="paint from elsewhere"),
    pytest.param(svg('<path fill="url(//evil.example/g)"/>'), '"fill"', id="paint without a scheme"),
    pytest.param(svg('<path fill="url(g.svg#g)"/>'), '"fill"', id="paint of another file"),
    pytest.param(svg('<path fill="url(data:image/svg+xml,x)"/>'), '"fill"', id="paint as data"),
    pytest.param(svg('<path fill="u\\72l(#g)"/>'), '"fill"', id="an escape of style sheets"),
    pytest.param(svg('<path fill="red url(#g)"/>'), '"fill"', id="paint with a fallback"),
    pytest.param(svg('<path mask="image-set(x)"/>'), '"mask"', id="a function that loads"),
    pytest.param(svg('<path fill="var(--x)"/>'), '"fill"', id="a variable"),
    pytest.param(svg('<filter id="f"><feImage href="https://evil.example/"/></filter>'), "<filter>", id="filter"),
    pytest.param(svg('<mask id="a"><path mask="url(#b)"/></mask>'), "within another", id="masks in masks"),
    pytest.param(svg('<clipPath id="a" clip-path="url(#b)"/>'), "within another", id="a clip of a clip"),
    pytest.param(svg(f"<svg>{SHAPES}</svg>"), "not one <svg>", id="a drawing in a drawing"),
    pytest.param(LAUGHS.encode() + svg("<title>&b;</title>"), "does not begin", id="entities at once"),
    pytest.param(
        b'<?xml version="1.0"?>' + LAUGHS.encode() + svg("<title>&b;</title>"), "document type", id="billion laughs"
    ),
    pytest.param(
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<title>&x;</title>"),
        "document type",
        id="a file of the machine",
    ),
    pytest.param(
        b'<?xml version="1.0"?><!DOCTYPE svg SYSTEM "https://evil.example/a.dtd">' + svg(),
        "document type",
        id="a far dtd",
    ),
    pytest.param(svg("<title>&nbsp;</title>"), "not whole XML", id="an unknown entity"),
    pytest.param(
        b'<?xml version="1.0"?><?xml-stylesheet href="https://evil.example/a.xsl"?>' + svg(),
        "instruction",
        id="instruction",
    ),
    pytest.param(b'<?xml version="1.0" encoding="utf-7"?>' + svg(), "utf-7", id="another encoding"),
    pytest.param(svg().replace(b"M0", b"\xff\xfe"), "not UTF-8", id="no UTF-8"),
    pytest.param(b"\xef\xbb\xbf" + svg(), "does not begin", id="a mark before it"),
    pytest.param(b"GIF89a" + svg(), "does not begin", id="a GIF before it"),
    pytest.param(b"<html>" + svg() + b"</html>", "does not begin", id="HTML around it"),
    pytest.param(svg() + b"<script>alert(1)</script>", "not whole XML", id="HTML behind it"),
    pytest.param(svg() + b"PK\x03\x04", "not whole XML", id="an archive behind it"),
    pytest.param(svg()[:-9], "not whole XML", id="cut off"),
    pytest.param(b"<svg", "not whole XML", id="a beginning alone"),
    pytest.param(svg("alert(1)"), "words in <svg>", id="words between shapes"),
    pytest.param(svg("<![CDATA[<script>]]>"), "words in <svg>", id="marked words"),
    pytest.param(b"<svg viewBox='0 0 9 9'></svg>", "<svg>", id="of no namespace"),
    pytest.param(svg(head='<svg xmlns="http://www.w3.org/2000/svg">'), "no size", id="of no size"),
    pytest.param(svg(head=SVG_HEAD.replace("240", "1e9")), "no size", id="an odd number"),
    pytest.param(svg(head=SVG_HEAD.replace("240", "99999")), "99999 by 60", id="of a mile"),
    pytest.param(svg(head=SVG_HEAD.replace("240", "0")), "0 by 60", id="of no width"),
    pytest.param(svg(head=SVG_HEAD.replace("240", "900")), "at most 8 times", id="a thread"),
    pytest.param(svg("<g>" * 30 + "</g>" * 30), "within each other", id="too deep"),
    pytest.param(svg("<path/>" * 2_001), "more than 2000 elements", id="too many"),
    pytest.param(svg("<path/>" + " " * 65_536), "65", id="too large"),
]

HOSTILE_PNGS = [
    pytest.param(b"", "does not begin", id="nothing"),
    pytest.param(SIGNATURE, "", id="a signature alone"),
    pytest.param(b"\xff\xd8\xff\xe0JFIF", "does not begin", id="a JPEG"),
    pytest.param(b"GIF89a" + png(), "does not begin", id="a GIF before it"),
    pytest.param(svg(), "does not begin", id="a drawing by another name"),
    pytest.param(png()[:-1], "cut off", id="one byte short"),
    pytest.param(png()[:-12], "has none", id="no end"),
    pytest.param(png()[:40], "cut off", id="half of it"),
    pytest.param(png() + b"<script>alert(1)</script>", "behind", id="HTML behind it"),
    pytest.param(png() + b"PK\x03\x04", "behind", id="an archive behind it"),
    pytest.param(png(head(), pixels(), END, END), "behind", id="two ends"),
    pytest.param(png(head(), pixels(), chunk(b"IEND", b"x")), "head and end", id="an end with more in it"),
    pytest.param(png(pixels(), head(), END), "head and end", id="pixels first"),
    pytest.param(png(head(), head(), pixels(), END), "two parts", id="two heads"),
    pytest.param(png(head(), chunk(b"tEXt", b"a\0<script>"), pixels(), END), "tEXt", id="words"),
    pytest.param(png(head(), chunk(b"eXIf", b"MM"), pixels(), END), "eXIf", id="where it was taken"),
    pytest.param(png(head(), chunk(b"acTL", b"\0" * 8), pixels(), END), "acTL", id="moving"),
    pytest.param(png(head(), chunk(b"evIl", b""), pixels(), END), "evIl", id="an unknown part"),
    pytest.param(png(head(100_000, 100_000), pixels(), END), "100000 by 100000", id="of a mile"),
    pytest.param(png(head(0, 32), pixels(), END), "0 by 32", id="of no width"),
    pytest.param(png(head(1_024, 16), pixels(1_024, 16), END), "at most 8 times", id="a thread"),
    pytest.param(png(head(depth=3), pixels(), END), "of a form", id="three bits"),
    pytest.param(png(head(colour=5), pixels(), END), "of a form", id="colours of no kind"),
    pytest.param(png(head(rest=b"\0\0\1"), pixels(), END), "of a form", id="interlaced"),
    pytest.param(png(head(rest=b"\1\0\0"), pixels(), END), "of a form", id="packed otherwise"),
    pytest.param(png(head(rest=b"\0\0"), pixels(), END), "another length", id="a short head"),
    pytest.param(png(head(), END), "more or less", id="no pixels"),
    pytest.param(png(head(), pixels(height=31), END), "more or less", id="a row short"),
    pytest.param(png(head(), chunk(b"IDAT", zlib.compress(b"\0" * 9_000_000)), END), "more or less", id="a bomb"),
    pytest.param(png(head(), chunk(b"IDAT", b"x" * 90), END), "unpacked", id="no zlib"),
    pytest.param(png().replace(b"IDAT", b"IDAX"), "checksum", id="a turned bit"),
    pytest.param(png() + b"\0" * 262_144, "bytes, and a PNG", id="too large"),
]


def test_no_attribute_that_is_taken_runs_leads_or_styles() -> None:
    assert not [each for each in ATTRIBUTES if each.startswith("on") or ":" in each]
    assert not ATTRIBUTES & {"href", "src", "style", "filter", "from", "to", "values", "begin", "base"}
    assert not ELEMENTS & {"a", "use", "image", "script", "style", "foreignObject", "set", "animate", "filter"}


@pytest.mark.parametrize(("content", "told"), HOSTILE_DRAWINGS)
def test_a_drawing_that_could_do_anything_is_refused_with_what_would_do(content: bytes, told: str) -> None:
    with pytest.raises(BrandFault) as refused:
        check_picture("logo.svg", content)
    assert told in str(refused.value)
    assert ":" in str(refused.value)


@pytest.mark.parametrize(("content", "told"), HOSTILE_PNGS)
def test_a_png_that_is_not_one_whole_still_image_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(BrandFault) as refused:
        check_picture("logo.png", content)
    assert told in str(refused.value)
    assert ":" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        pytest.param(png(), (64, 32), id="with alpha"),
        pytest.param(png(head(colour=2), pixels(channels=3), END), (64, 32), id="without"),
        pytest.param(
            png(head(depth=1, colour=0), chunk(b"IDAT", zlib.compress(b"\0" * 9 * 32)), END), (64, 32), id="two tones"
        ),
        pytest.param(
            png(
                head(), chunk(b"pHYs", b"\0" * 9), chunk(b"IDAT", pixels()[8:20]), chunk(b"IDAT", pixels()[20:-4]), END
            ),
            (64, 32),
            id="pixels in two parts",
        ),
    ],
)
def test_a_sound_png_is_taken_with_its_size(content: bytes, size: tuple[int, int]) -> None:
    found = check_picture("logo.png", content)
    assert (found.kind, found.media_type, (found.width, found.height)) == ("png", "image/png", size)
    assert found.content == content


@pytest.mark.parametrize("name", ["logo.gif", "logo.jpg", "logo.svgz", "logo.html", "logo", "logo.png.exe"])
def test_another_kind_of_file_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(BrandFault, match=r"neither a \.png nor an \.svg"):
        check_picture(name, png())
