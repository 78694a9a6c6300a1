"""Speaker: one language with one reader's figures. It fills messages and words what terms share: amounts, times, lists, triggers."""

from collections.abc import Iterable, Mapping, Sequence
from re import Match
from typing import assert_never

from firm.sentences.catalog import NUMBER, SLOT, Catalog
from firm.sentences.figures import Figures
from firm.sentences.languages import Language, plural_of
from firm.terms.words import (
    Amount,
    BalanceGain,
    BySize,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    PayoutsMade,
    Share,
    Trigger,
)

ISOLATE, POP_ISOLATE = "\u2068", "\u2069"  # first strong isolate, and its end
_RIGHT_TO_LEFT = frozenset({Language.ARABIC})
_IN_ITS_PLACE = frozenset("0123456789.,:")  # a bare number keeps its order among Arabic words
_HOUR_S, _MINUTE_S = 3_600, 60


class Speaker:
    """Calling it says a message: a slot takes words, or a number that is written in digits and bends its noun."""

    def __init__(self, catalog: Catalog, figures: Figures, titles: Mapping[str, str]) -> None:
        self._catalog = catalog
        self._figures = figures
        self._titles = titles
        self._isolates = catalog.language in _RIGHT_TO_LEFT

    def __call__(self, key: str, **words: str | int) -> str:
        message = self._catalog.messages[key]
        left = set(words)

        def filled(slot: Match[str]) -> str:
            name, noun = slot.groups()
            left.discard(name)
            word = words[name]
            if isinstance(word, str):
                return word
            return self._counted(word, noun) if noun else self._count(word)

        said = SLOT.sub(filled, message)
        assert not left, f"{self._catalog.language}: {key} leaves {sorted(left)} unsaid"
        return said

    def _counted(self, number: int, noun: str) -> str:
        form = self._catalog.nouns[noun][plural_of(self._catalog.language, number)]
        return form.replace(NUMBER, self._count(number))

    def _count(self, number: int) -> str:
        return self._apart(self._figures.count(number))

    # --- figures and names ---

    def money(self, minor: int) -> str:
        return self._apart(self._figures.money(minor))

    def percent(self, bp: int) -> str:
        return self._apart(self._figures.percent(bp))

    def multiple(self, bp: int) -> str:
        return self._apart(self._figures.multiple(bp))

    def lots(self, lots_e8: int) -> str:
        return self("word.lots", lots=self._apart(self._figures.lots(lots_e8)))

    def seconds(self, seconds: int) -> str:
        """A length of time in its largest whole unit: 90 minutes."""
        for size, key in ((_HOUR_S, "time.hours"), (_MINUTE_S, "time.minutes")):
            if seconds and seconds % size == 0:
                return self(key, number=seconds // size)
        return self("time.seconds", number=seconds)

    def name(self, text: str) -> str:
        """A word that is nobody's language: a symbol, a zone, a group, a time of day."""
        return self._apart(text)

    def rules(self, rules: Iterable[str], joined: str = "and") -> str:
        """Other terms of the ruleset, by their ids: each is called by its title where that is known."""
        titles = [self._titles.get(rule) or self.name(rule) for rule in rules]
        return self.listed([self("word.quoted", word=title) for title in titles], joined)

    def quoted(self, text: str) -> str:
        """A name that somebody gave: a phase, a group, a board."""
        return self("word.quoted", word=self.name(text))

    def _apart(self, text: str) -> str:
        """Kept in its own order among words that are read from right to left."""
        return f"{ISOLATE}{text}{POP_ISOLATE}" if self._isolates and not _IN_ITS_PLACE.issuperset(text) else text

    # --- what terms share ---

    def amount(self, amount: Amount) -> str:
        match amount:
            case Share():
                return self(f"amount.share.{amount.of}", share=self.percent(amount.bp))
            case Fixed():
                return self.money(amount.minor)
            case BySize():
                lines = [
                    self("amount.by_size", amount=self.money(line.minor), size=self.money(line.size_minor))
                    for line in amount.table
                ]
                return self.listed(lines, "or")
            case unknown:
                assert_never(unknown)

    def trigger(self, trigger: Trigger) -> str:
        match trigger:
            case BalanceGain():
                return self("trigger.balance_gain", gain=self.amount(trigger.gain))
            case EquityGain():
                return self("trigger.equity_gain", gain=self.amount(trigger.gain))
            case EndOfDayBalance():
                return self("trigger.end_of_day_balance", gain=self.amount(trigger.gain))
            case PayoutsMade():
                return self("trigger.payouts_made", payouts=trigger.count)
            case unknown:
                assert_never(unknown)

    def listed(self, words: Sequence[str], joined: str) -> str:
        """A, b and c. `joined`: "and" or "or"."""
        *first, last = words
        if not first:
            return last
        return self(f"list.{joined}", first=self("list.comma").join(first), last=last)

    def by_payout(self, values: Sequence[str]) -> str:
        """What holds for the first payout, the second, and so on; the last one for all after it."""
        return self._in_turn(values, "payout")

    def by_breach(self, values: Sequence[str]) -> str:
        """The same for a first breach, a second, and so on."""
        return self._in_turn(values, "breach")

    def _in_turn(self, values: Sequence[str], of: str) -> str:
        *first, last = values
        parts = [self(f"in_turn.{of}", number=number, value=value) for number, value in enumerate(first, start=1)]
        return self("list.semicolon").join([*parts, self(f"in_turn.{of}_on", number=len(values), value=last)])


def whether(is_so: bool) -> str:
    """The last part of a key that has a message for either case."""
    return "yes" if is_so else "no"
