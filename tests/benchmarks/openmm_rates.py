"""Rates of one installed OpenMM on the CPU platform; `bench_wheels.py` runs this in an environment of each version.

Needs OpenMM and numpy only. For each NAME in FOLDER with ``NAME.system.xml`` and ``NAME.npy`` (n, 3; nm) it prints the name and the steps
per processor second, bound to the last core that it may use, on one thread.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import openmm


def main(folder: Path, seconds: float) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for path in sorted(folder.glob("*.system.xml")):
        name = path.name.removesuffix(".system.xml")
        system = openmm.XmlSerializer.deserialize(path.read_text())
        print(name, rate(system, np.load(folder / f"{name}.npy"), seconds), flush=True)


def rate(system: openmm.System, positions: np.ndarray, seconds: float) -> float:
    """Steps per processor second; of 20 fs for beads, of 2 fs where there are atoms."""
    timestep = (
        0.002 if any(0 < system.getParticleMass(i)._value < 20 for i in range(len(positions))) else 0.020
    )
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, timestep)
    integrator.setRandomNumberSeed(1)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPU"), {"Threads": "1"})
    context.setPositions(positions)
    context.computeVirtualSites()
    context.setVelocitiesToTemperature(300.0, 1)
    integrator.step(100)
    steps, begin = 0, time.process_time()
    while time.process_time() - begin < seconds:
        integrator.step(50)
        steps += 50
    return steps / (time.process_time() - begin)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
