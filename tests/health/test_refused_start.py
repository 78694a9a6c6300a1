"""A start that decides otherwise than what was stored: pages for reading, the alarm, and quiet until a person has looked."""

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from actors.recovery import ReplayDiverged
from appliance import assembly
from appliance.alarms.notice import Alarm
from appliance.console import open_machine
from appliance.outbound_settings import OutboundSettings
from appliance.read_only import ReadOnlyFirm
from appliance.settings_file import read_settings, write_settings
from tests.appliance.test_epochs import forge
from web.app import create_app

KEY = "a-key-that-the-receiver-has-too"


@pytest.fixture
def forged(shop: Any, tmp_path: Path) -> Path:
    """Ada's firm, whose book was written anew with every key: one mark is a cent better than any engine would say."""
    shop.trade_past_a_high()
    shop.machine.close()
    return forge(shop.directory, tmp_path / "forged")[0]


@pytest.mark.fires(Alarm.REPLAY_DIVERGED)
async def test_what_was_stored_can_be_read_as_it_stands_and_nobody_promises_that_it_goes_on(
    forged: Path, appliance: Any, said_so_far: list[Any]
) -> None:
    with pytest.raises(ReplayDiverged) as refused:
        open_machine(forged)
    with ReadOnlyFirm(forged, "row 9 is another", diverged=refused.value) as firm:
        told = firm.firm.machine
        said_so_far += await told.look()
        assert await told.look() == []
        assert [one.alarm for one in told.alarms()] == [Alarm.REPLAY_DIVERGED]
        assert f"row {refused.value.difference.seq} otherwise" in told.alarms()[0].text
        assert firm.firm.live.account(appliance.ADAS_ACCOUNT) is not None
        transport = httpx.ASGITransport(create_app(firm.firm))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as stranger:
            page = (await stranger.get("/sign-in")).text
        assert "Nothing new is taken at the moment" in page
        assert "is judged when the firm is back.<" in page
        assert "row 9" not in page


def test_a_release_with_another_engine_goes_on_with_that_very_ledger(
    forged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the runbook says: it folds what is stored, and decides none of it again."""
    monkeypatch.setattr(assembly, "engine_digest", lambda: "f" * 64)
    machine = open_machine(forged)
    machine.runner.run_dry()
    assert not machine.recovered.epoch_open
    machine.close()
    open_machine(forged).close()


def test_served_it_stays_up_read_only_tells_the_alarm_and_stops_in_order(
    forged: Path, serving: Any, sinks: Any, until: Any, run: Any
) -> None:
    with sinks.running(sinks.HttpSink([200])) as hook:
        settings = read_settings(forged / "evenhand.toml")
        webhook = msgspec.structs.replace(settings.alarms.webhook, url=f"{hook.url}/alarms")
        alarms = msgspec.structs.replace(settings.alarms, webhook=webhook)
        outbound = OutboundSettings(inside=f"{hook.url} (the test's own)")
        (forged / "evenhand.toml").unlink()
        write_settings(forged / "evenhand.toml", msgspec.structs.replace(settings, alarms=alarms, outbound=outbound))
        (forged / "secrets" / "alarm_webhook_key").write_text(f"{KEY}\n")
        (forged / "secrets" / "alarm_webhook_key").chmod(0o600)
        process = serving(forged)
        assert " read-only on " in process.first_line, process.log.read_text()
        until(lambda: hook.heard, "the webhook")
        told = json.loads(hook.heard[0].body)
        assert (told["type"], told["data"]["alarm"]) == ("alarm.raised", "replay_diverged")
        assert httpx.get(f"{process.first_line.split()[-1]}/sign-in", timeout=60).status_code == 200
        assert "evenhand verify" in process.log.read_text()
        assert run("verify", "--data-dir", forged).returncode == 0, "nobody holds the ledger meanwhile"
        assert run("replay", "--data-dir", forged).returncode == 1
        assert process.process.poll() is None
        assert process.close() == 0
