"""Keys of machines, as the staff desk decides on them: no more than who issues them, side by side for a while, over at once."""

import pytest

from actors.names import STAFF
from actors.staff_desk import StaffDesk
from actors.states import state_bytes
from firm import commands as c
from firm.api_keys import DAYS_MAX, OPEN_TO_KEYS, OVERLAP_HOURS_MAX, ApiKey
from firm.bounds import API_KEYS_MAX
from firm.facts import ApiKeyIssued, ApiKeyRotated, Refusal
from firm.instant import DAY_US, HOUR_US
from firm.permissions import Permission, Scope
from firm.staff import Staff
from tests.actors.conftest import Stage

RUTH, OMAR = "staff:1", "staff:2"  # of risk, and owner
P = Permission
ACCOUNTS = (P.SEE_ACCOUNTS.value,)


@pytest.fixture
def open_firm(stage: Stage) -> Stage:
    stage.sell()
    stage.put(c.AddStaff(by="console", staff=5, role="admin", sealed=""))
    return stage


def issue(stage: Stage, number: int = 70, by: str = OMAR, **changes: object) -> Refusal | None:
    asked = {
        "name": f"feed-{number}", "permissions": ACCOUNTS, "scope": Scope(), "expires_us": stage.now_us + DAY_US, "sealed": "00",
        "why": "for the dashboard",
    }  # fmt: skip
    return said(stage, c.IssueApiKey(by=by, key=number, **{**asked, **changes}))


def rotate(stage: Stage, key: int = 70, follower: int = 71, by: str = OMAR, hours: int = 1) -> Refusal | None:
    until_us, expires_us = stage.now_us + hours * HOUR_US, stage.now_us + DAY_US
    return said(
        stage,
        c.RotateApiKey(by=by, key=key, follower=follower, until_us=until_us, expires_us=expires_us, sealed="01"),
    )


def said(stage: Stage, command: c.Command) -> Refusal | None:
    return next((fact.refusal for _, fact in stage.put(command).facts if hasattr(fact, "refusal")), None)


def staff(stage: Stage) -> Staff:
    desk = stage.engine.desks[STAFF]
    assert isinstance(desk, StaffDesk)
    return desk.state


def good(stage: Stage, number: int = 70) -> ApiKey | None:
    return staff(stage).good_key(number, stage.now_us)


def test_a_key_is_good_from_its_row_to_its_end_and_the_ledger_has_nothing_of_its_secret(open_firm):
    assert issue(open_firm) is None
    key = good(open_firm)
    assert (key.owner, key.permissions, key.sealed) == (OMAR, ACCOUNTS, "00")
    assert staff(open_firm).held_by_key(key).permissions == {P.SEE_ACCOUNTS}
    open_firm.now_us += DAY_US
    assert good(open_firm) is None
    assert set(ApiKeyIssued.__struct_fields__) & {"secret", "digest", "hash"} == set()


@pytest.mark.parametrize(
    ("by", "changes", "refusal"),
    [
        (RUTH, {}, Refusal.NOT_PERMITTED),
        (OMAR, {"name": "Feed"}, Refusal.BAD_KEY),
        (OMAR, {"permissions": ()}, Refusal.BAD_KEY),
        (OMAR, {"permissions": (*ACCOUNTS, *ACCOUNTS)}, Refusal.BAD_KEY),
        (OMAR, {"permissions": ("manage_staff",)}, Refusal.BAD_KEY),
        (OMAR, {"permissions": ("see_everything",)}, Refusal.BAD_KEY),
        (OMAR, {"scope": Scope(programs=())}, Refusal.BAD_SCOPE),
        (OMAR, {"why": " "}, Refusal.WHY_MISSING),
        (OMAR, {"expires_us": 0}, Refusal.BAD_KEY),
    ],
)
def test_what_cannot_be_a_key_is_refused(open_firm, by, changes, refusal):
    assert issue(open_firm, by=by, **changes) is refusal
    assert staff(open_firm).keys == {}


def test_a_key_is_good_for_a_year_at_most(open_firm):
    most_us = open_firm.now_us + DAYS_MAX * DAY_US
    assert issue(open_firm, expires_us=most_us + 1) is Refusal.BAD_KEY
    assert issue(open_firm, expires_us=most_us) is None


