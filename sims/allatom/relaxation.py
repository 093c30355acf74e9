"""From a raw assembly to one that can be simulated: minimise, relax under restraints, let go."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from openmm import LangevinMiddleIntegrator, MonteCarloBarostat, OpenMMException, Platform, State, unit
from openmm.app import Simulation

from sims.allatom.model import BAROSTAT_INTERVAL, AllAtomOptions, Assembly
from sims.allatom.restraints import RESTRAINT_STRENGTH, restrain
from sims.exceptions import SimulationDiverged
from sims.minimise import minimise

__all__ = ["RelaxationStage", "minimise_and_relax"]

Progress = Callable[[str, float], None]

RESTRAINT = 1000.0
"""kJ/mol/nm^2 on the solute's heavy atoms at the start of the relaxation."""
FRICTION = 10.0
"""1/ps while relaxing: takes the heat of a bad start out quickly."""
_PIECE = 100
MINIMISATION_TOLERANCE = 10.0
"""kJ/mol/nm, root mean square of the forces."""


@dataclass(frozen=True)
class RelaxationStage:
    """One stretch of restrained dynamics.

    Attributes
    ----------
    steps : int
        Integrator steps.
    timestep : float
        ps.
    restraint : float
        Fraction of `RESTRAINT` that still holds.
    """

    steps: int
    timestep: float
    restraint: float


STAGES = (
    RelaxationStage(500, 0.0005, 1.0),
    RelaxationStage(500, 0.001, 1.0),
    RelaxationStage(500, 0.002, 0.5),
    RelaxationStage(500, 0.004, 0.1),
    RelaxationStage(500, 0.004, 0.0),
)
"""The ladder: steps grow to 4 fs (or to the options' own step, where that is shorter) while the restraints fade."""


def minimise_and_relax(
    assembly: Assembly,
    options: AllAtomOptions,
    seed: int,
    *,
    platform: Platform | None = None,
    properties: dict[str, str] | None = None,
    max_iterations: int = 1000,
    stages: tuple[RelaxationStage, ...] = STAGES,
    progress: Progress | None = None,
) -> State:
    """Minimise, then run a ladder of growing time steps while restraints on the solute's heavy atoms fade to nothing.

    The assembly itself is left as it is: restraints act on a copy of its system, and the volume is held until they
    are gone. A relaxation that blows up is tried once more from the minimised configuration with all steps halved.

    Parameters
    ----------
    assembly : Assembly
        From `AllAtomModel.solvate`.
    options : AllAtomOptions
        Its temperature and time step apply.
    seed : int
        Source of randomness: velocities and thermostat.
    platform : openmm.Platform, optional
        OpenMM's choice when absent.
    properties : dict, optional
        Platform properties.
    max_iterations : int
        Minimisation ends here at the latest.
    stages : tuple of RelaxationStage
        The ladder.
    progress : callable, optional
        Called with ``"minimise"`` or ``"relax"`` and the fraction done.

    Returns
    -------
    openmm.State
        Positions, velocities, energies and box vectors, ready for ``context.setPositions`` and so on.

    Raises
    ------
    SimulationDiverged
        When coordinates or energy are not finite, on the second try too.
    """
    report = progress if progress is not None else _silent
    simulation = _restrained_simulation(assembly, options, seed, platform, properties)
    minimised = _minimise(simulation, assembly, max_iterations, report)
    try:
        return _climb(simulation, minimised, stages, options, seed, 1.0, report)
    except SimulationDiverged:
        return _climb(simulation, minimised, stages, options, seed + 1, 0.5, report)


def _silent(phase: str, fraction: float) -> None:
    return None


def _restrained_simulation(
    assembly: Assembly,
    options: AllAtomOptions,
    seed: int,
    platform: Platform | None,
    properties: dict[str, str] | None,
) -> Simulation:
    system = copy.deepcopy(assembly.system)
    restrain(system, assembly.positions, _heavy_solute_atoms(assembly), RESTRAINT)
    integrator = LangevinMiddleIntegrator(options.temperature, FRICTION, options.timestep)
    integrator.setRandomNumberSeed(seed % 2**31)
    extra = () if platform is None else (platform,) if properties is None else (platform, properties)
    return Simulation(assembly.topology, system, integrator, *extra)


def _heavy_solute_atoms(assembly: Assembly) -> list[int]:
    return [
        atom.index
        for atom in assembly.topology.atoms()
        if atom.index < assembly.n_solute and atom.element is not None and atom.element.atomic_number > 1
    ]


def _minimise(simulation: Simulation, assembly: Assembly, max_iterations: int, report: Progress) -> State:
    simulation.context.setPositions(assembly.positions)
    box = assembly.topology.getPeriodicBoxVectors()
    if box is not None:
        simulation.context.setPeriodicBoxVectors(*box)
    try:
        minimise(simulation.context, max_iterations, MINIMISATION_TOLERANCE, report)
    except OpenMMException as error:
        raise SimulationDiverged(0) from error
    return _checked_state(simulation, 0)


def _climb(
    simulation: Simulation,
    start: State,
    stages: tuple[RelaxationStage, ...],
    options: AllAtomOptions,
    seed: int,
    shortening: float,
    report: Progress,
) -> State:
    context = simulation.context
    context.setState(start)
    context.setParameter(RESTRAINT_STRENGTH, RESTRAINT)
    context.setVelocitiesToTemperature(options.temperature, seed % 2**31)
    total = sum(stage.steps for stage in stages)
    done = 0
    state = start
    for stage in stages:
        context.setParameter(RESTRAINT_STRENGTH, RESTRAINT * stage.restraint)
        simulation.integrator.setStepSize(min(stage.timestep, options.timestep) * shortening)
        _hold_volume(simulation, stage.restraint > 0)
        for steps in _pieces(stage.steps):
            try:
                simulation.step(steps)
            except OpenMMException as error:
                raise SimulationDiverged(done) from error
            done += steps
            report("relax", done / total)
        state = _checked_state(simulation, done)
    return state


def _pieces(steps: int) -> list[int]:
    """Short enough that a stop is not kept waiting."""
    return [_PIECE] * (steps // _PIECE) + [steps % _PIECE] * (steps % _PIECE > 0)


def _hold_volume(simulation: Simulation, hold: bool) -> None:
    """Switch the barostat: restraints are fixed in space, and scaling the box would pull against them."""
    frequency = 0 if hold else BAROSTAT_INTERVAL
    barostats = [force for force in simulation.system.getForces() if isinstance(force, MonteCarloBarostat)]
    if all(barostat.getFrequency() == frequency for barostat in barostats):
        return
    for barostat in barostats:
        barostat.setFrequency(frequency)
    simulation.context.reinitialize(preserveState=True)


def _checked_state(simulation: Simulation, step: int) -> State:
    state = simulation.context.getState(positions=True, velocities=True, energy=True)
    coordinates: NDArray[np.float64] = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    if not (np.isfinite(coordinates).all() and np.isfinite(energy)):
        raise SimulationDiverged(step)
    return state
