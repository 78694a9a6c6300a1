"""Pages of passes by counting, and of a share that ended an account: what was counted, what is asked, and what followed."""

import pytest

from appliance.lab.reading import Reading
from appliance.lab.words import outcome_words
from appliance.story.sentences import sentence_of
from appliance.summary import summarise, summary_text
from firm.facts import PhasePassed, StandingChanged
from firm.ids import id_text
from firm.kinds import body_of
from firm.money import Money
from storage.afterwards import explain_decision
from tests.web.page_text import text_of


@pytest.fixture
def counted(histories, tmp_path):
    stage = histories.counted(tmp_path / "firm")
    yield stage
    stage.close()


@pytest.fixture
def lucky(histories, tmp_path):
    stage = histories.lucky(tmp_path / "firm")
    yield stage
    stage.close()


@pytest.fixture
def read(visiting):
    """What Ada reads at an address of a firm."""

    async def read(firm, address):
        async with visiting(firm.firm) as visit:
            ada = await visit("ada")
            return text_of((await ada.get(address)).text)

    return read


def decision_of(firm, kind):
    with firm.reader.connection() as book:
        return book.execute("SELECT decision FROM rm_decision WHERE kind = ?", (kind,)).fetchone()[0]


def fact_of(firm, decision):
    row = firm.reader.row(decision)
    return body_of(row.kind, row.payload)


async def test_a_pass_by_counting_says_what_it_counted_on_its_page(counted, read):
    told = await read(counted, f"/decisions/{decision_of(counted, 'PhasePassed')}")
    assert "It counts 1 day that counts, 1 is asked , with a balance of 99,886.00 USD" in told
    assert "Minimum trades 2 trades closed, 2 are asked" in told
    assert "target" not in told.partition("The arithmetic")[0].lower()


def test_a_pass_by_counting_is_told_at_the_console_in_stories_and_in_the_lab(counted):
    decision = decision_of(counted, "PhasePassed")
    words = explain_decision(counted.reader, decision)
    assert words[0] == (
        "The phase is passed: 1 day that counts, 1 is asked and 2 trades closed, 2 are asked, with 1 trading day."
    )
    assert "What won it:\n  days: 1 day that counts, 1 is asked\n  trades: 2 trades closed, 2 are asked" in words
    fact = fact_of(counted, decision)
    assert isinstance(fact, PhasePassed)
    won = "days: 1 day that counts, 1 is asked; trades: 2 trades closed, 2 are asked"
    assert sentence_of(fact) == f"the phase is passed: {won}; balance 99,886.00 USD"
    assert "1 day against            1 day" in summary_text(summarise(counted.path))
    reading = Reading(Money(10_000_000, "USD", 2), 1)
    reading.take(fact, decision, 2)
    reading.take(StandingChanged(before="active", after="passed", because="objectives_met"), decision + 1, 2)
    outcome = reading.outcome()
    assert f"passed by days 1970-01-01T00:00:00.000002Z with {won}" in outcome_words(outcome, 2, "USD")
    assert (outcome.figure, outcome.against) == (None, None)


async def test_a_trader_reads_by_what_a_phase_without_a_target_is_won(counted, read):
    told = await read(counted, f"/accounts/{id_text(counted.accounts['ada'])}/rules")
    asked = "“Minimum trading days” and “Minimum number of trades”"
    assert f"There is no profit target: the phase is won as soon as all of this is reached: {asked}." in told


async def test_a_share_that_ended_an_account_is_told_with_its_day_and_what_followed(lucky, read):
    decision = decision_of(lucky, "RuleBroken")
    told = await read(lucky, f"/decisions/{decision}")
    day = fact_of(lucky, decision).subject
    assert "Breach: consistency" in told
    assert f"of Day {day} , 62.33 % was measured, and the limit is 50 % . The account ends." in told
    assert "best day above its largest share" in told.lower()
    rows = await read(lucky, f"/accounts/{id_text(lucky.accounts['ada'])}/rules")
    assert "It is looked at with every trade that is closed." in rows
