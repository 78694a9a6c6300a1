"""The tool that turns the comparisons of the rules: it finds each of them, turns it into what it is not, and a process takes that on."""

from pathlib import Path

import pytest

from tests.loading import loaded

TOOL = Path(__file__).resolve().parents[2] / "tools" / "mutations.py"


mutations = loaded(TOOL.stem, TOOL)


def turned(tmp_path: Path, source: str) -> list[str]:
    path = tmp_path / "rule.py"
    path.write_text(source)
    return [f"{mutant.was} -> {now}" for mutant in mutations.mutants_of(path) for now in [str(mutant).split("->  ")[1]]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a < b -> a <= b", "a < b -> a >= b"]),
        ("a is not b", ["a is not b -> a is b"]),
        ("a in b", ["a in b -> a not in b"]),
        ("a and b", ["a and b -> a or b"]),
        ("not a", ["not a -> a"]),
        ("1 if a else 2", ["a -> not a"]),
        ("[a for a in b if a]", ["a -> not a"]),
        ("a if b == c else d", ["b == c -> b != c"]),
        ("calc.is_above('x', a, b)", ["calc.is_above('x', a, b) -> calc.is_at_or_above('x', a, b)",
                                     "calc.is_above('x', a, b) -> calc.is_at_or_below('x', a, b)"]),
        ("max(a, b)", ["max(a, b) -> min(a, b)"]),
        ("a + b", ["a + b -> a - b"]),
        ("f'{a}'", []),
    ],
)  # fmt: skip
def test_what_is_turned_into_what(tmp_path: Path, source: str, expected: list[str]) -> None:
    assert turned(tmp_path, source) == expected


def test_a_process_becomes_the_mutant_in_whatever_function_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "turned_rule.py"
    path.write_text(
        "class Limit:\n    @property\n    def broken(self): return 1 < 1\n\n\n"
        "def all_broken(of): return [one < 1 for one in of], (lambda: 1 < 1)()\n"
    )
    rule = loaded(path.stem, path)
    assert (rule.Limit().broken, rule.all_broken([1])) == (False, ([False], False))
    for mutant in mutations.mutants_of(path):
        mutations.become(mutant)
        found = (rule.Limit().broken, *rule.all_broken([1]))
        assert [found[0], found[1][0], found[2]].count(True) == 1, f"{mutant} changed another place, or none"
