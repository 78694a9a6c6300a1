"""The doctor: each thing that can be wrong is made wrong, and is named with its remedy; what is well is left alone."""

import importlib.util
import os
import socket
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from appliance import doctor, machine_checks
from appliance.doctor import run_doctor
from appliance.documents.looking import is_shut_out
from appliance.finding import Finding, Level, findings_json, findings_text, worst
from appliance.firm_checks import check_checkpoint, check_ledger, check_lock, check_segments
from appliance.machine_checks import (
    MB,
    check_clock,
    check_disk,
    check_documents,
    check_one_sqlite,
    check_port,
    check_python,
    check_sqlite,
    check_zones,
)
from appliance.settings import (
    ClockSettings,
    ClockSource,
    FirmSettings,
    GatewaySettings,
    LedgerSettings,
    Settings,
    WebSettings,
)
from appliance.settings_file import NEXT, write_settings
from firm.inputs import SegmentSealed
from firm.instant import MINUTE_US, SECOND_US
from storage.files import BALLAST_BYTES, FirmDirectory, create_firm_directory, lay_ballast, replace_file
from storage.ledger import Ledger
from storage.lock import WriterLock
from storage.secret_files import create_secrets
from storage.vitals import Vitals

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operating" / "doctor.md"
NOW_US = 1_800_000_000 * SECOND_US
FIRM = FirmSettings(name="Acme", slug="acme")
PLAIN = Settings(firm=FIRM)
TOML = '[firm]\nname = "Acme"\nslug = "acme"\n'


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def firm(tmp_path: Path) -> FirmDirectory:
    firm = create_firm_directory(tmp_path / "firm")
    secrets = create_secrets(firm.path)
    write_settings(
        firm.settings, Settings(firm=FIRM, web=WebSettings(port=free_port()), gateway=GatewaySettings(port=free_port()))
    )
    Ledger.create(
        firm.path, firm_slug="acme", lineage=b"L" * 16, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed
    )
    lay_ballast(firm)
    return firm


@pytest.fixture
def held(firm: FirmDirectory) -> Iterator[WriterLock]:
    lock = WriterLock(firm.lock)
    yield lock
    lock.release()


