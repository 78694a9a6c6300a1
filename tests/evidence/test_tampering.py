"""Whatever is turned, cut, swapped or re-signed in a bundle is refused, each by the check that is there for it."""

import base64
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import nacl.bindings
import nacl.exceptions
import pytest

from storage.checkpoint import Signer
from storage.evidence import rows_proof

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def breach(story: Any) -> dict[str, Any]:
    """Ada's breach on her second day as a document, in a ledger that went on after it."""
    decision = story.ada_breaks_her_daily_loss(second_day=True)
    story.noise(story.ben, 9)
    story.checkpoint()
    document: dict[str, Any] = json.loads(story.bundle(decision))
    return document


def row(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one for one in bundle["rows"] if one["kind"] == kind)


def libsodium_verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False
    return True


# Every fourth bit each time, of each byte two; the others as long tests.
@pytest.mark.parametrize("first", [0, *(pytest.param(each, marks=pytest.mark.soak) for each in (1, 2, 3))])
def test_no_bit_of_a_bundle_can_be_turned(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """With libsodium in the place of the tool's own, slower Ed25519; those two are compared elsewhere."""
    raw = story.bundle(story.ada_is_flat_below_her_floor())
    monkeypatch.setattr(verifier, "ed25519_verify", libsodium_verifies)
    assert verifier.verify(raw)
    turned = bytearray(raw)
    accepted = []
    for bit in range(first, len(raw) * 8, 4):
        turned[bit >> 3] ^= 1 << (bit & 7)
        try:
            verifier.verify(bytes(turned))
            accepted.append(bit)
        except verifier.Refused:
            pass
        turned[bit >> 3] ^= 1 << (bit & 7)
    assert accepted == []


def test_no_bit_of_a_day_s_bundle_can_be_turned_with_nothing_but_the_tool(story: Any, verifier: ModuleType) -> None:
    raw = story.bundle(story.ada_breaks_her_daily_loss(noise=60))
    drawn = random.Random(2014)
    bits = [drawn.randrange(len(raw) * 8) for _ in range(120)]
    bits += [len(raw) * 8 - 1 - drawn.randrange(92 * 8) for _ in range(60)]  # the signature and what closes the file
    for bit in bits:
        turned = bytearray(raw)
        turned[bit >> 3] ^= 1 << (bit & 7)
        with pytest.raises(verifier.Refused):
            verifier.verify(bytes(turned))


@pytest.mark.parametrize("cut", [0, 1, 10, 90, 500])
def test_a_cut_file_is_refused(story: Any, verifier: ModuleType, cut: int) -> None:
    raw = story.bundle(story.ada_is_flat_below_her_floor())
    with pytest.raises(verifier.Refused):
        verifier.verify(raw[: -cut or None] if cut else raw + b"\n")


SPELLINGS = [
    pytest.param(lambda raw: raw.replace(b'","version"', b'", "version"'), "canonical form", id="white space"),
    pytest.param(lambda raw: raw.replace(b'"version":1,', b'"version":1.0,'), "no integer", id="a float"),
    pytest.param(lambda raw: raw.replace(b'"version":1,', b'"version":1,"version":1,'), "twice", id="a name twice"),
    pytest.param(lambda raw: raw.replace(b'"version":1,', b'"version":-0,'), "canonical form", id="minus nought"),
    pytest.param(lambda raw: raw.replace(b"acme", b"\\u0061cme", 1), "canonical form", id="a letter escaped"),
    pytest.param(lambda raw: raw.replace(b"acme", "\u00e4cme".encode(), 1), "ASCII", id="beyond ASCII"),
    pytest.param(
        lambda raw: raw.replace(b'"version":1,', b'"version":1,"more":1,'), "exactly the fields", id="a field more"
    ),
    pytest.param(
        lambda raw: raw.replace(b'"version":1,', b'"version":2,'), "version 2 is unknown", id="another version"
    ),
    pytest.param(lambda raw: b"[" * 100_000 + b"]}\n", "not JSON", id="nested without end"),
]


@pytest.mark.parametrize(("spelled", "why"), SPELLINGS)
def test_another_spelling_is_refused(
    story: Any, verifier: ModuleType, spelled: Callable[[bytes], bytes], why: str
) -> None:
    raw = story.bundle(story.ada_is_flat_below_her_floor())
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(spelled(raw))


def test_the_fields_have_one_order(breach: dict[str, Any], verifier: ModuleType, resigned: Any) -> None:
    moved = {"words": breach["words"], **{name: value for name, value in breach.items() if name != "words"}}
    with pytest.raises(verifier.Refused, match="exactly the fields"):
        verifier.verify(resigned(moved))


def test_a_bundle_is_refused_under_another_key(story: Any, verifier: ModuleType) -> None:
    raw = story.bundle(story.ada_is_flat_below_her_floor())
    with pytest.raises(verifier.Refused, match="not by the key you gave"):
        verifier.verify(raw, None, "00" * 32)
    own = json.loads(raw)["key"]
    assert "compare it with the key" not in "\n".join(verifier.verify(raw, None, own))


def test_a_stranger_s_signature_does_not_close_it(breach: dict[str, Any], verifier: ModuleType) -> None:
    unsigned = json.dumps({**breach, "signature": ""}, separators=(",", ":"))[:-2].encode()
    forged = base64.b64encode(Signer(bytes(32)).sign(unsigned))
    with pytest.raises(verifier.Refused, match="closing signature does not fit"):
        verifier.verify(unsigned + forged + b'"}\n')


@pytest.mark.parametrize(
    "column", ["happened_us", "received_us", "cause", "account_seq", "account_prev_seq", "salt", "payload", "kind"]
)
def test_every_column_of_every_row_is_under_the_root(
    breach: dict[str, Any], verifier: ModuleType, resigned: Any, column: str
) -> None:
    for one in breach["rows"]:
        before = one[column]
        if column == "salt":
            one[column] = base64.b64encode(bytes(32)).decode()
        elif isinstance(before, int):
            one[column] = before + 1
        else:
            one[column] = before.replace("e", "a", 1) if "e" in before else before.upper()
        with pytest.raises(verifier.Refused, match="do not hash to the checkpoint's root"):
            verifier.verify(resigned(breach))
        one[column] = before
    assert verifier.verify(resigned(breach))


CHANGES = [
    pytest.param(lambda b: b["proof"].pop(), "too short|root", id="a proof hash less"),
    pytest.param(lambda b: b["proof"].append(b["proof"][0]), "nothing needs", id="a proof hash more"),
    pytest.param(lambda b: b["proof"].reverse(), "root", id="proof hashes out of order"),
    pytest.param(lambda b: b["proof"].__setitem__(0, b["proof"][0][:-2] + "B="), "canonical base64", id="loose base64"),
    pytest.param(lambda b: b["rows"].reverse(), "strictly rising", id="rows out of order"),
    pytest.param(lambda b: b["rows"].append(b["rows"][-1]), "strictly rising", id="a row twice"),
    pytest.param(
        lambda b: row(b, "DayOpened").update(account=10**30), "cannot be a ledger row", id="a number too large"
    ),
    pytest.param(lambda b: row(b, "DayOpened").update(cause=True), "not an integer", id="a truth for a number"),
    pytest.param(
        lambda b: row(b, "DayOpened").update(payload="\ud800"), "cannot be a ledger row", id="half a character"
    ),
    pytest.param(lambda b: b.update(firm="other"), "not of this ledger", id="another firm's name"),
    pytest.param(lambda b: b.update(anchor=1), "anchor or the decision", id="no such anchor"),
    pytest.param(lambda b: b.update(decision=b["rows"][-2]["seq"]), "after the decision", id="not the last row"),
    pytest.param(lambda b: b.update(anchor=row(b, "AccountOpened")["seq"]), "one is missing", id="an earlier anchor"),
    pytest.param(lambda b: b["lineages"][0].update(first_seq=2), "begin at row 1", id="a lineage from row 2"),
    pytest.param(
        lambda b: b["lineages"].append({"lineage": "ab" * 16, "first_seq": 10**6}),
        "no LedgerForked row",
        id="a lineage out of nowhere",
    ),
    pytest.param(lambda b: b["ruleset"].update(id="ab" * 32), "not the hash of its text", id="another ruleset id"),
    pytest.param(
        lambda b: b["ruleset"].update(canonical=b["ruleset"]["canonical"].replace("500", "400")),
        "not the one that was frozen",
        id="other rules",
    ),
    pytest.param(
        lambda b: b["ruleset"].update(canonical=b["ruleset"]["canonical"].replace(":1,", ": 1,", 1)),
        "not the hash of its text",
        id="the rules in another spelling",
    ),
    pytest.param(lambda b: b.update(rows=[]), "strictly rising", id="no rows"),
    pytest.param(lambda b: b.update(rows=[7]), "a row does not have", id="a row that is none"),
    pytest.param(lambda b: b.update(checkpoint=7), "not text", id="a checkpoint that is none"),
    pytest.param(
        lambda b: b.update(checkpoint=b["checkpoint"].replace("\n\n", "\n")), "three lines", id="no blank line"
    ),
    pytest.param(lambda b: b.update(consistency={"proof": []}), "exactly the fields", id="half a consistency proof"),
]


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_a_firm_that_alters_its_own_file_is_found_out(
    breach: dict[str, Any], verifier: ModuleType, resigned: Any, change: Change, why: str
) -> None:
    change(breach)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(resigned(breach))


def test_a_checkpoint_with_a_root_of_its_own_is_refused(
    breach: dict[str, Any], verifier: ModuleType, resigned: Any
) -> None:
    name, size, _, *rest = breach["checkpoint"].split("\n")
    other = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    breach["checkpoint"] = "\n".join([name, size, other, *rest])
    with pytest.raises(verifier.Refused, match="is not signed by key"):
        verifier.verify(resigned(breach))


@pytest.mark.parametrize("kind", ["MarkTaken", "DealBooked", "SwapPosted", "EquityReported"])
def test_a_row_of_the_day_cannot_be_left_out(
    story: Any, breach: dict[str, Any], verifier: ModuleType, resigned: Any, kind: str
) -> None:
    breach["rows"].remove(row(breach, kind))
    _prove_again(story, breach)
    with pytest.raises(verifier.Refused, match="one is missing"):
        verifier.verify(resigned(breach))


def test_the_row_that_froze_the_rules_cannot_be_left_out(
    story: Any, breach: dict[str, Any], verifier: ModuleType, resigned: Any
) -> None:
    breach["rows"].remove(row(breach, "AccountOpened"))
    _prove_again(story, breach)
    with pytest.raises(verifier.Refused, match="opened the account is not in the file"):
        verifier.verify(resigned(breach))


def test_the_rows_before_it_show_that_the_rules_were_frozen_once(
    story: Any, breach: dict[str, Any], verifier: ModuleType, resigned: Any
) -> None:
    breach["rows"].remove(row(breach, "ChallengeAdvanced"))
    _prove_again(story, breach)
    with pytest.raises(verifier.Refused, match="first rows, up to the one that opened it"):
        verifier.verify(resigned(breach))


def test_a_cited_row_cannot_be_left_out(
    story: Any, breach: dict[str, Any], verifier: ModuleType, resigned: Any
) -> None:
    """The rows before the anchor hang on no chain; what is built from them notices."""
    breach["anchor"] = row(breach, "DealReported")["seq"]
    breach["rows"].remove(row(breach, "DayOpened"))
    _prove_again(story, breach)
    with pytest.raises(verifier.Refused, match="the consecutive rows begin before any balance"):
        verifier.verify(resigned(breach))


def test_ben_s_rows_have_no_place_in_it(
    story: Any, breach: dict[str, Any], verifier: ModuleType, resigned: Any
) -> None:
    with story.reader() as reader:
        (his,) = reader.account_rows(story.ben, limit=100)[-1:]
        strange = {name: getattr(his, name) for name in his._fields[:8]}
        strange["account_prev_hash"] = base64.b64encode(his.account_prev_hash).decode()
        strange |= {"salt": base64.b64encode(reader.salt(his.seq)).decode(), "payload": his.payload.decode()}
    breach["rows"] = sorted([*breach["rows"], strange], key=lambda one: int(one["seq"]))
    _prove_again(story, breach)
    with pytest.raises(verifier.Refused, match="belong to another account"):
        verifier.verify(resigned(breach))


def test_a_checkpoint_that_ada_kept_is_held_against_it(story: Any, verifier: ModuleType, resigned: Any) -> None:
    story.both_open()
    first = story.checkpoint()
    story.noise(story.ben, 4)
    second = story.checkpoint()
    story.earn(story.ada, "-6_000.00")
    decision = story.judge(story.ada, "daily")
    story.checkpoint()
    raw = story.bundle(decision, since=first)
    with pytest.raises(verifier.Untied, match="says nothing about your checkpoint"):
        verifier.verify(raw, second)
    bundle = json.loads(raw)
    bundle["consistency"]["proof"][0] = base64.b64encode(bytes(32)).decode()
    with pytest.raises(verifier.Refused, match="not a continuation"):
        verifier.verify(resigned(bundle))
    bundle["consistency"]["proof"] = []
    with pytest.raises(verifier.Refused, match="not a continuation"):
        verifier.verify(resigned(bundle))
    bundle["consistency"] = {"checkpoint": bundle["checkpoint"], "proof": []}
    with pytest.raises(verifier.Refused, match="older checkpoint"):
        verifier.verify(resigned(bundle))


def test_a_rewritten_history_does_not_fit_the_checkpoint_that_ada_kept(
    story: Any, tmp_path: Path, verifier: ModuleType
) -> None:
    """The same firm, key and size; but in her ledger a mark was never taken."""
    decision = story.ada_is_flat_below_her_floor()
    other = type(story)((tmp_path / "rewritten").resolve() if (tmp_path / "rewritten").mkdir() is None else tmp_path)
    other.both_open()
    other.earn(other.ada, "-5_001.00")
    other.judge(other.ada, "daily")
    held = other.checkpoint()
    other.ledger.close()
    story.checkpoint()
    with pytest.raises(verifier.Refused, match="has another root: history was rewritten"):
        verifier.verify(story.bundle(decision), held)


def _prove_again(story: Any, bundle: dict[str, Any]) -> None:
    size = int(bundle["checkpoint"].split("\n")[1])
    with story.reader() as reader, reader.tree(size) as tree:
        proof = rows_proof(tree.perfect, [one["seq"] for one in bundle["rows"]], size)
    bundle["proof"] = [base64.b64encode(part).decode() for part in proof]
