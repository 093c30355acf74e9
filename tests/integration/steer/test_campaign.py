"""A whole campaign on Trp-cage from one command: real OpenMM, martinize2, Redis, docket, workers; nothing left out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import mdtraj
import numpy as np
import pytest

from steer.campaign import CampaignDirectory
from steer.framereader import FrameReader
from steer.journal import Journal

EXAMPLE = Path(__file__).parents[3] / "examples" / "trp-cage" / "trpcage.pdb"

CAMPAIGN = """
[campaign]
name = "short"
seed = 7

[molecule]
structure = "trpcage.pdb"

[allatom]
solvent = "implicit"

[coarse]
network = "none"
padding = "1.0 nm"
length = "40 ps"
segment = "20 ps"
frame_interval = "0.4 ps"

[latent]
dimensions = 2
min_frames = 150
growth = 1.5
epochs = 20

[seeding]
initial = 2
control_share = 0.0

[refinement]
length = "2 ps"
segment = "1 ps"
frame_interval = "0.2 ps"

[stop]
require = "all"
aggregate_time = "400 ps"
refinements = 2

[workers]
slots = 2
platform = "CPU"
"""
CG_FRAMES, AA_FRAMES = 100, 10


def steer(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steer", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=500,
    )


def start(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    log = (cwd / "run.log").open("a")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "steer", *map(str, arguments)], cwd=cwd, stdout=log, stderr=log, text=True
        )


def written(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
    (folder / "campaign.toml").write_text(CAMPAIGN)
    return folder


def frames_in(root: Path) -> Counter[tuple[str, int]]:
    reader = FrameReader(root / "frames")
    return Counter(zip(reader.simulations(slice(None)), reader.step.tolist(), strict=True))


def wait_for_frames(root: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if (root / "status.json").exists() and json.loads((root / "status.json").read_text())[
            "frames"
        ] >= count:
            return
        assert process.poll() is None, (root.parent / "run.log").read_text()
        time.sleep(0.2)
    raise AssertionError((root.parent / "run.log").read_text())


def assert_accounts_balance(root: Path) -> None:
    """Every frame that the finished simulations should have given is stored, once, and no other."""
    journal = Journal(root / "journal.db", read_only=True)
    expected: set[tuple[str, int]] = set()
    for simulation in journal.simulations():
        if simulation.state == "done":
            every = 20 if simulation.level == "cg" else 50
            expected |= {(simulation.id, step) for step in range(every, simulation.steps + 1, every)}
    opened = {s.id for s in journal.simulations() if s.state == "open"}
    journal.close()
    stored = frames_in(root)
    assert max(stored.values()) == 1
    assert expected <= set(stored)
    assert {id for id, _ in set(stored) - expected} <= opened


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = written(tmp_path_factory.mktemp("campaign"))
    done = steer("run", "campaign.toml", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "short", done


def test_the_loop_closes(finished):
    root, _ = finished
    journal = Journal(root / "journal.db", read_only=True)
    cg, aa = journal.simulations("cg"), journal.simulations("aa")
    seeds = {seed.id: seed for seed in journal.seeds()}
    models = [model for model in journal.models() if model.state == "done"]
    journal.close()
    assert {simulation.generation for simulation in cg} >= {0, 1}
    assert len(models) >= 2
    assert models[-1].statistics["aligned_to"] == models[-2].version
    accepted = [simulation for simulation in aa if simulation.state == "done"]
    assert len(accepted) >= 2
    assert [s for s in cg if seeds[s.seed].origin == "aa"], "no CG simulation was started from an AA result"
    for refinement in accepted:
        assert refinement.result["report"]["wrong_centres"] == []
        assert len(refinement.result["secondary_structure"]) == 20


def test_every_frame_is_stored_once(finished):
    assert_accounts_balance(finished[0])


def test_trajectories_open_elsewhere_and_say_what_the_frame_store_says(finished):
    root, _ = finished
    reader = FrameReader(root / "frames")
    folder = root / "cg" / "cg-000001"
    parts = sorted(folder.glob("frames-*.xtc"))
    trajectory = mdtraj.load([str(part) for part in parts], top=str(folder / "topology.pdb"))
    assert trajectory.n_frames == CG_FRAMES
    rows = np.flatnonzero(np.array(reader.simulations(slice(None))) == "cg-000001")
    rows = rows[np.argsort(reader.step[rows])]
    np.testing.assert_allclose(trajectory.xyz, reader.positions(rows), atol=2e-3)


def test_a_refined_structure_is_the_molecule_and_maps_to_its_seed(finished):
    root, _ = finished
    end = mdtraj.load(str(root / "aa" / "aa-000001" / "end.pdb"))
    start_ = mdtraj.load(str(root / "structures" / "protein.pdb"))
    assert [a.name for a in end.top.atoms] == [a.name for a in start_.top.atoms]
    assert mdtraj.rmsd(end, start_)[0] < 1.5


def test_lineage_leads_back_to_the_input(finished):
    journal = Journal(finished[0] / "journal.db", read_only=True)
    seeds = {seed.id: seed for seed in journal.seeds()}
    simulations = {simulation.id: simulation for simulation in journal.simulations()}
    source = {promotion.simulation: promotion.source for promotion in journal.promotions()}
    journal.close()
    for simulation in simulations.values():
        seen = 0
        while simulation.level == "aa" or seeds[simulation.seed].origin != "input":
            parent = source[simulation.id] if simulation.level == "aa" else seeds[simulation.seed].parent
            simulation = simulations[parent]
            seen += 1
            assert seen < 100


def test_the_summary_names_commands_that_work(finished):
    root, done = finished
    assert "Refinements" in done.stdout
    assert "[" in done.stderr
    for command in ("coverage", "report", "status"):
        again = steer(command, root, cwd=root.parent)
        assert again.returncode == 0, again.stderr
    assert (root / "plots" / "coverage.png").stat().st_size > 20_000
    assert (root / "plots" / "report.html").stat().st_size > 20_000
    status = json.loads(steer("status", root, "--json", cwd=root.parent).stdout)
    assert status["phase"] == "finished"
    assert status["failed"] == []
    decisions = steer("status", root, "--decisions", cwd=root.parent).stdout
    assert "promoted" in decisions


def test_no_pickle_and_no_password_lies_in_files_others_may_read(finished):
    root, _ = finished
    secret = json.loads((root / "redis" / "server.json").read_text())["password"].encode()
    for path in root.rglob("*"):
        if path.is_file() and path.suffix != ".rdb" and "redis" not in path.relative_to(root).parts:
            content = path.read_bytes()
            assert secret not in content, path
            assert not content.startswith(b"\x80\x04"), path
    assert (root / "redis").stat().st_mode & 0o077 == 0


def test_a_finished_campaign_goes_on_with_further_goals(finished):
    root, _ = finished
    before = frames_in(root)
    done = steer("run", root, "--until", "480 ps", cwd=root.parent)
    assert done.returncode == 0, done.stderr
    after = frames_in(root)
    assert set(before) < set(after)
    assert sum(id.startswith("cg") for id, _ in after) == 1200
    assert_accounts_balance(root)


@pytest.mark.parametrize("how", [[], ["--now"]], ids=["stop", "stop --now"])
def test_stop_then_resume_ends_with_the_same_accounts(tmp_path, how):
    folder = written(tmp_path)
    root = folder / "short"
    process = start("run", "campaign.toml", "--until", "120 ps", cwd=folder)
    wait_for_frames(root, 30, process)
    stopped = steer("stop", root, *how, cwd=folder)
    assert stopped.returncode == 0, stopped.stderr
    assert process.wait(60) == 4
    assert steer("stop", root, cwd=folder).returncode == 2
    resumed = steer("run", "campaign.toml", "--until", "120 ps", cwd=folder)
    assert resumed.returncode == 0, resumed.stderr
    assert_accounts_balance(root)


def test_a_killed_coordinator_loses_nothing_and_its_simulations_go_on(tmp_path):
    folder = written(tmp_path)
    root = folder / "short"
    process = start("run", "campaign.toml", "--until", "120 ps", cwd=folder)
    wait_for_frames(root, 30, process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    answer = steer("status", root, cwd=folder)
    assert "interrupted" in answer.stdout
    resumed = steer("run", root, cwd=folder)
    assert resumed.returncode == 0, resumed.stderr
    assert_accounts_balance(root)
    journal = Journal(CampaignDirectory(root).journal, read_only=True)
    attempts = [job.attempts for job in journal.jobs() if job.kind == "cg" and job.state == "done"]
    journal.close()
    assert set(attempts) == {1}, "a simulation was disturbed by the death of the coordinator"
