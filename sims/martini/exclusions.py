"""Which pairs within a molecule do not interact by nonbonded forces."""

from __future__ import annotations

from collections import defaultdict, deque

from sims.martini.topology import MoleculeType

__all__ = ["excluded_pairs"]

# Bonds of type 6 and constraints of type 2 tie two beads together without making them neighbours.
_NEIGHBOUR_BONDS = frozenset({1, 2})
_NEIGHBOUR_CONSTRAINTS = frozenset({1})


def excluded_pairs(molecule: MoleculeType) -> list[tuple[int, int]]:
    """Pairs of one molecule that are excluded, ascending, each once and smaller index first.

    These are the pairs up to ``exclusion_depth`` bonds apart, those named by the molecule, and each virtual site built
    from a single bead with that bead, since the two share one place.
    """
    pairs = set(molecule.exclusions)
    neighbours = _neighbours(molecule)
    for first in neighbours:
        pairs.update(
            (first, other) for other in _within(first, molecule.exclusion_depth, neighbours) if other > first
        )
    for site in molecule.virtual_sites:
        if len(site.parents) == 1:
            pairs.add((min(site.site, site.parents[0]), max(site.site, site.parents[0])))
    return sorted(pairs)


def _neighbours(molecule: MoleculeType) -> dict[int, set[int]]:
    neighbours: dict[int, set[int]] = defaultdict(set)
    links = [bond.atoms for bond in molecule.bonds if bond.function in _NEIGHBOUR_BONDS]
    links += [link.atoms for link in molecule.constraints if link.function in _NEIGHBOUR_CONSTRAINTS]
    for first, second in links:
        neighbours[first].add(second)
        neighbours[second].add(first)
    return dict(neighbours)


def _within(start: int, depth: int, neighbours: dict[int, set[int]]) -> set[int]:
    """Beads at most `depth` bonds from `start`."""
    distance = {start: 0}
    queue = deque([start])
    while queue:
        bead = queue.popleft()
        if distance[bead] == depth:
            continue
        for other in neighbours[bead]:
            if other not in distance:
                distance[other] = distance[bead] + 1
                queue.append(other)
    return set(distance)
