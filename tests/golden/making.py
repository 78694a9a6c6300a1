"""Making a golden ledger: a small firm that lived through everything a demo makes, so that later releases can be shown it.

A release makes its own once, with `python tests/golden/making.py`, and it is never made again: what older programs wrote is
the point. `tests/rot` has the same firm made fresh, as ground for its flips.
"""

import hashlib
import importlib.util
import io
import json
import lzma
import sys
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw

from actors.arrival import Arrival
from appliance.assembly import Machine
from appliance.digest import engine_digest
from appliance.release import RELEASE
from appliance.settings import ClockSettings, ClockSource, FirmSettings, LedgerSettings, RiskSettings, Settings
from appliance.settings_file import read_settings, write_settings
from firm.commands import (
    BridgeMode,
    EngageKillSwitch,
    EnrolBridge,
    KillSwitch,
    PlaceOrder,
    ReleaseKillSwitch,
    ReviewOutcome,
    ReviewVerdict,
    RevokeBridge,
    SetBridgeMode,
)
from firm.inputs import (
    BackfillReported,
    CashKind,
    CashReported,
    DealEntry,
    DealReported,
    EventRefused,
    GapReported,
    Input,
    LoginReported,
    OrderReported,
    PlatformReported,
    PositionReported,
    QuoteFrame,
    Side,
    SnapshotPosition,
    SymbolReported,
    UnknownAccountReported,
)
from firm.instant import MINUTE_US, SECOND_US
from firm.money import Money
from firm.price import SymbolSpec
from firm.quote_frame import Tick, encode_quotes
from storage.drafts import DraftLine, WrittenAs
from storage.evidence import build_bundle
from storage.files import FirmDirectory, lay_ballast
from storage.ledger import Ledger
from storage.people import LOGINS, SESSION
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.readmodels.seals import SEALED_EVENT
from storage.secret_files import read_secrets
from storage.segments import seal
from storage.throttles import Limit

HERE = Path(__file__).resolve().parent
PACKED = ("evenhand.toml", "keys.db", "vault.db", "ledger.db", "front.db", "secrets", "segments")
OLDER_ENGINE = "e" * 64  # what the stage calls the engine of its epoch
SNAPSHOT_ROWS = 40  # below what a settings file may say: a small firm shall have several
CHECKPOINT_ROWS = 100


@dataclass(frozen=True)
class Made:
    """What of a firm that was made is in no file: its settings, and whose session, throttle and draft can be asked for, and when."""

    settings: Settings
    wall_us: int
    session_id: str = "the cookie of Ada's browser"
    draft: str = "drawn"
    scope: str = "sign-in by address"
    address: str = "192.0.2.7"
    limit: Limit = field(default_factory=lambda: Limit(1, MINUTE_US))


def make_firm(directory: Path, *, small: bool = False) -> Made:
    """Play the firm of the pages' stage, and what a stage has no need of; then serve it for a while. It is closed at the end.

    It has two epochs, several checkpoints and snapshots, two sealed segments and frames that are not sealed yet.
    `small`: with Ada's one account and without reviews, for whoever checks it hundreds of times.
    """
    _stage_words()
    play = sys.modules["web_play"]
    stage = play.carried_over_the_reset(directory) if small else play.played(directory, crowd=1)
    _the_platform_says_more(stage, "ada carried" if small else "crowd 0")
    if not small:
        _staff_act(stage)
    made = Made(_settings(), stage.wall_us)
    stage.firm.sessions.set(made.session_id, b"Ada was here", stage.wall_us, "trader:1")
    stage.firm.throttle.wait_us(made.scope, made.address, made.limit, stage.wall_us)
    line = DraftLine("", "staff:1", "Autumn", WrittenAs.TEXT.value, "[]", "", 0, stage.now_us)
    stage.firm.drafts.keep(line, b"title = 'Autumn'" * 40, drawn=made.draft)
    stage.settle(checkpoint=True)
    file = FirmDirectory(directory).settings
    write_settings(file, _settings(for_file=True))
    stage.close()
    (directory / "segments").mkdir(mode=0o700)
    lay_ballast(FirmDirectory(directory))
    machine = Machine(directory, made.settings, read_secrets(directory))
    try:
        _serve(machine, stage)
    finally:
        machine.close()
    with closing(Machine(directory, read_settings(file), read_secrets(directory))) as machine:
        machine.runner.run_dry()  # the policy of the file is now the ledger's
    return made


