"""The coarse-grained engine on a CPU: the obvious form, our two forms and GROMACS, on the same systems in the same run.

The *plain* form is one ``CustomNonbondedForce`` over all pairs, with a table for Lennard-Jones and the reaction field in
the same expression: what the Martini force field asks for when it is written down in OpenMM as it stands. *Exact* and
*fast* are those of `sims.martini.nonbonded`, all three under OpenMM's Langevin integrator, which is
how `sims.engines.coarse` propagates them. GROMACS gets the same molecules, coordinates, cut-offs, thermostat and time
step (``tests/benchmarks/gromacs.py``).

All take turns, so that what else happens on the machine hits all. Rates are steps per processor second on one thread, and
steps per wall second on more. On one thread everybody has a core of its own, as in a campaign, unless ``--no-pin``
leaves it to the system (``tests/benchmarks/bench_cores.py`` compares the two). Run::

    python tests/benchmarks/bench_engine.py [--sizes 742 2748] [--threads 1 2] [--repeats 5] [--seconds 2.5] [--no-pin]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openmm
from gromacs import Gromacs
from numpy.typing import NDArray
from openmm import unit

from sims.engines.dynamics import LADDER
from sims.martini.martinize import MartinizeOptions, martinize
from sims.martini.model import CoarseModel
from sims.martini.nonbonded import CUTOFF, RELATIVE_PERMITTIVITY, reaction_field_self_energy
from sims.martini.solvent import Solvated, solvate
from sims.martini.system import build_system
from sims.structure import Structure
from steer.jobs.own_core import OwnCore

TRPCAGE = Path(__file__).parents[2] / "examples" / "trp-cage" / "trpcage.pdb"
TEMPERATURE, FRICTION, TIMESTEP, SALT = 300.0, 1.0, 0.020, 0.15
FORMS = ("plain", "exact", "fast")
COULOMB = 138.935458  # kJ mol^-1 nm e^-2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[742, 2748], help="beads in all, about")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.5, help="of each measurement, about")
    parser.add_argument("--no-gromacs", action="store_true", help="where there is no `gmx`")
    parser.add_argument("--no-pin", action="store_true", help="leave it to the system which cores are used")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = martinize(Structure.read(TRPCAGE), MartinizeOptions(), Path(folder) / "model")
        for size in options.sizes:
            bench(size, model, Path(folder), options)


def bench(size: int, model: CoarseModel, folder: Path, options: argparse.Namespace) -> None:
    """One system, everything about it."""
    solvated = of_size(model, size)
    systems = {form: system_of(form, model, solvated) for form in FORMS}
    positions = equilibrated(systems["fast"], solvated)
    water = solvated.counts["W"]
    print(
        f"\n{len(positions)} beads: {model.n_beads} of protein, {len(positions) - water - model.n_beads} ions, "
        f"{water} of water; box {solvated.box[0]:.3f} nm"
    )
    compare_forces(systems, positions)
    gromacs = None
    if not options.no_gromacs:
        gromacs = prepare_gromacs(model, solvated, positions, folder, size)
        compare_energies(gromacs, systems["exact"], model, solvated, positions)
    for threads in options.threads:
        # GROMACS is a process of its own: it must not look like somebody else on this core.
        with OwnCore(period=3600.0) if threads == 1 and not options.no_pin else nullcontext():
            runners: dict[str, Callable[[int], Spent]] = {
                form: OpenMMRunner(system, positions, threads) for form, system in systems.items()
            }
            if gromacs is not None:
                runners["gromacs"] = GromacsRunner(gromacs, threads)
            tell_rates(measured(runners, options.repeats, options.seconds), threads)


# -- systems ------------------------------------------------------------------------------------------------------


def of_size(model: CoarseModel, size: int) -> Solvated:
    """The model in the box of water and salt whose number of beads is nearest to `size`."""
    low, high = 0.5, 10.0
    for _ in range(30):
        middle = (low + high) / 2
        count = len(solvate(model, model.positions, middle, SALT, 1).positions)
        low, high = (middle, high) if count < size else (low, middle)
    return solvate(model, model.positions, high, SALT, 1)


def system_of(form: str, model: CoarseModel, solvated: Solvated) -> openmm.System:
    if form != "plain":
        return build_system(solvated.molecules, solvated.box, model.parameters, form)  # type: ignore[arg-type]
    system = build_system(solvated.molecules, solvated.box, model.parameters, "exact")
    excluded = excluded_pairs(system)
    for index in reversed(range(system.getNumForces())):
        if isinstance(system.getForce(index), (openmm.NonbondedForce, openmm.CustomNonbondedForce)):
            system.removeForce(index)
    system.addForce(plain_force(model, solvated, excluded))
    return system


def plain_force(
    model: CoarseModel, solvated: Solvated, excluded: list[tuple[int, int]]
) -> openmm.CustomNonbondedForce:
    """Everything between all pairs in one force."""
    atoms = [atom for kind, count in solvated.molecules for _ in range(count) for atom in kind.atoms]
    names = list(dict.fromkeys(atom.bead for atom in atoms))
    sigma, epsilon = model.parameters.table(names)
    force = openmm.CustomNonbondedForce(
        "a(type1,type2)*(x^2-c^2)-b(type1,type2)*(x-c)+f*q1*q2*(1/r+r^2*k-e);"
        f"x=1/r^6;c={CUTOFF**-6!r};f={COULOMB / RELATIVE_PERMITTIVITY!r};k={0.5 / CUTOFF**3!r};e={1.5 / CUTOFF!r}"
    )
    force.addPerParticleParameter("type")
    force.addPerParticleParameter("q")
    for name, power in (("a", 12), ("b", 6)):
        table = (4 * epsilon * sigma**power).ravel().tolist()
        force.addTabulatedFunction(name, openmm.Discrete2DFunction(len(names), len(names), table))
    force.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(CUTOFF)
    for atom in atoms:
        force.addParticle([names.index(atom.bead), charge_of(atom, model)])
    for pair in excluded:
        force.addExclusion(*pair)
    force.setForceGroup(31)
    return force


def charge_of(atom: object, model: CoarseModel) -> float:
    charge = atom.charge  # type: ignore[attr-defined]
    return float(model.parameters.charges[model.parameters.index(atom.bead)]) if charge is None else charge  # type: ignore[attr-defined]


def excluded_pairs(system: openmm.System) -> list[tuple[int, int]]:
    (force,) = [force for force in system.getForces() if force.getName() == "coulomb"]
    return [tuple(force.getExceptionParameters(i)[:2]) for i in range(force.getNumExceptions())]


def equilibrated(system: openmm.System, solvated: Solvated) -> NDArray[np.float64]:
    """Coordinates after 200 ps, wrapped by molecules' beads only where they are single."""
    context, integrator = open_context(system, solvated.positions, 1)
    openmm.LocalEnergyMinimizer.minimize(context, 10, 1000)
    context.setVelocitiesToTemperature(TEMPERATURE, 1)
    for rung in LADDER:
        integrator.setStepSize(rung.timestep)
        integrator.step(rung.steps)
    integrator.setStepSize(TIMESTEP)
    integrator.step(10_000)
    return positions_of(context)


