"""Secondary structure of proteins by DSSP (Kabsch and Sander, Biopolymers 22, 2577 (1983)), computed by mdtraj.

One letter a residue: H, G and I helices, E strand, B bridge, T turn, S bend, C coil. Residues that DSSP cannot judge,
those that lack a backbone oxygen among them, count as coil.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from openmm.app import Topology

__all__ = ["LETTERS", "secondary_structure", "secondary_structures"]

LETTERS = "HGIEBTSC"
"""The letters in use."""


def secondary_structure(topology: Topology, positions: NDArray[np.floating]) -> str:
    """Secondary structure of one conformation.

    Parameters
    ----------
    topology : openmm.app.Topology
        Every residue that should be judged has N, CA, C and O.
    positions : ndarray, shape (n_atoms, 3)
        nm, molecules whole.

    Returns
    -------
    str
        One letter of `LETTERS` for each residue of the topology, in its order.
    """
    return secondary_structures(topology, np.asarray(positions)[None])[0]


def secondary_structures(topology: Topology, xyz: NDArray[np.floating]) -> list[str]:
    """Secondary structure of each frame of a trajectory.

    Parameters
    ----------
    topology : openmm.app.Topology
    xyz : ndarray, shape (n_frames, n_atoms, 3)
        nm, molecules whole.

    Returns
    -------
    list of str
        One string a frame, one letter a residue.
    """
    import mdtraj

    trajectory = mdtraj.Trajectory(np.asarray(xyz, dtype=np.float32), mdtraj.Topology.from_openmm(topology))
    assigned = mdtraj.compute_dssp(trajectory, simplified=False)
    return ["".join(code if code in LETTERS else "C" for code in frame) for frame in assigned]
