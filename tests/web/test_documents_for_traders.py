"""Documents that staff hand in for a trader: what they read is English, as their pages are, and speaks of the trader."""

import inspect
import re
from string import Formatter
from typing import Any

import pytest

from firm.commands import EraseTrader, KeepDocument, RegisterTrader
from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.facts import DocumentKept
from firm.ids import id_text
from firm.personal import destructions
from tests.documents.hostile import picture, plain_pdf
from tests.web.test_documents import STRANGERS, Says, Shop
from tests.web.test_documents_deleted import FROM, for_ada
from web import document_turns, handing_in
from web.bounds import UPLOAD_WHY_LENGTH_MAX
from web.document_turns import DocumentTurns
from web.document_words import TO_STAFF, WHOLE
from web.inspecting import Clean, Unconfined
from web.shell.speech import ENGLISH


@pytest.fixture(scope="module")
def shop(stage: Any, app: Any, play: Any, come_in: Any) -> Shop:
    return Shop(stage, app, play, come_in)


@pytest.fixture
def cora(shop: Any) -> Any:
    """Whose browser asks for German."""
    shop.app.state.document_turns = DocumentTurns()
    client = shop.employ(f"cora{next(STRANGERS)}", "compliance")
    client.headers["accept-language"] = "de"
    return client


async def test_the_page_is_in_english_to_its_last_word(shop, cora):
    page = (await cora.get(f"/staff/documents?trader={id_text(shop.play.ADA)}")).text
    assert all(f">{whole}</option>" in page for whole in WHOLE.values())
    assert ">Choose</option>" in page
    refused = await for_ada(shop, cora, plain_pdf(trailer=b"/OpenAction << /S /Launch >>"))
    assert refused.status_code == 422
    assert "It was not taken: the PDF carries a script" in refused.text
    with shop.inspected_by(Says(Unconfined())):
        refused = await for_ada(shop, cora, b"x")
    assert (refused.status_code, "looked at safely on this machine" in refused.text) == (503, True)


async def test_who_asked_to_be_forgotten_is_the_trader_and_not_whoever_reads_it(shop, cora):
    dana = next(STRANGERS)
    shop.stage.put(RegisterTrader(by="console", trader=dana, sealed=""))
    classes = destructions(shop.stage.now_us)
    shop.stage.put(EraseTrader(by="console", trader=dana, why="asked", classes=classes))
    shop.stage.settle()
    refused = await for_ada(shop, cora, picture("JPEG"), trader=id_text(dana))
    assert refused.status_code == 422
    assert "It was not taken: this trader asked to be forgotten." in refused.text


async def test_one_at_a_time_is_asked_of_whoever_hands_in_and_of_no_trader_with_the_same_number(shop, cora):
    turns = shop.app.state.document_turns
    assert (await for_ada(shop, cora, picture("JPEG"))).status_code == 303
    by = shop.facts(KeepDocument)[-1].by
    with turns.turn(by.replace("staff", "trader"), shop.stage.wall_us):
        assert (await for_ada(shop, cora, picture("JPEG"))).status_code == 303
    with turns.turn(by, shop.stage.wall_us):
        refused = await for_ada(shop, cora, picture("JPEG"))
    assert refused.status_code == 429
    assert "A document that you hand in is on its way already" in refused.text
    assert FROM in refused.text


async def test_a_reason_of_letters_of_four_bytes_each_is_kept_whole(shop, cora):
    why = "𠮷" * UPLOAD_WHY_LENGTH_MAX
    with shop.inspected_by(Says(Clean(DocumentForm.PDF, b"%PDF"))):
        assert (await for_ada(shop, cora, b"x", why=why)).status_code == 303
    assert shop.facts(DocumentKept)[-1].why == why


def test_no_sentence_that_staff_read_speaks_to_the_trader():
    """Of all that a hand-in may be answered with."""
    source = "".join(inspect.getsource(module) for module in (handing_in, document_turns))
    keys = set(re.findall(r'"(documents\.\w+)"', source)) - {"documents.not_taken"}
    assert keys >= set(TO_STAFF)
    told = {TO_STAFF.get(key, ENGLISH.texts[key]) for key in keys | {f"fault.{each}" for each in DocumentFault}}
    assert [each for each in told if any(part in each for part in ("of you", "you asked", "rite to the firm"))] == []
    assert set(WHOLE) == set(DocumentKind)


@pytest.mark.parametrize("key", TO_STAFF)
def test_each_that_is_said_otherwise_to_staff_is_in_the_catalog_with_the_same_words_in_it(key):
    slots = [
        {name for _, name, _, _ in Formatter().parse(text) if name} for text in (TO_STAFF[key], ENGLISH.texts[key])
    ]
    assert slots[0] == slots[1]
