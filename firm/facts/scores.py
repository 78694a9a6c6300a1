"""Facts of scores: what the firm has published of an account on a board of its own, such as a mission's or a competition's."""

from firm.facts.fact import Fact


class ScorePublished(Fact, frozen=True, kw_only=True):
    """The account's score on a board is this from now on; one that was published before stays on record. `by`: a staff reference."""

    board: str
    score: int
    by: str
    why: str
