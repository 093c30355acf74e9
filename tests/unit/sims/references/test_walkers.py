"""Short walks in one context: from where they should begin, by the engine's own rules, and repeatable."""

import numpy as np
import pytest

from sims.references import REFERENCES, make_reference
from sims.references.alanine_dipeptide import alanine_dipeptide
from sims.references.walkers import MoleculeWalkers


def rms(first, second):
    return float(np.sqrt(np.mean(np.sum((first - second) ** 2, axis=-1))))


@pytest.mark.parametrize("name", REFERENCES)
def test_a_walk_goes_on_from_a_frame_of_another(name):
    molecule = make_reference(name)
    walkers = MoleculeWalkers(molecule, seed=1)
    points, frames = walkers.walk({0: molecule.start, 1: molecule.start}, 60, 20)
    assert points.shape == (2, 3, 2)
    assert frames.shape == (2, 3, molecule.n_beads, 3)
    np.testing.assert_allclose(molecule.coordinates(frames[0]), points[0])
    origin = frames[1, 2]
    _, later = walkers.walk({0: origin}, 1, 1)
    assert rms(later[0, 0], origin) < 0.02
    assert not np.array_equal(later[0, 0], origin)


def test_a_walk_takes_up_the_solvent_with_the_frame():
    molecule = make_reference("chignolin")
    walkers = MoleculeWalkers(molecule, seed=2)
    _, frames = walkers.walk({0: molecule.start}, 40, 20)
    walkers.walk({0: molecule.start}, 200, 200)
    away = walkers._dynamics.positions()
    walkers.walk({0: frames[0, 0]}, 1, 1)
    first = walkers._dynamics.positions()
    walkers.walk({0: frames[0, 0]}, 1, 1)
    assert rms(first, walkers._dynamics.positions()) < 0.02
    assert rms(first, away) > 0.1


def test_walks_are_those_of_the_seed_and_no_two_are_alike():
    molecule = alanine_dipeptide()
    both = {0: molecule.start, 1: molecule.start}
    twice = [MoleculeWalkers(molecule, 3).walk(both, 50, 10)[1] for _ in range(2)]
    np.testing.assert_array_equal(*twice)
    assert not np.array_equal(twice[0][0], twice[0][1])
    other = MoleculeWalkers(molecule, 4).walk(both, 50, 10)[1]
    assert not np.array_equal(other, twice[0])


def test_a_walk_that_goes_on_is_one_walk_however_many_take_turns():
    molecule = alanine_dipeptide()
    whole = MoleculeWalkers(molecule, 3)
    points, _ = whole.walk({0: molecule.start}, 40, 10)
    parts = MoleculeWalkers(molecule, 3)
    pieces = [parts.walk({0: start}, 10, 10)[0][0] for start in (molecule.start, None, None, None)]
    np.testing.assert_array_equal(np.concatenate(pieces), points[0])
    ends, frames = parts.walk({1: molecule.start, 0: None}, 10, 10)
    later, _ = parts.walk({0: None, 1: frames[0, 0]}, 1, 1)
    assert np.abs(later[0, 0] - ends[1, 0]).max() < 5.0
    assert np.abs(later[1, 0] - ends[0, 0]).max() < 5.0


def test_what_is_no_frame_is_refused():
    molecule = alanine_dipeptide()
    with pytest.raises(KeyError):
        MoleculeWalkers(molecule, 1).walk({0: molecule.start + 0.001}, 10, 10)


@pytest.mark.parametrize("steps", [8, 40])
def test_walks_are_as_warm_as_they_should_be_however_short(steps):
    """Independent velocities between two steps would make it 340 K; see `Dynamics.renew_velocities`."""
    molecule = alanine_dipeptide()
    walkers = MoleculeWalkers(molecule, 5)
    _, frames = walkers.walk({0: molecule.start}, 2000, 2000)
    start, warmth = frames[0, 0], []
    for _ in range(300):
        _, frames = walkers.walk({0: start}, steps, steps)
        start = frames[0, 0]
        warmth.append(walkers._dynamics.temperature())
    error = np.std(warmth) / np.sqrt(len(warmth))
    assert error < 5.0
    assert abs(np.mean(warmth) - 300.0) < 4 * error


def test_atoms_are_read_as_they_were_written(tmp_path):
    beads = alanine_dipeptide().beads
    assert [label.name for label in beads.labels][8:11] == ["CA", "HA", "C"]
    assert len(beads.bonded) == 21
    np.testing.assert_allclose(beads.bonded_lengths.mean(), 0.123, atol=0.01)
    beads.write_pdb(tmp_path / "atoms.pdb", beads.positions + 0.5)
    np.testing.assert_allclose(beads.read_pdb(tmp_path / "atoms.pdb"), beads.positions + 0.5, atol=6e-5)
