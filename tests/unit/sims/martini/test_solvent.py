from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from sims.exceptions import TopologyError
from sims.martini.model import CoarseModel
from sims.martini.solvent import CHLORIDE, SODIUM, WATER_BEAD, WATER_DENSITY, solvate
from sims.martini.system import build_system

from .conftest import forces_of, open_context


def test_the_box_is_neutral_and_salted(trpcage: CoarseModel) -> None:
    solvated = solvate(trpcage, trpcage.positions, padding=1.2, salt=0.15, seed=1)
    counts = solvated.counts
    assert trpcage.charge + counts["NA"] - counts["CL"] == 0
    assert counts["NA"] == pytest.approx(0.15 * 0.602214 * counts["W"] / WATER_DENSITY, abs=1)
    assert len(solvated.positions) == sum(len(kind) * count for kind, count in solvated.molecules)
    assert [kind for kind, _ in solvated.molecules] == [*trpcage.molecules, WATER_BEAD, SODIUM, CHLORIDE]


def test_nothing_overlaps_and_the_solute_is_moved_rigidly_to_the_middle(trpcage: CoarseModel) -> None:
    solvated = solvate(trpcage, trpcage.positions + 100.0, padding=1.0, salt=0.15, seed=1)
    solute, solvent = np.split(solvated.positions, [trpcage.n_beads])
    moved = solute - trpcage.positions
    assert np.ptp(moved, axis=0) == pytest.approx(0, abs=1e-9)
    assert (solute.min(axis=0) + solute.max(axis=0)) / 2 == pytest.approx(solvated.box / 2)
    assert solvent.min() >= 0
    assert np.all(solvent.max(axis=0) < solvated.box)
    edge = solvated.box[0]
    distance, _ = cKDTree(solvent, boxsize=edge).query(np.mod(solute, edge))
    assert distance.min() >= 0.40
    neighbours, _ = cKDTree(solvent, boxsize=edge).query(solvent, k=2)
    assert neighbours[:, 1].min() > 0.38


def test_the_density_is_that_of_a_simulation_at_constant_pressure(trpcage: CoarseModel) -> None:
    """At 300 K and 1 bar, Trp-cage in 755 water beads fills 93.67 nm3, 702 water beads alone 84.98 nm3."""
    solvated = solvate(trpcage, trpcage.positions, padding=1.2, salt=0.0, seed=1)
    room = float(np.prod(solvated.box)) - 93.67 + 755 * 84.98 / 702
    assert solvated.counts["W"] == pytest.approx(room * 702 / 84.98, rel=3e-3)


def test_the_seed_decides(trpcage: CoarseModel) -> None:
    one, same, other = (solvate(trpcage, trpcage.positions, 1.0, 0.15, seed).positions for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_images_keep_their_distance_however_the_solute_turns(trpcage: CoarseModel) -> None:
    solvated = solvate(trpcage, trpcage.positions, padding=0.8, salt=0.0, seed=1)
    solute = trpcage.positions - trpcage.positions.mean(axis=0)
    for rotation in Rotation.random(20, rng=np.random.default_rng(1)):
        turned = rotation.apply(solute)
        for axis in range(3):
            image = turned + np.eye(3)[axis] * solvated.box
            assert cKDTree(turned).query(image)[0].min() >= 1.6


def test_the_system_can_be_simulated_from_here(trpcage: CoarseModel) -> None:
    solvated = solvate(trpcage, trpcage.positions, padding=1.0, salt=0.15, seed=1)
    system = build_system(solvated.molecules, solvated.box, trpcage.parameters, "fast", "stiff")
    context = open_context(system, solvated.positions, "CPU")
    context.computeVirtualSites()
    solvent = forces_of(context)[trpcage.n_beads :]
    assert np.abs(solvent).max() < 10_000


def test_refuses_what_cannot_be(trpcage: CoarseModel) -> None:
    with pytest.raises(ValueError, match=r"of shape \(46, 3\)"):
        solvate(trpcage, trpcage.positions[:-1], 1.0, 0.15, 1)
    with pytest.raises(ValueError, match="negative"):
        solvate(trpcage, trpcage.positions, -1.0, 0.15, 1)
    with pytest.raises(TopologyError, match="do not fit"):
        solvate(trpcage, trpcage.positions, 1.0, 9.0, 1)
    (molecule,) = trpcage.molecules
    odd = replace(molecule, atoms=(molecule.atoms[0]._replace(charge=0.5), *molecule.atoms[1:]))
    with pytest.raises(TopologyError, match="whole number"):
        solvate(replace(trpcage, molecules=(odd,)), trpcage.positions, 1.0, 0.15, 1)
