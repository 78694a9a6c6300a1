"""Track of targets: since when one is reached, which stay so, and which scores were published."""

from msgspec.structs import replace

from firm.arithmetic import Figure
from firm.facts import ScorePublished, TargetLeft, TargetReached
from firm.ruleset import AnyRuleset, term_named
from firm.terms.objectives import ProfitTarget
from firm.track import Reached, Track


def at_target(track: Track, ruleset: AnyRuleset, fact: TargetReached | TargetLeft, seq: int) -> Track:
    """A target is reached, or is no more."""
    others = tuple(one for one in track.reached if one.rule != fact.rule)
    if isinstance(fact, TargetLeft):
        return replace(track, reached=others)
    terms = term_named(ruleset, fact.rule)
    latches = isinstance(terms, ProfitTarget) and terms.latched and fact.rule not in track.latched
    latched = (*track.latched, fact.rule) if latches else track.latched
    return replace(track, reached=(*others, Reached(fact.rule, fact.at_us, seq)), latched=latched)


def at_score(track: Track, fact: ScorePublished, seq: int) -> Track:
    """The newest score of a board counts."""
    others = tuple(one for one in track.scores if one[0] != fact.board)
    return replace(track, scores=(*others, (fact.board, Figure(fact.score, f"{seq}/score"))))
