"""`AllAtomModel`: a prepared structure with a force field, ready to be put into its solvent.

Two choices of solvent. ``explicit`` is CHARMM36m in CHARMM TIP3P water with sodium and chloride, particle-mesh Ewald,
at constant pressure. ``implicit`` is AMBER ff99SB-ILDN with the Onufriev-Bashford-Case generalised Born model, which
OpenMM has as a native force and which a laptop's CPU can run; it knows neither salt nor pressure.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from openmm import MonteCarloBarostat, System, unit
from openmm.app import PME, ForceField, HBonds, NoCutoff, Topology

from sims.allatom.charmm import charmm36m
from sims.allatom.folding import fold_lennard_jones
from sims.exceptions import StructureError
from sims.structure.model import Structure

__all__ = ["AllAtomModel", "AllAtomOptions", "Assembly"]

HYDROGEN_MASS = 3.0
"""Dalton; taken from the heavy neighbour, so that 4 fs steps are stable."""
CUTOFF = 1.2
"""nm; the cut-off CHARMM36 was made with, switched off from `SWITCH` on."""
SWITCH = 1.0
BAROSTAT_INTERVAL = 25


@dataclass(frozen=True)
class AllAtomOptions:
    """How the all-atom side is simulated.

    Attributes
    ----------
    solvent : {"explicit", "implicit"}
        ``explicit``: CHARMM36m in water and ions; ``implicit``: AMBER ff99SB-ILDN with OBC generalised Born.
    temperature : float
        K.
    pressure : float
        bar; explicit solvent only.
    padding : float
        nm between the solute and the nearest edge of the box; explicit solvent only.
    salt : float
        mol/L of NaCl beside neutralising ions; explicit solvent only.
    timestep : float
        ps, with hydrogens of 3 Da.
    """

    solvent: Literal["explicit", "implicit"] = "explicit"
    temperature: float = 300.0
    pressure: float = 1.0
    padding: float = 1.2
    salt: float = 0.15
    timestep: float = 0.004


@dataclass(frozen=True, eq=False)
class Assembly:
    """A solute in its solvent, ready for a context.

    Attributes
    ----------
    topology : openmm.app.Topology
        Solute atoms first, in the structure's order; box vectors set in explicit solvent.
    positions : ndarray, shape (n, 3), float64
        nm.
    system : openmm.System
        Forces, constraints and, in explicit solvent, a barostat. Yours to change.
    n_solute : int
        Atoms of the solute.
    """

    topology: Topology
    positions: NDArray[np.float64]
    system: System
    n_solute: int

    @property
    def periodic(self) -> bool:
        """Whether there is a box."""
        return self.topology.getPeriodicBoxVectors() is not None


class AllAtomModel:
    """A prepared structure with a force field.

    Parameters
    ----------
    structure : Structure
        The complete molecule.
    options : AllAtomOptions
        How it is simulated.
    """

    def __init__(self, structure: Structure, options: AllAtomOptions | None = None) -> None:
        self.structure = structure
        self.options = options if options is not None else AllAtomOptions()

    def solvate(self, positions: NDArray[np.floating], seed: int) -> Assembly:
        """Put the solute, in this conformation, into its solvent.

        Parameters
        ----------
        positions : ndarray, shape (n_atoms, 3)
            nm, in the structure's order.
        seed : int
            Source of randomness: where the ions go, and the barostat.

        Returns
        -------
        Assembly
            In implicit solvent the positions are kept; in explicit solvent the solute is centred in its box.

        Raises
        ------
        StructureError
            When positions do not fit the structure, or the force field lacks a residue.
        """
        conformation = self.structure.with_positions(positions)
        if self.options.solvent == "implicit":
            return self._in_implicit_solvent(conformation)
        return self._in_water(conformation, seed)

    def _in_implicit_solvent(self, conformation: Structure) -> Assembly:
        positions = np.array(conformation.positions)
        return Assembly(
            conformation.topology, positions, copy.deepcopy(self._implicit_system), positions.shape[0]
        )

    @functools.cached_property
    def _implicit_system(self) -> System:
        return _create_system(_amber_implicit(), self.structure.topology, nonbondedMethod=NoCutoff)

    def _in_water(self, conformation: Structure, seed: int) -> Assembly:
        from sims.allatom.water import add_water

        options = self.options
        topology, positions = add_water(conformation, charmm36m(), options.padding, options.salt, seed)
        system = _create_system(
            charmm36m(),
            topology,
            nonbondedMethod=PME,
            nonbondedCutoff=CUTOFF,
            switchDistance=SWITCH,
            rigidWater=True,
        )
        fold_lennard_jones(system)
        barostat = MonteCarloBarostat(options.pressure * unit.bar, options.temperature, BAROSTAT_INTERVAL)
        barostat.setRandomNumberSeed(seed % 2**31)
        system.addForce(barostat)
        return Assembly(topology, positions, system, conformation.n_atoms)


@functools.cache
def _amber_implicit() -> ForceField:
    """AMBER ff99SB-ILDN with OBC; Lindorff-Larsen et al. 2010 (10.1002/prot.22711), Onufriev et al. 2004."""
    return ForceField("amber99sbildn.xml", "amber99_obc.xml")


def _create_system(force_field: ForceField, topology: Topology, **choices: object) -> System:
    try:
        return force_field.createSystem(topology, constraints=HBonds, hydrogenMass=HYDROGEN_MASS, **choices)
    except ValueError as error:
        raise StructureError(
            f"The force field cannot describe the molecule: {error}",
            "Remove or replace this residue in the input structure, or choose another solvent model.",
        ) from error
