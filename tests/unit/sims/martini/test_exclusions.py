from __future__ import annotations

from sims.martini.exclusions import excluded_pairs
from sims.martini.topology import Atom, Interaction, MoleculeType, VirtualSite


def molecule(depth: int = 1, **fields: object) -> MoleculeType:
    atoms = tuple(Atom(f"B{i}", "P2", 1, "X") for i in range(5))
    return MoleculeType("m", depth, atoms, **fields)  # type: ignore[arg-type]


def bond(i: int, j: int, function: int = 1) -> Interaction:
    return Interaction((i, j), function, (0.3, 1000.0))


def test_bonds_and_constraints_exclude_but_type_6_does_not() -> None:
    kind = molecule(
        bonds=(bond(1, 0), bond(0, 2, 6)),
        constraints=(Interaction((2, 3), 1, (0.3,)), Interaction((3, 4), 2, (0.3,))),
    )
    assert excluded_pairs(kind) == [(0, 1), (2, 3)]


def test_depth_counts_bonds() -> None:
    chain = (bond(0, 1), bond(1, 2), bond(2, 3))
    assert excluded_pairs(molecule(0, bonds=chain)) == []
    assert excluded_pairs(molecule(2, bonds=chain)) == [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]


def test_named_pairs_and_sites_upon_one_bead() -> None:
    kind = molecule(exclusions=((0, 4), (0, 4)), virtual_sites=(VirtualSite(3, (1,), (1.0,)),))
    assert excluded_pairs(kind) == [(0, 4), (1, 3)]
