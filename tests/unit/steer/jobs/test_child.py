"""A training steps back behind simulations; nothing else does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import os
from steer.jobs.child import step_back
from steer.messages import CgJob, TrainJob
step_back({job})
print(os.nice(0))
"""
GROUP = Path("/proc/self/autogroup")
TRAIN = 'TrainJob(key="train:0001", version=1, previous=0, frames=100, random_seed=1)'
COARSE = 'CgJob(key="cg:cg-000001", simulation="cg-000001", start="seeds/a.pdb", force_field=1, steps=1, random_seed=1)'


@pytest.mark.parametrize(("job", "by"), [(TRAIN, 10), (COARSE, 0)])
def test_only_trainings_step_back(job, by):
    before = subprocess.check_output([sys.executable, "-c", "import os; print(os.nice(0))"])
    after = subprocess.check_output([sys.executable, "-c", ASK.format(job=job)])
    assert int(after) == min(19, int(before) + by)


@pytest.mark.parametrize("session", [True, False])
def test_a_session_of_its_own_steps_back_among_sessions_and_no_other_does(session):
    before, after = (_nice_among_sessions(code, session) for code in ("", ASK.format(job=TRAIN)))
    if session and before is None:
        pytest.skip("Linux does not share processors out by session here")
    assert after == (min(19, before + 10) if session else before)


def _nice_among_sessions(code: str, session: bool) -> int | None:
    """What stands in the file after this code; it is empty or not there where there is no such thing."""
    read = f"print('among', open({str(GROUP)!r}).read() if {GROUP.exists()} else '')"
    told = subprocess.check_output([sys.executable, "-c", code + read], start_new_session=session, text=True)
    words = told.split("among")[1].split()
    return int(words[-1]) if words else None
