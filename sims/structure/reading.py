"""From a file on disk to records, whatever its format; refuses what is no structure file before parsing it."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from sims.exceptions import StructureError
from sims.structure.mmcif import parse_mmcif
from sims.structure.pdb import parse_pdb
from sims.structure.records import RawStructure

__all__ = ["MAX_BYTES", "read_records"]

MAX_BYTES = 300_000_000
"""Larger files hold assemblies or trajectories, not one molecule to explore."""

_GZIP = b"\x1f\x8b"
_GIVE = "Give a PDB or mmCIF file with the coordinates of a protein."


def read_records(source: Path) -> RawStructure:
    """Read a PDB or mmCIF file, compressed with gzip or not.

    Raises
    ------
    StructureError
        When the file is absent, empty, too large, no text, or holds no atoms.
    """
    name = str(source)
    text = _text(Path(source), name)
    raw = parse_mmcif(text, name) if _is_mmcif(Path(source), text) else parse_pdb(text, name)
    if not raw.atoms:
        raise StructureError("The file holds no atoms (no ATOM or HETATM records).", _GIVE, name)
    return raw


def _text(source: Path, name: str) -> str:
    content = _content(source, name)
    if not content.strip():
        raise StructureError("The file is empty.", _GIVE, name)
    if b"\x00" in content:
        raise StructureError("The file is binary, not text.", _GIVE, name)
    return content.decode("utf-8", errors="replace")


def _content(source: Path, name: str) -> bytes:
    try:
        with source.open("rb") as file:
            compressed = file.read(2) == _GZIP
        with gzip.open(source) if compressed else source.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StructureError(f"The file cannot be read: {reason}.", _GIVE, name) from error
    if len(content) > MAX_BYTES:
        problem = f"The file is larger than {MAX_BYTES // 1_000_000} MB."
        raise StructureError(problem, "Cut out the chains to explore into a file of their own.", name)
    return content


def _is_mmcif(source: Path, text: str) -> bool:
    suffixes = {suffix.lower() for suffix in source.suffixes}
    if suffixes & {".cif", ".mmcif", ".pdbx"}:
        return True
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return first.startswith(("data_", "loop_"))
