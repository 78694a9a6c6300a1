"""Lots of several accounts against each other, counted by another method than the rule's own: a largest matching, by augmenting paths."""

from collections.abc import Sequence


def most_pairs(long: Sequence[int], short: Sequence[int]) -> int:
    """How many long lots can each be put against a short one of another account. One item a lot: the number of its account."""
    taken: dict[int, int] = {}

    def pairs(lot: int, seen: set[int]) -> bool:
        for place, owner in enumerate(short):
            if owner != long[lot] and place not in seen:
                seen.add(place)
                if place not in taken or pairs(taken[place], seen):
                    taken[place] = lot
                    return True
        return False

    return sum(pairs(lot, set()) for lot in range(len(long)))
