"""Lists of acts: searched by who, what, whom it concerns, when and why, newest first, a page at a time.

However little a search finds, one page of it looks through a bounded number of rows of one index, and says from where to go on.
"""

import apsw
import msgspec

SCANNED_MAX = 5_000  # rows that one page looks through
_COLUMNS = "seq, at_us, who, kind, account, trader, member, about, why, subject, before, after, refused, whence"
# By which index a search goes, of those that it could: the narrowest first.
_INDEXED = ("account", "trader", "member", "who", "kind")


class ActFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of acts is narrowed to; None narrows nothing. `text`: of the reason, in any case. Instants: from, and up to."""

    who: str | None = None
    kind: str | None = None
    account: int | None = None
    trader: int | None = None
    member: int | None = None
    text: str | None = None
    since_us: int | None = None
    until_us: int | None = None


class ActLine(msgspec.Struct, frozen=True):
    """One act. `account`, `trader`, `member`: whom it concerns, 0 for nobody. `subject` was `before` and is `after`, "" where it changes
    nothing. `refused`: why the firm said no, "" where it did not. `whence`: the commitment to where it came from, or "".
    """

    seq: int
    at_us: int
    who: str
    kind: str
    account: int
    trader: int
    member: int
    about: str
    why: str
    subject: str
    before: str
    after: str
    refused: str
    whence: str


class ActsPage(msgspec.Struct, frozen=True):
    """A page, newest first. `older`: below which row it goes on, None where nothing is left."""

    acts: list[ActLine]
    older: int | None


def acts_page(connection: apsw.Connection, wanted: ActFilter, before: int | None, limit: int) -> ActsPage:
    """Acts below row `before`, or the newest. A page may be short, or empty, and yet go on."""
    low, high = _span(connection, wanted, before)
    given = {name: value for name in _INDEXED if (value := getattr(wanted, name)) is not None}
    first = next(iter(given), None)
    narrowest = f"{first} = :{first}" if first else "1"
    span = {"low": low, "high": high}
    # Of the table itself: for somebody who sees a part of it, what they do not see is looked through all the same.
    sql = (
        f"SELECT seq FROM main.rm_act WHERE {narrowest} AND seq < :high AND seq >= :low"  # noqa: S608  (names of columns)
        " ORDER BY seq DESC LIMIT 1 OFFSET :scanned"
    )
    bound = {first: given[first]} if first else {}
    floor = connection.execute(sql, bound | span | {"scanned": SCANNED_MAX - 1}).fetchone()
    low = max(low, floor[0]) if floor else low
    conditions = [f"{name} = :{name}" for name in given]
    if wanted.text:
        conditions.append("instr(sought, :text) > 0")
    sql = (
        f"SELECT {_COLUMNS} FROM rm_act WHERE {' AND '.join(['seq < :high', 'seq >= :low', *conditions])}"  # noqa: S608  (as above)
        " ORDER BY seq DESC LIMIT :limit"
    )
    values = given | {"low": low, "high": high, "text": (wanted.text or "").casefold(), "limit": limit + 1}
    found = [ActLine(*row) for row in connection.execute(sql, values)]
    if len(found) > limit:
        return ActsPage(found[:limit], found[limit - 1].seq)
    return ActsPage(found, low if floor else None)


def whence_last(connection: apsw.Connection, who: str) -> str:
    """The commitment to where somebody was last noted to act from; "" where they never were."""
    row = connection.execute("SELECT sealed FROM rm_act_whence WHERE who = ?", (who,)).fetchone()
    return str(row[0]) if row else ""


def act_kinds(connection: apsw.Connection) -> list[str]:
    """The kinds of acts that there are in the whole firm."""
    sql = (  # one look into the index for each kind, and not one for each row
        "WITH RECURSIVE next (kind) AS (SELECT min(kind) FROM main.rm_act UNION ALL"
        " SELECT (SELECT min(kind) FROM main.rm_act WHERE kind > next.kind) FROM next WHERE next.kind IS NOT NULL)"
        " SELECT kind FROM next WHERE kind IS NOT NULL"
    )
    return [kind for (kind,) in connection.execute(sql)]


def _span(connection: apsw.Connection, wanted: ActFilter, before: int | None) -> tuple[int, int]:
    """The rows [low, high) in which the asked time lies: the firm's clock never goes back."""
    high = before if before is not None else 1 << 62
    if wanted.until_us is not None:
        high = min(high, _first_at(connection, wanted.until_us) or high)
    if wanted.since_us is None:
        return 0, high
    return _first_at(connection, wanted.since_us) or 1 << 62, high


def _first_at(connection: apsw.Connection, at_us: int) -> int | None:
    sql = "SELECT seq FROM main.rm_act WHERE at_us >= ? ORDER BY at_us, seq LIMIT 1"
    found = connection.execute(sql, (at_us,)).fetchone()
    return int(found[0]) if found else None
