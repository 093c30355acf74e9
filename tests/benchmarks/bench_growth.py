"""What a coordinator keeps for each frame, and what a second's frames cost it, as a campaign grows beyond what fits a disk.

Run it as ``python tests/benchmarks/bench_growth.py [--rows 10000000 30000000]``. The tables are the coordinator's own
(latent points, columns, identities, cells, discoveries, candidates and what is known of their distances); the frames
are not: their latent points are drawn at random, and no positions are stored, so that sizes can be reached for which
frames of 1 kB would fill the disk. Frames come as 24,000 simulations give them in turn. Printed for each size are bytes
a frame, by table and as the process has them, and processor time of one more second of 24,000 frames, of the first
choice of 100 and of a later one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from steer.candidates import CandidateTable
from steer.columns import Columns
from steer.coverage.cells import CellCounter
from steer.discoveries import Discoveries
from steer.identities import IdentityIndex, Runs, identity_keys
from steer.latentfile import LatentRows
from steer.selection import make_selector
from steer.selection.protocol import Pool

SIMULATIONS = 24_000
AT_ONCE = 240_000
DIMENSIONS = 4
PICKS = 100


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 30_000_000])
    options = parser.parse_args()
    before = resident()
    campaign = Campaign()
    print("| frames | by table, bytes a frame | the process, bytes a frame | 24,000 more frames, s "
          "| 100 picks: first, next, s | slowest 240,000 frames, s |\n|---|---|---|---|---|---|")  # fmt: skip
    for rows in options.rows:
        slowest = 0.0
        while campaign.count < rows:
            slowest = max(slowest, timed(campaign.add, min(AT_ONCE, rows - campaign.count)))
        first, later = timed(campaign.choose), timed(campaign.choose)
        second = timed(campaign.add, SIMULATIONS)
        sizes = ", ".join(f"{name} {size / campaign.count:.2f}" for name, size in campaign.sizes().items())
        print(
            f"| {campaign.count:,} | {sizes} | {(resident() - before) / campaign.count:.1f} | {second:.2f} "
            f"| {first:.2f}, {later:.2f} | {slowest:.2f} |",
            flush=True,
        )


class Campaign:
    """The tables that grow, filled as a coordinator fills them; it is its own frame store and latent table."""

    def __init__(self) -> None:
        self.count = 0
        self._rng = np.random.default_rng(1)
        self._latents = LatentRows.empty(1024, DIMENSIONS)
        self._columns, self._index = Columns(), IdentityIndex(Runs.none())
        self._cells, self._discoveries = (
            CellCounter.scaled_to(self._rng.normal(size=(100_000, DIMENSIONS))),
            Discoveries(),
        )
        self._promoted: list[int] = []
        self._candidates = CandidateTable(self, self)

    @property
    def points(self) -> np.ndarray:
        return self._latents.points[: self.count]

    @property
    def sane(self) -> np.ndarray:
        return self._latents.sane[: self.count]

    @property
    def number(self) -> np.ndarray:
        return self._columns["number"]

    def __len__(self) -> int:
        return self.count

    def is_level(self, level: str, rows: slice) -> np.ndarray:
        return self._columns["level"][rows] == 0

    def add(self, count: int) -> None:
        """So many frames more, of each simulation in turn."""
        rows = np.arange(self.count, self.count + count)
        numbers, steps = rows % SIMULATIONS + 1, rows // SIMULATIONS * 1000
        keys = identity_keys(0, numbers, steps)
        assert self._index.fresh(keys).all()
        self._index.add(keys)
        self._columns.extend("level", np.zeros(count, np.uint8))
        self._columns.extend("number", numbers.astype(np.uint32))
        self._reserve(self.count + count)
        part = slice(self.count, self.count + count)
        self._latents.points[part] = self._rng.normal(size=(count, DIMENSIONS))
        self._latents.errors[part], self._latents.sane[part] = 1.0, True
        self.count += count
        discovered = np.zeros(count, bool)
        discovered[self._cells.add(self.points) - part.start] = True
        self._discoveries.add(numbers, discovered)

    def choose(self) -> None:
        """What a decision does with the candidates, and its picks."""
        table = self._candidates
        table.update(self._promoted, np.zeros((1, DIMENSIONS), np.float32))
        pool = Pool(table.points, self.points[self._promoted], parents=table.parents, room=np.where(table.free, PICKS, 0),
                    reach=table.promoted)  # fmt: skip
        picks = make_selector("farthest_point").select(pool, PICKS, self._rng)
        self._promoted += table.rows[picks.indices].tolist()

    def sizes(self) -> dict[str, int]:
        """Bytes of each table."""
        table = self._candidates
        return {
            "latent points": sum(array[: self.count].nbytes for array in self._latents.arrays()),
            "columns": sum(self._columns[name].nbytes for name in self._columns._arrays),
            "identities": self._index.nbytes,
            "candidates": sum(a.nbytes for a in (table.points, table.rows, table.parents, table.free)),
            "distances": sum(
                sum(a.nbytes for a in reach.known[1:]) for reach in (table.promoted, table.started)
            ),
        }

    def _reserve(self, rows: int) -> None:
        if rows <= len(self._latents.points):
            return
        grown = LatentRows.empty(max(rows, 2 * len(self._latents.points)), DIMENSIONS)
        for new, old in zip(grown.arrays(), self._latents.arrays(), strict=True):
            new[: self.count] = old[: self.count]
        self._latents = grown


def timed(work: Callable[..., object], *arguments: int) -> float:
    """s of processor time."""
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


def resident() -> int:
    """Bytes of memory that this process alone has."""
    with open("/proc/self/status", encoding="ascii") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))


if __name__ == "__main__":
    main()
