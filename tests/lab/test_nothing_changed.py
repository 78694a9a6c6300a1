"""Nothing changed: under the rules that were sold, the lab decides what was decided, byte for byte, in worlds of every kind."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, get_args

import pytest
from msgspec.json import decode as decoded

from actors.account_together import FromTrader
from actors.replay import Recorded, recorded_inputs
from appliance.lab.engine import BETWEEN_ROWS, LabEngine
from firm.facts import AccountOpened
from firm.kinds import body_of, payload_of
from storage.rows import StoredRow
from tests.drift.history import History
from tests.lab.conftest import frames_of, history_of
from tests.lab.staffed import Staffed
from tests.worlds.world import World, columns_from, desks_that_raise

SEEDS, SEEDS_AT_LENGTH, STEPS, HISTORIES = 24, 96, 90, 8
# Orders of rows, an account that goes on again, and a stopped one that is told of others.
KEPT = (52, 61, 89, 93)
# In turns: behind bands alone, in columns alone, and both as accounts come and go.
COLUMNS = (10**9, 0, 3)
HAPPENS = (
    "BreachDeclared", "BreachSuspected", "PeakReached", "DayOpened", "VerdictCorrected", "AccountPaused", "DealCorrected",
    "PeakDoubted", "DividendBooked", "OverrideGranted", "ScorePublished", "PhasePassed",
)  # fmt: skip
# By the minute, and for charts: the lab takes none of them.
NOT_TAKEN = "MarkTaken"
ELSEWHERE = frozenset({
    "AccountOpened", "ChallengeAdvanced", "ChallengeEnded", "ChallengeReopened", "CommandQueued", "CommandAdvanced", "CommandProbed",
    "CommandWithheld", "FlatConfirmed", NOT_TAKEN,
})  # fmt: skip
# The lab has no traders' desks: what is kept for a stopped account of their word is none of its.
FROM_TRADERS = tuple(kind.__name__ for kind in get_args(FromTrader))
_DECISION = re.compile(r'(?<="decision":)\d+')  # in a message that was parked
_ROW = re.compile(r"(?<=\brow )\d+|(?<=\bdecision )\d+|^\d+(?=/)")


def row_of(number: int) -> int:
    """The ledger's row of a number in what the lab tells. What it took from a trader's desk as that once said it has rows already."""
    if number < BETWEEN_ROWS:
        return number
    assert number % BETWEEN_ROWS == 0, f"number {number} is of no row"
    return number // BETWEEN_ROWS


def as_rows(value: Any, name: str = "") -> Any:
    """What the lab decided, with the ledger's row numbers in place of its own."""
    match value:
        case dict():
            return {key: as_rows(one, key) for key, one in value.items()}
        case list():
            return [as_rows(one, name) for one in value]
        case str() if name in ("source", "because", "detail"):
            return _ROW.sub(lambda found: str(row_of(int(found[0]))), value)
        case str() if name == "message":
            return _DECISION.sub(lambda found: str(row_of(int(found[0]))), value)
        case int() if name in ("quotes", "frame", "decision", "was"):
            return row_of(value)
        case _:
            return value


def is_from_trader(row: StoredRow) -> bool:
    return row.kind == "MessageParked" and decoded(row.payload)["message_kind"] in FROM_TRADERS


def compared(history: Iterable[Recorded], frames: dict[int, bytes], told_by: str) -> Counter[str]:
    """The lab led through a history under what was sold; what was decided in it, by the names of the facts."""
    seen: Counter[str] = Counter()
    lab = LabEngine()
    for recorded in history:
        told = [
            (fact.row, fact.account, fact.at_us, type(fact.fact).__name__, as_rows(decoded(payload_of(fact.fact))))
            for fact in lab.follow(recorded, frames.__getitem__)
            if type(fact.fact).__name__ != NOT_TAKEN
        ]
        then = [
            (row.seq, row.account, row.happened_us, row.kind, decoded(row.payload))
            for row in recorded.facts
            if row.account and row.kind not in ELSEWHERE and not is_from_trader(row)
        ]
        assert told == then, f"{told_by}, input {recorded.input.seq}"
        seen.update(kind for _, _, _, kind, _ in told)
        for row in recorded.facts:
            if row.kind == "AccountOpened":
                opened = body_of(row.kind, row.payload)
                assert isinstance(opened, AccountOpened)
                lab.open(row, opened, None)
    return seen


def played(seeds: Iterable[int]) -> Counter[str]:
    """What was decided in these worlds; people review in every other three, engage switches, and reset a breaker that trips easily."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        with desks_that_raise(seed), columns_from(COLUMNS[seed % len(COLUMNS)]):
            world = (World, Staffed)[seed // 3 % 2](seed, STEPS)
            seen += compared(history_of(world), frames_of(world), f"world {seed}")
    return seen


def test_the_lab_decides_what_was_decided() -> None:
    seen = played((*range(SEEDS), *KEPT))
    for kind in HAPPENS:
        assert seen[kind], f"no world has {kind}: this test shows nothing of it"


@pytest.mark.soak
def test_the_lab_decides_what_was_decided_in_more_worlds() -> None:
    seen = played(range(SEEDS, SEEDS_AT_LENGTH))
    assert seen["BreachDeclared"] > 0


def test_what_a_platform_repeats_corrects_and_tells_late_changes_nothing_of_that() -> None:
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        played = History(seed)
        played.play()
        rows = [StoredRow(*row[:6], 0, 0, bytes(32), row.payload) for row, _ in played.firm.rows]
        seen += compared(recorded_inputs(iter(rows)), played.firm.frames, f"history {seed}")
    assert min(seen["SwapPosted"], seen["DealCorrected"], seen["DayAnchored"]) > 0
