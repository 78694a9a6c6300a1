"""Explain: a decision in plain words, from its fact, its working and the frozen rules, so that it can be read aloud.

Written generically over the steps of the working: a new rule explains itself through the names and units of its steps.
Step names are for people already; what is left to do is to put numbers into the units that a trader reads.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from firm.arithmetic import Step, Unit
from firm.doubt_words import DOUBTS
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    Doubt,
    PassHeld,
    PhasePassed,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
)
from firm.ids import id_text
from firm.instant import instant_in_words, utc_text
from firm.money import MINUS, Money
from firm.pass_words import conditions_in_words, pass_in_words
from firm.plain_figures import PlainFigures
from firm.ruleset import AnyRuleset, Rule, rule_named
from firm.sentences.languages import Language
from firm.sentences.rule import rule_sentence, titles_of
from firm.terms.losses import LossLimit, Trail
from firm.terms.objectives import Inactivity, MaximumDuration, ProfitTarget, TradingDays
from firm.terms.words import Action, Consequence, DeductProfit, Scope, ToGroup, ToLeverage

INSTANTS_FROM_US = 10**15  # September 2001
Breach = BreachDeclared | BreachSuspected | RuleBroken | RuleSuspected
Decision = Breach | PhasePassed | PassHeld

_SIGNS = {"plus": " + ", "minus": f" {MINUS} ", "times": " × "}
_ROUNDED = {
    "divided_rounded_down": "rounded down",
    "divided_rounded_up": "rounded up",
    "divided_rounded_half_away": "rounded to the nearest, halves away from zero",
}
_COMPARED = {
    "is_below": "Is {} below {}",
    "is_at_or_below": "Is {} at or below {}",
    "is_above": "Is {} above {}",
    "is_at_or_above": "Is {} at or above {}",
}
_POSITION = re.compile(r"(.+ for |.+ up to )?(.+?) position (\S+)(?: (.+))?")


def explain(
    fact: Decision,
    steps: Sequence[Step],
    ruleset: AnyRuleset,
    money: Money,
    digits: Mapping[str, int] | None = None,
    sources: Sequence[str] = (),
    passed_us: int = 0,
) -> list[str]:
    """Paragraphs: the verdict, the rule, when, what it rests on, the arithmetic line by line, what follows.

    `money` lends the account's currency. `digits`: the digit count of each symbol, from the QuoteUsed rows, so that prices read as
    prices and not as points.

    `sources`: paragraphs on where figures come from, such as the balance and the exchange rates; empty ones are left out.

    `passed_us`: when a pass was decided, which its fact leaves to its row; 0 where that is not known.
    """
    words, rule = _Words(steps, money, digits or {}), _rule_of(fact, ruleset)
    paragraphs = [
        _verdict(fact, money),
        f"The rule: {rule_in_words(rule, ruleset, money)}",
        _when(fact, ruleset, passed_us),
        _won_by(fact, money),
    ]
    if steps:
        paragraphs.append("What it rests on:\n" + "\n".join(words.given()))
        paragraphs += sources
        paragraphs.append("How it is worked out:\n" + "\n".join(words.worked()))
    paragraphs.append(_what_follows(fact, rule))
    return [paragraph for paragraph in paragraphs if paragraph]


def explain_kept_again(fact: RuleKeptAgain, broken: int, ruleset: AnyRuleset, money: Money) -> list[str]:
    """Paragraphs on a rule that is kept again. `broken`: the row that says it was broken, 0 where that is not known."""
    rule = rule_named(ruleset, fact.rule)
    about = f" by {fact.subject}" if fact.subject else ""
    said = [f"The rule “{fact.rule}” is broken{about} no more: another breach counts anew."]
    if rule is not None:
        said.append(f"The rule: {rule_in_words(rule, ruleset, money)}")
    return [*said, f"It was broken in ledger row {broken}."] if broken else said


def explain_end(because: str, ruleset: AnyRuleset, money: Money) -> list[str]:
    """Paragraphs on an account that a clock of its phase ended. `because`: the kind of its rule."""
    rules = [rule for rule in ruleset.rules if rule.terms.__struct_config__.tag == because]
    said = f"A clock of the phase had run out at the rollover ({because.replace('_', ' ')}): the account is closed."
    return [said, *(f"The rule: {rule_in_words(rule, ruleset, money)}" for rule in rules)]


def rule_in_words(rule: Rule, ruleset: AnyRuleset, money: Money) -> str:
    """One rule as its trader was told it, in English. `money` lends the account's currency."""
    said = rule_sentence(rule, Language.ENGLISH, PlainFigures(money.currency, money.exponent), titles_of(ruleset))
    day = f"The trading day begins at {ruleset.calendar.rollover} in {ruleset.calendar.zone}."
    return f"{said.text} {day}" if looks_at_days(rule) else said.text


