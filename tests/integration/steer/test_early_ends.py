"""Simulations that have stopped adding anything end early: real dynamics, worker and Redis; every frame is kept."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from steer.framereader import FrameReader
from steer.journal import Journal, Simulation

EXAMPLE = Path(__file__).parents[3] / "examples" / "trp-cage" / "trpcage.pdb"

CAMPAIGN = """
[campaign]
name = "patient"
seed = 3
[molecule]
structure = "trpcage.pdb"
[allatom]
solvent = "implicit"
[coarse]
network = "elastic"
padding = "0.8 nm"
length = "300 ps"
segment = "300 ps"
frame_interval = "0.4 ps"
patience = "4 ps"
[latent]
model = "pca"
dimensions = 2
min_frames = 100
[seeding]
initial = 1
control_share = 0.0
[refinement]
length = "1 ps"
segment = "1 ps"
frame_interval = "0.2 ps"
share_bounds = [0.1, 0.6]
[stop]
aggregate_time = "400 ps"
[workers]
slots = 2
platform = "CPU"
"""
EVERY, PLANNED = 20, 15_000


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("patient")
    (folder / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
    (folder / "campaign.toml").write_text(CAMPAIGN)
    done = steer("run", "campaign.toml", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "patient"


def steer(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steer", *arguments], cwd=cwd, capture_output=True, text=True, timeout=500
    )


@pytest.fixture(scope="module")
def simulations(root) -> list[Simulation]:
    journal = Journal(root / "journal.db", read_only=True)
    try:
        return journal.simulations("cg")
    finally:
        journal.close()


def asked(root: Path) -> set[str]:
    journal = Journal(root / "journal.db", read_only=True)
    try:
        return {subject for _, action, subject, _ in journal.decisions() if action == "Finish"}
    finally:
        journal.close()


def test_some_were_asked_to_end_and_only_those_ended_early(root, simulations):
    assert asked(root)
    assert {s.id for s in simulations if s.state == "done" and s.steps < PLANNED} <= asked(root)


def test_the_unsteered_ones_ran_their_full_length(root, simulations):
    assert {s.steps for s in simulations if not s.steered and s.state == "done"} <= {PLANNED}
    assert not asked(root) & {s.id for s in simulations if not s.steered}


def test_every_frame_of_what_was_simulated_is_stored_once(root, simulations):
    reader = FrameReader(root / "frames")
    stored = Counter(zip(reader.simulations(slice(None)), reader.step.tolist(), strict=True))
    assert max(stored.values()) == 1
    for simulation in simulations:
        if simulation.state == "done":
            steps = [step for id, step in stored if id == simulation.id]
            assert sorted(steps) == list(range(EVERY, simulation.steps + 1, EVERY))


def test_the_decisions_are_told_with_their_reasons(root):
    told = steer("status", str(root), "--decisions", cwd=root.parent).stdout
    assert "the rule takes none from its last 4 ps" in told


def test_the_campaign_reached_its_goal_with_what_was_simulated(root):
    reader = FrameReader(root / "frames")
    assert reader.is_level("cg").sum() * 0.4 >= 400 * (1 - 1e-9)