@pytest.fixture(autouse=True)
def healthy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests are about the firm; what this machine lacks (a time service, disk) has tests of its own."""
    monkeypatch.setattr(doctor, "clock_is_synchronised", lambda: True)
    monkeypatch.setattr(machine_checks, "DISK_FREE_WARNING_BYTES", 0)
    monkeypatch.setattr(machine_checks, "DISK_FREE_PROBLEM_BYTES", 0)
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    monkeypatch.setattr(doctor, "is_shut_out", lambda: True)
    monkeypatch.setattr(
        doctor, "check_one_sqlite", lambda _holder: Finding("one sqlite", Level.OK, "other tests may load more")
    )


def of(firm: FirmDirectory, check: str) -> Finding:
    (found,) = [finding for finding in run_doctor(firm.path) if finding.check == check]
    return found


def test_a_new_firm_is_well(firm: FirmDirectory) -> None:
    findings = run_doctor(firm.path)
    # But for its copies, and whom traders write to: nobody has said yet.
    assert [finding.check for finding in findings if finding.level is not Level.OK] == ["copies", "brand"]
    assert "nobody can write to the firm: brand.support is empty" in of(firm, "brand").found
    assert len(findings) == 26
    assert worst(findings) is Level.WARNING


def test_the_page_explains_every_check(firm: FirmDirectory) -> None:
    page = PAGE.read_text()
    checks = {"port" if finding.check.startswith("port") else finding.check for finding in run_doctor(firm.path)}
    assert [check for check in checks if f"\n## {check}\n" not in page] == []


def test_the_doctor_changes_nothing(firm: FirmDirectory) -> None:
    def files() -> dict[str, bytes]:
        return {
            path.name: path.read_bytes()
            for path in firm.path.rglob("*")
            if path.is_file() and "ledger.db-" not in path.name
        }

    before = files()
    run_doctor(firm.path)
    assert files() == before


def test_a_directory_that_is_not_there_is_told_and_no_more(tmp_path: Path) -> None:
    findings = run_doctor(tmp_path / "nowhere")
    assert [finding.check for finding in findings if finding.level is Level.PROBLEM] == ["directory"]
    assert findings[-1].next.startswith('run "evenhand init"')


@pytest.mark.parametrize("name", ["vault.db", "secrets/note", "segments/day"])
def test_a_file_open_to_others_is_named_with_the_command_that_mends_it(firm: FirmDirectory, name: str) -> None:
    (firm.path / name).write_bytes(b"")
    (firm.path / name).chmod(0o644)
    found = of(firm, "directory")
    assert found.level is Level.PROBLEM
    assert f"{name} is open to others (mode 0644)" in found.found
    assert found.next == f'run "chmod 0600 {firm.path / name}"'


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_is_sent_to_the_user_whose_firm_it_is_and_leaves_nothing_there(firm: FirmDirectory) -> None:
    for path in (*firm.path.rglob("*"), firm.path):
        os.chown(path, 65534, 65534)
    before = sorted(firm.path.rglob("*"))
    finding = of(firm, "directory")
    assert (finding.level, finding.found) == (Level.PROBLEM, f"{firm.path} belongs to nobody, and root looks at it")
    assert finding.next == f'run "runuser -u nobody -- evenhand doctor --data-dir {firm.path}"'
    assert sorted(firm.path.rglob("*")) == before


def test_a_lost_secret_is_a_problem(firm: FirmDirectory) -> None:
    (firm.secrets / "signing_seed").unlink()
    found = of(firm, "secrets")
    assert (found.level, found.found) == (Level.PROBLEM, f"{firm.secrets}/signing_seed is missing")
    assert found.next.startswith("restore it")


def test_settings_that_do_not_parse_are_a_problem_and_the_rest_is_still_looked_at(firm: FirmDirectory) -> None:
    replace_file(firm.settings, b'[firm]\nname = "A"\nslug = "a"\n[web]\nprot = 1\n')
    found = of(firm, "settings")
    assert found.level is Level.PROBLEM
    assert found.found == f'{firm.settings}: unknown key "web.prot" (did you mean "web.port"?)'
    assert "docs/settings.md" in found.next
    assert of(firm, "ledger").level is Level.OK


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[firm]\nname = ""\nslug = "acme"', '"firm.name"'),
        ('[firm]\nslug = "acme"', '"firm.name"'),
        ('[firm]\nname = "A"\nslug = "other"', '"firm.slug"'),
        (f"{TOML}[web]\nport = 0", '"web.port"'),
        (f"{TOML}[web]\nsession_idle_min = 800", "web.session_idle_min"),
        (f"{TOML}[web]\ntls_behind_proxy = true", "web.tls_behind_proxy"),
        (f'{TOML}[web]\npublic_url = "a; b"', "web.public_url"),
        (f'{TOML}[log]\nlevel = "loud; very"', '"log.level"'),
        (f'{TOML}[alarms.mail]\nhost = "mail.example"', "alarms.mail.host"),
        (f'{TOML}[heartbeat]\nurl = "http://away.example/x"', "heartbeat.url"),
        (f"{TOML}[web]\nport = \n", "line 5"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told_with_file_and_key(firm: FirmDirectory, text: str, key: str) -> None:
    replace_file(firm.settings, text.encode())
    found = of(firm, "settings")
    assert found.level is Level.PROBLEM
    assert found.found.startswith(f"{firm.settings}")
    assert key in found.found
    assert found.next in (NEXT, 'set slug = "acme" again')


def test_a_missing_ledger_is_a_problem(firm: FirmDirectory) -> None:
    firm.ledger_db.unlink()
    assert of(firm, "ledger").level is Level.PROBLEM


@pytest.mark.parametrize("content", [b"", b"not a database" * 1000], ids=["empty", "garbage"])
def test_a_spoilt_ledger_is_a_problem(firm: FirmDirectory, content: bytes) -> None:
    replace_file(firm.ledger_db, content)
    vitals, found = check_ledger(firm, None)
    assert vitals is None
    assert found.level is Level.PROBLEM
    assert "put back the last good copy of the whole directory" in found.next


def test_who_serves_is_named_and_without_a_control_socket_in_doubt(firm: FirmDirectory, held: WriterLock) -> None:
    holder, found = check_lock(firm)
    assert (holder, found.level) == (os.getpid(), Level.WARNING)
    assert f"process {os.getpid()} holds the directory, but has no control socket" in found.found


def test_a_lock_of_a_dead_process_is_free(firm: FirmDirectory, held: WriterLock) -> None:
    held.release()
    assert firm.lock.read_text().strip() == str(os.getpid())
    assert check_lock(firm)[0] is None


@pytest.mark.parametrize(
    ("found", "asserts", "level"),
    [
        ((3, 10), True, Level.PROBLEM),
        ((3, 14), True, Level.PROBLEM),
        ((3, 11), False, Level.PROBLEM),
        ((3, 13), True, Level.OK),
    ],
)
def test_only_a_known_python_with_assertions_will_do(found: tuple[int, int], asserts: bool, level: Level) -> None:
    assert check_python(found, asserts=asserts).level is level


def test_python_without_assertions_is_noticed() -> None:
    code = "from appliance.machine_checks import check_python; print(check_python().found)"
    told = subprocess.run([sys.executable, "-O", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "runs with -O" in told.stdout


@pytest.mark.parametrize(("number", "level"), [(3_051_002, Level.PROBLEM), (3_051_003, Level.OK)])
def test_a_sqlite_that_may_lose_commits_is_a_problem(number: int, level: Level) -> None:
    assert check_sqlite(number).level is level


@pytest.mark.skipif(
    importlib.util.find_spec("_sqlite3") is None, reason="this Python has no second SQLite library to load"
)
def test_a_second_sqlite_library_is_noticed_here_and_in_the_process_that_serves() -> None:
    assert check_one_sqlite(None, ()).level is Level.OK
    assert check_one_sqlite(None, ("_sqlite3",)).level is Level.PROBLEM
    code = "import sqlite3, sys; print('loaded', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
        assert serving.stdout is not None
        serving.stdout.readline()
        found = check_one_sqlite(serving.pid, ())
        serving.communicate(b"")
    assert found.level is Level.PROBLEM
    assert f"process {serving.pid}" in found.found


def test_a_machine_on_which_nothing_can_be_shut_out_is_a_warning() -> None:
    assert check_documents(is_shut_out).level is Level.OK
    assert check_documents(lambda: False).level is Level.WARNING


def test_zones_of_the_operating_system_are_a_warning() -> None:
    assert check_zones(("/usr/share/zoneinfo",)).level is Level.WARNING
    assert check_zones(()).level is Level.OK


@pytest.mark.parametrize(
    ("now_us", "last_row_us", "synchronised", "level", "told"),
    [
        pytest.param(NOW_US, NOW_US - 1, True, Level.OK, "synchronised", id="well"),
        pytest.param(NOW_US, NOW_US + 5 * SECOND_US, True, Level.OK, "synchronised", id="a slew's worth behind"),
        pytest.param(NOW_US, NOW_US + MINUTE_US, True, Level.PROBLEM, "the ledger's last row came at", id="set back"),
        pytest.param(86_400 * SECOND_US, 0, True, Level.PROBLEM, "1970-01-02", id="lost"),
        pytest.param(NOW_US, 0, False, Level.WARNING, "not synchronised", id="nobody steers it"),
    ],
)
def test_a_clock_that_cannot_be_trusted_is_told(
    now_us: int, last_row_us: int, synchronised: bool, level: Level, told: str
) -> None:
    found = check_clock(now_us, last_row_us, synchronised=synchronised)
    assert found.level is level
    assert told in found.found


def test_the_kernel_answers_whether_the_clock_is_synchronised() -> None:
    assert machine_checks.clock_is_synchronised() in (True, False)


def test_a_full_disk_and_a_missing_ballast_are_told(firm: FirmDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert check_disk(firm, 100_000 * MB).level is Level.OK
    assert check_disk(firm, 1_000 * MB).level is Level.WARNING
    assert check_disk(firm, MB).level is Level.PROBLEM
    assert "1 MB free" in check_disk(firm, MB).found
    assert "may have stopped taking already" in check_disk(firm, MB).next
    os.truncate(firm.ballast, BALLAST_BYTES - 1)
    assert "no ballast" in check_disk(firm, 100_000 * MB).found
    firm.ballast.unlink()
    assert check_disk(firm, 100_000 * MB).level is Level.WARNING


def test_a_busy_port_is_a_problem_with_a_way_to_find_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = check_port("web", "127.0.0.1", port, None)
        assert (found.check, found.level) == (f"port {port}", Level.PROBLEM)
        assert (
            found.next == f'find who has it with "ss -ltnp sport = :{port}", or set another web.port in evenhand.toml'
        )
        assert check_port("web", "127.0.0.1", port, os.getpid()).level is Level.OK
    assert check_port("web", "127.0.0.1", port, os.getpid()).level is Level.WARNING
    assert check_port("web", "127.0.0.1", port, None).level is Level.OK


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machines_is_a_problem(host: str) -> None:
    found = check_port("gateway", host, 7_411, None)
    assert (found.level, found.next) == (
        Level.PROBLEM,
        "set gateway.host in evenhand.toml to an address of this machine",
    )


@pytest.mark.parametrize(
    ("size", "signed", "age_s", "holder", "source", "level"),
    [
        pytest.param(3_000, 0, 0, None, ClockSource.SYSTEM, Level.OK, id="as many rows as three checkpoints"),
        pytest.param(3_001, 0, 0, None, ClockSource.SYSTEM, Level.PROBLEM, id="one more"),
        pytest.param(10, 9, 180, 7, ClockSource.SYSTEM, Level.OK, id="as old as three"),
        pytest.param(10, 9, 181, 7, ClockSource.SYSTEM, Level.WARNING, id="older while served"),
        pytest.param(10, 10, 9_999, 7, ClockSource.SYSTEM, Level.OK, id="old, and nothing happened since"),
        pytest.param(10, 9, 9_999, None, ClockSource.SYSTEM, Level.OK, id="old, and nobody serves"),
        pytest.param(10, 9, 9_999, 7, ClockSource.SIMULATED, Level.OK, id="old by a simulated clock"),
    ],
)
def test_checkpoints_that_fall_behind_are_told(
    size: int, signed: int, age_s: int, holder: int | None, source: ClockSource, level: Level
) -> None:
    vitals = Vitals(size, NOW_US, signed, NOW_US - age_s * SECOND_US, ())
    settings = Settings(firm=FIRM, clock=ClockSettings(source=source))
    assert check_checkpoint(vitals, settings, holder, NOW_US).level is level


def test_segments_that_are_missing_or_cut_are_told(firm: FirmDirectory) -> None:
    sealed = [
        SegmentSealed(name=f"{n}.quotes", first_seq=n, last_seq=n, frames=1, size_bytes=3, sha256="")
        for n in range(1, 6)
    ]
    vitals = Vitals(9, NOW_US, 9, NOW_US, tuple(sealed))
    found = check_segments(firm, vitals, PLAIN)
    assert (found.level, found.found) == (Level.PROBLEM, "missing: 1.quotes, 2.quotes, 3.quotes and 2 more")
    assert (
        check_segments(firm, vitals, Settings(firm=FIRM, ledger=LedgerSettings(segments_keep_days=30))).level
        is Level.OK
    )
    for segment in sealed:
        (firm.segments / segment.name).write_bytes(b"abc")
    assert check_segments(firm, vitals, PLAIN).found == "5 of 5 here"
    (firm.segments / "4.quotes").write_bytes(b"ab")
    assert check_segments(firm, vitals, PLAIN).found == "not as long as the ledger says: 4.quotes"


def test_a_front_that_cannot_be_opened_is_told_and_a_damaged_one_is_the_firms_own_to_replace(
    firm: FirmDirectory,
) -> None:
    assert of(firm, "front").level is Level.OK
    firm.front_db.write_bytes(b"no database at all" * 300)
    firm.front_db.chmod(0o600)
    assert of(firm, "front").level is Level.OK
    firm.front_db.unlink()
    firm.front_db.mkdir(mode=0o700)
    told = of(firm, "front")
    assert (told.level, "nobody can sign in" in told.found) == (Level.PROBLEM, True)
    assert "move it away" in told.next


def test_the_report_reads_for_people_and_for_programs() -> None:
    findings = (Finding("ledger", Level.OK, "7 rows"), Finding("disk", Level.WARNING, "1 MB free", "make room"))
    assert findings_text(findings) == (
        "ok       ledger       7 rows\n"
        "warning  disk         1 MB free\n"
        "                      next: make room\n"
        "2 checks: 1 ok, 1 warning, 0 problems\n"
    )
    report = msgspec.json.decode(findings_json(findings))
    assert report["worst"] == "warning"
    assert report["findings"][1] == {"check": "disk", "level": "warning", "found": "1 MB free", "next": "make room"}


def test_no_finding_that_is_not_well_lacks_a_next_step(firm: FirmDirectory) -> None:
    firm.ledger_db.unlink()
    (firm.secrets / "signing_seed").unlink()
    firm.settings.unlink()
    firm.segments.chmod(0o777)
    troubled = [finding for finding in run_doctor(firm.path) if finding.level is not Level.OK]
    assert {finding.check for finding in troubled} == {"directory", "secrets", "settings", "ledger"}
    assert all(finding.next for finding in troubled)


def test_a_firm_whose_copies_leave_nowhere_is_warned(firm: FirmDirectory) -> None:
    [found] = [one for one in run_doctor(firm.path) if one.check == "copies"]
    assert found.level is Level.WARNING
    assert "backups.destination" in found.next
