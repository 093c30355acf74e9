"""What the campaign selected, in the order of its decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from steer.coverage.data import CoverageData

__all__ = ["Selected", "selected_configurations"]


@dataclass(frozen=True)
class Selected:
    """Configurations that were selected, the input structure first.

    Attributes
    ----------
    points : ndarray, shape (n, d)
        In the newest latent space.
    known : ndarray, shape (n,), int
        CG frames that had arrived when each was selected, at most: when its job, or that of a later choice, began.
    purpose : list of str
        ``input``, ``aa`` (promoted to refinement), ``cg`` (a CG frame as seed) or ``refined`` (an AA result as seed).
    subject : list of str
        Id of the simulation that came of it; empty for the input.
    """

    points: NDArray[np.float32]
    known: NDArray[np.int64]
    purpose: list[str]
    subject: list[str]


def selected_configurations(data: CoverageData) -> Selected:
    """Each seed that steered simulations started from, at its first use, and each promotion."""
    seeds = {seed.id: i for i, seed in enumerate(data.seeds)}
    promoted = {p.simulation: p.frame_row for p in data.promotions if p.frame_row < len(data.points)}
    arrived = np.sort(data.received[data.cg])
    started = {job.key.split(":", 1)[-1]: job.started for job in data.jobs if job.started is not None}
    used = {seed.id for seed in data.seeds if seed.origin == "input"}
    first = [i for i, seed in enumerate(data.seeds) if seed.origin == "input"][:1]
    points, purpose = [data.seed_points[i] for i in first], ["input"] * len(first)
    known, subject = [0] * len(first), [""] * len(first)
    for _, _, text, _ in data.decisions:
        id = text.split(" ", 1)[0]
        simulation = data.simulations.get(id)
        if id in promoted:
            points.append(data.points[promoted[id]])
            purpose.append("aa")
        elif simulation is not None and simulation.seed in seeds and simulation.seed not in used:
            used.add(simulation.seed)
            seed = seeds[simulation.seed]
            points.append(data.seed_points[seed])
            purpose.append("refined" if data.seeds[seed].origin == "aa" else "cg")
        else:
            continue
        subject.append(id)
        known.append(int(np.searchsorted(arrived, started.get(id, np.inf))))
    table = np.array(points, dtype=np.float32).reshape(-1, data.points.shape[1])
    bound = np.minimum.accumulate(np.array(known, dtype=np.int64)[::-1])[::-1]
    return Selected(table, bound, purpose, subject)
