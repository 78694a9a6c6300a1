"""Pages of a breach that a late price put in question: what the trader and the staff read, and a person's answer to it."""

import re

import pytest

from firm.ids import id_text
from firm.sentences.languages import Language


@pytest.fixture
async def visit(firm, visiting):
    """Somebody's browser in that firm."""
    async with visiting(firm.firm) as visit:
        yield visit


async def test_ada_reads_that_her_breach_is_in_question_and_why(visit, decision):
    ada = await visit("ada")
    page = (await ada.get(f"/decisions/{decision}")).text
    assert "This ended the account. It is in question." in page
    assert "The price of EURUSD in row" in page
    assert "A person at the firm decides whether the breach stands. Until then the account stays closed." in page
    assert "Now <b>Breach in question</b>" in page


@pytest.mark.parametrize(("name", "room"), [("ada", ""), ("ruth", "/staff")])
async def test_trader_and_reviewer_see_both_prices_and_what_equity_was_with_each(visit, decision, name, room):
    page = (await (await visit(name)).get(f"{room}/decisions/{decision}")).text
    card = page.partition('id="late-title"')[2].partition("</section>")[0]
    for said in (
        "1.38600",
        "1.38612",
        "1.38715",
        "1.38727",
        "20:00:39.000",
        "20:00:45.000",
    ):  # what was used, and what came late
        assert said in card, said
    for figure in ("94,384.00", "95,419.00", "95,000.00", "−616.00", "+419.00", "no breach"):
        assert figure in card, figure
    assert "Profit of position P7022 (EURUSD)" in card


async def test_it_waits_among_the_decisions_of_the_staff(visit, decision):
    ruth = await visit("ruth")
    assert f"/staff/decisions/{decision}" in (await ruth.get("/staff/decisions?show=waiting")).text
    page = (await ruth.get(f"/staff/decisions/{decision}")).text
    assert "This needs a decision" in page
    assert "Uphold the breach" in page
    form = page.partition('id="review"')[2].partition("</form>")[0]
    assert "95,419.00" in form
    waiting = (await ruth.get("/staff")).text.partition('id="waiting-title"')[2].partition("</section>")[0]
    assert "In question" in waiting


@pytest.mark.parametrize(("outcome", "word"), [("confirm", "Upheld at"), ("dismiss", "Dismissed at")])
async def test_a_person_answers_and_ada_reads_the_reason(visit, firm, decision, outcome, word):
    ruth, ada = await visit("ruth"), await visit("ada")
    path = f"/staff/decisions/{decision}/review"
    answer = await ruth.send_form(path, outcome=outcome, why="Compared both feeds.")
    assert answer.status_code == 303
    page = (await ada.get(f"/decisions/{decision}")).text
    assert f'{word} <time class="num nowrap" datetime="2014-05-01T20:00:' in page
    assert "by the firm’s risk staff: “Compared both feeds.”</p>" in page
    assert "In question since" in page, "why it was asked stays on the page"
    assert "It is in question." not in page
    assert "A person at the firm decides whether" not in page


async def test_a_dismissed_breach_is_nowhere_told_as_one(visit, firm, decision):
    ruth, ada = await visit("ruth"), await visit("ada")
    account = id_text(firm.accounts["ada"])
    assert '<b class="num">1</b>' in tile(await ruth.get("/staff"), "Breaches, last 24 hours")
    for path in (f"/accounts/{account}", "/accounts"):
        page = (await ada.get(path)).text
        assert "Breach in question" in page, path
        assert "Until then the account stays closed." in page, path
        assert "Its decision says which rule was broken" not in page, path
    await ruth.send_form(f"/staff/decisions/{decision}/review", outcome="dismiss", why="The late price is real.")
    for path in (f"/accounts/{account}", "/accounts", f"/decisions/{decision}"):
        page = (await ada.get(path)).text
        assert "Breach dismissed" in page, path
        assert "a person at the firm settles with you" in page, path
        assert "Breached" not in page, path
    assert "This ended the account. It was dismissed afterwards: it was no breach." in page
    assert "real.”." not in page
    assert '<b class="num">0</b>' in tile(await ruth.get("/staff"), "Breaches, last 24 hours")
    assert "Breach dismissed" in (await ruth.get("/staff/accounts")).text
    assert "1 of them in question or dismissed" in (await ruth.get("/staff")).text
    assert "settled by hand" in (await ruth.get(f"/staff/accounts/{account}")).text


