"""Cited rows: the ledger rows that a working takes its values from: when each was, and which position it is about."""

from collections.abc import Sequence

from firm.arithmetic import Step
from firm.facts import DayOpened, QuoteUsed
from firm.kinds import Body, body_of
from storage.bookings import began_with_its_account, with_positions_named
from storage.reader import LedgerReader
from storage.rows import StoredRow
from web.shell.speech import ENGLISH, Speech
from web.working import cited_row


def read_aloud(
    reader: LedgerReader, steps: Sequence[Step], speech: Speech = ENGLISH
) -> tuple[list[Step], dict[int, str]]:
    """The steps with the platform's position numbers in their names, and for each cited row when it was."""
    rows = (reader.row(seq) for seq in sorted({cited_row(step) for step in steps} - {0}))
    bodies = {row.seq: (row, body_of(row.kind, row.payload)) for row in rows if row is not None}
    named = with_positions_named(steps, {seq: body for seq, (_, body) in bodies.items()})
    return named, {seq: told_when(row, body, speech) for seq, (row, body) in bodies.items()}


def told_when(row: StoredRow, body: Body, speech: Speech = ENGLISH) -> str:
    """When the row happened; of a price, when the platform gave it."""
    match body:
        case QuoteUsed():
            return speech.words.moment_precise(body.t_us)
        case DayOpened() if began_with_its_account(row, body):
            return speech("working.when_opened", moment=speech.words.moment_precise(row.happened_us))
        case _:
            return speech.words.moment_precise(row.happened_us)


def up_to_equity(steps: Sequence[Step]) -> list[Step]:
    """Of a breach's working only what its equity was worked out from: the left side of the comparison at its end."""
    by_name = {step.name: step for step in steps}
    needed: set[str] = set()
    waiting = [steps[-1].args[0]] if steps else []
    while waiting:
        step = by_name.get(waiting.pop())
        if step is not None and step.name not in needed:
            needed.add(step.name)
            waiting.extend(step.args)
    return [step for step in steps if step.name in needed]
