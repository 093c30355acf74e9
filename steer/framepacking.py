"""Coordinates of a frame as bytes: whole multiples of `RESOLUTION`, plain or deflated.

Counts begin at the frame's minimum along each axis, so they never wrap: unsigned 16-bit ones, or 32-bit ones where the
molecule is larger than 65.5 nm. Deflated ones are differences from bead to bead with the sign in the lowest bit, as three
runs of one axis each, their bytes sorted by significance.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from steer.exceptions import FrameError

__all__ = ["RESOLUTION", "Dtype", "Packing", "pack_counts", "unpack_counts"]

RESOLUTION = 0.001
"""nm; coordinates travel as whole multiples of this."""

LEAST_DEFLATED = 256
"""Beads below which nothing is deflated: it saves a fiftieth of 150 beads, and costs both ends more than all the rest."""

BEADS_AT_ONCE = 2**15
"""Beads unpacked together: what is made on the way stays in the processor's cache."""

Dtype = Literal["u2", "u4"]
Packing = Literal["plain", "deflated"]


def pack_counts(counts: NDArray[np.unsignedinteger]) -> tuple[Packing, bytes]:
    """Counts of one frame, shape (n_beads, 3), as they travel: deflated when there are many and that is smaller."""
    plain = counts.tobytes()
    if len(counts) < LEAST_DEFLATED:
        return "plain", plain
    columns = counts.view(np.dtype(counts.dtype.str.replace("u", "i")))
    differences = columns.T.copy()
    differences[:, 1:] -= columns.T[:, :-1]
    folded = (differences << 1) ^ (differences >> (8 * columns.dtype.itemsize - 1))
    planes = folded.view(np.uint8).reshape(-1, columns.dtype.itemsize).T
    deflated = zlib.compress(planes.tobytes(), 1)
    return ("deflated", deflated) if len(deflated) < len(plain) else ("plain", plain)


def plain_bytes(payload: bytes, packing: str, n_beads: int, dtype: str) -> bytes:
    """The payload of a message, inflated.

    Raises
    ------
    FrameError
        When it is not as long as announced, or cannot be inflated.
    """
    size = n_beads * 3 * (2 if dtype == "u2" else 4)
    if packing == "deflated":
        payload = _inflate(payload, size)
    if len(payload) != size:
        raise FrameError(f"A frame of {n_beads} beads has {len(payload)} bytes of coordinates, not {size}.")
    return payload


def unpack_counts(
    payloads: Sequence[bytes], deflated: NDArray[np.bool_], n_beads: int, dtype: str
) -> NDArray[Any]:
    """Counts of many frames.

    Parameters
    ----------
    payloads : sequence of bytes
        Of `plain_bytes`.
    deflated : ndarray, shape (n,), bool
        Which of them were.
    n_beads : int
    dtype : {"u2", "u4"}

    Returns
    -------
    ndarray, shape (n, n_beads, 3), uint16 or uint32
    """
    unsigned = np.dtype(f"<{dtype}")
    if not deflated.any():
        return np.frombuffer(b"".join(payloads), unsigned).reshape(len(payloads), n_beads, 3)
    counts = np.empty((len(payloads), n_beads, 3), unsigned)
    plain = np.flatnonzero(~deflated)
    if len(plain):
        data = b"".join([payloads[place] for place in plain.tolist()])
        counts[plain] = np.frombuffer(data, unsigned).reshape(len(plain), n_beads, 3)
    places, at_once = np.flatnonzero(deflated), max(1, BEADS_AT_ONCE // n_beads)
    for start in range(0, len(places), at_once):
        part = places[start : start + at_once]
        counts[part] = _summed(
            b"".join([payloads[place] for place in part.tolist()]), len(part), n_beads, unsigned
        )
    return counts


def _summed(data: bytes, n: int, n_beads: int, unsigned: np.dtype[Any]) -> NDArray[Any]:
    planes = np.frombuffer(data, dtype=np.uint8).reshape(n, unsigned.itemsize, -1)
    folded = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(unsigned).reshape(n, 3, n_beads)
    differences = (folded >> 1) ^ -(folded & 1)
    return np.cumsum(differences, axis=2, dtype=unsigned).transpose(0, 2, 1)


def _inflate(payload: bytes, size: int) -> bytes:
    """Never more than one byte beyond what the header announces, whatever the payload would swell to."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(payload, size + 1)
    except zlib.error as error:
        raise FrameError(f"The coordinates of a frame message cannot be inflated: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise FrameError("The coordinates of a frame message are not what its header announces.")
    return plain
