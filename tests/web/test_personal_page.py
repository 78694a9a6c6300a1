"""A trader's own data: shown and handed out to them alone; who is forgotten is signed out, once their accounts are over.

And what else is a person's right: that a person looks at a decision of a program, asked for on its page, answered by staff, read by both.
"""

import io
import json
import zipfile

from firm.bounds import APPEAL_WORDS_MAX
from firm.ids import id_text, parse_id
from storage.readmodels.appeals import appeal_of
from storage.readmodels.seals import all_seals

SAID = "The spread was <b>forty pips</b>.\nLook at 12:30."


async def test_what_is_held_is_said_with_its_reason(ada):
    shown = await ada.get("/my-data")
    assert shown.status_code == 200
    assert 'class="note held' not in shown.text  # the firm is well
    for said in (
        "Name and mail address",
        "The password, as a hash",
        "contract (6.1.b)",
        "right that a person looks at it",
    ):
        assert said in shown.text


async def test_the_file_is_of_who_asks_and_of_nobody_else(ada, ben, stage):
    taken = await ada.get("/my-data.zip")
    assert taken.headers["content-type"] == "application/zip"
    assert taken.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    rows = [json.loads(line) for line in files["ledger.jsonl"].splitlines()]
    accounts = {row["account"] for row in rows} - {None}
    with stage.reader.connection() as book:
        sql = "SELECT account FROM rm_account WHERE trader = ?"
        trader = json.loads(files["person.json"])["trader"]
        hers = {id_text(account) for (account,) in book.execute(sql, (parse_id(trader),))}
        counted = sum(
            book.execute("SELECT count(*) FROM ledger WHERE account = ?", (parse_id(account),)).fetchone()[0]
            for account in hers
        )
    assert accounts == hers
    assert sum(row["account"] is not None for row in rows) == counted
    assert "ada@example.org" in files["person.json"]
    assert "ben@example.org" not in "".join(files.values())
    assert "argon2" not in "".join(files.values())


async def test_who_is_not_a_trader_has_no_such_page(ruth, nobody):
    assert (await ruth.get("/my-data")).status_code == 403
    assert (await nobody.get("/my-data.zip")).status_code == 303


async def test_nobody_is_forgotten_by_a_slip_or_while_an_account_runs(ada):
    slip = await ada.send_form("/my-data/erasure", typed="forget")
    assert slip.status_code == 422
    assert "cannot be undone" in slip.text
    runs = await ada.send_form("/my-data/erasure", typed="Forget me")
    assert runs.status_code == 422
    assert "an account of yours still runs" in runs.text
    assert (await ada.get("/my-data")).status_code == 200


async def test_the_right_is_told_where_it_is_needed(ada, decisions):
    page = (await ada.get(f"/decisions/{decisions['BreachDeclared']}")).text
    assert "Have a person look at it" in page
    assert "worked out by a program" in page
    assert "ask for it on the decision’s own page" in (await ada.get("/my-data")).text


async def test_what_waits_for_a_person_anyway_is_not_asked_about(ben, decisions):
    path = f"/decisions/{decisions['BreachSuspected']}"
    assert "Have a person look at it" not in (await ben.get(path)).text
    refused = await ben.send_form(f"{path}/appeal", said=SAID)
    assert refused.status_code == 422


async def test_asked_once_answered_with_a_reason_and_read_by_both(ada, ben, ruth, come_in, stage, decisions):
    decision = decisions["BreachDeclared"]
    path, staff_path = f"/decisions/{decision}", f"/staff/decisions/{decision}"
    for wrong in ("", "x" * (APPEAL_WORDS_MAX + 1)):
        assert (await ada.send_form(f"{path}/appeal", said=wrong)).status_code == 422
    assert (await ben.send_form(f"{path}/appeal", said=SAID)).status_code == 404
    assert (
        await ruth.send_form(f"{staff_path}/appeal/answer", answer="stands", why="Nobody asked yet.")
    ).status_code == 404
    asked = await ada.send_form(f"{path}/appeal", said=SAID.replace("\n", "\r\n"))
    assert (asked.status_code, asked.headers["location"]) == (303, f"{path}#appeal")
    await ada.send_form(f"{path}/appeal", said="And again.")
    page = (await ada.get(path)).text
    assert "You asked for a person’s look" in page
    assert "The spread was &lt;b&gt;forty pips&lt;/b&gt;.\nLook at 12:30." in page
    assert "And again" not in page
    with stage.reader.connection() as book:
        appeal = appeal_of(book, decision)
        assert appeal is not None
        [seal] = [each for each in all_seals(book) if each.klass == "appeal"]
    assert seal == (appeal.sealed, f"trader:{appeal.trader}", "appeal", False)
    assert b"forty pips" not in (stage.path / "ledger.db").read_bytes() + (stage.path / "vault.db").read_bytes()

    assert f'href="{staff_path}#appeal"' in (await ruth.get("/staff/decisions?show=appeals")).text
    assert "Asked by traders" in (await ruth.get("/staff")).text
    assert "forty pips" in (await ruth.get(staff_path)).text
    auditor = come_in(f"staff:{stage.employ('an-auditor', 'auditor')}")
    shown = (await auditor.get(staff_path)).text
    assert "forty pips" not in shown
    assert "is for those who review decisions" in shown
    for fields in ({"answer": "stands", "why": ""}, {"answer": "", "why": "Compared both feeds."}):
        wrong = await ruth.send_form(f"{staff_path}/appeal/answer", **fields)
        assert wrong.status_code == 422
        assert 'class="wrong"' in wrong.text
    early = await ruth.send_form(f"{staff_path}/appeal/answer", answer="corrected", why="Put right.")
    assert early.status_code == 422
    assert "nothing was changed on this account since they asked" in early.text.casefold()
    answered = await ruth.send_form(f"{staff_path}/appeal/answer", answer="stands", why="Compared both feeds.")
    assert answered.status_code == 303
    twice = await ruth.send_form(f"{staff_path}/appeal/answer", answer="corrected", why="On second thoughts.")
    assert twice.status_code == 422
    for reader, where in ((ada, path), (ruth, staff_path)):
        page = (await reader.get(where)).text
        assert "A person looked at it, and it stands" in page
        assert "“Compared both feeds.”" in page
    assert "by the firm’s risk staff" in (await ada.get(path)).text.partition('id="appeal"')[2]
    assert staff_path not in (await ruth.get("/staff/decisions?show=appeals")).text

    stage.vault.erase(f"trader:{appeal.trader}", "appeal")  # what was said goes with its person
    assert "was forgotten with them" in (await ruth.get(staff_path)).text


async def test_who_gives_up_what_runs_is_forgotten_and_signed_out(ben, stage):
    gone = await ben.send_form("/my-data/erasure", typed="forget me", gives_up="yes")
    assert (gone.status_code, gone.headers["location"]) == (303, "/sign-in")
    assert "is being destroyed, and you are signed out" in (await ben.get("/sign-in")).text
    assert (await ben.get("/my-data")).status_code == 303
    stage.settle()
    with stage.reader.connection() as book:
        ended = "SELECT count(*) FROM rm_account WHERE trader = ? AND standing NOT IN ('closed', 'breached', 'passed')"
        [(forgotten,)] = book.execute("SELECT DISTINCT trader FROM rm_erasure")
        assert book.execute(ended, (forgotten,)).fetchone() == (0,)
