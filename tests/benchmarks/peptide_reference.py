"""The reference of alanine dipeptide: umbrella sampling over phi and free simulation, reweighted together.

Run it as ``python tests/benchmarks/alanine_reference.py FOLDER [--free 17]``. First 36 windows of 2 ns, 10 degrees apart,
with a harmonic bias of 100 kJ/mol/rad^2 on phi and none on psi: they say how much lies behind the barrier. Then so many
free simulations of 5 ns: they say what phi < 0 divides into. They rarely cross the barrier, so they count as samples of
phi < 0 alone, and what they saw beyond is left out. What is in the folder already is not run again. From all of it MBAR
(Shirts and Chodera, J. Chem. Phys. 129, 124105, 2008) gives every sample its weight in the unbiased ensemble at 300 K;
standard errors are those over four quarters of the data, each reweighted by itself. It prints the populations and
writes ``sims/references/data/alanine_dipeptide.json``. Windows and 17 free simulations take about half an hour of a core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.references.alanine_dipeptide import REGIONS, AlanineDipeptide, DipeptideEngine

WINDOWS = 36
STIFFNESS = 100.0
EVERY, EQUILIBRATION = 50, 0.05
WINDOW_STEPS, FREE_STEPS = 500_000, 1_250_000
BINS, QUARTERS = 36, 4
KT = 8.31446261815324e-3 * 300.0
TARGET = Path(__file__).parents[2] / "sims" / "references" / "data" / "alanine_dipeptide.json"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where phi and psi of every simulation are kept")
    parser.add_argument("--free", type=int, default=17, help="free simulations")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for window in range(WINDOWS):
        sample(
            options.folder / f"window-{window:02d}.npy", window + 1, WINDOW_STEPS, (centre(window), STIFFNESS)
        )
    for number in range(options.free):
        sample(options.folder / f"free-{number:02d}.npy", 1001 + number, FREE_STEPS, None)
    write_reference(options.folder, options.free)


def centre(window: int) -> float:
    return -180.0 + (window + 0.5) * 360.0 / WINDOWS


def sample(target: Path, seed: int, steps: int, umbrella: tuple[float, float] | None) -> None:
    """Phi and psi in degrees along one simulation."""
    if target.exists():
        return
    molecule = AlanineDipeptide()
    engine = DipeptideEngine(umbrella=umbrella)
    engine.start(molecule.start, seed=seed)
    blocks = [
        molecule.coordinates(np.array([frame.positions for frame in engine.run(steps // 50, EVERY)]))
        for _ in range(50)
    ]
    np.save(target, np.concatenate(blocks).astype(np.float32))
    print(target.name, flush=True)


def write_reference(folder: Path, free: int) -> None:
    molecule = AlanineDipeptide()
    angles, simulation, quarter = gathered(folder, free)
    weights = mbar(np.radians(angles[:, 0]), simulation)
    populations = shares(molecule, angles, weights)
    apart = [
        shares(molecule, angles[part], mbar(np.radians(angles[part, 0]), simulation[part]))
        for part in (quarter == number for number in range(QUARTERS))
    ]
    errors = np.std(apart, axis=0, ddof=1) / np.sqrt(QUARTERS)
    density, *_ = np.histogram2d(*angles.T, bins=BINS, range=molecule.bounds, weights=weights)
    content = {
        "names": list(REGIONS),
        "populations": [float(f"{value:.5g}") for value in populations],
        "errors": [float(f"{value:.2g}") for value in errors],
        "truth": (
            f"umbrella sampling over phi ({WINDOWS} windows of 2 ns) and {5 * free} ns of free simulation, reweighted "
            "together with MBAR; tests/benchmarks/alanine_reference.py"
        ),
        "density": [[float(f"{value:.4g}") for value in row] for row in density],
    }
    TARGET.write_text(json.dumps(content) + "\n")
    for name, value, error in zip(REGIONS, populations, errors, strict=True):
        print(f"{name:<10}{value:9.4f} +- {error:.4f}")


def gathered(folder: Path, free: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Angles of all samples, the window of each (`WINDOWS` for free ones), and its quarter of the data."""
    names = [(f"window-{window:02d}", window) for window in range(WINDOWS)]
    names += [(f"free-{number:02d}", WINDOWS) for number in range(free)]
    angles, simulations, quarters = [], [], []
    for name, simulation in names:
        series = np.load(folder / f"{name}.npy").astype(np.float64)
        series = series[round(EQUILIBRATION * len(series)) :]
        series = series if simulation < WINDOWS else series[series[:, 0] < 0]
        angles.append(series)
        simulations.append(np.full(len(series), simulation))
        quarters.append(np.arange(len(series)) * QUARTERS // len(series))
    return np.concatenate(angles), np.concatenate(simulations), np.concatenate(quarters)


def mbar(phi: NDArray[np.float64], simulation: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each sample in the unbiased ensemble, by iterating MBAR's equations over a fine histogram of phi.

    The biases depend on phi alone, so that samples of one narrow bin share their weight.
    """
    edges = np.linspace(-np.pi, np.pi, 3601)
    place = np.clip(np.digitize(phi, edges) - 1, 0, len(edges) - 2)
    middle = (edges[:-1] + edges[1:]) / 2
    away = np.abs(middle[None] - np.radians([centre(window) for window in range(WINDOWS)])[:, None])
    bias = STIFFNESS / 2 * np.minimum(away, 2 * np.pi - away) ** 2 / KT
    factor = np.concatenate([np.exp(-bias), (middle < 0)[None]])
    counts = np.bincount(simulation, minlength=WINDOWS + 1)
    found = np.bincount(place, minlength=len(middle))
    free = np.zeros(WINDOWS + 1)
    for _ in range(20_000):
        mixture = (counts * np.exp(free)) @ factor
        now = -np.log(factor @ (found / mixture))
        now -= now[0]
        if np.abs(now - free).max() < 1e-8:
            break
        free = now
    weights = (1 / mixture)[place]
    return weights / weights.sum()


def shares(
    molecule: AlanineDipeptide, angles: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    state = molecule.states(angles)
    return np.bincount(state[state >= 0], weights[state >= 0], minlength=len(REGIONS))


if __name__ == "__main__":
    main()