def open_context(
    system: openmm.System, positions: NDArray[np.float64], threads: int, platform: str = "CPU"
) -> tuple[openmm.Context, openmm.LangevinMiddleIntegrator]:
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, FRICTION, TIMESTEP)
    integrator.setRandomNumberSeed(1)
    properties = {"Threads": str(threads)} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(positions)
    context.computeVirtualSites()
    return context, integrator


def positions_of(context: openmm.Context) -> NDArray[np.float64]:
    state = context.getState(positions=True)
    return np.asarray(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))


# -- correctness --------------------------------------------------------------------------------------------------


def compare_forces(systems: dict[str, openmm.System], positions: NDArray[np.float64]) -> None:
    """Forces of all forms on the CPU platform, and against the plain one in double precision."""
    box = np.array(
        [vector[i]._value for i, vector in enumerate(systems["plain"].getDefaultPeriodicBoxVectors())]
    )
    wrapped = (positions - np.floor(positions / box) * box).astype(np.float32).astype(np.float64)
    massive = np.array([systems["plain"].getParticleMass(i)._value > 0 for i in range(len(positions))])
    truth = forces_of(systems["plain"], wrapped, "Reference")[massive]
    of_cpu = {form: forces_of(system, wrapped, "CPU")[massive] for form, system in systems.items()}
    of_double = {form: forces_of(systems[form], wrapped, "Reference")[massive] for form in ("exact", "fast")}
    print("forces off by (rms over rms; largest over largest):")
    rows = [(f"{form} and plain, double precision", of_double[form], truth) for form in ("exact", "fast")]
    rows += [(f"{form} and plain, CPU platform", of_cpu[form], of_cpu["plain"]) for form in ("exact", "fast")]
    rows += [(f"{form} on the CPU platform and plain in double", of_cpu[form], truth) for form in FORMS]
    for name, ours, theirs in rows:
        error, size = (np.linalg.norm(vectors, axis=1) for vectors in (ours - theirs, theirs))
        off = np.sqrt((error**2).mean() / (size**2).mean())
        print(f"  {name:<48} {off:8.1e}  {error.max() / size.max():8.1e}")


