"""Small peptides in implicit solvent, AMBER ff99SB-ILDN with OBC: all atoms are followed, two backbone dihedrals tell states apart."""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import ClassVar, NamedTuple

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

__all__ = ["Atoms", "ImplicitEngine", "ImplicitPeptide", "Umbrella"]

Atoms = tuple[int, int, int, int]
"""Of a dihedral."""

_THERMOSTAT = Thermostat(temperature=300.0, friction=1.0, timestep=0.004)
_HYDROGEN_MASS = 3.0
_ITERATIONS = 50
_FORCE_FIELD = ("amber99sbildn.xml", "amber99_obc.xml")


class Umbrella(NamedTuple):
    """A harmonic bias on a dihedral.

    Attributes
    ----------
    atoms : Atoms
    centre : float
        Degrees.
    stiffness : float
        kJ/mol/rad^2.
    """

    atoms: Atoms
    centre: float
    stiffness: float


@dataclass(frozen=True)
class ImplicitPeptide:
    """A `ReferenceMolecule`.

    Attributes
    ----------
    name : str
        Of its files: ``data/<name>.pdb`` is where an exploration begins, ``data/<name>.json`` what is known.
    backbone, side_chains : tuple of int
        Atoms along the chain, in order, and atoms beside it that tell shapes apart.
    dihedrals : tuple of Atoms
        The two coordinates.
    regions : dict
        Each state's range of both in degrees; what lies beyond 180 goes on from -180.
    """

    name: str
    backbone: tuple[int, ...]
    side_chains: tuple[int, ...]
    dihedrals: tuple[Atoms, Atoms]
    regions: dict[str, Region]

    bounds: ClassVar = ((-180.0, 180.0), (-180.0, 180.0))
    periods: ClassVar = (360.0, 360.0)
    scales: ClassVar = (1.0, 1.0)
    unit: ClassVar = "degrees"
    timestep: ClassVar = _THERMOSTAT.timestep

    @property
    def n_beads(self) -> int:
        """All atoms."""
        return int(_structure(self.name).topology.getNumAtoms())

    @property
    def start(self) -> NDArray[np.float64]:
        """In the right-handed helix."""
        positions = _structure(self.name).positions.value_in_unit(unit.nanometer)
        return np.array([[atom.x, atom.y, atom.z] for atom in positions])

    @cached_property
    def beads(self) -> AtomBeads:
        """All atoms."""
        return AtomBeads(_structure(self.name).topology, self.start)

    @cached_property
    def known(self) -> KnownStates:
        """From umbrella sampling (``tests/benchmarks/peptide_reference.py``)."""
        return KnownStates.read(self.name)

    def engine(self) -> ImplicitEngine:
        """A new engine on the Reference platform, which is the fastest for so few atoms."""
        return ImplicitEngine(self.name)

    def coordinates(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """The two dihedrals in degrees, shape (n, 2), of frames (n, n_beads, 3) in nm."""
        return np.stack([Dihedral(atoms)(frames) for atoms in self.dihedrals], axis=1)

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """Which of `regions` each pair (n, 2) of dihedrals is in; -1 for none."""
        return find_regions(coordinates, list(self.regions.values()), self.periods)


class ImplicitEngine(OpenMMEngine):
    """The `Engine` seam on such a peptide.

    Parameters
    ----------
    name : str
        The peptide's.
    platform : PlatformChoice, optional
        Absent: Reference, which is five times faster than CPU for 22 atoms.
    umbrellas : sequence of Umbrella
        Added to the force field.
    """

    level: Level = "cg"

    def __init__(
        self, name: str, platform: PlatformChoice | None = None, umbrellas: Sequence[Umbrella] = ()
    ) -> None:
        self.name = name
        self._umbrellas = tuple(umbrellas)
        super().__init__(
            f"{name}:{':'.join(_FORCE_FIELD)}:{self._umbrellas}",
            _structure(name).topology.getNumAtoms(),
            _THERMOSTAT,
            platform or choose_platform("Reference"),
        )

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb``."""
        text = io.StringIO()
        app.PDBFile.writeFile(_structure(self.name).topology, self.solute() * unit.nanometer, text)
        write_atomic(directory / "topology.pdb", text.getvalue())

    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        system = copy.deepcopy(_system(self.name))
        if self._umbrellas:
            system.addForce(_bias(self._umbrellas))
        dynamics = self._set_up(system, positions, None, seed)
        dynamics.minimise(_ITERATIONS)
        dynamics.draw_velocities()
        return dynamics


@cache
def _structure(name: str) -> app.PDBFile:
    with as_file(files("sims.references").joinpath(f"data/{name}.pdb")) as path:
        return app.PDBFile(str(path))


@cache
def _system(name: str) -> openmm.System:
    return app.ForceField(*_FORCE_FIELD).createSystem(
        _structure(name).topology,
        nonbondedMethod=app.NoCutoff,
        constraints=app.HBonds,
        hydrogenMass=_HYDROGEN_MASS * unit.dalton,
    )


def _bias(umbrellas: Sequence[Umbrella]) -> openmm.Force:
    force = openmm.CustomTorsionForce(f"stiffness/2*min(away,{2 * np.pi}-away)^2; away=abs(theta-centre)")
    force.addPerTorsionParameter("centre")
    force.addPerTorsionParameter("stiffness")
    for umbrella in umbrellas:
        force.addTorsion(*umbrella.atoms, [np.radians(umbrella.centre), umbrella.stiffness])
    return force
