"""Processor seconds to train and frames a second to encode, for chains with a hinge: `python tests/benchmarks/latent_models.py`.

Molecules of 38 beads (as Trp-cage: 20 residues) and 150 (about 70 residues); one thread; processor time, so that
other work on the machine does not count.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from conformance.hinge import hinge_frames
from numpy.typing import NDArray

from models.features import BeadFeatures
from models.registry import make_trainer

MOLECULES = {38: 20, 150: 70}
FRAMES = (500, 5_000)
ENCODED = 20_000


def protein_frames(count: int, n_residues: int, n_beads: int) -> tuple[BeadFeatures, NDArray[np.float32]]:
    """Frames of a backbone with a hinge and side-chain beads beside every residue but a few."""
    owners = np.sort(np.arange(n_beads - n_residues) % n_residues)
    residues = np.concatenate([np.arange(n_residues), owners])
    order = np.argsort(residues, kind="stable")
    is_backbone = order < n_residues
    rng = np.random.default_rng(count)
    backbone = hinge_frames(count, 0, n_residues).positions
    beads = backbone[:, residues[order]]
    beads[:, ~is_backbone] += rng.normal(0, 0.2, (count, int((~is_backbone).sum()), 3)).astype(np.float32)
    chain, sides = np.flatnonzero(is_backbone).tolist(), np.flatnonzero(~is_backbone).tolist()
    return BeadFeatures.for_molecule(n_beads, [chain], sides), beads


def main() -> None:
    """Print a Markdown table."""
    print(
        "| beads | features | model | frames | training, CPU s | epochs | encode, frames/s | decode error, frames/s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for n_beads, n_residues in MOLECULES.items():
        for kind in ("pca", "vae"):
            for count in FRAMES:
                featurizer, frames = protein_frames(count, n_residues, n_beads)
                started = time.process_time()
                model = make_trainer(kind, featurizer, n_latents=4).fit(frames, version=1, seed=0)
                seconds = time.process_time() - started
                repeated = np.resize(frames, (ENCODED, n_beads, 3))
                rates = []
                for work in (model.encode, model.decode_error):
                    started = time.process_time()
                    work(repeated)
                    rates.append(ENCODED / (time.process_time() - started))
                epochs = model.statistics()["epochs"]
                row = [
                    n_beads,
                    featurizer.n_features,
                    kind,
                    count,
                    f"{seconds:.2f}",
                    epochs,
                    *(f"{r:,.0f}" for r in rates),
                ]
                print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
