"""Kept again: the row in which a rule that was broken is kept again by who broke it, which is a decision of its own."""

from itertools import islice

from firm.facts import RuleBroken, RuleKeptAgain, RuleSuspected
from firm.kinds import Body, body_of
from storage.late_price import rows_back_to
from storage.reader import LedgerReader

SOUGHT_ROWS_MAX = 5_000  # the account's newest rows, among which it is looked for


def kept_again_in(reader: LedgerReader, account: int, decision: int, fact: Body) -> int:
    """The first row after the decision that says so; 0 where there is none, or where the decision lies too far back."""
    if not isinstance(fact, RuleBroken | RuleSuspected):
        return 0
    found = 0
    rows = list(islice(rows_back_to(reader, account, decision, None), SOUGHT_ROWS_MAX))
    for row in rows if len(rows) < SOUGHT_ROWS_MAX else ():
        if row.kind == RuleKeptAgain.__name__:
            kept = body_of(row.kind, row.payload)
            assert isinstance(kept, RuleKeptAgain)
            found = row.seq if (kept.rule, kept.subject) == (fact.rule, fact.subject) else found
    return found
