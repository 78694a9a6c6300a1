"""Pooled logins: what ledgers of earlier releases refer to of a trader's logins under the key of all of them."""

from collections.abc import Iterator

import apsw

from firm.inputs import LoginReported
from firm.kinds import body_of
from storage.chain import newest_of

_BACK = (
    "WITH RECURSIVE back AS (SELECT seq, kind, account_prev_seq, payload FROM ledger WHERE seq = ?1 AND account = ?2 UNION ALL"
    " SELECT ledger.seq, ledger.kind, ledger.account_prev_seq, ledger.payload FROM back"
    " JOIN ledger ON ledger.seq = back.account_prev_seq AND ledger.account = ?2 AND ledger.seq < back.seq)"
    " SELECT kind, payload FROM back WHERE kind = 'LoginReported'"
)
_ACCOUNTS = "SELECT account FROM rm_account WHERE trader = ? ORDER BY account"
_FORGOTTEN = "SELECT erased FROM rm_seals WHERE commitment = ?"


def pooled_logins(connection: apsw.Connection, trader: int) -> Iterator[str]:
    """Commitments of those that no row says to be forgotten. Walks the accounts' whole chains."""
    for (account,) in list(connection.execute(_ACCOUNTS, (trader,))):
        for kind, payload in connection.execute(_BACK, (newest_of(connection, account), account)):
            login = body_of(kind, payload)
            assert isinstance(login, LoginReported)
            if not login.whose and connection.execute(_FORGOTTEN, (login.sealed,)).fetchone() == (0,):
                yield login.sealed
