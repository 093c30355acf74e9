"""DynIm's measure over eighty selected points instead of ten: what is far from all that was begun lately, not from a few.

With ten, sixteen starts a round make a place look well known within that round, and the rule moves on before any of
them can have crossed. A way out that is narrow or steep takes many starts: with eighty it keeps a share of them until about
that many were spent on it. And a wide wall, however far out, is given up after as many, where with ten there is always
another stretch of it that is new.
"""

from __future__ import annotations

from steer.selection.dynim_batch import DynImBatch

__all__ = ["Frontier"]


class Frontier(DynImBatch):
    """Mean distance to the eighty nearest selected points, the picks of this batch included."""

    name = "frontier"
    neighbours = 80
