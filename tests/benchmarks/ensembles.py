"""Whether the fast form samples what the exact one samples: temperature, water, pressure and the protein's size.

Two ways to run the same box of Trp-cage, water and salt at constant volume, several replicas of each, from different
seeds: the *exact* and the *fast* form of the nonbonded forces, both as `sims.engines.coarse` propagates them. Standard errors are from block
averages. The fast form's energies lack the potential shift, so the pressure of both is taken from the exact form's
energy of their frames, by scaling the volume with molecules kept rigid. ``--density`` then runs the exact form at 1 bar
for the density that a box of the fast form should have. Run::

    python tests/benchmarks/ensembles.py [--replicas 3] [--steps 100000] [--padding 0.9] [--density]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import unit
from scipy.spatial import cKDTree

from sims.engines.dynamics import LADDER, Dynamics, Thermostat
from sims.martini.solvent import Solvated, solvate
from sims.martini.system import Form, build_system
from sims.platforms import choose_platform

sys.path.insert(0, str(Path(__file__).parents[1]))
from molecules import trpcage_model

THERMOSTAT = Thermostat(temperature=300.0, friction=1.0, timestep=0.020)
FORMS: tuple[Form, ...] = ("exact", "fast")
EVERY = 50
SETTLING = 5000
BLOCKS = 8
GAS = 0.00831446261815324  # kJ/mol/K
BAR = 16.6053907  # of one kJ/mol/nm^3
FAR = 1.1  # nm from the protein: bulk


@dataclass(frozen=True)
class Series:
    """Observables of one replica, each of shape (n_frames,)."""

    columns: dict[str, NDArray[np.float64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100_000, help="of production, each replica")
    parser.add_argument("--padding", type=float, default=0.9, help="nm of water around the protein")
    parser.add_argument("--density", action="store_true", help="the exact form at 1 bar as well")
    options = parser.parse_args()
    model = trpcage_model()
    solvated = solvate(model, model.positions, options.padding, 0.15, 1)
    print(
        f"{len(solvated.positions)} beads; {options.replicas} replicas of {options.steps} steps each way",
        flush=True,
    )
    found = {
        form: [replica(solvated, form, seed, options.steps) for seed in range(1, options.replicas + 1)]
        for form in FORMS
    }
    compare(found)
    if options.density:
        density(solvated, options)


# -- running ------------------------------------------------------------------------------------------------------


def settled(system: openmm.System, solvated: Solvated, seed: int) -> Dynamics:
    dynamics = Dynamics(system, THERMOSTAT, choose_platform("CPU"), seed)
    dynamics.place(solvated.positions, solvated.box)
    dynamics.minimise(1000)
    dynamics.relax(LADDER)
    dynamics.begin()
    dynamics.advance(SETTLING)
    return dynamics


def replica(solvated: Solvated, form: Form, seed: int, steps: int) -> Series:
    model = trpcage_model()
    dynamics = settled(build_system(solvated.molecules, solvated.box, model.parameters, form), solvated, seed)
    gauge = PressureGauge(solvated)
    rows: dict[str, list[float]] = {}
    for _ in range(steps // EVERY):
        dynamics.advance(EVERY)
        positions = dynamics.positions()
        row = {"temperature, K": dynamics.temperature(), "pressure, bar": gauge.measure(positions)}
        row |= geometry(positions, solvated)
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    return Series({name: np.array(values) for name, values in rows.items()})


def geometry(positions: NDArray[np.float64], solvated: Solvated) -> dict[str, float]:
    """Radius of gyration, bulk water, and where water sits around water."""
    n_protein, edge = trpcage_model().n_beads, float(solvated.box[0])
    protein = positions[:n_protein]
    water = positions[n_protein : n_protein + solvated.counts["W"]]
    water, beads = (np.mod(x, edge) % edge for x in (water, protein))
    tree, around = cKDTree(water, boxsize=edge), cKDTree(beads, boxsize=edge)
    shells = np.diff(tree.count_neighbors(tree, [1e-6, 0.47, 0.60, 0.70, 0.85])) / len(water)
    far = around.query(water)[0] > FAR
    probes = np.random.default_rng(len(water)).random((4000, 3)) * edge
    volume = edge**3 * np.mean(around.query(probes)[0] > FAR)
    return {
        "radius of gyration, nm": float(np.sqrt(protein.var(axis=0).sum())),
        "bulk water, beads/nm3": float(far.sum() / volume),
        "neighbours below 0.47 nm": float(shells[0]),
        "neighbours 0.47 to 0.60 nm": float(shells[1]),
        "neighbours 0.60 to 0.70 nm": float(shells[2]),
        "neighbours 0.70 to 0.85 nm": float(shells[3]),
    }


class PressureGauge:
    """Pressure of a frame from the exact form's energy, molecules moved as wholes when the volume changes."""

    def __init__(self, solvated: Solvated) -> None:
        parameters = trpcage_model().parameters
        system = build_system(solvated.molecules, solvated.box, parameters, "exact", constraints="none")
        integrator = openmm.VerletIntegrator(0.001)
        choice = choose_platform("CPU")
        self._context = openmm.Context(system, integrator, choice.platform, choice.properties)
        self._box = np.asarray(solvated.box)
        lengths = [len(kind) for kind, count in solvated.molecules for _ in range(count)]
        self._molecule = np.repeat(np.arange(len(lengths)), lengths)
        self._lengths = np.array(lengths, np.float64)

    def measure(self, positions: NDArray[np.float64], change: float = 2e-4) -> float:
        """In bar, from the energies at (1 + change) and (1 - change) times each edge."""
        centres = np.stack(
            [np.bincount(self._molecule, axis, len(self._lengths)) / self._lengths for axis in positions.T],
            axis=1,
        )
        energies, volumes = [], []
        for scale in (1 + change, 1 - change):
            self._context.setPeriodicBoxVectors(*np.diag(self._box * scale))
            self._context.setPositions(positions + ((scale - 1) * centres)[self._molecule])
            energy = self._context.getState(energy=True).getPotentialEnergy()
            energies.append(energy.value_in_unit(unit.kilojoule_per_mole))
            volumes.append(float(np.prod(self._box * scale)))
        kinetic = len(self._lengths) * GAS * THERMOSTAT.temperature / float(np.prod(self._box))
        return BAR * (kinetic - (energies[0] - energies[1]) / (volumes[0] - volumes[1]))


