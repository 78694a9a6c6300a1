"""Texts that are no rulesets, however they are made: refused at once, with a reason, and nothing works on them for long."""

from time import process_time

import pytest

from firm.checks.problem import Problem
from firm.ruleset_bounds import DEPTH_MAX, TEXT_BYTES_MAX
from firm.ruleset_checks import problems_of
from firm.ruleset_text import RulesetRefused, read_json, read_toml, toml_of
from tests.firm.ruleset_examples import ruleset

N = TEXT_BYTES_MAX
AT_ONCE_S = 4  # of the processor: what was found took minutes, or had no end


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a" * (N + 1), "more than", id="too long"),
        pytest.param("é" * (N // 2 + 1), "more than", id="too many bytes"),
        pytest.param(".".join("a" * (N // 2 - 2)) + "=1", "deep", id="a name of many parts"),
        pytest.param(".".join(['"a"'] * (N // 4 - 2)) + "=1", "deep", id="a name of many parts in quotes"),
        pytest.param("[" + " . ".join("a" * (N // 4)) + "]", "deep", id="a heading of many parts"),
        pytest.param("a." * 600 + "a=1", "deep", id="six hundred parts"),
        pytest.param("a=" + "[" * (N // 2), "deep", id="lists in lists"),
        pytest.param("a=" + "{a=" * (N // 4), "deep", id="tables in tables"),
        pytest.param('a="""' + "x" * (N - 8), "no TOML", id="a string without an end"),
        pytest.param("\"'" * (N // 2), "no TOML", id="quotes"),
        pytest.param("a = " + "1" * 5_000, "no TOML", id="a number of five thousand digits"),
        pytest.param("\n".join(f"k{number} = 1" for number in range(N // 12)), "is missing", id="many fields"),
    ],
)
def test_a_text_that_is_no_ruleset_is_refused_at_once(text: str, reason: str) -> None:
    began = process_time()
    with pytest.raises(RulesetRefused, match=reason):
        read_toml(text)
    assert process_time() - began < AT_ONCE_S


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param('{"semantics": ' + "1" * 5_000 + "}", "no JSON", id="a number of five thousand digits"),
        pytest.param('{"a":' + "[" * (N // 2), "deep", id="lists in lists"),
        pytest.param("{" + ",".join(f'"k{n}":1' for n in range(20_000)) + ',"k19999":1}', "twice", id="the last twice"),
        pytest.param('{"semantics": 2, "' + "k" * 200_000 + '": 1}', r"is missing|no such field", id="a long name"),
    ],
)
def test_json_that_is_no_ruleset_is_refused_at_once(text: str, reason: str) -> None:
    began = process_time()
    with pytest.raises(RulesetRefused, match=reason) as refused:
        read_json(text)
    assert process_time() - began < AT_ONCE_S
    assert len(str(refused.value)) < 1_000


def test_dots_and_brackets_in_strings_and_comments_are_no_depth() -> None:
    text = toml_of(ruleset()).replace('name = "', 'name = "' + "." * (DEPTH_MAX + 1), 1)
    commented = "# " + "[.{" * 100 + "\n" + text
    assert read_toml(commented).name.startswith("." * (DEPTH_MAX + 1))


def test_a_text_with_the_mark_of_windows_reads_as_without_it() -> None:
    assert read_toml("\ufeff" + toml_of(ruleset())) == ruleset()


def test_days_without_end_are_refused_in_one_sentence() -> None:
    days = [f"{1000 + n // 336:04}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}" for n in range(501)]
    [problem] = problems_of(ruleset({"calendar.merged": days}))
    assert problem == Problem("calendar.merged", "501 days: a calendar has no more than 500 of them")
    assert all("in a row" in one.reason for one in problems_of(ruleset({"calendar.merged": days[:500]})))
