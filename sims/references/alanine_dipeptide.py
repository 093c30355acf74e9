"""Alanine dipeptide (ACE-ALA-NME) in implicit solvent: AMBER ff99SB-ILDN with OBC, states by phi and psi.

Beta and the right-handed helix change into each other within picoseconds; the left-handed region (phi > 0) lies behind a
barrier of about 11 kT along phi and holds 2.5%. `tests/benchmarks/alanine_reference.py` made the reference: umbrella sampling over
phi, reweighted to the unbiased ensemble.
"""

from __future__ import annotations

import copy
import io
from functools import cache, cached_property
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from sims.collective import Dihedral
from sims.engines.base import OpenMMEngine
from sims.engines.dynamics import Dynamics, Thermostat
from sims.engines.protocol import Level, Progress
from sims.files import write_atomic
from sims.platforms import PlatformChoice, choose_platform
from sims.references.atoms import AtomBeads
from sims.references.protocol import KnownStates
from sims.references.regions import Region, find_regions

__all__ = ["PHI", "PSI", "REGIONS", "AlanineDipeptide", "DipeptideEngine"]

PHI, PSI = (4, 6, 8, 10), (6, 8, 10, 16)
"""Atoms of the two dihedrals."""

REGIONS: dict[str, Region] = {
    "beta": ((-180.0, -40.0), (90.0, 200.0)),
    "alpha_r": ((-130.0, -40.0), (-70.0, 30.0)),
    "alpha_l": ((30.0, 90.0), (-40.0, 80.0)),
    "c7_ax": ((30.0, 90.0), (120.0, 240.0)),
}
"""Each state's range of phi and of psi in degrees; psi beyond 180 goes on from -180."""

_THERMOSTAT = Thermostat(temperature=300.0, friction=1.0, timestep=0.004)
_HYDROGEN_MASS = 3.0
_ITERATIONS = 50
_FORCE_FIELD = ("amber99sbildn.xml", "amber99_obc.xml")


class AlanineDipeptide:
    """A `ReferenceMolecule` of 22 atoms, all of them followed."""

    n_beads = 22
    bounds = ((-180.0, 180.0), (-180.0, 180.0))
    periods = (360.0, 360.0)
    scales = (1.0, 1.0)
    unit = "degrees"
    backbone = (0, 4, 6, 8, 10, 16, 18)
    side_chains = (5, 11, 12)
    timestep = _THERMOSTAT.timestep

    @property
    def start(self) -> NDArray[np.float64]:
        """In the right-handed helix."""
        positions = _structure().positions.value_in_unit(unit.nanometer)
        return np.array([[atom.x, atom.y, atom.z] for atom in positions])

    @cached_property
    def beads(self) -> AtomBeads:
        """All atoms."""
        return AtomBeads(_structure().topology, self.start)

    @cached_property
    def known(self) -> KnownStates:
        """From umbrella sampling."""
        return KnownStates.read("alanine_dipeptide")

    def engine(self) -> DipeptideEngine:
        """A new engine on the Reference platform, which is the fastest for so few atoms."""
        return DipeptideEngine()

    def coordinates(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """Phi and psi in degrees, shape (n, 2), of frames (n, 22, 3) in nm."""
        return np.stack([Dihedral(PHI)(frames), Dihedral(PSI)(frames)], axis=1)

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """Which of `REGIONS` each pair (n, 2) of phi and psi is in; -1 for none."""
        return find_regions(coordinates, list(REGIONS.values()), self.periods)


class DipeptideEngine(OpenMMEngine):
    """The `Engine` seam on alanine dipeptide.

    Parameters
    ----------
    platform : PlatformChoice, optional
        Absent: Reference, which is five times faster than CPU for 22 atoms.
    umbrella : tuple of float, optional
        Centre (degrees) and force constant (kJ/mol/rad^2) of a harmonic bias on phi.
    """

    name = "alanine_dipeptide"
    level: Level = "cg"

    def __init__(
        self, platform: PlatformChoice | None = None, umbrella: tuple[float, float] | None = None
    ) -> None:
        identity = f"{self.name}:{':'.join(_FORCE_FIELD)}:{umbrella}"
        super().__init__(
            identity, AlanineDipeptide.n_beads, _THERMOSTAT, platform or choose_platform("Reference")
        )
        self._umbrella = umbrella

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb``."""
        text = io.StringIO()
        app.PDBFile.writeFile(_structure().topology, self.solute() * unit.nanometer, text)
        write_atomic(directory / "topology.pdb", text.getvalue())

    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        system = copy.deepcopy(_system())
        if self._umbrella is not None:
            system.addForce(_bias(*self._umbrella))
        dynamics = self._set_up(system, positions, None, seed)
        dynamics.minimise(_ITERATIONS)
        dynamics.draw_velocities()
        return dynamics


@cache
def _structure() -> app.PDBFile:
    with as_file(files("sims.references").joinpath("data/alanine_dipeptide.pdb")) as path:
        return app.PDBFile(str(path))


@cache
def _system() -> openmm.System:
    return app.ForceField(*_FORCE_FIELD).createSystem(
        _structure().topology,
        nonbondedMethod=app.NoCutoff,
        constraints=app.HBonds,
        hydrogenMass=_HYDROGEN_MASS * unit.dalton,
    )


def _bias(centre: float, stiffness: float) -> openmm.Force:
    force = openmm.CustomTorsionForce(
        f"{stiffness / 2}*min(away,{2 * np.pi}-away)^2; away=abs(theta-({np.radians(centre)}))"
    )
    force.addTorsion(*PHI, [])
    return force
