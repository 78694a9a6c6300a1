"""`evenhand rules run`: a ruleset over a history, day by day what each rule says."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from appliance.commands.options import Verbs, add_json, plain_text, tell, verb
from appliance.conformance.history import HistoryRefused, read_history
from appliance.conformance.rules_run import Ran, RuleStands, RunDay, run
from appliance.console import CommandRefused
from firm.bounds import AMOUNT_MINOR_MAX
from firm.money import Money
from firm.ruleset import Program, Ruleset
from firm.ruleset_checks import problems_of
from firm.ruleset_text import Rules

CURRENCY_USUAL = "USD"


def add_run(actions: Verbs, rules_file: str) -> None:
    example = "evenhand rules run two-step.toml history.jsonl"
    note = (
        "The history has one entry a line, as JSON, in the words of the neutral format's timeline: ticks and rollovers with balance and "
        "equity, days with what they made, payouts, positions opened and closed, scores. docs/rulebook.md lists them. There are no "
        "prices: rules that value positions say nothing. Exit status: 0 also where the rules are broken, 2 where a file cannot be read."
    )
    parser = verb(
        actions, "run", run_run, "run a ruleset over a history, and say day by day what each rule says", example, note
    )
    parser.add_argument("rules", type=Path, metavar="RULESET", help=rules_file)
    parser.add_argument("history", type=Path, metavar="HISTORY", help="one entry a line, as JSON")
    parser.add_argument("--phase", type=int, default=1, metavar="N", help="of a program: which (default 1)")
    money = f"the account's size, as 100000.00 or 100000.00 EUR (default: the program's; {CURRENCY_USUAL} where no currency is said)"
    parser.add_argument("--initial", type=plain_text, default="", metavar="AMOUNT", help=money)
    add_json(parser)


def run_run(options: argparse.Namespace) -> int:
    # Here, because the reading of files is the other verbs' as well.
    from appliance.commands.rules import readable_rules

    rules = readable_rules(options.rules)
    ruleset, initial = _ruleset(rules, options), _initial(rules, options)
    try:
        ran = run(ruleset, initial, read_history(options.history), str(options.history))
    except HistoryRefused as refused:
        raise CommandRefused(str(refused)) from refused
    tell(options, ran, "\n".join(_lines(ran)))
    return 0


def _ruleset(rules: Rules, options: argparse.Namespace) -> Ruleset:
    ruleset = rules
    if isinstance(rules, Program):
        if not 1 <= options.phase <= len(rules.phases):
            raise CommandRefused(f"--phase {options.phase}: {options.rules} has phases 1 to {len(rules.phases)}")
        phase = rules.phases[options.phase - 1].ruleset
        assert isinstance(phase, Ruleset)  # no file holds others
        ruleset = phase
    assert isinstance(ruleset, Ruleset)
    problems = problems_of(ruleset)
    if problems:
        raise CommandRefused(f"{options.rules}: {problems[0]}; evenhand rules check says all")
    return ruleset


def _initial(rules: Rules, options: argparse.Namespace) -> Money:
    if not options.initial:
        if isinstance(rules, Program):
            return rules.size
        raise CommandRefused(f"{options.rules} has the rules of one phase and no size: give --initial 100000.00")
    number, _, currency = options.initial.partition(" ")
    usual = rules.size.currency if isinstance(rules, Program) else CURRENCY_USUAL
    exponent = rules.size.exponent if isinstance(rules, Program) else 2
    try:
        money = Money.parse(number.replace(",", ""), currency or usual, exponent)
    except ValueError as wrong:
        raise CommandRefused(f"--initial {options.initial!r}: {wrong}") from wrong
    if not 0 < money.minor <= AMOUNT_MINOR_MAX:
        raise CommandRefused(f"--initial {options.initial!r}: an account begins with more than nothing")
    return money


def _lines(ran: Ran) -> Iterator[str]:
    yield f"{ran.ruleset}, {ran.initial}; id {ran.ruleset_id}"
    told: dict[tuple[str, str], str] = {}
    for day in ran.days:
        yield ""
        yield from _day(day, told)
    if ran.ended is not None:
        yield ""
        said = f"{ran.ended.rule}: {ran.ended.text}" if ran.ended.rule else ran.ended.text
        yield f"The phase is over with line {ran.ended.line}: {said}"


def _day(day: RunDay, told: dict[tuple[str, str], str]) -> Iterator[str]:
    """`told`: what was said of each rule so far; the same is not said again."""
    lines = (
        f"line {day.first_line}" if day.first_line == day.last_line else f"lines {day.first_line} to {day.last_line}"
    )
    lines = lines if day.first_line else "no line"
    yield f"{day.day} ({lines}): balance {day.balance}, equity {day.equity}"
    for one in day.happened:
        yield f"  line {one.line}: {f'{one.rule} ' if one.rule else ''}{one.what}: {one.text}"
    for rule in day.rules:
        yield f"  {rule.rule}: {rule.progress.replace('_', ' ')}{_figures(rule)}"
        for which, said in (("sentence", rule.sentence), ("how", rule.how)):
            if said and told.get((rule.rule, which)) != said:
                yield f"      {said}"
            told[rule.rule, which] = said


def _figures(rule: RuleStands) -> str:
    if rule.floor is not None:
        return f"; floor {rule.floor}, headroom {rule.headroom}"
    if rule.target is not None:
        return f"; target {rule.target}, now {rule.current}"
    return ""