def _settings(*, for_file: bool = False) -> Settings:
    ledger = (
        LedgerSettings() if for_file else LedgerSettings(snapshot_rows=SNAPSHOT_ROWS, checkpoint_rows=CHECKPOINT_ROWS)
    )
    return Settings(
        firm=FirmSettings(name="Fairhaven", slug="fairhaven"),
        clock=ClockSettings(source=ClockSource.SIMULATED),
        risk=RiskSettings(stale_after_ms=86_400_000),
        ledger=ledger,
    )


# --- what a stage has no need of ---


def _the_platform_says_more(stage: Any, name: str) -> None:
    """Each kind of event that a platform may send, once."""
    told = {"bridge": "sim", "t_us": stage.now_us}
    usd: Callable[[int], Money] = lambda minor: Money(minor, "USD", 2)  # noqa: E731
    account = stage.accounts[name]
    held = SnapshotPosition(
        position_id="P8000",
        symbol="EURUSD",
        side=Side.BUY,
        lots_e8=10**8,
        price_open=138_700,
        swap=usd(0),
        opened_us=stage.now_us,
    )
    held = next(iter(stage.engine.account(account).positions), held)

    def put(kind: type[Input], account: int = 0, **fields: Any) -> None:
        stage.put(kind(bridge="sim", seq=stage.next_seq(), **fields), account)

    at = {"t_us": told["t_us"]}
    figures = {"price_open": held.price_open, "stop_loss": 0, "take_profit": 0, "opened_us": held.opened_us}
    put(
        PositionReported, account, position_id=held.position_id, op="changed", symbol=held.symbol, side=held.side,
        lots_e8=held.lots_e8, swap=usd(-310), **figures, **at,
    )  # fmt: skip
    put(
        OrderReported, account, order_id="O1", symbol="EURUSD", side=Side.BUY, order_type="limit",
        lots_e8=10**8, price=137_000, state="placed", **at,
    )  # fmt: skip
    cash = {"cash_kind": CashKind.DEPOSIT, "amount": usd(50_000), "balance_after": usd(10_049_000)}
    put(CashReported, account, cash_id="C1", **cash, **at)
    for device in (b"192.0.2.7 a telephone", b"192.0.2.8 a laptop"):
        put(LoginReported, account, logged_in=True, sealed=stage.vault.seal(LOGINS, SESSION, device), **at)
    refused = SEALED_EVENT + stage.vault.seal(LOGINS, SESSION, b"\xc1 with an address in it")
    put(EventRefused, reason="undecodable event", raw_hex=refused)
    put(UnknownAccountReported, login="999999", event="{}")
    put(PlatformReported, up=False, since_us=stage.now_us, why="maintenance")
    put(PlatformReported, up=True, since_us=stage.now_us + 1, why="back")
    put(GapReported, symbol="XAUUSD", from_us=stage.now_us - SECOND_US, to_us=stage.now_us)
    put(BackfillReported, symbol="XAUUSD", from_us=stage.now_us - SECOND_US, to_us=stage.now_us, ticks=0)
    wider = SymbolSpec(symbol="XAUUSD", digits=3, contract_e8=1_000 * 10**8, currency_base="XAU", currency_profit="USD")
    put(SymbolReported, spec=wider)


