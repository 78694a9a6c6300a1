"""What the offline verifier makes of the decisions of Ada's story, as the firm tells them."""

from typing import Any

import pytest

from storage.grounds import Grounds
from tests.evidence.proven import DERIVED


def told(story: Any, verifier: Any, decision: int) -> str:
    """verifier.Refused where it does not hold."""
    return "\n".join(verifier.verify(story.bundle(decision)))


def derived(story: Any, verifier: Any, decision: int) -> str:
    """The same, of a decision whose working is built anew and no other."""
    said = told(story, verifier, decision)
    assert DERIVED in said
    return said


def judged(story: Any, verifier: Any) -> str:
    """Ada's account is judged by the rule that is asked about."""
    return derived(story, verifier, story.judge(story.ada, "asked"))


def refused(story: Any, verifier: Any, decision: int, why: str) -> None:
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(decision))


def judged_in_vain(story: Any, verifier: Any, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of a verdict that is invented, which nobody explains."""
    monkeypatch.setattr(Grounds, "words", lambda _: ["Trust us."])
    refused(story, verifier, story.judge(story.ada, "asked"), why)
