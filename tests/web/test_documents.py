"""Documents: Ada hands some in, staff who may open them, each time by a row; nothing of what is in them is anywhere else."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import anyio
import httpx
import pytest
from PIL import Image

from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import EraseTrader, KeepDocument, NoteDocumentRefused, OpenDocument, RegisterTrader, StaffAct
from firm.documents import DocumentForm, DocumentKind
from firm.facts import DocumentKept, DocumentOpened, DocumentRefused, StaffActed
from firm.ids import id_text
from firm.kinds import body_of
from firm.personal import destructions
from storage.documents import open_document
from storage.people import DOCUMENTS
from storage.readmodels.documents import documents_of, newest_documents
from tests.documents.hostile import SECRET, picture, plain_pdf
from web.bounds import UPLOAD_WORD_BYTES_MAX, UPLOADS_AT_ONCE, UPLOADS_BYTES_AT_ONCE, UPLOADS_PER_HOUR
from web.document_turns import DocumentTurns, TooManyUploads, Turn
from web.inspecting import Clean, InspectionFull, ScannerSilent, Unconfined, Verdict
from web.signed import Signed, written
from web.uploads import plain_name

NAME = "Ada Marlow passport.jpg"
STRANGERS = count(1_000)
ORIGIN = {"origin": "http://127.0.0.1"}


class Shop:
    """A firm with Ada in it, and people of the staff as they are needed."""

    def __init__(self, stage: Any, app: Any, play: Any, come_in: Any) -> None:
        self.stage, self.app, self.play, self._come_in = stage, app, play, come_in
        self.ada = come_in(f"trader:{play.ADA}")
        self.ben = come_in(f"trader:{play.BEN}")

    def employ(self, name: str, role: str) -> Any:
        return self._come_in(f"staff:{self.stage.employ(name, role)}")

    async def hand_in(
        self, content: bytes, *, kind: str = "identity", name: str = NAME, client: Any = None
    ) -> httpx.Response:
        client = client or self.ada
        self.app.state.document_turns = DocumentTurns()  # how often is asked where it matters
        data = {"csrf_token": client.token, "kind": kind}
        return await client.post("/documents", data=data, files={"file": (name, content, "text/html")}, headers=ORIGIN)

    def facts(self, kind: type) -> list[Any]:
        with self.stage.reader.connection() as book:
            rows = book.execute("SELECT kind, payload FROM ledger WHERE kind = ? ORDER BY seq", (kind.__name__,))
            return [body_of(*row) for row in rows.fetchall()]

    def held(self) -> list[Any]:
        with self.stage.reader.connection() as book:
            return documents_of(book, self.play.ADA)

    def sealed(self) -> int:
        """How many documents lie in the vault."""
        return sum(opening.klass == DOCUMENTS for _, opening in self.stage.vault.values_of(f"trader:{self.play.ADA}"))

    @contextmanager
    def inspected_by(self, inspector: Any) -> Iterator[None]:
        whose = self.stage.firm.inspector
        object.__setattr__(self.stage.firm, "inspector", inspector)
        try:
            yield
        finally:
            object.__setattr__(self.stage.firm, "inspector", whose)


class Says:
    """An inspector that says what it is told to."""

    bytes_max = 2**40

    def __init__(self, answer: Verdict | Exception) -> None:
        self.answer, self.asked = answer, 0

    async def inspect(self, content: bytes) -> Verdict:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(scope="module")
def shop(stage: Any, app: Any, play: Any, come_in: Any) -> Shop:
    return Shop(stage, app, play, come_in)


async def test_a_picture_is_kept_without_what_it_tells_and_its_name_is_nowhere_but_sealed(shop):
    answer = await shop.hand_in(picture("JPEG", told=True))
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents?kept=1")
    [line] = shop.held()
    assert (line.document_kind, line.form) == (DocumentKind.IDENTITY, DocumentForm.JPEG)
    kept = open_document(shop.stage.vault, line.sealed)
    assert kept.name == NAME
    assert SECRET.encode() not in kept.content
    with Image.open(io.BytesIO(kept.content)) as shown:
        assert shown.size == (72, 96)
    with shop.stage.reader.connection() as book:
        payloads = b"".join(bytes(payload) for (payload,) in book.execute("SELECT payload FROM ledger"))
    assert b"passport" not in payloads
    shown = await shop.ada.get("/documents?kept=1")
    assert id_text(line.document) in shown.text
    assert "It is kept." in shown.text
    assert "passport.jpg" not in shown.text
    assert id_text(line.document) not in (await shop.ben.get("/documents")).text


async def test_what_acts_is_refused_in_words_and_nothing_of_it_is_kept(shop):
    before = shop.sealed()
    answer = await shop.hand_in(plain_pdf(trailer=b"/OpenAction << /S /Launch >>"), kind="evidence", name="launch.pdf")
    assert answer.status_code == 422
    assert "carries a script, an action, a form or another file" in answer.text
    assert shop.sealed() == before
    assert shop.facts(DocumentRefused)[-1].fault == "active"
    assert b"launch" not in b"".join(json.dumps(str(one)).encode() for one in shop.facts(NoteDocumentRefused))


async def test_more_than_a_document_may_have_is_refused_while_it_comes(shop):
    asked = Says(Clean(DocumentForm.PDF, b"x"))
    with shop.inspected_by(asked):
        answer = await shop.hand_in(bytes(DOCUMENT_BYTES_MAX + 1))
        assert answer.status_code == 422
        assert "too large" in answer.text
        assert (await shop.hand_in(bytes(DOCUMENT_BYTES_MAX + 200_000))).status_code == 413
    assert asked.asked == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"csrf_token": "no", "kind": "identity"}, 403),
        ({"kind": "identity"}, 403),
        ({"csrf_token": "", "kind": "identity", "a": "1"}, 403),
        ({"kind": "passport"}, 422),
        ({"kind": "identity", "a": "1", "b": "2", "c": "3", "d": "4"}, 400),
        ({"kind": "x" * (UPLOAD_WORD_BYTES_MAX + 1)}, 400),
    ],
)
async def test_a_form_that_is_not_ours_or_not_one_is_not_read_on(shop, fields, status):
    given = {"csrf_token": shop.ada.token} | fields if status != 403 else fields
    with shop.inspected_by(Says(Clean(DocumentForm.PDF, b"x"))):
        answer = await shop.ada.post("/documents", data=given, files={"file": (NAME, b"x")}, headers=ORIGIN)
    assert answer.status_code == status


async def test_a_file_before_the_token_a_form_cut_off_and_other_bodies_are_refused(shop):
    token = shop.ada.token.encode()
    word = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF\r\n'
    first, kind = word % (b"csrf_token", token), word % (b"kind", b"identity")
    multipart = {"content-type": "multipart/form-data; boundary=b"}
    for body, headers, status in (
        (file + first + kind + b"--b--\r\n", multipart, 403),
        (first + kind + file, multipart, 400),
        (first + kind + b"--b--\r\n", multipart, 400),
        (first + b"--b\r\nContent-Disposition: nonsense\r\n\r\nx\r\n--b--\r\n", multipart, 400),
        (b"csrf_token=" + token, {"content-type": "application/x-www-form-urlencoded"}, 400),
        (first, {"content-type": "multipart/form-data"}, 400),
        (b"", multipart, 400),
    ):
        answer = await shop.ada.post("/documents", content=body, headers={**ORIGIN, **headers})
        assert answer.status_code == status, body[:60]


async def test_who_is_not_signed_in_is_led_to_the_page_and_no_file_waits(shop, new_client):
    client = new_client(httpx.ASGITransport(shop.app))
    answer = await client.post("/documents", data={"kind": "identity"}, files={"file": (NAME, b"x")}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fdocuments")


async def test_whoever_may_open_one_saves_it_under_its_number_and_is_in_the_book_before(shop):
    await shop.hand_in(picture("PNG", told=True), kind="address")
    line = shop.held()[0]
    cora = shop.employ("cora", "compliance")
    way = f"/staff/documents/{id_text(line.document)}/opening"
    listed = await cora.get("/staff/documents")
    assert way in listed.text
    assert "Ada Marlow" in listed.text
    opened = await cora.send_form(way)
    assert opened.status_code == 200
    assert opened.content == open_document(shop.stage.vault, line.sealed).content
    said = opened.headers
    assert said["content-type"] == "image/png"
    assert said["content-disposition"] == f'attachment; filename="document-{id_text(line.document)}.png"'
    assert (said["x-content-type-options"], said["cache-control"]) == ("nosniff", "no-store")
    assert said["content-security-policy"] == "default-src 'none'; style-src 'none'; sandbox"
    [fact] = shop.facts(DocumentOpened)
    assert (fact.document, fact.trader) == (line.document, shop.play.ADA)
    assert fact.by.startswith("staff:")
    assert shop.held()[0].opened == 1
    assert "Once" in (await shop.ada.get("/documents")).text
    assert "Cora" in (await cora.get("/staff/documents")).text


async def test_who_may_only_see_the_list_opens_nothing_and_reads_no_name_without_the_permission(shop):
    line = shop.held()[0]
    way = f"/staff/documents/{id_text(line.document)}/opening"
    for name, role, sees in (("rex", "risk", True), ("una", "read_only", False)):
        client = shop.employ(name, role)
        listed = await client.get("/staff/documents")
        assert ("Ada Marlow" in listed.text) is sees
        assert "/opening" not in listed.text
        assert (await client.send_form(way)).status_code == 403
    before = len(shop.facts(DocumentOpened))
    assert (await shop.ada.send_form(way)).status_code == 403
    assert len(shop.facts(DocumentOpened)) == before


async def test_who_reads_names_in_the_list_is_on_record_and_who_reads_none_is_not(shop):
    for name, role, noted in (("lea", "risk", 1), ("nils", "read_only", 0)):
        client = shop.employ(name, role)
        before = shop.facts(StaffActed)
        for _ in range(2):
            await client.get("/staff/documents")
        seen = [fact.about for fact in shop.facts(StaffActed)[len(before) :] if fact.act is StaffAct.NAMES_SEEN]
        assert seen == ["/staff/documents"] * noted


async def test_what_is_not_there_is_not_opened_and_no_row_says_so(shop):
    mia = shop.employ("mia", "admin")
    before = len(shop.facts(OpenDocument))
    for document in (id_text(1), "none", "'; DROP TABLE"):
        assert (await mia.send_form(f"/staff/documents/{document}/opening")).status_code == 404
    assert len(shop.facts(OpenDocument)) == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ScannerSilent("clamd"), "cannot be looked at for viruses just now"),
        (InspectionFull(), "documents are looked at just now"),
        (Unconfined(), "cannot be looked at safely here"),
    ],
)
async def test_where_nobody_can_look_nothing_is_kept(shop, answer, words):
    before = len(shop.held()), shop.sealed()
    with shop.inspected_by(Says(answer)):
        refused = await shop.hand_in(picture("PNG"))
    assert refused.status_code == 503
    assert words in refused.text
    assert (len(shop.held()), shop.sealed()) == before


async def test_a_firm_whose_vault_is_full_of_documents_takes_no_more(shop):
    full = Says(Clean(DocumentForm.PDF, b"x"))
    full.bytes_max = 1
    with shop.inspected_by(full):
        assert (await shop.hand_in(b"x")).status_code == 503
    assert full.asked == 0


async def test_her_file_of_everything_has_each_document(shop):
    taken = await shop.ada.get("/my-data.zip")
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert archive.testzip() is None
        names = archive.read("documents/documents.jsonl").decode().splitlines()
        line = shop.held()[0]
        kept = archive.read(f"documents/{id_text(line.document)}.{line.form.value}")
        rows = archive.read("ledger.jsonl").decode()
    assert kept == open_document(shop.stage.vault, line.sealed).content
    assert {json.loads(each)["name"] for each in names} == {NAME}
    assert '"DocumentOpened"' in rows


async def test_as_many_are_kept_as_may_be_and_what_is_too_many_is_sealed_nowhere(shop):
    asked = Says(Clean(DocumentForm.PDF, b"%PDF"))
    with shop.inspected_by(asked):
        while len(shop.held()) < DOCUMENTS_MAX:
            assert (await shop.hand_in(b"x", kind="evidence")).status_code == 303
        before = asked.asked
        full = await shop.hand_in(b"x")
    assert full.status_code == 422
    assert "write to the firm if it needs another one" in full.text
    assert asked.asked == before
    assert shop.sealed() == DOCUMENTS_MAX
    with shop.stage.reader.connection() as book:
        assert len(newest_documents(book, 2**62, 100)) == DOCUMENTS_MAX


async def test_nobody_hands_in_twice_at_once_or_all_day(shop):
    turns = DocumentTurns()
    with turns.turn("trader:1", 0), pytest.raises(TooManyUploads, match="on_its_way"), turns.turn("trader:1", 0):
        pass
    for _ in range(UPLOADS_PER_HOUR - 1):
        with turns.turn("trader:1", 1):
            pass
    with pytest.raises(TooManyUploads, match="too_often"), turns.turn("trader:1", 2):
        pass
    with turns.turn("trader:1", 3_600 * 10**6 + 2):
        pass
    shop.app.state.document_turns = turns
    with turns.turn(f"trader:{shop.play.BEN}", 5 * 10**12):
        data = {"csrf_token": shop.ben.token, "kind": "identity"}
        answer = await shop.ben.post("/documents", data=data, files={"file": (NAME, b"x")}, headers=ORIGIN)
    assert answer.status_code == 429


def held_up(turns: DocumentTurns, many: int, size_bytes: int, held: ExitStack) -> list[Turn]:
    """So many others, whose documents have come and are not looked at yet."""
    others = [held.enter_context(turns.turn(f"trader:{next(STRANGERS)}", 0)) for _ in range(many)]
    for other in others:
        other.count(size_bytes)
    return others


@pytest.mark.parametrize(
    ("many", "size_bytes"), [(UPLOADS_AT_ONCE, 1), (UPLOADS_BYTES_AT_ONCE // DOCUMENT_BYTES_MAX, DOCUMENT_BYTES_MAX)]
)
async def test_who_sends_slowly_keeps_nobody_out(many, size_bytes):
    """As many as fit, of whom the first still waits for its bytes: it gives way, and what has come whole does not."""
    turns = DocumentTurns()
    with ExitStack() as held:
        whole, slow, *_ = held_up(turns, many, size_bytes, held)

        async def is_pushed_out() -> None:
            with slow.coming():
                held_up(turns, 1, size_bytes, held)
                await anyio.sleep_forever()

        with pytest.raises(TooManyUploads, match="came_slowly"):
            await is_pushed_out()
        assert (whole.is_cut, slow.is_cut) == (False, True)
        # Nobody is left who could give way.
        with pytest.raises(TooManyUploads, match="many_now"), turns.turn("trader:2", 0) as another:
            another.count(UPLOADS_BYTES_AT_ONCE)


async def test_a_body_that_stops_in_the_middle_gives_way_and_is_told_so(shop):
    """Until then it holds nothing but itself: a document of somebody else comes meanwhile."""
    turns = shop.app.state.document_turns = DocumentTurns()
    begun = anyio.Event()

    async def body() -> AsyncIterator[bytes]:
        head = f'--x\r\ncontent-disposition: form-data; name="csrf_token"\r\n\r\n{shop.ben.token}\r\n'
        head += '--x\r\ncontent-disposition: form-data; name="kind"\r\n\r\nidentity\r\n'
        yield (head + '--x\r\ncontent-disposition: form-data; name="file"; filename="x.png"\r\n\r\n').encode()
        yield bytes(1_000)
        begun.set()
        await anyio.sleep_forever()

    answers = []

    async def hand_in_slowly() -> None:
        headers = ORIGIN | {"content-type": "multipart/form-data; boundary=x"}
        answers.append(await shop.ben.post("/documents", content=body(), headers=headers))

    with ExitStack() as held:
        async with anyio.create_task_group() as both:
            both.start_soon(hand_in_slowly)
            await begun.wait()
            data = {"csrf_token": shop.ada.token, "kind": "identity"}
            quick = await shop.ada.post("/documents", data=data, files={"file": (NAME, b"x")}, headers=ORIGIN)
            assert (quick.status_code, "write to the firm" in quick.text) == (422, True)  # she has as many as may be
            held_up(turns, UPLOADS_AT_ONCE, 1, held)
    [slow] = answers
    assert slow.status_code == 429
    assert "came slowly" in slow.text


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\pass.jpg", "pass.jpg"),
        ("a\0b.pdf", "a b.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie: x=1.pdf"),
        ("gpj.\u202efdp.exe", "gpj. fdp.exe"),
        ("\u200b\ufeff", ""),
        ("x" * 500, "x" * 120),
        ("", ""),
        ("Ausweis Müller.jpeg", "Ausweis Müller.jpeg"),
        ("..", ".."),
    ],
)
def test_a_name_is_its_last_part_and_only_what_is_read(told, plain):
    assert plain_name(told) == plain


async def test_hostile_names_are_kept_out_of_every_answer_and_row(shop, play):
    ben = shop.ben
    for name in (
        "../../x.jpg",
        "a\u202egpj.exe",
        '"><script>alert(1)</script>.png',
        "%00.png",
        "con.png",
        "a" * 200 + ".png",
    ):
        with shop.inspected_by(Says(Clean(DocumentForm.PNG, b"PNG"))):
            answer = await shop.hand_in(b"x", name=name, client=ben)
        assert answer.status_code == 303, name
        shown = (await ben.get("/documents")).text
        assert "alert(1)" not in shown
        assert "exe" not in shown.partition("<main")[2].partition("</main")[0]
    assert all(isinstance(kept, DocumentKept) for kept in shop.facts(DocumentKept))
    assert not any("alert" in str(asked) for asked in shop.facts(KeepDocument))


async def test_a_proof_of_a_while_ago_is_asked_for_again_before_one_is_opened(shop, play):
    with shop.stage.reader.connection() as book:
        document = id_text(documents_of(book, play.BEN)[0].document)
    vera = shop.employ("vera", "compliance")
    session = vera.cookies["evenhand"]
    person = f"staff:{parse_id_of(shop, 'vera')}"
    shop.stage.firm.sessions.set(session, written(Signed(factor=True, proved_us=1)), shop.stage.wall_us, person)
    before = len(shop.facts(DocumentOpened))
    answer = await vera.send_form(f"/staff/documents/{document}/opening")
    assert answer.status_code == 303
    assert "/proof" in answer.headers["location"] or "/security" in answer.headers["location"]
    assert len(shop.facts(DocumentOpened)) == before


def parse_id_of(shop: Shop, name: str) -> int:
    return shop.play._drawn(f"staff {name}")


async def test_of_who_is_forgotten_while_a_document_is_looked_at_neither_it_nor_its_key_is_kept(shop, come_in):
    stage, dana = shop.stage, shop.play._drawn("trader dana")
    sealed = stage.vault.add_person("trader", dana, "dana@example.org", "Dana", "no hash")
    stage.put(RegisterTrader(by="console", trader=dana, sealed=sealed))
    stage.settle()

    class Forgetting(Says):
        async def inspect(self, content: bytes) -> Verdict:
            stage.put(EraseTrader(by="console", trader=dana, why="asked", classes=destructions(0)))
            stage.settle()
            return self.answer

    with shop.inspected_by(Forgetting(Clean(DocumentForm.PDF, b"%PDF"))):
        answer = await shop.hand_in(b"x", client=come_in(f"trader:{dana}"))
    assert answer.status_code == 422
    assert "asked to be forgotten" in answer.text
    assert DOCUMENTS not in stage.vault.classes_of(f"trader:{dana}")
