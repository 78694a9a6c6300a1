"""Conversions told: through which exchange rates the profits of a decision came into the account's currency: path, side, quote, age.

Read from the steps of its working and the exhibits that these cite.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from firm.arithmetic import Step
from firm.explain import position_in_words
from firm.facts import QuoteUsed
from firm.instant import SECOND_US, utc_text
from firm.kinds import Body
from firm.money import Money

_TITLE = "How profits came into the account's currency, gains at one side of the rate and losses at the other:"
_RATE = re.compile(r"(?P<symbol>\S+) (?P<side>bid|ask) for (?P<what>.+)")


def conversions_in_words(steps: Sequence[Step], bodies: Mapping[int, Body], at_us: int) -> str:
    """A paragraph for `evenhand explain`; "" where nothing was converted. `at_us`: the instant that was judged."""
    lines = list(_lines(steps, bodies, at_us))
    if not lines:
        return ""
    return f"{_TITLE}\n" + "\n".join(lines)


def _lines(steps: Sequence[Step], bodies: Mapping[int, Body], at_us: int) -> Iterator[str]:
    for step in steps:
        rate = _RATE.fullmatch(step.name) if step.op == "given" else None
        row = step.source.partition("/")[0]
        quote = bodies.get(int(row)) if rate is not None and row.isdigit() else None
        if rate is not None and isinstance(quote, QuoteUsed):
            price = Money(step.value, "", quote.digits).decimal().replace(",", "").strip()
            age = Money(max(0, at_us - quote.t_us) * 1_000 // SECOND_US, "", 3).decimal()
            yield (
                f"  {position_in_words(rate['what'])}: through the {quote.symbol} {rate['side']} {price} of {utc_text(quote.t_us)},"
                f" {age} s old then [ledger row {row}]"
            )
