"""Read models: tables that pages read, projected from the ledger's rows in the very transaction that appends them.

Belongs here: the contract, one file per model, and the list of models (`registry.py`). Does not belong here: anything
that cannot be dropped and projected again from the ledger.
"""

from collections.abc import Sequence
from typing import Protocol

import apsw

from firm.kinds import Body
from storage.rows import Row


class ReadModel(Protocol):
    """One read model. Its tables are named `rm_...`; it reads and writes those alone, so that it can be folded anywhere.

    `schema` is CREATE TABLE and CREATE INDEX statements; `version` rises whenever what `project` would write changes:
    the ledger then drops and refolds the model when it is opened. `kinds` are the rows it wants to see: others cost nothing.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def schema(self) -> str: ...

    @property
    def kinds(self) -> frozenset[str]: ...

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        """Fold rows of `kinds`, in ledger order, into the tables; never begins, commits or rolls back."""
