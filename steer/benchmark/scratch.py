"""A campaign's files in memory: what a run of the benchmark keeps no longer than it lasts.

Nothing here is decided differently. Frames are not packed, sent and unpacked, structures not written as text and read
again, because that is most of the time of a run whose simulations cost next to nothing; what these cost is measured by
benchmarks of their own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.martini.beadpdb import BeadLabel
from steer.beads import BeadMolecule
from steer.columns import Columns
from steer.losses import Loss
from steer.messages import simulation_number
from steer.shards import LEVELS

__all__ = ["ScratchBeads", "ScratchStore"]


class ScratchStore:
    """What the coordinator asks of a `steer.framestore.FrameStore`, without files.

    Parameters
    ----------
    n_beads : int
    """

    n_damaged = 0

    def __init__(self, n_beads: int) -> None:
        self.n_beads = n_beads
        self._columns = Columns()
        self._positions = np.empty((1024, n_beads, 3), np.float32)
        self._count = 0
        self._stored: dict[str, int] = {}

    def __len__(self) -> int:
        return self._count

    def add(
        self, simulation: str, steps: NDArray[np.int64], timestep: float, positions: NDArray[np.floating]
    ) -> None:
        """Store the frames of one CG simulation, in the order of time.

        Parameters
        ----------
        simulation : str
        steps : ndarray, shape (n,), int64
            Integrator steps since its start.
        timestep : float
            ps.
        positions : ndarray, shape (n, n_beads, 3)
            nm.
        """
        first, last = self._count, self._count + len(steps)
        if last > len(self._positions):
            grown = np.empty((2 * last, self.n_beads, 3), np.float32)
            grown[:first] = self._positions[:first]
            self._positions = grown
        self._positions[first:last] = positions
        self._columns.extend("level", np.full(len(steps), LEVELS.index("cg"), np.uint8))
        self._columns.extend("number", np.full(len(steps), simulation_number(simulation)))
        self._columns.extend("step", steps)
        self._columns.extend("time", steps * timestep)
        self._stored[simulation] = self._stored.get(simulation, 0) + len(steps)
        self._count = last

    def positions(self, rows: slice | NDArray[np.integer]) -> NDArray[np.float32]:
        """Bead positions (n, n_beads, 3) in nm of some rows."""
        return self._positions[: self._count][rows]

    def records(self, rows: list[int]) -> NDArray[np.void]:
        """What `steer.shards.positions_of` and a decision need of records, with positions as they are."""
        records = np.zeros(len(rows), _record(self.n_beads))
        records["step"], records["positions"], records["scale"] = self.step[rows], self._positions[rows], 1.0
        return records

    def simulations(self, rows: list[int]) -> list[str]:
        """Ids of the simulations that rows are from."""
        return [self.simulation(row) for row in rows]

    def is_level(self, level: str, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """Which rows are of a level, shape (n,)."""
        mask: NDArray[np.bool_] = self._columns["level"][rows] == LEVELS.index(level)
        return mask

    @property
    def number(self) -> NDArray[np.uint32]:
        """Number of the simulation, shape (n,)."""
        return self._columns["number"]

    @property
    def step(self) -> NDArray[np.int64]:
        """Integrator steps since the simulation's start, shape (n,)."""
        return self._columns["step"]

    @property
    def time(self) -> NDArray[np.float64]:
        """Simulated time since the simulation's start in ps, shape (n,)."""
        return self._columns["time"]

    def count(self, level: str) -> int:
        """Rows of a level."""
        return self._columns.count(level)

    def simulation(self, row: int) -> str:
        """Id of the simulation that a row is from."""
        return f"cg-{self.number[row]:06d}"

    def frames_of_simulations(self) -> dict[str, int]:
        """How many frames of each simulation are stored."""
        return self._stored

    def verify(self, rows: int) -> bool:
        """Nothing can be damaged, so nothing is left to check."""
        return False

    def missing(self) -> list[Loss]:
        """None."""
        return []


def _record(n_beads: int) -> np.dtype[np.void]:
    single = np.float32
    return np.dtype(
        [("step", np.int64), ("positions", single, (n_beads, 3)), ("scale", single), ("minimum", single, 3)]
    )


class ScratchBeads:
    """A molecule whose structures are kept instead of written.

    Parameters
    ----------
    molecule : BeadMolecule
    """

    def __init__(self, molecule: BeadMolecule) -> None:
        self.n_beads: int = molecule.n_beads
        self.bonded: NDArray[np.int64] = molecule.bonded
        self.bonded_lengths: NDArray[np.float64] = molecule.bonded_lengths
        self.positions: NDArray[np.float64] = molecule.positions
        self.labels: tuple[BeadLabel, ...] = molecule.labels
        self._kept: dict[Path, NDArray[np.float64]] = {}

    def read_pdb(self, path: Path) -> NDArray[np.float64]:
        """Positions (n_beads, 3) in nm."""
        return self._kept[path]

    def write_pdb(self, path: Path, positions: NDArray[np.floating], *, durable: bool = True) -> None:
        """Keep positions (n_beads, 3) in nm under this path."""
        self._kept[path] = np.array(positions, np.float64)
