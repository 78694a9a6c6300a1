"""Finding: what one check of the doctor found, and how findings are printed for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from appliance.wording import counted


class Level(StrEnum):
    """A warning can wait until morning; with a problem the appliance will not start or not keep its word."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """`check`: its name in docs/operating/doctor.md. `found`: what, and which. `next`: what to do; "" where all is well."""

    check: str
    level: Level
    found: str
    next: str = ""


_ORDER = tuple(Level)


def worst(findings: Sequence[Finding]) -> Level:
    return max((finding.level for finding in findings), key=_ORDER.index, default=Level.OK)


def findings_text(findings: Sequence[Finding]) -> str:
    """Lines for a terminal, with a summary at the end."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.level.value:<8} {finding.check:<12} {finding.found}")
        if finding.next:
            lines.append(f"{'':<21} next: {finding.next}")
    many = Counter(finding.level for finding in findings)
    counts = (
        f"{many[Level.OK]} ok, {counted(many[Level.WARNING], 'warning')}, {counted(many[Level.PROBLEM], 'problem')}"
    )
    return "\n".join([*lines, f"{counted(len(findings), 'check')}: {counts}", ""])


def findings_json(findings: Sequence[Finding]) -> bytes:
    """{"worst": level, "findings": [{check, level, found, next}]}."""
    return (
        msgspec.json.format(msgspec.json.encode({"worst": worst(findings), "findings": list(findings)}), indent=2)
        + b"\n"
    )
