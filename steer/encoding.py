"""The process that encodes stored frames with a new model: ``python -m steer.encoding``, ordered on stdin.

It reads the frame store while the coordinator writes it, and writes whole blocks of latent points. It leaves alone the
newest rows, those that may be of an append that is not through yet, and ends when it comes near them.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from models.registry import load_model
from steer.framereader import FrameReader
from steer.jobs.lifeline import die_with
from steer.latentfile import BLOCK, LatentFile
from steer.latents import LatentTable
from steer.selection.sanity import sane

__all__ = ["NEAR", "EncodingOrder", "catch_up", "main"]

NEAR = 20_000
"""Newest rows left to the loop: as many as it stores at once."""

NICENESS = 10
"""By which it steps back behind the coordinator, Redis and simulations on the same processors."""

_BLOCKS_AT_ONCE = 2


class EncodingOrder(msgspec.Struct, frozen=True):
    """What to encode, and where to.

    Attributes
    ----------
    parent : int
        Process id of the coordinator, with which this process ends.
    frames, latents, model : str
        Folders of the frame store, of the latent points and of the model.
    pairs : list of (int, int)
        Bonded bead pairs, for the sanity filter.
    lengths : list of float
        Their equilibrium lengths in nm.
    """

    parent: int
    frames: str
    latents: str
    model: str
    pairs: list[tuple[int, int]]
    lengths: list[float]


def main() -> int:
    """Do what stands on stdin; 0 when the latent points are nearly level with the frame store."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=EncodingOrder)
    die_with(order.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    return catch_up(order)


def catch_up(order: EncodingOrder, near: int = NEAR) -> int:
    """Encode all but about the newest `near` rows, block by block; 1 when the disk does not take them, else 0."""
    reader, model = FrameReader(Path(order.frames)), load_model(Path(order.model))
    file = LatentFile(Path(order.latents), Path(order.model), model.n_latents)
    sanity = partial(
        sane, pairs=np.array(order.pairs, int).reshape(-1, 2), lengths=np.array(order.lengths, float)
    )
    table = LatentTable(model, reader, sanity, file)
    while True:
        target = (reader.refresh() - near) // BLOCK * BLOCK
        if target - len(table) < max(near, BLOCK) and not table.holes:
            return 0
        while len(table) < target or table.holes:
            table.advance(BLOCK * min(_BLOCKS_AT_ONCE, max(1, (target - len(table)) // BLOCK)))
            if not table.is_kept:
                return 1


if __name__ == "__main__":
    sys.exit(main())
