"""Objectives view: each rule of an account as a row of its page, and which limit is nearest of those that still count."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from actors.live import LiveAccount
from firm.money import Money
from firm.objective import Objective, Progress
from firm.objective_rows import KINDS_OF_LIMIT
from firm.phase import ENDED, Standing
from firm.rules.judged import Verdict
from firm.ruleset import AnyRuleset, rule_named, term_named
from firm.sentences.live import BY_VERDICT
from firm.sentences.rule import title_of
from firm.terms.losses import LossLimit
from firm.terms.words import BP_WHOLE, Action, Boundary
from storage.readmodels.decisions import DecisionLine
from web import held_back, judged_words, words
from web.rule_texts import rule_text, texts_of
from web.shell.speech import ENGLISH, Speech

LIMIT_KINDS = tuple(KINDS_OF_LIMIT.values())
# What is used up and not reached: loss that is allowed, and days.
USED_KINDS = (*LIMIT_KINDS, "maximum_duration", "inactivity")
_REACHED_KINDS = ("profit_target", "score_target", "trading_days", "minimum_trades")
_REACHED = (Progress.MET, Progress.PENDING)
_MET_OR_NOT = (Verdict.MET, Verdict.PENDING)


class ObjectiveRow(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as its row says it. `used_bp` is None where nothing is measured any more; `used`: the message that it is told in."""

    rule: str
    title: str
    sentence: str
    how: str
    required: str
    current: str
    used_bp: int | None
    used: str
    state: str
    tone: str
    picture: str


def objective_rows(
    rules: Sequence[Objective],
    live: LiveAccount,
    ruleset: AnyRuleset,
    decision: DecisionLine | None,
    speech: Speech = ENGLISH,
) -> tuple[ObjectiveRow, ...]:
    """A row for each of the rules. `decision`: the one by which an account ended, if it has."""
    idle = used_up(live, ruleset)
    return tuple(objective_row(row, live, ruleset, decision, speech, paused=row.rule in idle) for row in rules)


def objective_row(
    row: Objective,
    live: LiveAccount,
    ruleset: AnyRuleset,
    decision: DecisionLine | None,
    speech: Speech = ENGLISH,
    *,
    paused: bool,
) -> ObjectiveRow:
    """One of them. `paused`: it is among those that `used_up` names."""
    over = live.standing in (Standing.BREACHED, Standing.CLOSED)
    broke = over and decision is not None and decision.rule == row.rule
    state, tone, picture = _state(row, live.standing, decision if broke else None, speech, paused=paused)
    current = _current(row, live.initial, speech)
    if broke and decision is not None:
        current = judged_words.measure(decision.observed, decision.unit, live.initial, speech)
    judged = broke or not over
    # An ended account's figures are those after its positions were closed: no limit is measured by them.
    return ObjectiveRow(
        rule=row.rule,
        title=title_in(row, ruleset, speech),
        sentence=_sentence(row, live, ruleset, speech),
        how=_how(row, live, ruleset, speech),
        required=_required(row, live, ruleset, decision if broke else None, speech),
        current=current if judged else "–",
        used_bp=_used_bp(row, broke=broke) if judged else None,
        used="objectives.reached" if row.progress in _REACHED or row.kind in _REACHED_KINDS else "objectives.used",
        state=state,
        tone=tone,
        picture=picture,
    )


def title_in(row: Objective, ruleset: AnyRuleset, speech: Speech) -> str:
    """What the rule is called."""
    rule = None if speech.is_english else rule_named(ruleset, row.rule)
    return row.title if rule is None else title_of(rule, speech.language)


def _how(row: Objective, live: LiveAccount, ruleset: AnyRuleset, speech: Speech) -> str:
    """How it is worked out: the desks tell it in English, other languages show an example in numbers."""
    if speech.is_english:
        return row.how
    text = texts_of(ruleset, live.initial, speech.language).get(row.rule)
    return "" if text is None else text.example


def _sentence(row: Objective, live: LiveAccount, ruleset: AnyRuleset, speech: Speech) -> str:
    """The rule with today's numbers; as it was sold where today has no meaning any more."""
    rule = rule_named(ruleset, row.rule)
    if live.standing not in ENDED and row.waived_until_us:
        return speech("objectives.waived", moment=speech.words.moment(row.waived_until_us))
    if rule is None or (speech.is_english and live.standing not in ENDED):
        return f"{row.sentence}{_longer(row, speech)}"
    longer = "" if live.standing in ENDED else _longer(row, speech)
    return f"{rule_text(rule, ruleset, live.initial, speech)}{longer}"


def _longer(row: Objective, speech: Speech) -> str:
    """The days of an extension, which the rule as it was sold does not have."""
    if not row.extended_days:
        return ""
    return f" {speech('objectives.longer', days=row.extended_days)}"


