"""Letters: each in each language says what it must, an operator's own are held to the same, and nothing that is filled in is markup."""

import re

import pytest

from firm.letters import Letter
from firm.sentences.languages import Language
from web.brand.faults import BrandFault
from web.brand.letters import BESIDE, FIRM, HOURS, LINK, MINUTES, SUPPORT, WHEN, Letters, our_letters, read_letters

FILLS = {
    FIRM: "A&B {link} <x>",
    LINK: "https://portal.example/new-password?token=abc_-1",
    SUPPORT: "help@firm.example",
    HOURS: "48",
    MINUTES: "30",
    WHEN: "2026-03-02 09:00 UTC",
}
OWN = """
[en.device_new]
subject = "{firm}: hello"
body = '''
It was {when}.

{link}
'''
"""


@pytest.mark.parametrize("language", Language)
def test_each_letter_names_firm_and_link_and_is_in_its_language(language):
    assert set(our_letters(language)) == set(Letter)
    texts = set()
    for letter in Letter:
        written = Letters().write(letter, language, FILLS)
        assert written.subject.startswith(FILLS[FIRM])
        assert f"\n{FILLS[LINK]}\n" in written.text
        assert FILLS.get(BESIDE[letter], "") in written.text
        assert FILLS[SUPPORT] in written.text
        assert "A&amp;B {link} &lt;x&gt;" in written.html  # what is filled in is filled in once, and is no markup
        assert f'href="{FILLS[LINK]}"' in written.html
        assert f'dir="{"rtl" if language is Language.ARABIC else "ltr"}"' in written.html
        assert not re.search(r"\{(?!link\})", written.text + written.html.partition("<body")[2].partition(">")[2])
        texts.add(written.text)
    assert len(texts) == len(Letter)
    assert all(our_letters(language)[letter] != our_letters(Language.ENGLISH)[letter] for letter in Letter) is (
        language is not Language.ENGLISH
    )


def test_a_firm_without_a_contact_asks_nobody_to_write_to_it():
    written = Letters().write(Letter.DEVICE_NEW, Language.ENGLISH, FILLS | {SUPPORT: ""})
    assert "Questions" not in written.text


def test_a_letter_of_the_firms_own_takes_the_place_of_ours_in_its_language_alone():
    letters = Letters(read_letters(OWN.encode()))
    assert letters.write(Letter.DEVICE_NEW, Language.ENGLISH, FILLS).text == (
        "It was 2026-03-02 09:00 UTC.\n\nhttps://portal.example/new-password?token=abc_-1\n"
    )
    assert "Guten Tag" in letters.write(Letter.DEVICE_NEW, Language.GERMAN, FILLS).text
    assert "your password at" in letters.write(Letter.PASSWORD_CHANGED, Language.ENGLISH, FILLS).text


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("{when}", "{minutes}", r"\[?en.device_new.body with \{minutes\}: what is filled in there is"),
        ("{when}", "{name}", "with {name}"),
        ("{when}", "}", "with }"),
        ("{link}", "here", "must name {link} once, in a line of its own"),
        ("{link}", "{link}\n\n{link}", "must name {link} once"),
        ("{link}", "Go to {link} now", "in a line of its own"),
        ("{firm}: hello", "{link}", r"subject with \{link\}"),
        ("{firm}: hello", "", "subject, which must be one line"),
        ('subject = "{firm}: hello"', "", "with other keys than subject and body"),
        ("device_new", "device_knew", r'did you mean "device_new"'),
        ("[en.", "[xx.", "sections are"),
        ("[en.device_new]", "[en.device_new", "is not TOML"),
    ],
)
def test_what_could_not_be_sent_is_refused_with_what_would_do(was, becomes, told):
    assert was in OWN
    with pytest.raises(BrandFault) as refused:
        read_letters(OWN.replace(was, becomes, 1).encode())
    assert re.search(told, str(refused.value)) or told in str(refused.value)
