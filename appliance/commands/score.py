"""`evenhand score publish`: scores of accounts on a board of the firm, from a file, from the console."""

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import msgspec

from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm_each
from firm.bounds import OVERRIDE_WORDS_MAX, SCORE_MAX, SCORES_FILE_MAX
from firm.commands import PublishScore
from firm.facts import Fact, Refusal, Refused
from firm.ids import id_text, parse_id

FILE_BYTES_MAX = 8 * 2**20
COLUMNS = ("account", "board", "score", "why")


class ScoresRefused(CommandRefused):
    """The file cannot be read; the text names the line and the column. Nothing of it was published."""


class Told(msgspec.Struct, frozen=True):
    """What came of one line: `published`, `known` already, or why it was refused."""

    line: int
    account: str
    board: str
    score: int
    answer: str
    detail: str = ""


def add_to(verbs: Verbs) -> None:
    example = "evenhand score publish --file scores.csv"
    parser = verb(verbs, "score", run_publish, "publish scores that win a phase", example)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    note = (
        "The file is CSV with the columns account,board,score,why: the account's id as pages show it, the board as one of its rules "
        f"names it, a whole number from 0 to {SCORE_MAX:,}, and the reason. A file that cannot be read is refused whole. Publishing a "
        "score again corrects the one before; what is published already is passed over, so that a file can be sent twice. Exit status "
        "1: something was refused."
    )
    publish = verb(actions, "publish", run_publish, "publish the scores in a file", example, note)
    publish.add_argument("--file", type=Path, required=True, metavar="FILE", help="CSV: account,board,score,why")
    publish.add_argument("--why", type=plain_text, default="", help="the reason of lines that name none")
    add_directory(publish)
    add_json(publish)


def run_publish(options: argparse.Namespace) -> int:
    lines = read_scores(options.file, options.why)
    answers = ask_firm_each(options.data_dir, [command for _, command in lines])
    told = [_told(number, command, facts) for (number, command), facts in zip(lines, answers, strict=True)]
    tell(options, told, "\n".join(map(_line, told)))
    return int(any(one.answer not in ("published", "known") for one in told))


def read_scores(path: Path, why: str = "") -> list[tuple[int, PublishScore]]:
    """Each line's number and command. Raises ScoresRefused."""
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    found: list[tuple[int, PublishScore]] = []
    first: dict[tuple[int, str], int] = {}
    try:
        head = next(rows, [])
        if tuple(name.strip() for name in head) not in (COLUMNS, COLUMNS[:3]):
            raise ScoresRefused(f"{path}, line 1: the columns are {','.join(COLUMNS)} (why may be left out)")
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            where = f"{path}, line {rows.line_num}"
            command = _command(row, len(head), why, where)
            key = command.account, command.board
            if key in first:
                raise ScoresRefused(
                    f"{where}: {id_text(command.account)} on {command.board} has a score in line {first[key]}"
                )
            first[key] = rows.line_num
            found.append((rows.line_num, command))
            if len(found) > SCORES_FILE_MAX:
                raise ScoresRefused(f"{where}: more than {SCORES_FILE_MAX} scores: send them in several files")
    except csv.Error as wrong:
        raise ScoresRefused(f"{path}, line {rows.line_num}: {wrong}") from wrong
    if not found:
        raise ScoresRefused(f"{path} has no score: each is a line under {','.join(COLUMNS)}")
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ScoresRefused(f"{path} cannot be read ({error.strerror}): name a file of scores") from error
    if len(raw) > FILE_BYTES_MAX:
        raise ScoresRefused(f"{path} has more than {FILE_BYTES_MAX} bytes: send the scores in several files")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        raise ScoresRefused(f"{path}, line {line}: no UTF-8: save it as UTF-8") from wrong


def _command(row: Sequence[str], columns: int, why: str, where: str) -> PublishScore:
    if len(row) != columns:
        raise ScoresRefused(f"{where}: {len(row)} values instead of {columns}")
    account, board, score, *reason = (cell.strip() for cell in row)
    said = (reason[0] if reason else "") or why
    try:
        number = parse_id(account)
    except ValueError as wrong:
        raise ScoresRefused(f"{where}, account: {wrong}") from wrong
    if not board:
        raise ScoresRefused(f"{where}, board: it is empty; name the board as the rule does")
    if not (score.isascii() and score.isdecimal() and int(score[:20]) <= SCORE_MAX):
        raise ScoresRefused(f"{where}, score: {score[:40]!r} is no whole number from 0 to {SCORE_MAX}")
    if not said or len(said) > OVERRIDE_WORDS_MAX:
        raise ScoresRefused(
            f"{where}, why: say it in 1 to {OVERRIDE_WORDS_MAX} characters, or give --why for all lines"
        )
    return PublishScore(by="console", account=number, board=board, score=int(score), why=said)


def _told(line: int, command: PublishScore, facts: Sequence[Fact]) -> Told:
    no = next((fact for fact in facts if isinstance(fact, Refused)), None)
    answer = "published" if no is None else "known" if no.refusal is Refusal.SCORE_KNOWN else no.refusal.value
    account, detail = id_text(command.account), "" if no is None else no.detail
    return Told(line, account, command.board, command.score, answer, detail)


def _line(told: Told) -> str:
    said = {"published": "published", "known": "published already"}.get(told.answer, f"refused: {told.detail}")
    return f"line {told.line}: {told.account} {told.board} {told.score:,}: {said}"
