"""Files that people write and carry: settings, key files, prices. Each is read, or refused with its name and what is wrong."""

import io
import zipfile
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from fuzz_mutating import fuzz, mutated, tried
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.settings import FirmSettings, GatewaySettings, LogLevel, LogSettings, Settings, WebSettings
from appliance.settings_file import SettingsRefused, new_settings, read_settings, settings_toml
from bridges.enrolment import KeyFile, KeyFileUnusable, key_file_text, new_keypair, read_key_file
from bridges.simulator.market_spec import MarketUnusable, read_market
from bridges.simulator.price_files import merged_ticks, price_file, read_prices
from bridges.simulator.script import ScriptUnusable, read_script, require_within
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.ticks import BadLine, TickFileError
from firm.instant import DAY_US, parse_utc

BUSY = Settings(
    firm=FirmSettings(name="Ada & Söhne", slug="ada"),
    web=WebSettings(public_url="https://portal.example.com", tls_behind_proxy=True),
    gateway=GatewaySettings(port=1),
    log=LogSettings(level=LogLevel.DEBUG),
)
TOMLS = [
    settings_toml(new_settings("Ada", "--name")).encode(),
    settings_toml(BUSY).encode(),
    b'[firm]\nname = "A"\nslug = "a"\n[risk]\nprobes_max = 3\n',
]
PAIR = new_keypair()
KEY_FILE = key_file_text(
    KeyFile(
        name="sim", endpoint="tcp://127.0.0.1:7411", bridge_public=PAIR.public, bridge_secret=PAIR.secret,
        server_public=new_keypair().public, ledger_key="0a" * 32,
    )
).encode()  # fmt: skip
BARS = (
    b"0,1.3867,1.38675,1.38661,1.3867,0,1.38682,1.38687,1.38673,1.38682,0\n"
    b"60000,1.3867,1.3868,1.3867,1.3868,12.5,1.38682,1.38692,1.38682,1.38692,3.25\r\n"
    b"86340000,1.3,1.3,1.3,1.3,0,1.4,1.4,1.4,1.4,0\n"
)
LINES = b"1000,1.38670,1.38682\n1000.5,1.38671,1.38683\n2000,1.38669,1.38681\r\n86399999.999,1.3,1.4\n"


def _zipped(content: bytes, members: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"part{number}.csv", content)
    return out.getvalue()


ZIPS = [_zipped(LINES), _zipped(BARS), _zipped(LINES * 50), _zipped(LINES, 2), _zipped(b"")]
_MEMBER = ZIPS[0].index(b"PK\x01\x02")  # where the archive's own list of its files begins
LOCKED = ZIPS[0][: _MEMBER + 8] + b"\x01" + ZIPS[0][_MEMBER + 9 :]  # it says that a password is needed
LONGER_THAN_IT_IS = (
    ZIPS[0][: _MEMBER + 20] + b"\xff\x00" + ZIPS[0][_MEMBER + 22 :]
)  # the file ends in the middle of the data
NAMES = (
    "eurusd_tick_20140501.zip",
    "xauusd_tick_20140502.zip",
    "eurusd_minute_20140501.zip",
    "xauusd_minute_20140502.zip",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def laid(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


@fuzz(400)
@example(raw=b'[firm]\nname = "A"\nslug = ' + b"9" * 5_000)
@example(raw=b'[firm]\nname = "A"\nslug = ' + b"[" * 3_000)
@given(raw=mutated(TOMLS))
def test_spoilt_settings_are_read_or_refused_by_name(folder: Path, raw: bytes) -> None:
    path = laid(folder, "evenhand.toml", raw)
    read, why = tried(lambda: read_settings(path), SettingsRefused)
    assert read is not None or (str(path) in why and "; " in why), why
    if read is not None:
        again = laid(folder, "again.toml", settings_toml(read).encode())
        assert read_settings(again) == read


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        "0",
        "-1",
        "9" * 30,
        "1e9",
        "nan",
        "inf",
        '""',
        '"x"',
        "true",
        "[]",
        "{}",
        "1979-05-27",
        "'''\n'''",
        '"\\u0000"',
        "[[1]]",
    ]
)


@fuzz(200)
@given(section=st.sampled_from(["firm", "web", "gateway", "clock", "risk", "risk.breaker", "ledger", "log", "x", "risk.x"]),
       key=st.sampled_from(["name", "slug", "port", "host", "source", "breaker", "level", "public_url", "tick_every_ms"]),
       value=VALUES)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_by_its_name(folder: Path, section: str, key: str, value: str) -> None:
    text = f"[{section}]\n{key} = {value}\n" + ("" if section == "firm" else '[firm]\nname = "A"\nslug = "a"\n')
    path = laid(folder, "evenhand.toml", text.encode())
    read, why = tried(lambda: read_settings(path), SettingsRefused)
    assert read is not None or str(path) in why
    assert read is not None or key in why or section in why, why


