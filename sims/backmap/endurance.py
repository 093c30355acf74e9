"""Whether a structure stands up to a force field: its energy, and ten picoseconds of dynamics."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import unit

from sims.allatom import AllAtomModel, AllAtomOptions
from sims.backmap.anatomy import Anatomy
from sims.backmap.platform import steady_platform
from sims.backmap.quality import Endurance, cis_bonds, wrong_centres
from sims.structure import Structure

__all__ = ["TIME", "endure"]

TIME = 10.0
"""ps of dynamics that a structure must survive."""
_STRETCH = 0.05
"""nm by which a heavy-atom bond may differ from the reference before it counts as broken."""
_WARM_UP_STEPS, _WARM_UP_TIMESTEP, _WARM_UP_FRICTION = 500, 0.001, 10.0
_TIMESTEP, _FRICTION = 0.004, 1.0
_ITERATIONS, _TOLERANCE = 300, 10.0


def endure(
    structure: Structure,
    positions: NDArray[np.floating],
    *,
    seed: int,
    time: float = TIME,
    temperature: float = 300.0,
    anatomy: Anatomy | None = None,
    model: AllAtomModel | None = None,
) -> Endurance:
    """Minimise in implicit solvent without restraints, then simulate and see whether the molecule stays itself.

    Parameters
    ----------
    structure : Structure
        The molecule; its positions are the reference for bond lengths.
    positions : ndarray, shape (n_atoms, 3)
        The conformation to test, nm, finite.
    seed : int
        Source of velocities and thermostat noise.
    time : float, optional
        ps of dynamics, 0 for none.
    temperature : float, optional
        K.
    anatomy, model : optional
        Of `structure`, when they are at hand already; the model is one in implicit solvent.

    Returns
    -------
    Endurance
    """
    anatomy = anatomy or Anatomy(structure.topology)
    model = model or AllAtomModel(structure, AllAtomOptions(solvent="implicit"))
    context = _context(model.solvate(positions, seed).system, temperature, seed)
    context.setPositions(np.asarray(positions, dtype=np.float64))
    before, after, problem = _energy(context), math.inf, ""
    try:
        openmm.LocalEnergyMinimizer.minimize(context, _TOLERANCE, _ITERATIONS)
        after = _energy(context)
        _simulate(context, time, temperature, seed)
    except openmm.OpenMMException as error:
        problem = f"Dynamics broke down: {str(error).strip().rstrip('.')}."
    problem = problem or next(_problems(structure, anatomy, _positions(context), time), "")
    return Endurance(before / structure.n_atoms, after / structure.n_atoms, not problem, problem, time)


def _context(system: openmm.System, temperature: float, seed: int) -> openmm.Context:
    integrator = openmm.LangevinMiddleIntegrator(temperature, _WARM_UP_FRICTION, _WARM_UP_TIMESTEP)
    integrator.setRandomNumberSeed(seed % 2**31)
    return openmm.Context(system, integrator, *steady_platform())


def _simulate(context: openmm.Context, time: float, temperature: float, seed: int) -> None:
    if time <= 0:
        return
    integrator = context.getIntegrator()
    context.setVelocitiesToTemperature(temperature, seed % 2**31)
    integrator.step(_WARM_UP_STEPS)
    integrator.setStepSize(_TIMESTEP)
    integrator.setFriction(_FRICTION)
    rest = time - _WARM_UP_STEPS * _WARM_UP_TIMESTEP
    integrator.step(max(0, round(rest / _TIMESTEP)))


def _problems(
    structure: Structure, anatomy: Anatomy, positions: NDArray[np.float64], time: float
) -> Iterator[str]:
    after = f"after {time:g} ps of dynamics"
    if not np.isfinite(positions).all():
        yield f"Coordinates are not finite {after}."
        return
    for one, other in _broken_bonds(structure, anatomy, positions):
        yield f"The bond {anatomy.atom_labels[one]} - {anatomy.atom_labels[other]} is broken {after}."
    for centre in wrong_centres(anatomy, positions):
        yield f"{centre.label} has left the L form {after}."
    natural = {bond.atoms for bond in cis_bonds(anatomy, structure.positions)}
    for bond in cis_bonds(anatomy, positions):
        if not bond.proline and bond.atoms not in natural:
            yield f"The peptide bond {bond.label} is cis {after}."


def _broken_bonds(
    structure: Structure, anatomy: Anatomy, positions: NDArray[np.float64]
) -> NDArray[np.int64]:
    bonds = anatomy.bonds[anatomy.heavy[anatomy.bonds].all(axis=1)]
    here, there = (
        np.linalg.norm(np.diff(xyz[bonds], axis=1)[:, 0], axis=1) for xyz in (positions, structure.positions)
    )
    broken: NDArray[np.int64] = bonds[np.abs(here - there) > _STRETCH]
    return broken


def _energy(context: openmm.Context) -> float:
    energy = context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    return float(energy) if math.isfinite(energy) else math.inf


def _positions(context: openmm.Context) -> NDArray[np.float64]:
    positions: NDArray[np.float64] = (
        context.getState(positions=True).getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    )
    return positions
