"""Beads by name: ``A:12:BB`` (chain, residue, bead), ``12:BB`` where that is one bead, or their number in topology.pdb."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from sims.martini.beadpdb import BeadLabel

__all__ = ["find_beads"]


def find_beads(names: Sequence[str | int], labels: Sequence[BeadLabel]) -> list[int]:
    """Indices from zero of beads that a person named.

    Parameters
    ----------
    names : sequence of str or int
        ``A:12:BB``, ``12:BB``, or a number from one as in the second column of ``topology.pdb``.
    labels : sequence of BeadLabel
        Of all beads, in order.

    Raises
    ------
    ValueError
        When a name fits no bead, with the nearest that does, or more than one.
    """
    known: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        short = f"{label.residue_id}:{label.name}"
        for name in (short, f"{label.chain}:{short}"):
            known.setdefault(name, []).append(index)
    return [_find(name, known, len(labels)) for name in names]


def _find(name: str | int, known: dict[str, list[int]], count: int) -> int:
    if isinstance(name, int):
        if not 1 <= name <= count:
            raise ValueError(f"there is no bead {name}; they are numbered from 1 to {count}")
        return name - 1
    found = known.get(name, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{name!r} names {len(found)} beads; say which by the chain, as in 'A:{name}'")
    nearest = get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "; expected a name like 'A:12:BB' or a number"
    raise ValueError(f"there is no bead {name!r}{hint}")
