"""When a job is given up: three deaths on different workers without progress, and not because somebody killed it often."""

from __future__ import annotations

import msgspec
import pytest

from steer.jobs.wire import Went
from steer.strikes import Strikes, decode_strikes, offered_for

START = Went(phase="starting", fraction=0.0, step=0)


def at(fraction: float, phase: str = "run") -> Went:
    return Went(phase=phase, fraction=fraction, step=1)


def after(*deaths: tuple[Went, str]) -> Strikes:
    strikes = Strikes()
    for went, worker in deaths:
        strikes = strikes.another(went, worker)
    return strikes


def test_three_deaths_on_three_workers_are_enough():
    assert not after((START, "a"), (START, "b")).enough(able=5)
    assert after((START, "a"), (START, "b"), (START, "c")).enough(able=5)


def test_one_bad_machine_does_not_give_a_job_up_while_others_could_try_it():
    strikes = after(*[(START, "bad")] * 5)
    assert not strikes.enough(able=2)
    assert strikes.another(START, "good").enough(able=2)


@pytest.mark.parametrize("able", [0, 1])
def test_where_there_is_one_worker_its_three_deaths_are_enough(able):
    assert after(*[(START, "only")] * 3).enough(able)


def test_a_job_that_gets_further_each_time_is_never_given_up():
    kills = after(*[(at(count / 100), "a") for count in range(50)])
    assert kills.in_a_row == 1
    assert after((at(0.9, "relax"), "a"), (at(0.1), "a")).in_a_row == 1


def test_a_job_that_dies_where_it_died_before_has_not_got_further():
    strikes = after((at(0.4), "a"), (START, "b"), (at(0.4), "c"))
    assert (strikes.in_a_row, strikes.reached, strikes.workers) == (3, {"run": 0.4}, ["a", "b", "c"])


def test_a_job_that_falls_back_to_an_earlier_phase_has_not_got_further():
    strikes = after((at(0.9, "relax"), "a"), (at(0.1), "a"), (at(0.5, "relax"), "b"), (at(0.1), "c"))
    assert strikes.enough(able=3)


@pytest.mark.parametrize("text", [None, b"", b"3", b"{", b"\xff", b'{"in_a_row": "x"}'])
def test_what_cannot_be_read_counts_nothing(text):
    assert decode_strikes(text) == Strikes()


def test_it_is_read_as_it_was_written():
    strikes = after((at(0.5), "a"), (START, "b"))
    assert decode_strikes(msgspec.json.encode(strikes)) == strikes


def test_a_job_is_left_to_others_the_longer_the_more_often_it_died():
    waits = [offered_for(deaths) for deaths in (1, 2, 3, 9, 100_000)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (15.0, 600.0)
