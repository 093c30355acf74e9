import numpy as np
import pytest

from sims.structure.handedness import mirrored_centres
from sims.structure.repair import complete
from sims.structure.residues import Chain, ProteinResidue
from sims.structure.sequence import from_sequence


def _bare_backbone(sequence, variants=None):
    """The chain of a random coil without its side chains."""
    structure = from_sequence(sequence)
    residues = []
    for residue in structure.topology.residues():
        atoms = {
            a.name: structure.positions[a.index] * 10
            for a in residue.atoms()
            if a.name in ("N", "CA", "C", "O")
        }
        variant = (variants or {}).get(residue.index)
        residues.append(ProteinResidue(residue.name, int(residue.id), "", "A", atoms, variant))
    return Chain("A", tuple(residues))


def test_side_chains_are_built_on_the_right_side():
    repaired = complete([_bare_backbone("AIKTLVMTIW")], 7.0, "x")
    assert len(repaired.rebuilt) == 10
    for residue in repaired.topology.residues():
        atoms = {atom.name: repaired.positions[atom.index] for atom in residue.atoms()}
        assert mirrored_centres(residue.name, atoms) == []


@pytest.mark.parametrize(("place", "protonated"), [(1, True), (0, False), (2, False)])
def test_neutral_acids_are_kept_inside_the_chain_only(place, protonated):
    repaired = complete([_bare_backbone("DDD", {place: "ASH"})], 7.0, "x")
    residue = list(repaired.topology.residues())[place]
    assert any(atom.name == "HD2" for atom in residue.atoms()) == protonated


def test_the_same_chain_gives_the_same_atoms():
    chain = _bare_backbone("AKLW")
    np.testing.assert_array_equal(
        complete([chain], 7.0, "x").positions, complete([chain], 7.0, "x").positions
    )
