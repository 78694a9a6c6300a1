"""Notices: what a trader is told when a limit is neared or a rule is broken, with the figures of that instant."""

from firm.rules.judged import Judged, Unit
from firm.ruleset import Rule
from firm.sentences.breaches import does_sentence
from firm.sentences.catalog import catalog_of
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.live import BY_VERDICT, measures
from firm.sentences.rule import tag_of, upper_first
from firm.sentences.speaker import Speaker
from firm.sentences.subjects import NO_RELEASES, Releases, subject_in_words
from firm.terms.exposure import IdeaRisk, StopLossRequired
from firm.terms.losses import LossLimit
from firm.terms.words import Consequence


def neared_sentence(rule: Rule, share_bp: int, floor: int, observed: int, language: Language, figures: Figures) -> str:
    """So much of a loss limit is used. `floor`, `observed`: minor units."""
    say = Speaker(catalog_of(language), figures, {})
    return upper_first(
        say(
            "notice.neared",
            share=say.percent(share_bp),
            measured=_measured(rule, say),
            observed=say.money(observed),
            floor=say.money(floor),
            left=say.money(max(0, observed - floor)),
        )
    )


def broken_sentences(
    rule: Rule,
    judged: Judged,
    does: Consequence | None,
    language: Language,
    figures: Figures,
    *,
    dismissed: bool,
    releases: Releases = NO_RELEASES,
) -> str:
    """A rule was broken, by what and by how much, and what follows. `does` None: nothing that is known. `releases`: of its news."""
    say = Speaker(catalog_of(language), figures, {})
    about = subject_in_words(tag_of(rule), judged.subject, say, releases)
    broken = say("live.verdict.broken")
    told = [say("live.subject", subject=about, said=broken) if about else broken]
    if isinstance(rule.terms, LossLimit):
        measured = _measured(rule, say)
        observed, floor = say.money(judged.observed), say.money(judged.limit)
        told.append(say("notice.floor", measured=measured, observed=observed, floor=floor))
    elif tag_of(rule) not in BY_VERDICT and not _is_unmeasured(rule, judged):
        told.append(say("notice.limit", **measures(judged, say)))
    if dismissed:
        told.append(say("notice.dismissed"))
    elif does is not None:
        told.append(does_sentence(does, say))
    return " ".join(told)


def _is_unmeasured(rule: Rule, judged: Judged) -> bool:
    """A position without a stop has no risk that could be measured: a nought beside its limit would read as kept."""
    return isinstance(rule.terms, IdeaRisk | StopLossRequired) and judged.unit is Unit.MINOR and not judged.observed


def _measured(rule: Rule, say: Speaker) -> str:
    return say(f"measured.{rule.terms.measured}") if isinstance(rule.terms, LossLimit) else ""
