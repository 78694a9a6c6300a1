"""Lots that were added, breaches of a waiver, limits that close again, calendars by name, several accounts: proven, and forged."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import (
    AccountOpened,
    BreachDeclared,
    BreachWaived,
    DealBooked,
    MarketDaysAdopted,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
)
from firm.inputs import Side
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from firm.kinds import Body
from firm.news import news_calendar
from firm.rules.limits import Limit
from firm.terms.conduct import NewsAction
from firm.terms.words import Action, Scope
from storage.reader import LedgerReader
from storage.rows import Row
from tests.actors import test_closed_again as closed_again
from tests.actors.conftest import Stage
from tests.actors.dealer import delete
from tests.actors.several import LOT, LOTS, OPPOSITE, ada
from tests.actors.several import buy as buys
from tests.actors.several import close as closes
from tests.actors.several import sell as sells
from tests.actors.test_ages import DURATION, added_to
from tests.actors.test_conduct import LOTS as LOTS_OF_ONE
from tests.actors.test_conduct import MAXIMUM, buy, close, trading
from tests.actors.test_market_days import CLOSES_US, EARLY, NYSE, go_by, holding
from tests.actors.test_market_days import HOLDING as NAMED_DAYS
from tests.actors.test_market_days import minutes as by_minutes
from tests.actors.test_news_and_deeds import HOLDING, PAYROLLS, WINDOW, adopt, at, minutes, ready
from tests.actors.test_waived_breaches import later, waived
from tests.evidence.proven import (
    DERIVED,
    SECRET,
    changed,
    decisions,
    honest,
    proven,
    refused,
    rows_of,
    with_step,
    write,
)


def one(stage: Any, kind: type[Body]) -> int:
    [found] = decisions(stage, kind)
    return found


# --- how old lots are ---


def test_a_closing_is_as_old_as_the_lots_that_were_added(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    _, added_seq = added_to(stage)
    said = proven(verifier, stage, tmp_path, one(stage, RuleBroken))
    assert DERIVED in said
    assert f"given by {added_seq}/deal/at_us" in said


@pytest.mark.parametrize("late", ["opening", "closing", "corrected"])
def test_lots_that_were_told_late_or_corrected_are_as_old_as_they_are(
    stage: Stage, verifier: ModuleType, tmp_path: Path, late: str
) -> None:
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "2", deal="D1")
    stage.wait(600)
    buy(stage, account, "1", deal="D2")
    added_us = stage.now_us
    stage.wait(300)
    if late == "opening":
        close(stage, account, "0.5")
        buy(stage, account, "1", at_us=stage.now_us - 60 * SECOND_US)
    elif late == "closing":
        buy(stage, account, "1")
        close(stage, account, "1", at_us=added_us + 60 * SECOND_US)
    else:
        buy(stage, account, "1", deal="D3")
        stage.wait(10)
        delete(stage, account, "D2")
        close(stage, account, "0.5")
    assert DERIVED in proven(verifier, stage, tmp_path, one(stage, RuleBroken))


FORGED_AGES = [
    pytest.param("opening of P1", {"source": "1/opened_us"}, "it is opening of P1", id="the old position's opening"),
    pytest.param("how long P1 lasted", {"value": 3_620 * SECOND_US}, "how long P1 lasted = 20000000", id="its age"),
]


@pytest.mark.parametrize(("name", "fields", "why"), FORGED_AGES)
def test_an_age_of_other_lots_is_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None, name: str, fields: dict[str, Any], why: str
) -> None:
    added_to(stage)
    decision = one(stage, RuleBroken)
    refused(verifier, stage, tmp_path, decision, with_step(decision, name, **fields), why)


@pytest.mark.parametrize("way", ["close", "modify", "hold"])
def test_news_exempt_by_the_youngest_lots(stage: Stage, verifier: ModuleType, tmp_path: Path, way: str) -> None:
    exempt = {
        "close": replace(WINDOW, actions=(NewsAction.CLOSE,), exempt_opened_before_s=400),
        "modify": replace(WINDOW, actions=(NewsAction.MODIFY,), exempt_opened_before_s=400),
        "hold": replace(HOLDING, exempt_opened_before_s=400),
    }[way]
    account = ready(stage, exempt)
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_000)
    at(stage, -200)
    buy(stage, account, "1")
    if way == "hold":
        minutes(stage, -3, 3)
    at(stage, 10)
    if way == "close":
        close(stage, account, "1")
    elif way == "modify":
        stage.position(account, "P1", stop_loss=138_200, price_open=138_700)
    said = proven(verifier, stage, tmp_path, one(stage, RuleBroken))
    assert DERIVED in said


def test_a_mark_that_a_deal_brings_sees_what_was_held_before_it(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    account = ready(stage, HOLDING)
    buy(stage, account, "1")
    at(stage, -125)
    stage.now_us += 155 * SECOND_US
    buy(stage, account, "1", "P2")
    decision, booked = one(stage, RuleBroken), decisions(stage, DealBooked)[-1]
    assert decision < booked
    assert DERIVED in proven(verifier, stage, tmp_path, decision)


# --- who was let off ---


def let_off(stage: Stage, *more: str) -> int:
    """Six lots in a waiver, where five are allowed; later `more` are bought."""
    account = trading(stage, MAXIMUM, LOTS_OF_ONE)
    waived(stage, account, "lots")
    buy(stage, account, "6")
    later(stage, 2 * HOUR_US)
    for number, lots in enumerate(more):
        buy(stage, account, lots, f"Q{number}")
    return account


def test_what_goes_beyond_a_waived_breach_is_proven(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    let_off(stage, "0.01")
    assert DERIVED in proven(verifier, stage, tmp_path, one(stage, RuleBroken))


def test_what_was_let_off_and_is_kept_again_is_proven(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = let_off(stage)
    close(stage, account, "2")
    said = proven(verifier, stage, tmp_path, one(stage, RuleKeptAgain))
    assert f"row {one(stage, BreachWaived)} says that the account broke 'lots' while it was waived" in said
    assert "breaks 'lots' no more, worked out" in said


def test_a_breach_that_was_let_off_is_no_breach_when_the_waiver_ends(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    """As if it had been noted to have gone as far as it went later."""
    let_off(stage, "0.01")
    note, decision = one(stage, BreachWaived), one(stage, RuleBroken)
    why = f"row {note} lets the account off: it broke 'lots' while that was waived, and no further since"
    refused(verifier, stage, tmp_path, decision, changed(note, observed=601_000_000), why)


def test_nobody_is_let_off_without_a_person_s_word(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    let_off(stage, "0.01")
    note, decision = one(stage, BreachWaived), one(stage, RuleBroken)
    at_us = stage.now_us + DAY_US
    why = f"row {note} lets off a breach of 'lots', which nobody waived"
    refused(verifier, stage, tmp_path, decision, changed(note, at_us=at_us), why)


# --- limits that close again ---


def test_each_closing_under_a_floor_is_a_decision_that_is_proven(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    twice = replace(closed_again.DAILY, on_breach=(Action.CLOSE_POSITIONS, Action.CLOSE_POSITIONS, Action.PAUSE))
    account = closed_again.under(stage, twice)
    for number in range(2):
        stage.deal(account, f"Q{number}", Side.BUY, "1", 137_610)
        if not number:
            close(stage, account, "1", 137_600, position="Q0", profit="-10.00")
    found = decisions(stage, BreachDeclared)
    assert len(found) == 3
    for decision in found:
        said = proven(verifier, stage, tmp_path, decision)
        assert "by how often the rule was broken before" in said


def test_a_limit_does_not_close_again_what_is_being_closed(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: None
) -> None:
    """The firm declares the breach of a position again that it has only begun to close."""
    dishonest(monkeypatch)
    account = trading(stage, MAXIMUM, closed_again.DAILY)
    buy(stage, account, "1")
    for bid in (137_700, 137_600, 137_500):
        closed_again.price(stage, bid)
    first, second, *_ = decisions(stage, BreachDeclared)
    assert proven(verifier, stage, tmp_path, first)
    with pytest.raises(
        verifier.Refused, match=f"row {first} says already that 'daily' was broken on that day, and nothing"
    ):
        proven(verifier, stage, tmp_path, second)


def test_a_limit_closes_nothing_where_nothing_is_open(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: None
) -> None:
    dishonest(monkeypatch)
    account = trading(stage, MAXIMUM, replace(closed_again.DAILY, scope=Scope.WEEK))
    buy(stage, account, "1")
    closed_again.price(stage, 137_600)
    close(stage, account, "1", 137_600, profit="-1_100.00")
    stage.now_us += DAY_US
    stage.tick("EURUSD", 137_600, 137_610)
    stage.watermark()
    stage.equity(account, "98_900.00", "98_900.00")
    *_, last = decisions(stage, BreachDeclared)
    refused(verifier, stage, tmp_path, last, honest, "the breach of 'daily' closes positions, and none is open")


def dishonest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firm that looks at limits although they were broken, and have closed what was open."""

    def every(state: Any, limits: tuple[Limit, ...], at_us: int) -> tuple[Limit, ...]:
        return limits

    monkeypatch.setattr("actors.account_verdicts.open_limits", every)
    for name in ("actors.account_grounds.watched_limits", "actors.account_seat.watched_limits"):
        monkeypatch.setattr(name, lambda account, limits: limits, raising=False)


