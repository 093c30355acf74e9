"""Latent tables and the explored map: every row encoded once, in order, in one version at a time."""

import numpy as np
import pytest

from models.features import BeadFeatures
from models.pca import PcaTrainer
from steer.explored import ExploredMap
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.latents import LatentTable

BEADS = 8
PAIRS = np.array([[i, i + 1] for i in range(BEADS - 1)])
LENGTHS = np.full(BEADS - 1, 0.35)


def chain(seed: int, n: int) -> np.ndarray:
    """Random walks of fixed step length, shape (n, BEADS, 3)."""
    steps = np.random.default_rng(seed).normal(size=(n, BEADS, 3))
    steps *= 0.35 / np.linalg.norm(steps, axis=2, keepdims=True)
    return np.cumsum(steps, axis=1).astype(np.float32)


def frames(positions: np.ndarray, simulation: str, first: int = 0) -> list[Frame]:
    box = np.zeros(3, np.float32)
    return [
        Frame("c", simulation, simulation[:2], first + i, float(i), box, 1, 0.0, p)
        for i, p in enumerate(positions)
    ]


def model(version: int, seed: int = 0):
    features = BeadFeatures.for_molecule(BEADS, [list(range(BEADS))])
    return PcaTrainer(features, n_latents=2).fit(chain(seed, 200), version=version, seed=0)


@pytest.fixture
def store(tmp_path):
    with FrameStore(tmp_path / "frames", BEADS) as store:
        yield store


def test_a_table_catches_up_in_bounded_steps_and_agrees_with_the_model(store):
    store.append(frames(chain(1, 50), "cg-000001"))
    trained = model(1)
    table = LatentTable(trained, store)
    assert [table.advance(20) for _ in range(4)] == [20, 20, 10, 0]
    np.testing.assert_allclose(
        table.points, trained.encode(store.positions(slice(0, 50))), rtol=1e-5, atol=1e-6
    )
    store.append(frames(chain(2, 3000), "cg-000002"))
    while table.advance(1000):
        pass
    assert table.level
    assert len(table) == 3050


def test_the_old_version_serves_until_the_new_one_is_level(store):
    store.append(frames(chain(1, 100), "cg-000001"))
    explored = ExploredMap(store, PAIRS, LENGTHS)
    assert explored.version == 0
    assert explored.candidates([], np.empty((0, 2), np.float32)) is None
    explored.adopt(model(1), 100)
    assert explored.advance()
    assert explored.version == 1
    explored.adopt(model(2, seed=5), 100)
    assert explored.version == 1
    assert explored.advance()
    assert explored.version == 2


def test_a_new_version_is_counted_bit_by_bit_beside_the_old_one_and_alike(store, monkeypatch):
    store.append(frames(chain(1, 300), "cg-000001") + frames(chain(2, 100), "aa-000002"))
    at_once, beside = (ExploredMap(store, PAIRS, LENGTHS) for _ in range(2))
    for explored, version in ((at_once, 2), (beside, 1)):
        explored.adopt(model(version, seed=version), 300)
        assert explored.advance()
    beside.adopt(model(2, seed=2), 300)
    monkeypatch.setattr("steer.occupancy.COUNT_AT_ONCE", 150)
    coverage = beside.coverage
    assert [beside.advance() for _ in range(2)] == [False, False]
    assert (beside.version, beside.coverage) == (1, coverage)
    store.append(frames(chain(3, 40), "cg-000003"))
    assert beside.advance()
    assert at_once.advance() is False
    assert (beside.version, beside.coverage) == (2, at_once.coverage)
    for level in ("cg", "aa"):
        one, other = at_once.discoveries[level], beside.discoveries[level]
        np.testing.assert_array_equal(one.cells, other.cells)


def test_candidates_are_sane_unpromoted_cg_frames(store):
    positions = chain(1, 20)
    positions[4, -1] += 3.0
    store.append(frames(positions, "cg-000007"))
    store.append(frames(chain(2, 5), "aa-000001"))
    explored = ExploredMap(store, PAIRS, LENGTHS)
    explored.adopt(model(1), 20)
    explored.advance()
    candidates, rows = explored.candidates([0, 19], np.empty((0, 2), np.float32))
    assert rows.tolist() == [row for row in range(20) if row != 4]
    assert rows[candidates.free].tolist() == [row for row in range(1, 19) if row != 4]
    assert set(candidates.parents.tolist()) == {7}
    np.testing.assert_allclose(candidates.points, explored.points(rows.tolist()))


def test_drift_tells_familiar_frames_from_strange_ones(store):
    trained = model(1)
    store.append(frames(chain(0, 200), "cg-000001"))
    store.append(frames(chain(9, 200), "cg-000002"))
    table = LatentTable(trained, store)
    table.advance(1000)
    familiar = table.drift(200)
    store.append(frames(3 * chain(10, 400), "cg-000003"))
    table.advance(1000)
    assert table.drift(400) > 1.5 * familiar
    assert LatentTable(trained, store).drift(0) == 1.0
