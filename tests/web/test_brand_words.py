"""Legal pages and sentences of the firm's own: a little Markdown, no HTML, no way to another kind of place, and a closed list."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.sentences.languages import Language
from web.brand.brand import Brand
from web.brand.faults import BrandFault
from web.brand.prose import markdown, plain, read_text
from web.brand.sentences import SENTENCES, read_sentences
from web.shell.words import shell_catalog

QUIET = 'rel="noreferrer"'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Terms\n\nWe sell\nchallenges.", "<h2>Terms</h2>\n<p>We sell challenges.</p>"),
        ("## A\n#### B\n### C", "<h2>A</h2>\n<h3>B</h3>\n<h3>C</h3>"),
        ("- one\n- two\n  goes on\n\nafter", "<ul><li>one</li><li>two goes on</li></ul>\n<p>after</p>"),
        ("3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'),
        ("**bold** and *soft*, 2 * 3 * 4", "<p><strong>bold</strong> and <em>soft</em>, 2 * 3 * 4</p>"),
        (
            "[us](https://acme.example/?b=1&c=2) [mail](mailto:a@b.example)",
            f'<p><a href="https://acme.example/?b=1&amp;c=2" {QUIET}>us</a> <a href="mailto:a@b.example" {QUIET}>mail</a></p>',
        ),
        ('5 < 6 & "so" it\'s', "<p>5 &lt; 6 &amp; &#34;so&#34; it&#39;s</p>"),
        ("&lt;script&gt;", "<p>&amp;lt;script&amp;gt;</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("![p](https://a.example/p.png)", '<p>!<a href="https://a.example/p.png" rel="noreferrer">p</a></p>'),
        ("see [rules](/legal/terms)", f'<p>see <a href="/legal/terms" {QUIET}>rules</a></p>'),
        ("https://a.example", "<p>https://a.example</p>"),
    ],
)
def test_a_little_markdown_becomes_a_page(text: str, shown: str) -> None:
    assert str(markdown(text)) == shown


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)>",
        "</article><h1>",
        "<!-- x -->",
        "<?php",
        "<SVG/onload=alert(1)>",
        "# <b>T</b>",
        "- <i>x",
        "[<b>](https://a.example)",
    ],
)
def test_html_is_refused_with_its_line(html: str) -> None:
    with pytest.raises(BrandFault, match="has HTML in line 3"):
        markdown(f"# Terms\n\n{html}")
    assert "<" not in str(plain(html)).removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert",
        "JavaScript:alert`1`",
        "data:text/html,x",
        "vbscript:x",
        "http://a.example",
        "//evil.example",
        "https://",
        "https://bank.example@evil.example/",
        "https:\\\\evil.example",
        "https://a.example:99999/",
        'https://a.example/"onmouseover="x',
        "https://аcme.example/",
        "mailto:a@b.example?bcc=c@d.example",
        "ftp://a.example/",
        "terms.html",
        "/\\evil.example",
    ],
)
def test_a_link_to_another_kind_of_place_is_refused(address: str) -> None:
    with pytest.raises(BrandFault, match="a link begins with https://, mailto: or /"):
        markdown(f"see [here]({address})")


@given(st.text(alphabet="<>&\"'`[]()#*-+1. \n/:ahtpsjvcrim@\\=", max_size=120))
def test_whatever_is_written_has_no_tags_but_ours(text: str) -> None:
    try:
        shown = str(markdown(text))
    except BrandFault:
        return
    for tag in shown.split("<")[1:]:
        name = tag.partition(">")[0].partition(" ")[0].strip("/")
        assert name in {"p", "h2", "h3", "h4", "ul", "ol", "li", "em", "strong", "a"}
    for address in shown.split('href="')[1:]:
        assert address.startswith(("https://", "mailto:", "/"))
        assert not address.startswith("//")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "not UTF-8"),
        (b" \n ", "is empty"),
        (b"a\x00b", "is no letter"),
        ("pay \u202e001".encode(), "is no letter"),
        (b"a" * 262_145, "a text may have 262144"),
    ],
)
def test_a_file_of_another_kind_is_no_text(content: bytes, told: str) -> None:
    with pytest.raises(BrandFault, match=told):
        read_text(content)


def test_plain_text_keeps_its_paragraphs() -> None:
    assert str(plain(read_text(b"# One\r\n\r\nTwo <b>"))) == "<p># One</p>\n<p>Two &lt;b&gt;</p>"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[en]\nsign_in_titel = "x"', 'did you mean "sign_in_title"?'),
        ('[en]\nzzz = "x"', 'no sentence "zzz" in [en]: those are sign_in_title, '),
        ('[eng]\nfooter = "x"', "sections are [en], [de]"),
        ('footer = "x"', "has a section [footer]"),
        ('en = "x"', "write it as a section, [en]"),
        ("[en]\nfooter = 3", "one line of at most 300"),
        ('[en]\nfooter = "a\\nb"', "one line of at most 300"),
        (f'[en]\nfooter = "{"x" * 301}"', "one line of at most 300"),
        ('[en]\nfooter = "{frim}"', "with a brace of its own"),
        ('[en]\nfooter = "{support}"', "may not name {support}"),
        ('[en]\nsupport = "Write to us."', "must name {support} once"),
        ("[en", "is not TOML"),
        ("#" * 65_537, "sentences may have 65536"),
    ],
)
def test_a_mistake_in_a_sentence_is_told_with_what_is_known(text: str, told: str) -> None:
    with pytest.raises(BrandFault) as refused:
        read_sentences(text.encode())
    assert told in str(refused.value)


def test_a_sentence_of_the_firms_own_comes_before_ours_and_says_what_language_it_is_in() -> None:
    own = read_sentences(
        '[en]\nfooter = "{firm} <b>"\n[ar]\nsign_in_title = "مرحبا {firm}"\nsupport = "اكتب {support}"'.encode()
    )
    brand = Brand(support="help@acme.example", sentences=own)
    assert str(brand.say("footer", "A & B", Language.GERMAN)) == '<span lang="en" dir="ltr">A &amp; B &lt;b&gt;</span>'
    assert str(brand.say("sign_in_title", "A", Language.ARABIC)) == "مرحبا A"
    assert str(brand.say("sign_in_title", "{support}", Language.GERMAN)) == "Anmelden bei {support}"
    assert 'href="mailto:help@acme.example"' in str(brand.say("support", "A", Language.ARABIC))


def test_every_sentence_that_can_be_replaced_is_in_the_operators_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating" / "brand.md").read_text(encoding="utf-8")
    ours = shell_catalog(Language.ENGLISH).messages
    for name in SENTENCES:
        text = ours[f"brand.{name}"]
        assert f"| `{name}` | {text or '(nothing)'} |" in page