# --- calendars by name ---


def test_market_days_that_the_rule_names_are_proven(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    go_by(stage)
    holding(stage, NAMED_DAYS)
    by_minutes(stage, CLOSES_US - 20 * MINUTE_US)
    said = proven(verifier, stage, tmp_path, one(stage, RuleBroken))
    assert DERIVED in said
    assert f"The market days that it goes by are in ledger row {one(stage, MarketDaysAdopted)}, version" in said


FORGED_DAYS = [
    pytest.param(replace(NYSE, name="lse"), "are 'lse', the rule goes by 'nyse'", id="of another name"),
    pytest.param(
        replace(NYSE, symbols=("XAUUSD",)), "the working goes on after its last step, ''", id="of another symbol"
    ),
    pytest.param(replace(NYSE, days=(replace(EARLY, closes="12:00"),)), "by the rows and the rules", id="another hour"),
]


@pytest.mark.parametrize(("days", "why"), FORGED_DAYS)
def test_market_days_that_the_firm_did_not_go_by_are_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None, days: Any, why: str
) -> None:
    go_by(stage)
    holding(stage, NAMED_DAYS)
    by_minutes(stage, CLOSES_US - 20 * MINUTE_US)
    decision, adopted = one(stage, RuleBroken), one(stage, MarketDaysAdopted)

    def forge(row: Row, body: Body) -> tuple[Row, Body]:
        _, body = changed(adopted, days=days, version=days.version)(row, body)
        return changed(decision, calendar=days.version)(row, body)

    refused(verifier, stage, tmp_path, decision, forge, why)


