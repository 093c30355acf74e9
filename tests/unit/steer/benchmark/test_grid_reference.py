"""A truth on a grid: probabilities are kept, and the plane is closed where it goes round."""

from __future__ import annotations

import numpy as np
import pytest

from sims.references import REFERENCES, make_reference
from steer.benchmark.divergence import jensen_shannon
from steer.benchmark.grid_reference import GridReference
from steer.benchmark.metric import Metric
from steer.benchmark.reference import CELLS, REACHABLE

TORUS = Metric((1.0, 1.0), (360.0, 360.0))
BOUNDS = ((-180.0, 180.0), (-180.0, 180.0))


def peaked() -> np.ndarray:
    """A density about (180, 180), which is at all four corners of the plane at once."""
    angles = np.radians(np.arange(-175.0, 180.0, 10.0))
    weight = np.exp(-4 * np.cos(angles))
    density = np.outer(weight, weight)
    return density / density.sum()


def test_cells_hold_the_probability_of_their_bins():
    truth = GridReference(BOUNDS, peaked(), TORUS)
    assert truth.density.shape == (CELLS,)
    assert truth.density.sum() == pytest.approx(1.0)
    middles = np.stack(np.meshgrid(*[np.arange(-175.0, 180.0, 10.0)] * 2, indexing="ij"), -1).reshape(-1, 2)
    again = np.bincount(truth.cell(middles), peaked().ravel(), minlength=CELLS)
    np.testing.assert_allclose(again, truth.density)
    assert jensen_shannon(again, truth.density) == pytest.approx(0.0, abs=1e-12)


def test_a_cell_may_reach_over_the_edge_of_the_plane():
    cells = GridReference(BOUNDS, peaked(), TORUS)
    left, right = (
        cells.cell(np.array([[-179.0, y] for y in range(-179, 180)])),
        cells.cell(np.array([[179.0, y] for y in range(-179, 180)])),
    )
    assert (left == right).any()
    open_plane = GridReference(BOUNDS, peaked(), Metric((1.0, 1.0), (None, None)))
    assert not np.intersect1d(
        open_plane.cell(np.array([[-179.0, 0.0]])), open_plane.cell(np.array([[179.0, 0.0]]))
    ).size


def test_samples_of_the_truth_come_near_it():
    density, rng = peaked(), np.random.default_rng(0)
    bins = rng.choice(density.size, 50_000, p=density.ravel())
    points = np.stack(np.divmod(bins, 36), axis=1) * 10.0 - 180.0 + rng.uniform(0, 10, (50_000, 2))
    truth = GridReference(BOUNDS, density, TORUS)
    assert jensen_shannon(np.bincount(truth.cell(points), minlength=CELLS), truth.density) < 0.002


def test_the_region_is_what_can_be_reached():
    truth = GridReference(BOUNDS, peaked(), TORUS)
    energy = 4 * (np.cos(np.radians(truth.region)) + 1).sum(axis=1)
    lowest = 8 * (np.cos(np.radians(175.0)) + 1)
    assert energy.max() - lowest < REACHABLE
    assert 0 < len(truth.region) < 1296


def test_a_point_outside_goes_to_the_nearest_bin():
    truth = GridReference(
        ((0.0, 3.0), (-180.0, 180.0)), np.ones((30, 36)) / 1080, Metric((1.0, 100.0), (None, 360.0))
    )
    assert (
        truth.cell(np.array([[3.5, 10.0], [-1.0, 10.0]])).tolist()
        == truth.cell(np.array([[2.99, 10.0], [0.0, 10.0]])).tolist()
    )


@pytest.mark.parametrize("name", REFERENCES)
def test_molecules_have_one(name):
    molecule = make_reference(name)
    truth = GridReference(molecule.bounds, molecule.known.density, Metric(molecule.scales, molecule.periods))
    assert truth.density.sum() == pytest.approx(1.0)
    assert (truth.density > 0).all()
    states = molecule.states(truth.region)
    assert set(range(len(molecule.known.names))) <= set(states)