def left_bp(row: Objective) -> int:
    """How much of an allowance is left, in whole percent rounded down: gains beyond the allowance count as all of it."""
    assert row.headroom is not None, f"{row.rule} is no limit"
    assert row.allowed is not None, f"{row.rule} is no limit"
    return max(0, min(100, row.headroom.minor * 100 // max(1, row.allowed.minor))) * 100


def _used_bp(row: Objective, *, broke: bool) -> int | None:
    """In whole percent; of a limit, what its gauge does not show as left. None where there is nothing to measure."""
    if broke:
        return BP_WHOLE
    if row.headroom is not None:
        return BP_WHOLE - left_bp(row)
    return row.used_bp // 100 * 100 if row.judged is not None and row.kind not in BY_VERDICT else None


def _state(
    row: Objective, standing: Standing, broke: DecisionLine | None, speech: Speech, *, paused: bool
) -> tuple[str, str, str]:
    """`broke`: the decision that this rule was broken."""
    progress = row.progress
    if broke is not None:
        asked = {"": ("in_question", "warn", "hourglass"), "dismissed": ("dismissed", "info", "gavel")}
        name, *shown = asked.get(broke.settled, ("broken", *words.PROGRESS[Progress.BROKEN][1:]))
        return speech(f"progress.{name}"), shown[0], shown[1]
    if standing in (Standing.BREACHED, Standing.CLOSED):
        why = "breach" if standing is Standing.BREACHED else "more"
        return speech(f"objectives.not_judged_{why}"), "calm", "lock"
    if row.waived_until_us and standing not in ENDED:
        until = speech.words.moment(row.waived_until_us)
        return speech("objectives.not_judged_until", moment=until), "info", "gavel"
    if paused:
        return speech("objectives.used_up"), "warn", "pause"
    if row.in_question:
        return speech("progress.in_question"), "warn", "hourglass"  # nothing is final yet, and nobody reads that it is
    if standing in ENDED and progress is Progress.AT_RISK:
        progress = Progress.WITHIN
    _, tone, picture = words.PROGRESS[progress]
    return speech(f"progress.{progress.value}"), tone, picture


def _required(
    row: Objective, live: LiveAccount, ruleset: AnyRuleset, decision: DecisionLine | None, speech: Speech
) -> str:
    if row.floor is not None:
        floor = decision.money(decision.bound) if decision is not None else row.floor
        return speech(_must_be(row.rule, ruleset), figure=speech.words.money(floor))
    if row.target is not None:
        return speech("objectives.at_least", figure=speech.words.money(row.target))
    if row.judged is not None and row.kind not in BY_VERDICT:
        limit = judged_words.measure(row.judged.limit, row.judged.unit, live.initial, speech)
        return speech(
            "objectives.at_least" if row.judged.verdict in _MET_OR_NOT else "objectives.at_most", figure=limit
        )
    return "–"


def _must_be(rule: str, ruleset: AnyRuleset) -> str:
    """The message of where equity must stay: reaching a floor may break the rule, or only falling below it."""
    found = term_named(ruleset, rule)
    assert isinstance(found, LossLimit), f"{rule} has a floor and is no loss limit"
    match found.boundary:
        case Boundary.TOUCHES:
            return "objectives.above"
        case Boundary.CROSSES:
            return "objectives.at_least"
        case unknown:
            assert_never(unknown)


def _current(row: Objective, money: Money, speech: Speech) -> str:
    if row.current is not None:
        return speech.words.money(row.current)
    if row.judged is not None and row.kind not in BY_VERDICT:
        return judged_words.measure(row.judged.observed, row.judged.unit, money, speech)
    return "–"


def still_to_come(live: LiveAccount) -> str:
    """What a phase lacks whose target is reached: trading days, and that nothing is open; empty where neither."""
    asked = [row.judged for row in live.objectives if row.kind == "trading_days" and row.judged is not None]
    days = sum(max(0, judged.limit - judged.observed) for judged in asked)
    flat = live.positions_open and any(row.kind == "profit_target" for row in live.objectives)
    lacking = [words.plural(days, "trading day", "trading days")] if days else []
    return ", ".join([*lacking, "no open position"] if flat else lacking)


# --- the nearest limit ---


def used_up(live: LiveAccount, ruleset: AnyRuleset) -> frozenset[str]:
    """The soft limits that paused the account: nothing is left of them, and they are not judged before the next day."""
    if live.standing is not Standing.PAUSED:
        return frozenset()
    soft = (
        rule.id for rule in ruleset.rules if isinstance(rule.terms, LossLimit) and Action.PAUSE in rule.terms.on_breach
    )
    return frozenset(soft)


def limits_that_count(live: LiveAccount, ruleset: AnyRuleset) -> Sequence[Objective]:
    """The loss limits that can still be broken."""
    idle = used_up(live, ruleset)
    return [
        row
        for row in live.objectives
        if row.kind in LIMIT_KINDS and row.progress is not Progress.BROKEN and row.rule not in idle
        if not row.waived_until_us
    ]


def not_judged_sentence(live: LiveAccount, ruleset: AnyRuleset, speech: Speech = ENGLISH) -> str:
    """Which loss limits people waived, and until when; empty where none."""
    rows = [row for row in live.objectives if row.kind in LIMIT_KINDS and row.waived_until_us]
    return " ".join(
        speech(
            "figures.not_judged",
            rule=speech.lowered(title_in(row, ruleset, speech)),
            moment=speech.words.moment(row.waived_until_us),
        )
        for row in rows
    )


def nearest_limit(live: LiveAccount, ruleset: AnyRuleset) -> Objective | None:
    """The limit with the least headroom of those that still count."""
    found = [row for row in limits_that_count(live, ruleset) if row.headroom is not None]
    return min(found, key=lambda row: row.headroom.minor if row.headroom is not None else 0, default=None)


def pause_sentence(live: LiveAccount, ruleset: AnyRuleset, now_us: int, speech: Speech = ENGLISH) -> str:
    """When trading goes on, by the calendar that cuts the account's days; empty where it is not paused."""
    if live.standing is not Standing.PAUSED:
        return ""
    day = live.day if live.day is not None and live.day.end_us > now_us else ruleset.calendar.day_at(now_us)
    return speech("figures.paused_until", until=held_back.until(day, ruleset, speech))
