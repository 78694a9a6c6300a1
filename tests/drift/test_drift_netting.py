"""Zero drift on netting accounts, where positions grow at an average price, shrink and turn."""

from collections import Counter

import pytest

from tests.drift.drift_verdict import chosen, held

_happened: Counter[str] = Counter()


@pytest.mark.parametrize("seeds", chosen(1), ids=str)
def test_the_books_never_differ_on_accounts_that_net(seeds: list[int]) -> None:
    held(seeds, _happened)
