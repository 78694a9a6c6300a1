"""docs/formats.md: its worked example, computed from its own words with nothing of ours, and compared with what we write."""

import base64
import hashlib
import re
from pathlib import Path
from struct import pack

import pytest

from firm.inputs import ClockTicked
from firm.kinds import payload_of
from storage.checkpoint import Signer
from storage.landmarks import LANDMARK_KINDS
from storage.ledger import Ledger
from storage.rows import Row
from storage.segments import _write
from storage.snapshots import state_hash

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
LINEAGE, SECRET, SEED = bytes(range(16)), bytes(range(32)), bytes(range(32, 64))


def example() -> dict[str, str]:
    """Every value of the example, from the page's formulas alone."""
    told: dict[str, str] = {
        "lineage": LINEAGE.hex(),
        "ledger secret": SECRET.hex(),
        "signing seed": SEED.hex(),
        "public key": Signer(SEED).public_key.hex(),
    }
    leaves: list[bytes] = []
    for seq in (1, 2):
        payload = b'{"at_us":%d}' % (1_398_974_400_000_000 + seq)
        previous = leaves[-1] if leaves else bytes(32)
        kind, times = b"ClockTicked", pack(">qq", 1_398_974_400_000_000 + seq, 1_398_974_400_000_500 + seq)
        head = LINEAGE + pack(">QB", seq, len(kind)) + kind + times + pack(">QQQQ", 0, 7, seq, seq - 1) + previous
        salt = hashlib.blake2b(LINEAGE + pack(">Q", seq), key=SECRET, digest_size=32).digest()
        body = hashlib.sha256(b"\x02" + salt + payload).digest()
        leaves.append(hashlib.sha256(b"\x00" + head + body).digest())
        told |= {
            f"row {seq} payload": payload.decode(),
            f"row {seq} H": head.hex(),
            f"row {seq} salt": salt.hex(),
            f"row {seq} body": body.hex(),
            f"row {seq} leaf": leaves[-1].hex(),
        }
    root = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    origin = f"evenhand/ruths-funding/{LINEAGE.hex()}"
    text = f"{origin}\n2\n{base64.b64encode(root).decode()}\n"
    key_id = hashlib.sha256(f"{origin}\n".encode() + b"\x01" + Signer(SEED).public_key).digest()[:4]
    signature = base64.b64encode(key_id + Signer(SEED).sign(text.encode())).decode()
    mac = b"checkpoint" + origin.encode() + pack(">Q", 2) + root + pack(">qQ", 1_398_974_400_000_502, 0)
    edge_hash = hashlib.sha256(leaves[0] + leaves[1]).digest()
    end = b"end" + LINEAGE + pack(">Q", 2) + edge_hash + pack(">Q", 2)
    identity = b"identity" + LINEAGE + Signer(SEED).public_key + b"ruths-funding"
    segment = b"EVNHQSEG" + pack(">IIQ", 1, 0, 1) + pack(">QI", 4, 5) + b"frame"
    state = pack(">I", 6) + b"orders" + hashlib.sha256(b"open").digest()
    return told | {
        "root of 2 rows": root.hex(),
        "edge_hash": edge_hash.hex(),
        "key id": key_id.hex(),
        "note, 1st line": origin,
        "note, 2nd line": "2",
        "note, 3rd line": base64.b64encode(root).decode(),
        "note, 5th line": f"\u2014 {origin} {signature}",
        "at_us": "1398974400000502",
        "mac of the checkpoint": hashlib.blake2b(mac, key=SECRET, digest_size=32).hexdigest(),
        "mac of the end": hashlib.blake2b(end, key=SECRET, digest_size=32).hexdigest(),
        "secret_mac": hashlib.blake2b(identity, key=SECRET, digest_size=32).hexdigest(),
        'segment of frame "frame" of row 4': (segment + hashlib.sha256(segment).digest()).hex(),
        'state_hash of desk "orders" in state "open"': hashlib.sha256(state).hexdigest(),
    }


def spelled(told: dict[str, str]) -> str:
    return "\n".join(f"{name}\n    {value}" for name, value in told.items())


def test_the_example_on_the_page_is_what_its_formulas_give():
    block = re.search(r"```\n(.*?)\n```", PAGE.read_text("utf-8").split("## Worked example")[1], re.DOTALL)
    assert block is not None
    assert block.group(1) == spelled(example())


@pytest.fixture
def written(tmp_path):
    for folder in ("segments", "secrets"):
        (tmp_path / folder).mkdir()
    Ledger.create(tmp_path, firm_slug="ruths-funding", lineage=LINEAGE, secret=SECRET, signing_seed=SEED)
    with Ledger.open(tmp_path, secret=SECRET, signing_seed=SEED, read_models=()) as ledger:
        rows = []
        for seq in (1, 2):
            body = ClockTicked(at_us=1_398_974_400_000_000 + seq)
            rows.append(
                (Row(seq, "ClockTicked", body.at_us, body.at_us + 500, 0, 7, payload_of(body)), body)
            )  # fmt: skip
        ledger.append(rows, checkpoints=[(2, 1_398_974_400_000_502)])
        yield ledger._connection, ledger


def test_what_we_write_is_what_the_page_says(written, tmp_path):
    connection, ledger = written
    told = example()
    root, at_us, mac, note = connection.execute("SELECT root, at_us, mac, note FROM checkpoints").fetchone()
    assert root.hex() == ledger.root().hex() == told["root of 2 rows"]
    assert (str(at_us), mac.hex()) == (told["at_us"], told["mac of the checkpoint"])
    lines = [told[f"note, {number} line"] for number in ("1st", "2nd", "3rd")]
    assert note.split("\n") == [*lines, "", told["note, 5th line"], ""]
    second = connection.execute("SELECT account_prev_hash, payload FROM ledger WHERE seq = 2").fetchone()
    assert (second[0].hex(), second[1].decode()) == (told["row 1 leaf"], told["row 2 payload"])
    edge_hash, size, mac = connection.execute("SELECT edge_hash, checkpoint_size, mac FROM ledger_end").fetchone()
    assert (edge_hash.hex(), size, mac.hex()) == (told["edge_hash"], 2, told["mac of the end"])
    assert connection.execute("SELECT secret_mac FROM identity").fetchone()[0].hex() == told["secret_mac"]
    _write(tmp_path / "segment", 1, [(4, b"frame")])
    assert (tmp_path / "segment").read_bytes().hex() == told['segment of frame "frame" of row 4']
    assert state_hash([("orders", b"open")]) == told['state_hash of desk "orders" in state "open"']


def test_the_page_names_every_table_column_and_landmark(written):
    connection, _ = written
    page = PAGE.read_text("utf-8")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        assert f"| `{table}` |" in page
        for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)):
            assert f"`{column}`" in page or column == "one"
    for kind in LANDMARK_KINDS:
        assert f"`{kind}`" in page
