"""Bead structures as PDB files, which any viewer opens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sims.exceptions import TopologyError

__all__ = ["BeadLabel", "format_pdb", "parse_pdb"]

_PLACE = "%8.3f%8.3f%8.3f"


class BeadLabel(NamedTuple):
    """What a bead is called and where it belongs.

    Attributes
    ----------
    name : str
    residue_name : str
    residue_id : str
        Number of the residue in the input, with its insertion code.
    chain : str
    residue_index : int
        Position of the residue in the structure's topology, from zero.
    """

    name: str
    residue_name: str
    residue_id: str
    chain: str
    residue_index: int


def format_pdb(
    positions: NDArray[np.floating], labels: Sequence[BeadLabel], bonded: NDArray[np.integer] | None = None
) -> str:
    """Text of a PDB file.

    Parameters
    ----------
    positions : ndarray, shape (n_beads, 3)
        nm; kept to 0.0001 nm.
    labels : sequence of BeadLabel
        One for each bead.
    bonded : ndarray of int, shape (m, 2), optional
        Pairs to write as CONECT records.

    Raises
    ------
    ValueError
        When the positions do not fit the labels, are not finite, or do not fit into the format's columns.
    """
    positions = np.asarray(positions, dtype=np.float64)
    if positions.shape != (len(labels), 3):
        raise ValueError(f"Positions of shape {positions.shape} do not fit {len(labels)} beads.")
    if not np.all((positions > -99.9) & (positions < 999.9)):
        raise ValueError("Bead positions must be finite and between -99.9 and 999.9 nm to be written as PDB.")
    return _template(tuple(labels), _pairs(bonded)) % tuple((positions * 10.0).ravel().tolist())


# A campaign writes thousands of structures of one molecule, in which only the coordinates differ.
@lru_cache(maxsize=8)
def _template(labels: tuple[BeadLabel, ...], pairs: tuple[tuple[int, int], ...]) -> str:
    """Text of the file with a place for each coordinate, to be filled in by ``%``."""
    lines = []
    for serial, label in enumerate(labels, 1):
        number, code = _split_residue_id(label.residue_id)
        place = (
            f"ATOM  {serial % 100000:5d} {label.name:>4.4s} {label.residue_name:>3.3s} {label.chain[:1]:1s}"
            f"{number:>4.4s}{code:1.1s}   "
        )
        lines.append(f"{place.replace('%', '%%')}{_PLACE}  1.00  0.00")
        if serial == len(labels) or labels[serial].chain != label.chain:
            lines.append("TER")
    lines += [f"CONECT{(first + 1) % 100000:5d}{(second + 1) % 100000:5d}" for first, second in pairs]
    lines.append("END\n")
    return "\n".join(lines)


def parse_pdb(
    path: Path, labels: Sequence[BeadLabel], bonded: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Positions of a bead PDB file, shape (n_beads, 3), nm.

    Parameters
    ----------
    path : Path
    labels : sequence of BeadLabel
        One for each bead.
    bonded : ndarray of int, shape (m, 2), optional
        Pairs that `format_pdb` wrote as CONECT records: a file that it wrote is read many times faster with them, and
        any other file to the same effect.

    Raises
    ------
    TopologyError
        When its beads are not those of `labels`, in their order, or a coordinate cannot be read.
    """
    try:
        data = path.read_bytes()
        positions = _filled_in(data, tuple(labels), _pairs(bonded))
        text = "" if positions is not None else data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise TopologyError(f"The bead structure cannot be read: {error}.", path) from error
    return _parsed(text, path, labels) if positions is None else positions


def _parsed(text: str, path: Path, labels: Sequence[BeadLabel]) -> NDArray[np.float64]:
    positions: list[tuple[float, float, float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("ATOM", "HETATM")):
            expected = labels[len(positions)].name[:4] if len(positions) < len(labels) else "no more"
            if (name := line[12:16].strip()) != expected:
                raise TopologyError(f"Bead {name} stands where {expected} was expected.", path, number)
            positions.append(_coordinates(line, path, number))
    if len(positions) != len(labels):
        raise TopologyError(f"The file has {len(positions)} beads; {len(labels)} were expected.", path)
    return np.array(positions, dtype=np.float64).reshape(-1, 3)


class _Form(NamedTuple):
    """A file that `format_pdb` writes.

    Attributes
    ----------
    fields : struct.Struct
        Takes it apart: before each bead's three coordinates what stands there, and at the end the rest.
    texts : tuple of bytes
        What stands between the coordinates.
    """

    fields: Struct
    texts: tuple[bytes, ...]


@lru_cache(maxsize=8)
def _form(labels: tuple[BeadLabel, ...], pairs: tuple[tuple[int, int], ...]) -> _Form:
    texts = [(text % ()).encode() for text in _template(labels, pairs).split(_PLACE)]
    fields = "".join(f"{len(text)}s8s8s8s" for text in texts[:-1])
    return _Form(Struct(f"{fields}{len(texts[-1])}s"), tuple(texts))


def _filled_in(
    data: bytes, labels: tuple[BeadLabel, ...], pairs: tuple[tuple[int, int], ...]
) -> NDArray[np.float64] | None:
    """Positions in a file that differs from what `format_pdb` writes in its coordinates alone; None for another."""
    form = _form(labels, pairs)
    if len(data) != form.fields.size:
        return None
    fields = form.fields.unpack(data)
    if fields[::4] != form.texts:
        return None
    coordinates = [fields[i::4] for i in (1, 2, 3)]
    if any(b"".join(column).translate(None, b" -.0123456789") for column in coordinates):
        return None
    try:
        columns = [list(map(float, column)) for column in coordinates]
    except ValueError:
        return None
    return np.array(columns).T / 10.0


def _pairs(bonded: NDArray[np.integer] | None) -> tuple[tuple[int, int], ...]:
    return () if bonded is None else tuple(map(tuple, bonded.tolist()))


def _coordinates(line: str, path: Path, number: int) -> tuple[float, float, float]:
    try:
        x, y, z = float(line[30:38]) / 10.0, float(line[38:46]) / 10.0, float(line[46:54]) / 10.0
    except ValueError:
        raise TopologyError("The coordinates of this bead cannot be read.", path, number) from None
    if not (isfinite(x) and isfinite(y) and isfinite(z)):
        raise TopologyError("The coordinates of this bead are not finite.", path, number)
    return x, y, z


def _split_residue_id(residue_id: str) -> tuple[str, str]:
    """Number and insertion code."""
    if residue_id and residue_id[-1].isalpha():
        return residue_id[:-1], residue_id[-1]
    return residue_id, " "