def test_nobody_issues_or_rotates_a_key_that_may_do_more_than_they_do(open_firm):
    why = {"why": "they hand out keys"}
    held = ("enter", P.SEE_PROGRAMS.value, P.MANAGE_API_KEYS.value)
    open_firm.put(c.DefineRole(by="console", role="keyring", permissions=held, **why))
    open_firm.put(c.AddStaff(by="console", staff=6, role="keyring", sealed=""))
    assert issue(open_firm, by="staff:6") is Refusal.KEY_BEYOND_OWN
    assert issue(open_firm, by="staff:6", permissions=(P.SEE_PROGRAMS.value,)) is None
    assert issue(open_firm, 80) is None
    assert rotate(open_firm, 80, 81, by="staff:6") is Refusal.KEY_BEYOND_OWN
    assert said(open_firm, c.RevokeApiKey(by="staff:6", key=80, why="it leaked")) is None  # which takes something away


def test_a_key_shrinks_with_who_answers_for_it_and_ends_when_they_leave(open_firm):
    assert issue(open_firm, by="staff:5", permissions=tuple(OPEN_TO_KEYS)) is None
    open_firm.put(c.SetStaffRole(by="console", staff=5, role="finance", why="moves"))
    open_firm.put(c.SetStaffScope(by="console", staff=5, scope=Scope(programs=("two-step",)), why="moves"))
    held = staff(open_firm).held_by_key(good(open_firm))
    assert held == (frozenset(OPEN_TO_KEYS), Scope(programs=("two-step",)))
    open_firm.put(c.DefineRole(by="console", role="reader", permissions=("enter", "see_programs"), why="less"))
    open_firm.put(c.SetStaffRole(by="console", staff=5, role="reader", why="moves"))
    assert staff(open_firm).held_by_key(good(open_firm)).permissions == {P.SEE_PROGRAMS}
    open_firm.put(c.LetStaffGo(by="console", staff=5, why="their last day"))
    assert good(open_firm) is None


def test_old_and_new_are_good_side_by_side_for_the_stated_time(open_firm):
    assert issue(open_firm) is None
    assert rotate(open_firm, hours=OVERLAP_HOURS_MAX + 1) is Refusal.BAD_KEY
    assert rotate(open_firm, hours=1) is None
    assert len(open_firm.facts(ApiKeyRotated)) == 1
    assert rotate(open_firm, follower=72) is Refusal.BAD_KEY  # another follows it already
    assert (good(open_firm).follower, good(open_firm, 71).permissions) == (71, ACCOUNTS)
    open_firm.now_us += HOUR_US
    assert (good(open_firm), good(open_firm, 71) is None) == (None, False)


def test_a_revoked_key_is_over_at_once_and_its_name_is_free(open_firm):
    assert issue(open_firm, name="feed") is None
    assert issue(open_firm, 71, name="feed") is Refusal.BAD_KEY
    assert said(open_firm, c.RevokeApiKey(by=OMAR, key=70, why="it leaked")) is None
    assert good(open_firm) is None
    assert said(open_firm, c.RevokeApiKey(by=OMAR, key=70, why="again")) is Refusal.UNKNOWN_KEY
    assert issue(open_firm, 71, name="feed") is None


def test_as_many_keys_are_good_at_once_as_there_may_be(open_firm):
    for number in range(API_KEYS_MAX):
        assert issue(open_firm, 100 + number) is None
    assert issue(open_firm, 99) is Refusal.TOO_MANY_KEYS
    assert issue(open_firm, 100, name="again") is Refusal.ID_TAKEN
    open_firm.now_us += DAY_US
    assert issue(open_firm, 99) is None
    assert len(staff(open_firm).keys) == 1  # what has ended is not kept


def test_the_state_of_a_firm_without_keys_is_as_it_was_before_there_were_any():
    before = b'{"members":{},"roles":{}}'
    assert state_bytes(Staff(members={}, roles={})) == before


def test_keys_fold_to_the_same_state_without_deciding(open_firm):
    issue(open_firm)
    rotate(open_firm)
    issue(open_firm, 90, by="staff:5")
    open_firm.put(c.LetStaffGo(by="console", staff=5, why="their last day"))
    again = open_firm.refolded().desks[STAFF]
    assert again.capture() == staff(open_firm)
    assert set(staff(open_firm).keys) == {70, 71}
