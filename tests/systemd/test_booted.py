"""The service in a Debian that boots: it is killed, it hangs, it is broken into; nobody who knocks is refused."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.installation.pieces import within

# The first boot alone takes longer than what is run at every change.
pytestmark = pytest.mark.soak
KILLS = 10
VISITORS = 4
# Asks for pages until told to stop: a new connection each time, and again where one broke after it was accepted.
TRAFFIC = """
    import http.client, json, sys, threading

    told = {"answered": 0, "broken": 0, "refused": 0, "unlike": 0, "bridges_refused": 0}
    lock, end = threading.Lock(), threading.Event()

    def count(what):
        with lock:
            told[what] += 1

    def visit():
        while not end.is_set():
            door = http.client.HTTPConnection("127.0.0.1", 8080, timeout=60)
            try:
                door.request("GET", "/sign-in")
                count("answered" if door.getresponse().status == 200 else "unlike")
            except ConnectionRefusedError:
                count("refused")
            except (OSError, http.client.HTTPException):
                count("broken")
            finally:
                door.close()

    def knock_as_a_bridge():
        import socket
        while not end.wait(0.05):
            try:
                socket.create_connection(("127.0.0.1", 7411), timeout=60).close()
            except ConnectionRefusedError:
                count("bridges_refused")

    visitors = [threading.Thread(target=visit) for _ in range(int(sys.argv[1]))]
    visitors.append(threading.Thread(target=knock_as_a_bridge))
    for one in visitors:
        one.start()
    for line in sys.stdin:
        with lock:
            print(json.dumps(told), flush=True)
    end.set()
    for one in visitors:
        one.join()
    print(json.dumps(told), flush=True)
