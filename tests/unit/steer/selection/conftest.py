"""Asking a selector in one line, and the data on which rules are known to fail."""

from collections.abc import Callable

import numpy as np
import pytest

from steer.selection import Picks, Pool, Yields, ask, make_selector


@pytest.fixture(scope="session")
def pick() -> Callable[..., Picks]:
    """Call a rule by its name, each candidate its own parent, with a fixed seed."""

    def call(name, candidates, selected, count, *, groups=None, cap=1, seed=0, yields=None, closed=()):
        candidates, selected = np.asarray(candidates, float), np.asarray(selected, float)
        if selected.size == 0:
            selected = np.empty((0, candidates.shape[1]))
        groups = np.arange(len(candidates)) if groups is None else np.asarray(groups)
        room = np.full(len(candidates), cap)
        room[list(closed)] = 0
        pool = Pool(candidates, selected, groups, room, yields or Yields())
        return ask(make_selector(name), pool, count, np.random.default_rng(seed))

    return call


class RareClusters:
    """20 rare clusters of 150 far around 3,000 common points, 12 of which were selected before.

    ``cluster`` is each candidate's cluster, -1 for the common ones. One cluster lies a little farther out.
    """

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        radii = np.where(np.arange(20) == 7, 55.0, 50.0)
        centres = radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
        rare = (centres[:, None] + 0.1 * rng.normal(size=(20, 150, 2))).reshape(-1, 2)
        self.candidates = np.concatenate([rng.normal(size=(3000, 2)), rare])
        self.cluster = np.concatenate([np.full(3000, -1), np.repeat(np.arange(20), 150)])
        self.selected = rng.normal(size=(12, 2))

    def found(self, picks: Picks) -> set[int]:
        """Rare clusters with at least one pick."""
        return set(self.cluster[picks.indices].tolist()) - {-1}


@pytest.fixture(scope="session")
def rare_clusters() -> RareClusters:
    return RareClusters()
