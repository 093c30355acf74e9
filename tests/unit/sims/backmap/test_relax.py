from __future__ import annotations

import math

import numpy as np

from sims.backmap.anatomy import Anatomy
from sims.backmap.geometry import dihedral
from sims.backmap.protocol import BackmapRequest
from sims.backmap.quality import cis_bonds, wrong_centres
from sims.backmap.relax import IsomerTargets, Relaxer
from sims.structure import Structure


def test_isomer_targets_are_near_the_torsions_of_a_real_protein(anatomy: Anatomy, trpcage: Structure) -> None:
    targets = IsomerTargets.of(anatomy, trpcage.positions)
    now = dihedral(*(trpcage.positions[targets.torsions[:, at]] for at in range(4)))
    off = np.abs((now - targets.angles + math.pi) % (2 * math.pi) - math.pi)
    assert len(targets.torsions) == 6 * len(anatomy.centres) + len(anatomy.peptide_bonds)
    assert np.degrees(off).max() < 15


def test_the_soft_minimisation_mends_a_flipped_residue_and_a_cis_bond(
    request_: BackmapRequest, anatomy: Anatomy, trpcage: Structure
) -> None:
    names = {atom.name: atom.index for atom in list(trpcage.topology.residues())[1].atoms()}
    start = np.array(trpcage.positions)
    start[[names["CB"], names["HA"]]] = start[[names["HA"], names["CB"]]]
    bond = anatomy.peptide_bonds[9]
    start[bond.atoms[3]] += 1.9 * (start[bond.atoms[1]] - start[bond.atoms[0]])
    assert wrong_centres(anatomy, start)
    relaxer = Relaxer("test", request_, anatomy)
    mended = relaxer.soft(start, IsomerTargets.of(anatomy, trpcage.positions))
    assert not wrong_centres(anatomy, mended)
    assert not cis_bonds(anatomy, mended)
    beads = request_.mapping.apply(mended)
    assert np.sqrt(((beads - request_.beads) ** 2).sum(axis=1).mean()) < 0.05
