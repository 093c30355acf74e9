from __future__ import annotations

import numpy as np

from sims.backmap.anatomy import Anatomy
from sims.structure import Structure


def test_trpcage_has_the_centres_its_sequence_says(anatomy: Anatomy, trpcage: Structure) -> None:
    sequence = trpcage.sequence
    expected = len(sequence) - sequence.count("G") + sequence.count("T") + sequence.count("I")
    assert len(anatomy.centres) == expected == 18
    assert "CB of ILE 4 of chain A" in {centre.label for centre in anatomy.centres}


def test_every_centre_knows_its_hydrogen(anatomy: Anatomy) -> None:
    for centre in anatomy.centres:
        assert centre.hydrogen is not None
        assert centre.hydrogen in anatomy.neighbours(centre.centre)


def test_every_centre_has_four_different_neighbours(anatomy: Anatomy) -> None:
    for centre in anatomy.centres:
        around = set(anatomy.neighbours(centre.centre).tolist())
        assert around == {*centre.neighbours, centre.hydrogen}


def test_peptide_bonds_join_neighbours_and_know_proline(anatomy: Anatomy, trpcage: Structure) -> None:
    assert len(anatomy.peptide_bonds) == 19
    assert sum(bond.proline for bond in anatomy.peptide_bonds) == trpcage.sequence.count("P")


def test_rings_are_those_of_the_side_chains(anatomy: Anatomy) -> None:
    sizes = sorted((ring.label[:3], len(ring.atoms)) for ring in anatomy.rings)
    assert sizes == [("PRO", 5)] * 4 + [("TRP", 5), ("TRP", 6), ("TYR", 6)]


def test_pairs_close_by_bonds_are_those_within_two_bonds(anatomy: Anatomy) -> None:
    bonded = anatomy.adjacency.toarray().astype(int)
    reach = (bonded + bonded @ bonded) > 0
    np.fill_diagonal(reach, False)
    assert anatomy.close_by_bonds == {tuple(sorted(pair)) for pair in np.argwhere(reach).tolist()}
