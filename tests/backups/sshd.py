"""A real sshd of a test's own, on a free port of this machine: own host key, own user key, own settings, nobody else's files."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

from appliance.ports import free_port

HOST = "127.0.0.1"
PATIENCE_S = 20
PRIVILEGE_SEPARATION = Path("/run/sshd")  # Debian's sshd wants it, empty and root's, where root starts it
RRSYNC = next(
    (path for path in ("/usr/bin/rrsync", "/usr/share/rsync/scripts/rrsync") if Path(path).is_file()), ""
)  # Debian 12 has the first, 11 the second


def why_no_ssh() -> str:
    """What is missing here; empty where nothing is."""
    missing = [name for name in ("ssh", "ssh-keygen", "rsync") if shutil.which(name) is None]
    if missing:
        return f"no {missing[0]} here: apt-get install openssh-client rsync"
    if _program() is None:
        return "no sshd here: apt-get install openssh-server"
    return ""


class Sshd:
    """Lets this user in by one key. `config` is what a client needs, in ssh_config's words. `command`: all that the key may do."""

    def __init__(self, folder: Path, *, command: str = "") -> None:
        folder.mkdir(mode=0o700)
        self.folder, self.port = folder, free_port(HOST)
        self.config, self.known_hosts = folder / "config", folder / "known_hosts"
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self._process: subprocess.Popen[bytes] | None = None
        self._make_key("user")
        bound = f'command="{command}",restrict ' if command else ""
        (folder / "authorized_keys").write_text(bound + (folder / "user.pub").read_text())
        (folder / "sshd_config").write_text(
            f"ListenAddress {HOST}\nPort {self.port}\nHostKey {folder}/host\nPidFile none\nStrictModes no\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        )
        self.config.write_text(
            f"Host {HOST}\n  Port {self.port}\n  IdentityFile {folder}/user\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile none\n"
        )
        self.new_host_key()
        self.know_host()

    def new_host_key(self) -> None:
        self._make_key("host")

    def know_host(self) -> None:
        self.known_hosts.write_text(f"[{HOST}]:{self.port} {(self.folder / 'host.pub').read_text()}")

    def start(self) -> None:
        if os.geteuid() == 0:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_program()), "-D", "-e", "-f", self.folder / "sshd_config"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE_S
        while not self._listens():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.02)  # a poll with a bound: another program has no way to wake this one

    def cut(self) -> None:
        """The link and everybody on it: sshd's children have process groups of their own, and each says whose child it is."""
        if self._process is None:
            return
        for pid in [*_descendants(self._process.pid), self._process.pid]:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        self._process.wait(PATIENCE_S)
        self._process = None

    def _make_key(self, name: str) -> None:
        for old in (self.folder / name, self.folder / f"{name}.pub"):
            old.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)

    def _listens(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except ConnectionRefusedError:
            return False
        return True


def _program() -> str | None:
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [each for child in map(int, children) for each in (*_descendants(child), child)]
