"""The list of accounts: an account under each scope of limit is listed with the loss that it allows."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from firm.terms.words import Anchor, Fixed, Scope
from storage.reader import LedgerReader
from storage.readmodels.accounts import account_line
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, trading
from tests.evidence.proven import SECRET, write


@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK, Scope.PHASE])
def test_an_account_is_listed_with_the_loss_that_it_allows(tmp_path: Path, scope: Scope) -> None:
    stage = Stage()
    stage.open_shop()
    anchor = Anchor.INITIAL if scope is Scope.PHASE else Anchor.BALANCE
    account = trading(stage, replace(MAXIMUM, id="asked", scope=scope, anchor=anchor, amount=Fixed(minor=2_000_00)))
    write(stage, tmp_path)
    with LedgerReader(tmp_path, secret=SECRET) as reader, reader.connection() as book:
        line = account_line(book, account)
    assert line is not None
    assert line.allowed == 2_000_00
