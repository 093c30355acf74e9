"""The lineage of seeds as a tree: what came from what, from the input structure on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steer.journal import Promotion, Seed, Simulation

__all__ = ["LineageNode", "lineage"]


@dataclass(frozen=True)
class LineageNode:
    """One seed, CG simulation or refinement.

    Attributes
    ----------
    id : str
        ``seed 3``, ``cg-000012`` or ``aa-000003``.
    kind : str
        ``input``, ``frame`` (a seed made of a CG frame), ``cg``; of a refinement ``aa`` (accepted), ``open``,
        ``rejected`` or ``failed``.
    parent : str or None
    depth : int
        Hops from the input.
    height : float
        Where it stands among the leaves: leaves at 0, 1, 2, …, parents in the middle of their children.
    """

    id: str
    kind: str
    parent: str | None
    depth: int
    height: float


def lineage(
    seeds: Sequence[Seed], simulations: Sequence[Simulation], promotions: Sequence[Promotion]
) -> list[LineageNode]:
    """The tree, parents before children.

    A refinement and the seed that its end state gives are one node: the refinement.
    """
    kinds, parents = _links(seeds, simulations, promotions)
    children: dict[str | None, list[str]] = {}
    for id, parent in parents.items():
        children.setdefault(parent, []).append(id)
    depth = dict.fromkeys(children.get(None, []), 0)
    order = list(depth)
    for id in order:
        for child in children.get(id, []):
            depth[child] = depth[id] + 1
            order.append(child)
    height = _heights(children.get(None, []), children)
    return [LineageNode(id, kinds[id], parents[id], depth[id], height[id]) for id in order]


def _links(
    seeds: Sequence[Seed], simulations: Sequence[Simulation], promotions: Sequence[Promotion]
) -> tuple[dict[str, str], dict[str, str | None]]:
    node_of_seed = {
        seed.id: seed.parent if seed.origin == "aa" and seed.parent else f"seed {seed.id}" for seed in seeds
    }
    source = {promotion.simulation: promotion.source for promotion in promotions}
    kinds: dict[str, str] = {}
    parents: dict[str, str | None] = {}
    for seed in seeds:
        if seed.origin != "aa":
            kinds[node_of_seed[seed.id]] = "input" if seed.origin == "input" else "frame"
            parents[node_of_seed[seed.id]] = seed.parent
    for simulation in simulations:
        if simulation.level == "cg":
            kinds[simulation.id] = "cg"
            parents[simulation.id] = node_of_seed.get(simulation.seed) if simulation.seed else None
        else:
            kinds[simulation.id] = "aa" if simulation.state == "done" else simulation.state
            parents[simulation.id] = source.get(simulation.id)
    return kinds, parents


def _heights(roots: Sequence[str], children: dict[str | None, list[str]]) -> dict[str, float]:
    height: dict[str, float] = {}
    leaves = 0
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        id, below_done = stack.pop()
        below = children.get(id, [])
        if below_done:
            height[id] = (height[below[0]] + height[below[-1]]) / 2
        elif below:
            stack.append((id, True))
            stack.extend((child, False) for child in reversed(below))
        else:
            height[id] = float(leaves)
            leaves += 1
    return height
