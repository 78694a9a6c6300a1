"""Incidents: prices that were missing, the accounts that needed them, and what people said of it and granted for it."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import (
    IncidentClosed,
    IncidentEnded,
    IncidentExtended,
    IncidentNoted,
    IncidentOpened,
    IncidentPublished,
    OutageAssessed,
    OverrideAsked,
    OverrideGranted,
    PassesFrozen,
    PricesReturned,
)
from firm.incidents import Answer, Befell, IncidentCause, Needed, Proposal, incident_in
from firm.kinds import Body
from firm.overrides import Override
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_incident (
    incident INTEGER PRIMARY KEY, bridge TEXT NOT NULL, cause TEXT NOT NULL, symbols TEXT NOT NULL, whole INTEGER NOT NULL,
    from_us INTEGER NOT NULL, back_us INTEGER, to_us INTEGER, filled INTEGER, ended_us INTEGER, sentence TEXT NOT NULL,
    shown INTEGER NOT NULL, published_us INTEGER, closed_us INTEGER
) STRICT;
CREATE TABLE rm_incident_word (
    seq INTEGER PRIMARY KEY, incident INTEGER NOT NULL, act TEXT NOT NULL, who TEXT NOT NULL, said TEXT NOT NULL, at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_incident_word_incident ON rm_incident_word (incident, seq);
CREATE TABLE rm_incident_account (
    incident INTEGER NOT NULL, account INTEGER NOT NULL, seq INTEGER NOT NULL, needed TEXT NOT NULL, symbols TEXT NOT NULL,
    from_us INTEGER NOT NULL, until_us INTEGER, befell TEXT NOT NULL, decision INTEGER NOT NULL, answer TEXT NOT NULL,
    proposal TEXT NOT NULL, days INTEGER NOT NULL, asked INTEGER, granted INTEGER, override TEXT NOT NULL,
    PRIMARY KEY (incident, account)
) STRICT;
CREATE INDEX rm_incident_account_account ON rm_incident_account (account, incident);
CREATE INDEX rm_incident_account_proposal ON rm_incident_account (incident, proposal, account);
"""


class Incidents:
    """The `incidents` read model."""

    name = "incidents"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(
        IncidentOpened, IncidentExtended, PricesReturned, IncidentEnded, IncidentNoted, IncidentPublished, IncidentClosed,
        PassesFrozen, OutageAssessed, OverrideAsked, OverrideGranted,
    )  # fmt: skip

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case IncidentNoted() | IncidentPublished() | IncidentClosed():
                    _project_word(connection, row, body)
                case PassesFrozen() | OutageAssessed() | OverrideAsked() | OverrideGranted():
                    _project_account(connection, row, body)
                case _:
                    _project_incident(connection, row, body)


def _project_incident(connection: apsw.Connection, row: Row, body: Body) -> None:
    match body:
        case IncidentOpened():
            connection.execute(
                "INSERT INTO rm_incident (incident, bridge, cause, symbols, whole, from_us, sentence, shown)"
                " VALUES (?, ?, ?, ?, ?, ?, '', 0)",
                (body.incident, body.bridge, body.cause.value, _names(body.symbols), int(body.whole), body.from_us),
            )
        case IncidentExtended():
            connection.execute(
                "UPDATE rm_incident SET symbols = ?, whole = ?, from_us = ?, back_us = NULL WHERE incident = ?",
                (_names(body.symbols), int(body.whole), body.from_us, body.incident),
            )
        case PricesReturned():
            connection.execute("UPDATE rm_incident SET back_us = ? WHERE incident = ?", (body.back_us, body.incident))
        case IncidentEnded():
            connection.execute(
                "UPDATE rm_incident SET to_us = ?, filled = ?, ended_us = ? WHERE incident = ?",
                (body.to_us, int(body.filled), row.happened_us, body.incident),
            )


