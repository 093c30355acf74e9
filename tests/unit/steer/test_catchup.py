"""Encoding with a new model in a thread: nearly level when it ends, the same points, and nothing hidden."""

from __future__ import annotations

import time

import numpy as np
import pytest

import steer.catchup
from models.features import BeadFeatures
from models.pca import PcaTrainer
from steer.catchup import CatchUp
from steer.explored import ExploredMap
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.latents import LatentTable

BEADS = 4


def frames(count: int, first: int = 0) -> list[Frame]:
    positions = np.random.default_rng(first).normal(size=(count, BEADS, 3)).astype(np.float32)
    box = np.zeros(3, np.float32)
    return [
        Frame("c", "cg-000001", "cg", first + i, float(i), box, 1, 0.0, each)
        for i, each in enumerate(positions)
    ]


def model(version: int):
    features = BeadFeatures(BEADS, np.array([[0, 3], [0, 2], [1, 3]]), np.empty((0, 4), int))
    positions = np.array([frame.positions for frame in frames(200)])
    return PcaTrainer(features, n_latents=2).fit(positions, version=version, seed=0)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(steer.catchup, "NEAR", 50)
    with FrameStore(tmp_path / "frames", BEADS) as store:
        yield store


def wait(catch_up: CatchUp) -> None:
    while not catch_up.done():
        time.sleep(0.002)


def test_a_table_is_nearly_level_when_the_thread_ends_though_frames_went_on_coming(store):
    store.append(frames(3000))
    table = LatentTable(model(1), store)
    catch_up = CatchUp(table, store)
    for first in range(3000, 5000, 500):
        store.append(frames(500, first))
    wait(catch_up)
    assert len(table) > 3000 - 50
    while table.advance(1000):
        pass
    assert table.level
    np.testing.assert_allclose(
        table.points, model(1).encode(store.positions(slice(0, 5000))), rtol=1e-5, atol=1e-6
    )


def test_what_goes_wrong_in_the_thread_is_raised_in_the_loop(store):
    store.append(frames(100))

    def broken(positions):
        raise FloatingPointError("broken")

    catch_up = CatchUp(LatentTable(model(1), store, broken), store)
    with pytest.raises(FloatingPointError, match="broken"):
        wait(catch_up)


def test_a_thread_that_is_stopped_leaves_what_it_encoded(store):
    store.append(frames(20_000))
    table = LatentTable(model(1), store)
    catch_up = CatchUp(table, store)
    catch_up.stop()
    assert len(table) % 8_192 == 0 or table.level
    np.testing.assert_allclose(
        table.points, model(1).encode(store.positions(slice(0, len(table)))), rtol=1e-5, atol=1e-6
    )


def test_a_map_far_behind_comes_into_use_all_the_same(store, monkeypatch):
    monkeypatch.setattr("steer.explored.FAR", 1000)
    store.append(frames(4000))
    explored = ExploredMap(store, np.empty((0, 2), int), np.empty(0))
    explored.adopt(model(1), 2000)
    deadline = time.monotonic() + 60
    while not explored.advance():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert explored.version == 1
    assert len(explored.sample()) == 4000
    explored.adopt(model(2), 2000)
    explored.adopt(model(3), 2000)
    while not explored.advance():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert explored.version == 3
    explored.close()
