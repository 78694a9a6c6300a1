"""Authorities: those that a mail server is checked by can be read here, so that nobody learns otherwise from a mail that never came."""

from appliance.settings_file import SettingsRefused
from appliance.smtp import MailTls, SmtpSettings, trust_of


def require_authorities(section: str, settings: SmtpSettings) -> None:
    """Raises SettingsRefused."""
    if not settings.host or settings.tls is MailTls.NONE:
        return
    try:
        trust_of(settings)
    except OSError as failed:
        raise SettingsRefused(
            f'"{section}.ca_file": {settings.ca_file} cannot be used ({failed.strerror or failed}): name a file in PEM that whoever '
            "runs this can read; the service sees those below /etc/ssl, and others by a BindReadOnlyPaths= of your own"
        ) from failed
