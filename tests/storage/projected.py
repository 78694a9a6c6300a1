"""A read model of a few rows, in memory."""

import apsw

from firm.kinds import Body, payload_of
from storage.readmodels import ReadModel
from storage.rows import Row


def projected(model: ReadModel, *bodies: Body | tuple[int, Body]) -> apsw.Connection:
    """Each a row after the other from row 2 on, ten microseconds apart; with the row that it follows from, where that matters."""
    connection = apsw.Connection(":memory:")
    connection.execute(model.schema)
    rows = []
    for seq, each in enumerate(bodies, start=2):
        cause, body = each if isinstance(each, tuple) else (0, each)
        rows.append((Row(seq, type(body).__name__, seq * 10, seq * 10, cause, 0, payload_of(body)), body))
    model.project(connection, rows)
    return connection
