"""Steps per second of both nonbonded forms, for growing numbers of proteins in water: what `choose_form` goes by.

Run: ``python tests/benchmarks/bench_martini.py [steps] [proteins ...]``. One thread of the CPU platform.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import openmm

from sims.martini.itp import read_molecule_types
from sims.martini.parameters import martini_parameters
from sims.martini.solvent import WATER_BEAD, WATER_DENSITY
from sims.martini.system import Form, Molecules, build_system, choose_form

DATA = Path(__file__).parents[1] / "data" / "martini3" / "villin_elastic"


def proteins_in_water(count: int) -> tuple[Molecules, np.ndarray, np.ndarray]:
    """Villin `count` times on a cubic lattice of 4.2 nm, water in between: molecules, positions, box."""
    (villin,) = read_molecule_types(DATA / "villinen_0.itp")
    lines = (DATA / "system.gro").read_text().splitlines()[2 : 2 + len(villin)]
    one = np.array([[float(line[i : i + 8]) for i in (20, 28, 36)] for line in lines])
    one -= one.mean(axis=0)
    side = int(np.ceil(count ** (1 / 3)))
    edge = 4.2 * side
    cells = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:count]
    solute = np.concatenate([one + 4.2 * (cell + 0.5) for cell in cells])
    sites = round(edge * WATER_DENSITY ** (1 / 3))
    axis = (np.arange(sites) + 0.5) * edge / sites
    lattice = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    from scipy.spatial import cKDTree

    water = lattice[cKDTree(solute).query(lattice)[0] > 0.43]
    return [(villin, count), (WATER_BEAD, len(water))], np.concatenate([solute, water]), np.full(3, edge)


def steps_per_second(
    molecules: Molecules, positions: np.ndarray, box: np.ndarray, form: Form, steps: int
) -> float:
    """Of production, after a minimisation and 200 short steps."""
    system = build_system(molecules, box, martini_parameters(), form)
    integrator = openmm.LangevinMiddleIntegrator(300, 10, 0.002)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPU"), {"Threads": "1"})
    context.setPositions(positions)
    context.computeVirtualSites()
    openmm.LocalEnergyMinimizer.minimize(context, 100, 50)
    integrator.step(200)
    integrator.setStepSize(0.01)
    begin = time.process_time()
    integrator.step(steps)
    context.getState(positions=True)
    return steps / (time.process_time() - begin)


def main(steps: int, counts: list[int]) -> None:
    """Print one line a system."""
    print("proteins  solute beads  water beads  exact /s  fast /s  choose_form")
    for count in counts:
        molecules, positions, box = proteins_in_water(count)
        solute, water = count * len(molecules[0][0]), molecules[1][1]
        rates = [steps_per_second(molecules, positions, box, form, steps) for form in ("exact", "fast")]
        chosen = choose_form(water, solute)
        print(
            f"{count:8d}  {solute:12d}  {water:11d}  {rates[0]:8.0f}  {rates[1]:7.0f}  {chosen}", flush=True
        )


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    main(arguments[0] if arguments else 1000, arguments[1:] or [1, 4, 8, 16, 27])
