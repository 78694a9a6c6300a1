"""Plain figures: numbers as tests write them, the same in every language."""


class PlainFigures:
    def money(self, minor: int) -> str:
        sign, whole, part = "-" if minor < 0 else "", *divmod(abs(minor), 100)
        return f"{sign}{whole:,}.{part:02d} USD"

    def percent(self, bp: int) -> str:
        return f"{_trimmed(bp, 2)} %"

    def multiple(self, bp: int) -> str:
        return _trimmed(bp, 4)

    def lots(self, lots_e8: int) -> str:
        return _trimmed(lots_e8, 8)

    def count(self, number: int) -> str:
        return str(number)


def _trimmed(units: int, digits: int) -> str:
    whole, part = divmod(units, 10**digits)
    return f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".")


PLAIN_FIGURES = PlainFigures()
