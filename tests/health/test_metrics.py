"""/metrics: what it says, that it is in the format of Prometheus, that nobody is in it, and who may read it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from appliance.alarms.backup_age import note_backup
from appliance.alarms.courier import Courier
from appliance.alarms.secret_texts import SecretTexts, read_secret_texts
from appliance.alarms.watch import Watch
from appliance.alarms.ways import couriers_for
from appliance.clock import wall_us
from appliance.exposition import SERIES_MAX, Exposition, by
from appliance.log import Redaction
from appliance.serve import as_pages_see_it
from bridges.outbound.client import Outbound
from bridges.outbound.destination import Call, Destination
from bridges.outbound.errors import CallRefused
from firm.ids import id_text
from firm.inputs import ClockTicked, Watermark
from storage.secret_files import SecretsRefused
from web.app import create_app
from web.machine import AskedTooMuch

TOKEN = "t" * 32
PAGE = Path(__file__).parents[2] / "docs" / "operating" / "metrics.md"
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? ([-+.e0-9]+)')


class Families:
    """The page, read as strictly as Prometheus reads it: HELP, TYPE, then the samples of that family, no series twice."""

    def __init__(self, text: str) -> None:
        assert text.endswith("\n")
        self.types: dict[str, str] = {}
        self.helps: dict[str, str] = {}
        self.series: dict[str, float] = {}
        name = ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                _, _, name, meaning = line.split(" ", 3)
                assert name not in self.helps, f"{name} comes twice"
                self.helps[name] = meaning
            elif line.startswith("# TYPE "):
                assert line.split(" ")[2] == name
                self.types[name] = line.split(" ")[3]
            else:
                found = SAMPLE.fullmatch(line)
                assert found, line
                assert found[1] == name or (self.types[name] == "histogram" and found[1].startswith(name)), line
                series = line.rpartition(" ")[0]
                assert series not in self.series, f"{series} comes twice"
                self.series[series] = float(found[3])

    def of(self, name: str) -> dict[str, float]:
        return {series: value for series, value in self.series.items() if re.fullmatch(rf"{name}(\{{.*)?", series)}


@pytest.fixture
def watch(shop: Any) -> Watch:
    """Of a firm in which something has happened, with everything there is to measure."""
    shop.wait(1)
    shop.tick(138_700, 138_705)
    shop.buy(1, 138_705)
    shop.wait(90)
    shop.tick(138_710, 138_715)
    shop.put(Watermark(bridge="sim", t_us=shop.now_us, seq=shop.seq, qseq=shop.qseq - 1))
    note_backup(shop.directory, wall_us() - 3_600_000_000)
    shop.machine.counters["unknown key"] += 3

    async def deliver(_: Any) -> None: ...

    watch = Watch(shop.machine, [Courier("mail", deliver)])
    watch.couriers[0].told["delivered"] += 1
    watch.heartbeat.told["sent"] += 1
    anyio.run(_called, shop.machine.outbound)
    return watch


async def _called(outbound: Outbound) -> None:
    with pytest.raises(CallRefused):
        await outbound.call(Destination(name="heartbeat"), Call(url="https://127.0.0.1/T0KEN"))


@pytest.fixture
def families(watch: Watch) -> Families:
    return Families(watch.metrics(7, AskedTooMuch({"address": 4}, {"address": 2})))


def test_it_says_what_the_machine_knows(families: Families, shop: Any) -> None:
    health = shop.machine.health.now()
    expected = {
        "evenhand_ledger_rows": health.ledger_size,
        "evenhand_queue_inputs": 0,
        "evenhand_ticks_total": 2,
        "evenhand_live_pages": 7,
        "evenhand_portal_connections": 0,
        "evenhand_portal_connections_max": shop.machine.door.connections_max,
        'evenhand_portal_turned_total{reason="head_late"}': 0,
        'evenhand_requests_refused_total{allowance="address"}': 4,
        'evenhand_allowances_counted{allowance="address"}': 2,
        'evenhand_bridge_quotes_total{bridge="sim"}': 2,
        'evenhand_bridge_feed_silence_seconds{bridge="sim"}': 0,
        'evenhand_desks_stopped{kind="account"}': 0,
        'evenhand_refusals_total{reason="unknown key"}': 3,
        'evenhand_database_refusals_total{database="vault"}': 0,
        'evenhand_alarm_raised{alarm="feed_silent"}': 0,
        'evenhand_outbound_tries_total{destination="heartbeat",outcome="refused"}': 1,
        'evenhand_outbound_retries_total{destination="heartbeat"}': 0,
        'evenhand_outbound_circuit_open{destination="heartbeat"}': 0,
        'evenhand_alarm_deliveries_total{courier="mail",outcome="delivered"}': 1,
        'evenhand_wal_bytes{database="ledger"}': shop.files.ledger_db.with_name("ledger.db-wal").stat().st_size,
    }
    assert {name: families.series[name] for name in expected} == expected
    assert 3_599 < families.series["evenhand_backup_age_seconds"] < 3_700
    assert families.series["evenhand_disk_free_bytes"] > 0
    assert families.series["evenhand_account_wakes_total"] >= 1


async def test_commits_and_batches_are_histograms(shop: Any, bridge_hands: Any, sinks: Any, watched: Any) -> None:
    machine, (_, served, _, _) = shop.machine, bridge_hands
    async with served(machine):
        for _ in range(30):
            machine.put(ClockTicked(at_us=shop.now_us))
        await sinks.soon(lambda: machine.meter.inputs >= 30)
    families = Families(watched(machine).metrics(0))
    for name, observed in (
        ("evenhand_commit_duration_seconds", machine.meter.batches),
        ("evenhand_batch_inputs", machine.meter.batches),
    ):
        counts = [value for series, value in families.series.items() if series.startswith(f"{name}_bucket")]
        assert counts == sorted(counts)
        assert counts[-1] == families.series[f"{name}_count"] == observed > 0
    assert families.series["evenhand_batch_inputs_sum"] == machine.meter.inputs
    assert 0 < families.series["evenhand_commit_duration_seconds_sum"] < 60


def test_names_are_as_prometheus_names_things(families: Families) -> None:
    for name, kind in families.types.items():
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(ms|us|minutes|hours|mb|kb|percent)\b", name), (
            f"{name}: seconds, bytes and ratios alone"
        )
        assert families.helps[name].endswith("."), name


def test_the_page_lists_every_family(families: Families) -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE))
    assert listed == families.types


def test_nobody_is_in_it(families: Families, shop: Any, appliance: Any) -> None:
    text = "\n".join(families.series)
    for somebody in (
        id_text(appliance.ADAS_ACCOUNT),
        id_text(appliance.ADA),
        "7001",
        "1001",
        "700001",
        "c0ffee",
        "EURUSD",
    ):
        assert f'"{somebody}"' not in text
        assert f"/{somebody}" not in text
    labels = {label for series in families.series for label in re.findall(r'[{,](\w+)="', series)}
    assert labels <= {
        "allowance",
        "bridge",
        "kind",
        "database",
        "alarm",
        "courier",
        "destination",
        "outcome",
        "reason",
        "release",
        "engine",
        "le",
    }


def test_no_label_grows_without_end_and_none_breaks_the_format() -> None:
    page = Exposition()
    page.gauge("odd", "One\nwith \\ signs.", by("bridge", {f'b"\\\n{number}': number for number in range(1_000)}))
    families = Families(page.text())
    assert len(families.series) == SERIES_MAX


# --- who may read it ---


@pytest.fixture
def doors(shop: Any, watch: Watch, tmp_path: Path) -> Callable[..., httpx.AsyncClient]:
    """The application, asked from an address, with or without TLS in front, with or without a token laid down."""
    machine = shop.machine

    def door(address: str = "127.0.0.1", host: str = "127.0.0.1:8080", *, https: bool = False, token: str = "") -> Any:
        watch.metrics_token = token
        firm = replace(as_pages_see_it(machine, watch, {}), https=https)
        transport = httpx.ASGITransport(create_app(firm), client=(address, 40_000))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")

    return door


@pytest.mark.parametrize(
    ("door", "headers", "status"),
    [
        pytest.param({}, {}, 200, id="a program on this machine"),
        pytest.param({"address": "::1", "host": "[::1]:8080"}, {}, 200, id="the same by IPv6"),
        pytest.param({"host": "localhost"}, {}, 200, id="the same by name"),
        pytest.param({"address": "192.0.2.7"}, {}, 403, id="a stranger"),
        pytest.param({"host": "rebound.example"}, {}, 403, id="a browser on this machine, sent by a page of elsewhere"),
        pytest.param(
            {}, {"host": "evil.example:80@127.0.0.1"}, 403, id="a name in which loopback is only what follows"
        ),
        pytest.param({}, {"host": "127.0.0.1@evil.example"}, 403, id="a name in which loopback only comes first"),
        pytest.param({}, {"x-forwarded-for": "192.0.2.7"}, 403, id="passed on by a proxy"),
        pytest.param({}, {"forwarded": "for=192.0.2.7"}, 403, id="passed on by another proxy"),
        pytest.param({"https": True}, {}, 403, id="behind a proxy that ends TLS and may name nobody"),
        pytest.param({"https": True, "token": TOKEN}, {"authorization": f"Bearer {TOKEN}"}, 200, id="with the token"),
        pytest.param(
            {"address": "192.0.2.7", "token": TOKEN}, {"authorization": f"bearer {TOKEN}"}, 200, id="from afar"
        ),
        pytest.param({"token": TOKEN}, {"authorization": f"Bearer {TOKEN}x"}, 403, id="with another token"),
        pytest.param({"token": ""}, {"authorization": "Bearer "}, 403, id="with an empty token where there is none"),
    ],
)
async def test_who_may_read_it(doors: Any, door: Any, headers: Any, status: int) -> None:
    async with doors(**door) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("evenhand_ledger_rows" in answer.text) == (status == 200)
    if status == 403:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.startswith("403: ")
        assert "<" not in answer.text
    if status == 200:
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"


# --- what an operator lays under secrets/ ---


@pytest.fixture
def laid(shop: Any) -> Callable[..., Path]:
    def lay(name: str, text: str, mode: int = 0o600) -> Path:
        path: Path = shop.files.secrets / name
        path.write_text(text)
        path.chmod(mode)
        return path

    return lay


def test_a_token_is_read_without_its_line_feed_and_never_shown(shop: Any, laid: Any) -> None:
    laid("metrics_token", f"{TOKEN}\n")
    texts = read_secret_texts(shop.directory, shop.settings)
    assert texts.metrics_token == TOKEN
    assert TOKEN not in repr(texts)
    assert TOKEN not in Redaction(texts.all()).apply(f"somebody sent {TOKEN}")


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [("short", 0o600, "is shorter than 16"), (TOKEN, 0o640, "is open to others"), ("a\nb" * 20, 0o600, "one line")],
)
def test_a_token_that_is_none_is_refused(shop: Any, laid: Any, text: str, mode: int, told: str) -> None:
    laid("metrics_token", text, mode)
    with pytest.raises(SecretsRefused, match=told):
        read_secret_texts(shop.directory, shop.settings)


def test_a_webhook_without_its_key_stops_the_start(shop: Any) -> None:
    webhook = msgspec.structs.replace(shop.settings.alarms.webhook, url="https://hooks.example/alarms")
    alarms = msgspec.structs.replace(shop.settings.alarms, webhook=webhook)
    with pytest.raises(SecretsRefused, match=r"alarm_webhook_key is missing, and alarms.webhook.url needs it"):
        read_secret_texts(shop.directory, msgspec.structs.replace(shop.settings, alarms=alarms))
    shop.machine.secret_texts = SecretTexts(alarm_webhook_key=TOKEN)
    assert [courier.name for courier in couriers_for(alarms, shop.machine.secret_texts, shop.machine.outbound)] == [
        "webhook"
    ]
