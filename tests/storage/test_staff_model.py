"""The staff read model: roles as they are and were written, and each act in its order."""

import apsw
import pytest

from firm.facts import Fact, RoleDefined, RoleRetired, StaffAdded, StaffLeft, StaffRoleSet, StaffScopeSet
from firm.permissions import Scope
from storage.readmodels.staff import StaffList, all_staff, own_roles, staff_acts
from tests.storage.projected import projected

BY = {"by": "staff:1", "why": "as agreed"}


def told(*facts: Fact) -> apsw.Connection:
    return projected(StaffList(), *facts)


@pytest.mark.parametrize(
    ("written", "role", "kept"),
    [("risk", "risk", ""), ("read-only", "read_only", ""), ("dealer", "read_only", "dealer"), ("", "read_only", "")],
)
def test_a_word_of_an_earlier_release_keeps_its_meaning_or_comes_to_read_only(written, role, kept):
    [line] = all_staff(told(StaffAdded(staff=7, role=written)))
    assert (line.role, line.written) == (role, kept)


def test_a_role_that_is_given_ends_what_was_not_understood():
    book = told(StaffAdded(staff=7, role="dealer"), StaffRoleSet(staff=7, role="risk", before="read_only", **BY))
    [line] = all_staff(book)
    assert (line.role, line.written, line.added_us, line.since_us) == ("risk", "", 20, 30)


def test_who_has_left_comes_after_who_is_here_and_keeps_role_and_scope():
    book = told(
        StaffAdded(staff=1, role="owner"),
        StaffAdded(staff=7, role="risk"),
        StaffScopeSet(staff=1, scope=Scope(programs=("two-step",)), **BY),
        StaffLeft(staff=1, **BY),
    )
    assert [(line.staff, line.left_us) for line in all_staff(book)] == [(7, 0), (1, 50)]
    assert all_staff(book)[1].scope == Scope(programs=("two-step",))
    assert [(act.act, act.staff, act.who) for act in staff_acts(book, 2)] == [
        ("left", 1, "staff:1"),
        ("scope", 1, "staff:1"),
    ]


def test_roles_of_the_firms_own_are_those_that_are_left():
    book = told(
        RoleDefined(role="desk", permissions=("enter",), **BY),
        RoleDefined(role="night", permissions=("enter", "see_feed"), **BY),
        RoleDefined(role="desk", permissions=("enter", "see_accounts"), **BY),
        RoleRetired(role="night", **BY),
        StaffAdded(staff=7, role="desk"),
    )
    assert own_roles(book) == {"desk": ("enter", "see_accounts")}
    assert all_staff(book)[0].role == "desk"
