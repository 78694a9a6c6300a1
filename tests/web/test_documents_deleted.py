"""Documents that go: Ada takes back what nobody has looked at, the firm deletes with a reason, and hands one in in her name."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import EraseTrader, KeepDocument, RegisterTrader
from firm.documents import DocumentFault, DocumentForm
from firm.facts import DocumentDeleted, DocumentKept, DocumentRefused
from firm.ids import id_text
from firm.inputs import PolicyAdopted
from firm.instant import DAY_US
from firm.personal import destructions
from storage.documents import open_document
from storage.people import DOCUMENTS
from tests.documents.hostile import picture, plain_pdf
from tests.web.test_documents import NAME, ORIGIN, Says, Shop
from web.bounds import UPLOAD_WHY_LENGTH_MAX
from web.inspecting import Clean, Verdict

WHY = "another person's passport, sent by mistake"
FROM = "their mail of 3 May, ticket 117"


@pytest.fixture(scope="module")
def shop(stage: Any, app: Any, play: Any, come_in: Any) -> Shop:
    return Shop(stage, app, play, come_in)


@pytest.fixture(scope="module")
def cora(shop: Any) -> Any:
    return shop.employ("cora", "compliance")


async def handed_in(shop: Any, kind: str = "identity") -> Any:
    assert (await shop.hand_in(picture("JPEG"), kind=kind)).status_code == 303
    return shop.held()[0]


def way(line: Any) -> str:
    return f"/documents/{id_text(line.document)}/taking-back"


async def for_ada(shop: Any, client: Any, content: bytes, **fields: str) -> Any:
    data = {"csrf_token": client.token, "trader": id_text(shop.play.ADA), "kind": "address", "why": FROM} | fields
    files = {"file": (NAME, content, "image/jpeg")}
    return await client.post("/staff/documents", data=data, files=files, headers=ORIGIN)


async def test_she_takes_back_what_nobody_has_opened_and_her_list_says_so(shop, cora):
    line = await handed_in(shop)
    assert way(line) in (await shop.ada.get("/documents")).text
    answer = await shop.ada.send_form(way(line))
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents")
    shown = (await shop.ada.get("/documents")).text
    assert "The document is taken back" in shown
    assert "Taken back by you" in shown
    assert way(line) not in shown
    assert "Taken back by the trader" in (await cora.get("/staff/documents")).text
    [fact] = shop.facts(DocumentDeleted)
    assert (fact.document, fact.by, fact.why) == (line.document, f"trader:{shop.play.ADA}", "")
    assert (await cora.send_form(f"/staff/documents/{id_text(line.document)}/opening")).status_code == 404
    again = await shop.ada.send_form(way(line))
    assert (again.status_code, "It was not taken back" in again.text) == (422, True)


async def test_what_is_anothers_she_does_not_take_back(shop):
    line = await handed_in(shop)
    answer = await shop.ben.send_form(way(line))
    assert (answer.status_code, "it is not kept any more, or it is not yours" in answer.text) == (422, True)
    assert shop.held()[0].is_kept


async def test_what_the_firm_has_opened_only_the_firm_deletes_and_she_reads_why(shop, cora):
    line = await handed_in(shop)
    staff = f"/staff/documents/{id_text(line.document)}"
    await cora.send_form(f"{staff}/opening")
    shown = (await shop.ada.get("/documents")).text
    assert way(line) not in shown
    refused = await shop.ada.send_form(way(line))
    assert (refused.status_code, "may have decided by it. Ask the firm to delete it." in refused.text) == (
        422,
        True,
    )
    short = await cora.send_form(f"{staff}/deletion", why="no")
    assert (short.status_code, "Say why in a sentence" in short.text) == (422, True)
    assert f'action="{staff}/deletion"' in short.text
    rex = shop.employ("rex", "risk")
    assert (await rex.send_form(f"{staff}/deletion", why=WHY)).status_code == 403
    assert "/deletion" not in (await rex.get("/staff/documents")).text
    assert (await cora.send_form(f"{staff}/deletion", why=WHY)).status_code == 303
    told = (await shop.ada.get("/documents")).text
    assert "Deleted by the firm" in told
    assert WHY.replace("'", "&#39;") in told
    assert "Cora" not in told
    assert "Deleted by Cora" in (await cora.get("/staff/documents")).text
    assert (await cora.send_form(f"{staff}/deletion", why=WHY)).status_code == 404


async def test_proof_that_a_law_wants_kept_is_said_to_be_so_to_both(shop, cora):
    policy = shop.stage.engine.policy
    shop.stage.put(PolicyAdopted(policy=replace(policy, documents_retained_us=DAY_US)))
    try:
        line = await handed_in(shop)
        staff = f"/staff/documents/{id_text(line.document)}/deletion"
        for answer in (await shop.ada.send_form(way(line)), await cora.send_form(staff, why=WHY)):
            assert answer.status_code == 422
            assert "law has the firm keep proof of identity and of address for some years" in answer.text
        assert shop.held()[0].is_kept
        assert 'name="no_proof"' in answer.text
        assert (await cora.send_form(staff, why=WHY, no_proof="yes")).status_code == 303
        assert not shop.held()[0].is_kept
        assert shop.facts(DocumentDeleted)[-1].no_proof
    finally:
        shop.stage.put(PolicyAdopted(policy=policy))


async def test_the_firm_hands_in_in_her_name_by_the_same_way_and_she_reads_that_it_did(shop, cora):
    answer = await for_ada(shop, cora, picture("JPEG", told=True))
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/documents")
    fact = shop.facts(DocumentKept)[-1]
    assert (fact.trader, fact.by, fact.why) == (shop.play.ADA, shop.facts(KeepDocument)[-1].by, FROM)
    assert fact.by.startswith("staff:")
    line = shop.held()[0]
    assert open_document(shop.stage.vault, line.sealed).name == NAME
    vault = shop.stage.vault
    assert line.sealed in dict(vault.values_of(f"trader:{shop.play.ADA}"))  # under her key, which goes with her
    assert DOCUMENTS not in vault.classes_of(fact.by)
    shown = (await shop.ada.get("/documents")).text
    assert f"Handed in for you by the firm: <bdi>“{FROM}”.</bdi>" in shown
    assert way(line) in shown
    assert "for them, by Cora" in (await cora.get("/staff/documents")).text
    refused = await for_ada(shop, cora, plain_pdf(trailer=b"/OpenAction << /S /Launch >>"))
    assert (refused.status_code, "carries a script" in refused.text, FROM in refused.text) == (422, True, True)
    assert shop.facts(DocumentRefused)[-1].fault is DocumentFault.ACTIVE


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"trader": "nobody"}, "Give the trader’s number"),
        ({"kind": "passport"}, "Choose what the document shows."),
        ({"why": "a mail"}, "Say where it is from"),
        ({"why": "x" * (UPLOAD_WHY_LENGTH_MAX + 1)}, "Say where it is from"),
        ({"why": "a mail of\0 3 May"}, "Say where it is from"),
        ({"why": "a mail \u202eyaM 3 fo"}, "Say where it is from"),
        ({"why": "a mail of \u20673 May\u2069"}, "Say where it is from"),
        ({"trader": id_text(77)}, "No trader has this number."),
    ],
)
async def test_what_is_missing_or_wrong_is_said_and_nothing_is_kept(shop, cora, fields, told):
    before = len(shop.facts(DocumentKept))
    answer = await for_ada(shop, cora, picture("JPEG"), **fields)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert len(shop.facts(DocumentKept)) == before
    assert list(shop.stage.vault.values_of("trader:77")) == []
    assert shop.stage.vault.classes_of("trader:77") == ()


async def test_whose_number_was_typed_is_named_before_a_file_is_asked_for(shop, cora):
    ben = id_text(shop.play.BEN)
    first = (await cora.get("/staff/documents")).text
    assert ('type="file"' in first, 'name="trader"' in first) == (False, True)
    second = await cora.get(f"/staff/documents?trader={ben}")
    [asked] = [form for form in second.text.split("<form")[1:] if 'type="file"' in form]
    assert f'<bdi>Ben Okafor</bdi></b>, number <span class="num">{ben}</span>' in asked
    assert f'<input type="hidden" name="trader" value="{ben}">' in asked
    again = await for_ada(shop, cora, b"x", trader=ben, why="no")
    assert (again.status_code, "<bdi>Ben Okafor</bdi></b>, number" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("typed", "told"), [("nobody", "Give the trader’s number"), (id_text(77), "No trader has this number.")]
)
async def test_a_number_that_is_nobodys_leads_to_no_file(shop, cora, typed, told):
    shown = (await cora.get(f"/staff/documents?trader={typed}")).text
    assert (told in shown, f'value="{typed}"' in shown, 'type="file"' in shown) == (True, True, False)


async def test_who_may_not_hand_in_sees_no_form_and_is_refused(shop):
    una = shop.employ("una", "auditor")
    assert 'enctype="multipart/form-data"' not in (await una.get("/staff/documents")).text
    before = len(shop.facts(DocumentKept))
    assert (await for_ada(shop, una, picture("JPEG"))).status_code == 403
    assert len(shop.facts(DocumentKept)) == before


class Leaving:
    """A trader who has handed in proof that a law wants kept, and then has the firm forget them."""

    def __init__(self, shop: Any, come_in: Any, name: str) -> None:
        self._shop, self.number = shop, shop.play._drawn(f"trader {name}")
        sealed = shop.stage.vault.add_person("trader", self.number, f"{name}@example.org", name.title(), "no hash")
        shop.stage.put(RegisterTrader(by="console", trader=self.number, sealed=sealed))
        shop.stage.settle()
        self.client = come_in(f"trader:{self.number}")

    async def hand_in(self) -> Any:
        return await self._shop.hand_in(picture("JPEG"), client=self.client)

    def leave(self) -> None:
        stage = self._shop.stage
        stage.put(EraseTrader(by="console", trader=self.number, why="asked", classes=destructions(stage.now_us)))
        stage.settle()

    def sealed(self) -> list[str]:
        """Of the documents that lie in the vault."""
        values = self._shop.stage.vault.values_of(f"trader:{self.number}")
        return [commitment for commitment, opening in values if opening.klass == DOCUMENTS]


@pytest.fixture
def retained(shop: Any) -> Iterator[None]:
    """A law has the firm keep proof for a day."""
    policy = shop.stage.engine.policy
    shop.stage.put(PolicyAdopted(policy=replace(policy, documents_retained_us=DAY_US)))
    yield
    shop.stage.put(PolicyAdopted(policy=policy))


async def test_who_leaves_while_another_is_looked_at_leaves_the_proof_that_a_law_wants(shop, come_in, retained):
    eve = Leaving(shop, come_in, "eve")
    assert (await eve.hand_in()).status_code == 303
    [proof] = eve.sealed()

    class Meanwhile(Says):
        async def inspect(self, content: bytes) -> Verdict:
            eve.leave()
            return await super().inspect(content)

    with shop.inspected_by(Meanwhile(Clean(DocumentForm.PDF, b"%PDF"))):
        answer = await eve.hand_in()
    assert (answer.status_code, "asked to be forgotten" in answer.text) == (422, True)
    assert eve.sealed() == [proof]


async def test_for_who_leaves_nothing_is_handed_in_or_even_looked_at_and_the_proof_stays(shop, cora, come_in, retained):
    finn = Leaving(shop, come_in, "finn")
    assert (await finn.hand_in()).status_code == 303
    [proof] = finn.sealed()
    finn.leave()
    looked = Says(Clean(DocumentForm.PDF, b"%PDF"))
    with shop.inspected_by(looked):
        answer = await for_ada(shop, cora, b"x", trader=id_text(finn.number))
    assert (answer.status_code, "asked to be forgotten" in answer.text, looked.asked) == (422, True, 0)
    assert finn.sealed() == [proof]
