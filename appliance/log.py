"""Log: one line for each event on standard error, in UTC, for people on a terminal and as JSON elsewhere; secrets never.

Fields are given as `extra={"account": 7}`. Whatever the line holds, texts that look like mail addresses, credentials or
password hashes are struck out, and so are the firm's own secrets in every spelling they could be printed in.
"""

import base64
import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from zmq.utils import z85

from firm.instant import utc_text

STRUCK = "[struck out]"

_PATTERNS = (
    (re.compile(r"\$argon2\w*\$[^\s\"']+"), "[password hash]"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+"), "[mail]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [credential]"),
    (
        re.compile(r"(?i)\b(password|passwd|secret|token|cookie|api[_-]?key)(\"?\s*[=:]\s*)(?:\"[^\"]*\"|[^\s,;&\"]+)"),
        rf"\1\2{STRUCK}",
    ),
    (re.compile(r"\bwhsec_[\w+/=-]+"), "[credential]"),
    (re.compile(r"\bevh_\w+"), "[credential]"),
)
_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|token|cookie|api_?key|mail")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


def set_up_logging(level: str, secrets: Iterable[bytes] = (), stream: TextIO | None = None) -> None:
    """Send every logger's lines to `stream` (standard error), at `level` ("info") and above."""
    target = stream or sys.stderr
    redaction = Redaction(secrets)
    handler = logging.StreamHandler(target)
    handler.setFormatter(TerminalLine(redaction) if target.isatty() else JsonLine(redaction))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


class Redaction:
    """Strikes out known secrets (raw, hex, base64, Z85) and whatever looks like one."""

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(map(re.escape, spellings), key=len, reverse=True)
        self._known = re.compile("|".join(longest_first)) if spellings else None

    def struck(self, value: Any) -> Any:
        """The same for JSON: whole values under a name that tells of a secret, and texts anywhere inside."""
        match value:
            case dict():
                return {
                    str(key): STRUCK if _SECRET_NAME.search(str(key)) else self.struck(below)
                    for key, below in value.items()
                }
            case list() | tuple():
                return [self.struck(below) for below in value]
            case int() | float() | None:
                return value
            case _:
                return self.apply(str(value))

    def apply(self, text: str) -> str:
        if self._known:
            text = self._known.sub("[secret]", text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text


class JsonLine(logging.Formatter):
    """time, level, logger, message, then the fields; a traceback as one string."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(self._redaction.struck(line), ensure_ascii=False)


class TerminalLine(logging.Formatter):
    """The same for eyes: fields as key=value, a traceback indented below."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={value}" for key, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{fields}"
        # What somebody typed must not look like another line of the log, nor steer the terminal.
        line = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", line)
        if record.exc_info:
            line += "\n" + "\n".join(f"    {below}" for below in self.formatException(record.exc_info).splitlines())
        return self._redaction.apply(line)


def _time(record: logging.LogRecord) -> str:
    return utc_text(int(record.created * 1_000_000))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _spellings(secret: bytes) -> set[str]:
    plain = base64.b64encode(secret).decode()
    web = base64.urlsafe_b64encode(secret).decode()
    zeromq = z85.encode(secret).decode() if len(secret) % 4 == 0 else ""
    spelt = {
        secret.hex(),
        secret.hex().upper(),
        plain,
        plain.rstrip("="),
        web,
        web.rstrip("="),
        repr(secret)[2:-1],
        zeromq,
    }
    return spelt - {""}
