"""What a history leaves in the ledger, corrected deals included: each verdict proves itself, a replay decides the same, pages add up."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from msgspec.structs import replace

from actors.engine import Engine
from firm.account import AccountState
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    DealCorrected,
    DealIgnored,
    DividendBooked,
    MarkTaken,
    PassHeld,
    PhasePassed,
)
from firm.inputs import DealEntry, Side
from firm.kinds import Body, payload_of
from storage.evidence import build_bundle
from storage.files import create_firm_directory
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels.accounts import account_line
from storage.readmodels.days import days_of
from storage.readmodels.registry import READ_MODELS
from storage.readmodels.trades import closed_trades
from storage.rows import Row
from tests.drift.history import History

SECRET, SEED = bytes(32), bytes(range(32))
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"
DECISIONS = (BreachDeclared, BreachSuspected, PhasePassed, PassHeld)
OPEN_NETS = "SELECT net FROM rm_trade WHERE account = ? AND closed_seq IS NULL"
SEEDS = range(2_000, 2_024)
CORRECTED = 2_006  # its first breach falls after corrections of the same account and day


Rows = list[tuple[Row, Body]]


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_evidence_of_histories", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def played(seed: int) -> History:
    history = History(seed)
    history.play()
    return history


def written(rows: Rows, history: History, directory: Path) -> Ledger:
    """The rows in a ledger of their own, with all read models."""
    create_firm_directory(directory)
    Ledger.create(directory, firm_slug="demo", lineage=bytes(16), secret=SECRET, signing_seed=SEED)
    ledger = Ledger.open(directory, secret=SECRET, signing_seed=SEED, read_models=READ_MODELS)
    ledger.append(rows, frames=list(history.firm.frames.items()))
    return ledger


@pytest.mark.parametrize("seed", SEEDS)
def test_each_verdict_proves_itself_and_pages_add_up(seed: int, tmp_path: Path, verifier: ModuleType) -> None:
    history = played(seed)
    ledger = written(history.firm.rows, history, tmp_path)
    try:
        with LedgerReader(tmp_path, secret=SECRET) as reader:
            for row, body in history.firm.rows:
                if isinstance(body, DECISIONS):
                    bundle = build_bundle(reader, row.seq, secret=SECRET, signing_seed=SEED)
                    assert verifier.verify(bundle)
            for account in history.accounts:
                dividends = sum(
                    body.amount.minor
                    for row, body in history.firm.rows
                    if isinstance(body, DividendBooked) and row.account == account
                )
                add_up(reader, history.firm.state(account), dividends)
    finally:
        ledger.close()


def add_up(reader: LedgerReader, state: AccountState, dividends: int) -> None:
    """The account's page, from the read models, against its state. `dividends` in minor units: trading result of no trade."""
    with reader.connection() as book:
        line, trades = account_line(book, state.account), closed_trades(book, state.account, None, 1_000)
        open_nets = list(book.execute(OPEN_NETS, (state.account,)))
        days = days_of(book, state.account, 100)
    assert line is not None
    assert (line.balance, line.days_traded, line.cash_net) == (state.balance, state.days_traded, state.cash_net)
    for trade in trades:
        assert trade.net.minor == sum(deal.profit + deal.costs for deal in trade.deals), trade
        lots = [deal.lots_e8 if deal.entry is DealEntry.IN else -deal.lots_e8 for deal in trade.deals]
        assert sum(lots) == 0, trade
    made = sum(trade.net.minor for trade in trades) + sum(net for (net,) in open_nets) + dividends
    assert line.initial + line.cash_net + made == state.balance
    assert sum(day.net for day in days) == made


def test_a_replay_of_corrected_deals_decides_the_same_bytes() -> None:
    history = played(2_004)
    engine, rows = Engine("0" * 32), []
    for arrival in history.firm.arrivals:
        rows += engine.decide([arrival]).rows
    assert [(row, payload_of(body)) for row, body in rows] == [
        (row, payload_of(body)) for row, body in history.firm.rows
    ]


def otherwise(fact: DealCorrected, wrong: str) -> Body:
    """What a dishonest firm would write in the place of a correction."""
    match wrong:
        case "net":
            return replace(
                fact,
                net=fact.net.with_minor(fact.net.minor + 100),
                balance=fact.balance.with_minor(fact.balance.minor + 100),
            )
        case "balance":
            return replace(fact, balance=fact.balance.with_minor(fact.balance.minor + 100))
        case "lots":
            return replace(fact, lots_e8=fact.lots_e8 + 10**6)
        case "deleted":
            return replace(fact, deleted=not fact.deleted)
        case "symbol":
            return replace(fact, symbol=f"{fact.symbol}.r")
        case "side":
            return replace(fact, side=Side.SELL if fact.side is Side.BUY else Side.BUY)
        case "position":
            return replace(fact, position_id=f"{fact.position_id}0")
        case "withheld":
            return DealIgnored(deal_id=fact.deal_id, why="already_booked")
        case _:
            return MarkTaken(balance=fact.balance, equity=fact.balance, headroom=None)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("net", "the deals differ by"),
        ("balance", "do not make"),
        ("lots", "does not leave the position as its deals do"),
        ("deleted", "does not correct the deal as the platform reported"),
        ("symbol", "corrects a deal of another position"),
        ("side", "does not leave the position as its deals do"),
        ("position", "corrects a deal of another position"),
        ("withheld", "was booked so already, it was another"),
        ("left out", "was never booked"),
    ],
)
def test_a_correction_that_is_booked_otherwise_is_refused(
    wrong: str, why: str, tmp_path: Path, verifier: ModuleType
) -> None:
    history = played(CORRECTED)
    rows = history.firm.rows
    decision = next(row for row, body in rows if isinstance(body, BreachSuspected | BreachDeclared))
    before = [
        (place, row, body)
        for place, (row, body) in enumerate(rows)
        if isinstance(body, DealCorrected)
        and not body.deleted
        and row.account == decision.account
        and row.seq < decision.seq
    ]
    place, row, body = before[-1]
    written_row = otherwise(body, wrong)
    forged = [*rows]
    forged[place] = (row._replace(kind=type(written_row).__name__, payload=payload_of(written_row)), written_row)
    ledger = written(forged, history, tmp_path)
    try:
        with LedgerReader(tmp_path, secret=SECRET) as reader:
            bundle = build_bundle(reader, decision.seq, secret=SECRET, signing_seed=SEED)
        with pytest.raises(verifier.Refused, match=why):
            verifier.verify(bundle)
    finally:
        ledger.close()