@fuzz(300)
@example(raw=b"name = " + b"9" * 5_000)
@example(raw=b"name = " + b"[" * 3_000)
@given(raw=mutated([KEY_FILE]))
def test_a_spoilt_key_file_is_read_or_refused_by_name(folder: Path, raw: bytes) -> None:
    path = laid(folder, "sim.toml", raw)
    key, why = tried(lambda: read_key_file(path), KeyFileUnusable)
    assert key is not None or str(path) in why
    assert key is None or key.bridge_secret == PAIR.secret
    assert PAIR.secret not in why


@fuzz(300)
@example(raw=LONGER_THAN_IT_IS, name=NAMES[0])
@example(raw=LOCKED, name=NAMES[0])
@given(raw=mutated(ZIPS), name=st.sampled_from(NAMES))
def test_a_spoilt_file_of_prices_is_read_or_refused_by_name(folder: Path, raw: bytes, name: str) -> None:
    _read(laid(folder, name, raw))


@fuzz(300)
@given(lines=mutated([LINES, BARS]), name=st.sampled_from(NAMES))
def test_spoilt_lines_of_prices_are_refused_or_counted(folder: Path, lines: bytes, name: str) -> None:
    _read(laid(folder, name, _zipped(lines)))


@fuzz(200)
@given(name=mutated([name.encode() for name in NAMES]))
def test_a_spoilt_name_of_a_file_of_prices_is_refused(folder: Path, name: bytes) -> None:
    file, why = tried(lambda: price_file(folder / name.decode(errors="replace")), TickFileError)
    assert file is not None or ": " in why
    assert file is None or file.midnight_us % DAY_US == 0


MARKETS = [
    b"walk+jumps:EURUSD,XAUUSD;trend:EURUSD;days=2;seed=9;price=1284.5",
    b"range;start=2014-05-04;days=1;ticks_per_minute=1;step_ppm=100000",
    b'days = 2\nstart = "2014-05-05"\n[[symbols]]\nsymbol = "EURUSD"\nkinds = ["gaps"]\nprice = "1.4"\nspread_ppm = 9\n',
]


@fuzz(300)
@example(raw=b"walk;seed=" + b"9" * 5_000, is_file=False)
@example(raw=b"\0.toml", is_file=False)
@example(raw=b"n" * 5_000 + b".toml", is_file=False)
@example(raw=b"days = " + b"[" * 3_000, is_file=True)
@given(raw=mutated(MARKETS), is_file=st.booleans())
def test_a_spoilt_market_is_made_up_or_refused_with_the_reason(folder: Path, raw: bytes, is_file: bool) -> None:
    text = str(laid(folder, "market.toml", raw)) if is_file else raw.decode(errors="replace")
    spec, why = tried(lambda: read_market(text), MarketUnusable)
    assert spec is not None or why.startswith("market ")
    if spec is not None:
        prices = SyntheticPrices(spec)
        assert all(0 < tick.bid < tick.ask for tick in islice(prices.ticks(prices.end_us, None), 20))


SCRIPTS = [
    b"""[[outage]]
from = 2014-05-02T12:10:00Z
to = 2014-05-02T12:12:00Z
why = "a new version"
[[spike]]
symbol = "XAUUSD"
at = 2014-05-02T12:25:00+02:00
points = -90000
""",
    b"""[[contract]]
at = 2014-05-02T12:40:00Z
symbol = "EURUSD"
digits = 4
sessions = [[0, 6780]]
[[rename]]
at = 2014-05-02T12:50:00Z
symbol = "EURUSD"
becomes = "E"
""",
    b"""[[late_events]]
tags = ["deal"]
from = 2014-05-02T12:28:00Z
to = 2014-05-02T12:29:00Z
by_s = 3
[[dividend]]
symbol = "US500"
ex_date = 2014-05-05
points = 120
""",
]


@fuzz(300)
@example(raw=b"points = " + b"9" * 5_000)
@example(raw=b"points = " + b"[" * 3_000)
@example(raw=b'[[dividend]]\nsymbol = "US500"\nex_date = 0001-01-01\npoints = 1\n')
@example(raw=b'[[spike]]\nsymbol = "EURUSD"\nat = 0001-01-01T00:00:00+14:00\npoints = 1\n')
@given(raw=mutated(SCRIPTS))
def test_a_spoilt_script_is_read_or_refused_by_name(folder: Path, raw: bytes) -> None:
    path = laid(folder, "script.toml", raw)
    script, why = tried(lambda: read_script(path), ScriptUnusable)
    assert script is not None or (str(path) in why and "`int`" not in why), why
    if script is not None:
        tried(lambda: require_within(script, parse_utc("2014-05-02T12:26:00"), parse_utc("2014-05-03")), ScriptUnusable)


def _read(path: Path) -> None:
    """Strictly, and skipping bad lines as a replay does: ticks that rise in time, or a refusal that names the file."""
    file = price_file(path)
    skipped: Counter[BadLine] = Counter()
    for read in (lambda: read_prices(file), lambda: merged_ticks([file], file.midnight_us + 2 * DAY_US, skipped)):
        ticks, why = tried(lambda read=read: list(read()), TickFileError)
        if ticks is None:
            assert path.name in why
            continue
        assert all(0 < tick.bid <= tick.ask for tick in ticks)
        assert [tick.t_us for tick in ticks] == sorted(tick.t_us for tick in ticks)
