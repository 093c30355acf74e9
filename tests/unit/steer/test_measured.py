"""Distances of stored frames to a target."""

import numpy as np
import pytest

from sims.collective import make_collective
from steer import measured
from steer.config.selection import Target
from steer.measured import Measured


class Frames:
    """Two beads at growing distance."""

    def __init__(self, count: int) -> None:
        self.count, self.reads = count, 0

    def __len__(self) -> int:
        return self.count

    def positions(self, rows: slice) -> np.ndarray:
        steps = np.arange(self.count)[rows]
        self.reads += len(steps)
        return np.stack([np.zeros((len(steps), 3)), steps[:, None] * [1.0, 0, 0]], axis=1).astype(np.float32)


def costs_of(frames, **direction):
    target = Target(collective="ends", **direction)
    return Measured(frames, make_collective("distance", [0, 1], 2), target)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [({"towards": 3.0}, [3, 2, 1, 0, 1]), ({"away_from": 0.0}, [0, -1, -2, -3, -4])],
)
def test_nearer_costs_less_and_to_leave_farther_costs_less(direction, expected):
    assert costs_of(Frames(5), **direction).costs(5).tolist() == expected


def test_every_frame_is_read_once_in_blocks(monkeypatch):
    monkeypatch.setattr(measured, "AT_ONCE", 3)
    frames = Frames(10)
    costs = costs_of(frames, towards=9.0)
    assert costs.costs(4).tolist() == [9, 8, 7, 6]
    assert costs.costs(10).tolist() == list(range(9, -1, -1))
    assert costs.costs(2).tolist() == [9, 8]
    assert frames.reads == 10
