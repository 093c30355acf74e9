"""Extensions: goals are raised by what was asked for, once, whatever is killed and repeated."""

from __future__ import annotations

import pytest

from steer.config import Stop
from steer.exceptions import ConfigError
from steer.extension import extend, extended, in_force, is_reached, written_down
from steer.journal import Journal


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.db")
    yield journal
    journal.close()


def stop(**goals):
    return Stop.model_validate(goals)


NS = 1000.0


@pytest.mark.parametrize(
    ("before", "by", "reached", "after"),
    [
        ({"aggregate_time": "50 ns"}, {"aggregate_time": "20 ns"}, {}, {"aggregate_time": 70 * NS}),
        ({"refinements": 4}, {"refinements": 3}, {}, {"refinements": 7}),
        ({"coverage": 100}, {"aggregate_time": "5 ns"}, {"aggregate_time": 30 * NS},
         {"coverage": 100, "aggregate_time": 35 * NS}),
        ({"refinements": 4, "aggregate_time": "50 ns"}, {"aggregate_time": "5 ns"}, {"refinements": 4},
         {"aggregate_time": 55 * NS}),
        ({"refinements": 4, "aggregate_time": "50 ns", "require": "all"}, {"aggregate_time": "5 ns"},
         {"refinements": 4}, {"refinements": 4, "aggregate_time": 55 * NS, "require": "all"}),
    ],
    ids=["raised", "counted", "goal that was not set", "reached goal is dropped", "all goals are kept"],
)  # fmt: skip
def test_goals_are_raised_by_what_was_asked_for(before, by, reached, after):
    goals = extended(stop(**before), stop(**by), reached)
    assert goals.model_dump(exclude_none=True) == {"require": "any", **after}
    assert not is_reached(goals, reached)


def test_the_same_extension_counts_once_until_it_is_reached(journal):
    goals, said = stop(aggregate_time="50 ns"), []
    first = extend(journal, goals, "50 ns", {"aggregate_time": 50 * NS}, said.append)
    assert first.aggregate_time == 100 * NS
    again = extend(journal, first, "50 ns", {"aggregate_time": 70 * NS}, said.append)
    assert again.aggregate_time == 100 * NS
    assert "not counted twice" in said[-1]
    further = extend(journal, again, "50 ns", {"aggregate_time": 100 * NS}, said.append)
    assert further.aggregate_time == 150 * NS
    other = extend(journal, further, "10 ns", {"aggregate_time": 100 * NS}, said.append)
    assert other.aggregate_time == 160 * NS


def test_an_extension_that_a_kill_left_out_of_the_file_is_in_force(journal):
    goals = stop(aggregate_time="50 ns")
    extend(journal, goals, "50 ns", {}, str)
    assert in_force(journal, goals, from_file=False).aggregate_time == 100 * NS
    written_down(journal)
    assert in_force(journal, goals, from_file=False) == goals, (
        "goals that were lowered since are raised again"
    )


def test_the_users_own_file_knows_of_no_extension_and_does_not_undo_it(journal):
    written = stop(aggregate_time="50 ns")
    once = extend(journal, written, "50 ns", {}, str)
    extend(journal, once, "20 ns", {}, str)
    written_down(journal)
    assert in_force(journal, written, from_file=True).aggregate_time == 120 * NS
    changed = stop(aggregate_time="60 ns")
    assert in_force(journal, changed, from_file=True) == changed


@pytest.mark.parametrize("text", ["", "soon", "50 K", "-5 us"])
def test_what_is_no_goal_is_refused_naming_the_option(journal, text):
    with pytest.raises(ConfigError, match=r"^--extend: "):
        extend(journal, stop(refinements=1), text, {}, str)
