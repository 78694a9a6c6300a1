"""Renamed contracts: a symbol that the platform calls something else now converts nothing any more, also where it is still held.

Its last price says nothing of that. So where the cited prices could convert by it, and by others too, its newest contract is among the
grounds, and shows which of them it was.
"""

from collections.abc import Collection, Iterator, Mapping

from firm.exhibits import spec_of
from firm.facts import AccountOpened, QuoteUsed
from firm.inputs import SymbolReported
from firm.kinds import Body, body_of
from firm.price import Crosses
from storage.reader import LedgerReader
from storage.rule_grounds import CONTRACTS_MAX, SOUGHT_ROWS_MAX


def renamed_rows(
    reader: LedgerReader, bodies: Mapping[int, Body], quotes: tuple[int, ...], opened: AccountOpened, before: int
) -> Iterator[int]:
    """The newest contracts before a row of the symbols in doubt among the prices that it cites, as far as they were renamed by then."""
    cited = [body for seq in quotes if isinstance(body := bodies.get(seq), QuoteUsed)]
    wanted = _in_doubt(cited, opened.initial.currency)
    if not wanted:
        return
    for row in reader.newest_of_kind(
        SymbolReported.__name__, before=before, among=SOUGHT_ROWS_MAX, limit=CONTRACTS_MAX
    ):
        body = body_of(row.kind, row.payload)
        if isinstance(body, SymbolReported) and body.bridge == opened.bridge and body.spec.symbol in wanted:
            wanted.remove(body.spec.symbol)
            if body.spec.renamed_to:
                yield row.seq
        if not wanted:
            return


def _in_doubt(quotes: Collection[QuoteUsed], currency: str) -> set[str]:
    """Symbols by which some profit would be converted, and without which another way is left."""
    specs = {one.symbol: spec_of(one) for one in quotes}
    every, found = Crosses(specs.values()), set()
    for source in {spec.currency_profit for spec in specs.values()}:
        for hop in every.path(source, currency) or ():
            others = Crosses(spec for spec in specs.values() if spec.symbol != hop.symbol)
            if others.path(source, currency) is not None:
                found.add(hop.symbol)
    return found