def _project_word(
    connection: apsw.Connection, row: Row, body: IncidentNoted | IncidentPublished | IncidentClosed
) -> None:
    match body:
        case IncidentNoted():
            act, said = "noted", body.note
        case IncidentPublished():
            act, said = "published" if body.shown else "taken_off", body.sentence
            connection.execute(
                "UPDATE rm_incident SET sentence = ?, shown = ?, published_us = ? WHERE incident = ?",
                (body.sentence, int(body.shown), row.happened_us, body.incident),
            )
        case IncidentClosed():
            act, said = "closed", body.conclusion
            connection.execute(
                "UPDATE rm_incident SET closed_us = ? WHERE incident = ?", (row.happened_us, body.incident)
            )
    connection.execute(
        "INSERT INTO rm_incident_word (seq, incident, act, who, said, at_us) VALUES (?, ?, ?, ?, ?, ?)",
        (row.seq, body.incident, act, body.by, said, row.happened_us),
    )


def _project_account(
    connection: apsw.Connection, row: Row, body: PassesFrozen | OutageAssessed | OverrideAsked | OverrideGranted
) -> None:
    match body:
        case PassesFrozen():
            connection.execute(
                "INSERT INTO rm_incident_account (incident, account, seq, needed, symbols, from_us, befell, decision, answer,"
                " proposal, days, override) VALUES (?, ?, ?, ?, ?, ?, '', 0, '', '', 0, '')",
                (body.incident, row.account, row.seq, body.needed.value, _names(body.symbols), body.from_us),
            )
        case OutageAssessed():
            connection.execute(
                "UPDATE rm_incident_account SET until_us = ?, befell = ?, decision = ?, answer = ?, proposal = ?, days = ?"
                " WHERE incident = ? AND account = ?",
                (
                    body.until_us, " ".join(body.befell), body.decision, body.answer.value, body.proposal.value, body.days,
                    body.incident, row.account,
                ),
            )  # fmt: skip
        case OverrideAsked() | OverrideGranted() if (incident := incident_in(body.evidence)) is not None:
            column = "granted" if isinstance(body, OverrideGranted) else "asked"
            connection.execute(
                f"UPDATE rm_incident_account SET {column} = ?, override = ? WHERE incident = ? AND account = ?",  # noqa: S608  (one of two names)
                (row.seq, msgspec.json.encode(body.override).decode(), incident, row.account),
            )


class IncidentLine(msgspec.Struct, frozen=True):
    """One incident. `back_us`, `to_us`: when prices had come back, and that they had for good; None before.

    `sentence`: what the public reads, where it is `shown`. `accounts`: how many needed the prices.
    """

    incident: int
    bridge: str
    cause: IncidentCause
    symbols: tuple[str, ...]
    whole: bool
    from_us: int
    back_us: int | None
    to_us: int | None
    filled: bool | None
    ended_us: int | None
    sentence: str
    shown: bool
    published_us: int | None
    closed_us: int | None
    accounts: int


class Impact(msgspec.Struct, frozen=True):
    """What an incident meant for one account. `answer`, `proposal`: None until it was assessed.

    `asked`, `granted`: rows of the exceptions that were made for it, the newest `override` of them.
    """

    incident: int
    account: int
    seq: int
    needed: Needed
    symbols: tuple[str, ...]
    from_us: int
    until_us: int | None
    befell: tuple[Befell, ...]
    decision: int
    answer: Answer | None
    proposal: Proposal | None
    days: int
    asked: int | None
    granted: int | None
    override: Override | None


class IncidentWord(msgspec.Struct, frozen=True):
    """What somebody said of an incident: `noted`, `published`, `taken_off` or `closed`."""

    seq: int
    act: str
    who: str
    said: str
    at_us: int


_LINES = (
    "SELECT incident, bridge, cause, symbols, whole, from_us, back_us, to_us, filled, ended_us, sentence, shown, published_us, closed_us,"
    " (SELECT count(*) FROM rm_incident_account AS one WHERE one.incident = rm_incident.incident) FROM rm_incident"
)
_IMPACTS = (
    "SELECT incident, account, seq, needed, symbols, from_us, until_us, befell, decision, answer, proposal, days, asked, granted, override"
    " FROM rm_incident_account"
)
_override = msgspec.json.Decoder(Override)


def incidents(connection: apsw.Connection, limit: int) -> list[IncidentLine]:
    """Newest first."""
    return [_line(found) for found in connection.execute(f"{_LINES} ORDER BY incident DESC LIMIT ?", (limit,))]


