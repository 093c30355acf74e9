"""Jobs that count: resumable like a simulation, each step a file that is replaced, each attempt a line in a log.

What a job does besides is in its random seed (see the constants).
"""

from __future__ import annotations

import os
import subprocess
import time

import numpy as np

from sims.engines.protocol import EngineFrame
from sims.files import write_atomic
from steer.exceptions import JobStopped
from steer.messages import CgJob, CgResult, Job, TrainJob, TrainResult

NORMAL, RAISES, HANGS, HAS_CHILDREN, DIES, DEAF, FINDS_NO_ROOM, NO_MEMORY = range(8)
STEP = 0.02


def run(job: Job, context) -> CgResult | TrainResult:
    if isinstance(job, TrainJob):
        return TrainResult(version=job.version, statistics={}, seconds=0.0)
    state = context.folder / "counter"
    step = int(state.read_text()) if state.exists() else 0
    _note(context, f"began {os.getpid()} at {step}")
    _misbehave(job, context)
    while step < job.steps:
        time.sleep(STEP)
        step += 1
        context.publish([_frame(step)])
        write_atomic(state, str(step))
        context.progress("counting", step / job.steps, step)
        if context.should_stop() and job.random_seed != DEAF:
            _note(context, f"stopped at {step}")
            raise JobStopped(f"stopped at step {step}")
    _note(context, "ended")
    return CgResult(
        simulation=job.simulation,
        steps=step,
        frames=step,
        seconds=1.0,
        steps_per_second=1.0,
        platform=os.environ["OMP_NUM_THREADS"],
        end_state="counter",
    )


def _misbehave(job: CgJob, context) -> None:
    if job.random_seed == RAISES:
        raise ValueError("nothing works")
    if job.random_seed == NO_MEMORY:
        raise MemoryError("none left")
    if job.random_seed == DIES:
        os.kill(os.getpid(), 9)
    if job.random_seed == FINDS_NO_ROOM and len((context.folder / "notes").read_text().splitlines()) == 1:
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"state")
    if job.random_seed == HANGS:
        context.progress("hanging", 0.5, 1)
        time.sleep(3600)
    if job.random_seed == HAS_CHILDREN:
        child = subprocess.Popen(["sleep", "3600"])
        write_atomic(context.folder / "grandchild", str(child.pid))


def _note(context, text: str) -> None:
    with open(context.folder / "notes", "a") as notes:
        notes.write(f"{text}\n")


def _frame(step: int) -> EngineFrame:
    positions = np.full((2, 3), step / 1000, dtype=np.float32)
    return EngineFrame(step=step, time=step * 0.02, box=np.zeros(3, dtype=np.float32), positions=positions)
