"""Notice view: what an account's trader is told of its limits and rules, and of exceptions from them, in words, newest first."""

from typing import Any

import msgspec

from firm.facts import BreachDeclared, RuleBroken, RuleSuspected
from firm.kinds import Body, body_of
from firm.overrides import Reinstate
from firm.rules.judged import Judged, Verdict
from firm.ruleset import AnyRuleset, Rule, rule_named
from firm.sentences.languages import Language
from firm.sentences.notices import broken_sentences, neared_sentence
from firm.sentences.rule import title_of
from firm.terms.conduct import NewsWindow
from firm.terms.words import Action, Consequence
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine
from storage.readmodels.decisions import DecisionLine
from storage.readmodels.notices import NearedLine, notices_of
from storage.readmodels.overrides import OverrideLine
from storage.release_titles import RELEASE_TITLES
from web.override_told import effect_told, override_told
from web.reasons import quoted
from web.rule_words import RuleFigures
from web.shell.speech import Speech, speech_of


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One. `seq`: its row; `decision`: 0 where nothing was decided; `when`: in the zone of the account's trading days."""

    seq: int
    decision: int
    at_us: int
    when: str
    title: str
    text: str
    tone: str
    icon: str


def notices_told(
    reader: LedgerReader,
    line: AccountLine,
    ruleset: AnyRuleset,
    language: Language,
    before: int | None,
    limit: int,
) -> list[Notice]:
    """From below row `before`. What a ruleset does not name any more, which none of ours does, is left out."""
    figures = RuleFigures(language, line.currency, line.exponent)
    with reader.connection() as book:
        found = notices_of(book, line.account, before, limit)
    told = []
    for one in found:
        if isinstance(one, OverrideLine):
            told.append(_exception(one, line, ruleset, speech_of(language), figures))
            continue
        rule = rule_named(ruleset, one.rule)
        if rule is not None:
            told.append(_notice(reader, one, rule, ruleset.calendar.zone, language, figures))
    return told


def _exception(
    line: OverrideLine, account: AccountLine, ruleset: AnyRuleset, speech: Speech, figures: RuleFigures
) -> Notice:
    """Who granted it is the firm's staff to a trader, whoever it was."""
    text = speech(
        "override.noticed",
        who=speech.words.upper_first(speech("override.risk_staff")),
        did=override_told(line.override, account.money(0), ruleset, speech),
        why=quoted(line.why, speech),
        after=effect_told(line.override, line.floors, ruleset, speech),
    )
    return Notice(
        seq=line.seq,
        decision=line.override.decision if isinstance(line.override, Reinstate) else 0,
        at_us=line.at_us,
        when=figures.moment(line.at_us, ruleset.calendar.zone),
        title=speech("override.notice"),
        text=text,
        tone="info",
        icon="gavel",
    )


def _notice(
    reader: LedgerReader,
    line: NearedLine | DecisionLine,
    rule: Rule,
    zone: str,
    language: Language,
    figures: RuleFigures,
) -> Notice:
    told: dict[str, Any] = {
        "at_us": line.at_us,
        "when": figures.moment(line.at_us, zone),
        "title": title_of(rule, language),
    }
    if isinstance(line, NearedLine):
        text = neared_sentence(rule, line.share_bp, line.floor, line.observed, language, figures)
        return Notice(**told, seq=line.seq, decision=0, text=text, tone="warn", icon="gauge")
    judged = Judged(Verdict.BROKEN, line.observed, line.bound, line.unit, line.subject)
    dismissed = line.settled == "dismissed"
    text = broken_sentences(
        rule,
        judged,
        _does(reader, line),
        language,
        figures,
        dismissed=dismissed,
        releases=_releases(reader, line, rule),
    )
    tone = "info" if dismissed else "bad" if line.severity == "hard" else "warn"
    icon = "octagon-x" if tone == "bad" else "triangle-alert"
    return Notice(**told, seq=line.decision, decision=line.decision, text=text, tone=tone, icon=icon)


def _does(reader: LedgerReader, line: DecisionLine) -> Consequence | None:
    """What followed, with its figures where it has some: those are in the fact alone."""
    if line.does in set(Action):
        return Action(line.does)
    fact = _fact(reader, line)
    return fact.does if isinstance(fact, BreachDeclared | RuleBroken) else None


def _releases(reader: LedgerReader, line: DecisionLine, rule: Rule) -> dict[str, str]:
    """What the releases of a rule about news are called."""
    fact = _fact(reader, line) if isinstance(rule.terms, NewsWindow) else None
    return RELEASE_TITLES.of(reader, fact, line.decision) if isinstance(fact, RuleBroken | RuleSuspected) else {}


def _fact(reader: LedgerReader, line: DecisionLine) -> Body | None:
    row = reader.row(line.decision)
    return None if row is None else body_of(row.kind, row.payload)
