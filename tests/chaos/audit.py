"""The books, kept by somebody else: what is on disk, read with sqlite3, numpy and mdtraj and not through the product.

Two questions. *While the campaign runs:* is every frame that a simulation has behind it somewhere (its trajectory, the
outbox of its job, the stream in Redis, the frame store), and no frame stored twice? *At its end:* are the accounts
those that the campaign file asks for, which is what an undisturbed campaign ends with?
"""

from __future__ import annotations

import json
import re
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mdtraj.formats import XTCTrajectoryFile

from steer.exceptions import FrameError
from steer.frames import decode

__all__ = [
    "Accounts",
    "accounts",
    "doubled",
    "expected_frames",
    "failed_jobs",
    "jobs_counted_twice",
    "rows",
    "stored",
    "trajectory_steps",
    "under_way",
]

Identity = tuple[str, int]
LEVELS = ("cg", "aa")


@dataclass(frozen=True)
class Accounts:
    """What a campaign came to, as far as that does not depend on which worker was faster.

    Attributes
    ----------
    cg_simulations, cg_frames : int
        Simulations that are done, and their frames in the store.
    refinements, aa_frames : int
        Accepted refinements, and their frames in the store.
    aa_seeds : int
        Seeds that refinements gave.
    failed : int
        Jobs that failed.
    open : int
        Jobs that never ended, trainings apart: the end of a campaign cancels one that is not needed any more.
    """

    cg_simulations: int
    cg_frames: int
    refinements: int
    aa_frames: int
    aa_seeds: int
    failed: int
    open: int


def rows(root: Path, query: str) -> list[tuple[Any, ...]]:
    """Answer of the journal to a query; none while it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{root / 'journal.db'}?mode=ro", uri=True, timeout=10)) as journal:
            return journal.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def stored(root: Path) -> Counter[Identity]:
    """How often each frame is in the frame store."""
    try:
        layout = json.loads((root / "frames" / "shards.json").read_text())
    except FileNotFoundError:
        return Counter()
    dtype = np.dtype([(field[0], field[1], *map(tuple, field[2:])) for field in layout["dtype"]])
    count: Counter[Identity] = Counter()
    for shard in sorted((root / "frames").glob("shard-*.bin")):
        data = shard.read_bytes()
        records = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype)
        count.update(
            (f"{LEVELS[level]}-{number:06d}", step)
            for level, number, step in zip(
                records["level"].tolist(), records["number"].tolist(), records["step"].tolist(), strict=True
            )
        )
    return count


def doubled(root: Path) -> set[Identity]:
    """Frames that are stored more than once."""
    return {identity for identity, times in stored(root).items() if times > 1}


def failed_jobs(root: Path) -> set[str]:
    """Jobs that were given up."""
    return {key for (key,) in rows(root, "SELECT key FROM jobs WHERE state = 'failed'")}


def jobs_counted_twice(root: Path) -> set[str]:
    """Refinements that gave more than one seed, which is what counting the end of one twice comes to."""
    query = "SELECT parent FROM seeds WHERE origin = 'aa' GROUP BY parent HAVING count(*) > 1"
    return {parent for (parent,) in rows(root, query)}


def under_way(root: Path, stream: Iterable[bytes], every: dict[str, int]) -> set[Identity]:
    """Frames that simulations have behind them and that are nowhere.

    Frames go from outbox to Redis to the store; looked at in this order none is missed on its way.

    Parameters
    ----------
    root : Path
    stream : iterable of bytes
        Reads the messages in Redis, when it is asked.
    every : dict of str to int
        Steps between frames, by level.
    """
    behind = {
        (folder.name, step)
        for folder in _simulations(root)
        for step in range(every[folder.name[:2]], _last_state(folder) + 1, every[folder.name[:2]])
    }
    there = {
        identity for folder in _simulations(root) for identity in _identities(_outbox(folder / "outbox"))
    }
    there |= set(_identities(stream))
    return behind - there - set(stored(root))


def expected_frames(root: Path, every: dict[str, int]) -> set[Identity]:
    """The frames that the simulations which are done should have given."""
    done = rows(root, "SELECT id, level, steps FROM simulations WHERE state = 'done'")
    return {(id, step) for id, level, steps in done for step in range(every[level], steps + 1, every[level])}


def trajectory_steps(folder: Path) -> list[int]:
    """Steps of the frames in a simulation's own trajectory, in its order."""
    steps: list[int] = []
    for part in sorted(folder.glob("frames-*.xtc")):
        with XTCTrajectoryFile(str(part)) as file:
            steps += file.read()[2].tolist()
    return steps


def accounts(root: Path) -> Accounts:
    """The accounts of a campaign directory."""
    frames = Counter(simulation for simulation, _ in stored(root))
    done = [id for (id,) in rows(root, "SELECT id FROM simulations WHERE state = 'done'")]
    (failed,), (open_,), (seeds,) = (
        rows(root, f"SELECT count(*) FROM {what}")[0]
        for what in (
            "jobs WHERE state = 'failed'",
            "jobs WHERE state NOT IN ('done', 'failed') AND kind != 'train'",
            "seeds WHERE origin = 'aa'",
        )
    )
    cg, aa = ([id for id in done if id.startswith(level)] for level in LEVELS)
    return Accounts(
        cg_simulations=len(cg),
        cg_frames=sum(frames[id] for id in cg),
        refinements=len(aa),
        aa_frames=sum(frames[id] for id in aa),
        aa_seeds=seeds,
        failed=failed,
        open=open_,
    )


def _simulations(root: Path) -> list[Path]:
    return sorted(folder for level in LEVELS for folder in (root / level).glob(f"{level}-*"))


def _last_state(folder: Path) -> int:
    found = (re.fullmatch(r"state-([0-9]+)\.xml", path.name) for path in folder.iterdir())
    return max((int(match[1]) for match in found if match), default=0)


def _outbox(path: Path) -> Iterator[bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    while len(data) >= 8:
        length, _ = struct.unpack_from("<II", data)
        yield data[8 : 8 + length]
        data = data[8 + length :]


def _identities(messages: Iterable[bytes]) -> Iterator[Identity]:
    for message in messages:
        try:
            yield decode(message).identity
        except FrameError:
            continue
