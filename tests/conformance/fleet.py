"""What every `steer.fleet.Fleet` must do."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

import pytest

from steer.fleet import Fleet
from steer.messages import CgJob, JobEvent

PATIENCE = 180.0
RAISES = 1


def cg_job(number: int, steps: int = 3, seed: int = 0) -> CgJob:
    simulation = f"cg-{number:06d}"
    return CgJob(
        key=f"cg:{simulation}",
        simulation=simulation,
        start="seeds/1.pdb",
        force_field=1,
        steps=steps,
        random_seed=seed,
    )


def collect(fleet: Fleet, count: int, acknowledge: bool = True) -> list[JobEvent]:
    """The next `count` events."""
    events: list[JobEvent] = []
    deadline = time.monotonic() + PATIENCE
    while len(events) < count and time.monotonic() < deadline:
        received = fleet.events(0.2)
        events += [event for _, event in received]
        if acknowledge:
            fleet.acknowledge([receipt for receipt, _ in received])
    assert len(events) == count, f"{len(events)} events instead of {count}: {events}"
    return events


class FleetConformance(ABC):
    """Subclasses give a fleet with at least one slot, whose jobs count; a job with seed `RAISES` raises ValueError."""

    @pytest.fixture
    @abstractmethod
    def fleet(self) -> Fleet:
        """A fleet without jobs."""

    @pytest.fixture
    @abstractmethod
    def attempts(self):
        """A function: how often the job of a number was begun."""

    def test_a_job_is_done_once_and_its_result_comes_back(self, fleet, attempts):
        fleet.submit(cg_job(1))
        (event,) = collect(fleet, 1)
        assert (event.key, event.status) == ("cg:cg-000001", "done")
        assert event.result.steps == 3
        assert event.started <= event.finished
        assert attempts(1) == 1

    def test_a_job_submitted_twice_is_done_once(self, fleet, attempts):
        fleet.submit(cg_job(1, steps=20))
        fleet.submit(cg_job(1, steps=20))
        collect(fleet, 1)
        assert fleet.events(0.5) == []
        assert attempts(1) == 1

    def test_a_job_is_known_from_its_submission_to_its_end(self, fleet):
        assert fleet.known() == set()
        fleet.submit(cg_job(1))
        assert fleet.known() == {"cg:cg-000001"}
        collect(fleet, 1)
        self.wait_until(lambda: fleet.known() == set())

    def test_a_job_that_raises_fails_with_one_sentence(self, fleet):
        fleet.submit(cg_job(1, seed=RAISES))
        (event,) = collect(fleet, 1)
        assert (event.status, event.result) == ("failed", None)
        assert event.error == "ValueError: nothing works"

    def test_all_of_many_jobs_come_back(self, fleet):
        for number in range(1, 6):
            fleet.submit(cg_job(number))
        assert {event.key for event in collect(fleet, 5)} == {f"cg:cg-{n:06d}" for n in range(1, 6)}

    def test_cancelling_what_is_unknown_does_nothing(self, fleet):
        fleet.cancel("cg:cg-000099")
        fleet.cancel("nonsense")
        assert fleet.known() == set()

    def test_capacity_is_known_for_each_kind(self, fleet):
        capacity = fleet.capacity()
        assert capacity.slots >= 1
        assert capacity.kinds == dict.fromkeys(("cg", "refine", "train"), capacity.slots)

    @staticmethod
    def wait_until(condition) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.02)
