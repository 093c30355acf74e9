"""Which simulations are independent of each other: those that descend from different beginnings.

A steered simulation starts from a place that an earlier one found, so it is no new sample of what the campaign could
have done. All that descend from one simulation of the input structure, through seeds and refinements, are a *family*;
the families are what is resampled for error bands. What remains shared: a selection looks at the frames of all
families, and the latent model was trained on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from steer.journal import Promotion, Seed, Simulation

__all__ = ["families_of", "founders"]


def founders(
    seeds: Sequence[Seed], simulations: Iterable[Simulation], promotions: Sequence[Promotion]
) -> dict[str, str]:
    """The first simulation of the line that each simulation, coarse-grained or refinement, belongs to, by their ids."""
    parent_of_seed = {seed.id: seed.parent for seed in seeds}
    parent = {promotion.simulation: promotion.source for promotion in promotions}
    known = list(simulations)
    for simulation in known:
        above = parent_of_seed.get(simulation.seed) if simulation.seed is not None else None
        if above is not None:
            parent[simulation.id] = above
    found: dict[str, str] = {}
    for simulation in known:
        line = [simulation.id]
        while line[-1] not in found and line[-1] in parent:
            line.append(parent[line[-1]])
        first = found.get(line[-1], line[-1])
        found.update(dict.fromkeys(line, first))
    return found


def families_of(number: NDArray[np.integer], founder: Mapping[str, str]) -> NDArray[np.int64]:
    """Number of the founder of each CG simulation, shape (n,); its own where the journal does not know it.

    Parameters
    ----------
    number : ndarray, shape (n,), int
        Of CG simulations.
    founder : mapping of str to str
        As `founders` gives it.
    """
    numbers, index = np.unique(np.asarray(number), return_inverse=True)
    table = [int(founder.get(f"cg-{n:06d}", f"cg-{n:06d}")[3:]) for n in numbers]
    return np.array(table, dtype=np.int64)[index.reshape(-1)]
