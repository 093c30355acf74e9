"""What the version of OpenMM's wheel makes of the CPU platform: the same systems, versions in turns.

Systems: Trp-cage coarse-grained in two boxes of water, in the plain form of `bench_engine.py` and in our fast one, and all-atom in
implicit and in explicit water. Every version gets an environment of its own with nothing but OpenMM and numpy, and
reads what the version installed here wrote. Run, with a package index in reach::

    python tests/benchmarks/bench_wheels.py [--versions 8.2.0 8.3.1 8.4.0 8.5.2 8.6.1] [--repeats 3] [--seconds 2]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import venv
from pathlib import Path

import numpy as np
import openmm
from bench_engine import TRPCAGE, equilibrated, of_size, system_of

from sims.allatom import AllAtomOptions
from sims.engines.allatom import AllAtomEngine
from sims.martini.martinize import MartinizeOptions, martinize
from sims.martini.model import CoarseModel
from sims.platforms import choose_platform
from sims.structure import Structure

CHILD = Path(__file__).with_name("openmm_rates.py")
SIZES = (742, 2748)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--versions", nargs="+", default=["8.2.0", "8.3.1", "8.4.0", "8.5.2", "8.6.1"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        systems = Path(folder) / "systems"
        systems.mkdir()
        write_systems(systems, Path(folder))
        pythons = {version: environment(version, Path(folder)) for version in options.versions}
        rates: dict[str, list[dict[str, float]]] = {version: [] for version in options.versions}
        for _ in range(options.repeats):
            for version in options.versions:
                rates[version].append(measure(pythons[version], systems, options.seconds))
        tell(rates)


def write_systems(systems: Path, folder: Path) -> None:
    structure = Structure.read(TRPCAGE)
    model = martinize(structure, MartinizeOptions(), folder / "model")
    for size in SIZES:
        solvated = of_size(model, size)
        forms = {form: system_of(form, model, solvated) for form in ("plain", "fast")}
        positions = equilibrated(forms["fast"], solvated)
        for form, system in forms.items():
            write(systems, f"cg-{size}-{form}", system, positions)
    for solvent in ("implicit", "explicit"):
        write(systems, f"aa-{solvent}", *all_atom(structure, model, solvent))


def all_atom(structure: Structure, model: CoarseModel, solvent: str) -> tuple[openmm.System, np.ndarray]:
    options = AllAtomOptions(solvent=solvent)  # type: ignore[arg-type]
    engine = AllAtomEngine(structure, model.mapping, options, choose_platform("CPU"))
    engine.start(structure.positions, seed=1)
    return engine.dynamics.system, engine.dynamics.positions()


def write(folder: Path, name: str, system: openmm.System, positions: np.ndarray) -> None:
    print(f"{name}: {system.getNumParticles()} particles", flush=True)
    (folder / f"{name}.system.xml").write_text(openmm.XmlSerializer.serialize(system))
    np.save(folder / f"{name}.npy", positions)


def environment(version: str, folder: Path) -> Path:
    """The interpreter of an environment with this OpenMM."""
    path = folder / f"openmm-{version}"
    venv.create(path, with_pip=True)
    python = path / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"openmm=={version}", "numpy"], check=True)
    return python


def measure(python: Path, systems: Path, seconds: float) -> dict[str, float]:
    words = [str(python), str(CHILD), str(systems), str(seconds)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def tell(rates: dict[str, list[dict[str, float]]]) -> None:
    """Medians, and the ratio of the fast form to the plain one within each turn."""
    names = list(next(iter(rates.values()))[0])
    print("steps per processor second, median:")
    print(f"{'OpenMM':<10}" + "".join(f"{name:>16}" for name in names))
    for version, turns in rates.items():
        medians = (statistics.median(turn[name] for turn in turns) for name in names)
        print(f"{version:<10}" + "".join(f"{value:>16,.0f}" for value in medians))
    print("fast form to plain form, median and range:")
    for version, turns in rates.items():
        words = []
        for size in SIZES:
            ratios = [turn[f"cg-{size}-fast"] / turn[f"cg-{size}-plain"] for turn in turns]
            words.append(
                f"{size} beads {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            )
        print(f"{version:<10}{'; '.join(words)}")


if __name__ == "__main__":
    main()
