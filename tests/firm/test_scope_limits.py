"""Scopes: what two of them hold together, what is part of another, how one reads, and which names can be in one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.api_keys import narrower, within
from firm.bounds import SCOPE_REGIONS_MAX
from firm.facts import Refusal
from firm.permissions import ALL, EVERYTHING, FIRM_WIDE, REGION_WIDE, Permission, Scope, scope_words
from firm.regions import Regions, is_region
from firm.staff import bad_scope

A, B, DACH, NORTH = "a", "b", "dach", "north"
LIMITS = st.none() | st.sets(st.sampled_from((A, B, "c"))).map(lambda some: tuple(sorted(some)))
SCOPES = st.builds(Scope, programs=LIMITS, regions=LIMITS)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Scope(), Scope(), Scope()),
        (Scope((A,)), Scope(), Scope((A,))),
        (Scope((A,)), Scope(regions=(DACH,)), Scope((A,), (DACH,))),
        (Scope((A, B), (DACH,)), Scope((B,), (DACH, NORTH)), Scope((B,), (DACH,))),
        (Scope(regions=(DACH,)), Scope(regions=(NORTH,)), Scope(regions=())),
    ],
)
def test_what_two_scopes_hold_together(one, other, both):
    assert narrower(one, other) == narrower(other, one) == both


@pytest.mark.parametrize(
    ("scope", "wider", "is_within"),
    [
        (Scope(), Scope(), True),
        (Scope(regions=(DACH,)), Scope(), True),
        (Scope(), Scope(regions=(DACH,)), False),
        (Scope((A,)), Scope(regions=(DACH,)), False),
        (Scope((A,), (DACH,)), Scope(regions=(DACH, NORTH)), True),
        (Scope((A,), (DACH, NORTH)), Scope((A,), (DACH,)), False),
        (Scope((A, B), (DACH,)), Scope((A,), (DACH,)), False),
    ],
)
def test_what_is_part_of_another(scope, wider, is_within):
    assert within(scope, wider) is is_within


@given(SCOPES, SCOPES)
def test_what_two_hold_together_is_within_both_and_lets_through_what_both_do(one, other):
    both = narrower(one, other)
    assert within(both, one)
    assert within(both, other)
    assert within(one, other) is (narrower(one, other) == narrower(one, one))
    for name in (A, B, "c", ""):
        assert both.holds(name) is (one.holds(name) and other.holds(name))
        assert both.reaches(name) is (one.reaches(name) and other.reaches(name))


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (EVERYTHING, "the whole firm"),
        (Scope((A, B)), "a, b"),
        (Scope(regions=(DACH,)), "the region dach"),
        (Scope((A,), (NORTH, DACH)), "a in the regions dach, north"),
    ],
)
def test_a_scope_in_words(scope, told):
    assert scope_words(scope) == told


@pytest.mark.parametrize(
    ("scope", "withheld"),
    [
        (EVERYTHING, frozenset()),
        (Scope((A,)), FIRM_WIDE),
        (Scope(regions=(DACH,)), FIRM_WIDE | REGION_WIDE),
        (Scope((A,), (DACH,)), FIRM_WIDE | REGION_WIDE),
    ],
)
def test_what_nobody_holds_who_works_on_a_part(scope, withheld):
    assert scope.withheld == withheld
    assert scope.is_limited is bool(withheld)
    assert Permission.ENTER in ALL - scope.withheld


@pytest.mark.parametrize("name", ["", "d", "Dach", "dach ", "-dach", "d" * 41, "däch", "the north"])
def test_a_region_that_cannot_be_named_limits_nobody(name):
    no = bad_scope(Scope(regions=(name,)))
    assert no is not None
    assert no[0] is Refusal.BAD_SCOPE


def test_a_scope_names_each_region_once_and_not_too_many():
    many = tuple(f"r{number}" for number in range(SCOPE_REGIONS_MAX + 1))
    assert bad_scope(Scope(regions=many[:-1])) is None
    for regions in (many, (), (DACH, DACH)):
        assert bad_scope(Scope(regions=regions)) is not None
    assert bad_scope(Scope((A,), ())) is not None, "however good its programs are"


def test_who_is_in_no_region_is_reached_by_those_alone_whom_no_region_limits():
    assert EVERYTHING.reaches("")
    assert Scope((A,)).reaches("")
    assert not Scope(regions=(DACH,)).reaches("")
    assert is_region("")
    assert Regions({"DE": DACH}).of("FR") == ""


def test_a_scope_that_was_written_before_there_were_regions_means_what_it_meant():
    for written, scope in ((b"{}", EVERYTHING), (b'{"programs":["a"]}', Scope((A,)))):
        assert msgspec.json.decode(written, type=Scope) == scope
        assert msgspec.json.encode(scope) == written
