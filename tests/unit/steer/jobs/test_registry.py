"""Every kind of job has a runner, a queue and a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.fleet import cg_job

from steer.campaign import CampaignDirectory
from steer.jobs.registry import RUNNERS, job_folder, kind_of, resolve
from steer.messages import KINDS, RefineJob, TrainJob

JOBS = [
    cg_job(12),
    RefineJob(
        key="refine:aa-000003",
        simulation="aa-000003",
        target="t.pdb",
        reference="r.pdb",
        force_field=1,
        steps=1,
        random_seed=0,
    ),
    TrainJob(key="train:0002", version=2, previous=1, frames=10, random_seed=0),
]


def test_there_is_a_runner_for_each_kind():
    assert tuple(RUNNERS) == KINDS
    assert [kind_of(job) for job in JOBS] == list(KINDS)


@pytest.mark.parametrize(
    ("job", "folder"),
    list(zip(JOBS, ["cg/cg-000012", "aa/aa-000003", "train/train-0002"], strict=True)),
    ids=KINDS,
)
def test_each_job_has_a_folder_of_its_own(job, folder):
    root = Path("/campaign")
    assert job_folder(CampaignDirectory(root), job) == root / folder


def test_a_runner_is_found_by_name():
    assert resolve("steer.jobs.registry:kind_of") is kind_of