def test_market_days_have_the_version_that_they_are_called_by(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None
) -> None:
    go_by(stage)
    holding(stage, NAMED_DAYS)
    by_minutes(stage, CLOSES_US - 20 * MINUTE_US)
    forge = changed(one(stage, MarketDaysAdopted), days=replace(NYSE, zone="Europe/Berlin"))
    refused(verifier, stage, tmp_path, one(stage, RuleBroken), forge, "is not the one of version")


def test_news_of_another_name_are_proven_and_none_else(
    stage: Stage, verifier: ModuleType, tmp_path: Path, silent: None
) -> None:
    account = ready(stage, replace(WINDOW, calendar="earnings"))
    own = news_calendar("earnings", [PAYROLLS])
    adopt(stage, own)
    at(stage, -30)
    buy(stage, account, "1")
    decision = one(stage, RuleBroken)
    assert DERIVED in proven(verifier, stage, tmp_path / "honest", decision)
    other = next(
        body.version for _, body in rows_of(stage) if type(body).__name__ == "CalendarAdopted" and body.version != own.version
    )  # fmt: skip
    why = "is 'news', the rule goes by 'earnings'"
    refused(verifier, stage, tmp_path / "forged", decision, changed(decision, calendar=other), why)


# --- several accounts of a trader ---