def _staff_act(stage: Any) -> None:
    """Reviews, kill switches, modes, a second bridge that comes and goes, and an order that is refused."""
    words = sys.modules["web_stage"]
    ruth, omar, olga = (f"staff:{number}" for number in (words.RUTH, words.OMAR, words.OLGA))
    suspected = stage.accounts["ben suspected"]
    with stage.reader.connection() as book:
        sql = "SELECT decision FROM rm_decision WHERE kind = 'BreachSuspected'"
        decision = book.execute(sql).fetchone()[0]
    why = {"why": "as the runbook says"}
    confirmed = ReviewVerdict(by=ruth, account=suspected, decision=decision, outcome=ReviewOutcome.CONFIRM, **why)
    stage.put(confirmed, suspected)
    stage.put(EngageKillSwitch(by=ruth, switch=KillSwitch.PASSES, **why))
    for by in (omar, olga):
        stage.put(ReleaseKillSwitch(by=by, switch=KillSwitch.PASSES, **why))
    stage.put(EnrolBridge(by=omar, bridge="second", public_key="2" * 40, simulator=False))
    stage.put(SetBridgeMode(by=omar, bridge="second", mode=BridgeMode.ENFORCE, **why))
    stage.put(RevokeBridge(by=omar, bridge="second", **why))
    nobody = PlaceOrder(by="console", order=1, trader=999, program="none", accounts=(1, 2))
    stage.put(nobody)


# --- the machine ---


def _serve(machine: Machine, stage: Any) -> None:
    """A new epoch: prices fall and rise, Ada trades, days are sealed and photographed."""
    machine.runner.run_dry()
    quarter = machine.ledger.size // 4
    _seal(machine, upto_seq=quarter)
    _seal(machine, upto_seq=2 * quarter)
    while machine.ledger.drop_sealed_frames():
        pass
    platform = _Platform(machine, stage)
    account = stage.accounts.get("ada") or stage.accounts["ada carried"]
    for step in range(40):
        platform.prices(138_300 - 9 * (step * 7 % 11), 1_273_000 + 40 * (step * 5 % 13))
        if step == 4:
            platform.deal(account, "P9001", Side.BUY, 138_300, DealEntry.IN, 0)
        if step == 30:
            platform.deal(account, "P9001", Side.SELL, 138_290, DealEntry.OUT, -1_000)


def _seal(machine: Machine, upto_seq: int) -> None:
    sealed = seal(machine.directory, upto_seq=upto_seq)
    assert sealed is not None
    machine.put(sealed)
    machine.runner.run_dry()


class _Platform:
    """The stage's platform goes on, now with the machine itself on the other side."""

    def __init__(self, machine: Machine, stage: Any) -> None:
        self._machine = machine
        self._seq, self._qseq, self._now_us = stage.seq, stage.qseq, stage.now_us

    def prices(self, eurusd: int, xauusd: int) -> None:
        self._now_us += 5 * SECOND_US
        ticks = [
            Tick("EURUSD", self._now_us, eurusd, eurusd + 12),
            Tick("XAUUSD", self._now_us, xauusd, xauusd + 450),
        ]
        raw = encode_quotes(self._seq, ticks)
        body = QuoteFrame(
            bridge="sim", qseq=self._qseq, after_seq=self._seq, n=2, first_us=self._now_us, last_us=self._now_us,
            conflated=False, sha256=hashlib.sha256(raw).hexdigest(),
        )  # fmt: skip
        self._qseq += 2
        self._put(body, 0, raw)

    def deal(self, account: int, position: str, side: Side, price: int, entry: DealEntry, profit: int) -> None:
        self._seq += 1
        money = {name: Money(0, "USD", 2) for name in ("commission", "swap", "fee")}
        body = DealReported(
            bridge="sim", seq=self._seq, deal_id=f"D{self._seq}", order_id="", position_id=position, symbol="EURUSD",
            entry=entry, side=side, lots_e8=10**8, price=price, profit=Money(profit, "USD", 2), reason="client",
            t_us=self._now_us, **money,
        )  # fmt: skip
        self._put(body, account)

    def _put(self, body: Input, account: int, frame: bytes | None = None) -> None:
        self._machine.offer([Arrival(body, self._now_us, self._now_us, account, frame)])
        self._machine.runner.run_dry()


# --- what is expected of it ---


