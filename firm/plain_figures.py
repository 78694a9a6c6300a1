"""Plain figures: basis points, minor units and lots as people write them, exactly."""

from firm.money import Money


def percent(bp: int) -> str:
    """500 is "5 %", 125 is "1.25 %"."""
    return f"{_shortened(bp, 2)} %"


def money(minor: int, exponent: int) -> str:
    """Of a currency with so many decimals: 10000000 at two is "100,000.00"."""
    return Money(minor, "", exponent).decimal()


def lots(lots_e8: int) -> str:
    """10**6 is "0.01 lots"."""
    return f"{_shortened(lots_e8, 8)} lots"


class PlainFigures:
    """The figures of a sentence in English, for terminals, logs and evidence; pages write them as their reader's locale does."""

    def __init__(self, currency: str, exponent: int) -> None:
        self._currency = currency
        self._exponent = exponent

    def money(self, minor: int) -> str:
        return str(Money(minor, self._currency, self._exponent))

    def percent(self, bp: int) -> str:
        return percent(bp)

    def multiple(self, bp: int) -> str:
        return _shortened(bp, 4)

    def lots(self, lots_e8: int) -> str:
        return _shortened(lots_e8, 8)

    def count(self, number: int) -> str:
        return f"{number:,}"


def _shortened(scaled: int, decimals: int) -> str:
    return Money(scaled, "", decimals).decimal().rstrip("0").rstrip(".")
