"""Clean: what bandit and semgrep find in our code, less what a line lets off with a reason.

    .venv-checks/bin/python tools/clean.py

Semgrep's rules are ours (tools/semgrep) and nothing is fetched. Each of them must find what is planted for it here, or the check fails:
one that can find nothing looks like one that found nothing. A line lets off a finding by ruff's number of the same check, by bandit's or
by the rule's name, and says why:

    # noqa: S608  (constant columns)      # nosec B704  (our own words)      # nosemgrep: shell  (why)
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("firm", "storage", "actors", "bridges", "web", "backups", "appliance", "tools")
RULES = ROOT / "tools" / "semgrep"
# bandit's checks that are not ours: assertions guard money and stay on (the process refuses to run under -O), and each start of a
# program is looked at where it is started.
NOT_OURS = "B101,B404"
HALVES = 2  # bandit at once: it works on one core

# For each rule something that it must find, by the path under which it is looked for.
PLANTED = {
    "sql-from-strings": ("web/sql_strings.py", 'def f(db, name):\n    db.execute(f"DELETE FROM t WHERE n = \'{name}\'")\n'),
    "sql-outside-storage": ("web/sql_outside.py", 'def f(db):\n    db.execute("SELECT 1 FROM rm_account")\n'),
    "shell": ("appliance/shell.py", "import subprocess\nsubprocess.run('ls', shell=True)\n"),
    "call-outside-the-guard": ("bridges/call.py", "import httpx\nhttpx.get('https://example.org')\n"),
    "code-in-bytes": ("storage/code.py", "import pickle\npickle.loads(b'')\n"),
    "naive-time": ("firm/naive.py", "from datetime import datetime\nnow = datetime.now()\n"),
    "answer-past-the-headers": ("web/answer.py", "async def f(send: Send):\n    await send(start)\n"),
    "key-or-token-compared-in-the-open": ("web/compared.py", "def f(found, kept):\n    return found.digest == kept\n"),
    "certificate-not-checked": ("bridges/certificate.py", "def f(client):\n    client.get('https://x', verify=False)\n"),
    "unsafe-in-a-template": ("web/templates/unsafe.html", "<p>{{ name|safe }}</p>\n"),
    "inline-in-a-template": ("web/templates/inline.html", '<p onclick="go()">x</p>\n'),
}  # fmt: skip
_REASON = re.compile(r"#\s*(?P<how>noqa:|nosec|nosemgrep:)\s*(?P<what>[\w, -]+?)\s*\((?P<why>[^)]{4,})")


class Finding(NamedTuple):
    """What was found, by bandit's number or the rule's name, and the lines that it is about."""

    check: str
    path: Path
    first: int
    last: int
    said: str


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="evenhand-clean-") as folder:
        planted = Path(folder)
        for path, text in PLANTED.values():
            (planted / path).parent.mkdir(parents=True, exist_ok=True)
            (planted / path).write_text(text, encoding="utf-8")
        running = [_semgrep(planted), *_bandits()]
        told = [_told(process) for process in running]
        found = [*_of_semgrep(told[0]), *(one for each in told[1:] for one in _of_bandit(each))]
        blind = sorted(set(PLANTED) - {one.check for one in found if planted in one.path.parents})
        left = [one for one in found if planted not in one.path.parents and not is_let_off(one)]
    for one in sorted(left):
        sys.stdout.write(f"{one.path.relative_to(ROOT)}:{one.first}: {one.check}: {one.said}\n")
    for rule in blind:
        sys.stdout.write(f"tools/semgrep: {rule} does not find what is planted for it\n")
    return 1 if left or blind else 0


def is_let_off(one: Finding) -> bool:
    """Whether one of its lines, or the line above, names it and says why."""
    lines = one.path.read_text("utf-8").splitlines()[max(0, one.first - 2) : one.last + 1]
    names = {one.check, one.check.replace("B", "S", 1)}
    return any(names & set(re.split(r"[,\s]+", told["what"])) for line in lines for told in _REASON.finditer(line))


def _semgrep(planted: Path) -> "subprocess.Popen[str]":
    scan = (
        "scan",
        "--config",
        RULES,
        "--metrics=off",
        "--timeout",
        "120",
        "--disable-version-check",
        "--disable-nosem",
        "--no-git-ignore",
        "--json",
        "--quiet",
    )
    return _started([_beside("semgrep"), *scan, *ROOMS, planted])


def _bandits() -> list["subprocess.Popen[str]"]:
    files = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    options = ("--quiet", "--ignore-nosec", "--skip", NOT_OURS, "--format", "json")
    return [_started([_beside("bandit"), *options, *files[place::HALVES]]) for place in range(HALVES)]


def _started(command: Sequence[object]) -> "subprocess.Popen[str]":
    words = list(map(str, command))
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # nosec B603  (of the lock)


def _told(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, wrong = process.communicate()
    try:
        told: dict[str, Any] = json.loads(out)
    except json.JSONDecodeError as unreadable:
        raise SystemExit(f"{process.args} said no JSON (exit {process.returncode}): {wrong[-2_000:]}") from unreadable
    if told.get("errors"):
        raise SystemExit(f"{process.args} could not look at everything: {json.dumps(told['errors'])[:2_000]}")
    return told


def _of_semgrep(told: dict[str, Any]) -> Iterator[Finding]:
    for one in told["results"]:
        rule = one["check_id"].rpartition(".")[2]
        yield Finding(
            rule, ROOT / one["path"], one["start"]["line"], one["end"]["line"], one["extra"]["message"].strip()
        )


def _of_bandit(told: dict[str, Any]) -> Iterator[Finding]:
    for one in told["results"]:
        lines = one["line_range"]
        yield Finding(one["test_id"], ROOT / one["filename"], min(lines), max(lines), one["issue_text"])


def _beside(program: str) -> Path:
    """Of the environment that this runs in."""
    return Path(sys.executable).with_name(program)


if __name__ == "__main__":
    raise SystemExit(main())
