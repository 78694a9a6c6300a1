"""Mail check: whether people can be written to, as the doctor sees it from outside: settings, authorities, and what waits."""

from appliance.authorities import require_authorities
from appliance.finding import Finding, Level
from appliance.settings import Settings
from appliance.settings_file import SettingsRefused
from appliance.wording import counted
from firm.instant import MINUTE_US
from storage.errors import LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.readmodels.mails import mails_waiting

CHECK = "mail"
OLD_MIN = 15


def check_mail(directory: FirmDirectory, settings: Settings, now_us: int) -> Finding:
    """No mail is sent, and nobody is asked for an answer."""
    if not settings.mail.host:
        return Finding(
            CHECK, Level.OK, "nobody is written to: mail.host is empty, so traders cannot sign up or reset a password"
        )
    try:
        require_authorities("mail", settings.mail)
    except SettingsRefused as refused:
        what, _, remedy = str(refused).rpartition(": ")
        return Finding(CHECK, Level.PROBLEM, what, remedy)
    try:
        with LedgerReader(directory.path) as reader, reader.connection() as book:
            waiting, oldest_us = mails_waiting(book)
    except (LedgerRefused, LedgerDamaged) as refused:
        return Finding(CHECK, Level.WARNING, f"what waits cannot be read ({refused})", "see the line ledger")
    minutes = max(0, now_us - oldest_us) // MINUTE_US if waiting else 0
    if minutes >= OLD_MIN:
        found = f"{counted(waiting, 'mail')} to people wait, the oldest for {minutes} minutes"
        return Finding(
            CHECK, Level.WARNING, found, "read in the log what the mail server answered; while nobody serves, none goes"
        )
    if not settings.web.public_url:
        found = (
            f"the links in mails lead to {settings.web.origin}, which nobody's browser finds: web.public_url is empty"
        )
        return Finding(
            CHECK, Level.WARNING, found, "set it to the address that people type, such as https://portal.example.com"
        )
    return Finding(CHECK, Level.OK, f"mails go by {settings.mail.host}; {counted(waiting, 'mail')} wait")
