"""SMTP: how a mail is handed to a mail server, with TLS, and what is asked of the settings that name one, for alarms and people alike.

`Smtp.hand` waits for sockets: in a thread of its own, never in the loop. What it raises names neither an address nor a credential.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from appliance.outside import is_host, require_host
from appliance.section import Section
from bridges.outbound.address import is_loopback
from firm.mail_address import host_written_to

SOCKET_DEADLINE_S = 10
_PERMANENT = 500  # and above: the same mail would be refused again (RFC 5321, 4.2.1)


class MailTls(StrEnum):
    """How a connection to the mail server is made private. Without TLS only this machine itself is spoken to."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


class SmtpSettings(Section, frozen=True, kw_only=True):
    """A mail server, and whom the mails come from."""

    host: Annotated[str, Meta(max_length=253, description="The mail server. Empty: no mail is sent.")] = ""
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port of the mail server.")] = 587
    tls: Annotated[
        MailTls,
        Meta(description="starttls, implicit, or none: the last for a server on this machine alone."),
    ] = MailTls.STARTTLS
    ca_file: Annotated[
        str,
        Meta(
            max_length=1_024,
            description="Authorities to trust, in PEM, below /etc/ssl, which the service sees. Empty: those of the system.",
        ),
    ] = ""
    user: Annotated[str, Meta(max_length=254, description="Name to sign in with. Empty: no sign-in.")] = ""
    sender: Annotated[str, Meta(max_length=254, description="Address the mails come from.")] = ""

    def require_speakable(self, section: str) -> None:
        """Raises ValueError where nothing could be delivered, or a password would go in the clear."""
        require_host(f"{section}.host", self.host)
        if not is_operators_address(self.sender):
            raise ValueError(f'{section}.sender must be one mail address such as "alarms@example.com"')
        if self.tls is MailTls.NONE and not is_loopback(self.host):
            raise ValueError(f'{section}.tls = "none" is for a mail server on this machine alone')


class SmtpFailed(Exception):
    """The mail was not taken."""


class ServerFailed(SmtpFailed):
    """The server could not be spoken to, or would not have us: no other mail would fare better now."""


class MailFailed(SmtpFailed):
    """This mail was refused. `permanent`: it would be again."""

    def __init__(self, told: str, *, permanent: bool) -> None:
        super().__init__(told)
        self.permanent = permanent


class Smtp:
    """`password`: of the settings' `user`."""

    def __init__(self, settings: SmtpSettings, password: str) -> None:
        self._settings = settings
        self._password = password

    def hand(self, mail: EmailMessage, recipients: Sequence[str]) -> list[str]:
        """Whom the server refused while it took the mail for others. Raises SmtpFailed where it took it for nobody."""
        try:
            with self._signed_in() as server:
                return self._handed(server, mail, recipients)
        except smtplib.SMTPResponseException as refused:
            # Its text may repeat addresses; its number says enough.
            raise ServerFailed(f"the mail server answered {refused.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ValueError) as failed:
            raise ServerFailed(f"the mail server could not be spoken to ({type(failed).__name__})") from failed

    def _handed(self, server: smtplib.SMTP, mail: EmailMessage, recipients: Sequence[str]) -> list[str]:
        try:
            return list(server.send_message(mail, self._settings.sender, recipients))
        except smtplib.SMTPRecipientsRefused as refused:
            many = len(refused.recipients)
            permanent = all(code >= _PERMANENT for code, _ in refused.recipients.values())
            told = f"the mail server refused {many} of {many} recipients"
            raise MailFailed(told, permanent=permanent) from None
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as refused:
            # The sender is ours at every mail: that it is refused is the server's word on us.
            told = f"the mail server answered {refused.smtp_code}"
            if isinstance(refused, smtplib.SMTPSenderRefused):
                raise ServerFailed(told) from None
            raise MailFailed(told, permanent=refused.smtp_code >= _PERMANENT) from None
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            raise MailFailed("the mail server takes no address in such letters", permanent=True) from None

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        server = self._connected()
        try:
            if settings.tls is MailTls.STARTTLS:
                server.starttls(context=trust_of(settings))
            if settings.user:
                server.login(settings.user, self._password)
            yield server
            # It was taken by now: a goodbye that fails must not have it sent again.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls is MailTls.IMPLICIT:
            return smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                timeout=SOCKET_DEADLINE_S,
                context=trust_of(settings),
                local_hostname="evenhand",
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=SOCKET_DEADLINE_S, local_hostname="evenhand")


def is_operators_address(text: str) -> bool:
    """Also at a host that is known inside a house alone: by number, with an underscore, with a dot at its end."""
    host = host_written_to(text)
    return host is not None and host.isascii() and is_host(host)


def trust_of(settings: SmtpSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file or None)