# -- comparing ----------------------------------------------------------------------------------------------------


def mean_and_error(replicas: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Mean of all, and its standard error from blocks of every replica."""
    blocks = np.concatenate([[part.mean() for part in np.array_split(one, BLOCKS)] for one in replicas])
    return float(blocks.mean()), float(blocks.std(ddof=1) / np.sqrt(len(blocks)))


def compare(found: dict[Form, list[Series]]) -> None:
    print(f"{'mean (standard error)':<30}{'exact':>22}{'fast':>22}{'difference in errors':>24}")
    for name in found["exact"][0].columns:
        (a, da), (b, db) = (mean_and_error([one.columns[name] for one in found[arm]]) for arm in FORMS)
        off = (b - a) / np.hypot(da, db)
        print(f"{name:<30}{a:>13.4f} ({da:.4f}){b:>13.4f} ({db:.4f}){off:>18.2f}", flush=True)
    for arm, replicas in found.items():
        sizes = np.concatenate([one.columns["radius of gyration, nm"] for one in replicas])
        quartiles = ", ".join(f"{value:.3f}" for value in np.percentile(sizes, [5, 25, 50, 75, 95]))
        print(f"radius of gyration, {arm}: percentiles 5, 25, 50, 75, 95: {quartiles} nm")


def density(solvated: Solvated, options: argparse.Namespace) -> None:
    """The exact form at 1 bar."""
    volumes = []
    for seed in range(1, options.replicas + 1):
        system = build_system(solvated.molecules, solvated.box, trpcage_model().parameters, "exact")
        system.addForce(openmm.MonteCarloBarostat(1.0, THERMOSTAT.temperature, 25))
        dynamics = settled(system, solvated, seed)
        series = []
        for _ in range(options.steps // EVERY):
            dynamics.advance(EVERY)
            series.append(float(np.prod(dynamics.box())))
        volumes.append(np.array(series))
    mean, error = mean_and_error(volumes)
    print(f"volume at 1 bar {mean:.3f} ({error:.3f}) nm3; the box {np.prod(solvated.box):.3f} nm3")


if __name__ == "__main__":
    main()