def forces_of(system: openmm.System, positions: NDArray[np.float64], platform: str) -> NDArray[np.float64]:
    integrator = openmm.VerletIntegrator(TIMESTEP)
    properties = {"Threads": "1"} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(positions)
    state = context.getState(forces=True)
    return np.asarray(state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer))


def prepare_gromacs(
    model: CoarseModel, solvated: Solvated, positions: NDArray[np.float64], folder: Path, size: int
) -> Gromacs:
    (molecule,) = model.molecules
    gromacs = Gromacs(
        folder / f"gromacs-{size}",
        solvated,
        folder / "model" / f"{molecule.name}.itp",
        model.parameters,
        positions,
        temperature=TEMPERATURE,
        friction=FRICTION,
        timestep=TIMESTEP,
    )
    print(f"GROMACS {gromacs.version()}")
    return gromacs


def compare_energies(
    gromacs: Gromacs,
    system: openmm.System,
    model: CoarseModel,
    solvated: Solvated,
    positions: NDArray[np.float64],
) -> None:
    """That GROMACS was given the same system."""
    context, _ = open_context(system, np.round(positions, 7), 1, "Reference")
    state = context.getState(energy=True)
    charges = [charge_of(atom, model) for kind, count in solvated.molecules for atom in kind.atoms * count]
    ours = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole) + reaction_field_self_energy(
        charges
    )
    theirs = gromacs.energy()
    print(
        f"potential energy, kJ/mol: exact form {ours:.2f}, GROMACS {theirs:.2f}, off by {abs(ours / theirs - 1):.1e}"
    )


# -- rates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spent:
    """Seconds that some steps took."""

    steps: int
    wall: float
    processor: float


class OpenMMRunner:
    """Goes on with one simulation whenever it is called."""

    def __init__(self, system: openmm.System, positions: NDArray[np.float64], threads: int) -> None:
        self._context, self._integrator = open_context(system, positions, threads)
        self._context.setVelocitiesToTemperature(TEMPERATURE, 1)

    def __call__(self, steps: int) -> Spent:
        wall, processor = time.perf_counter(), time.process_time()
        self._integrator.step(steps)
        return Spent(steps, time.perf_counter() - wall, time.process_time() - processor)


class GromacsRunner:
    """Begins anew whenever it is called."""

    def __init__(self, gromacs: Gromacs, threads: int) -> None:
        self._gromacs, self._threads = gromacs, threads

    def __call__(self, steps: int) -> Spent:
        run = self._gromacs.run(steps, self._threads)
        return Spent(steps, run.seconds, run.processor)


def measured(
    runners: dict[str, Callable[[int], Spent]], repeats: int, seconds: float
) -> dict[str, list[Spent]]:
    """Everybody in turns, `repeats` times, each as many steps as take it about `seconds`."""
    steps = {}
    for name, runner in runners.items():
        warm = runner(300)
        steps[name] = max(300, int(300 * seconds / warm.wall))
        if name == "gromacs":
            steps[name] = max(300, int(5000 * seconds / runner(5000).wall))
    spent: dict[str, list[Spent]] = {name: [] for name in runners}
    for name in turns(list(runners), repeats):
        spent[name].append(runners[name](steps[name]))
    return spent


def turns(names: list[str], repeats: int) -> Iterator[str]:
    for repeat in range(repeats):
        yield from names if repeat % 2 == 0 else reversed(names)


def tell_rates(spent: dict[str, list[Spent]], threads: int) -> None:
    kind = "processor" if threads == 1 else "wall"
    rates = {name: [one.steps / getattr(one, kind) for one in runs] for name, runs in spent.items()}
    print(
        f"{threads} thread{'s' * (threads > 1)}, steps per {kind} second (median, range), and ratio to plain:"
    )
    for name, values in rates.items():
        ratios = [ours / plain for ours, plain in zip(values, rates["plain"], strict=True)]
        print(
            f"  {name:<8} {statistics.median(values):8.0f}  ({min(values):.0f} to {max(values):.0f})"
            f"   {statistics.median(ratios):5.2f}  ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
