"""Backmapping with mstool, in a process of its own, behind the `Backmapper` seam.

mstool (GPL-3) knows nothing of our topology: it gets beads with CHARMM residue names and answers with CHARMM atoms.
Its heavy atoms are put into our order; hydrogens, and with them protonation, are laid on from the reference
conformation; a last minimisation closes disulfides and draws the structure to its beads.

References
----------
S. Kim, mstool: reverse mapping with isomer torsions, https://mstool.readthedocs.io.
"""

from __future__ import annotations

import json
import logging
import os
import string
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.backmap.anatomy import Anatomy
from sims.backmap.beads import BeadPlaces, check_beads
from sims.backmap.fragments import complete
from sims.backmap.protocol import BackmapRequest
from sims.backmap.relax import Relaxer, RelaxSettings
from sims.exceptions import BackmapError
from sims.files import write_atomic
from sims.structure import charmm_residue_names

__all__ = ["Mstool"]

log = logging.getLogger(__name__)

TIMEOUT = 1200.0
"""Seconds after which mstool is given up on; it takes 10 to 240 for 20 residues, depending on the machine."""
_SHORTEST = 3
"""Residues; mstool builds a backbone from the two neighbours of each."""
_SPELLING = {"ASPP": "ASP", "GLUP": "GLU", "LSN": "LYS", "CYM": "CYS", "CYX": "CYS"}
_BACKBONE = frozenset({"N", "CA", "C", "O", "OXT"})
_TO_CHARMM = {("ILE", "CD1"): "CD"}


class Mstool:
    """The `Backmapper` that runs mstool.

    Parameters
    ----------
    directory : Path, optional
        Where the log of each run is kept, ``mstool-SEED.log``; nowhere when absent.
    timeout : float, optional
        Seconds one run may take.
    settings : RelaxSettings, optional
        Of the closing minimisations.
    """

    name = "mstool"

    def __init__(
        self, directory: Path | None = None, timeout: float = TIMEOUT, settings: RelaxSettings | None = None
    ) -> None:
        self._directory, self._timeout, self._settings = directory, timeout, settings

    def backmap(self, request: BackmapRequest) -> NDArray[np.float32]:
        """Atom positions for these beads; see `Backmapper.backmap`. The same seed gives the same answer."""
        check_beads(self.name, request)
        anatomy = Anatomy(request.structure.topology)
        translation = _Translation(request, anatomy)
        answer = self._run(translation.question(), request.seed)
        _log_flipped(answer["flipped"], request.seed)
        whole = complete(request.structure.positions, translation.heavy_atoms(answer["atoms"]), anatomy)
        relaxer = Relaxer(self.name, request, anatomy, self._settings)
        return relaxer.full(relaxer.soft(whole)).astype(np.float32)

    def _run(self, question: dict[str, Any], seed: int) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="mstool-") as name:
            folder = Path(name)
            request, answer = folder / "request.json", folder / "answer.json"
            request.write_text(json.dumps({**question, "seed": seed}), encoding="utf-8")
            log_file = folder / "mstool.log"
            status = self._wait_for([str(request), str(answer), str(os.getpid())], folder, log_file)
            if self._directory is not None:
                write_atomic(self._directory / f"mstool-{seed}.log", log_file.read_bytes())
            if status != 0 or not answer.exists():
                raise BackmapError(
                    self.name, f"its process ended with status {status}: {_last_line(log_file)}"
                )
            found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
            return found

    def _wait_for(self, arguments: list[str], folder: Path, log_file: Path) -> int:
        command = [sys.executable, "-m", "sims.backmap.mstool_child", *arguments]
        with log_file.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                # mstool walks over sets of names while it draws random numbers.
                env=os.environ | {"PYTHONHASHSEED": "0"},
            )
            try:
                return process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                raise BackmapError(self.name, f"it took longer than {self._timeout:g} s.") from None
            finally:
                process.kill()
                process.wait()


