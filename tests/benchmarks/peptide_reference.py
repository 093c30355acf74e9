"""The reference of a peptide in implicit solvent: umbrella sampling and free simulation, reweighted together.

Run it as ``python tests/benchmarks/peptide_reference.py NAME FOLDER``. First windows over every phi among the molecule's
coordinates, with a harmonic bias on each phi and none on psi: they say how much lies behind the barriers. Then free
simulations of 5 ns: they say what phi < 0 divides into. They rarely cross a barrier, so they count as samples of phi < 0
alone (of both phi, where there are two), and what they saw beyond is left out. What is in the folder already is not run
again, so that several may work in one with ``--part``. From all of it MBAR (Shirts and Chodera, J. Chem. Phys. 129,
124105, 2008) gives every sample its weight in the unbiased ensemble at 300 K; standard errors are those over four quarters of
the data, each reweighted by itself. It prints the populations and writes ``sims/references/data/NAME.json``. Either
molecule takes about half an hour of a core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.references.alanine_dipeptide import alanine_dipeptide
from sims.references.alanine_tripeptide import alanine_tripeptide
from sims.references.implicit import ImplicitEngine, ImplicitPeptide, Umbrella

STIFFNESS = 100.0
EVERY, EQUILIBRATION = 50, 0.05
BINS, QUARTERS = 36, 4
KT = 8.31446261815324e-3 * 300.0
DATA = Path(__file__).parents[2] / "sims" / "references" / "data"


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    Attributes
    ----------
    molecule : ImplicitPeptide
    biased : int
        How many of its coordinates, from the first, are phi.
    windows, bins : int
        Along each phi: umbrellas, and the bins within which a bias is taken as constant.
    window_steps, free_steps, free : int
        Of each window and of each free simulation, and how many of these.
    """

    molecule: ImplicitPeptide
    biased: int
    windows: int
    bins: int
    window_steps: int
    free_steps: int
    free: int

    @property
    def centres(self) -> NDArray[np.float64]:
        """Of all windows, shape (n, biased), degrees."""
        along = -180.0 + (np.arange(self.windows) + 0.5) * 360.0 / self.windows
        return np.array(list(product(along, repeat=self.biased)))

    def simulations(self) -> Iterator[tuple[str, int, int, list[Umbrella]]]:
        """Name, seed, steps and bias of each: windows in the order of `centres`, then free ones."""
        phi = self.molecule.dihedrals[: self.biased]
        for window, centre in enumerate(self.centres):
            umbrellas = [Umbrella(atoms, angle, STIFFNESS) for atoms, angle in zip(phi, centre, strict=True)]
            yield f"window-{window:03d}", window + 1, self.window_steps, umbrellas
        for number in range(self.free):
            yield f"free-{number:02d}", 1001 + number, self.free_steps, []

    @property
    def truth(self) -> str:
        step = self.molecule.timestep * 1e-3
        return (
            f"umbrella sampling over phi ({len(self.centres)} windows of {self.window_steps * step:g} ns) and "
            f"{self.free * self.free_steps * step:g} ns of free simulation, reweighted together with MBAR; "
            "tests/benchmarks/peptide_reference.py"
        )


