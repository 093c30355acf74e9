"""A campaign on a landscape with a known answer: one line of the file, the real worker and Redis, nothing to refine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.registry import load_model
from sims.landscapes import make_landscape, project, states
from steer.framereader import FrameReader
from steer.journal import Journal

CAMPAIGN = """
[campaign]
name = "wells"
seed = 1
[molecule]
landscape = "double_well"
[[collective]]
name = "along"
kind = "distance"
beads = ["1:A1", "4:W"]
[coarse]
length = "200 ps"
segment = "200 ps"
frame_interval = "1 ps"
[latent]
model = "pca"
scaling = "slow"
dimensions = 2
min_frames = 200
[selection]
selector = "mixture"
target = { collective = "along", towards = 3.6 }
[seeding]
initial = 1
control_share = 0.0
[stop]
aggregate_time = "600 ps"
[workers]
slots = 2
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("landscape")
    (folder / "campaign.toml").write_text(CAMPAIGN)
    command = [sys.executable, "-m", "steer", "run", "campaign.toml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return folder / "wells"


def test_it_finds_both_wells(root):
    landscape, reader = make_landscape("double_well"), FrameReader(root / "frames")
    points = project(landscape, reader.positions(slice(None)))
    assert set(states(landscape, points)) >= {0, 1}
    assert len(points) >= 600


def test_its_map_is_of_motions_that_last_from_frame_to_frame(root):
    statistics = load_model(root / "models" / "0001").statistics()
    assert statistics["pairs"] > 0.7 * statistics["frames"]
    assert statistics["autocorrelations"][0] > 0.5


def test_it_restarted_by_the_rules_of_the_mixture_and_refined_nothing(root):
    journal = Journal(root / "journal.db", read_only=True)
    decisions = journal.decisions()
    journal.close()
    actions = {action for _, action, _, _ in decisions}
    assert "StartFromFrame" in actions
    assert "Refine" not in actions
    rules = {
        reason.split()[2].rstrip(",") for _, action, _, reason in decisions if action == "StartFromFrame"
    }
    assert rules <= {"farthest_point", "ucb", "least_counts", "random"}


def test_starts_lie_towards_the_target(root):
    """Nearer to 3.6 nm from the first anchor than three quarters of the frames there were, so than their median."""
    reader = FrameReader(root / "frames")
    positions = reader.positions(slice(None))
    distance = np.linalg.norm(positions[:, 3] - positions[:, 0], axis=1)
    cost = np.abs(distance - 3.6)
    rows = dict(
        zip(zip(reader.simulations(slice(None)), reader.step.tolist(), strict=True), cost, strict=True)
    )
    journal = Journal(root / "journal.db", read_only=True)
    seeds = [seed for seed in journal.seeds() if seed.origin == "cg"]
    journal.close()
    assert seeds
    assert np.mean([rows[seed.parent, seed.step] for seed in seeds]) < np.median(cost)
