"""The process that runs mstool: ``python -m sims.backmap.mstool_child REQUEST ANSWER PARENT``.

mstool is GPL-3, prints a great deal and swallows errors, so it lives here, in a process of its own, and is spoken to
in JSON files. What it prints goes to this process's output, which the parent keeps as a log.

Its reverse mapping starts from atoms at random near their beads. Collinear or overlapping atoms give NaN torsion
forces there, and its first minimisation, the one that sets isomers right, then returns unchanged. `SafeREM` parts the
atoms and walks downhill by capped steps, NaN forces taken as zero, before handing over.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import mstool
import numpy as np
import openmm
from mstool.core.checkstructure import CheckStructure
from mstool.core.readmappings import ReadMappings
from mstool.core.rem import REM
from mstool.core.ungroup import Ungroup
from mstool.core.universe import Universe
from numpy.typing import NDArray
from openmm import unit

__all__ = ["SafeREM", "main"]

_JITTER = 0.01
_STEPS = 200
_STEP = 0.005
"""nm that the most strongly pushed atom moves in one step at first."""
_CAP = 1.0e5
"""kJ/mol/nm above which a force says nothing but its direction."""
_DISULFIDE = 0.204
_DISULFIDE_STRENGTH = 20_000.0
_MARGIN = 40.0
_ANGSTROM = 10.0
_CUTOFF = 0.8
"""nm. Its soft repulsion ends at 0.4; mstool's own 1.2 doubles the time."""
_PR_SET_PDEATHSIG = 1


class SafeREM(REM):
    """mstool's minimiser with a start that cannot freeze, and with disulfide bonds.

    Parameters
    ----------
    seed : int
        Of the jitter.
    disulfides : list of [str, int, str, int]
        Chain and residue number of both cysteines of each bond.
    **options
        Of mstool's ``REM``, among them ``structure``, the file it starts from.
    """

    def __init__(self, seed: int, disulfides: list[list[Any]], **options: Any) -> None:
        self._rng = np.random.default_rng(seed)
        self._sulfurs = _sulfur_pairs(options["structure"], disulfides)
        self._prepared = False
        super().__init__(**options)

    def runREM(self) -> None:  # noqa: N802
        """Make the start safe, once, and minimise as mstool does."""
        if not self._prepared:
            self._prepared = True
            self.system.addForce(self._disulfide_force())
            self.positions = self._safe_start() * unit.nanometer
        super().runREM()

    def _disulfide_force(self) -> openmm.CustomBondForce:
        force = openmm.CustomBondForce("0.5*disulfide*(r-length)^2")
        force.addGlobalParameter("disulfide", _DISULFIDE_STRENGTH)
        force.addGlobalParameter("length", _DISULFIDE)
        for one, other in self._sulfurs:
            force.addBond(one, other, [])
        return force

    def _safe_start(self) -> NDArray[np.float64]:
        start = np.array(self.positions.value_in_unit(unit.nanometer), dtype=np.float64)
        start += self._rng.normal(scale=_JITTER, size=start.shape)
        context = openmm.Context(self.system, openmm.VerletIntegrator(0.001))
        return _walk_downhill(context, start)