def looks_at_days(rule: Rule) -> bool:
    """Whether it matters for the rule when a trading day begins."""
    by_day = isinstance(rule.terms, LossLimit) and (
        rule.terms.scope is not Scope.PHASE or rule.terms.trail is not Trail.STATIC
    )
    return by_day or isinstance(rule.terms, TradingDays | MaximumDuration | Inactivity)


def measured_in_words(value: int, unit: Unit, money: Money) -> str:
    """What a rule measured, or its limit, with its unit. `money` lends the account's currency."""
    match unit:
        case Unit.MINOR:
            return str(money.with_minor(value))
        case Unit.BP:
            return percent(value)
        case Unit.LOTS_E8:
            return lots_in_words(value)
        case Unit.SECONDS:
            return f"{value:,} s"
        case Unit.DAYS:
            return "1 day" if value == 1 else f"{value:,} days"
        case Unit.COUNT:
            return f"{value:,}"
        case unknown:
            assert_never(unknown)


def consequence_in_words(does: Consequence) -> str:
    """What follows from a breach, as a sentence about the account that broke the rule."""
    match does:
        case Action():
            return _FOLLOWS[does]
        case ToGroup():
            return f"The account is moved to the group “{does.group}” of its platform."
        case ToLeverage():
            return f"The account's leverage is set to 1:{does.leverage}."
        case DeductProfit():
            return f"{percent(does.share_bp)} of the profit concerned is taken away."
        case unknown:
            assert_never(unknown)


_FOLLOWS: dict[Action, str] = {
    Action.WARN: "The trader is warned; nothing else follows.",
    Action.EXCLUDE_PROFIT: "The profit concerned does not count for targets and payouts.",
    Action.RESTRICT: "Nothing may be opened until the next trading day begins; what is held may stay.",
    Action.CLOSE_POSITIONS: "What breaks the rule is closed; trading goes on.",
    Action.PAUSE: "Everything is closed, and trading is paused until the next trading day begins.",
    Action.REVIEW: "Positions may only be closed until a person has decided.",
    Action.FAIL: "The account ends.",
}


def lots_in_words(lots_e8: int) -> str:
    """A volume as people say it: 50_000_000 is "0.50 lots"."""
    return f"{_trimmed(lots_e8, digits_min=2)} lots"


def position_in_words(name: str) -> str:
    """A step's name as people say it: "EURUSD position 126 lots", which reads as 126 lots, is "lots of position 126 (EURUSD)"."""
    found = _POSITION.fullmatch(name)
    if found is None:
        return name
    before, symbol, position, figure = found.groups()
    what = f"{before or ''}position {position} ({symbol})"
    return f"{figure} of {what}" if figure else what


def percent(bp: int) -> str:
    """Basis points as people say them: 500 is "5 %", 125 is "1.25 %"."""
    return f"{_decimal(bp, 2).rstrip('0').rstrip('.')} %"


def _rule_of(fact: Decision, ruleset: AnyRuleset) -> Rule:
    found = rule_named(ruleset, fact.rule)
    if found is None:
        raise ValueError(
            f"rule {fact.rule!r} is not in ruleset {ruleset.name!r}: explain with the account's own ruleset"
        )
    return found


