"""Breaches: what a broken term does, the first time and every time after."""

from collections.abc import Iterator, Sequence

from firm.rules.consequences import Striking
from firm.sentences.speaker import Speaker
from firm.terms.words import Action, Consequence, DeductProfit, ToGroup, ToLeverage


def breach_sentences(term: Striking, say: Speaker) -> Iterator[str]:
    """What follows; where it changes from breach to breach, also how long one counts."""
    yield consequence_sentence(term.on_breach, say)
    if len(term.on_breach) > 1:
        yield say("breach.counted", within=say(f"within.{term.strikes_within}"))


def consequence_sentence(consequences: Sequence[Consequence], say: Speaker) -> str:
    if len(consequences) == 1:
        return _does(consequences[0], "breach.always", say)
    return say("breach.in_turn", turns=say.by_breach([_does(one, "breach.does", say) for one in consequences]))


def does_sentence(consequence: Consequence, say: Speaker) -> str:
    """What follows from a breach that was."""
    return say("breach.in_turn", turns=_does(consequence, "breach.does", say))


def does_alone(consequence: Consequence, say: Speaker) -> str:
    """The same as a sentence of its own, where a heading beside it says already that it follows."""
    told = _does(consequence, "breach.does", say)
    return f"{told[:1].upper()}{told[1:]}."


def _does(consequence: Consequence, key: str, say: Speaker) -> str:
    match consequence:
        case Action():
            return say(f"{key}.{consequence}")
        case ToGroup():
            return say(f"{key}.to_group", group=say.quoted(consequence.group))
        case ToLeverage():
            return say(f"{key}.to_leverage", leverage=say.name(f"1:{consequence.leverage}"))
        case DeductProfit():
            return say(f"{key}.deduct_profit", share=say.percent(consequence.share_bp))