def incident_line(connection: apsw.Connection, incident: int) -> IncidentLine | None:
    found = connection.execute(f"{_LINES} WHERE incident = ?", (incident,)).fetchone()
    return None if found is None else _line(found)


def public_incidents(connection: apsw.Connection, since_us: int, limit: int) -> list[IncidentLine]:
    """Those that a person published and that were not over before `since_us`, newest first."""
    sql = f"{_LINES} WHERE shown = 1 AND (to_us IS NULL OR to_us >= ?) ORDER BY incident DESC LIMIT ?"
    return [_line(found) for found in connection.execute(sql, (since_us, limit))]


def impacts(connection: apsw.Connection, incident: int, after: int, limit: int) -> list[Impact]:
    """Of an incident, by account, those behind account `after`; what needs a person is not listed first, but counted by `proposals`."""
    sql = f"{_IMPACTS} WHERE incident = ? AND account > ? ORDER BY account LIMIT ?"
    return [_impact(found) for found in connection.execute(sql, (incident, after, limit))]


def impact_of(connection: apsw.Connection, incident: int, account: int) -> Impact | None:
    found = connection.execute(f"{_IMPACTS} WHERE incident = ? AND account = ?", (incident, account)).fetchone()
    return None if found is None else _impact(found)


def impacts_on(connection: apsw.Connection, account: int, limit: int) -> list[Impact]:
    """Of all incidents on one account, newest first."""
    sql = f"{_IMPACTS} WHERE account = ? ORDER BY incident DESC LIMIT ?"
    return [_impact(found) for found in connection.execute(sql, (account, limit))]


def extensions_left(connection: apsw.Connection, incident: int, limit: int) -> list[Impact]:
    """Extensions that are proposed, and neither granted nor waiting for a second person."""
    sql = f"{_IMPACTS} WHERE incident = ? AND proposal = 'extend' AND granted IS NULL AND asked IS NULL ORDER BY account LIMIT ?"
    return [_impact(found) for found in connection.execute(sql, (incident, limit))]


def proposals(connection: apsw.Connection, incident: int) -> dict[Proposal, tuple[int, int]]:
    """By proposal, how many accounts it is for and of how many it was granted."""
    sql = (
        "SELECT proposal, count(*), count(granted) FROM rm_incident_account WHERE incident = ? AND proposal != ''"
        " GROUP BY proposal"
    )
    return {Proposal(name): (number, granted) for name, number, granted in connection.execute(sql, (incident,))}


def words_of(connection: apsw.Connection, incident: int, limit: int) -> list[IncidentWord]:
    """What was said of it, newest first."""
    sql = "SELECT seq, act, who, said, at_us FROM rm_incident_word WHERE incident = ? ORDER BY seq DESC LIMIT ?"
    return [IncidentWord(*found) for found in connection.execute(sql, (incident, limit))]


def _names(symbols: tuple[str, ...]) -> str:
    """A platform may put a space into a symbol's name."""
    return msgspec.json.encode(symbols).decode()


def _line(found: tuple[object, ...]) -> IncidentLine:
    number, bridge, cause, symbols, whole, from_us, back_us, to_us, filled, *rest = found
    taken = (number, bridge, cause, msgspec.json.decode(str(symbols)), bool(whole), from_us, back_us, to_us)
    ended_us, sentence, shown, *last = rest
    said = (None if filled is None else bool(filled), ended_us, sentence, bool(shown), *last)
    names = IncidentLine.__struct_fields__
    return msgspec.convert(dict(zip(names, (*taken, *said), strict=True)), IncidentLine)


def _impact(found: tuple[object, ...]) -> Impact:
    raw = dict(zip(Impact.__struct_fields__, found, strict=True))
    raw |= {"symbols": msgspec.json.decode(str(raw["symbols"])), "befell": str(raw["befell"]).split()}
    raw |= {name: raw[name] or None for name in ("answer", "proposal")}
    override = _override.decode(str(raw["override"])) if raw["override"] else None
    return msgspec.structs.replace(msgspec.convert(raw | {"override": None}, Impact), override=override)
