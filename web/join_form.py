"""The form of joining: what somebody types who signs up, or what is wrong with it. Whether we know them is not asked here."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from storage.people import MAIL_LENGTH_MAX
from web.bounds import NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX
from web.forms import Wrong, text_in
from web.locale_figures import countries
from web.shell.speech import Speech

# What any mail server takes: the parts of RFC 5321's Dot-string, and a host by name.
_MAIL = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)


class Join(msgspec.Struct, frozen=True):
    """Everything that was asked for, in its form. `country`: ISO 3166-1 alpha-2."""

    mail: str
    name: str
    password: str
    country: str


def read_join(fields: Mapping[str, Any], speak: Speech, *, with_terms: bool) -> Join | Wrong:
    """What is wrong is told in the language of `speak`. `with_terms`: there is something to accept."""
    mail, name, country = text_in(fields, "mail"), " ".join(text_in(fields, "name").split()), text_in(fields, "country")
    fresh, again = (str(fields.get(field, ""))[: PASSWORD_LENGTH_MAX + 1] for field in ("fresh", "again"))
    accepted = text_in(fields, "accepted")
    errors = {}
    if not is_mail(mail):
        errors["mail"] = speak("join.no_mail")
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        errors["name"] = speak("join.no_name", most=NAME_LENGTH_MAX)
    if country not in dict(countries()):
        errors["country"] = speak("join.no_country")
    if fresh != again:
        errors["again"] = speak("join.not_the_same")
    if with_terms and accepted != "yes":
        errors["accepted"] = speak("join.not_accepted")
    if errors:
        return Wrong(
            errors,
            {"mail": mail[:MAIL_LENGTH_MAX], "name": name[:NAME_LENGTH_MAX], "country": country, "accepted": accepted},
        )
    return Join(mail, name, fresh, country)


def is_mail(text: str) -> bool:
    return len(text) <= MAIL_LENGTH_MAX and _MAIL.fullmatch(text) is not None
