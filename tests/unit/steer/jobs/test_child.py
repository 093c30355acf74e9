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


@pytest.mark.skipif(not GROUP.exists(), reason="processors are not shared out by session here")
@pytest.mark.parametrize("session", [True, False])
def test_a_session_of_its_own_steps_back_among_sessions_and_no_other_does(session):
    ask = ASK.format(job=TRAIN) + f"print(open({str(GROUP)!r}).read())"
    begin = f"import os; print(open({str(GROUP)!r}).read())"
    told = [
        subprocess.check_output([sys.executable, "-c", code], start_new_session=session, text=True)
        for code in (begin, ask)
    ]
    before, after = (int(text.split()[-1]) for text in told)
    assert after == (min(19, before + 10) if session else before)
