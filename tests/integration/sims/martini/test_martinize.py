"""Models of real proteins, held against the martinize2 command."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import openmm
import pytest
from openmm import app, unit

from sims.exceptions import StructureError, TopologyError
from sims.martini.itp import read_molecule_types
from sims.martini.martinize import martinize
from sims.martini.model import CoarseModel, MartinizeOptions
from sims.martini.parameters import martini_parameters
from sims.martini.system import build_system, energy_terms
from sims.martini.topology import Interaction, MoleculeType
from sims.secondary import secondary_structure
from sims.structure import Structure, charmm_residue_names, from_sequence

from .conftest import Protein

NONE = MartinizeOptions(network="none")
GO = 9.87  # kJ/mol; no pair of the Martini table has it


def run_martinize2(structure: Structure, letters: str, folder: Path, *options: str) -> Path:
    """Run martinize2's own command on a structure; its outputs are in the folder it answers with."""
    folder.mkdir()
    structure.write(folder / "prepared.pdb")
    residues = zip(structure.topology.residues(), charmm_residue_names(structure.topology), strict=True)
    names = {f"{residue.chain.id}{residue.id:>4}": name for residue, name in residues}
    lines = (folder / "prepared.pdb").read_text().splitlines(keepends=True)
    named = [
        f"{line[:17]}{names[line[21:26]]:>3}{line[20:]}" if line.startswith("ATOM") else line
        for line in lines
    ]
    (folder / "aa.pdb").write_text("".join(named))
    command = [
        str(Path(sys.executable).with_name("martinize2")),
        "-f",
        "aa.pdb",
        "-x",
        "cg.pdb",
        "-o",
        "cg.top",
    ]
    command += ["-ff", "martini3001", "-ss", letters, "-cys", "auto", *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return folder


def pdb_positions(path: Path) -> np.ndarray:
    lines = [line for line in path.read_text().splitlines() if line.startswith(("ATOM", "HETATM"))]
    return np.array([[float(line[i : i + 8]) / 10 for i in (30, 38, 46)] for line in lines])


def assert_same_interactions(
    ours: tuple[Interaction, ...], theirs: tuple[Interaction, ...], tolerance: float
) -> None:
    assert [(term.atoms, term.function) for term in ours] == [(term.atoms, term.function) for term in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.parameters == pytest.approx(other.parameters, abs=tolerance)


def assert_same_molecule(ours: MoleculeType, theirs: MoleculeType) -> None:
    # The command reads coordinates of three decimals, which springs (nm) and side-chain dihedrals (degrees) come from.
    assert_same_interactions(ours.bonds, theirs.bonds, 2e-4)
    assert_same_interactions(ours.dihedrals, theirs.dihedrals, 0.25)
    stripped = [replace(kind, name="", bonds=(), dihedrals=()) for kind in (ours, theirs)]
    assert stripped[0] == stripped[1]


@pytest.mark.parametrize(
    ("name", "options", "flags"),
    [
        ("trpcage", MartinizeOptions(elastic_cutoff=0.9), ["-elastic", "-ef", "700", "-eu", "0.9"]),
        ("villin", NONE, []),
        ("bpti", MartinizeOptions(elastic_force_constant=500), ["-elastic", "-ef", "500", "-eu", "0.8"]),
        # With its default the command takes a close contact of a hydrogen in CYS 6 for a bond.
        ("insulin", NONE, ["-bonds-fudge", "1.05"]),
    ],
)
def test_agrees_with_the_martinize2_command(
    protein: Protein, tmp_path: Path, name: str, options: MartinizeOptions, flags: list[str]
) -> None:
    structure = protein(name)
    model = martinize(structure, options, tmp_path / "model")
    theirs = run_martinize2(structure, model.secondary_structure, tmp_path / "cli", *flags)
    (kind,) = read_molecule_types(theirs / "molecule_0.itp")
    (own,) = model.molecules
    assert_same_molecule(own, kind)
    beads = pdb_positions(theirs / "cg.pdb")
    assert model.positions == pytest.approx(beads, abs=1e-3)
    assert model.mapping.apply(structure.positions) == pytest.approx(beads, abs=1e-3)


def test_go_model_agrees_with_the_martinize2_command(protein: Protein, tmp_path: Path) -> None:
    structure = protein("trpcage")
    model = martinize(structure, MartinizeOptions(network="go", go_strength=12.0), tmp_path / "model")
    flags = ["-go", "-go-eps", "12.0", "-name", "protein"]
    theirs = run_martinize2(structure, model.secondary_structure, tmp_path / "cli", *flags)
    (kind,) = read_molecule_types(theirs / "protein.itp")
    assert_same_molecule(model.molecules[0], kind)
    table = martini_parameters().extended(theirs / f"go_{part}.itp" for part in ("atomtypes", "nbparams"))
    assert table.names == model.parameters.names
    assert np.count_nonzero(table.epsilon == 12.0) > 10
    assert model.parameters.sigma == pytest.approx(table.sigma, abs=1e-4)
    assert np.array_equal(model.parameters.epsilon, table.epsilon)


def test_go_sites_follow_their_backbone_beads_and_pull_as_their_table_says(
    protein: Protein, tmp_path: Path
) -> None:
    model = martinize(protein("trpcage"), MartinizeOptions(network="go", go_strength=GO), tmp_path / "model")
    sites = np.flatnonzero(np.array(model.bead_names) == "CA")
    assert model.residues[sites].tolist() == model.residues[model.backbone].tolist()
    box = (6.0, 6.0, 6.0)
    system = build_system([(kind, 1) for kind in model.molecules], box, model.parameters, constraints="none")
    silent = replace(
        model.parameters, epsilon=np.where(model.parameters.epsilon == GO, 0.0, model.parameters.epsilon)
    )
    without = build_system([(kind, 1) for kind in model.molecules], box, silent, constraints="none")
    energies = []
    for built in (system, without):
        context = openmm.Context(
            built, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
        )
        context.setPositions(model.positions)
        context.computeVirtualSites()
        energies.append(energy_terms(context)["lennard_jones"])
        placed = context.getState(positions=True).getPositions(asNumpy=True).value_in_unit(unit.nanometer)
        assert placed[sites] == pytest.approx(placed[model.backbone], abs=1e-12)
    assert energies[0] - energies[1] == pytest.approx(go_energy(model, sites), rel=1e-6)
    for first, second in np.argwhere(np.triu(model.parameters.epsilon == GO)):
        names = [atom.bead for kind in model.molecules for atom in kind.atoms]
        ends = [names.index(model.parameters.names[end]) for end in (first, second)]
        distance = np.linalg.norm(np.subtract(*model.positions[ends]))
        assert distance == pytest.approx(2 ** (1 / 6) * model.parameters.sigma[first, second], abs=3e-4)


def go_energy(model: CoarseModel, sites: np.ndarray) -> float:
    """Shifted Lennard-Jones among the Gō sites, pair by pair."""
    atoms = [atom for kind in model.molecules for atom in kind.atoms]
    total = 0.0
    for position, first in enumerate(sites):
        for second in sites[position + 1 :]:
            sigma, epsilon = model.parameters.pair(atoms[first].bead, atoms[second].bead)
            r = float(np.linalg.norm(model.positions[first] - model.positions[second]))
            if epsilon and r < 1.1:
                total += sum(
                    sign * 4 * epsilon * ((sigma / x) ** 12 - (sigma / x) ** 6)
                    for sign, x in ((1, r), (-1, 1.1))
                )
    return total


def test_mapping_does_not_depend_on_the_conformation(protein: Protein, tmp_path: Path) -> None:
    structure = protein("villin")
    model = martinize(structure, NONE, tmp_path / "one")
    noise = np.random.default_rng(1).normal(scale=0.03, size=structure.positions.shape)
    moved = structure.with_positions(structure.positions + noise)
    again = martinize(moved, NONE, tmp_path / "two", model.secondary_structure)
    assert (again.mapping.matrix != model.mapping.matrix).nnz == 0
    assert model.mapping.apply(moved.positions) == pytest.approx(again.positions, abs=1e-3)


def test_a_model_is_kept_whole(protein: Protein, tmp_path: Path) -> None:
    structure, folder = protein("trpcage"), tmp_path / "deep" / "model"
    model = martinize(structure, MartinizeOptions(), folder)
    loaded = CoarseModel.load(folder)
    assert loaded.record == model.record
    assert loaded.identity == model.identity
    assert loaded.charge == 1.0
    assert loaded.secondary_structure == secondary_structure(structure.topology, structure.positions)
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
    # The same again, as after a crash between the rename and the report, is no error; another model is.
    assert martinize(structure, MartinizeOptions(), folder).identity == model.identity
    with pytest.raises(TopologyError, match="holds something else"):
        martinize(structure, MartinizeOptions(elastic_force_constant=100.0), folder)
    with pytest.raises(StructureError, match="does not fit the 20 residues"):
        martinize(structure, NONE, tmp_path / "bad", "CCC")
    assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("protein_0.itp", " 0.350 4000", " 0.350 9000", "do not match model.json"),
        ("protein_0.itp", "[ angles ]", "[ pairs ]", "not supported"),
        ("model.json", '"layout": 1', '"layout": 9', "layout 9"),
        ("model.json", '"bonded"', '"bended"', "damaged"),
        ("model.json", '"protein_0"', '"../protein_0"', "damaged"),
        ("beads.pdb", "SC1 LEU", "SC9 LEU", "SC9 stands where SC1"),
    ],
)
def test_a_changed_model_is_refused(
    trpcage_model: Path, tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for path in trpcage_model.iterdir():
        content = path.read_bytes()
        if path.name == file:
            assert old.encode() in content
            content = content.replace(old.encode(), new.encode(), 1)
        (folder / path.name).write_bytes(content)
    with pytest.raises(TopologyError, match=message):
        CoarseModel.load(folder)


@pytest.fixture(scope="module")
def trpcage_model(protein: Protein, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "trpcage"
    martinize(protein("trpcage"), NONE, folder)
    return folder


def test_a_missing_file_is_named(trpcage_model: Path, tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="no model here"):
        CoarseModel.load(tmp_path)
    (tmp_path / "model.json").write_bytes((trpcage_model / "model.json").read_bytes())
    with pytest.raises(TopologyError, match=r"protein_0\.itp"):
        CoarseModel.load(tmp_path)


def test_bonded_lengths_are_those_of_the_beads(trpcage_model: Path) -> None:
    model = CoarseModel.load(trpcage_model)
    distances = np.linalg.norm(np.diff(model.positions[model.bonded], axis=1)[:, 0], axis=1)
    assert np.abs(distances - model.bonded_lengths).max() < 0.15
    # A tree of 20 residues through their backbones, and rings.
    assert len(model.backbone) == 20
    assert {tuple(pair) for pair in np.stack([model.backbone[:-1], model.backbone[1:]], axis=1).tolist()} <= {
        tuple(pair) for pair in model.bonded.tolist()
    }
    topology = model.openmm_topology()
    assert [atom.name for atom in topology.atoms()] == list(model.bead_names)
    assert topology.getNumResidues() == 20


def two_chains(structure: Structure) -> Structure:
    """The structure and a copy of it 1.5 nm beside it."""
    modeller = app.Modeller(structure.topology, structure.positions * unit.nanometer)
    shift = np.ptp(structure.positions[:, 0]) + 0.5
    modeller.add(structure.topology, (structure.positions + np.array([shift, 0, 0])) * unit.nanometer)
    return Structure(modeller.topology, np.array(modeller.positions.value_in_unit(unit.nanometer)))


def test_chains_are_molecules_of_their_own_or_one(protein: Protein, tmp_path: Path) -> None:
    pair = two_chains(protein("trpcage"))
    apart = martinize(pair, MartinizeOptions(), tmp_path / "apart")
    merged = martinize(pair, MartinizeOptions(one_molecule=True, elastic_cutoff=1.5), tmp_path / "merged")
    go = martinize(pair, MartinizeOptions(network="go"), tmp_path / "go")
    assert [len(kind) for kind in apart.molecules] == [46, 46]
    assert [len(kind) for kind in merged.molecules] == [92]
    assert [len(kind) for kind in go.molecules] == [92 + 40]
    for model in (apart, merged, go):
        assert model.charge == 2.0
        assert len(model.backbone) == 40
        assert model.residues[model.backbone].tolist() == list(range(40))
        assert len(model.bonded) == 2 * 48
    between = [
        bond.atoms for bond in merged.molecules[0].bonds if (bond.atoms[0] < 46) != (bond.atoms[1] < 46)
    ]
    assert between


@pytest.mark.parametrize(
    ("variant", "charge"), [("HID", -1), ("HIE", -1), ("HIP", 0), ("ASH", 0), ("GLH", 0), ("LYN", -2)]
)
def test_protonation_states_keep_their_charge(tmp_path: Path, variant: str, charge: int) -> None:
    structure = from_sequence("GHDEKG")
    variants = [None, "HIE", "ASP", "GLU", "LYS", None]
    variants[{"H": 1, "A": 2, "G": 3, "L": 4}[variant[0]]] = variant
    modeller = app.Modeller(structure.topology, structure.positions * unit.nanometer)
    modeller.delete([atom for atom in modeller.topology.atoms() if atom.element.symbol == "H"])
    modeller.addHydrogens(variants=variants)
    positions = np.array(modeller.positions.value_in_unit(unit.nanometer))
    model = martinize(Structure(modeller.topology, positions), NONE, tmp_path / "model", "CCCCCC")
    assert model.charge == charge


def test_an_unknown_residue_is_named(protein: Protein, tmp_path: Path) -> None:
    structure = two_chains(protein("trpcage"))
    list(structure.topology.residues())[4].name = "MSE"
    with pytest.raises(StructureError, match="MSE 5 of chain A"):
        martinize(structure, NONE, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