def tile(home, label):
    return home.text.partition(label)[2].partition("</a>")[0]


async def test_staff_have_a_list_of_dismissed_breaches(visit, decision):
    ruth = await visit("ruth")
    assert "No breach was dismissed." in (await ruth.get("/staff/decisions?show=dismissed")).text
    await ruth.send_form(f"/staff/decisions/{decision}/review", outcome="dismiss", why="Compared both feeds.")
    page = (await ruth.get("/staff/decisions?show=dismissed")).text
    assert f'href="/staff/decisions/{decision}"' in page
    assert "What is owed to these traders is settled by hand" in page
    assert "settled by hand" in (await ruth.get(f"/staff/decisions/{decision}")).text


# --- what the rules say of it ---

IN_QUESTION = {
    Language.ENGLISH: "Whether the rule is broken is in question: equity is at",
    Language.GERMAN: "Dass die Regel verletzt ist, wird angezweifelt: die Equity liegt bei",
    Language.SPANISH: "Está en duda si se ha incumplido la regla: la equity está en",
    Language.FRENCH: "L’infraction à la règle est remise en cause : l’equity est à",
    Language.PORTUGUESE: "Está em dúvida se a regra foi violada: a equity está em",
    Language.ARABIC: "مخالفة القاعدة موضع شك: مستوى حقوق الملكية عند",
}
BROKEN = {
    Language.ENGLISH: "The rule is broken",
    Language.GERMAN: "Die Regel ist verletzt",
    Language.SPANISH: "Se ha incumplido la regla",
    Language.FRENCH: "La règle est enfreinte",
    Language.PORTUGUESE: "A regra foi violada",
    Language.ARABIC: "تمت مخالفة القاعدة",
}


async def now_of(client, path, language):
    """How each rule stands, as its page reads."""
    page = (await client.get(path, headers={"accept-language": language.value})).text
    return " ".join(re.sub(r"<[^>]+>", "", now) for now in re.findall(r'<p class="now num">.*?</p>', page))


@pytest.mark.parametrize("language", Language)
async def test_what_is_only_suspected_is_not_told_as_broken_under_its_rule(ben, ruth, stage, language):
    account = id_text(stage.accounts["ben suspected"])
    for client, room in ((ben, ""), (ruth, "/staff")):
        now = await now_of(client, f"{room}/accounts/{account}/rules", language)
        assert IN_QUESTION[language] in now.replace("\u00a0", " ").replace("\u202f", " ")
        assert BROKEN[language] not in now


async def test_a_breach_that_nobody_questions_is_told_as_one_under_its_rule(ada, stage):
    now = await now_of(ada, f"/accounts/{id_text(stage.accounts['ada lost'])}/rules", Language.ENGLISH)
    assert BROKEN[Language.ENGLISH] in now
    assert "in question" not in now


async def test_a_breach_that_was_put_in_question_is_so_under_its_rule_until_a_person_answers(visit, firm, decision):
    ada, path = await visit("ada"), f"/accounts/{id_text(firm.accounts['ada'])}/rules"
    assert IN_QUESTION[Language.ENGLISH] in await now_of(ada, path, Language.ENGLISH)
    ruth = await visit("ruth")
    answer = await ruth.send_form(f"/staff/decisions/{decision}/review", outcome="confirm", why="Compared both feeds.")
    assert answer.status_code == 303
    assert "in question" not in await now_of(ada, path, Language.ENGLISH)
