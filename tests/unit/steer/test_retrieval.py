"""What Redis lost of a finished simulation comes from the simulation's own trajectory."""

from __future__ import annotations

import numpy as np
import pytest

from sims.trajectory import PartWriter, part_path
from steer.campaign import CampaignDirectory
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.journal import Simulation
from steer.retrieval import Completed, Retrieval

BOX = np.array([3.0, 4.0, 5.0], np.float32)
POSITIONS = np.random.default_rng(3).normal(size=(8, 5, 3)).astype(np.float32)


def simulation(state="done", id="cg-000002") -> Simulation:
    return Simulation(id, "cg", 0, 1, 1, 80, True, state, {"frames": 8})


def frame(index: int) -> Frame:
    return Frame("trp", "cg-000002", "cg", 10 * index, 0.2 * index, BOX, 1, 0.0, POSITIONS[index - 1])


@pytest.fixture
def directory(tmp_path):
    """A campaign directory with the trajectory of 8 frames, 10 steps apart, in two parts."""
    directory = CampaignDirectory(tmp_path)
    folder = directory.simulation("cg-000002")
    folder.mkdir(parents=True)
    for begin, indices in ((0, range(1, 6)), (50, range(6, 9))):
        with PartWriter(part_path(folder, "frames", begin)) as part:
            for index in indices:
                part.write(POSITIONS[index - 1], 10 * index, 0.2 * index, BOX)
            part.finish()
    return directory


@pytest.fixture
def store(directory):
    with FrameStore(directory.frames, 5) as store:
        store.append([frame(index) for index in (1, 2, 6)])
        yield store


@pytest.fixture
def retrieval(directory, store):
    return Retrieval(directory, store, "trp", {"cg": 10, "aa": 5})


def test_missing_frames_are_stored_once_with_step_time_and_coordinates(retrieval, store):
    retrieval.expect([simulation()])
    assert retrieval.complete() == {"cg-000002": Completed(5, 0)}
    assert sorted(store.step.tolist()) == list(range(10, 81, 10))
    order = np.argsort(store.step)
    np.testing.assert_allclose(store.positions(slice(None))[order], POSITIONS, atol=0.0011)
    np.testing.assert_allclose(store.time[order], 0.2 * np.arange(1, 9), rtol=1e-6)


def test_a_simulation_is_looked_at_once_and_only_when_it_is_done(retrieval, store):
    retrieval.expect([simulation("open"), simulation("failed")])
    assert retrieval.complete() == {}
    retrieval.expect([simulation()])
    retrieval.complete()
    assert retrieval.complete() == {}
    retrieval.expect([simulation()])
    assert retrieval.complete() == {}, "nothing was missing any more"
    assert len(store) == 8


def test_what_no_trajectory_has_is_reported_as_lost(retrieval, directory):
    part_path(directory.simulation("cg-000002"), "frames", 50).unlink()
    retrieval.expect([simulation()])
    assert retrieval.complete() == {"cg-000002": Completed(3, 2)}
