"""DynIm's measure seen from farther off: over eighty selected points instead of ten.

With ten, the sixteen starts of one round make a place look well known within that round, and the rule moves on before
any of them can have crossed. A way out that is high or narrow takes many starts: over eighty it is given up only after
about that many. A small place that is left at once costs as many, so that a batch reaches fewer of those.
"""

from __future__ import annotations

from steer.selection.dynim_batch import DynImBatch

__all__ = ["DynImWide"]


class DynImWide(DynImBatch):
    """Mean distance to the eighty nearest selected points, the picks of this batch included."""

    name = "dynim_wide"
    neighbours = 80