def hedged_over_two(days: int = 0) -> tuple[Any, int]:
    stage, (first, second) = ada(OPPOSITE)
    buys(stage, first, "2")
    if days:
        stage.now_us += days * DAY_US
        stage.tick("EURUSD", 138_690, 138_700)
        stage.watermark()
    sells(stage, second, "0.5")
    return stage, one(stage, RuleSuspected)


@pytest.mark.parametrize("days", [0, 1])
def test_lots_against_each_other_are_worked_out_from_what_is_cited(
    verifier: ModuleType, tmp_path: Path, days: int
) -> None:
    stage, decision = hedged_over_two(days)
    said = proven(verifier, stage, tmp_path, decision)
    assert DERIVED in said
    assert "NOT shown: what the other accounts held then beside what is cited" in said


def test_lots_of_all_accounts_are_worked_out(verifier: ModuleType, tmp_path: Path) -> None:
    stage, (first, second) = ada(LOTS)
    buys(stage, first, "6")
    buys(stage, second, "4.01")
    assert DERIVED in proven(verifier, stage, tmp_path, one(stage, RuleBroken))


def share(fact: RuleSuspected, lots: int) -> str:
    return next(step.name for step in fact.working if step.name.startswith("lots of") and step.value == lots)


FORGED_TOGETHER = [
    pytest.param(LOT // 2, {"value": LOT}, "by the rows and the rules it is lots of", id="more of the own"),
    pytest.param(2 * LOT, {"value": 3 * LOT}, "does not say that account", id="more of another's"),
]


@pytest.mark.parametrize(("lots", "fields", "why"), FORGED_TOGETHER)
def test_lots_that_no_row_holds_are_refused(
    verifier: ModuleType, tmp_path: Path, silent: None, lots: int, fields: dict[str, Any], why: str
) -> None:
    stage, decision = hedged_over_two()
    [fact] = stage.facts(RuleSuspected)
    refused(verifier, stage, tmp_path, decision, with_step(decision, share(fact, lots), **fields), why)


def test_accounts_that_are_not_named_are_not_counted(verifier: ModuleType, tmp_path: Path, silent: None) -> None:
    stage, decision = hedged_over_two()
    [fact] = stage.facts(RuleSuspected)
    forge = changed(decision, accounts=fact.accounts[1:])
    refused(verifier, stage, tmp_path, decision, forge, "which the decision does not name|belong to another account")


def test_a_sum_that_does_not_follow_is_refused(verifier: ModuleType, tmp_path: Path, silent: None) -> None:
    stage, decision = hedged_over_two()
    forge = with_step(decision, "EURUSD against each other", value=LOT)
    refused(verifier, stage, tmp_path, decision, forge, "it is EURUSD against each other = 50000000")


def kept_by_two(lots: str = "0") -> tuple[Any, int]:
    """Three and two lots may be held together, and three and three were; so many of the three are left."""
    stage, (first, second) = ada(replace(LOTS, limit=5 * LOT))
    buys(stage, first, "3")
    buys(stage, second, "3")
    closes(stage, second, "3" if lots == "0" else f"{3 - float(lots):.2f}")
    return stage, one(stage, RuleKeptAgain)


@pytest.mark.parametrize("lots", ["0", "2"])
def test_that_accounts_keep_a_rule_again_is_worked_out_from_what_each_holds(
    verifier: ModuleType, tmp_path: Path, lots: str
) -> None:
    stage, decision = kept_by_two(lots)
    [fact] = stage.facts(RuleKeptAgain)
    assert len(fact.accounts) == (1 if lots == "0" else 2)
    said = proven(verifier, stage, tmp_path, decision)
    assert "that EURUSD buy breaks 'lots_together' no more, worked out" in said
    assert "NOT shown: what the other accounts held then beside what is cited" in said


def test_where_nobody_holds_anything_the_row_says_no_more_than_it_did(verifier: ModuleType, tmp_path: Path) -> None:
    stage, (first, second) = ada(replace(OPPOSITE, on_breach=(Action.WARN,)))
    buys(stage, first, "1")
    sells(stage, second, "1")
    closes(stage, second, "1", side=Side.BUY)
    closes(stage, first, "1")
    decision = one(stage, RuleKeptAgain)
    assert "breaks 'hedged' no more, worked out" in proven(verifier, stage, tmp_path, decision)


@pytest.mark.parametrize("lots", [3 * LOT, 2 * LOT])
def test_lots_that_were_not_left_are_refused(verifier: ModuleType, tmp_path: Path, lots: int) -> None:
    stage, decision = kept_by_two("2")
    [fact] = stage.facts(RuleKeptAgain)
    forge = with_step(decision, share(fact, lots), value=LOT)
    refused(
        verifier, stage, tmp_path, decision, forge, "does not say that account|by the rows and the rules it is lots of"
    )


def test_kept_again_while_more_is_held_than_may_be_is_refused(verifier: ModuleType, tmp_path: Path) -> None:
    """As if the rule allowed six, of which a lot is left too many."""
    stage, decision = kept_by_two("2")
    steps = stage.facts(RuleKeptAgain)[0].working
    stricter = replace(LOTS, limit=4 * LOT)

    def sold(row: Any, body: Any) -> Any:
        if isinstance(body, AccountOpened):
            terms = tuple(stricter if term.id == stricter.id else term for term in body.ruleset.terms)
            rules = replace(body.ruleset, terms=terms)
            return row, replace(body, ruleset=rules, ruleset_id=rules.ruleset_id())
        if row.seq != decision:
            return row, body
        working = tuple(_of_four(step) for step in steps)
        return row, replace(body, working=working)

    refused(verifier, stage, tmp_path, decision, sold, "EURUSD buy breaks 'lots_together' yet, by the rows")


def _of_four(step: Any) -> Any:
    match step.name:
        case "most of all accounts together":
            return replace(step, value=4 * LOT)
        case "more than all accounts may have together":
            return replace(step, value=1)
    return step


def test_who_left_an_account_out_shows_no_more_than_earlier_releases(verifier: ModuleType, tmp_path: Path) -> None:
    stage, (first, second) = ada(replace(LOTS, limit=5 * LOT))
    buys(stage, second, "3")
    buys(stage, first, "3")
    closes(stage, second, "1")
    decision = one(stage, RuleKeptAgain)
    said = proven(verifier, stage, tmp_path, decision, changed(decision, accounts=(), working=()))
    assert (
        "NOT shown: that EURUSD buy keeps 'lots_together'; the file does not hold what its trader's accounts held"
        in said
    )


# --- figures of any size ---


def test_a_figure_that_no_column_holds_is_in_its_row(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    """The list of decisions has the most that it can hold, and the ledger goes on."""
    added_to(stage)
    decision = one(stage, RuleBroken)
    write(stage, tmp_path, changed(decision, observed=10**30))
    with LedgerReader(tmp_path, secret=SECRET) as reader, reader.connection() as book:
        [(observed,)] = book.execute("SELECT observed FROM rm_decision WHERE decision = ?", (decision,))
    assert observed == 2**63 - 1
    with pytest.raises(verifier.Refused, match=r"the decision says \(1000000000000000000000000000000, 120, 's'\)"):
        proven(verifier, stage, tmp_path, decision)