PLANS = {
    plan.molecule.name: plan
    for plan in (
        Plan(alanine_dipeptide(), 1, 36, 3600, 500_000, 1_250_000, 17),
        Plan(alanine_tripeptide(), 2, 20, 180, 50_000, 1_250_000, 4),
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=PLANS)
    parser.add_argument("folder", type=Path, help="where the coordinates of every simulation are kept")
    parser.add_argument(
        "--part",
        nargs=2,
        type=int,
        metavar=("K", "N"),
        help="run only each N-th simulation, from the K-th (counted from 0), and write no reference",
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    plan = PLANS[options.name]
    part, parts = options.part or (0, 1)
    for name, seed, steps, umbrellas in list(plan.simulations())[part::parts]:
        sample(plan.molecule, options.folder / f"{name}.npy", seed, steps, umbrellas)
    if options.part is None:
        write_reference(plan, options.folder)


def sample(molecule: ImplicitPeptide, target: Path, seed: int, steps: int, umbrellas: list[Umbrella]) -> None:
    """Coordinates in degrees along one simulation."""
    if target.exists():
        return
    engine = ImplicitEngine(molecule.name, umbrellas=umbrellas)
    engine.start(molecule.start, seed=seed)
    blocks = [
        molecule.coordinates(np.array([frame.positions for frame in engine.run(steps // 50, EVERY)]))
        for _ in range(50)
    ]
    np.save(target, np.concatenate(blocks).astype(np.float32))
    print(target.name, flush=True)


def write_reference(plan: Plan, folder: Path) -> None:
    angles, simulation, quarter = gathered(plan, folder)
    weights = mbar(plan, angles, simulation)
    populations = shares(plan, angles, weights)
    apart = [
        shares(plan, angles[part], mbar(plan, angles[part], simulation[part]))
        for part in (quarter == number for number in range(QUARTERS))
    ]
    errors = np.std(apart, axis=0, ddof=1) / np.sqrt(QUARTERS)
    density, *_ = np.histogram2d(*angles.T, bins=BINS, range=plan.molecule.bounds, weights=weights)
    names = list(plan.molecule.regions)
    content = {
        "names": names,
        "populations": [float(f"{value:.5g}") for value in populations],
        "errors": [float(f"{value:.2g}") for value in errors],
        "truth": plan.truth,
        "density": [[float(f"{value:.4g}") for value in row] for row in density],
    }
    (DATA / f"{plan.molecule.name}.json").write_text(json.dumps(content) + "\n")
    for name, value, error in zip(names, populations, errors, strict=True):
        print(f"{name:<12}{value:9.5f} +- {error:.5f}")


def gathered(plan: Plan, folder: Path) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Coordinates of all samples, the window of each (as many as there are for free ones), and its quarter of the data."""
    angles, simulations, quarters = [], [], []
    free = len(plan.centres)
    for number, (name, *_) in enumerate(plan.simulations()):
        series = np.load(folder / f"{name}.npy").astype(np.float64)
        series = series[round(EQUILIBRATION * len(series)) :]
        series = series if number < free else series[np.all(series[:, : plan.biased] < 0, axis=1)]
        angles.append(series)
        simulations.append(np.full(len(series), min(number, free)))
        quarters.append(np.arange(len(series)) * QUARTERS // len(series))
    return np.concatenate(angles), np.concatenate(simulations), np.concatenate(quarters)


def mbar(plan: Plan, angles: NDArray[np.float64], simulation: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each sample in the unbiased ensemble, by iterating MBAR's equations over a fine histogram of phi.

    The biases depend on phi alone, so that samples of one narrow bin share their weight.
    """
    edges = np.linspace(-180.0, 180.0, plan.bins + 1)
    places = np.clip(np.digitize(angles[:, : plan.biased], edges) - 1, 0, plan.bins - 1)
    place = np.ravel_multi_index(tuple(places.T), (plan.bins,) * plan.biased)
    middles = np.array(list(product((edges[:-1] + edges[1:]) / 2, repeat=plan.biased)))
    away = np.radians((middles[None] - plan.centres[:, None] + 180.0) % 360.0 - 180.0)
    bias = STIFFNESS / 2 * (away**2).sum(axis=-1) / KT
    factor = np.concatenate([np.exp(-bias), np.all(middles < 0, axis=1)[None]])
    counts = np.bincount(simulation, minlength=len(factor))
    occupied, place = np.unique(place, return_inverse=True)
    factor, found = factor[:, occupied], np.bincount(place)
    free = np.zeros(len(factor))
    for _ in range(20_000):
        mixture = (counts * np.exp(free)) @ factor
        now = -np.log(factor @ (found / mixture))
        now -= now[0]
        if np.abs(now - free).max() < 1e-8:
            break
        free = now
    weights = (1 / mixture)[place]
    return np.asarray(weights / weights.sum())


def shares(plan: Plan, angles: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    state = plan.molecule.states(angles)
    return np.bincount(state[state >= 0], weights[state >= 0], minlength=len(plan.molecule.regions))


if __name__ == "__main__":
    main()
