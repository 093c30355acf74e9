"""Walkers side by side: every step is counted once, and an end that was asked for comes with the next beat."""

from steer.benchmark.clock import ClockedFleet, Walk
from steer.messages import CgJob, TrainJob, TrainResult


def job(number: int, steps: int = 40) -> CgJob:
    id = f"cg-{number:06d}"
    return CgJob(key=f"cg:{id}", simulation=id, start="a.pdb", force_field=1, steps=steps, random_seed=7)


class Bench:
    """Two walkers with beats of ten steps, and a record of what they did."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.beats: list[tuple[int, dict[str, int]]] = []
        self.fleet = ClockedFleet(self.simulate, lambda job: job.simulation in self.asked, self.train, 2, 10)

    def simulate(self, walks: list[Walk], spent: int) -> None:
        self.beats.append((spent, {walk.job.simulation: walk.done for walk in walks}))
        for walk in walks:
            walk.frames += 1

    def train(self, job: TrainJob) -> TrainResult:
        return TrainResult(version=job.version, statistics={}, seconds=0.0)

    def ends(self, calls: int) -> list[tuple[str, int, int]]:
        events = [event for _ in range(calls) for _, event in self.fleet.events()]
        return [(event.key, event.result.steps, event.result.frames) for event in events]


def test_a_simulation_is_told_to_be_over_once_after_all_its_beats():
    bench = Bench()
    bench.fleet.submit(job(1), job(2), job(1))
    assert bench.ends(4) == []
    assert bench.fleet.known() == {"cg:cg-000001", "cg:cg-000002"}
    assert bench.ends(1) == [("cg:cg-000001", 40, 4), ("cg:cg-000002", 40, 4)]
    assert bench.ends(3) == []
    assert bench.fleet.known() == set()
    assert bench.fleet.spent == 80


def test_what_was_asked_to_end_does_so_with_the_next_beat_and_its_walker_is_free():
    bench = Bench()
    bench.fleet.submit(job(1), job(2), job(3))
    bench.ends(2)
    bench.asked.add("cg-000001")
    assert bench.ends(2) == [("cg:cg-000001", 30, 3)]
    bench.ends(1)
    assert bench.beats[-1] == (60, {"cg-000002": 30, "cg-000003": 0})


def test_a_simulation_under_way_is_not_taken_up_again():
    bench = Bench()
    bench.fleet.submit(job(1))
    bench.ends(1)
    bench.fleet.submit(job(1))
    assert bench.ends(8) == [("cg:cg-000001", 40, 4)]


def test_one_walker_without_work_spends_nothing():
    bench = Bench()
    bench.fleet.submit(job(1))
    bench.ends(4)
    assert bench.fleet.spent == 40


def test_a_training_takes_no_steps():
    bench = Bench()
    bench.fleet.submit(TrainJob(key="train:0001", version=1, frames=3, previous=None, random_seed=1))
    bench.fleet.events()
    ((_, event),) = bench.fleet.events()
    assert event.result == TrainResult(version=1, statistics={}, seconds=0.0)
    assert bench.fleet.spent == 0
