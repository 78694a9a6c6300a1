"""Override told: an exception from an account's rules as its pages tell it: what was done, and what that means for the trader."""

from typing import assert_never

from firm.facts import FloorSet
from firm.instant import utc_text
from firm.money import Money
from firm.overrides import AdjustMark, ExtendPhase, Override, Reinstate, WaiveRule
from firm.ruleset import AnyRuleset
from firm.sentences.rule import titles_of
from web.shell.speech import Speech


def override_told(override: Override, money: Money, ruleset: AnyRuleset, speech: Speech) -> str:
    """What was done, to be read after who did it. `money`: any amount in the account's currency."""
    match override:
        case Reinstate():
            return speech("override.reinstated", decision=str(override.decision))
        case WaiveRule():
            until = speech.of_rules.name(f"{utc_text(override.until_us)[:19].replace('T', ' ')} UTC")
            return speech("override.waived", rule=_called(override.rule, ruleset, speech), moment=until)
        case ExtendPhase():
            return speech("override.extended", days=override.days)
        case AdjustMark():
            amount = speech.words.money(money.with_minor(override.minor))
            if override.rule:
                return speech("override.high", rule=_called(override.rule, ruleset, speech), amount=amount)
            return speech(f"override.{override.mark.value}", amount=amount)
        case unknown:
            assert_never(unknown)


def effect_told(override: Override, floors: tuple[FloorSet, ...], ruleset: AnyRuleset, speech: Speech) -> str:
    """What it means for the trader, in a sentence. `floors`: as the row of the exception has them."""
    match override:
        case Reinstate():
            return speech("override.after_reinstated")
        case WaiveRule():
            return speech("override.after_waived")
        case ExtendPhase():
            return speech("override.after_extended")
        case AdjustMark() if floors:
            moved = " ".join(_moved(one, ruleset, speech) for one in floors)
            return speech("override.after_floors", moved=moved)
        case AdjustMark():
            return speech("override.after_set")
        case unknown:
            assert_never(unknown)


def _moved(floor: FloorSet, ruleset: AnyRuleset, speech: Speech) -> str:
    before, after = speech.words.money(floor.before), speech.words.money(floor.floor)
    return speech("override.floor_moved", rule=_called(floor.rule, ruleset, speech), before=before, after=after)


def _called(rule: str, ruleset: AnyRuleset, speech: Speech) -> str:
    """English calls a rule by its id, as the ledger does; in other languages its title is what the trader knows."""
    return speech.quoted(rule if speech.is_english else titles_of(ruleset, speech.language).get(rule, rule))