def expectations(directory: Path) -> dict[str, Any]:
    """What must be true of this firm for ever, as this program sees it."""
    with LedgerReader(directory, secret=read_secrets(directory).ledger_secret) as reader:
        size = reader.size()
        kinds: dict[str, int] = {}
        for row in reader.rows(0, size):
            kinds[row.kind] = kinds.get(row.kind, 0) + 1
        with reader.connection() as connection:
            models = {model_key(model): model_digest(connection, model.name) for model in READ_MODELS}
        return {
            "release": RELEASE,
            "engine": engine_digest(),
            "rows": size,
            "root": reader.root().hex(),
            "lineage": reader.lineages().newest.hex(),
            "public_key": reader.identity().public_key.hex(),
            "epochs": reader.landmarks("EpochOpened"),
            "segments": len(reader.landmarks("SegmentSealed")),
            "kinds": dict(sorted(kinds.items())),
            "read_models": models,
        }


def model_key(model: Any) -> str:
    """A read model by name and version: a later version may well give other tables."""
    return f"{model.name} {model.version}"


def model_digest(connection: apsw.Connection, name: str) -> str:
    """SHA-256 over every row of a read model's tables, in the order of their columns."""
    [(listed,)] = connection.execute("SELECT tables FROM read_models WHERE name = ?", (name,))
    whole = hashlib.sha256()
    for table in json.loads(listed):
        columns = [column for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        order = ", ".join(f'"{column}"' for column in columns)
        whole.update(f"{table} {order}\n".encode())
        for row in connection.execute(f'SELECT {order} FROM "{table}" ORDER BY {order}'):
            whole.update(repr(row).encode())
    return whole.hexdigest()


# --- packing ---


def pack(directory: Path) -> bytes:
    """The firm's files in one compressed archive, the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz", preset=9) as archive:
        for path in sorted(one for name in PACKED for one in (directory / name, *(directory / name).rglob("*"))):
            entry = archive.gettarinfo(path, path.relative_to(directory).as_posix())
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            if path.is_file():
                with path.open("rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)
    return out.getvalue()


def unpack(archive: Path, directory: Path) -> Path:
    """Lay a packed firm out as its owner had it; the directory is made."""
    directory.mkdir(mode=0o700)
    with tarfile.open(archive) as packed:
        # Python before 3.11.4 knows no filter, and from 3.12 on it warns where none is given.
        packed.extractall(directory, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return directory


def close_up(directory: Path) -> None:
    """Bring the logs of a closed firm into its files, as the last close of each does on a quiet machine."""
    secrets = read_secrets(directory)
    keys = {"secret": secrets.ledger_secret, "signing_seed": secrets.signing_seed}
    Ledger.open(directory, **keys, read_models=READ_MODELS).close()
    for name in ("ledger.db", "keys.db", "vault.db", "front.db"):
        connection = apsw.Connection(str(directory / name))
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        connection.close()


def _stage_words() -> None:
    """The stage of the pages and its play, loaded by path: a test's own modules cannot be imported."""
    for name in ("stage", "play"):
        if f"web_{name}" not in sys.modules:
            _load(f"web_{name}", HERE.parent / "web" / f"{name}.py")


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def evidence_of(directory: Path) -> bytes:
    """The bundle of the firm's first breach."""
    secrets = read_secrets(directory)
    with LedgerReader(directory, secret=secrets.ledger_secret) as reader:
        with reader.connection() as book:
            sql = "SELECT decision FROM rm_decision WHERE kind = 'BreachDeclared' ORDER BY decision"
            decision = book.execute(sql).fetchone()[0]
        keys = {"secret": secrets.ledger_secret, "signing_seed": secrets.signing_seed}
        return build_bundle(reader, decision, **keys)


def main() -> int:
    """Write this release's golden ledger and what is expected of it; refuses to replace one."""
    archive, expected, bundle = (
        HERE / "ledgers" / f"{RELEASE}{suffix}" for suffix in (".tar.xz", ".json", ".evidence.xz")
    )
    if archive.exists():
        print(f"{archive} exists: a golden ledger is made once; raise the release first")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "firm"
        make_firm(directory)
        close_up(directory)
        expected.write_text(json.dumps(expectations(directory), indent=2) + "\n")
        bundle.write_bytes(lzma.compress(evidence_of(directory), preset=9))
        archive.write_bytes(pack(directory))
    print(f"{archive} has {archive.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
