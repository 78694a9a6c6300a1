"""The form of joining: what somebody types who signs up, or what is wrong with it. Whether we know them is not asked here."""

from collections.abc import Mapping
from typing import Any

import msgspec

from firm.mail_address import MAIL_LENGTH_MAX, is_public_mail_address
from web.bounds import NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX
from web.forms import Wrong, text_in
from web.locale_figures import countries
from web.shell.speech import Speech


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
    if not is_public_mail_address(mail):
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
