"""What every backmapper must do, tried on each with real proteins and martinize2's own mapping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sims.backmap.anatomy import Anatomy
from sims.backmap.endurance import endure
from sims.backmap.quality import inspect, judge
from sims.backmap.registry import BACKMAPPERS, make_backmapper

Molecules = Callable[[str], Any]


@pytest.mark.parametrize("name", BACKMAPPERS)
def test_trpcage_comes_back_whole_from_noisy_beads(name: str, molecule: Molecules) -> None:
    request = molecule("trpcage").request(noise=0.06, seed=3)
    positions = make_backmapper(name).backmap(request)
    assert positions.shape == (304, 3)
    assert positions.dtype == np.float32
    report = inspect(request, positions, backmapper=name, seconds=0.0)
    accepted, reasons = judge(report)
    assert accepted, reasons
    assert (report.centres, report.peptide_bonds, report.rings) == (18, 19, 7)
    assert report.bead_rmsd < 0.15
    endurance = endure(request.structure, positions, seed=1, time=2.0)
    assert endurance.survived, endurance.problem
    assert endurance.energy_after < -5.0


@pytest.mark.parametrize("name", BACKMAPPERS)
def test_the_same_seed_gives_the_same_answer_and_another_seed_another(name: str, molecule: Molecules) -> None:
    request = molecule("AFHWPYK").request(noise=0.03, seed=5)
    first, second = (make_backmapper(name).backmap(request) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = make_backmapper(name).backmap(replace(request, seed=6))
    assert np.abs(other - first).max() > 1e-4
    for positions in (first, other):
        assert judge(inspect(request, positions, backmapper=name, seconds=0.0)).accepted
        _check_hydrogens(Anatomy(request.structure.topology), positions)


def test_two_chains_and_their_disulfides_are_carried_over(molecule: Molecules) -> None:
    request = molecule("insulin").request(noise=0.06, seed=2)
    assert len(request.structure.disulfides) == 3
    positions = make_backmapper("carry_over").backmap(request)
    report = inspect(request, positions, backmapper="carry_over", seconds=0.0)
    accepted, reasons = judge(report)
    assert accepted, reasons
    for one, other in request.structure.disulfides:
        assert np.linalg.norm(positions[one] - positions[other]) == pytest.approx(0.204, abs=0.02)


def test_a_frame_without_noise_comes_back_to_where_it_was(molecule: Molecules) -> None:
    request = molecule("trpcage").request(noise=0.0, seed=1)
    positions = make_backmapper("carry_over").backmap(request)
    alpha = Anatomy(request.structure.topology).alpha_carbons
    off = positions[alpha] - request.structure.positions[alpha]
    assert np.sqrt((off**2).sum(axis=1).mean()) < 0.04


def _check_hydrogens(anatomy: Anatomy, positions: NDArray[np.float32]) -> None:
    """Every hydrogen of our topology is beside its atom."""
    bonds = anatomy.bonds[~anatomy.heavy[anatomy.bonds].all(axis=1)]
    lengths = np.linalg.norm(np.diff(positions[bonds], axis=1)[:, 0], axis=1)
    assert len(bonds) == (~anatomy.heavy).sum()
    assert lengths.min() > 0.085
    assert lengths.max() < 0.12
