"""Candidates grow with the map: nothing is made anew, and nothing is forgotten."""

import numpy as np
import pytest

from steer.candidates import CandidateTable


class Latents:
    def __init__(self, points, sane):
        self._points, self._sane, self.count = points, sane, 0

    def __len__(self):
        return self.count

    @property
    def points(self):
        return self._points[: self.count]

    @property
    def sane(self):
        return self._sane[: self.count]


class Store:
    def __init__(self, is_cg, number):
        self._is_cg, self.number = is_cg, number.astype(np.uint32)

    def is_level(self, level, rows):
        return self._is_cg[rows]


@pytest.fixture
def latents():
    rng = np.random.default_rng(1)
    return Latents(rng.normal(size=(3000, 3)).astype(np.float32), np.arange(3000) % 7 != 0)


@pytest.fixture
def store():
    return Store(np.arange(3000) % 5 != 0, np.arange(3000) // 10)


def eligible(count):
    return [row for row in range(count) if row % 7 and row % 5]


def test_it_holds_sane_cg_frames_as_they_come(latents, store):
    table = CandidateTable(latents, store)
    for latents.count in (0, 10, 10, 1700, 3000):
        table.update([], np.empty((0, 3), np.float32))
        assert table.rows.tolist() == eligible(latents.count)
    np.testing.assert_array_equal(table.points, latents.points[table.rows])
    np.testing.assert_array_equal(table.parents, table.rows // 10)
    assert table.free.all()


def test_promoted_frames_are_not_free_and_others_of_no_concern(latents, store):
    table = CandidateTable(latents, store)
    latents.count = 100
    table.update([1, 99], np.empty((0, 3), np.float32))
    latents.count = 200
    table.update([1, 99, 151, 5], np.empty((0, 3), np.float32))
    assert table.rows[~table.free].tolist() == [1, 99, 151]


def test_distances_to_the_promoted_and_the_started_are_kept(latents, store):
    table = CandidateTable(latents, store)
    starts = np.zeros((1, 3), np.float32)
    latents.count = 1000
    table.update([1], starts)
    table.promoted.beyond(0.5)
    starts = np.concatenate([starts, np.ones((2, 3), np.float32)])
    latents.count = 3000
    table.update([1, 2, 3], starts)
    for reach, chosen in ((table.promoted, latents.points[[1, 2, 3]]), (table.started, starts)):
        rows, squared = reach.beyond(-1.0)
        truth = ((table.points[:, None] - chosen) ** 2).sum(axis=2).min(axis=1)
        assert len(rows) == len(table.rows)
        np.testing.assert_allclose(squared, truth, rtol=1e-5, atol=1e-7)
