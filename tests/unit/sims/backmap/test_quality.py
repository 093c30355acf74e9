from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sims.backmap.anatomy import Anatomy
from sims.backmap.protocol import BackmapRequest
from sims.backmap.quality import Endurance, Limits, QualityReport, inspect, judge
from sims.structure import Structure

Positions = NDArray[np.float64]


def look(request: BackmapRequest, positions: Positions) -> QualityReport:
    return inspect(request, positions, backmapper="test", seconds=1.5)


def turned(positions: Positions, about: tuple[int, int], moved: list[int], degrees: float) -> Positions:
    """Some atoms turned about the axis through two others."""
    axis = positions[about[1]] - positions[about[0]]
    rotation = Rotation.from_rotvec(np.radians(degrees) * axis / np.linalg.norm(axis))
    result = np.array(positions)
    result[moved] = rotation.apply(positions[moved] - positions[about[0]]) + positions[about[0]]
    return result


def test_the_reference_itself_is_faultless(request_: BackmapRequest, trpcage: Structure) -> None:
    report = look(request_, trpcage.positions)
    assert judge(report) == judge(report, Limits())
    assert judge(report).accepted, judge(report).reasons
    assert (report.centres, report.peptide_bonds, report.rings) == (18, 19, 7)
    assert report.bead_rmsd < 1e-6
    assert 0 < report.omega_worst < 20


def test_a_mirror_image_has_every_centre_wrong(request_: BackmapRequest, trpcage: Structure) -> None:
    report = look(request_, trpcage.positions * [1, 1, -1])
    assert len(report.wrong_centres) == report.centres
    assert not report.cis_peptides
    assert not report.clashes


def test_a_single_flipped_residue_is_named(
    request_: BackmapRequest, trpcage: Structure, anatomy: Anatomy
) -> None:
    names = {atom.name: atom.index for atom in list(trpcage.topology.residues())[1].atoms()}
    positions = np.array(trpcage.positions)
    positions[[names["CB"], names["HA"]]] = positions[[names["HA"], names["CB"]]]
    report = look(request_, positions)
    assert report.wrong_centres == ("CA of LEU 2 of chain A",)
    assert any("LEU 2 of chain A" in reason for reason in judge(report).reasons)


def test_a_flat_centre_counts_as_wrong(
    request_: BackmapRequest, trpcage: Structure, anatomy: Anatomy
) -> None:
    centre = anatomy.centres[3]
    positions = np.array(trpcage.positions)
    positions[centre.centre] = positions[list(centre.neighbours)].mean(axis=0)
    assert look(request_, positions).wrong_centres == (centre.label,)


def test_a_peptide_turned_cis_is_named_unless_the_reference_has_it(
    request_: BackmapRequest, trpcage: Structure, anatomy: Anatomy
) -> None:
    bond = anatomy.peptide_bonds[9]
    assert not bond.proline
    _, c, n, _ = bond.atoms
    after = np.flatnonzero(anatomy.residue_of > anatomy.residue_of[c]).tolist()
    cis = turned(trpcage.positions, (c, n), after, 180.0)
    report = look(request_, cis)
    assert report.cis_peptides == (bond.label,)
    assert any(bond.label in reason for reason in judge(report).reasons)
    natural = replace(request_, structure=trpcage.with_positions(cis))
    assert look(natural, cis).cis_peptides == ()


def test_cis_before_proline_is_natural(
    request_: BackmapRequest, trpcage: Structure, anatomy: Anatomy
) -> None:
    bond = next(bond for bond in anatomy.peptide_bonds if bond.proline)
    _, c, n, _ = bond.atoms
    after = np.flatnonzero(anatomy.residue_of > anatomy.residue_of[c]).tolist()
    assert look(request_, turned(trpcage.positions, (c, n), after, 180.0)).cis_peptides == ()


def test_a_peptide_turned_half_way_is_far_from_planar(
    request_: BackmapRequest, trpcage: Structure, anatomy: Anatomy
) -> None:
    _, c, n, _ = anatomy.peptide_bonds[4].atoms
    after = np.flatnonzero(anatomy.residue_of > anatomy.residue_of[c]).tolist()
    report = look(request_, turned(trpcage.positions, (c, n), after, 85.0))
    assert report.omega_worst > 75
    assert any("planarity" in reason for reason in judge(report).reasons)


