"""`evenhand override reinstate|waive|extend|adjust|advance|list`: exceptions from one account's rules, from the console.

They are by the console: nobody knows who sits there, and it is none of the two people that some rules want.
"""

import argparse

from appliance.commands.options import (
    Verbs,
    account_id,
    add_directory,
    add_json,
    decision_number,
    plain_text,
    tell,
    verb,
)
from appliance.console import CommandRefused, ask_firm
from firm.bounds import EXTENDED_DAYS_MAX, WAIVED_DAYS_MAX
from firm.commands import AdvanceChallenge, GrantOverride
from firm.facts import OverrideGranted
from firm.ids import id_text
from firm.instant import parse_utc, utc_text
from firm.money import Money
from firm.override_words import effect_in_words, override_in_words
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule
from firm.permissions import CONSOLE
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine, account_line
from storage.readmodels.overrides import OverrideLine, overrides_of
from web.act_lines import by_id

LISTED_MAX = 1_000
_NOTE = "Its row says “console”. Where the account's rules want two people it is asked for and agreed to on the account's page."


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "override",
        run_list,
        "make an exception from an account's rules, and list those that were made",
        'evenhand override extend 7K2MQ-9XW3F --days 3 --why "our outage" --evidence "incident 4871"',
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_reinstate(actions)
    _add_waive(actions)
    _add_extend(actions)
    _add_adjust(actions)
    _add_advance(actions)
    shown = verb(actions, "list", run_list, "list an account's exceptions", "evenhand override list 7K2MQ-9XW3F")
    shown.add_argument("account", type=account_id, metavar="ACCOUNT", help="as pages show it")
    add_directory(shown)
    add_json(shown)


def _add_reinstate(actions: Verbs) -> None:
    parser = _action(actions, "reinstate", "let a breached account go on", "--decision 48213")
    parser.add_argument("--decision", type=decision_number, required=True, help="the breach by which it is closed")
    parser.set_defaults(wanted=lambda options, _: Reinstate(decision=options.decision))


def _add_waive(actions: Verbs) -> None:
    parser = _action(actions, "waive", "judge a rule not before an instant", "--rule daily --until 2026-03-04T22:00")
    parser.add_argument("--rule", type=plain_text, required=True, help="its id in the account's ruleset")
    until = f"an instant in UTC, within the next {WAIVED_DAYS_MAX} days"
    parser.add_argument("--until", type=_instant, required=True, metavar="YYYY-MM-DDTHH:MM", help=until)
    parser.set_defaults(wanted=lambda options, _: WaiveRule(rule=options.rule, until_us=options.until))


def _add_extend(actions: Verbs) -> None:
    parser = _action(actions, "extend", "give the clocks of a phase more days", "--days 3")
    parser.add_argument("--days", type=int, required=True, help=f"1 to {EXTENDED_DAYS_MAX}")
    parser.set_defaults(wanted=lambda options, _: ExtendPhase(days=options.days))


def _add_adjust(actions: Verbs) -> None:
    parser = _action(actions, "adjust", "set what a limit is measured from", "--mark day_balance --amount 99500.00")
    marks = [mark.value for mark in Mark]
    parser.add_argument("--mark", choices=marks, required=True, help="high: the one that the floor of --rule follows")
    parser.add_argument("--rule", type=plain_text, default="", help="of a high: the rule's id in the account's ruleset")
    parser.add_argument("--amount", type=plain_text, required=True, help="in the account's currency, as 99500.00")
    parser.set_defaults(wanted=_adjusted)


def _add_advance(actions: Verbs) -> None:
    said = 'evenhand override advance 7K2MQ-9XW3F --why "the owner has agreed"'
    summary = "open the next phase's account that was held for want of room"
    parser = verb(actions, "advance", run_advance, summary, said, "The account is the one that won the phase.")
    parser.add_argument("account", type=account_id, metavar="ACCOUNT", help="as pages show it")
    parser.add_argument("--why", type=plain_text, required=True, help="it is kept in the ledger")
    add_directory(parser)


def _action(actions: Verbs, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    said = f'evenhand override {name} 7K2MQ-9XW3F {example} --why "our outage" --evidence "incident 4871"'
    parser = verb(actions, name, run, summary, said, _NOTE)
    parser.add_argument("account", type=account_id, metavar="ACCOUNT", help="as pages show it")
    parser.add_argument("--why", type=plain_text, required=True, help="the trader reads it")
    parser.add_argument("--evidence", type=plain_text, required=True, help="a ticket, or the hash of a file")
    add_directory(parser)
    return parser


def run(options: argparse.Namespace) -> int:
    line = _line(options)
    wanted: Override = options.wanted(options, line)
    command = GrantOverride(
        by=CONSOLE, account=options.account, override=wanted, why=options.why, evidence=options.evidence
    )
    [granted] = (fact for fact in ask_firm(options.data_dir, command) if isinstance(fact, OverrideGranted))
    did = override_in_words(wanted, line.money(0))
    print(f"The console {did}. {effect_in_words(wanted, granted.floors)}")
    return 0


def run_advance(options: argparse.Namespace) -> int:
    line = _line(options)
    ask_firm(options.data_dir, AdvanceChallenge(by=CONSOLE, order=line.challenge, why=options.why))
    print(f"The console let the next phase of account {id_text(options.account)} begin, although it was held.")
    return 0


def run_list(options: argparse.Namespace) -> int:
    line = _line(options)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        found = overrides_of(connection, options.account, LISTED_MAX)
    lines = [_told(each, line) for each in found]
    tell(options, found, "\n".join(lines) or "No exception from this account's rules was ever asked for.")
    return 0


def _told(each: OverrideLine, line: AccountLine) -> str:
    asked = "" if each.granted else "asked for, not granted by this row: "
    did = override_in_words(each.override, line.money(0))
    return f"{each.seq:>8} {utc_text(each.at_us)[:19]} {asked}{by_id(each.who)} {did}: {each.why} (evidence: {each.evidence})"


def _line(options: argparse.Namespace) -> AccountLine:
    open_firm_directory(options.data_dir)
    with LedgerReader(options.data_dir) as reader, reader.connection() as connection:
        line = account_line(connection, options.account)
    if line is None:
        raise CommandRefused(f"there is no account {id_text(options.account)}: give its id as pages show it")
    return line


def _adjusted(options: argparse.Namespace, line: AccountLine) -> Override:
    try:
        amount = Money.parse(options.amount, line.currency, line.exponent)
    except ValueError as unreadable:
        raise CommandRefused(
            f"{options.amount!r} is no amount in {line.currency}: write it as 99500.00"
        ) from unreadable
    mark = Mark(options.mark)
    return AdjustMark(mark=mark, rule=options.rule if mark is Mark.HIGH else "", minor=amount.minor)


def _instant(text: str) -> int:
    """An instant in UTC, for argparse."""
    try:
        return parse_utc(text)
    except (ValueError, OverflowError) as unreadable:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant: write YYYY-MM-DDTHH:MM") from unreadable