class _Translation:
    """Between our topology and the residues, chains and atom names that mstool speaks of."""

    def __init__(self, request: BackmapRequest, anatomy: Anatomy) -> None:
        self._request, self._anatomy = request, anatomy
        self._places = BeadPlaces(request.mapping, anatomy)
        self._names = [_SPELLING.get(name, name) for name in charmm_residue_names(request.structure.topology)]
        self._atoms = [
            {atom.name: atom.index for atom in residue.atoms() if anatomy.heavy[atom.index]}
            for residue in request.structure.topology.residues()
        ]
        self._segments = _segments(anatomy)
        self._address = {
            residue: (_chain_name(chain), number)
            for chain, segment in enumerate(self._segments)
            for number, residue in enumerate(segment, start=1)
        }
        self._check_segments()

    def question(self) -> dict[str, Any]:
        """Beads by chain and residue, bead members by residue name, and disulfides, as JSON types."""
        return {
            "chains": [
                {"id": _chain_name(chain), "residues": [self._residue(residue) for residue in segment]}
                for chain, segment in enumerate(self._segments)
            ],
            "mapping": self._members(),
            "disulfides": [
                [part for atom in pair for part in self._address[int(self._anatomy.residue_of[atom])]]
                for pair in self._request.structure.disulfides
            ],
        }

    def heavy_atoms(self, answer: list[list[Any]]) -> NDArray[np.float64]:
        """Positions in our order; NaN where mstool has no such atom (every hydrogen).

        Raises
        ------
        BackmapError
            When a heavy atom is missing or not finite.
        """
        found = {(chain, number, name): point for chain, number, name, *point in answer}
        positions = np.full((self._anatomy.n_atoms, 3), np.nan)
        for residue, atoms in enumerate(self._atoms):
            for name, index in atoms.items():
                point = found.get((*self._address[residue], self._charmm_atom(residue, name)))
                if point is None or not np.isfinite(point).all():
                    label = self._anatomy.atom_labels[index]
                    raise BackmapError(Mstool.name, f"its structure has no usable position for {label}.")
                positions[index] = point
        return positions

    def _residue(self, residue: int) -> dict[str, Any]:
        beads = self._places.of_residue(residue)
        points = self._request.beads[beads].astype(float).tolist()
        return {
            "name": self._names[residue],
            "beads": dict(zip(_bead_names(len(beads)), points, strict=True)),
        }

    def _members(self) -> dict[str, dict[str, list[str]]]:
        """Side-chain heavy atoms of each bead by residue name; an atom shared by beads goes to the heaviest share."""
        members: dict[str, dict[str, list[str]]] = {}
        for residue, name in enumerate(self._names):
            beads = self._places.of_residue(residue)
            if name in members or len(beads) < 2:
                continue
            shares = self._request.mapping.matrix[beads].toarray()
            groups: dict[str, list[str]] = {bead: [] for bead in _bead_names(len(beads))}
            for atom, index in self._atoms[residue].items():
                if atom not in _BACKBONE and shares[:, index].any():
                    bead = list(groups)[1 + int(shares[1:, index].argmax())]
                    groups[bead].append(self._charmm_atom(residue, atom))
            members[name] = groups
        return members

    def _charmm_atom(self, residue: int, name: str) -> str:
        if residue in self._ends:
            name = {"O": "OT1", "OXT": "OT2"}.get(name, name)
        return _TO_CHARMM.get((self._names[residue], name), name)

    @property
    def _ends(self) -> frozenset[int]:
        return frozenset(segment[-1] for segment in self._segments)

    def _check_segments(self) -> None:
        for segment in self._segments:
            if len(segment) < _SHORTEST:
                first = self._anatomy.residue_labels[segment[0]]
                raise BackmapError(
                    Mstool.name, f"the chain that starts at {first} has fewer than {_SHORTEST} residues."
                )


def _segments(anatomy: Anatomy) -> list[list[int]]:
    """Residues in runs joined by peptide bonds."""
    joined = {
        (int(anatomy.residue_of[b.atoms[1]]), int(anatomy.residue_of[b.atoms[2]]))
        for b in anatomy.peptide_bonds
    }
    segments: list[list[int]] = []
    for residue in range(len(anatomy.residue_labels)):
        if segments and (segments[-1][-1], residue) in joined:
            segments[-1].append(residue)
        else:
            segments.append([residue])
    return segments


def _chain_name(index: int) -> str:
    letters = string.ascii_uppercase
    more, last = divmod(index, len(letters))
    return (_chain_name(more - 1) if more else "") + letters[last]


def _bead_names(count: int) -> list[str]:
    return ["BB", *(f"SC{number}" for number in range(1, count))]


def _log_flipped(flipped: dict[str, int], seed: int) -> None:
    wrong = {kind: count for kind, count in flipped.items() if count}
    if wrong:
        log.info("mstool reports flipped isomers with seed %d: %s", seed, wrong)


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing."
