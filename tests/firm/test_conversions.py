"""Ways between currencies: what is kept up from contract to contract is what looking through all of them finds."""

from hypothesis import given
from hypothesis import strategies as st

from firm.equity import Board
from firm.price import CONTRACT_SCALE, Hop, SymbolSpec

CURRENCIES = ("USD", "EUR", "CHF", "JPY", "XAU")
SPECS = st.builds(
    lambda symbol, base, profit, lot, digits: SymbolSpec(
        symbol=symbol, digits=digits, contract_e8=lot * 10**8, currency_base=base, currency_profit=profit
    ),
    st.sampled_from("ABCDEFGH"),
    st.sampled_from([*CURRENCIES, "INDEX"]),
    st.sampled_from(CURRENCIES),
    st.sampled_from([1, 100_000]),  # of one unit a lot it converts nothing
    st.sampled_from([2, 5]),
)


def shortest(source: str, target: str, specs: dict[str, SymbolSpec]) -> tuple[Hop, ...] | None:
    """Looked for among all contracts, by name."""
    if source == target:
        return ()
    pairs = [specs[name] for name in sorted(specs) if specs[name].contract_e8 > CONTRACT_SCALE]
    pairs = [spec for spec in pairs if len(spec.currency_base) == 3 and not spec.renamed_to]
    steps = [
        step
        for spec in pairs
        for step in (
            (spec.currency_base, Hop(spec.symbol, spec.digits, inverse=False), spec.currency_profit),
            (spec.currency_profit, Hop(spec.symbol, spec.digits, inverse=True), spec.currency_base),
        )
    ]
    for start, hop, end in steps:
        if (start, end) == (source, target):
            return (hop,)
    for start, first, middle in steps:
        if start == source:
            for other, second, end in steps:
                if (other, end) == (middle, target):
                    return (first, second)
    return None


@given(st.lists(SPECS, max_size=30), st.lists(st.integers(0, 29), max_size=10))
def test_paths_are_those_that_all_contracts_give_whatever_was_told_before(
    told: list[SymbolSpec], looks: list[int]
) -> None:
    board = Board({}, {})
    for place, spec in enumerate(told):
        board.take(spec)
        if place in looks or place == len(told) - 1:
            for source in CURRENCIES:
                for target in CURRENCIES:
                    assert board.path(source, target) == shortest(source, target, board.specs)
    assert board.specs == {spec.symbol: spec for spec in told}


def test_a_copy_keeps_its_contracts_and_its_ways() -> None:
    """Pages read one while the next contracts are being decided."""
    pair = {"digits": 5, "contract_e8": 100_000 * 10**8}
    board = Board({}, {})
    board.take(SymbolSpec(symbol="USDCHF", currency_base="USD", currency_profit="CHF", **pair))
    assert [hop.symbol for hop in board.path("CHF", "USD") or ()] == ["USDCHF"]
    copy = Board(board.specs, {}, board.paths)
    board.take(SymbolSpec(symbol="CHFUSD", currency_base="CHF", currency_profit="USD", **pair))
    assert [hop.symbol for hop in board.path("CHF", "USD") or ()] == ["CHFUSD"]
    assert [hop.symbol for hop in copy.path("CHF", "USD") or ()] == ["USDCHF"]
    assert set(copy.specs) == {"USDCHF"}