def test_clashes_agree_with_all_pairs(request_: BackmapRequest, trpcage: Structure, anatomy: Anatomy) -> None:
    positions = trpcage.positions + np.random.default_rng(5).normal(scale=0.08, size=trpcage.positions.shape)
    heavy = np.flatnonzero(anatomy.heavy)
    pairs = [
        (i, j)
        for at, i in enumerate(heavy.tolist())
        for j in heavy[at + 1 :].tolist()
        if (i, j) not in anatomy.close_by_bonds
    ]
    distances = np.array([np.linalg.norm(positions[i] - positions[j]) for i, j in pairs])
    report = look(request_, positions)
    assert len(report.clashes) == int((distances < 0.24).sum()) > 0
    assert len(report.severe_clashes) == int((distances < 0.12).sum())


def test_atoms_on_top_of_each_other_are_a_severe_clash(request_: BackmapRequest, trpcage: Structure) -> None:
    names = {(atom.residue.id, atom.name): atom.index for atom in trpcage.topology.atoms()}
    positions = np.array(trpcage.positions)
    positions[names["19", "CG"]] = positions[names["3", "CG"]] + [0.1, 0.0, 0.0]
    report = look(request_, positions)
    assert any("CG of TYR 3" in clash and "CG of PRO 19" in clash for clash in report.severe_clashes)
    assert not judge(report, Limits(clashes=1000)).accepted


def test_a_bond_through_a_ring_is_seen(request_: BackmapRequest, trpcage: Structure) -> None:
    names = {(atom.residue.id, atom.name): atom.index for atom in trpcage.topology.atoms()}
    ring = [names["3", name] for name in ("CG", "CD1", "CE1", "CZ", "CE2", "CD2")]
    positions = np.array(trpcage.positions)
    middle = positions[ring].mean(axis=0)
    normal = np.cross(positions[ring[0]] - middle, positions[ring[1]] - middle)
    normal *= 0.077 / np.linalg.norm(normal)
    positions[names["13", "CB"]], positions[names["13", "OG"]] = middle + normal, middle - normal
    report = look(request_, positions)
    assert [ring for ring in report.pierced_rings if "CB of SER 13" in ring and "TYR 3 of" in ring]


def test_beads_far_from_their_target_are_measured(request_: BackmapRequest, trpcage: Structure) -> None:
    beads = request_.beads.copy()
    beads[12, 2] += 1.0
    report = look(replace(request_, beads=beads), trpcage.positions)
    assert report.bead_worst == pytest.approx(1.0, abs=1e-5)
    assert report.bead_rmsd == pytest.approx(1.0 / np.sqrt(len(beads)), abs=1e-5)
    assert not judge(report, Limits(bead_rmsd=0.1)).accepted
    assert report.bead_worst_residue in judge(report, Limits(bead_rmsd=0.1)).reasons[0]


def test_coordinates_that_are_not_finite_are_rejected(request_: BackmapRequest, trpcage: Structure) -> None:
    positions = np.array(trpcage.positions)
    positions[17] = np.nan
    report = look(request_, positions)
    assert not report.finite
    assert judge(report).reasons == ("Coordinates are not finite.",)
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_report_is_plain_json(request_: BackmapRequest, trpcage: Structure, tmp_path: Path) -> None:
    endurance = Endurance(float("inf"), -8.5, True, "", 10.0)
    report = replace(look(request_, trpcage.positions), endurance=endurance)
    read = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert read["centres"] == 18
    assert read["endurance"]["energy_before"] is None
    assert read["endurance"]["energy_after"] == -8.5


def test_a_structure_that_does_not_survive_is_rejected_with_its_reason(
    request_: BackmapRequest, trpcage: Structure
) -> None:
    report = look(request_, trpcage.positions)
    broken = replace(report, endurance=Endurance(-5.0, -8.0, False, "The bond A - B is broken.", 10.0))
    assert judge(broken).reasons == ("The bond A - B is broken.",)
    strained = replace(report, endurance=Endurance(100.0, 40.0, True, "", 10.0))
    assert "40.0 kJ/mol per atom" in judge(strained).reasons[0]
    accepted, reasons = judge(replace(report, endurance=Endurance(-5.0, -8.0, True, "", 10.0)))
    assert accepted
    assert reasons == ()
