"""Jobs of any number of workers share the cores out among themselves; real processes under a name of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import steer.jobs.own_core
from steer.attempt import Attempt, Site
from steer.campaign import CampaignDirectory
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.cores import supported
from steer.jobs.own_core import OwnCore
from steer.jobs.registry import RUNNERS
from steer.jobs.wire import Order, decode_report, encode_line
from steer.messages import CgJob, TrainJob
from steer.slots import make_slots

pytestmark = pytest.mark.skipif(not supported(), reason="cores are kept on Linux only")

HOLD = """
import os, sys, threading
from steer import cores
from steer.jobs import own_core
from steer.jobs.own_core import OwnCore
own_core.busy_seconds = lambda: dict.fromkeys(range(4096), 0.0)
cores._NAME = sys.argv[1]
if len(sys.argv) > 2:
    os.sched_setaffinity(0, {int(sys.argv[2])})
threading.Thread(target=threading.Event().wait, daemon=True).start()
def tell(own):
    tasks = os.listdir("/proc/self/task")
    print(own.core, *sorted({core for task in tasks for core in os.sched_getaffinity(int(task))}), flush=True)
with OwnCore(period=0.05, window=0.01) as own:
    tell(own)
    for line in sys.stdin:
        tell(own)
tell(own)
"""


class Holder:
    """A process that wants a core of its own."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-c", HOLD, f"steer-test-{os.getpid()}-", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.core, self.affinity = self._told()

    def ask(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.core, self.affinity = self._told()

    def leave(self) -> None:
        self.process.stdin.close()
        self.core, self.affinity = self._told()
        self.process.wait(10.0)

    def _told(self) -> tuple[int | None, set[int]]:
        core, *affinity = self.process.stdout.readline().split()
        return None if core == "None" else int(core), {int(each) for each in affinity}


@pytest.fixture
def hold():
    holders: list[Holder] = []

    def start(*arguments: object) -> Holder:
        holders.append(Holder(*map(str, arguments)))
        return holders[-1]

    yield start
    for holder in holders:
        holder.process.kill()
        holder.process.wait()
        holder.process.stdin.close()
        holder.process.stdout.close()


@pytest.fixture
def two_cores(monkeypatch):
    """This process, and those it starts, on two cores."""
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("one core cannot be shared out")
    os.sched_setaffinity(0, set(sorted(before)[:2]))
    yield sorted(before)[:2]
    os.sched_setaffinity(0, before)


def test_two_jobs_get_different_cores_with_all_their_threads(hold, two_cores):
    jobs = [hold(), hold()]
    assert sorted(job.core for job in jobs) == two_cores
    assert all(job.affinity == {job.core} for job in jobs)


def test_without_a_free_core_a_job_is_left_where_it_was_until_one_is_free(hold, two_cores):
    first, second, third = hold(), hold(), hold()
    assert (third.core, third.affinity) == (None, set(two_cores))
    first.process.kill()
    first.process.wait()
    while third.core is None:
        third.ask()
    assert third.core == first.core != second.core
    while third.affinity != {first.core}:
        third.ask()


def test_a_core_is_given_back_in_the_end(hold, two_cores):
    job = hold()
    job.leave()
    assert (job.core, job.affinity) == (None, set(two_cores))


def test_a_job_that_may_use_one_core_takes_that_one_or_none(hold, two_cores):
    for core in two_cores:
        assert hold(core).core == core
    late = hold(two_cores[0])
    assert (late.core, late.affinity) == (None, {two_cores[0]})


@pytest.mark.parametrize(
    ("others", "elsewhere", "comes_to"),
    [
        (0.0, 0.0, "stays"),
        (0.15, 0.0, "stays"),
        (0.5, 0.0, "moves"),
        (0.5, 0.4, "lets go"),
        (1.0, 1.0, "lets go"),
    ],
)
def test_a_job_moves_where_it_gains_a_fifth_of_a_core_and_lets_a_shared_one_go(
    monkeypatch, two_cores, others, elsewhere, comes_to
):
    """A second in which it works half the time, `others` on its core and `elsewhere` on the other."""
    monkeypatch.setattr("steer.cores._NAME", f"steer-test-{os.getpid()}-")
    with OwnCore(period=3600.0, window=0.0) as own:
        here, there = own.core, sum(two_cores) - own.core
        readings = iter([{here: 7.0, there: 9.0}, {here: 7.5 + others, there: 9.0 + elsewhere}])
        with monkeypatch.context() as seen:
            seen.setattr(steer.jobs.own_core, "busy_seconds", lambda: next(readings))
            seen.setattr(steer.jobs.own_core.time, "process_time", iter([3.0, 3.5]).__next__)
            seen.setattr(steer.jobs.own_core.time, "monotonic", iter([1.0, 2.0]).__next__)
            use = own._look()
        own._act(use)
        assert own.core == {"stays": here, "moves": there, "lets go": None}[comes_to]
        assert os.sched_getaffinity(0) == (set(two_cores) if own.core is None else {own.core})


CG = CgJob(key="cg:cg-000001", simulation="cg-000001", start="a.pdb", force_field=1, steps=1, random_seed=1)
TRAIN = TrainJob(key="train:0001", version=1, previous=0, frames=100, random_seed=1)


@pytest.mark.parametrize(
    ("job", "allowed", "cores", "own_core"),
    [(CG, True, 2, True), (CG, True, 4, False), (CG, False, 2, False), (TRAIN, True, 2, False)],
)
def test_simulations_of_one_thread_get_a_core_where_the_worker_may_give_them_one(
    directory, job, allowed, cores, own_core
):
    site = Site("w", "trp", "redis://host", directory, RUNNERS, None, 60.0, own_cores=allowed)
    slot = make_slots(2, [], cores=cores)[0]
    assert Attempt(site, job, slot)._order(3).own_core is own_core


@pytest.mark.parametrize("own_core", [True, False])
def test_the_process_of_a_job_does_as_it_is_ordered(directory, tmp_path, two_cores, own_core):
    (tmp_path / "tell.py").write_text(
        "import os\ndef run(job, context): raise RuntimeError(sorted(os.sched_getaffinity(0)))\n"
    )
    begin = f"from steer import cores; cores._NAME = 'steer-test-{os.getpid()}-'"
    reports, writing = os.pipe()
    order = Order(
        job=TRAIN,
        runner="tell:run",
        directory=str(directory.root),
        campaign="trp",
        url="redis://host",
        worker="w",
        attempt="w.1",
        parent=os.getpid(),
        report=writing,
        own_core=own_core,
    )
    child = subprocess.Popen(
        [sys.executable, "-c", f"{begin}; from steer.jobs.child import main; main()"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(writing,),
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    os.close(writing)
    _, log = child.communicate(encode_line(order))
    with os.fdopen(reports, "rb") as pipe:
        ended = decode_report(pipe.readlines()[-1])
    told = [f"RuntimeError: [{core}]" for core in two_cores] if own_core else [f"RuntimeError: {two_cores}"]
    assert ended.error in told
    assert (b"which no other job has" in log) is own_core


@pytest.fixture
def directory(tmp_path: Path):
    config = CampaignConfig(
        campaign=Campaign(name="trp"), molecule=Molecule(sequence="NLYIQW"), stop=Stop(refinements=1)
    )
    return CampaignDirectory.create(tmp_path / "campaign", config)
