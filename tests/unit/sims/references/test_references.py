"""Molecules with known states: what is told about them is consistent, and their engines agree with it."""

import numpy as np
import pytest

from sims.references import REFERENCES, make_reference
from sims.references.alanine_dipeptide import alanine_dipeptide
from sims.references.alanine_tripeptide import alanine_tripeptide
from sims.references.chignolin import REGIONS as CHIGNOLIN_REGIONS
from sims.references.implicit import ImplicitEngine, Umbrella
from sims.references.regions import find_regions


@pytest.mark.parametrize("name", REFERENCES)
def test_what_is_known_adds_up(name):
    molecule = make_reference(name)
    known = molecule.known
    assert len(known.names) == len(known.populations) == len(known.errors)
    assert 0.7 < known.populations.sum() < 1
    assert np.all(known.errors < known.populations / 2)
    assert known.density.sum() == pytest.approx(1.0, abs=1e-3)
    assert len(known.truth) > 20


@pytest.mark.parametrize("name", REFERENCES)
def test_the_density_gives_the_populations_again(name):
    """Bins that lie in one state, summed: the states' edges are edges of bins, or nearly so."""
    molecule = make_reference(name)
    axes = [
        np.linspace(low, high, 5 * bins, endpoint=False) + (high - low) / (10 * bins)
        for (low, high), bins in zip(molecule.bounds, molecule.known.density.shape, strict=True)
    ]
    fine = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = np.repeat(np.repeat(molecule.known.density, 5, axis=0), 5, axis=1).ravel() / 25
    states = molecule.states(fine)
    again = np.bincount(states[states >= 0], weights[states >= 0], minlength=len(molecule.known.names))
    np.testing.assert_allclose(again, molecule.known.populations, atol=0.02)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_frame_is_a_start(name):
    molecule = make_reference(name)
    engine = molecule.engine()
    engine.start(molecule.start, seed=1)
    (frame,) = engine.run(20, 20)
    assert frame.positions.shape == (molecule.n_beads, 3)
    again = molecule.engine()
    again.start(np.round(frame.positions, 3), seed=2)
    (later,) = again.run(20, 20)
    assert molecule.coordinates(np.array([frame.positions, later.positions])).shape == (2, 2)


def test_regions_are_apart_and_go_round():
    molecule = alanine_dipeptide()
    angles = np.array(
        [[-80.0, 150.0], [-80.0, -175.0], [-80.0, -30.0], [55.0, 40.0], [60.0, -140.0], [0.0, 0.0]]
    )
    assert molecule.states(angles).tolist() == [0, 0, 1, 2, 3, -1]
    grid = np.stack(np.meshgrid(*[np.arange(-180.0, 180.0, 5)] * 2), axis=-1).reshape(-1, 2)
    assert set(molecule.states(grid)) == {-1, 0, 1, 2, 3}


@pytest.mark.parametrize(
    ("molecule", "state"), [(alanine_dipeptide(), "alpha_r"), (alanine_tripeptide(), "both_right")]
)
def test_an_exploration_starts_on_this_side_of_the_barrier(molecule, state):
    (found,) = molecule.states(molecule.coordinates(molecule.start[None]))
    assert molecule.known.names[found] == state


def test_regions_end_where_the_next_begins_and_do_not_repeat_without_a_period():
    regions = [((0.0, 1.0), (0.0, 180.0)), ((1.0, 2.0), (180.0, 360.0))]
    points = np.array([[0.0, 0.0], [1.0, 190.0], [1.0, -170.0], [0.5, 180.0], [2.0, 190.0], [-0.1, 10.0]])
    assert find_regions(points, regions, (None, 360.0)).tolist() == [0, 1, 1, -1, -1, -1]


@pytest.mark.parametrize(
    "regions", [alanine_dipeptide().regions, alanine_tripeptide().regions, CHIGNOLIN_REGIONS]
)
def test_regions_do_not_overlap(regions):
    grid = np.stack(np.meshgrid(np.linspace(0.05, 3, 60), np.arange(-179.0, 180.0, 7)), axis=-1).reshape(
        -1, 2
    )
    grid = np.concatenate([grid, grid * [60, 1], grid * [-60, 1]])
    hits = [find_regions(grid, [region], (None, 360.0)) == 0 for region in regions.values()]
    assert np.sum(hits, axis=0).max() == 1


def test_umbrellas_hold_dihedrals_where_they_are_put():
    molecule, centres = alanine_tripeptide(), (60.0, -120.0)
    umbrellas = [Umbrella(*both, 400.0) for both in zip(molecule.dihedrals, centres, strict=True)]
    engine = ImplicitEngine(molecule.name, umbrellas=umbrellas)
    engine.start(molecule.start, seed=3)
    list(engine.run(3000, 3000))
    angles = molecule.coordinates(np.array([frame.positions for frame in engine.run(2000, 50)]))
    assert np.abs(np.mean((angles - centres + 180) % 360 - 180, axis=0)).max() < 10


def test_what_is_no_reference_is_refused():
    with pytest.raises(ValueError, match=r"'alanine'.*alanine_dipeptide"):
        make_reference("alanine")
