"""Mail courier: a notice as a mail, over SMTP with TLS, spoken in a thread of its own so that nothing else waits for it."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

import anyio
from anyio import to_thread

from appliance.alarms.courier import DeliveryFailed
from appliance.alarms.limits import MailSettings
from appliance.alarms.notice import Notice, Saying
from appliance.alarms.remedies import REMEDIES
from appliance.smtp import Smtp, SmtpFailed
from firm.instant import datetime_of, utc_text

_SAID = {Saying.RAISED: "ALARM", Saying.STANDS: "STILL", Saying.OVER: "OVER"}


class MailCourier:
    """`password`: of `alarms.mail.user`."""

    def __init__(self, settings: MailSettings, password: str) -> None:
        self._settings = settings
        self._smtp = Smtp(settings, password)
        # The commit has its own threads: a mail server that hangs must never take one of them.
        self._thread = anyio.CapacityLimiter(1)
        self._refused: tuple[str, Sequence[str]] = ("", ())  # of which notice, and who did not get it while others did

    async def deliver(self, notice: Notice) -> None:
        """Raises DeliveryFailed."""
        mail = mail_of(notice, self._settings)
        await to_thread.run_sync(self._deliver, notice.id, mail, limiter=self._thread, abandon_on_cancel=True)

    def _deliver(self, notice_id: str, mail: EmailMessage) -> None:
        """To those alone who did not get it yet: a server takes a mail for some and refuses it for others."""
        before, refused = self._refused
        recipients = refused if before == notice_id else self._settings.recipients
        refused = self._send(mail, recipients)
        self._refused = (notice_id, refused)
        if refused:
            raise DeliveryFailed(f"the mail server refused {len(refused)} of {len(recipients)} recipients")

    def _send(self, mail: EmailMessage, recipients: Sequence[str]) -> list[str]:
        """Whom the server refused while it took the mail for others."""
        try:
            return self._smtp.hand(mail, recipients)
        except SmtpFailed as failed:
            raise DeliveryFailed(str(failed)) from failed


def mail_of(notice: Notice, settings: MailSettings) -> EmailMessage:
    """Subject and text; machines and bridges are named, nobody is."""
    about = f"{notice.alarm} ({notice.subject})" if notice.subject else str(notice.alarm)
    mail = EmailMessage()
    firm = " ".join(notice.firm.split())  # one line, whatever ends a line somewhere
    mail["Subject"] = f"[{firm}] {_SAID[notice.saying]} {about}"
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.recipients)
    mail["Date"] = format_datetime(datetime_of(notice.at_us))
    mail["Message-ID"] = f"<{notice.id}@{settings.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    last = "was over at" if notice.saying is Saying.OVER else "still so at"
    mail.set_content(
        f"{notice.text}.\n\n"
        f"First seen {utc_text(notice.since_us)}, {last} {utc_text(notice.at_us)} (UTC, the machine's clock).\n"
        f"First: {REMEDIES[notice.alarm]}\n"
        f"What it means and what to do: {notice.runbook}\n"
    )
    return mail
