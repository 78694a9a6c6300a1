"""Secret texts: what an operator lays under `secrets/` for mails, alarms and metrics: passwords, a key, a token; each one line in a private
file.

They are kept out of the settings file, which people copy, mail and commit.
"""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path

from appliance.settings import Settings
from storage.files import FILE_MODE, FirmDirectory, why_not_private
from storage.secret_files import SecretsRefused

TEXT_BYTES_MAX = 1_024
TEXT_BYTES_MIN = 16  # shorter keys and tokens can be guessed


@dataclass(frozen=True, slots=True)
class SecretTexts:
    """Empty where there is no such file. `repr` has names only."""

    alarm_mail_password: str = field(default="", repr=False)
    alarm_webhook_key: str = field(default="", repr=False)
    metrics_token: str = field(default="", repr=False)
    mail_password: str = field(default="", repr=False)

    def all(self) -> tuple[bytes, ...]:
        """For the log to know what it must never write."""
        return tuple(getattr(self, one.name).encode() for one in fields(self) if getattr(self, one.name))


def read_secret_texts(directory: Path, settings: Settings) -> SecretTexts:
    """Raises SecretsRefused where one is exposed, too short, or missing though the settings need it."""
    files = FirmDirectory(directory)
    folder = files.secrets  # as errors name it
    texts = SecretTexts(**{one.name: _read(files.secret(one.name)) for one in fields(SecretTexts)})
    alarms = settings.alarms
    if settings.mail.user and not texts.mail_password:
        raise SecretsRefused(_missing(folder / "mail_password", "mail.user"))
    if alarms.mail.user and not texts.alarm_mail_password:
        raise SecretsRefused(_missing(folder / "alarm_mail_password", "alarms.mail.user"))
    if alarms.webhook.url and not texts.alarm_webhook_key:
        raise SecretsRefused(_missing(folder / "alarm_webhook_key", "alarms.webhook.url"))
    for name in ("alarm_webhook_key", "metrics_token"):
        if 0 < len(getattr(texts, name)) < TEXT_BYTES_MIN:
            raise SecretsRefused(
                f'{folder / name} is shorter than {TEXT_BYTES_MIN} characters: draw one with "openssl rand -hex 32"'
            )
    return texts


def _missing(path: Path, setting: str) -> str:
    return f"{path} is missing, and {setting} needs it: write it there as one line, mode 0600, or empty the setting"


def _read(path: Path) -> str:
    try:
        if why := why_not_private(path, FILE_MODE):
            raise SecretsRefused(why)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return ""
    with open(descriptor, "rb") as file:  # noqa: PTH123  (opened by descriptor, so that a link is refused)
        content = file.read(TEXT_BYTES_MAX + 1)
    text = content.decode("ascii", "replace").strip()
    if len(content) > TEXT_BYTES_MAX or not text.isascii() or not text.isprintable():
        raise SecretsRefused(f"{path} must hold one line of at most {TEXT_BYTES_MAX} plain characters: write it again")
    return text
