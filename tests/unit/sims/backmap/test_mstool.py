from __future__ import annotations

import json

import numpy as np
import pytest

from sims.backmap.anatomy import Anatomy
from sims.backmap.mstool import Mstool, _chain_name, _segments, _Translation
from sims.backmap.protocol import BackmapRequest
from sims.exceptions import BackmapError
from sims.structure import Structure


def test_the_question_holds_every_bead_once(request_: BackmapRequest, anatomy: Anatomy) -> None:
    question = json.loads(json.dumps(_Translation(request_, anatomy).question()))
    (chain,) = question["chains"]
    beads = [point for residue in chain["residues"] for point in residue["beads"].values()]
    np.testing.assert_allclose(beads, request_.beads, atol=1e-6)
    assert [residue["name"] for residue in chain["residues"]][:4] == ["ASN", "LEU", "TYR", "ILE"]
    assert question["disulfides"] == []


def test_every_side_chain_atom_belongs_to_one_bead_with_its_charmm_name(
    request_: BackmapRequest, anatomy: Anatomy
) -> None:
    members = _Translation(request_, anatomy).question()["mapping"]
    assert sorted(atom for atoms in members["ILE"].values() for atom in atoms) == ["CB", "CD", "CG1", "CG2"]
    assert sum(len(atoms) for atoms in members["TRP"].values()) == 10
    assert "GLY" not in members


def test_an_answer_is_put_into_our_order(
    request_: BackmapRequest, anatomy: Anatomy, trpcage: Structure
) -> None:
    translation = _Translation(request_, anatomy)
    last = len(trpcage.sequence)
    answer = []
    for atom in trpcage.topology.atoms():
        number = int(atom.residue.id)
        name = {"O": "OT1", "OXT": "OT2"}.get(atom.name, atom.name) if number == last else atom.name
        name = "CD" if (atom.residue.name, name) == ("ILE", "CD1") else name
        answer.append(["A", number, name, *trpcage.positions[atom.index]])
    placed = translation.heavy_atoms(answer[::-1])
    np.testing.assert_allclose(placed[anatomy.heavy], trpcage.positions[anatomy.heavy])
    assert np.isnan(placed[~anatomy.heavy]).all()


def test_a_heavy_atom_that_is_missing_or_not_finite_is_named(
    request_: BackmapRequest, anatomy: Anatomy
) -> None:
    with pytest.raises(BackmapError, match="N of ASN 1 of chain A"):
        _Translation(request_, anatomy).heavy_atoms([])
    with pytest.raises(BackmapError, match="N of ASN 1 of chain A"):
        _Translation(request_, anatomy).heavy_atoms([["A", 1, "N", float("nan"), 0.0, 0.0]])


def test_residues_joined_by_peptide_bonds_are_one_segment(anatomy: Anatomy) -> None:
    assert _segments(anatomy) == [list(range(20))]


def test_chain_names_do_not_run_out() -> None:
    names = [_chain_name(index) for index in range(1000)]
    assert len(set(names)) == 1000
    assert names[0] == "A"
    assert names[26] == "AA"


def test_a_run_that_takes_too_long_is_ended(request_: BackmapRequest) -> None:
    with pytest.raises(BackmapError, match=r"longer than 0\.05 s"):
        Mstool(timeout=0.05).backmap(request_)