def _verdict(fact: Decision, money: Money) -> str:
    match fact:
        case RuleBroken():
            by = " A person confirmed it." if fact.reviewed else ""
            return f"The rule {_named(fact)} was broken{_about(fact)}. {_against(fact, money)}{_together(fact)}{by}"
        case RuleSuspected():
            what = f"The rule {_named(fact)} looks broken{_about(fact)}, but a person decides."
            return f"{what} {_against(fact, money)}{_together(fact)}"
        case BreachDeclared():
            late = " It was found when late data arrived." if fact.late else ""
            return f"The rule {_named(fact)} was broken. {_judged(fact)}{late}"
        case BreachSuspected():
            return f"The rule {_named(fact)} looks broken, but this is not final. {_judged(fact)}"
        case PhasePassed() | PassHeld():
            return pass_in_words(fact, money)
        case unknown:
            assert_never(unknown)


def _about(fact: RuleBroken | RuleSuspected) -> str:
    return f" by {fact.subject}" if fact.subject else ""


def _against(fact: RuleBroken | RuleSuspected, money: Money) -> str:
    observed, limit = (measured_in_words(value, fact.unit, money) for value in (fact.observed, fact.limit))
    return f"Measured was {observed}; the limit is {limit}."


def _together(fact: RuleBroken | RuleSuspected) -> str:
    """Of a rule across accounts: which ones. Its working has the share of each."""
    accounts = [id_text(account) for account in fact.accounts]
    if not accounts:
        return ""
    if len(accounts) == 1:
        return f" It is what account {accounts[0]} held."
    return f" It is what the trader's accounts {', '.join(accounts[:-1])} and {accounts[-1]} held together."


def _named(fact: Breach) -> str:
    kind = fact.rule_kind.replace("_", " ")
    return f"“{fact.rule}”" if fact.rule == kind else f"“{fact.rule}” ({kind})"


def _judged(fact: BreachDeclared | BreachSuspected) -> str:
    return f"Equity was {fact.observed}; the floor was {fact.floor}."


def _when(fact: Decision, ruleset: AnyRuleset, passed_us: int) -> str:
    match fact:
        case BreachDeclared() | BreachSuspected() | RuleBroken() | RuleSuspected():
            return f"When: {instant_in_words(fact.at_us, ruleset.calendar.zone)}."
        case PhasePassed() | PassHeld():
            return f"When: {instant_in_words(passed_us, ruleset.calendar.zone)}." if passed_us else ""
        case unknown:
            assert_never(unknown)


def _won_by(fact: Decision, money: Money) -> str:
    lines = conditions_in_words(fact.conditions, money) if isinstance(fact, PhasePassed | PassHeld) else []
    return "What won it:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""


def _what_follows(fact: Decision, rule: Rule) -> str:
    match fact:
        case BreachDeclared():
            return f"What follows: {consequence_in_words(fact.does)}" if fact.does is not None else ""
        case RuleBroken():
            return f"What follows: {consequence_in_words(fact.does)}"
        case PhasePassed():
            flat = "Nothing was open, as the target asks. " if _asks_for_nothing_open(rule) else ""
            return f"{flat}What follows: trading on this account ends; where the program has another phase, its account is opened."
        case BreachSuspected() | RuleSuspected():
            return f"It is not final because {_doubts(fact.doubts)}. Until it is settled, positions can be closed but not opened."
        case PassHeld():
            return f"It is not final because {_doubts(fact.doubts)}. It is decided as soon as that is cleared up."
        case unknown:
            assert_never(unknown)


def _asks_for_nothing_open(rule: Rule) -> bool:
    return isinstance(rule.terms, ProfitTarget) and rule.terms.flat_required


def _doubts(doubts: Iterable[Doubt]) -> str:
    return "; and because ".join(DOUBTS[doubt] for doubt in doubts) or "a person must look at it"


