"""Letters: the kinds of mails that the firm owes people. Their words are in `web/letters`, and may be an operator's own."""

from enum import StrEnum


class Letter(StrEnum):
    """What a mail is about. The first three were asked for by somebody who is not signed in: the address is all that they knew."""

    CONFIRM_ADDRESS = "confirm_address"
    ADDRESS_KNOWN = "address_known"
    NEW_PASSWORD = "new_password"  # noqa: S105  (words, no password)
    CONFIRM_NEW_ADDRESS = "confirm_new_address"
    ADDRESS_CHANGE_ASKED = "address_change_asked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (the name of a letter)
    FACTORS_CHANGED = "factors_changed"
    DEVICE_NEW = "device_new"
    LINK_MADE = "link_made"


class MailEnd(StrEnum):
    """What became of a mail. SENT: a mail server took it. What it does with it after that nobody tells us."""

    SENT = "sent"
    REFUSED = "refused"
    UNWRITABLE = "unwritable"
    NOBODY = "nobody"
    TOO_LATE = "too_late"
