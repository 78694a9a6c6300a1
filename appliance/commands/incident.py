"""`evenhand incident list|show|note|publish|close`: prices that were missing, and what that meant for accounts."""

import argparse

from appliance.commands.options import ROW_DIGITS_MAX, Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm
from firm.commands import CloseIncident, Command, NoteIncident, PublishIncident
from firm.ids import id_text
from firm.incident_words import CAUSES, NEEDED, answer_in_words, befell_in_words, proposal_in_words, symbols_in_words
from firm.instant import utc_text
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.incidents import (
    Impact,
    IncidentLine,
    IncidentWord,
    extensions_left,
    impacts,
    incident_line,
    incidents,
    words_of,
)

LISTED_MAX = 1_000
SHOWN_MAX = 100_000  # accounts of one incident


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs, "incident", run_list, "list, show, publish and close incidents: prices that were missing", "evenhand incident list"
    )  # fmt: skip
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listed = verb(actions, "list", run_list, "list incidents, newest first", "evenhand incident list")
    add_directory(listed)
    add_json(listed)
    shown = verb(actions, "show", run_show, "what an incident meant for each account", "evenhand incident show 48213")
    shown.add_argument("incident", type=incident_number, metavar="INCIDENT", help="its number")
    add_directory(shown)
    add_json(shown)
    _add_words(actions, "note", "write something down about an incident, for staff", "note", _noting)
    published = _add_words(actions, "publish", "say on the public status page what happened", "sentence", _publishing)
    published.add_argument("--off", action="store_true", help="take it off the page")
    closed = _add_words(actions, "close", "close an incident that is over, with a conclusion", "conclusion", _closing)
    closed.add_argument(
        "--ungranted", action="store_true", help="though extensions are proposed that nobody has granted"
    )


def _add_words(actions: Verbs, name: str, summary: str, words: str, wanted: object) -> argparse.ArgumentParser:
    example = f'evenhand incident {name} 48213 --{words} "The line to the platform was cut."'
    parser = verb(actions, name, run_say, summary, example)
    parser.add_argument("incident", type=incident_number, metavar="INCIDENT", help="its number")
    parser.add_argument(
        f"--{words}", type=plain_text, required=True, help="1 to 500 characters; it cannot be changed later"
    )
    add_directory(parser)
    parser.set_defaults(wanted=wanted)
    return parser


def run_list(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        found = incidents(connection, LISTED_MAX)
    tell(options, found, "\n".join(map(_line, found)) or "No prices were ever missing for long.")
    return 0


def run_show(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        line = incident_line(connection, options.incident)
        if line is None:
            raise CommandRefused(f"no incident {options.incident}: evenhand incident list shows all")
        said = words_of(connection, options.incident, LISTED_MAX)
        found = impacts(connection, options.incident, 0, SHOWN_MAX)
    told = [_impact(each, line.filled) for each in found]
    text = "\n".join([_line(line), *told, *map(_word, reversed(said))])
    tell(options, {"incident": line, "accounts": found, "said": said}, text)
    return 0


def run_say(options: argparse.Namespace) -> int:
    command: Command = options.wanted(options)
    ask_firm(options.data_dir, command)
    print(f"Incident {options.incident}: done.")
    return 0


def _noting(options: argparse.Namespace) -> Command:
    return NoteIncident(by="console", incident=options.incident, note=options.note)


def _publishing(options: argparse.Namespace) -> Command:
    return PublishIncident(by="console", incident=options.incident, sentence=options.sentence, shown=not options.off)


def _closing(options: argparse.Namespace) -> Command:
    if not options.ungranted and (left := _extensions_left(options)):
        several = "extensions are" if left > 1 else "extension is"
        raise CommandRefused(
            f"{left} {several} proposed and not granted: grant them on the incident's page, or close it with --ungranted"
        )
    return CloseIncident(by="console", incident=options.incident, conclusion=options.conclusion)


def _extensions_left(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        return len(extensions_left(connection, options.incident, SHOWN_MAX))


def incident_number(text: str) -> int:
    """An incident's number, for argparse."""
    if not text.isascii() or not text.isdecimal() or len(text) > ROW_DIGITS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no incident: give its number, as evenhand incident list shows it"
        )
    return int(text)


def _line(line: IncidentLine) -> str:
    until = "still" if line.to_us is None else f"to {_minute(line.to_us)}"
    state = "goes on" if line.to_us is None else "to be looked at" if line.closed_us is None else "closed"
    prices = "" if line.filled is None else ", all prices came afterwards" if line.filled else ", prices are lost"
    missing = symbols_in_words(line.symbols, line.whole)
    return (
        f"{line.incident:>8} {line.bridge} {missing}: {CAUSES[line.cause]}, from {_minute(line.from_us)} {until} UTC{prices}; "
        f"{line.accounts} account{'' if line.accounts == 1 else 's'}, {state}{', published' if line.shown else ''}"
    )


def _impact(each: Impact, filled: bool | None) -> str:
    needed = f"  {id_text(each.account)} {NEEDED[each.needed]} by {', '.join(each.symbols)}"
    if each.answer is None or each.proposal is None:
        return f"{needed}: its passes are frozen"
    granted = f", granted in row {each.granted}" if each.granted else ", asked for" if each.asked else ""
    decision = f" (decision {each.decision})" if each.decision else ""
    answer = answer_in_words(each.answer, each.befell, filled)
    return (
        f"{needed}: {befell_in_words(each.befell)}{decision}; a limit broken without the outage: {answer}; "
        f"proposed: {proposal_in_words(each.proposal, each.days)}{granted}"
    )


def _word(word: IncidentWord) -> str:
    return f"  {_minute(word.at_us)} {word.who} {word.act.replace('_', ' ')}: {word.said}"


def _minute(at_us: int) -> str:
    return utc_text(at_us)[:16].replace("T", " ")