def _walk_downhill(context: openmm.Context, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Capped steepest descent that takes forces which are not finite as zero."""
    step = _STEP
    energy, forces = _evaluate(context, positions)
    for _ in range(_STEPS):
        strongest = float(np.linalg.norm(forces, axis=1).max())
        if strongest == 0.0:
            break
        trial = positions + forces * (step / strongest)
        trial_energy, trial_forces = _evaluate(context, trial)
        if trial_energy > energy and np.isfinite(energy):
            step *= 0.5
            continue
        step = min(1.2 * step, 2 * _STEP)
        positions, energy, forces = trial, trial_energy, trial_forces
    return positions


def _evaluate(context: openmm.Context, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    context.setPositions(positions)
    state = context.getState(energy=True, forces=True)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    forces = np.nan_to_num(forces, nan=0.0, posinf=0.0, neginf=0.0)
    size = np.linalg.norm(forces, axis=1, keepdims=True)
    return float(energy), forces * np.minimum(1.0, _CAP / np.maximum(size, 1e-12))


def _sulfur_pairs(structure: str, disulfides: list[list[Any]]) -> list[tuple[int, int]]:
    atoms = Universe(structure).atoms
    sulfurs = atoms[atoms["name"] == "SG"]
    index = {(row.chain, int(row.resid)): int(at) for at, row in sulfurs.iterrows()}
    return [(index[chain, number], index[other, partner]) for chain, number, other, partner in disulfides]


def main(arguments: list[str]) -> int:
    """Read the request, run mstool, write the answer.

    Parameters
    ----------
    arguments : list of str
        Request file, answer file, process id of the parent this process must not outlive.
    """
    request_file, answer_file, parent = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    _die_with(parent)
    request = json.loads(request_file.read_text(encoding="utf-8"))
    # mstool draws from the global generator.
    np.random.seed(request["seed"] % 2**32)
    _calm_openmm()
    answer = _backmap(request, request_file.parent)
    partial = answer_file.with_suffix(".part")
    partial.write_text(json.dumps(answer), encoding="utf-8")
    partial.replace(answer_file)
    return 0


def _die_with(parent: int) -> None:
    """Have the kernel end this process when its parent is gone, also when that happened already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The process that asked for this backmapping is gone.")


def _calm_openmm() -> None:
    """Make every context that mstool opens run on one CPU thread, forces summed in a fixed order."""
    os.environ["OPENMM_DEFAULT_PLATFORM"] = "CPU"
    cpu = openmm.Platform.getPlatformByName("CPU")
    cpu.setPropertyDefaultValue("Threads", "1")
    cpu.setPropertyDefaultValue("DeterministicForces", "true")


def _backmap(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    package = Path(mstool.__file__).parent
    schemes = {
        "mapping": [str(package / "mapping" / "martini3.protein.c36m.dat")],
        "mapping_add": [str(_write_mapping(request["mapping"], package, folder / "mapping.dat"))],
    }
    field = [str(package / "FF" / "charmm36" / "charmm36.xml")]
    start, end = str(folder / "start.dms"), str(folder / "end.dms")
    Ungroup(_beads(request), out=start, use_AA_structure=False, **schemes)
    rem = SafeREM(
        request["seed"],
        request["disulfides"],
        structure=start,
        ff=field,
        rcut=_CUTOFF,
        turn_off_EMNVT=True,
        nsteps=0,
        **schemes,
    )
    rem.u.write(end)
    flipped = CheckStructure(structure=end, log=str(folder / "isomers.txt"), **schemes).output
    atoms = rem.u.atoms
    origin = np.array(request["origin"])
    xyz = atoms[["x", "y", "z"]].to_numpy() / _ANGSTROM + origin
    names = zip(atoms["chain"], atoms["resid"], atoms["name"], xyz.tolist(), strict=True)
    return {
        "atoms": [[str(chain), int(number), str(name), *point] for chain, number, name, point in names],
        "flipped": {kind: int(count) for kind, count in flipped.items()},
    }


def _beads(request: dict[str, Any]) -> Universe:
    """The beads as mstool's universe: angstrom, in the middle of a box too large to wrap anything."""
    columns: dict[str, list[Any]] = {key: [] for key in ("name", "resname", "resid", "chain", "x", "y", "z")}
    for chain in request["chains"]:
        for number, residue in enumerate(chain["residues"], start=1):
            for bead, point in residue["beads"].items():
                values = (bead, residue["name"], number, chain["id"], *point)
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
    points = np.array([columns["x"], columns["y"], columns["z"]]).T * _ANGSTROM
    edges = np.ptp(points, axis=0) + 2 * _MARGIN
    shift = edges / 2 - (points.min(axis=0) + points.max(axis=0)) / 2
    columns["x"], columns["y"], columns["z"] = (points + shift).T.tolist()
    request["origin"] = (-shift / _ANGSTROM).tolist()
    universe = Universe(data=columns)
    universe.dimensions = [*edges.tolist(), 90.0, 90.0, 90.0]
    universe.cell = np.diag(edges).tolist()
    return universe


def _write_mapping(assigned: dict[str, dict[str, list[str]]], package: Path, file: Path) -> Path:
    """mstool's Martini 3 mapping with the side chains as our own mapping has them.

    mstool's file lists the CB of ALA twice, and gives ring atoms of PHE, TYR and TRP to other beads than martinize2.
    Hydrogens follow the heavy atom they come after in mstool's lists.
    """
    base = ReadMappings(mapping=[str(package / "mapping" / "martini3.protein.c36m.dat")]).RESI
    lines = []
    for residue, beads in sorted(assigned.items()):
        lines += [f"RESI {residue}", *_bead_lines(base[residue], beads), "[ chiral ]"]
        lines += [" ".join(entry) for entry in base[residue]["chiral"]]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _bead_lines(scheme: dict[str, Any], beads: dict[str, list[str]]) -> list[str]:
    of_atom = {atom: bead for bead, atoms in beads.items() for atom in atoms}
    if set(of_atom) == {"CB"}:  # mstool builds a lone CB (ALA) with the backbone
        of_atom = {}
    groups: dict[str, list[str]] = {"BB": []}
    bead = "BB"
    for atom in dict.fromkeys(scheme["AAAtoms"]):
        if not atom.startswith("H"):
            bead = of_atom.get(atom, "BB")
        groups.setdefault(bead, []).append(atom)
    return [line for bead, atoms in groups.items() for line in (f"[ {bead} ]", " ".join(atoms))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
