"""The inline fleet does what every fleet must, and hands stopped jobs back."""

from __future__ import annotations

from collections import Counter

import pytest
from conformance.fleet import RAISES, FleetConformance, cg_job

from steer.exceptions import JobStopped
from steer.inline_fleet import InlineFleet
from steer.messages import CgResult


def result_of(job):
    if job.random_seed == RAISES:
        raise ValueError("nothing works")
    return CgResult(
        simulation=job.simulation,
        steps=job.steps,
        frames=0,
        seconds=0.0,
        steps_per_second=0.0,
        platform="none",
        end_state="end.pdb",
    )


class TestInlineFleet(FleetConformance):
    @pytest.fixture
    def begun(self):
        return Counter()

    @pytest.fixture
    def fleet(self, begun):
        def execute(job):
            begun[job.simulation] += 1
            return result_of(job)

        return InlineFleet(execute, slots=2)

    @pytest.fixture
    def attempts(self, begun):
        return lambda number: begun[f"cg-{number:06d}"]


def test_as_many_jobs_run_as_there_are_slots_oldest_first():
    fleet = InlineFleet(result_of, slots=2)
    for number in (3, 1, 2):
        fleet.submit(cg_job(number))
    assert [event.key[-1] for _, event in fleet.events()] == ["3", "1"]
    assert [event.key[-1] for _, event in fleet.events()] == ["2"]


def test_a_cancelled_job_never_runs():
    fleet = InlineFleet(result_of)
    fleet.submit(cg_job(1))
    fleet.cancel("cg:cg-000001")
    assert fleet.events() == []


def test_a_stopped_job_is_queued_again():
    stops = iter([True, False])

    def execute(job):
        if next(stops):
            raise JobStopped("saved at step 1")
        return result_of(job)

    fleet = InlineFleet(execute)
    fleet.submit(cg_job(1))
    ((_, first),) = fleet.events()
    ((_, second),) = fleet.events()
    assert (first.status, second.status) == ("returned", "done")
