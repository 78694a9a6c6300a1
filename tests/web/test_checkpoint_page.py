"""The newest checkpoint is anyone's to keep: it needs no sign-in, and the ledger's key signed it."""

from pathlib import Path

from storage.checkpoint import check_note


async def test_a_stranger_may_keep_the_newest_checkpoint(nobody, stage):
    answer = await nobody.get("/checkpoint")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    newest = stage.reader.checkpoint()
    assert answer.text == newest.note
    note = check_note(answer.text, stage.reader.origin(newest.size), stage.reader.identity().public_key)
    assert (note.size, note.root) == (newest.size, stage.reader.root(newest.size))


async def test_a_stranger_may_take_the_checker_along(nobody):
    answer = await nobody.get("/verify_evidence.py")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/x-python")
    assert answer.headers["content-disposition"] == 'attachment; filename="verify_evidence.py"'
    assert answer.content == (Path(__file__).parents[2] / "tools" / "verify_evidence.py").read_bytes()
