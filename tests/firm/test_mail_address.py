"""Mail addresses: one table of which are taken from settings, from strangers, and for looking somebody up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.mail_address import host_written_to, is_mail_address, is_public_mail_address, normalised_mail

LOCAL_64, LABEL_63 = "a" * 64, "b" * 63
WHOLE_254 = f"{LOCAL_64}@{LABEL_63}.{LABEL_63}.{'c' * 57}.org"

# Address, whether a mail can be sent there, whether from outside too, and as what it is looked for; None: as nothing.
TABLE = [
    pytest.param("ada@example.org", True, True, "ada@example.org", id="plain"),
    pytest.param("Ada.Lund+evenhand@Mail.Example.ORG", True, True, "ada.lund+evenhand@mail.example.org", id="case"),
    pytest.param("o'neil!#$%&*/=?^_`{|}~-@example.org", True, True, "o'neil!#$%&*/=?^_`{|}~-@example.org", id="odd letters"),
    pytest.param("a@b.cd", True, True, "a@b.cd", id="short"),
    pytest.param("ada@xn--bcher-kva.example", True, True, "ada@xn--bcher-kva.example", id="an international host"),
    pytest.param(WHOLE_254, True, True, WHOLE_254, id="254 characters"),
    pytest.param(f"{WHOLE_254}g", False, False, None, id="255 characters"),
    pytest.param(f"{LOCAL_64}@example.org", True, True, f"{LOCAL_64}@example.org", id="64 before the @"),
    pytest.param(f"a{LOCAL_64}@example.org", False, False, f"a{LOCAL_64}@example.org", id="65 before the @"),
    pytest.param(f"ada@{LABEL_63}.org", True, True, f"ada@{LABEL_63}.org", id="a label of 63"),
    pytest.param(f"ada@b{LABEL_63}.org", False, False, f"ada@b{LABEL_63}.org", id="a label of 64"),
    pytest.param("root@localhost", True, False, "root@localhost", id="on this machine"),
    pytest.param("ada@gmail", True, False, "ada@gmail", id="no dot in the host"),
    pytest.param("ops@192.0.2.7", False, False, "ops@192.0.2.7", id="a host by number"),
    pytest.param("ops@[192.0.2.7]", False, False, "ops@[192.0.2.7]", id="in brackets"),
    pytest.param("ada@example.123", False, False, "ada@example.123", id="a last label of digits"),
    pytest.param("ada@-example.org", False, False, "ada@-example.org", id="a hyphen first"),
    pytest.param("ada@xn--", False, False, "ada@xn--", id="a hyphen last"),
    pytest.param("ada@exam_ple.org", False, False, "ada@exam_ple.org", id="an underscore in the host"),
    pytest.param("ada@example.org.", False, False, "ada@example.org.", id="a dot at the end"),
    pytest.param("ada@example..org", False, False, "ada@example..org", id="an empty label"),
    pytest.param(".ada@example.org", False, False, ".ada@example.org", id="a dot first"),
    pytest.param("ada.@example.org", False, False, "ada.@example.org", id="a dot before the @"),
    pytest.param("a..b@example.org", False, False, "a..b@example.org", id="two dots"),
    pytest.param("a@b@example.org", False, False, "a@b@example.org", id="two @"),
    pytest.param('"ada"@example.org', False, False, '"ada"@example.org', id="quoted"),
    pytest.param("Ada<ada@example.org>", False, False, "ada<ada@example.org>", id="a name beside it"),
    pytest.param("ada@example.org,ben@example.org", False, False, "ada@example.org,ben@example.org", id="two of them"),
    pytest.param("\u00f6la@example.org", False, False, "\u00f6la@example.org", id="another alphabet"),
    pytest.param("ada@b\u00fccher.example", False, False, "ada@b\u00fccher.example", id="in the host"),
    pytest.param("\uff41da@example.org", False, False, "ada@example.org", id="wide letters"),
    pytest.param(" ada@example.org ", False, False, "ada@example.org", id="spaces around it"),
    pytest.param("ada@example.org\n", False, False, "ada@example.org", id="a line's end"),
    pytest.param("ada@example.org\r\nBcc: all@example.org", False, False, None, id="another header"),
    pytest.param("a da@example.org", False, False, None, id="a space within"),
    pytest.param("ada\x00@example.org", False, False, "ada\x00@example.org", id="a null"),
    pytest.param("", False, False, None, id="nothing"),
    pytest.param("ada", False, False, None, id="no @"),
    pytest.param("@example.org", False, False, None, id="nothing before the @"),
    pytest.param("ada@", False, False, None, id="nothing after the @"),
]  # fmt: skip


@pytest.mark.parametrize(("mail", "sent", "public", "looked_for"), TABLE)
def test_which_addresses_are_taken(mail: str, sent: bool, public: bool, looked_for: str | None) -> None:
    assert (is_mail_address(mail), is_public_mail_address(mail)) == (sent, public)
    if looked_for is None:
        with pytest.raises(ValueError, match="not a mail address"):
            normalised_mail(mail)
    else:
        assert normalised_mail(mail) == looked_for


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("ops@192.0.2.7", "192.0.2.7"),
        ("ops@mail_host.lan.", "mail_host.lan."),
        (f"{LOCAL_64}@a", "a"),
        (f"a{LOCAL_64}@a", None),
        ("a..b@example.org", None),
        ("Ada <ada@example.org", None),
        ("\u00f6la@example.org", None),
        ("ada@\n", "\n"),
        ("a@b@c", "b@c"),
        ("@example.org", None),
        ("ada@", None),
        ("ada", None),
    ],
)
def test_where_an_operators_own_address_is_at(text: str, host: str | None) -> None:
    assert host_written_to(text) == host


@given(mail=st.text(st.sampled_from("aB1.-_@+ \t\r\n,<>\u00f6\u0130"), max_size=14))
def test_what_is_taken_is_found_again_however_it_is_typed(mail: str) -> None:
    if not is_mail_address(mail):
        assert not is_public_mail_address(mail)
        return
    assert normalised_mail(f" {mail.upper()} ") == normalised_mail(mail) == mail.lower()