class _Words:
    """The steps of one working as lines of text."""

    def __init__(self, steps: Sequence[Step], money: Money, digits: Mapping[str, int]) -> None:
        self._steps = steps
        self._money = money
        self._digits = digits
        self._by_name = {step.name: step for step in steps}

    def given(self) -> list[str]:
        return [
            f"  {_plain(step.name)}: {self._shown(step)} [{_origin(step.source)}]"
            for step in self._steps
            if step.op == "given"
        ]

    def worked(self) -> list[str]:
        return [line for step in self._steps if (line := self._line(step))]

    def _line(self, step: Step) -> str:
        """One line of arithmetic; intermediate products are told where they are divided back into people's units."""
        if step.op == "given" or _is_scaled(step.unit):
            return ""
        name = _plain(step.name)
        if step.op in _COMPARED:
            left, right = step.args
            answer = "Yes" if step.value else "No"
            asked = _COMPARED[step.op].format(self._arg(left), self._arg(right))
            return f"  {asked} ({_plain(right)})? {answer}."
        if step.op in ("lowest", "highest"):
            return f"  {name} = the {step.op} of {', '.join(map(self._arg, step.args))} = {self._shown(step)}"
        if step.op in _SIGNS:
            left, right = map(self._arg, step.args)
            if step.op == "plus" and right.startswith(MINUS):
                return f"  {name} = {left} {MINUS} {right.removeprefix(MINUS)} = {self._shown(step)}"
            return f"  {name} = {left}{_SIGNS[step.op]}{right} = {self._shown(step)}"
        return f"  {name} = {self._quotient(step)}, {_ROUNDED[step.op]} = {self._shown(step)}"

    def _quotient(self, step: Step) -> str:
        """What a division stands for, factor by factor; bare powers of ten only scale units and are left out."""
        above, below = (self._factors(arg) for arg in step.args)
        text = " × ".join(above) or "1"
        return f"{text} ÷ {' ÷ '.join(below)}" if below else text

    def _factors(self, arg: str) -> list[str]:
        step = self._by_name.get(arg)
        if step is None:
            return []
        if step.op == "times" and _is_scaled(step.unit):
            return [factor for inner in step.args for factor in self._factors(inner)]
        return [self._shown(step)]

    def _arg(self, arg: str) -> str:
        step = self._by_name.get(arg)
        return arg.lstrip("#") if step is None else self._shown(step)

    def _shown(self, step: Step) -> str:
        """A value in the unit that a person reads."""
        symbol = step.name.split(" ")[0]
        match step.unit:
            case "us":
                return utc_text(step.value) if is_instant(step.value) else f"{_trimmed_us(step.value)} s"
            case "minor" | "bp" | "lots_e8" | "days" | "count":
                return measured_in_words(step.value, Unit(step.unit), self._money)
            case "points" if symbol in self._digits:
                return _decimal(step.value, self._digits[symbol]).replace(",", "")  # as platforms write prices
            case "contract_e8":
                return f"{_trimmed(step.value)} units a lot"
            case unit:
                return f"{_decimal(step.value, 0)} {unit}".rstrip()


def is_instant(us: int) -> bool:
    """Microseconds are an instant, or a length of time: none of those is as long as from 1970 to the first firm."""
    return us >= INSTANTS_FROM_US


def _is_scaled(unit: str) -> bool:
    return unit == "scaled" or " x " in unit


def _plain(name: str) -> str:
    """A step's name without the unit in which the machine counts it, and not to be read as a figure itself."""
    if name.startswith("#"):
        return name[1:]
    return position_in_words(name.removesuffix("_e8").replace(" points", " price change"))


def _origin(source: str) -> str:
    if source.startswith("ruleset/"):
        return "your account's rules"
    row = source.split("/")[0]
    return f"ledger row {row}" if row else "not cited"


def _trimmed(value_e8: int, digits_min: int = 0) -> str:
    whole, _, part = _decimal(value_e8, 8).partition(".")
    part = part.rstrip("0").ljust(digits_min, "0")
    return f"{whole}.{part}" if part else whole


def _trimmed_us(us: int) -> str:
    return _decimal(us, 6).rstrip("0").rstrip(".")


def _decimal(value: int, digits: int) -> str:
    return Money(value, "", digits).decimal()
