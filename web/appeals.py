"""Appeals: what a trader's wish for a person's look at a decision has come to, and the two forms about it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import anyio.to_thread

from firm.bounds import APPEAL_WORDS_MAX
from firm.commands import AppealOutcome
from storage.readmodels.appeals import Appeal, appeal_of
from web.firm import Firm
from web.forms import Wrong, choice_in, read_why, text_in
from web.shell.speech import Speech

NOTHING_SAID = Wrong({}, {"said": ""})
NOTHING_ANSWERED = Wrong({}, {"answer": "", "why": ""})


class Appealed(NamedTuple):
    """An appeal as its page shows it. `said`: what the trader said; None where it was forgotten, or its reader may not know it."""

    appeal: Appeal
    said: str | None


class Answered(NamedTuple):
    """What the staff's form asks for."""

    outcome: AppealOutcome
    why: str


async def appealed(firm: Firm, decision: int, *, with_words: bool) -> Appealed | None:
    """None: nobody asked for a look at this decision."""
    found = await firm.book.read(lambda book: appeal_of(book, decision))
    if found is None or not with_words:
        return None if found is None else Appealed(found, None)
    value = await anyio.to_thread.run_sync(firm.vault.open_value, found.sealed)
    return Appealed(found, value.decode() if value is not None else None)


def read_appeal(fields: Mapping[str, Any], speech: Speech) -> str | Wrong:
    """What the trader says of the decision. A browser sends two characters for the end of a line, which count as one."""
    said = text_in(fields, "said").replace("\r\n", "\n")
    if not said:
        return Wrong({"said": speech("appeal.nothing_said")}, {"said": said})
    if len(said) > APPEAL_WORDS_MAX:
        most, count = speech.words.count(APPEAL_WORDS_MAX), speech.words.count(len(said))
        wrong = speech("appeal.too_long", most=most, count=count)
        return Wrong({"said": wrong}, {"said": said})
    return said


def read_answer(fields: Mapping[str, Any]) -> Answered | Wrong:
    outcome, why = choice_in(AppealOutcome, text_in(fields, "answer")), read_why(fields)
    errors = dict(why.errors) if isinstance(why, Wrong) else {}
    if outcome is None:
        errors["answer"] = "Choose whether it stands or was put right."
    if errors or outcome is None or isinstance(why, Wrong):
        return Wrong(errors, {"answer": text_in(fields, "answer"), "why": text_in(fields, "why")})
    return Answered(outcome, why)
