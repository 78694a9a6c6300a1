"""Arithmetic: the fast path and the working compute the same, and the working can be executed again."""

from hypothesis import given
from hypothesis import strategies as st

from firm.arithmetic import PLAIN, Working
from tests.firm.rules.parts import trade

NUMBERS = st.integers(-(10**15), 10**15)


def formula(calc, a, b, c):
    left = calc.given("a", a, "minor", "1/a")
    right = calc.given("b", b, "minor", "1/b")
    scaled = calc.times("a x 500", left, 500, "minor x bp")
    share = calc.divided_rounded_half_away("share", scaled, 10_000, "minor")
    down = calc.divided_rounded_down("down", scaled, 7, "minor")
    up = calc.divided_rounded_up("up", scaled, 7, "minor")
    top = calc.highest("top", share, right, down)
    low = calc.lowest("low", top, up, calc.given("c", c, "minor", "1/c"))
    total = calc.plus("total", low, calc.minus("difference", left, right))
    return total, calc.is_at_or_below("touches", total, right), calc.is_below("crosses", total, right)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_the_working_reaches_what_the_fast_path_reaches(a, b, c):
    assert tuple(map(int, formula(PLAIN, a, b, c))) == tuple(map(int, formula(Working(), a, b, c)))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_each_step_follows_from_the_ones_before_it(a, b, c):
    calc = Working()
    formula(calc, a, b, c)
    known = {}
    for step in calc.steps:
        args = [known[arg] if arg in known else int(arg[1:]) for arg in step.args]
        if step.op == "plus":
            assert step.value == args[0] + args[1]
        if step.op == "highest":
            assert step.value == max(args)
        assert step.name not in known
        known[step.name] = step.value


def test_a_constant_of_the_definition_stands_for_itself():
    calc = Working()
    formula(calc, 1, 2, 3)
    scaled = next(step for step in calc.steps if step.name == "a x 500")
    assert scaled.args == ("a", "#500")


def test_two_steps_of_one_name_are_told_apart():
    calc = Working()
    first = calc.given("initial balance", 1, "minor", "1/x")
    second = calc.given("initial balance", 2, "minor", "1/x")
    assert [first.name, second.name] == ["initial balance", "initial balance (2)"]


def test_a_figure_of_each_of_many_parts_is_given_as_if_one_by_one():
    trades, nets = [trade("t1", net=5), trade("t2", net=-7)], [5, -7]
    each, one_by_one = Working(), Working()
    assert PLAIN.given_each("result", trades, nets, "minor", "net/minor") == nets
    assert each.given_each("result", trades, nets, "minor", "net/minor") == nets
    for part in trades:
        one_by_one.given_of("result", part, part.net, "minor", "net/minor")
    assert each.steps == one_by_one.steps
    assert [step.name for step in each.steps] == ["result of t1", "result of t2"]
