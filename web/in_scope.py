"""In scope: whether what a path names is there for somebody whose scope is limited. Their book is narrowed; this asks it first."""

from collections.abc import Callable, Mapping
from typing import Any

import apsw

from firm.ids import parse_id
from storage.readmodels.accounts import account_line
from storage.readmodels.commands import account_of_command
from storage.readmodels.decisions import decision_line
from storage.readmodels.people import region_of
from storage.readmodels.programs import program_version
from web.firm import Firm


async def is_there(firm: Firm, params: Mapping[str, Any]) -> bool:
    """Every account, trader, decision, version of a program and command that the path names. A path that names none is of nobody's."""

    def question(book: apsw.Connection) -> bool:
        return all(ask(book, params[name]) for name, ask in _ASKED.items() if name in params)

    return await firm.book.read(question)


def _has_id(look: Callable[[apsw.Connection, int], object | None]) -> Callable[[apsw.Connection, str], bool]:
    """An id that cannot be read is one that does not exist."""

    def asked(book: apsw.Connection, text: str) -> bool:
        try:
            return look(book, parse_id(text)) is not None
        except ValueError:
            return False

    return asked


_ASKED: dict[str, Callable[[apsw.Connection, Any], bool]] = {
    "account": _has_id(account_line),
    "trader": _has_id(region_of),
    "decision": lambda book, number: decision_line(book, number) is not None,
    "version": lambda book, number: program_version(book, number) is not None,
    "command": lambda book, command: account_of_command(book, command) is not None,
}
