"""The reference of coarse-grained chignolin: long independent simulations.

Run it as ``python tests/benchmarks/chignolin_reference.py FOLDER [--runs 2] [--parts 4]``: so many simulations of so many
parts of 10 ns, one after the other (start one process for each `--only` to use more cores). Parts in the folder already
are not run again; a simulation that was cut short begins its next part from the last frame there is, with new solvent.
Populations are counted over all frames but the first nanosecond of each simulation; standard errors are those over
blocks of 2.5 ns, three times the longest correlation time. It prints them and writes ``sims/references/data/
chignolin.json``. A part takes about four minutes of one core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.references.chignolin import REGIONS, Chignolin

STEPS, EVERY, TIMESTEP = 500_000, 500, 2e-5
BLOCK, EQUILIBRATION, BINS = 250, 100, 27
TARGET = Path(__file__).parents[2] / "sims" / "references" / "data" / "chignolin.json"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the frames of every part are kept")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--only", type=int, help="simulate this run alone, and write no reference")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for run in range(options.runs) if options.only is None else [options.only]:
        simulate(options.folder, run, options.parts)
    if options.only is None:
        write_reference(options.folder, options.runs)


def simulate(folder: Path, run: int, parts: int) -> None:
    molecule, engine = Chignolin(), None
    start = molecule.start
    for part in range(parts):
        target = folder / f"run-{run}-{part:03d}.npy"
        if target.exists():
            start = np.load(target)[-1]
            continue
        if engine is None:
            engine = molecule.engine()
            engine.start(start, seed=100 + run + 1000 * part)
        np.save(target, np.array([frame.positions for frame in engine.run(STEPS, EVERY)], np.float32))
        print(target.name, flush=True)


def write_reference(folder: Path, runs: int) -> None:
    molecule = Chignolin()
    series = [coordinates_of(molecule, folder, run)[EQUILIBRATION:] for run in range(runs)]
    blocks = [run[start : start + BLOCK] for run in series for start in range(0, len(run) - BLOCK + 1, BLOCK)]
    everything = np.concatenate(series)
    populations = shares(molecule, everything)
    errors = np.std([shares(molecule, block) for block in blocks], axis=0, ddof=1) / np.sqrt(len(blocks))
    density, *_ = np.histogram2d(*everything.T, bins=BINS, range=molecule.bounds)
    time = len(everything) * EVERY * TIMESTEP
    content = {
        "names": list(REGIONS),
        "populations": [float(f"{value:.5g}") for value in populations],
        "errors": [float(f"{value:.2g}") for value in errors],
        "truth": f"{runs} independent simulations, {time:.0f} ns in all; tests/benchmarks/chignolin_reference.py",
        "density": [[float(f"{value:.4g}") for value in row] for row in density / density.sum()],
    }
    TARGET.write_text(json.dumps(content) + "\n")
    for name, value, error in zip(REGIONS, populations, errors, strict=True):
        print(f"{name:<12}{value:9.4f} +- {error:.4f}")


def coordinates_of(molecule: Chignolin, folder: Path, run: int) -> NDArray[np.float64]:
    return np.concatenate(
        [molecule.coordinates(np.load(path)) for path in sorted(folder.glob(f"run-{run}-*.npy"))]
    )


def shares(molecule: Chignolin, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    state = molecule.states(coordinates)
    return np.bincount(state[state >= 0], minlength=len(REGIONS)) / len(state)


if __name__ == "__main__":
    main()
