"""A training steps back behind simulations; nothing else does."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = """
import os
from steer.jobs.child import step_back
from steer.messages import CgJob, TrainJob
step_back({job})
print(os.nice(0))
"""
TRAIN = 'TrainJob(key="train:0001", version=1, previous=0, frames=100, random_seed=1)'
COARSE = 'CgJob(key="cg:cg-000001", simulation="cg-000001", start="seeds/a.pdb", force_field=1, steps=1, random_seed=1)'


@pytest.mark.parametrize(("job", "by"), [(TRAIN, 10), (COARSE, 0)])
def test_only_trainings_step_back(job, by):
    before = subprocess.check_output([sys.executable, "-c", "import os; print(os.nice(0))"])
    after = subprocess.check_output([sys.executable, "-c", ASK.format(job=job)])
    assert int(after) == min(19, int(before) + by)
