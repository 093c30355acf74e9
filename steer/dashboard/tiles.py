"""A picture of a part of the map, as bytes: what the page turns into pixels with the colours of its theme.

A tile is a little-endian uint32 that tells the length of a JSON header, the header, and one byte a bin, row by row
from the bottom: 0 where there is nothing, otherwise 1 to 255. For the density that is the logarithm of the count, for
anything else the mean, both between the bounds that the header tells.
"""

from __future__ import annotations

import struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from steer.dashboard.binning import Binned

__all__ = ["tile"]

OUTLIERS = 0.01
"""Share of the bins on either side that the colours do not follow."""


def tile(binned: Binned, **header: object) -> bytes:
    """The bytes of a tile.

    Parameters
    ----------
    binned : Binned
    **header
        Goes into the header as it is, beside ``width``, ``height``, ``count`` (points shown), ``low`` and ``high``.
    """
    occupied = binned.counts > 0
    if binned.means is None:
        low, high = 1.0, float(binned.counts.max(initial=1))
        scaled = np.log(np.maximum(binned.counts, 1)) / max(np.log(high), 1e-9)
    else:
        low, high = _bounds(binned.means[occupied])
        scaled = (np.where(occupied, binned.means, low) - low) / max(high - low, 1e-300)
    shades = np.where(occupied, 1 + np.rint(254 * np.clip(scaled, 0, 1)), 0).astype(np.uint8)
    height, width = shades.shape
    text = msgspec.json.encode(
        {
            "width": width,
            "height": height,
            "count": int(binned.counts.sum()),
            "low": low,
            "high": high,
            **header,
        }
    )
    return struct.pack("<I", len(text)) + text + shades.tobytes()


def _bounds(means: NDArray[np.float64]) -> tuple[float, float]:
    if not len(means):
        return 0.0, 1.0
    low, high = np.quantile(means, [OUTLIERS, 1 - OUTLIERS])
    return float(low), float(high)
