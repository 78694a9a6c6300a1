"""Scores on pages: a reviewer publishes one, and Ada reads how she stands, and by which score her phase was won."""

import pytest

from firm.commands import PublishScore
from firm.ids import id_text
from firm.phase import Standing
from tests.web.page_text import text_of


@pytest.fixture
def firm(histories, tmp_path):
    stage = histories.cup(tmp_path / "firm")
    yield stage
    stage.close()


@pytest.fixture
async def visit(firm, visiting):
    async with visiting(firm.firm) as visit:
        yield visit


def home(firm):
    return f"/accounts/{id_text(firm.accounts['ada'])}"


FIELDS = {"board": "Spring cup", "why": "first on the board"}


async def test_a_score_wins_the_phase_and_each_page_says_so(visit, firm, play):
    ruth, ada = await visit("ruth"), await visit("ada")
    assert "Nothing is published yet." in text_of(
        (await ada.get(f"{home(firm)}/rules")).text + (await ada.get(home(firm))).text
    )
    page = (await ruth.get(f"/staff{home(firm)}")).text
    assert "Spring cup: 10 wins" in page
    answer = await ruth.send_form(f"/staff{home(firm)}/scores", **FIELDS, score="9")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff{home(firm)}#score")
    assert firm.asked[-1] == PublishScore(
        by=f"staff:{play.RUTH}", account=firm.accounts["ada"], board="Spring cup", score=9, why="first on the board"
    )
    assert "It is 9 now." in text_of((await ada.get(home(firm))).text)
    await ruth.send_form(f"/staff{home(firm)}/scores", **FIELDS, score="1,200")
    assert firm.board_account(firm.accounts["ada"]).standing is Standing.PASSED
    with firm.reader.connection() as book:
        [decision] = book.execute("SELECT decision FROM rm_decision WHERE kind = 'PhasePassed'").fetchone()
    told = text_of((await ada.get(f"/decisions/{decision}")).text)
    assert "The published score on Spring cup reached 1,200 , and 10 is asked" in told
    assert "USD" not in told.partition("What happened")[2].partition("The rule")[0]
    traced = text_of((await ruth.get(f"/staff/trace?desk=account/{id_text(firm.accounts['ada'])}")).text)
    assert "published a score of 1,200 on “Spring cup”: “first on the board”" in traced
    assert "Won: a score of 1,200 on “Spring cup” meets 10." in traced


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"score": "many"}, "Write the score as a whole number"),
        ({"score": "-1"}, "Write the score as a whole number"),
        ({"score": "1000000000001"}, "Write the score as a whole number"),
        ({"score": "9", "why": ""}, "why"),
        ({"score": "9", "board": ""}, "Choose the board."),
        ({"score": "9", "board": "Autumn cup"}, "o rule of this account asks for a score on this board"),
    ],
)
async def test_what_is_wrong_with_a_score_is_said_beside_what_was_typed(visit, firm, fields, told):
    ruth = await visit("ruth")
    answer = await ruth.send_form(f"/staff{home(firm)}/scores", **{**FIELDS, **fields})
    assert answer.status_code == 422
    section = answer.text.partition('id="score"')[2].partition("</section>")[0]
    assert told in text_of(section) or told in section
    assert f'value="{fields["score"]}"' in section


async def test_traders_publish_no_scores(visit, firm):
    ada = await visit("ada")
    answer = await ada.send_form(f"/staff{home(firm)}/scores", **FIELDS, score="12")
    assert answer.status_code in (403, 404)
    assert not any(isinstance(command, PublishScore) for command in firm.asked)
