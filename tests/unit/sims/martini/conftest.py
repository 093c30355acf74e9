"""Reference systems computed with GROMACS, and a Trp-cage model built from their topology without martinize2."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openmm
import pytest
from numpy.typing import NDArray

from sims.mapping import BeadMapping
from sims.martini.beadpdb import BeadLabel
from sims.martini.itp import read_molecule_types
from sims.martini.model import CoarseModel, Link, MartinizeOptions, ModelRecord
from sims.martini.parameters import BeadParameters, martini_parameters
from sims.martini.topology import MoleculeType

DATA = Path(__file__).parents[3] / "data" / "martini3"


@dataclass(frozen=True)
class Reference:
    """One folder of tests/data/martini3."""

    molecules: list[tuple[MoleculeType, int]]
    positions: NDArray[np.float64]
    box: NDArray[np.float64]
    energies: dict[str, float]
    forces: NDArray[np.float64]

    @property
    def charges(self) -> list[float]:
        return [
            atom.charge or 0.0
            for molecule, count in self.molecules
            for _ in range(count)
            for atom in molecule.atoms
        ]


def read_reference(name: str) -> Reference:
    folder = DATA / name
    content = json.loads((folder / "energies.json").read_text())
    types = {kind.name: kind for file in folder.glob("*.itp") for kind in read_molecule_types(file)}
    lines = (folder / "system.gro").read_text().splitlines()
    beads = lines[2 : 2 + int(lines[1])]
    with np.load(folder / "forces.npz") as file:
        forces = file["forces"]
    return Reference(
        molecules=[(types[kind], count) for kind, count in content["molecules"]],
        positions=np.array([[float(line[i : i + 8]) for i in (20, 28, 36)] for line in beads]),
        box=np.array([float(word) for word in lines[2 + len(beads)].split()]),
        energies=content["energy_kJ_per_mol"],
        forces=forces,
    )


@pytest.fixture(scope="session")
def parameters() -> BeadParameters:
    return martini_parameters()


@pytest.fixture(scope="session", params=["trpcage", "villin_elastic"])
def reference(request: pytest.FixtureRequest) -> Reference:
    return read_reference(request.param)


@pytest.fixture(scope="session")
def trpcage(parameters: BeadParameters) -> CoarseModel:
    """Trp-cage as the reference topology has it; every bead is its own atom."""
    reference = read_reference("trpcage")
    molecule = reference.molecules[0][0]
    labels = tuple(
        BeadLabel(atom.name, atom.residue_name, str(atom.residue), "A", atom.residue - 1)
        for atom in molecule.atoms
    )
    links = tuple(Link(*term.atoms, term.parameters[0]) for term in (*molecule.bonds, *molecule.constraints))
    record = ModelRecord(
        ("trpcage_0",), (), labels, links, "CHHHHHHHTTGGGGTCCCCC", MartinizeOptions(network="none")
    )
    mapping = BeadMapping.from_weights(
        [(i, i, 1.0) for i in range(len(molecule))], len(molecule), len(molecule)
    )
    return CoarseModel(record, (molecule,), parameters, mapping, reference.positions[: len(molecule)])


def platforms() -> list[str]:
    """Platforms that can open a context here."""
    found = []
    for index in range(openmm.Platform.getNumPlatforms()):
        platform = openmm.Platform.getPlatform(index)
        system = openmm.System()
        system.addParticle(1.0)
        try:
            openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        except openmm.OpenMMException:
            continue
        found.append(platform.getName())
    return found


def open_context(
    system: openmm.System, positions: NDArray[np.float64], platform: str = "Reference"
) -> openmm.Context:
    """A context on one thread at these positions (virtual sites left where they are)."""
    properties = {"CPU": {"Threads": "1"}, "CUDA": {"Precision": "mixed"}, "OpenCL": {"Precision": "mixed"}}
    context = openmm.Context(
        system,
        openmm.VerletIntegrator(0.001),
        openmm.Platform.getPlatformByName(platform),
        properties.get(platform, {}),
    )
    context.setPositions(positions)
    return context


def forces_of(context: openmm.Context, group: int | None = None) -> NDArray[np.float64]:
    """kJ/mol/nm, shape (n, 3); of one force group or of all."""
    groups = -1 if group is None else {group}
    return np.array(context.getState(forces=True, groups=groups).getForces(asNumpy=True)._value)
