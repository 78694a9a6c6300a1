"""Documents that a law has the firm keep: their trader and staff read that and until when, before a button that cannot be undone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import RegisterTrader
from firm.ids import id_text
from firm.inputs import PolicyAdopted
from firm.instant import DAY_US
from firm.sentences.languages import Language
from tests.documents.hostile import picture
from tests.web.test_documents import STRANGERS, Shop
from tests.web.test_documents_deleted import handed_in, way
from web.shell.speech import speech_of


@pytest.fixture(scope="module")
def shop(stage: Any, app: Any, play: Any, come_in: Any) -> Shop:
    return Shop(stage, app, play, come_in)


@pytest.fixture(scope="module")
def cora(shop: Shop) -> Any:
    return shop.employ("cora", "compliance")


@pytest.fixture
def retained(shop: Shop) -> Iterator[None]:
    """A law has the firm keep proof for a day."""
    policy = shop.stage.engine.policy
    shop.stage.put(PolicyAdopted(policy=replace(policy, documents_retained_us=DAY_US)))
    yield
    shop.stage.put(PolicyAdopted(policy=policy))


async def read_by_ada(shop: Shop, language: Language = Language.ENGLISH) -> tuple[str, str]:
    """Her documents and her data, as they read."""
    wanted = {"accept-language": language.value}
    pages = [await shop.ada.get(path, headers=wanted) for path in ("/documents", "/my-data")]
    listed, own = [re.sub(r"<[^>]*>", "", page.text) for page in pages]
    return listed, own


async def row_of(cora: Any, line: Any) -> str:
    """The document's row of the list of staff, as it reads."""
    rows = (await cora.get("/staff/documents")).text.split("<tr>")
    [row] = [row for row in rows if id_text(line.document) in row]
    return re.sub(r"<[^>]*>", "", row)


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.GERMAN, Language.ARABIC])
async def test_until_when_proof_stays_is_on_both_pages_and_nobody_is_offered_to_take_it_back(shop, retained, language):
    line, speak = await handed_in(shop), speech_of(language)
    until = speak.moment(line.kept_us + DAY_US)
    listed, own = await read_by_ada(shop, language)
    assert speak("documents.kept_until", moment=until) in listed
    assert speak("documents.goes_by_law") in listed
    assert way(line) not in (await shop.ada.get("/documents")).text
    assert speak("forget.but_proof", moment=until) in own
    assert speak("ground.contract_or_law") in own


async def test_once_its_time_is_over_she_may_take_it_back_and_no_exception_is_told(shop, retained):
    line = await handed_in(shop)
    shop.stage.now_us += DAY_US
    listed, own = await read_by_ada(shop)
    assert way(line) in (await shop.ada.get("/documents")).text
    assert "Kept until" not in listed
    assert "One exception" not in own


async def test_of_evidence_no_exception_is_told(shop, retained):
    shop.stage.now_us += DAY_US  # the proof of other tests is free by now
    line = await handed_in(shop, "evidence")
    listed, own = await read_by_ada(shop)
    assert way(line) in (await shop.ada.get("/documents")).text
    assert "Kept until" not in listed
    assert "One exception" not in own


async def test_staff_read_until_when_proof_is_kept_and_of_what_may_go_nothing(shop, cora, retained):
    proof = await handed_in(shop)
    until = speech_of(Language.ENGLISH).moment(proof.kept_us + DAY_US)
    assert f"Kept until {until}, as a law wants" in await row_of(cora, proof)
    evidence = await handed_in(shop, "evidence")
    assert "Kept until" not in await row_of(cora, evidence)
    shop.stage.now_us += DAY_US
    assert "Kept until" not in await row_of(cora, proof)


async def test_where_no_law_keeps_anything_all_of_it_goes(shop):
    await handed_in(shop)
    listed, own = await read_by_ada(shop)
    assert "Your documents go when you ask to be forgotten." in listed
    assert "a law has the firm keep" not in listed
    assert "One exception" not in own


@pytest.mark.parametrize(("kind", "told"), [("identity", "but for the proof"), ("evidence", "is being destroyed, and")])
async def test_who_asks_to_be_forgotten_is_told_of_the_proof_that_stays(shop, come_in, retained, kind, told):
    dana = next(STRANGERS)
    sealed = shop.stage.vault.add_person("trader", dana, f"dana{dana}@example.org", "Dana", "no hash")
    shop.stage.put(RegisterTrader(by="console", trader=dana, sealed=sealed))
    client = come_in(f"trader:{dana}")
    assert (await shop.hand_in(picture("JPEG"), kind=kind, client=client)).status_code == 303
    gone = await client.send_form("/my-data/erasure", typed="forget me")
    assert (gone.status_code, gone.headers["location"]) == (303, "/sign-in")
    assert told in (await client.get("/sign-in")).text
