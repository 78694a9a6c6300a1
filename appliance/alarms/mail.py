"""Mail courier: a notice as a mail, over SMTP with TLS, spoken in a thread of its own so that nothing else waits for it."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

import anyio
from anyio import to_thread

from appliance.alarms.courier import DeliveryFailed
from appliance.alarms.limits import MailSettings, MailTls
from appliance.alarms.notice import Notice, Saying
from appliance.alarms.remedies import REMEDIES
from appliance.settings_file import SettingsRefused
from firm.instant import datetime_of, utc_text

SOCKET_DEADLINE_S = 10
_SAID = {Saying.RAISED: "ALARM", Saying.STANDS: "STILL", Saying.OVER: "OVER"}


class MailCourier:
    """`password`: of `alarms.mail.user`."""

    def __init__(self, settings: MailSettings, password: str) -> None:
        self._settings = settings
        self._password = password
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
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.tls is MailTls.STARTTLS:
                    server.starttls(context=self._trust())
                if settings.user:
                    server.login(settings.user, self._password)
                return list(server.send_message(mail, settings.sender, recipients))
        except smtplib.SMTPRecipientsRefused as refused:
            many = len(refused.recipients)
            raise DeliveryFailed(f"the mail server refused {many} of {many} recipients") from None
        except smtplib.SMTPResponseException as refused:
            # Its text may repeat addresses; its number says enough.
            raise DeliveryFailed(f"the mail server answered {refused.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ValueError) as failed:
            raise DeliveryFailed(f"the mail server could not be spoken to ({type(failed).__name__})") from failed

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls is MailTls.IMPLICIT:
            return smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                timeout=SOCKET_DEADLINE_S,
                context=self._trust(),
                local_hostname="evenhand",
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=SOCKET_DEADLINE_S, local_hostname="evenhand")

    def _trust(self) -> ssl.SSLContext:
        return _trust_of(self._settings)


def require_authorities(settings: MailSettings) -> None:
    """Those that a mail server is checked by can be read here, so that nobody learns otherwise from an alarm that never came."""
    if not settings.host or settings.tls is MailTls.NONE:
        return
    try:
        _trust_of(settings)
    except OSError as failed:
        raise SettingsRefused(
            f'"alarms.mail.ca_file": {settings.ca_file} cannot be used ({failed.strerror or failed}): name a file in PEM that whoever '
            "runs this can read; the service sees those below /etc/ssl, and others by a BindReadOnlyPaths= of your own"
        ) from failed


def _trust_of(settings: MailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file or None)


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