"""


class Traffic:
    """Visitors who keep coming."""

    def __init__(self, booted: Any) -> None:
        self.process = booted.in_its_network(TRAFFIC, VISITORS)

    def so_far(self) -> dict[str, int]:
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> dict[str, int]:
        self.process.stdin.close()
        told = json.loads(self.process.stdout.read())
        self.process.wait()
        return told


@pytest.fixture
def traffic(booted: Any) -> Iterator[Traffic]:
    traffic = Traffic(booted)
    try:
        booted.until(lambda: traffic.so_far()["answered"] > VISITORS, "the first pages")
        yield traffic
    finally:
        traffic.process.kill()
        with traffic.process:
            traffic.process.wait()


def main_pid(booted: Any) -> int:
    return int(booted.show("evenhand.service", "MainPID"))


def restarts(booted: Any) -> int:
    return int(booted.show("evenhand.service", "NRestarts"))


def test_a_nightly_copy_missed_while_the_machine_was_off_is_made_up_for(booted: Any) -> None:
    booted.until(lambda: booted.show("evenhand-backup.service", "ExecMainStartTimestamp"), "the missed run")
    assert booted.show("evenhand-backup.timer", "LastTriggerUSec") not in ("", "n/a")
    # The one that was not missed did not run.
    assert booted.show("evenhand-rehearse.service", "ExecMainStartTimestamp") == ""


def test_killed_ten_times_under_traffic_no_visitor_is_refused(booted: Any, traffic: Traffic) -> None:
    before = restarts(booted)
    for number in range(1, KILLS + 1):
        answered, pid = traffic.so_far()["answered"], main_pid(booted)
        booted.inside("kill", "-9", pid)
        booted.until(lambda pid=pid: main_pid(booted) not in (0, pid), f"life after kill {number}")
        booted.until(lambda least=answered + 5 * VISITORS: traffic.so_far()["answered"] > least, "pages again")
    told = traffic.end()
    print(f"{KILLS} kills: {told}")
    assert restarts(booted) - before == KILLS
    assert (told["refused"], told["bridges_refused"], told["unlike"]) == (0, 0, 0)
    # Broken are only those under way when it died, at most one of each visitor.
    assert told["broken"] <= KILLS * VISITORS


def test_a_restart_breaks_off_no_page(booted: Any, traffic: Traffic) -> None:
    answered = traffic.so_far()["answered"]
    booted.inside("systemctl", "restart", "evenhand.service")
    booted.until(lambda: traffic.so_far()["answered"] > answered + 5 * VISITORS, "pages again")
    told = traffic.end()
    print(f"restart: {told}")
    assert told == {**told, "refused": 0, "bridges_refused": 0, "unlike": 0, "broken": 0}


def test_a_hang_is_replaced_by_the_watchdog_and_who_waited_is_answered(booted: Any, traffic: Traffic) -> None:
    before, pid = restarts(booted), main_pid(booted)
    booted.inside("kill", "-STOP", pid)
    booted.until(lambda: main_pid(booted) not in (0, pid), "another process")
    answered = traffic.so_far()["answered"]
    booted.until(lambda: traffic.so_far()["answered"] > answered + 5 * VISITORS, "pages again")
    told = traffic.end()
    assert restarts(booted) == before + 1
    assert "Watchdog timeout" in booted.inside("journalctl", "--no-pager", "-u", "evenhand.service")
    assert told["refused"] == 0


def test_a_life_without_trouble_is_left_alone(booted: Any) -> None:
    """Three deadlines pass, and it is still the same process: the engine feeds the watchdog."""
    pid = main_pid(booted)
    booted.inside("sleep", 10)
    assert main_pid(booted) == pid


def test_the_ledger_is_whole_after_all_that(booted: Any) -> None:
    told = booted.as_firm("verify")
    assert re.search(r"\bverified\b|\bwhole\b|\bok\b", told), told


@pytest.fixture(scope="module")
def probed(booted: Any) -> dict[str, dict[str, str]]:
    """The probes, run by a unit that is the service's own in all but what it runs."""
    unit = within(booted.root, Path("/usr/local/lib/systemd/system/evenhand.service")).read_text()
    changed = re.sub(
        r"^(Type|Notify\w+|Watchdog\w+|Restart\w*|Sockets|Requires|Timeout\w+)=.*\n", "", unit, flags=re.MULTILINE
    )
    probes = "/opt/evenhand/probes.py"
    within(booted.root, Path(probes)).write_text((Path(__file__).parent / "probes.py").read_text())
    command = f"Type=oneshot\nExecStart=/opt/evenhand/current/bin/python -P -s {probes}\n"
    changed = re.sub(r"^ExecStart=.*\n", command, changed, flags=re.MULTILINE)
    within(booted.root, Path("/etc/systemd/system/probe.service")).write_text(changed)
    booted.inside("systemctl", "daemon-reload")
    booted.inside("systemctl", "start", "probe.service")
    told = booted.inside("journalctl", "--no-pager", "-o", "cat", "-u", "probe.service")
    return json.loads(next(line for line in told.splitlines() if line.startswith("{")))


def test_nothing_that_a_break_in_would_try_is_allowed(probed: dict[str, dict[str, str]]) -> None:
    assert not [name for name, refusal in probed["denied"].items() if not refusal]


def test_what_the_service_needs_is_allowed(probed: dict[str, dict[str, str]]) -> None:
    assert not {name: refusal for name, refusal in probed["allowed"].items() if refusal}


def test_the_probes_get_in_where_nothing_holds_them(booted: Any) -> None:
    """The same probes, run by root outside of the service: most succeed, so their failing there means something."""
    settings = "/var/lib/evenhand/evenhand.toml"
    booted.inside("cp", "-a", settings, "/root/kept.toml")
    told = booted.inside("/usr/bin/python3", "-c", (Path(__file__).parent / "probes.py").read_text())
    booted.inside("cp", "-a", "/root/kept.toml", settings)
    succeeded = [name for name, refusal in json.loads(told.splitlines()[-1])["denied"].items() if not refusal]
    assert len(succeeded) >= 20, succeeded
    assert {"write the settings", "replace the settings", "remove the settings"} <= set(succeeded)
