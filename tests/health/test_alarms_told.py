"""Alarms where people meet them: the runbooks, the log, the doctor, the staff's page, and a served firm's webhook from end to end."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from appliance.alarms.backup_age import note_backup
from appliance.alarms.checks import WATCHED
from appliance.alarms.copies_check import CopiesCheck, note_check
from appliance.alarms.limits import MailSettings
from appliance.alarms.mail import mail_of
from appliance.alarms.notice import Alarm, Notice
from appliance.alarms.remedies import REMEDIES
from appliance.founding import found
from appliance.outbound_settings import OutboundSettings
from appliance.settings_file import every_setting, write_settings
from firm.instant import SECOND_US
from web.machine import CopiesSeen

TESTS = Path(__file__).parents[1]
RUNBOOKS = Path(__file__).parents[2] / "docs" / "operating" / "runbooks.md"
KEY = "a-key-that-the-receiver-has-too"


def entries() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", RUNBOOKS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_runbooks_have_an_entry_for_each_alarm_and_no_other() -> None:
    assert list(entries()) == sorted(Alarm)
    assert set(WATCHED) == set(REMEDIES) == set(Alarm)


def test_each_alarm_has_a_test_that_makes_it_fire() -> None:
    """Where the fixtures of health and process hold a test to the alarm that its mark names."""
    fired = {
        decorator.args[0].attr
        for path in (*TESTS.glob("health/test_*.py"), *TESTS.glob("process/test_*.py"))
        for test in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(test, ast.AsyncFunctionDef | ast.FunctionDef)
        for decorator in test.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fires"
        if isinstance(decorator.args[0], ast.Attribute)
    }
    assert fired == set(Alarm.__members__)


@pytest.mark.parametrize("alarm", Alarm)
def test_an_entry_says_what_it_means_how_to_look_and_what_to_do(alarm: Alarm) -> None:
    entry = " ".join(entries()[alarm].split())
    for part in ("**What it means.** ", "**How to look.** ", f"**What to do.** {REMEDIES[alarm]}"):
        assert part in entry, part


def test_figures_and_settings_that_the_runbooks_name_exist() -> None:
    text = RUNBOOKS.read_text(encoding="utf-8")
    page = (RUNBOOKS.parent / "metrics.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"`(evenhand_\w+)`", text)):
        assert f"| `{name}` |" in page, name
    known = {setting.path for setting in every_setting()} | {"risk.breaker"}
    for name in set(re.findall(r"`((?:alarms|ledger|risk)\.\w+)`", text)):
        assert name in known, name


@pytest.mark.parametrize("alarm", Alarm)
def test_a_mail_is_plain_and_fits(alarm: Alarm, notice: Notice) -> None:
    settings = MailSettings(host="localhost", sender="evenhand@northlight.example", to="ops@northlight.example")
    mail = mail_of(msgspec.structs.replace(notice, alarm=alarm, firm="Nord\u00fcrlight"), settings)
    assert REMEDIES[alarm].split()[0] in mail.get_content()
    assert mail.as_bytes()


@pytest.fixture
def served_firm(tmp_path: Path, on_the_clock: Any, serving: Any, sinks: Any) -> Any:
    """`evenhand serve` as a process, with an alarm to raise: no disk has as much room as its settings ask for."""
    with sinks.running(sinks.HttpSink([500])) as hook:
        settings = on_the_clock()
        webhook = msgspec.structs.replace(settings.alarms.webhook, url=f"{hook.url}/alarms")
        alarms = msgspec.structs.replace(settings.alarms, webhook=webhook, disk_free_low_mb=10_000_000, look_every_s=1)
        heartbeat = msgspec.structs.replace(settings.heartbeat, url=f"{hook.url}/alive", every_s=5)
        outbound = OutboundSettings(inside=f"{hook.url} (the test's own)")
        settings = msgspec.structs.replace(settings, alarms=alarms, heartbeat=heartbeat, outbound=outbound)
        firm = tmp_path / "firm"
        found(firm, on_the_clock()).close()
        write_settings(firm / "evenhand.toml", settings)
        for name in ("alarm_webhook_key", "metrics_token"):
            (firm / "secrets" / name).write_text(f"{KEY}\n")
            (firm / "secrets" / name).chmod(0o600)
        process = serving(firm)
        assert process.first_line.startswith("serving Northlight")
        yield firm, settings, hook, process


def test_an_alarm_of_a_served_firm_reaches_webhook_metrics_log_and_doctor(
    served_firm: Any, until: Any, run: Any, tmp_path: Path
) -> None:
    firm, settings, hook, process = served_firm
    until(lambda: {"/alarms", "/alive"} <= {heard.path for heard in hook.heard}, "the webhook and the heartbeat")
    [told] = [json.loads(heard.body) for heard in hook.heard if heard.path == "/alarms"][:1]
    assert (told["type"], told["data"]["alarm"]) == ("alarm.raised", "disk_low")

    url = f"http://127.0.0.1:{settings.web.port}/metrics"
    for headers in ({}, {"authorization": f"Bearer {KEY}"}):
        figures = httpx.get(url, headers=headers, timeout=60).text
        assert 'evenhand_alarm_raised{alarm="disk_low"} 1\n' in figures
        assert 'evenhand_alarm_raised{alarm="wal_large"} 0\n' in figures

    doctor = run("doctor", "--json", "--data-dir", firm)
    [finding] = [one for one in json.loads(doctor.stdout)["findings"] if one["check"] == "alarms"]
    assert finding["level"] == "warning"
    assert finding["found"].startswith("disk_low: ")
    assert finding["next"].startswith(REMEDIES[Alarm.DISK_LOW])
    assert finding["next"].endswith("docs/operating/runbooks.md#disk_low")
    assert process.close() == 0
    log = (tmp_path / "serve0.log").read_text()
    assert "alarm disk_low raised" in log
    assert KEY not in log + doctor.stdout + json.dumps(told)


def test_the_doctor_sees_that_the_firm_that_serves_knows_nothing_of_settings_that_were_changed(
    served_firm: Any, run: Any
) -> None:
    firm, settings, _, _ = served_firm

    def said() -> dict[str, str]:
        told = json.loads(run("doctor", "--json", "--data-dir", firm).stdout)["findings"]
        [finding] = [one for one in told if one["check"] == "served settings"]
        return dict(finding)

    file = firm / "evenhand.toml"
    file.write_text(f"# a word more\n{file.read_text()}")
    assert said()["level"] == "ok"
    backups = msgspec.structs.replace(settings.backups, destination="/mnt/copies")
    file.unlink()
    write_settings(file, msgspec.structs.replace(settings, backups=backups))
    finding = said()
    assert finding["level"] == "warning"
    assert finding["found"] == f"the firm that serves was started with other settings than {file} has now"
    assert finding["next"].startswith("restart it")


def test_the_doctor_says_which_secret_is_missing(tmp_path: Path, on_the_clock: Any, run: Any) -> None:
    settings = on_the_clock()
    firm = tmp_path / "firm"
    found(firm, settings).close()
    webhook = msgspec.structs.replace(settings.alarms.webhook, url="https://hooks.example/alarms")
    alarms = msgspec.structs.replace(settings.alarms, webhook=webhook)
    write_settings(firm / "evenhand.toml", msgspec.structs.replace(settings, alarms=alarms))
    doctor = run("doctor", "--json", "--data-dir", firm)
    [finding] = [one for one in json.loads(doctor.stdout)["findings"] if one["check"] == "alarms"]
    assert finding["level"] == "problem"
    assert "alarm_webhook_key is missing" in finding["found"]
    assert doctor.returncode == 1
    refused = run("serve", "--data-dir", firm)
    assert refused.returncode != 0
    assert "alarm_webhook_key is missing" in refused.stderr


def test_pages_are_told_the_first_step_of_each_alarm_by_the_one_list_of_them(shop: Any, watched: Any) -> None:
    watch = watched(shop.machine)
    assert {alarm: watch.first_step(alarm.value) for alarm in Alarm} == REMEDIES


async def test_pages_are_told_of_copies_what_the_last_look_saw(shop: Any, watched: Any) -> None:
    watch = watched(shop.machine)
    assert watch.copies() == CopiesSeen(wanted=False, snapshot_us=0, checked_us=0, problems=())
    note_backup(shop.machine.directory, SECOND_US)
    note_check(shop.machine.directory, CopiesCheck(at_us=2 * SECOND_US, problems=("4 rows are not shipped",)))
    await watch.look()
    seen = watch.copies()
    assert (seen.snapshot_us, seen.checked_us, seen.problems) == (SECOND_US, 2 * SECOND_US, ("4 rows are not shipped",))
