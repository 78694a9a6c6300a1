"""A PostgreSQL of the benchmark's own: Debian's server in a temporary directory, as an unprivileged user, on a Unix socket alone.

Its settings are Debian's own, so that it syncs each commit before it answers; only how many may connect is raised.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONNECTIONS_MAX = 120
USERS = ("postgres", "nobody")  # whom root becomes: the server refuses to run as root
STARTED_WITHIN_S = 60
DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Where the newest server's programs are; None where there is no server."""
    installed = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    if programs() is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0 and _user() is None:
        return f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}"
    return ""


@contextmanager
def serving(parent: str | None) -> Iterator[str]:
    """A server that runs meanwhile, its files in a new directory in `parent`; how to connect."""
    where = programs()
    assert where is not None, "asked for a server where there is none"
    user = _user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="evenhand-postgres-", dir=parent))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "cluster"
        _run(user, where / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale", "C")
        options = f"-k {folder} -c listen_addresses='' -c max_connections={CONNECTIONS_MAX}"
        _run(
            user,
            where / "pg_ctl",
            "-D",
            data,
            "-w",
            "-t",
            STARTED_WITHIN_S,
            "-l",
            folder / "log",
            "-o",
            options,
            "start",
        )
        try:
            yield f"host={folder} user=bench dbname=postgres"
        finally:
            _run(user, where / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd | None:
    known = {each.pw_name: each for each in pwd.getpwall()}
    return next((known[name] for name in USERS if name in known), None)


def _run(user: pwd.struct_passwd | None, *command: object) -> None:
    whom = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # To a file and not a pipe: the server inherits it, and a pipe would be waited for until the server ends.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([str(part) for part in command], stdout=said, stderr=said, cwd="/", check=False, **whom)
        said.seek(0)
        if done.returncode:
            raise SystemExit(f"{command[0]} failed: {said.read().decode(errors='replace')[-500:]}")
